// Large results: windows of rows, both directions, keys, copies.

import assert from "node:assert/strict";
import { test } from "node:test";
import { data, inPage } from "../harness.mjs";

export function grid(shared) {
  test("three million rows scroll to the end", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      assert.equal(await tarn.run("SELECT * FROM parquet.`flights-3m.parquet`"), "Finished");
      assert.equal(await tarn.grid.getAttribute("aria-rowcount"), "3000001");
      await tarn.grid.evaluate((grid) => grid.scrollTo(0, grid.scrollHeight));
      const last = tarn.grid.locator("[role=row][aria-rowindex='3000001']");
      await last.locator(".grid-cell:not(.grid-awaited)").first().waitFor();
      assert.match(await last.locator("[role=rowheader]").textContent(), /3,000,000/);
      // A turn of the wheel moves by rows, not by thousands of them.
      await tarn.grid.hover();
      await tarn.page.mouse.wheel(0, -240);
      await tarn.grid.locator("[role=row][aria-rowindex='2999970']").waitFor();
      // The page holds what is in view, no more.
      assert.ok((await tarn.grid.locator("[role=row]").count()) < 100);
      await tarn.grid.press("Control+Home");
    }));

  test("ten million rows reach the last by one key", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run("SELECT value AS n FROM generate_series(1, 10000000)"), "Finished");
      await tarn.cell(0, 0).click();
      await tarn.grid.press("Control+End");
      await tarn.cell(9_999_999, 0).filter({ hasText: "10,000,000" }).waitFor();
      await tarn.grid.press("PageUp");
      await tarn.grid.press("Control+Home");
      await tarn.cell(0, 0).filter({ hasText: /^1$/ }).waitFor();
    }));

  test("many columns: only those in view are on the page", () =>
    inPage(shared, async (tarn) => {
      const columns = Array.from({ length: 300 }, (_, at) => `${at} AS c${at}`).join(", ");
      assert.equal(await tarn.run(`SELECT ${columns}`), "Finished");
      assert.equal(await tarn.grid.getAttribute("aria-colcount"), "301");
      assert.ok((await tarn.grid.locator(".grid-cell").count()) < 40);
      await tarn.cell(0, 0).click();
      await tarn.grid.press("End");
      await tarn.cell(0, 299).filter({ hasText: "299" }).waitFor();
      assert.match(await tarn.grid.getAttribute("aria-activedescendant"), /-0-299$/);
    }));

  test("long text is cut, and whole one key away; a copy is raw", () =>
    inPage(shared, async (tarn) => {
      await tarn.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      assert.equal(await tarn.run("SELECT repeat('abcdefghij', 200) || '!' AS long, 1234567 AS number"), "Finished");
      await tarn.cell(0, 0).click();
      await tarn.grid.press("Enter");
      const value = tarn.page.locator(".value");
      await value.waitFor();
      assert.equal((await value.textContent()).length, 2001);
      await tarn.page.keyboard.press("Escape");
      await tarn.grid.press("ArrowRight");
      assert.equal(await tarn.cell(0, 1).textContent(), "1,234,567");
      await tarn.grid.press("ControlOrMeta+c");
      await tarn.page.getByText("Copied.").waitFor();
      assert.equal(await tarn.page.evaluate(() => navigator.clipboard.readText()), "1234567");
    }));

  test("no rows is said in words", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run("SELECT 1 AS a WHERE false"), "Finished");
      await tarn.page.getByText("No rows").waitFor();
    }));
}
