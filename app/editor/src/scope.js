// What a statement names: its tables with their aliases, its common table expressions and subqueries with the
// columns that come out of them. Made for texts that are being typed, so it never fails: what it does not
// understand it skips.

import { AFTER_SOURCE } from "./words.js";
import { unquoted } from "./names.js";

/** @typedef {import("./lexer.js").Token} Token */

/**
 * @typedef {object} Source something that rows come from
 * @property {string[] | null} path the table's name in parts; null where it has none
 * @property {string} alias what its columns are qualified with; "" when with nothing
 * @property {string[] | null} names names of its columns that the statement itself gives
 * @property {Segment | null} query the query behind it
 * @property {boolean} isWhole whether the name is typed to its end, as one in backticks that are closed
 * @property {number} to where the name ends
 */

/**
 * @typedef {{ name: string, path: string[] | null } | { star: string[] }} Output a column of a select list,
 *   or `a.*`
 */

/**
 * @typedef {object} Segment one SELECT of a block: what stands between set operations
 * @property {number} from
 * @property {number} to
 * @property {Source[]} sources
 * @property {Output[]} outputs
 */

/**
 * @typedef {object} Block what stands between two brackets, or the whole statement
 * @property {number} from
 * @property {number} to
 * @property {Block | null} parent
 * @property {Block[]} children
 * @property {string} opener the word before the bracket, in lower case: a function's name mostly
 * @property {string} first the first word, in lower case
 * @property {Segment[]} segments
 * @property {{ name: string, query: Segment | null, names: string[] | null }[]} ctes
 * @property {{ from: number, to: number }[]} slots places where the name of a table is expected
 */

/**
 * @typedef {object} Item a token, or what stands in a pair of brackets
 * @property {Token} token
 * @property {string} word what is written, in lower case; "" for a name in backticks
 * @property {string | null} [name] what it names, as a word or a name in backticks can
 * @property {Block | null} block
 * @property {Item[]} items
 */

/** Brackets deeper than this are not looked into: nobody reads there, and each costs a level of the stack. */
const MAX_DEPTH = 200;

/** Functions whose arguments have a FROM that is none. */
const FROM_CALLS = new Set(["extract", "trim", "substring", "substr", "overlay", "position"]);
const SET_OPERATIONS = new Set(["union", "except", "intersect", "minus"]);
/** What stands between DESCRIBE or the like and the table. */
const BEFORE_NAME = new Set([
  "table",
  "if",
  "not",
  "exists",
  "history",
  "detail",
  "extended",
  "formatted",
  "only",
  "lateral",
  "stream",
]);

/**
 * @param {string} text
 * @param {Token[]} tokens of one statement
 * @param {number} end where the statement ends
 * @returns {Block} the statement
 */
export function scopeOf(text, tokens, end) {
  const significant = tokens.filter((token) => token.kind !== "comment");
  const cursor = { at: 0 };
  const start = tokens.length > 0 ? Math.min(tokens[0].from, end) : 0;
  const root = newBlock(start, end, null, "");
  const items = grouped(text, significant, cursor, root, 0);
  readBlock(root, items);
  return root;
}

/** The innermost block around a place. */
export function blockAt(block, position) {
  const child = block.children.find((each) => each.from <= position && position <= each.to);
  return child ? blockAt(child, position) : block;
}

/** What can be named at a place: sources from the inside out, and what the select lists give a name to. */
export function visibleAt(root, position) {
  const sources = [];
  const ctes = [];
  const aliases = [];
  for (let block = blockAt(root, position); block; block = block.parent) {
    const segment =
      block.segments.find((each) => position <= each.to) ?? block.segments[block.segments.length - 1];
    // Brackets that hold no query, such as a list of names, were not read.
    if (!segment) continue;
    sources.push(...segment.sources);
    ctes.push(...block.ctes);
    aliases.push(...segment.outputs.filter(isNamed).map((output) => output.name));
  }
  return { sources: sources.length > 0 ? sources : allSources(root), ctes, aliases };
}

/** Whether a column of a select list has a name that it did not have before. */
const isNamed = (output) => !("star" in output) && output.path?.[output.path.length - 1] !== output.name;

/** Every source of a statement. */
export function allSources(block) {
  return [...block.segments.flatMap((segment) => segment.sources), ...block.children.flatMap(allSources)];
}

function newBlock(from, to, parent, opener) {
  const block = { from, to, parent, children: [], opener, first: "", segments: [], ctes: [], slots: [] };
  parent?.children.push(block);
  return block;
}

