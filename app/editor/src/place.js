// What may be written at a place in a statement: a table, a column behind a dot, a type, the word that goes
// on.

import { unquoted } from "./names.js";
import { blockAt, scopeOf } from "./scope.js";
import { KEYWORDS, VALUE_WORDS } from "./words.js";

/** @typedef {import("./lexer.js").Token} Token */

/**
 * @typedef {object} Place
 * @property {"nothing" | "start" | "table" | "member" | "type" | "value" | "continuation" | "pipe"} expects
 * @property {number} from where the word at the place begins; the place itself where there is none
 * @property {string} typed what of the word stands before the place, without backticks
 * @property {boolean} isQuoted whether that word is in backticks
 * @property {string[]} path the names with dots before it
 * @property {import("./scope.js").Block} scope the statement
 */

/**
 * @param {string} text
 * @param {Token[]} tokens of the statement at the place
 * @param {number} position
 * @param {number} end where the statement ends
 * @returns {Place}
 */
export function placeAt(text, tokens, position, end) {
  const scope = scopeOf(text, tokens, end);
  const at = (expects, more) => ({
    expects,
    from: position,
    typed: "",
    isQuoted: false,
    path: [],
    scope,
    ...more,
  });
  const index = lastBefore(tokens, position);
  const inside = tokens[index];
  let word = null;
  if (inside && position <= inside.to) {
    const isEnded = position === inside.to && !inside.isOpen;
    const isLineComment = inside.kind === "comment" && text.startsWith("--", inside.from);
    if (inside.kind === "comment" && (!isEnded || isLineComment)) return at("nothing");
    if ((inside.kind === "string" || inside.kind === "name") && isEnded) return at("nothing");
    if (inside.kind === "string" || inside.kind === "number" || inside.kind === "parameter")
      return at("nothing");
    if (inside.kind === "word" || inside.kind === "name") word = inside;
  }
  const before = tokens.slice(0, word ? index : index + 1).filter((token) => token.kind !== "comment");
  const found = word
    ? { from: word.from, typed: unquoted(text.slice(word.from, position)), isQuoted: word.kind === "name" }
    : {};
  const written = (token) => (token ? text.slice(token.from, token.to) : "");
  const last = before[before.length - 1];
  if (written(last) === ".") {
    const path = pathBefore(text, before);
    return path ? at(isInSlot(scope, last.to) ? "table" : "member", { ...found, path }) : at("nothing");
  }
  const from = found.from ?? position;
  if (!last) return at("start", found);
  if (isInSlot(scope, from)) return at("table", found);
  return at(expected(text, before, blockAt(scope, from), written), found);
}

function expected(text, before, block, written) {
  const last = before[before.length - 1];
  const lower = written(last).toLowerCase();
  if (lower === "::") return "type";
  if (lower === "|>") return "pipe";
  if (lower === "as" && last.kind === "word") {
    if (block.opener === "cast" || block.opener === "try_cast") return "type";
    return block.first === "create" ? "start" : "nothing";
  }
  if (lower === "explain") return "start";
  switch (last.kind) {
    case "word": {
      const isPart = written(before[before.length - 2]) === ".";
      return !isPart && KEYWORDS.has(lower) && !VALUE_WORDS.has(lower) ? "value" : "continuation";
    }
    case "mark":
      return lower === ")" || lower === "]" ? "continuation" : "value";
    case "operator":
      return lower === "*" && isStar(written(before[before.length - 2])) ? "continuation" : "value";
    default:
      return "continuation";
  }
}

/** Whether a `*` behind this is all columns and no multiplication. */
const isStar = (before) => /^(select|distinct|all|[.,(])$/i.test(before);

/** The index of the last token that begins before a place, or -1. */
export function lastBefore(tokens, position) {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle].from < position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The names before a dot that ends the tokens; null where something else stands there. */
function pathBefore(text, before) {
  const path = [];
  for (let at = before.length - 1; at >= 0; at -= 2) {
    const [dot, name] = [before[at], before[at - 1]];
    if (text.slice(dot.from, dot.to) !== ".") break;
    if (name?.kind !== "word" && name?.kind !== "name") return null;
    path.unshift(unquoted(text.slice(name.from, name.to)));
  }
  return path;
}

function isInSlot(block, position) {
  return (
    block.slots.some((slot) => slot.from <= position && position <= slot.to) ||
    block.children.some((child) => isInSlot(child, position))
  );
}
