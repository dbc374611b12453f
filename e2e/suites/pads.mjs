// Query pads: several texts, each with its run, its parameters, its place in the history, its link.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage } from "../harness.mjs";

const tabs = (tarn) => tarn.page.getByRole("tablist", { name: "Queries" }).getByRole("tab");

export function pads(shared) {
  test("each pad keeps its text, its rows and its undo; closing has a way back", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("SELECT 1 AS first");
      await tarn.page.keyboard.press("Alt+n");
      await tabs(tarn).nth(1).waitFor();
      await tarn.textIs("");
      await tarn.run("SELECT 2 AS second");
      assert.equal(await tarn.cell(0, 0).textContent(), "2");
      await tabs(tarn).first().click();
      await tarn.textIs("SELECT 1 AS first");
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
      await tarn.editor.press("ControlOrMeta+z");
      assert.notEqual(await tarn.text(), "SELECT 1 AS first");
      await tarn.editor.press("ControlOrMeta+y");
      await tarn.textIs("SELECT 1 AS first");
      await tabs(tarn).first().press("Delete");
      assert.equal(await tabs(tarn).count(), 1);
      await tarn.textIs("SELECT 2 AS second");
      await tarn.page.getByRole("button", { name: "Undo" }).click();
      assert.equal(await tabs(tarn).count(), 2);
      await tarn.textIs("SELECT 1 AS first");
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
    }));

  test("pads, names and what is shown outlive a reload", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT 'one'");
      await tarn.page.keyboard.press("Alt+n");
      await tarn.editor.fill("SELECT 'two'");
      await tabs(tarn).nth(1).press("F2");
      await tarn.page.getByRole("textbox", { name: "Name of the query" }).fill("My second");
      await tarn.page.keyboard.press("Enter");
      await tarn.page.reload();
      await tarn.ready();
      assert.deepEqual(await tabs(tarn).allTextContents(), ["SELECT 'one'", "My second"]);
      await tarn.textIs("SELECT 'two'");
    }));

  test("two tabs of the browser that show a pad see each other's changes", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT 'from the first tab'");
      await tarn.page.waitForTimeout(600);
      const other = new (tarn.constructor)(await tarn.page.context().newPage());
      await other.page.goto(`${shared.url}#/query`);
      await other.ready();
      await other.textIs("SELECT 'from the first tab'");
      // Nobody writes in the first any more.
      await tarn.page.waitForTimeout(2_000);
      await other.editor.fill("SELECT 'from the second'");
      await tarn.page.locator(".cm-line").filter({ hasText: "from the second" }).waitFor();
      assert.equal(await tarn.run("SELECT 3 AS n"), "Finished");
    }));

  test("parameters have fields, types, and NULL", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT :name AS name, :n + 1 AS n, :x IS NULL AS nothing");
      const fields = tarn.page.getByRole("group", { name: "Parameters" });
      await fields.getByLabel(":name", { exact: true }).fill("it's");
      await fields.getByLabel("Type of n", { exact: true }).selectOption("BIGINT");
      await fields.getByLabel(":n", { exact: true }).fill("41");
      await fields.getByLabel("Type of x", { exact: true }).selectOption("NULL");
      await tarn.editor.press("ControlOrMeta+Enter");
      assert.equal(await tarn.ended(), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "it's");
      assert.equal(await tarn.cell(0, 1).textContent(), "42");
      assert.equal(await tarn.cell(0, 2).textContent(), "true");
      await fields.getByLabel(":n", { exact: true }).fill("four");
      await tarn.editor.press("ControlOrMeta+Enter");
      assert.equal(await tarn.ended(), "Failed");
      assert.match(await tarn.alert.innerText(), /four is no BIGINT for the parameter :n/);
      await tarn.page.reload();
      await tarn.ready();
      assert.equal(await fields.getByLabel(":name", { exact: true }).inputValue(), "it's");
    }));

  test("what is no SQL is marked while one writes, and fixed by a key", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT 1 FORM t");
      await tarn.page.locator(".tarn-mark").filter({ hasText: "FORM" }).waitFor();
      await tarn.editor.press("F8");
      await tarn.editor.press("Control+.");
      await tarn.textIs("SELECT 1 FROM t");
      await tarn.page.locator(".tarn-mark").waitFor({ state: "detached" });
    }));

  test("completion knows views, columns and functions", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("CREATE VIEW journeys AS SELECT 'a' AS origin_city, 2 AS distance");
      await tarn.editor.fill("SELECT  FROM journeys");
      for (let press = 0; press < 14; press++) await tarn.editor.press("ArrowLeft");
      await tarn.page.keyboard.type("orig");
      const option = tarn.page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "origin_city" });
      await option.waitFor();
      // What has only just appeared is not taken by a key that was meant for the text.
      await tarn.page.waitForTimeout(200);
      await tarn.page.keyboard.press("Enter");
      await tarn.textIs("SELECT origin_city FROM journeys");
      await tarn.editor.fill("SELECT date_tru");
      await tarn.editor.press("End");
      await tarn.page.keyboard.type("n");
      await tarn.page.locator(".cm-tooltip-autocomplete li").filter({ hasText: "date_trunc" }).first().waitFor();
    }));

  test("what ran is in the history, found by a search, and opens in a new pad", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("SELECT 'needle' AS word");
      await tarn.run("SELECT 'hay' AS word");
      await tarn.run("SELECT nothing_at_all");
      await tarn.page.getByRole("button", { name: "History of queries" }).click();
      const sheet = tarn.page.getByRole("dialog", { name: "History" });
      assert.equal(await sheet.locator(".history-entry").count(), 3);
      assert.match(await sheet.locator(".history-note").first().innerText(), /nothing_at_all/);
      await sheet.getByRole("searchbox").fill("needle");
      assert.equal(await sheet.locator(".history-entry").count(), 1);
      await sheet.locator(".history-entry").click();
      await tarn.textIs("SELECT 'needle' AS word");
      assert.equal(await tabs(tarn).count(), 2);
    }));

  test("a link carries the query, and opens it without running it", () =>
    inPage(
      shared,
      async (tarn) => {
        const sql = "SELECT :n AS n -- größer als 1 🙂";
        await tarn.editor.fill(sql);
        await tarn.page.getByLabel(":n", { exact: true }).fill("7");
        await tarn.page.getByRole("button", { name: "Copy a link to this query" }).click();
        const link = await tarn.page.evaluate(() => navigator.clipboard.readText());
        assert.ok(link.startsWith(`${shared.url}#/shared/`), link);
        const other = await tarn.page.context().browser().newContext();
        try {
          const guest = new (tarn.constructor)(await other.newPage());
          await guest.page.goto(link);
          await guest.page.locator(".code-editor .cm-content").waitFor();
          await guest.textIs(sql);
          assert.equal(await guest.page.getByLabel(":n", { exact: true }).inputValue(), "7");
          assert.equal(await guest.grid.count(), 0);
          assert.ok(guest.page.url().endsWith("#/query"));
          await guest.page.goto(`${shared.url}#/shared/bm9uc2Vuc2U`);
          await guest.page.getByText("This link carries no query").waitFor();
        } finally {
          await other.close();
        }
      },
      { context: { permissions: ["clipboard-read", "clipboard-write"] } },
    ));

  test("two pads run at the same time", () =>
    inPage(shared, async (tarn) => {
      await tarn.start("SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 1000000) b");
      await tarn.page.keyboard.press("Alt+n");
      assert.equal(await tarn.run("SELECT 6 * 7 AS answer"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "42");
      await tabs(tarn).first().click();
      await tarn.page.locator(".run-bar").getByRole("button", { name: /^Stop/ }).click();
      assert.equal(await tarn.ended(), "Stopped");
    }));
}
