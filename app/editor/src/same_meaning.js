// Whether two texts mean the same: the same tokens in the same order, whatever blanks are between them, and
// whatever letter case those keywords have that formatting writes in capitals.

import { tokens } from "./lexer.js";
import { CASELESS } from "./words.js";

/**
 * The first place where two texts differ in meaning.
 * @param {string} before
 * @param {string} after
 * @returns {{ from: number, text: string } | null} where it is in the text before, and what stands there;
 *   null where
 *   they mean the same
 */
export function firstDifference(before, after) {
  // Whether a backslash escapes a quote depends on who reads the text, so both readings must agree.
  const readings = before.includes("\\") ? [true, false] : [true];
  for (const hasEscapes of readings) {
    const [one, other] = [pieces(before, hasEscapes), pieces(after, hasEscapes)];
    const length = Math.max(one.length, other.length);
    for (let at = 0; at < length; at++) {
      if (one[at]?.meaning !== other[at]?.meaning) {
        const token = one[at] ?? one[one.length - 1];
        return { from: token?.from ?? 0, text: token ? before.slice(token.from, token.to) : "" };
      }
    }
  }
  return null;
}

function pieces(text, hasEscapes) {
  return tokens(text, 0, text.length, hasEscapes).map(({ kind, from, to }) => {
    const written = text.slice(from, to);
    return { from, to, meaning: `${kind} ${meaningOf(kind, written)}` };
  });
}

function meaningOf(kind, written) {
  if (kind === "word") {
    const lower = written.toLowerCase();
    return CASELESS.has(lower) ? lower : written;
  }
  // The lines of a comment may be indented in another way; its words stay.
  if (kind === "comment")
    return written
      .split("\n")
      .map((line) => line.trim())
      .join("\n");
  return written;
}
