// What goes wrong is said: what, where, what to do. And the session goes on.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { data, inPage } from "../harness.mjs";

/** Runs what must fail, and gives the text of the error. */
async function failure(tarn, sql) {
  assert.equal(await tarn.run(sql), "Failed");
  const text = await tarn.alert.innerText();
  await tarn.run("SELECT 'still here' AS word");
  assert.equal(await tarn.cell(0, 0).textContent(), "still here");
  return text;
}

/** Opens a file made of these bytes. */
async function openBytes(tarn, name, buffer) {
  await tarn.page.getByLabel("Files to open").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  await tarn.fileRow(name).waitFor();
}

export function errors(shared) {
  test("SQL that does not parse is marked where it fails", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run("SELECT 1,\n  FORM x"), "Failed");
      const place = tarn.alert.getByRole("button", { name: /^Line \d+, column \d+$/ });
      await place.waitFor();
      await tarn.page.locator(".tarn-mark").first().waitFor();
      await place.click();
      assert.ok(await tarn.editor.evaluate((editor) => editor.getRootNode().activeElement === editor));
    }));

  test("a name that does not exist gets the nearest one that does", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      const sql = "SELECT origin,\n  destinatoin\nFROM parquet.`flights-3m.parquet` LIMIT 1";
      assert.equal(await tarn.run(sql), "Failed");
      assert.match(await tarn.alert.innerText(), /destination/);
      assert.equal(await tarn.page.locator(".tarn-mark").textContent(), "destinatoin");
      assert.equal(await tarn.page.locator(".tarn-bad-line").textContent(), "2");
      await tarn.alert.getByRole("button", { name: "Write destination" }).click();
      assert.equal((await tarn.text()).trimEnd(), sql.replace("destinatoin", "destination"));
      assert.equal(await tarn.page.locator(".tarn-mark").count(), 0);
    }));

  test("the place of an error in a selection is its place in the text", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT 1;\n\nSELECT nothing_like_it");
      await tarn.editor.press("ControlOrMeta+End");
      await tarn.editor.press("Shift+Home");
      await tarn.editor.press("ControlOrMeta+Enter");
      assert.equal(await tarn.ended(), "Failed");
      assert.equal(await tarn.page.locator(".tarn-bad-line").textContent(), "3");
    }));

  test("rows stay usable under a later error", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("SELECT value AS n FROM generate_series(1, 5000)");
      assert.equal(await tarn.run("SELEC 1"), "Failed");
      await tarn.page.getByText("Rows of the run before").waitFor();
      await tarn.cell(0, 0).click();
      await tarn.grid.press("Control+End");
      await tarn.cell(4_999, 0).filter({ hasText: "5,000" }).waitFor();
    }));

  test("broken files are named, and what to do", () =>
    inPage(shared, async (tarn) => {
      const parquet = await readFile(data("flights-3m.parquet"));
      await openBytes(tarn, "truncated.parquet", parquet.subarray(0, 100_000));
      await openBytes(tarn, "empty.parquet", Buffer.alloc(0));
      await openBytes(tarn, "text.parquet", Buffer.from("this is not Parquet, whatever its name says\n".repeat(4)));
      await openBytes(tarn, "ragged.csv", Buffer.from("a,b\n1,2\n3,4,5\n6,7\n"));
      await openBytes(tarn, "bad.json", Buffer.from('{"a":1}\n{"a":2\n{"a":3}\n'));
      for (const name of ["truncated.parquet", "empty.parquet", "text.parquet"]) {
        assert.match(await failure(tarn, `SELECT * FROM parquet.\`${name}\``), new RegExp(name.replace(".", "\\.")));
      }
      assert.match(await failure(tarn, "SELECT * FROM csv.`ragged.csv`"), /line 3/i);
      assert.match(await failure(tarn, "SELECT * FROM json.`bad.json`"), /bad\.json/);
      assert.match(await failure(tarn, "SELECT * FROM parquet.`truncatd.parquet`"), /truncated\.parquet/);
    }));

  test("a query that needs too much memory ends with an error, and the tab lives on", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      const text = await failure(
        tarn,
        "SELECT array_agg(a.delay || repeat('x', 4000)) FROM parquet.`flights-3m.parquet` a",
      );
      assert.match(text, /memory/i);
    }));
}