/** Puts what stands in brackets below the bracket. */
function grouped(text, tokens, cursor, block, depth) {
  /** @type {Item[]} */
  const items = [];
  while (cursor.at < tokens.length) {
    const token = tokens[cursor.at++];
    const char = token.kind === "mark" ? text[token.from] : "";
    if ((char === "(" || char === "[") && depth < MAX_DEPTH) {
      const before = items[items.length - 1];
      const inner = newBlock(token.to, block.to, block, before?.word ?? "");
      const below = grouped(text, tokens, cursor, inner, depth + 1);
      items.push({ token, word: char, block: inner, items: below });
    } else if ((char === ")" || char === "]") && depth > 0) {
      block.to = token.from;
      return items;
    } else {
      const isName = token.kind === "name";
      const raw = text.slice(token.from, token.to);
      const word = isName ? "" : token.kind === "word" ? raw.toLowerCase() : raw;
      items.push({
        token,
        word,
        block: null,
        items: [],
        name: isName || token.kind === "word" ? unquoted(raw) : null,
      });
    }
  }
  return items;
}

function readBlock(block, items) {
  const words = items.map((item) => item.word);
  block.first = words[0] ?? "";
  let segment = newSegment(block);
  let at = 0;
  const source = (index, isList = false) => {
    at = readSources(block, segment, items, index, isList);
  };
  while (at < items.length) {
    const [word, next] = [words[at], words[at + 1]];
    const isQualified = isPart(items, at);
    const here = at++;
    if (items[here].block) readBlock(items[here].block, items[here].items);
    else if (isQualified) continue;
    else if (word === "with") at = readCtes(block, items, at);
    else if (word === "select") readOutputs(segment, items, at);
    else if (word === "from") {
      if (words[here - 1] !== "distinct" && !FROM_CALLS.has(block.opener)) source(at, true);
    } else if (word === "join" || word === "into" || word === "optimize" || word === "vacuum") source(at);
    else if (word === "update") {
      if (next !== "set") source(at);
    } else if (word === "table" || word === "view") {
      if (words[here - 1] === "lateral") at = readLateralView(segment, items, at);
      else source(at);
    } else if (word === "describe" || word === "desc") {
      if (here === 0) source(at);
    } else if (word === "clone") source(at);
    else if (word === "columns" || word === "tblproperties") {
      if (block.first === "show" && (next === "in" || next === "from")) source(at + 1);
    } else if (word === "using") {
      if (block.first === "merge") source(at);
    } else if (SET_OPERATIONS.has(word) && !(word === "except" && isColumnList(items[at]))) {
      segment.to = items[here].token.from;
      segment = newSegment(block);
      segment.from = items[here].token.to;
    }
  }
}

/** Whether brackets hold names of columns, as those of `* EXCEPT (a, b)`. */
const isColumnList = (item) =>
  item?.block && !["select", "with", "from", "values", "("].includes(item.items[0]?.word);

function newSegment(block) {
  const segment = { from: block.from, to: block.to, sources: [], outputs: [] };
  block.segments.push(segment);
  return segment;
}

function readCtes(block, items, start) {
  let at = items[start]?.word === "recursive" ? start + 1 : start;
  for (;;) {
    const name = items[at]?.name;
    let query = at + 1;
    const names = items[query]?.block && items[query + 1]?.word === "as" ? namesIn(items[query++]) : null;
    const hasAs = items[query]?.word === "as";
    if (hasAs) query++;
    if (!name || !(hasAs || items[query]?.block)) return at;
    const inner = items[query];
    // In a recursive one the name is known inside; elsewhere it does no harm.
    const cte = { name, query: null, names };
    if (inner?.block) {
      readBlock(inner.block, inner.items);
      cte.query = inner.block.segments[0];
    }
    block.ctes.push(cte);
    at = inner?.block ? query + 1 : query;
    if (items[at]?.word !== ",") return at;
    at++;
  }
}

/** Reads one source, or several with commas between them, and gives where they end. */
function readSources(block, segment, items, start, isList) {
  let at = start;
  for (;;) {
    while (BEFORE_NAME.has(items[at]?.word) && items[at + 1]?.word !== ".") at++;
    at = readSource(block, segment, items, at);
    if (!isList || items[at]?.word !== ",") return at;
    at++;
  }
}

