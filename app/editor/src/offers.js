// What completion offers at a place, in the order that a person expects there. Pure: text and catalog in, a
// list out.

import { isSame, quoted } from "./names.js";
import { signaturePieces } from "./call.js";
import { visibleAt } from "./scope.js";
import * as words from "./words.js";

/**
 * @typedef {object} Offer
 * @property {string} label
 * @property {"column" | "table" | "view" | "file" | "folder" | "function" | "keyword" | "type" | "alias"}
 *   kind
 * @property {string} insert
 * @property {boolean} isCall whether brackets follow
 * @property {boolean} hasArguments
 * @property {string} detail
 * @property {import("./catalog.js").SqlFunction | null} about
 * @property {number} rank what comes first where several fit equally well
 */

const RANK = { column: 0, alias: 1, table: 2, view: 2, file: 3, folder: 3, function: 4, type: 5, keyword: 6 };

/**
 * @param {import("./place.js").Place} place
 * @param {import("./catalog.js").Catalog} catalog
 * @returns {Offer[]}
 */
export function offersAt(place, catalog) {
  const visible = visibleAt(place.scope, place.from);
  switch (place.expects) {
    case "table":
      return tables(place.path, catalog, visible.ctes);
    case "member":
      return members(place.path, catalog, visible.sources);
    case "type":
      return words.TYPE_NAMES.map((label) => offer("type", label));
    case "start":
      return keywords(words.STATEMENT_STARTS);
    case "pipe":
      return keywords(words.PIPE_STARTS);
    case "continuation":
      return keywords(words.CONTINUATIONS);
    case "value":
      return [
        ...columns(visible.sources, catalog),
        ...visible.aliases.map((name) => offer("column", name, { detail: "in this statement" })),
        ...visible.sources.flatMap((source) => (source.alias ? [offer("alias", source.alias)] : [])),
        ...functions(catalog, (about) => about.kind !== "table"),
        ...keywords(words.VALUE_STARTS),
      ].filter(isFirst());
    default:
      return [];
  }
}

function offer(kind, label, more = {}) {
  const isName = kind !== "keyword" && kind !== "type" && kind !== "function";
  const insert = isName ? quoted(label) : label;
  return {
    label,
    kind,
    insert,
    isCall: false,
    hasArguments: false,
    detail: "",
    about: null,
    rank: RANK[kind],
    ...more,
  };
}

const keywords = (list) => list.map((label) => offer("keyword", label));

/** Keeps the first of those with the same name and kind: two tables may have a column of one name. */
function isFirst() {
  const seen = new Set();
  return ({ kind, label }) => {
    const key = `${kind} ${label.toLowerCase()}`;
    return !seen.has(key) && seen.add(key);
  };
}

function columns(sources, catalog) {
  return sources.flatMap((source) => catalog.columns(source).map(column));
}

const column = ({ name, type }) => offer("column", name, { detail: type });

function functions(catalog, isMeant) {
  return [...catalog.functions.values()].filter(isMeant).map((about) => {
    const { args, after } = signaturePieces(about.signatures[0] ?? "");
    const type = after.replace(/^\)\s*(->)?\s*/, "");
    // The types of the arguments are in the signature that shows once it is chosen.
    const names = args.map((arg) => arg.split(/\s/)[0]).join(", ");
    const detail = about.signatures.length > 0 ? `(${names})${type ? ` → ${type}` : ""}` : "";
    return offer("function", about.name, { isCall: true, hasArguments: args.length > 0, detail, about });
  });
}

function tables(path, catalog, ctes) {
  const found = [];
  if (path.length === 0) {
    found.push(...ctes.map((cte) => offer("table", cte.name, { detail: "in this statement", rank: 0 })));
  }
  for (const table of catalog.tables) {
    const rest = table.path.slice(path.length);
    const isBelow = rest.length > 0 && path.every((part, index) => isSame(part, table.path[index]));
    if (!isBelow) continue;
    const isFile = table.kind === "file" || table.kind === "folder";
    const label = rest.join(".");
    const insert = rest.map(quoted).join(".");
    // By its own name it is found first, whatever catalog and schema it is in.
    const name = table.path[table.path.length - 1];
    found.push({
      ...offer(table.kind, label, { insert, detail: isFile ? table.path[0] : table.kind }),
      name,
    });
  }
  const calls = path.length === 0 ? functions(catalog, (about) => about.kind === "table") : [];
  return [...found, ...calls].filter(isFirst());
}

function members(path, catalog, sources) {
  const alias = path[path.length - 1];
  const meant = sources.filter(
    (source) => isSame(source.alias, alias) && (path.length === 1 || isQualifierOf(path, source.path)),
  );
  if (meant.length > 0) return columns(meant, catalog).filter(isFirst());
  return fieldsOf(path, catalog, sources);
}

/** Whether `main.default.orders` in front of a column means a source. */
function isQualifierOf(path, sourcePath) {
  if (!sourcePath) return false;
  const skipped = sourcePath.length - path.length;
  return skipped >= 0 && path.every((part, index) => isSame(part, sourcePath[skipped + index]));
}

/** The fields of a column that is a struct. */
function fieldsOf(path, catalog, sources) {
  const isAliased = path.length > 1 && sources.some((source) => isSame(source.alias, path[0]));
  const owners = isAliased ? sources.filter((source) => isSame(source.alias, path[0])) : sources;
  let fields = owners.flatMap((source) => catalog.columns(source));
  for (const part of path.slice(isAliased ? 1 : 0)) {
    const found = fields.find((field) => isSame(field.name, part));
    fields = found ? structFields(found.type) : [];
  }
  return fields.map(column);
}

/**
 * The fields of a type such as `STRUCT<a: INT, b: ARRAY<STRING>>`.
 * @returns {import("./catalog.js").Column[]}
 */
export function structFields(type) {
  const inner = /^\s*struct\s*<([^]*)>\s*$/i.exec(type)?.[1];
  if (inner === undefined) return [];
  const fields = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at <= inner.length; at++) {
    const char = inner[at];
    if (char === "<" || char === "(") depth++;
    else if (char === ">" || char === ")") depth--;
    else if (char === undefined || (char === "," && depth === 0)) {
      const [, name, fieldType] =
        /^\s*(`[^`]*`|[^\s:`]+)\s*:?\s*([^]*?)\s*$/.exec(inner.slice(start, at)) ?? [];
      if (name) fields.push({ name: name.replaceAll("`", ""), type: fieldType });
      start = at + 1;
    }
  }
  return fields;
}
