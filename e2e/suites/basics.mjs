// Files in, SQL, rows out; run, stop, reload.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { data, inPage } from "../harness.mjs";

export function basics(shared) {
  test("a chosen file is counted without a byte leaving the machine", () =>
    inPage(shared, async (tarn) => {
      const elsewhere = [];
      const origin = new URL(shared.url).origin;
      tarn.page.on("request", (request) => {
        const { protocol, origin: target } = new URL(request.url());
        const isLocal = ["blob:", "data:"].includes(protocol) || target === origin;
        if (!isLocal || request.method() !== "GET") elsewhere.push(request.url());
      });
      await tarn.openFiles(data("flights-3m.parquet"));
      assert.match(await tarn.text(), /^SELECT \* FROM parquet\.`flights-3m\.parquet` LIMIT 100\s*$/);
      assert.equal(await tarn.run("SELECT count(*) FROM parquet.`flights-3m.parquet`"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "3,000,000");
      assert.deepEqual(elsewhere, []);
    }));

  test("a dropped file is queried", () =>
    inPage(shared, async (tarn) => {
      const bytes = (await readFile(data("airports.csv"))).toString("base64");
      await tarn.page.evaluate((bytes) => {
        const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], "airports.csv", { type: "text/csv" }));
        for (const kind of ["dragenter", "dragover", "drop"]) {
          document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
        }
      }, bytes);
      await tarn.fileRow("airports.csv").waitFor();
      assert.equal(await tarn.run("SELECT iata, name, latitude FROM csv.`airports.csv` ORDER BY iata LIMIT 1"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "00M");
      assert.equal(await tarn.cell(0, 1).textContent(), "Thigpen");
    }));

  test("JSON is queried, and null is a word", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("movies.json"));
      await tarn.run("SELECT `Title`, `US DVD Sales`, `US Gross` FROM json.`movies.json` LIMIT 5");
      assert.equal(await tarn.cell(0, 0).textContent(), "The Land Girls");
      assert.equal(await tarn.cell(0, 1).textContent(), "null");
      assert.equal(await tarn.cell(0, 2).textContent(), "146,083");
    }));

  test("each statement of a script has its tab", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run("SELECT 1 AS a; SELECT 2 AS b; SELECT 3 AS c"), "Finished");
      const tabs = tarn.statements;
      assert.equal(await tabs.count(), 3);
      assert.equal(await tarn.cell(0, 0).textContent(), "3");
      await tabs.first().click();
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
    }));

  test("only the selection runs when there is one", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("SELECT 1 AS a;\nSELECT 2 AS b");
      await tarn.editor.press("ControlOrMeta+End");
      await tarn.editor.press("Shift+Home");
      await tarn.editor.press("ControlOrMeta+Enter");
      assert.equal(await tarn.ended(), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "2");
      assert.equal(await tarn.statements.count(), 0);
    }));

  test("a long query shows its progress, stops at once, and the next one runs", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      await tarn.start(
        "SELECT count(*) FROM parquet.`flights-3m.parquet` a CROSS JOIN parquet.`flights-3m.parquet` b " +
          "WHERE a.delay * b.distance = 123457",
      );
      const stop = tarn.page.locator(".run-bar").getByRole("button", { name: /^Stop/ });
      await stop.waitFor({ timeout: 1_000 });
      await tarn.page.locator(".status-line").getByText("rows read").waitFor();
      await tarn.page.waitForTimeout(1_500);
      // The page answers while the engine works.
      const answer = Date.now();
      await tarn.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
      assert.ok(Date.now() - answer < 400, "the page was blocked");
      const began = Date.now();
      await tarn.page.keyboard.press("Escape");
      assert.equal(await tarn.ended(5_000), "Stopped");
      const millis = Date.now() - began;
      assert.ok(millis < 1_000, `it took ${millis} ms to stop`);
      assert.equal(await tarn.run("SELECT 41 + 1 AS answer"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "42");
    }));

  test("text is kept over a reload, and written files too", () =>
    inPage(shared, async (tarn) => {
      const sql = "COPY (SELECT 7 AS seven) TO 'kept.parquet'";
      assert.equal(await tarn.run(sql), "Finished");
      await tarn.fileRow("kept.parquet").waitFor();
      await tarn.page.reload();
      await tarn.ready();
      assert.equal(await tarn.text(), sql);
      await tarn.fileRow("kept.parquet").waitFor();
      assert.equal(await tarn.run("SELECT * FROM parquet.`kept.parquet`"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "7");
    }));

  test("a written file is saved to the disk, and deleted with a way back", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("COPY (SELECT 1 AS one) TO 'saved.csv'");
      await tarn.fileRow("saved.csv").hover();
      const download = tarn.page.waitForEvent("download");
      await tarn.page.getByRole("button", { name: "Save saved.csv to the disk" }).click();
      assert.match(await readFile(await (await download).path(), "utf8"), /^one\r?\n1\r?\n$/);
      await tarn.fileRow("saved.csv").hover();
      await tarn.page.getByRole("button", { name: "Delete saved.csv" }).click();
      await tarn.fileRow("saved.csv").waitFor({ state: "detached" });
      await tarn.page.getByRole("button", { name: "Undo" }).click();
      await tarn.fileRow("saved.csv").waitFor();
    }));

  test("everything has a key: the palette runs, and changes the theme", () =>
    inPage(shared, async (tarn) => {
      await tarn.page.keyboard.press("ControlOrMeta+k");
      await tarn.page.getByRole("combobox", { name: "Command" }).fill("dark");
      await tarn.page.keyboard.press("Enter");
      await tarn.page.locator("html[data-theme=dark]").waitFor();
      await tarn.editor.fill("SELECT 5 AS five");
      await tarn.page.keyboard.press("ControlOrMeta+k");
      await tarn.page.getByRole("option", { name: "Run" }).waitFor();
      await tarn.page.keyboard.press("Enter");
      await tarn.cell(0, 0).filter({ hasText: "5" }).waitFor();
    }));

  test("Tab indents in the editor, and leaves it after Esc", () =>
    inPage(shared, async (tarn) => {
      await tarn.editor.fill("a\nb");
      await tarn.editor.press("ControlOrMeta+a");
      await tarn.editor.press("Tab");
      assert.equal(await tarn.text(), "  a\n  b");
      await tarn.editor.press("Shift+Tab");
      assert.equal(await tarn.text(), "a\nb");
      await tarn.editor.press("Escape");
      await tarn.editor.press("Tab");
      assert.equal(await tarn.editor.evaluate((editor) => editor.getRootNode().activeElement === editor), false);
    }));
}
