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
      const sql = await readFile(path.join(queriesDir, name), "utf8");
      const answer = await edge.execute(sql);
      assert.equal(answer.status.state, "SUCCEEDED", answer.status.error?.message);
      const columns = answer.manifest.schema.columns.map((column) => column.name);
      const expected = parseExactly(await readFile(path.join(queriesDir, name.replace(/\.sql$/, ".json")), "utf8"));
      if (expected.length > 0) {
        assert.deepEqual(columns, Object.keys(expected[0]));
      }
      assert.deepEqual(answer.result.data_array, expected.map((row) => columns.map((column) => cell(row[column]))));
    });
  }
});

/** Parses JSON without rounding numbers: each stays the text that it is. */
function parseExactly(json) {
  const quoted = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ number: token }),
  );
  return JSON.parse(quoted);
}

/** The text of a value, as the API has it. */
function cell(value) {
  if (value === null) {
    return null;
  }
  return typeof value === "object" && value !== null ? json(value) : String(value);
}

function json(value) {
  if (typeof value?.number === "string" && Object.keys(value).length === 1) {
    return value.number;
  }
  if (Array.isArray(value)) {
    return `[${value.map(json).join(",")}]`;
  }
  if (value && typeof value === "object") {
    return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}:${json(each)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
