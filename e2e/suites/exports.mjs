// Rows that go out as files.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { QUERY_MS, inPage } from "../harness.mjs";

/** Headless browsers have no dialog to choose a file in: without one the file is a download. */
const withoutPicker = (tarn) => tarn.page.evaluate(() => delete globalThis.showSaveFilePicker);

/** Where a test's picker leaves the file: the browser's own file system has handles of the same kind. */
const withPicker = (tarn) =>
  tarn.page.evaluate(() => {
    globalThis.showSaveFilePicker = async ({ suggestedName }) => {
      const root = await navigator.storage.getDirectory();
      return root.getFileHandle(`chosen-${suggestedName}`, { create: true });
    };
  });

async function exported(tarn, section, format) {
  await tarn.page.locator(".run-bar").getByRole("button", { name: "Export" }).click();
  const sheet = tarn.page.getByRole("dialog", { name: "Export" });
  const download = tarn.page.waitForEvent("download", { timeout: QUERY_MS });
  await sheet.locator(".export").filter({ hasText: section }).getByRole("button", { name: format, exact: true }).click();
  const file = await download;
  return { name: file.suggestedFilename(), path: await file.path() };
}

export function exports_(shared) {
  test("the rows that are shown are saved in every format", () =>
    inPage(shared, async (tarn) => {
      await withoutPicker(tarn);
      await tarn.run("SELECT * FROM (SELECT 1 AS n) AS a CROSS JOIN (SELECT value AS n, concat('a,\"b', value) AS text FROM generate_series(1, 3)) AS b ORDER BY text");
      const csv = await exported(tarn, "The rows that are shown", "CSV");
      assert.match(csv.name, /\.csv$/);
      assert.equal(await readFile(csv.path, "utf8"), 'n,n_1,text\n1,1,"a,""b1"\n1,2,"a,""b2"\n1,3,"a,""b3"\n');
      const json = await exported(tarn, "The rows that are shown", "JSON Lines");
      assert.equal((await readFile(json.path, "utf8")).split("\n")[0], '{"n":1,"n_1":1,"text":"a,\\"b1"}');
      const parquet = await exported(tarn, "The rows that are shown", "Parquet");
      assert.equal((await readFile(parquet.path)).subarray(0, 4).toString(), "PAR1");
      const arrow = await exported(tarn, "The rows that are shown", "Arrow");
      assert.equal((await readFile(arrow.path)).subarray(0, 6).toString(), "ARROW1");
      await tarn.page.getByText(/^Wrote 3 rows to .*\.arrow, /).waitFor();
      await tarn.page.getByLabel("Files to open").setInputFiles(parquet.path);
    }));

  test("a query runs into a file whose rows would not fit into memory as a result", () =>
    inPage(shared, async (tarn) => {
      await withoutPicker(tarn);
      await tarn.editor.fill("SELECT value AS n, repeat('x', 200) AS text FROM generate_series(1, 400000)");
      const csv = await exported(tarn, "Run the query into a file", "CSV");
      assert.equal((await stat(csv.path)).size, 2 + "text\n".length + 400000 * 202 + 2288895);
      assert.equal(await tarn.grid.count(), 0);
    }));

  test("a chosen file is written as a stream, and is untouched when the query fails", () =>
    inPage(shared, async (tarn) => {
      await withPicker(tarn);
      const run = async (sql) => {
        await tarn.editor.fill(sql);
        await tarn.page.locator(".run-bar").getByRole("button", { name: "Export" }).click();
        const sheet = tarn.page.getByRole("dialog", { name: "Export" });
        await sheet.locator(".export").filter({ hasText: "Run the query" }).getByRole("button", { name: "CSV" }).click();
      };
      const content = (name) =>
        tarn.page.evaluate(async (name) => {
          const root = await navigator.storage.getDirectory();
          return (await (await root.getFileHandle(name)).getFile()).text();
        }, name);
      await run("SELECT 1 AS a");
      await tarn.page.getByText(/^Wrote 1 row to chosen-/).waitFor();
      const name = await tarn.page.evaluate(async () => {
        const root = await navigator.storage.getDirectory();
        for await (const name of root.keys()) if (name.startsWith("chosen-")) return name;
      });
      assert.equal(await content(name), "a\n1\n");
      await run("SELECT 1 / (3 - value) AS a FROM generate_series(1, 3)");
      await tarn.page.getByText(/was not written\. Division by zero/).waitFor();
    }));

  test("Excel gets numbers, dates and times as such, and texts where it would round", () =>
    inPage(shared, async (tarn) => {
      await withoutPicker(tarn);
      await tarn.run(
        "SELECT 42 AS n, 9007199254740993 AS big, CAST(1.25 AS DECIMAL(10, 2)) AS d, 0.1 AS f, true AS b, " +
          "DATE '2024-02-29' AS day, TIMESTAMP '2024-02-29 12:30:15.250' AS at, 'it’s' AS text, NULL AS nothing " +
          "UNION ALL SELECT 1, 2, CAST(3 AS DECIMAL(10, 2)), CAST('NaN' AS DOUBLE), false, DATE '0001-01-01', " +
          "TIMESTAMP '2024-01-01 00:00:00.123456', 'x', NULL ORDER BY n DESC",
      );
      const file = await exported(tarn, "The rows that are shown", "Excel");
      assert.match(file.name, /\.xlsx$/);
      if (!process.env.TARN_PYTHON) return;
      const program = `
import json, sys, openpyxl
sheet = openpyxl.load_workbook(open(sys.argv[1], 'rb')).active
print(json.dumps([[cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in row] for row in sheet.values]))
print(sheet.freeze_panes, sheet.auto_filter.ref)`;
      const { stdout } = await promisify(execFile)(process.env.TARN_PYTHON, ["-c", program, file.path]);
      const [rows, frame] = stdout.trim().split("\n");
      assert.deepEqual(JSON.parse(rows), [
        ["n", "big", "d", "f", "b", "day", "at", "text", "nothing"],
        [42, "9007199254740993", 1.25, 0.1, true, "2024-02-29T00:00:00", "2024-02-29T12:30:15.250000", "it’s", null],
        [1, 2, 3, "NaN", false, "0001-01-01", "2024-01-01T00:00:00.123456Z", "x", null],
      ]);
      assert.equal(frame, "A2 A1:I3");
    }));

  test("a file that is being written can be stopped", () =>
    inPage(shared, async (tarn) => {
      await withoutPicker(tarn);
      await tarn.editor.fill("SELECT a.value FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b");
      await tarn.page.locator(".run-bar").getByRole("button", { name: "Export" }).click();
      const sheet = tarn.page.getByRole("dialog", { name: "Export" });
      await sheet.getByRole("button", { name: "CSV" }).last().click();
      await tarn.page.getByRole("button", { name: "Stop writing" }).click();
      await tarn.page.getByText(/was not written\. The query was stopped/).waitFor();
    }));
}
