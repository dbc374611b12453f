// A table of 300,000 files opens in the tab: its log is kept small in memory, and only what a query needs is read.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { blankPage } from "../engine.mjs";
import { serve } from "../server.mjs";

const FILES = 300_000;
const ROWS_A_FILE = 1_000;
/** What the engine may take for such a table, in bytes. */
const MOST_MEMORY = 512 << 20;

const tables = fileURLToPath(new URL("../many_files.py", import.meta.url));

/** The memory of a worker's engine, which never shrinks. */
const memoryBytes = (worker) =>
  worker.evaluate(async () => {
    // The module is there already, and so is what it has set up.
    const { default: init } = await import(new URL("tarn_worker_browser.js", location.href));
    return (await init()).memory.buffer.byteLength;
  });

export function manyFiles(shared) {
  let lake;
  let server;
  before(async () => {
    lake = await mkdtemp(path.join(tmpdir(), "tarn-many-"));
    // Another program writes the checkpoint, whose files are not there; then comes one file that is.
    execFileSync(process.env.TARN_PYTHON, [tables, path.join(lake, "main/default/files"), String(FILES)]);
    execFileSync(process.env.TARN_BIN, ["sql", "--lake", lake, "INSERT INTO files VALUES (-7, 3, 'the one')"]);
    server = await serve(lake, { allowOrigin: "*" });
  });
  after(async () => {
    await server?.close();
    await rm(lake, { recursive: true, force: true });
  });

  test("a table of 300,000 files opens in the tab, and a row of it is found", async () => {
    const context = await shared.browser.newContext();
    try {
      const page = await blankPage(context, shared.url);
      await page.evaluate(async () => {
        window.engine = await startEngine();
      });
      const table = `delta.\`http://127.0.0.1:${server.port}/main/default/files\``;
      const rows = (sql) => page.evaluate((sql) => engine.run(sql), sql);
      const [detail] = await rows(`DESCRIBE DETAIL ${table}`);
      assert.ok(detail.includes(String(FILES + 1)), JSON.stringify(detail));
      assert.deepEqual(await rows(`SELECT * FROM ${table} WHERE id = -7`), [["-7", "3", "the one"]]);
      assert.deepEqual(await rows(`SELECT count(*) FROM ${table}`), [[String(FILES * ROWS_A_FILE + 1)]]);
      const inPart = String((FILES / 10) * ROWS_A_FILE);
      assert.deepEqual(await rows(`SELECT count(*) FROM ${table} WHERE part = 4`), [[inPart]]);
      const bytes = await memoryBytes(page.workers()[0]);
      assert.ok(bytes < MOST_MEMORY, `the engine takes ${bytes} bytes`);
    } finally {
      await context.close();
    }
  });
}
