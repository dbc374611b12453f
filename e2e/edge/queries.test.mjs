// The queries that tab, edge and binary must answer alike: tests/queries/*.sql, with the rows expected beside each.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { QUERY_MS, dataDir, queriesDir, startEdge } from "./edge.mjs";

const scripts = existsSync(queriesDir) ? (await readdir(queriesDir)).filter((name) => name.endsWith(".sql")).sort() : [];

describe("the queries that every home answers alike", { timeout: 30 * QUERY_MS }, () => {
  let edge;

  before(async () => {
    edge = await startEdge();
    // Each file that a query names lies at the bucket's root under its own name.
    const texts = await Promise.all(scripts.map((name) => readFile(path.join(queriesDir, name), "utf8")));
    for (const name of await readdir(dataDir)) {
      if (texts.some((text) => text.includes(name))) {
        await edge.put(name);
      }
    }
  });
  after(() => edge?.stop());

  for (const name of scripts) {
    test(name, async () => {
      const script = await readFile(path.join(queriesDir, name), "utf8");
      const answer = await edge.execute(oneStatement(script));
      assert.equal(answer.status.state, "SUCCEEDED", answer.status.error?.message);
      const columns = answer.manifest.schema.columns.map((column) => column.name);
      const expected = JSON.parse(await readFile(path.join(queriesDir, name.replace(/\.sql$/, ".json")), "utf8"));
      if (expected.length > 0) {
        assert.deepEqual(columns, Object.keys(expected[0]));
      }
      const rows = answer.result.data_array.map((row) => row.map((cell, index) => value(cell, columns[index], expected)));
      assert.deepEqual(rows, expected.map((row) => columns.map((column) => row[column])));
    });
  }
});

/** A request has no session in which a view could live on: a script's views become a WITH. */
function oneStatement(script) {
  const view = /^\s*CREATE (?:OR REPLACE )?TEMPORARY VIEW (\w+) AS\s+([^;]*);/i;
  const views = [];
  let rest = script;
  for (let found = view.exec(rest); found; found = view.exec(rest)) {
    views.push(`${found[1]} AS (${found[2]})`);
    rest = rest.slice(found[0].length);
  }
  return views.length > 0 ? `WITH ${views.join(", ")}\n${rest}` : rest;
}

/** A cell's text as the kind of value that its column is expected to have: numbers are equal however they are written. */
function value(cell, column, expected) {
  const kind = typeof expected.map((row) => row[column]).find((each) => each !== null);
  return cell === null || kind === "string" || kind === "undefined" ? cell : JSON.parse(cell);
}
