// Cuts text of the dialect into tokens. Everything that has to know where a string or a comment ends asks
// here: the colours, the cut into statements, completion, and the check that formatting changed nothing.

/**
 * @typedef {"comment" | "string" | "name" | "word" | "number" | "parameter" | "operator" | "mark"} Kind
 * `name` is a name in backticks; `mark` is one of `( ) [ ] { } , ; .`.
 */

/**
 * @typedef {object} Token
 * @property {Kind} kind
 * @property {number} from
 * @property {number} to
 * @property {boolean} isOpen whether the end of a string, a quoted name or a comment is missing
 */

const BLANKS = /[\s\uFEFF]+/y;
const WORD = /[\p{L}\p{M}\p{N}_]+/uy;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:BD|[LSYDF])?(?![\p{L}\p{N}_])/iuy;
const PARAMETER = /:[\p{L}_][\p{L}\p{N}_]*|\?|\$\{[^}\n]*\}|\{\{[^}\n]*\}\}/uy;
const OPERATOR = /<=>|>>>|\|>|->|=>|::|\|\||<>|!=|<=|>=|==|<<|>>|[^]/uy;
/** What a colon stands right behind when it leads into a value (`payload:name`), and is no parameter. */
const OPERAND_END = /[\p{L}\p{N}_`'")\]:]/u;

/**
 * The tokens of a text that was changed in one place, made from those it had before: only around the change
 * is read.
 * @param {{ text: string, tokens: Token[] }} before
 * @param {string} text
 * @returns {Token[]}
 */
export function tokensAfter(before, text) {
  const shorter = Math.min(before.text.length, text.length);
  let same = 0;
  while (same < shorter && before.text.charCodeAt(same) === text.charCodeAt(same)) same++;
  let sameBehind = 0;
  while (
    sameBehind < shorter - same &&
    before.text.charCodeAt(before.text.length - 1 - sameBehind) ===
      text.charCodeAt(text.length - 1 - sameBehind)
  ) {
    sameBehind++;
  }
  const shift = text.length - before.text.length;
  const behind = text.length - sameBehind;
  // A token may look a few characters ahead, and two behind.
  let kept = 0;
  while (kept < before.tokens.length && before.tokens[kept].to + 3 < same) kept++;
  const found = before.tokens.slice(0, kept);
  let old = kept;
  for (let at = kept > 0 ? found[kept - 1].to : 0; at < text.length;) {
    const blanks = matched(BLANKS, text, at);
    if (blanks > at) {
      at = blanks;
      continue;
    }
    while (old < before.tokens.length && before.tokens[old].from + shift < at) old++;
    if (at > behind + 2 && before.tokens[old]?.from + shift === at) {
      for (; old < before.tokens.length; old++) {
        const { kind, from, to, isOpen } = before.tokens[old];
        found.push({ kind, from: from + shift, to: to + shift, isOpen });
      }
      return found;
    }
    const token = tokenAt(text, at);
    found.push(token);
    at = token.to;
  }
  return found;
}

/** What may be the beginning of a token that a semicolon can be inside of, or a semicolon. */
const STOP = /['"`;]|--|\/\*/g;

const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const BACKTICK = 96;
const BACKSLASH = 92;
const MARKS = "()[]{},;.";

