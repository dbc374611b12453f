// Colours: the lexer's tokens, line by line, as CodeMirror's streaming parsers want them.

import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { commentEnd, quotedEnd, tokenAt } from "./lexer.js";
import { KEYWORDS, TYPES } from "./words.js";

/**
 * What goes on over the end of a line: a comment with its depth, or something quoted.
 * @typedef {{ depth: number, quote: number, hasEscapes: boolean, style: string | null }} Open
 */

/** Words that brackets may follow although they call nothing. */
const BEFORE_BRACKET =
  /^(in|values|and|or|not|as|on|using|over|exists|when|then|else|select|from|where|by|table|filter)$/i;

export const language = StreamLanguage.define({
  name: "tarn-sql",
  startState: () => /** @type {Open} */ ({ depth: 0, quote: 0, hasEscapes: false, style: null }),
  copyState: (state) => ({ ...state }),
  token,
  tokenTable: {
    comment: tags.comment,
    string: tags.string,
    name: tags.special(tags.variableName),
    number: tags.number,
    parameter: tags.special(tags.string),
    keyword: tags.keyword,
    type: tags.typeName,
    function: tags.function(tags.variableName),
    operator: tags.operator,
    mark: tags.punctuation,
  },
  languageData: {
    commentTokens: { line: "--", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"', "`"], before: ")]}:;,>" },
  },
});

function token(stream, state) {
  const { string: line, pos } = stream;
  if (state.depth > 0) {
    const { to, depth } = commentEnd(line, pos, line.length, state.depth);
    state.depth = depth;
    stream.pos = Math.max(to, pos + 1);
    return "comment";
  }
  if (state.quote) {
    const { to, isOpen } = quotedEnd(line, pos, line.length, state.quote, state.hasEscapes);
    const { style } = state;
    if (!isOpen) state.quote = 0;
    stream.pos = Math.max(to, pos + 1);
    return style;
  }
  if (stream.eatSpace()) return null;
  const found = tokenAt(line, pos, line.length);
  stream.pos = found.to;
  if (found.isOpen) open(state, line, found);
  return styleOf(line, found);
}

/** Notes what the line ends inside of. */
function open(state, line, { kind, from }) {
  if (kind === "comment") {
    state.depth = commentEnd(line, from + 2, line.length, 1).depth;
    return;
  }
  const isPlain = `'"\``.includes(line[from]);
  state.quote = line.charCodeAt(isPlain ? from : from + 1);
  state.hasEscapes = isPlain && kind === "string";
  state.style = kind;
}

function styleOf(line, { kind, from, to }) {
  if (kind !== "word") return kind;
  const word = line.slice(from, to).toLowerCase();
  // Behind a dot, and behind a colon that leads into a value, stands a name, whatever it is called.
  if (/[.:]\s*$/.test(line.slice(Math.max(0, from - 4), from)) && !line.slice(0, from).endsWith("::"))
    return null;
  const isCall = line[to] === "(";
  if (
    isCall &&
    !BEFORE_BRACKET.test(word) &&
    !(TYPES.has(word) && !/^(date|timestamp|array|map|struct|string|int)$/.test(word))
  ) {
    return "function";
  }
  if (TYPES.has(word)) return "type";
  return KEYWORDS.has(word) ? "keyword" : null;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--syntax-keyword)" },
  { tag: tags.typeName, color: "var(--syntax-type)" },
  { tag: tags.function(tags.variableName), color: "var(--syntax-function)" },
  { tag: tags.string, color: "var(--syntax-string)" },
  { tag: tags.number, color: "var(--syntax-number)" },
  { tag: tags.special(tags.variableName), color: "var(--syntax-name)" },
  { tag: tags.special(tags.string), color: "var(--syntax-parameter)" },
  { tag: tags.comment, color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.operator, tags.punctuation], color: "var(--text-dim)" },
]);

/** The language with its colours. */
export const highlight = [language, syntaxHighlighting(colours)];
