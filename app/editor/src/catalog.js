// What the page knows of tables and functions, and the columns that it is asked for one table at a time.

import { isMeant, isSame, joined, parts } from "./names.js";

/** @typedef {{ name: string, type: string }} Column */
/** @typedef {{ name: string, kind: "table" | "view" | "file" | "folder", columns: Column[] | null }} Table */
/**
 * @typedef {object} SqlFunction
 * @property {string} name
 * @property {"scalar" | "aggregate" | "window" | "table"} kind
 * @property {string[]} signatures
 * @property {string} [description]
 * @property {string} [example]
 */

/** How long a table whose columns could not be told is left alone. */
const RETRY_MILLIS = 10_000;

/** Formats that a path can be read as: `` parquet.`flights.parquet` ``. */
const FORMATS = new Set(["parquet", "csv", "json", "delta", "text", "orc", "avro", "binaryfile"]);

const isFile = (path) => path.length === 2 && FORMATS.has(path[0].toLowerCase());

/** A name as the page has those of files: always with its path in backticks. */
const written = (path) => (isFile(path) ? `${path[0]}.\`${path[1].replaceAll("`", "``")}\`` : joined(path));

export class Catalog {
  /** @param {((table: string) => Promise<Column[]>) | undefined} columnsOf */
  constructor(columnsOf) {
    this.columnsOf = columnsOf;
    /** @type {(Table & { path: string[] })[]} */
    this.tables = [];
    /** @type {Map<string, SqlFunction>} by name in lower case */
    this.functions = new Map();
    /** By the table's name as the page has it. */
    /** @type {Map<string, { columns: Column[] | null, promise: Promise<void> }>} */
    this.asked = new Map();
  }

  /** Takes what the page knows now. Columns that were asked for are asked for again: tables change. */
  set({ tables = [], functions = [] }) {
    this.tables = tables.map((table) => ({ ...table, path: parts(table.name) }));
    this.functions = new Map(functions.map((each) => [each.name.toLowerCase(), each]));
    this.asked.clear();
  }

  /** The table that a name in a statement means. */
  table(path) {
    const exact = this.tables.find((table) => table.path.length === path.length && isMeant(path, table.path));
    return exact ?? this.tables.find((table) => isMeant(path, table.path)) ?? null;
  }

  /**
   * The columns of what a statement names, as far as they are known now.
   * @param {import("./scope.js").Source} source
   * @returns {Column[]}
   */
  columns(source, depth = 0) {
    const inner = source.query && depth < 8 ? this.outputs(source.query, depth) : null;
    if (source.names) {
      return source.names.map((name, index) => ({ name, type: inner?.[index]?.type ?? "" }));
    }
    if (inner) return inner;
    if (!source.path) return [];
    const table = this.table(source.path);
    return table?.columns ?? this.asked.get(table?.name ?? written(source.path))?.columns ?? [];
  }

  /** The columns that a query gives. */
  outputs(query, depth) {
    // Once, however many columns ask for it: queries in queries in queries would take forever.
    let known = null;
    const all = () => (known ??= query.sources.flatMap((source) => this.columns(source, depth + 1)));
    // A query that begins with FROM gives everything.
    if (query.outputs.length === 0) return all();
    return query.outputs.flatMap((output) => {
      if ("star" in output) {
        if (output.star.length === 0) return all();
        const alias = output.star[output.star.length - 1];
        const meant = query.sources.filter((source) => isSame(source.alias, alias));
        return meant.flatMap((source) => this.columns(source, depth + 1));
      }
      const name = output.path?.[output.path.length - 1];
      const type = name ? all().find((column) => isSame(column.name, name))?.type : undefined;
      return [{ name: output.name, type: type ?? "" }];
    });
  }

  /**
   * Asks for columns that are not known of tables which a statement names.
   * @param {import("./scope.js").Source[]} sources
   * @returns {Promise<void> | null} null when there is nothing to wait for
   */
  ask(sources) {
    if (!this.columnsOf) return null;
    const waits = [];
    const visit = (source, depth) => {
      if (source.query && depth < 8) source.query.sources.forEach((each) => visit(each, depth + 1));
      if (source.query || !source.path) return;
      const table = this.table(source.path);
      if (table?.columns) return;
      // A path that the page has not listed can still be read; half a name cannot.
      if (!table && !(source.isWhole && isFile(source.path))) return;
      const asked = this.askOne(table?.name ?? written(source.path));
      if (asked) waits.push(asked);
    };
    sources.forEach((source) => visit(source, 0));
    return waits.length > 0 ? Promise.all(waits).then(() => {}) : null;
  }

  askOne(name) {
    const before = this.asked.get(name);
    if (before) return before.columns ? null : before.promise;
    const entry = { columns: null, promise: null };
    this.asked.set(name, entry);
    entry.promise = Promise.resolve()
      .then(() => this.columnsOf(name))
      .then((columns) => {
        entry.columns = columns ?? [];
      })
      .catch(() => {
        // Whoever runs the statement is told what is wrong; here there is just nothing to offer, for a while.
        entry.columns = [];
        setTimeout(() => this.asked.get(name) === entry && this.asked.delete(name), RETRY_MILLIS);
      });
    return entry.promise;
  }
}