/** The end of what `pattern` matches at a place, or -1. */
function matched(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/**
 * Where a quoted piece ends, from a place inside of it. A doubled quote is part of it.
 * @returns {{ to: number, isOpen: boolean }}
 */
export function quotedEnd(text, at, end, quote, hasEscapes) {
  for (let i = at; i < end; i++) {
    const char = text.charCodeAt(i);
    if (char === BACKSLASH && hasEscapes) {
      i++;
    } else if (char === quote) {
      if (i + 1 < end && text.charCodeAt(i + 1) === quote) i++;
      else return { to: i + 1, isOpen: false };
    }
  }
  return { to: end, isOpen: true };
}

/**
 * Where a block comment ends, from a place inside of it. They nest.
 * @returns {{ to: number, depth: number }} depth is 0 where it ended
 */
export function commentEnd(text, at, end, depth) {
  for (let i = at; i + 1 < end; i++) {
    const char = text[i];
    if (char === "*" && text[i + 1] === "/") {
      i++;
      if (--depth === 0) return { to: i + 1, depth };
    } else if (char === "/" && text[i + 1] === "*") {
      i++;
      depth++;
    }
  }
  return { to: end, depth };
}

/**
 * The token at a place, which is not blank.
 * @param {string} text
 * @param {number} at
 * @param {number} end where the text ends, for what must end there
 * @param {boolean} hasEscapes whether a backslash in a string takes the next character with it
 * @returns {Token}
 */
export function tokenAt(text, at, end = text.length, hasEscapes = true) {
  const token = (kind, to, isOpen = false) => ({ kind, from: at, to: Math.min(to, end), isOpen });
  const char = text.charCodeAt(at);
  const next = at + 1 < end ? text.charCodeAt(at + 1) : 0;
  if (char === QUOTE || char === DOUBLE_QUOTE) {
    const { to, isOpen } = quotedEnd(text, at + 1, end, char, hasEscapes);
    return token("string", to, isOpen);
  }
  if (char === BACKTICK) {
    const { to, isOpen } = quotedEnd(text, at + 1, end, char, false);
    return token("name", to, isOpen);
  }
  if (char === 45 && next === 45) {
    const line = text.indexOf("\n", at);
    return token("comment", line < 0 ? end : line);
  }
  if (char === 47 && next === 42) {
    const { to, depth } = commentEnd(text, at + 2, end, 1);
    return token("comment", to, depth > 0);
  }
  if (isStringPrefix(char) && (next === QUOTE || next === DOUBLE_QUOTE)) {
    const { to, isOpen } = quotedEnd(text, at + 2, end, next, false);
    return token("string", to, isOpen);
  }
  const isDigit = (code) => code >= 48 && code <= 57;
  if (isDigit(char) || (char === 46 && isDigit(next) && !/[\p{L}\p{N}_`]/u.test(text[at - 1] ?? ""))) {
    const number = matched(NUMBER, text, at);
    if (number > at) return token("number", number);
  }
  const word = matched(WORD, text, at);
  if (word > at) return token("word", word);
  if (char !== 58 || !OPERAND_END.test(text[at - 1] ?? "")) {
    const parameter = matched(PARAMETER, text, at);
    if (parameter > at) return token("parameter", parameter);
  }
  if (MARKS.includes(text[at])) return token("mark", at + 1);
  return token("operator", matched(OPERATOR, text, at));
}

/** `r'…'` is raw, `x'…'` is bytes: neither knows escapes. */
const isStringPrefix = (char) => char === 82 || char === 114 || char === 88 || char === 120;

/**
 * All tokens between two places, of which the first must not be inside of a token.
 * @returns {Token[]}
 */
export function tokens(text, from = 0, end = text.length, hasEscapes = true) {
  const found = [];
  for (let at = from; at < end;) {
    const blanks = matched(BLANKS, text, at);
    if (blanks > at) {
      at = blanks;
      continue;
    }
    const token = tokenAt(text, at, end, hasEscapes);
    found.push(token);
    at = token.to;
  }
  return found;
}

/**
 * The places right behind the semicolons that end statements. Faster than making tokens, as it jumps from one
 * thing that matters to the next.
 * @returns {number[]}
 */
export function statementEnds(text, from = 0) {
  const ends = [];
  STOP.lastIndex = from;
  for (let found = STOP.exec(text); found; found = STOP.exec(text)) {
    const at = found.index;
    if (text[at] === ";") {
      ends.push(at + 1);
    } else {
      STOP.lastIndex = tokenAt(text, isRawQuote(text, at) ? at - 1 : at).to;
    }
  }
  return ends;
}

function isRawQuote(text, at) {
  const char = text.charCodeAt(at);
  return (
    (char === QUOTE || char === DOUBLE_QUOTE) &&
    at > 0 &&
    isStringPrefix(text.charCodeAt(at - 1)) &&
    !/[\p{L}\p{M}\p{N}_]/u.test(text[at - 2] ?? "")
  );
}
