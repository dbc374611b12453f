// Names as they are written: in parts with dots between them, in backticks where they need it.

import { tokens } from "./lexer.js";

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Words that cannot be the name of a column or a table without backticks. */
const RESERVED = new Set(
  `
    select from where group by having order limit union except intersect minus join inner left right full
    cross natural semi anti lateral on using as and or not in is null between like case when then else end
    exists with insert into values update set delete merge create table drop alter distinct true false
    cast qualify window
  `
    .trim()
    .split(/\s+/),
);

/** A name as it has to be written. */
export function quoted(name) {
  return PLAIN.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** What a written name names: without its backticks, also when the last one is not typed yet. */
export function unquoted(written) {
  if (!written.startsWith("`")) return written;
  const isClosed = written.length > 1 && written.endsWith("`");
  return written.slice(1, isClosed ? -1 : undefined).replaceAll("``", "`");
}

/**
 * The parts of a name with dots.
 * @returns {string[]}
 */
export function parts(written) {
  return tokens(written)
    .filter((token) => token.kind === "word" || token.kind === "name")
    .map((token) => unquoted(written.slice(token.from, token.to)));
}

/** A name of several parts as it has to be written. */
export const joined = (path) => path.map(quoted).join(".");

/** Whether two names are the same: letter case is not part of a name. */
export const isSame = (one, other) => one.toLowerCase() === other.toLowerCase();

/** Whether a name means a table: all its parts are the last parts of the table's name. */
export function isMeant(path, table) {
  const skipped = table.length - path.length;
  return path.length > 0 && skipped >= 0 && path.every((part, index) => isSame(part, table[skipped + index]));
}
