// Delta tables over R2: made, changed and read by the edge worker, a commit being a conditional put.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { QUERY_MS, startEdge } from "./edge.mjs";

describe("Delta tables over R2", { timeout: 10 * QUERY_MS }, () => {
  let edge;

  before(async () => {
    edge = await startEdge();
  });
  after(() => edge?.stop());

  test("a table is made, appended to and read, at each of its versions", async () => {
    await edge.rows("CREATE TABLE orders (id BIGINT, item STRING, day DATE) PARTITIONED BY (day)");
    assert.deepEqual(
      await edge.rows("INSERT INTO orders VALUES (1, 'oar', DATE '2026-01-01'), (2, 'sail', DATE '2026-01-02')"),
      [["2", "2"]],
    );
    assert.deepEqual(await edge.rows("INSERT INTO orders VALUES (3, 'keel', DATE '2026-01-02')"), [["1", "1"]]);
    assert.deepEqual(await edge.rows("SELECT id, item FROM orders WHERE day = DATE '2026-01-02' ORDER BY id"), [
      ["2", "sail"],
      ["3", "keel"],
    ]);
    assert.deepEqual(await edge.rows("SELECT count(*) FROM orders VERSION AS OF 1"), [["2"]]);
  });

  test("rows are updated, merged and deleted", async () => {
    await edge.rows("UPDATE orders SET item = 'mast' WHERE id = 1");
    await edge.rows(
      "MERGE INTO orders AS t USING (SELECT 2 AS id, 'jib' AS item UNION ALL SELECT 4, 'rope') AS s ON t.id = s.id " +
        "WHEN MATCHED THEN UPDATE SET item = s.item WHEN NOT MATCHED THEN INSERT (id, item, day) VALUES (s.id, s.item, DATE '2026-01-03')",
    );
    await edge.rows("DELETE FROM orders WHERE id = 3");
    assert.deepEqual(await edge.rows("SELECT id, item FROM orders ORDER BY id"), [
      ["1", "mast"],
      ["2", "jib"],
      ["4", "rope"],
    ]);
  });

  test("requests that append at the same time are all there", async () => {
    const inserts = [10, 11, 12, 13].map((id) =>
      edge.rows(`INSERT INTO orders VALUES (${id}, 'at once', DATE '2026-02-01')`),
    );
    await Promise.all(inserts);
    assert.deepEqual(await edge.rows("SELECT count(*), count(DISTINCT id) FROM orders WHERE item = 'at once'"), [["4", "4"]]);
  });

  test("a table that is not there is said to be missing", async () => {
    const error = await edge.error("INSERT INTO nothing VALUES (1)");
    assert.equal(error.error_code, "NOT_FOUND");
  });
});
