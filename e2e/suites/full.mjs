// The browser gives no more room, at any step of a statement: a file of rows, a deletion vector, the commit, a checkpoint.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { blankPage } from "../engine.mjs";
import { launchWithProfile } from "../harness.mjs";

/** Chromium reserves so much for each file that is being written, in a browser with a profile. */
const RESERVED = 1 << 20;

/** Room that is left, in bytes: none for anything, then for one step more and more. */
const ROOM = [0, RESERVED, ...[300, 600, 900, 1500, 3000, 6000, 12_000, 15_000, 18_000].map((more) => RESERVED + more)];

const STATEMENTS = {
  INSERT: "INSERT INTO t VALUES (NEXT, 'new')",
  UPDATE: "UPDATE t SET s = s || '.' WHERE n % 2 = 0",
  DELETE: "DELETE FROM t WHERE n = (SELECT max(n) FROM t)",
  MERGE:
    "MERGE INTO t USING (SELECT * FROM (VALUES (0), (NEXT)) AS v(n)) AS v ON t.n = v.n " +
    "WHEN MATCHED THEN UPDATE SET s = t.s || '!' WHEN NOT MATCHED THEN INSERT (n, s) VALUES (v.n, 'merged')",
  OPTIMIZE: "OPTIMIZE t",
  CREATE: "CREATE TABLE tNEXT AS SELECT * FROM t",
};

export function full(shared) {
  test("a statement that finds no room says so, and leaves tables as they were", async () => {
    // Files in memory, as a browser without a profile has them, are counted in another way.
    const profile = await mkdtemp(path.join(tmpdir(), "tarn-full-"));
    const context = await launchWithProfile(profile);
    try {
      const page = await blankPage(context, shared.url);
      const devtools = await context.newCDPSession(page);
      const { origin } = new URL(shared.url);
      const used = async () => (await devtools.send("Storage.getUsageAndQuota", { origin })).usage;
      const limit = (quotaSize) => devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
      await page.evaluate(async () => {
        window.engine = await startEngine();
        window.failure = async (sql) => (await engine.ask({ type: "run", sql, session: 0, parameters: [] })).event.error ?? null;
      });
      const rows = () => page.evaluate(() => engine.run("SELECT n, s FROM t ORDER BY n"));
      const run = (sql) => page.evaluate((sql) => engine.run(sql), sql);

      await run(
        "CREATE TABLE t (n INT, s STRING) " +
          "TBLPROPERTIES ('delta.checkpointInterval' = '2', 'delta.enableDeletionVectors' = 'true');" +
          "INSERT INTO t VALUES (0, 'a'), (1, 'b'), (2, 'c'); INSERT INTO t VALUES (3, 'd'), (4, 'e')",
      );
      let next = 100;
      const outcomes = { full: 0, done: 0 };
      for (const [name, statement] of Object.entries(STATEMENTS)) {
        for (const room of ROOM) {
          const sql = statement.replaceAll("NEXT", String(next++));
          const [before, usedBefore] = [await rows(), await used()];
          await limit(usedBefore + room);
          const error = await page.evaluate((sql) => failure(sql), sql);
          const at = `${sql} with room for ${room} bytes`;
          if (error === null) {
            outcomes.done += 1;
          } else {
            outcomes.full += 1;
            assert.equal(error.kind, "storageFull", `${at}: ${error.message}`);
            assert.match(error.message, /storage is full/, at);
            assert.match(error.hint, /Drop tables or files that are not needed/, at);
            assert.deepEqual(await rows(), before, at);
            // What did not become a part of the table takes no room.
            assert.equal(await used(), usedBefore, at);
          }
          await limit(undefined);
        }
        // The next statement works, and the ones that were done are there.
        await run(`INSERT INTO t VALUES (${next}, 'after')`);
        assert.equal((await rows()).filter(([n]) => n === String(next)).length, 1, name);
        next += 1;
      }
      assert.ok(outcomes.full > 12 && outcomes.done > 6, JSON.stringify(outcomes));
      const history = await run("DESCRIBE HISTORY t");
      assert.deepEqual(history.map(([version]) => Number(version)), [...history.keys()].reverse());
    } finally {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
}