function readSource(block, segment, items, start) {
  const slotFrom = items[start - 1].token.to;
  const first = items[start];
  /** @type {Source} */
  const source = { path: null, alias: "", names: null, query: null, isWhole: true, to: slotFrom };
  let at = start;
  if (first?.block) {
    readBlock(first.block, first.items);
    source.query = first.block.segments[0];
    at++;
  } else if (first?.word === "values") {
    for (at++; items[at] && (items[at].block || items[at].word === ","); at++) {
      if (items[at].block) readBlock(items[at].block, items[at].items);
    }
  } else if (first?.name && !(AFTER_SOURCE.has(first.word) && items[start + 1]?.word !== ".")) {
    source.path = [];
    for (;;) {
      const part = items[at];
      if (!part?.name && part?.token.kind !== "name") break;
      source.path.push(part.name ?? "");
      source.isWhole = part.token.kind === "name" && !part.token.isOpen;
      source.to = part.token.to;
      at++;
      if (items[at]?.word !== ".") break;
      source.to = items[at].token.to;
      at++;
      if (!isPart(items, at)) break;
    }
    block.slots.push({ from: slotFrom, to: source.to });
    if (items[at]?.block && items[at].word === "(" && block.first !== "insert" && block.first !== "create") {
      readBlock(items[at].block, items[at].items);
      at++;
    } else {
      const cte = source.path.length === 1 ? cteNamed(block, source.path[0]) : null;
      if (cte) {
        source.query = cte.query;
        source.names = cte.names;
      }
    }
    source.alias = source.path[source.path.length - 1];
  } else {
    block.slots.push({ from: slotFrom, to: first ? first.token.from : block.to });
    return at;
  }
  at = skipVersion(items, at);
  if (items[at]?.word === "as") at++;
  const alias = items[at];
  if (alias?.name && !AFTER_SOURCE.has(alias.word)) {
    source.alias = alias.name;
    at++;
    if (items[at]?.block && block.first !== "insert") source.names = namesIn(items[at++]);
  }
  segment.sources.push(source);
  return at;
}

/** Skips `VERSION AS OF 3`, `TIMESTAMP AS OF '…'`, `@v3`, `TABLESAMPLE (…)`. */
function skipVersion(items, start) {
  let at = start;
  if (items[at]?.word === "@") at += 2;
  const from = items[at]?.word === "for" ? at + 1 : at;
  if (items[from + 1]?.word === "as" && items[from + 2]?.word === "of") {
    at = from + 4;
    if (items[at]?.block) at++;
  }
  if (items[at]?.word === "tablesample") at += 2;
  return Math.min(at, items.length);
}

function cteNamed(block, name) {
  for (let each = block; each; each = each.parent) {
    const cte = each.ctes.find((cte) => cte.name.toLowerCase() === name.toLowerCase());
    if (cte) return cte;
  }
  return null;
}

const namesIn = (item) =>
  item.items.map((each) => each.name).filter((name) => name !== null && name !== undefined);

/** `LATERAL VIEW explode(list) t AS a, b`. */
function readLateralView(segment, items, start) {
  let at = items[start]?.word === "outer" ? start + 1 : start;
  at++;
  if (items[at]?.block) readBlock(items[at].block, items[at++].items);
  const source = { path: null, alias: "", names: [], query: null, isWhole: true, to: 0 };
  if (items[at]?.name && items[at].word !== "as") source.alias = items[at++].name;
  if (items[at]?.word === "as") {
    for (at++; items[at]?.name; at += 2) {
      source.names.push(items[at].name);
      if (items[at + 1]?.word !== ",") {
        at++;
        break;
      }
    }
  }
  segment.sources.push(source);
  return at;
}

/** The columns that a select list gives. */
function readOutputs(segment, items, start) {
  let at = start;
  while (items[at]?.word === "distinct" || items[at]?.word === "all") at++;
  let entry = [];
  const outputs = [];
  for (; at <= items.length; at++) {
    const item = items[at];
    const isEnd = !item || (OUTPUT_ENDS.has(item.word) && !isPart(items, at));
    if (isEnd || item.word === ",") {
      const output = outputOf(entry);
      if (output) outputs.push(output);
      entry = [];
      if (isEnd) break;
    } else {
      entry.push(item);
    }
  }
  segment.outputs = outputs;
}

const OUTPUT_ENDS = new Set([
  "from",
  "|>",
  "where",
  "group",
  "having",
  "order",
  "limit",
  "union",
  "intersect",
  "minus",
  "qualify",
]);

/**
 * Whether an item is a name behind a dot. Behind a dot that waits for its name, blanks and then a keyword may
 * follow.
 */
const isPart = (items, at) => items[at - 1]?.word === "." && items[at - 1].token.to === items[at]?.token.from;

/** @returns {Output | null} */
function outputOf(entry) {
  const last = entry[entry.length - 1];
  if (!last) return null;
  const star = entry.findIndex((item) => item.word === "*");
  const before = entry[star - 1];
  if (star === 0 || before?.word === ".") {
    return { star: entry.slice(0, Math.max(0, star - 1)).flatMap((item) => (item.name ? [item.name] : [])) };
  }
  if (!last.name || last.word === "end") return null;
  const isPath = entry.every((item, index) => (index % 2 ? item.word === "." : item.name));
  if (isPath && entry.length % 2)
    return { name: last.name, path: entry.flatMap((item) => (item.name ? [item.name] : [])) };
  const hasAs = entry[entry.length - 2]?.word === "as";
  const value = entry.slice(0, hasAs ? -2 : -1);
  const isColumn =
    value.every((item, index) => (index % 2 ? item.word === "." : item.name)) && value.length % 2;
  return { name: last.name, path: isColumn ? value.flatMap((item) => (item.name ? [item.name] : [])) : null };
}
