// The call of a function that a place stands in: whose brackets are the nearest around it, and which argument
// it is.

import { unquoted } from "./names.js";

/** @typedef {import("./lexer.js").Token} Token */

/**
 * @typedef {object} Call
 * @property {string} name
 * @property {number} from where the name begins
 * @property {number} open where the bracket stands
 * @property {number} argument which argument, from 0
 */

/** Words before a bracket that are no names of functions. */
const NO_FUNCTIONS = new Set(
  `
    in and or not as on using values over exists any all some when then else case select from where by
    having filter is between like join table with partition set union except intersect
  `
    .trim()
    .split(/\s+/),
);

/**
 * The calls around a place, the inner one first.
 * @param {string} text
 * @param {Token[]} tokens of the statement at the place
 * @param {number} position
 * @returns {Call[]}
 */
export function callsAt(text, tokens, position) {
  /** @type {{ name: Token | null, open: number, argument: number }[]} */
  const open = [];
  let before = null;
  for (const token of tokens) {
    if (token.to > position) {
      // Inside of a string or a comment the brackets around it still hold.
      break;
    }
    if (token.kind === "comment") continue;
    if (token.kind === "mark") {
      const char = text[token.from];
      if ("([{".includes(char)) {
        const isName = char === "(" && (before?.kind === "word" || before?.kind === "name");
        open.push({ name: isName ? before : null, open: token.from, argument: 0 });
      } else if (")]}".includes(char)) {
        open.pop();
      } else if (char === "," && open.length > 0) {
        open[open.length - 1].argument++;
      }
    }
    before = token;
  }
  return open.reverse().flatMap(({ name, open, argument }) => {
    const written = name ? unquoted(text.slice(name.from, name.to)) : "";
    if (!name || NO_FUNCTIONS.has(written.toLowerCase())) return [];
    return [{ name: written, from: name.from, open, argument }];
  });
}

/**
 * A signature in pieces: what stands before the arguments, each of them, what stands behind.
 * @param {string} signature such as `date_trunc(unit STRING, ts TIMESTAMP) -> TIMESTAMP`
 * @returns {{ before: string, args: string[], after: string }}
 */
export function signaturePieces(signature) {
  const open = signature.indexOf("(");
  if (open < 0) return { before: signature, args: [], after: "" };
  const args = [];
  let [depth, start] = [0, open + 1];
  for (let at = open; at < signature.length; at++) {
    const char = signature[at];
    if ("([<{".includes(char)) depth++;
    else if (")]}".includes(char) || (char === ">" && signature[at - 1] !== "-")) depth--;
    if ((char === "," && depth === 1) || depth === 0) {
      const arg = signature.slice(start, at).trim();
      if (arg || args.length > 0) args.push(arg);
      start = at + 1;
    }
    if (depth === 0) return { before: signature.slice(0, open + 1), args, after: signature.slice(at) };
  }
  return { before: signature, args: [], after: "" };
}

/**
 * Which argument of a signature the one at hand is: the last one stands for all further ones when it ends in
 * `…`.
 */
export function argumentOf(pieces, argument) {
  const last = pieces.args.length - 1;
  const isRepeated = last >= 0 && /\.\.\.|…/.test(pieces.args[last]);
  return argument > last && isRepeated ? last : argument;
}
