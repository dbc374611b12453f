// The bucket as the engine's file system: names, folders, and what is put there by others.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { QUERY_MS, startEdge } from "./edge.mjs";

describe("R2", { timeout: 10 * QUERY_MS }, () => {
  let edge;
  let bucket;

  before(async () => {
    edge = await startEdge();
    bucket = await edge.bucket();
  });
  after(() => edge?.stop());

  test("names with spaces, signs and letters of any language", async () => {
    for (const name of ["two words.csv", "100%.csv", "a#b.csv", "a+b.csv", "Zürich 東京.csv", "q?x=1.csv"]) {
      await bucket.put(`names/${name}`, "n\n1\n2\n");
      assert.deepEqual(await edge.rows(`SELECT count(*) FROM csv.\`names/${name}\``), [["2"]], name);
    }
  });

  test("folders by glob, and as Hive partitions", async () => {
    await bucket.put("sales/year=2023/a.csv", "n\n1\n");
    await bucket.put("sales/year=2024/a.csv", "n\n2\n");
    await bucket.put("sales/year=2024/b.csv", "n\n3\n");
    await bucket.put("sales/", "");
    await bucket.put("sales-other/c.csv", "n\n100\n");
    assert.deepEqual(await edge.rows("SELECT sum(n) FROM csv.`sales/*/*.csv`"), [["6"]]);
    const rows = await edge.rows("SELECT year, sum(n) FROM csv.`sales` GROUP BY year ORDER BY year");
    assert.deepEqual(rows, [["2023", "1"], ["2024", "5"]]);
  });

  test("a folder of more files than one page of a list holds", async () => {
    // A few at a time: workerd closes idle connections, and of a thousand one is always about to be used.
    for (let first = 0; first < 1100; first += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, more) => bucket.put(`many/${first + more}.csv`, `n\n${first + more}\n`)));
    }
    assert.deepEqual(await edge.rows("SELECT count(*), sum(n) FROM csv.`many`"), [["1100", String((1099 * 1100) / 2)]]);
  });

  test("an object that changed is read anew", async () => {
    await bucket.put("change.csv", "n\n1\n");
    assert.deepEqual(await edge.rows("SELECT n FROM csv.`change.csv`"), [["1"]]);
    await bucket.put("change.csv", "n\n2\n3\n");
    assert.deepEqual(await edge.rows("SELECT n FROM csv.`change.csv`"), [["2"], ["3"]]);
  });

  test("an empty object and one that is no Parquet file", async () => {
    await bucket.put("empty.parquet", "");
    assert.match((await edge.error("SELECT * FROM parquet.`empty.parquet`")).message, /empty\.parquet/);
    await bucket.put("text.parquet", "this is no Parquet file at all, only text");
    assert.match((await edge.error("SELECT * FROM parquet.`text.parquet`")).message, /text\.parquet/);
  });
});
