// What can be queried, as a tree; the profile of a column; files in the data room; pasted data; files of an earlier visit.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { data, inPage } from "../harness.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds on the page, in short. */
async function findings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  });
}

const ODD = `CREATE TABLE odd (i BIGINT, d DOUBLE, amount DECIMAL(38,2), b BOOLEAN, day DATE, ts TIMESTAMP, bin BINARY, n STRING,
  s STRUCT<x: INT, y: STRING>, a ARRAY<INT>, nothing INT);
INSERT INTO odd VALUES
  (9007199254740993, CAST('NaN' AS DOUBLE), CAST('12345678901234567890.67' AS DECIMAL(38,2)), true, DATE '2024-01-01',
    TIMESTAMP '2024-01-01 12:00:00', X'00ff', 'a', named_struct('x', 1, 'y', 'k'), make_array(1, 2), NULL),
  (9223372036854775807, CAST('Infinity' AS DOUBLE), -3.00, false, DATE '1969-12-31', TIMESTAMP '1969-01-01 12:00:00', X'', 'bb',
    NULL, make_array(), NULL),
  (-9223372036854775808, -0.0, 0.01, true, NULL, NULL, NULL, '', NULL, NULL, NULL),
  (1, 2.5, 0.02, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE nobody (i BIGINT, d DOUBLE, n STRING, s STRUCT<x: INT>)`;

/** The panel, the profile and the file pages, with a person's hands. */
class Panel {
  constructor(tarn) {
    this.tarn = tarn;
    this.page = tarn.page;
    this.tree = tarn.page.getByRole("tree", { name: "What can be queried" });
  }

  line(name) {
    return this.tree.getByRole("treeitem", { name });
  }

  get focused() {
    return this.page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  }

  async unfold(name) {
    await this.line(name).locator(".file-fold").click();
  }

  async profile(column) {
    await this.line(column).hover();
    await this.line(column).getByRole("button", { name: /^Profile of/ }).click();
    return this.sheet();
  }

  /** The profile that is open, once it is whole. */
  async sheet() {
    const dialog = this.page.getByRole("dialog").filter({ has: this.page.locator(".profile") });
    await dialog.getByText(/^Figures are/).waitFor();
    return dialog;
  }

  /** The figures of a profile, by name: value and what it is from. */
  async figures(dialog) {
    return dialog.evaluate((dialog) => {
      const rows = [...dialog.querySelectorAll(".profile-figures tbody tr")];
      const texts = rows.map((row) => [...row.children].map((cell) => cell.textContent));
      return Object.fromEntries(texts.map(([name, value, from]) => [name, [value, from]]));
    });
  }

  /** Waits until the editor has, or has not, a text. */
  async written(text, isThere = true) {
    for (let tries = 0; tries < 50; tries++) {
      if ((await this.tarn.text()).includes(text) === isThere) return;
      await this.page.waitForTimeout(100);
    }
    assert.fail(`the editor ${isThere ? "has not" : "still has"} ${text}: ${await this.tarn.text()}`);
  }

  async go(hash) {
    await this.page.evaluate((hash) => (location.hash = hash), hash);
  }

  async paste(text) {
    await this.page.evaluate((text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      document.activeElement?.blur();
      document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
    }, text);
  }
}

export function panel(shared) {
  test("the tree opens to columns and fields, by keys too, and writes names", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"), data("airports.csv"));
      assert.equal(await tarn.run(ODD), "Finished");
      assert.equal(await tarn.run("CREATE VIEW late AS SELECT * FROM parquet.`flights-3m.parquet` WHERE delay > 60"), "Finished");
      const panel = new Panel(tarn);
      await panel.line("flights-3m.parquet, 3,000,000 rows, 13.5 MB").waitFor();
      await panel.line(/^odd, table, 4 rows, [\d.]+ kB$/).waitFor();
      await panel.line("late, view").waitFor();
      await panel.line(/^odd, table/).focus();
      await tarn.page.keyboard.press("ArrowRight");
      await panel.line("s, column, struct<x: int, y: string>").waitFor();
      await tarn.page.keyboard.press("ArrowRight");
      assert.equal(await panel.focused, "i, column, bigint");
      await tarn.page.keyboard.type("s");
      assert.match(await panel.focused, /^s, column/);
      await tarn.page.keyboard.press("ArrowRight");
      await tarn.page.keyboard.press("ArrowRight");
      assert.equal(await panel.focused, "x, column, int");
      await tarn.page.keyboard.press("ArrowLeft");
      assert.match(await panel.focused, /^s, column/);
      await tarn.page.keyboard.press("End");
      assert.match(await panel.focused, /^flights-3m\.parquet/);
      await tarn.page.keyboard.press("Home");
      assert.equal(await panel.focused, "Tables");
      await tarn.editor.fill("SELECT ");
      await tarn.editor.press("End");
      await panel.line("x, column, int").click();
      await panel.written("SELECT s.x");
      await panel.unfold(/^late/);
      await panel.line("delay, column, bigint").waitFor();
      await panel.line(/^late/).locator(".file-name").click();
      await panel.written("FROM late LIMIT 100");
      assert.deepEqual(await findings(tarn.page), []);
    }));

  test("the filter shows what it finds, and Esc clears it", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"), data("airports.csv"), data("movies.json"));
      const panel = new Panel(tarn);
      const filter = tarn.page.getByLabel("Filter", { exact: true });
      await filter.fill("port");
      await panel.line(/^airports/).waitFor();
      assert.equal(await panel.line(/^flights/).count(), 0);
      await filter.fill("nowhere");
      await tarn.page.getByText("Nothing has that in its name.").waitFor();
      await filter.press("Escape");
      await panel.line(/^flights/).waitFor();
      // What is taken off the list comes back.
      await panel.line(/^movies/).focus();
      await tarn.page.keyboard.press("Delete");
      await panel.line(/^movies/).waitFor({ state: "detached" });
      await tarn.page.getByRole("button", { name: "Undo" }).click();
      await panel.line(/^movies/).waitFor();
    }));

  test("a profile reads statistics and a sample, then all rows when asked", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      const panel = new Panel(tarn);
      await panel.unfold(/^flights/);
      let sheet = await panel.profile(/^delay/);
      await sheet.getByText("Figures are from 100,000 of 3,000,000 rows").waitFor();
      const first = await panel.figures(sheet);
      assert.deepEqual(first.rows, ["3,000,000", "statistics"]);
      assert.deepEqual(first.nulls, ["0 (0 %)", "statistics"]);
      assert.deepEqual([first.least, first.greatest], [["-1,116", "statistics"], ["1,688", "statistics"]]);
      assert.equal(first.mean[1], "sample");
      assert.deepEqual(await findings(tarn.page), []);
      await sheet.getByRole("button", { name: "All rows" }).click();
      await sheet.getByText("Figures are from all 3,000,000 rows.").waitFor({ timeout: 60_000 });
      const all = await panel.figures(sheet);
      assert.deepEqual(all.distinct, ["867", "all rows"]);
      assert.deepEqual(all.mean, ["6.667867666666667", "all rows"]);
      assert.deepEqual(await sheet.locator(".quantiles dd").allTextContents(), ["-20", "-9", "-1", "11", "61"]);
      assert.equal(await sheet.locator(".top-values li").first().innerText(), "0\n121,130\n4.0 %");
      const bars = await sheet.locator(".bars g").evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label")));
      assert.equal(bars.length, 20);
      const counts = bars.map((bar) => Number(/([\d,]+) rows?$/.exec(bar)?.[1].replaceAll(",", "") ?? 0));
      assert.equal(counts.reduce((sum, count) => sum + count), 3_000_000);
      await tarn.page.keyboard.press("Escape");
      sheet = await panel.profile(/^date/);
      await sheet.getByRole("button", { name: "All rows" }).click();
      await sheet.getByRole("button", { name: "Stop" }).click();
      await sheet.getByText("Stopped. What was read before stays.").waitFor();
      assert.equal((await panel.figures(sheet)).rows[0], "3,000,000");
    }));

  test("a table's log knows what its files hold; where rows were deleted, it does not", () =>
    inPage(shared, async (tarn) => {
      const values = "SELECT value AS id, CASE WHEN value % 4 = 0 THEN NULL ELSE value * 1000000000000 END AS v";
      assert.equal(await tarn.run(`CREATE TABLE many AS ${values} FROM generate_series(1, 150000)`), "Finished");
      const panel = new Panel(tarn);
      await panel.line(/^many, table, 150,000 rows, [\d.]+ [kM]B$/).waitFor();
      await panel.unfold(/^many/);
      let sheet = await panel.profile(/^v, column/);
      const before = await panel.figures(sheet);
      assert.deepEqual(before.rows, ["150,000", "statistics"]);
      assert.deepEqual(before.nulls, ["37,500 (25.0 %)", "statistics"]);
      assert.deepEqual(before.greatest, ["149,999,000,000,000,000", "statistics"]);
      await tarn.page.keyboard.press("Escape");
      await tarn.run("DELETE FROM many WHERE id > 149000");
      await panel.line(/^many, table, 149,000 rows/).waitFor();
      sheet = await panel.profile(/^v, column/);
      const after = await panel.figures(sheet);
      assert.equal(after.rows[0], "149,000");
      await sheet.getByRole("button", { name: "All rows" }).click();
      await sheet.getByText("Figures are from all 149,000 rows.").waitFor();
      const all = await panel.figures(sheet);
      assert.deepEqual([all.nulls[0], all.greatest[0]], ["37,250 (25.0 %)", "148,999,000,000,000,000"]);
    }));

  test("odd values are profiled rightly, and no digit is lost", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run(ODD), "Finished");
      const panel = new Panel(tarn);
      await panel.unfold(/^odd/);
      const profile = async (column) => {
        const sheet = await panel.profile(column);
        const found = { ...(await panel.figures(sheet)) };
        found.bars = await sheet.locator(".bars g").count();
        found.quantiles = await sheet.locator(".quantiles dd").allTextContents();
        found.top = await sheet.locator(".top-value").allTextContents();
        assert.equal(await sheet.locator(".profile-broken, [role=alert] .error-message").count(), 0, String(column));
        await tarn.page.keyboard.press("Escape");
        return found;
      };
      const i = await profile(/^i, column/);
      assert.equal(i.least[0], "-9,223,372,036,854,775,808");
      assert.equal(i.greatest[0], "9,223,372,036,854,775,807");
      assert.deepEqual(i.quantiles.slice(2), ["1", "9,007,199,254,740,993", "9,223,372,036,854,775,807"]);
      const d = await profile(/^d, column/);
      assert.deepEqual([d.NaN[0], d.infinite[0], d.greatest[0], d.distinct[0]], ["1 (25.0 %)", "1 (25.0 %)", "NaN", "4"]);
      assert.deepEqual(d.rows, ["4", "all rows"]);
      const amount = await profile(/^amount, column/);
      assert.equal(amount.greatest[0], "12,345,678,901,234,567,890.67");
      assert.deepEqual((await profile(/^b, column/)).top, ["true", "false"]);
      const day = await profile(/^day, column/);
      assert.deepEqual([day.nulls[0], day.least[0], day.greatest[0]], ["2 (50.0 %)", "1969-12-31", "2024-01-01"]);
      const ts = await profile(/^ts, column/);
      assert.match(ts.least[0], /^1969-01-01.12:00:00/);
      const bin = await profile(/^bin, column/);
      assert.deepEqual([bin.shortest[0], bin.longest[0], bin.distinct[0]], ["0", "2", "2"]);
      const n = await profile(/^n, column/);
      assert.deepEqual(n.top, ['""', "a", "bb"]);
      assert.equal((await profile(/^s, column/)).nulls[0], "3 (75.0 %)");
      const a = await profile(/^a, column/);
      assert.deepEqual([a.shortest[0], a.longest[0]], ["0", "2"]);
      const nothing = await profile(/^nothing, column/);
      assert.equal(nothing.nulls[0], "4 (100 %)");
      await panel.unfold(/^odd/);
      await panel.unfold(/^nobody/);
      for (const column of [/^i, column/, /^d, column/, /^n, column/, /^s, column/]) {
        assert.equal((await profile(column)).rows[0], "0");
      }
      await panel.go("#/data/main.default.odd/columns");
      await tarn.page.locator(".columns tbody tr").nth(10).waitFor();
      await tarn.page.getByText("From all 4 rows.").waitFor();
      await tarn.page.locator(".columns-waiting").first().waitFor({ state: "detached" });
      assert.equal(await tarn.page.locator("[role=alert] .error-message").count(), 0);
      assert.deepEqual(await findings(tarn.page), []);
    }));

  test("the rows of a result have profiles", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("SELECT value AS n, value % 2 = 0 AS even FROM generate_series(1, 1000)");
      await tarn.page.keyboard.press("ControlOrMeta+k");
      await tarn.page.getByRole("combobox", { name: "Command" }).fill("profile of the rows");
      await tarn.page.keyboard.press("Enter");
      const sheet = tarn.page.getByRole("dialog", { name: "Columns of these rows" });
      await sheet.getByText("From all 1,000 rows.").waitFor();
      await sheet.getByRole("button", { name: "n", exact: true }).click();
      const panel = new Panel(tarn);
      const figures = await panel.figures(await panel.sheet());
      assert.deepEqual([figures.least[0], figures.greatest[0], figures.distinct[0]], ["1", "1,000", "1,000"]);
    }));

  test("a file has a page with rows, columns and what Parquet says of itself; links to it work", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"), data("airports.csv"));
      const panel = new Panel(tarn);
      await panel.go("#/data");
      await tarn.page.locator(".data-list").getByRole("link", { name: /flights-3m/ }).click();
      await tarn.page.waitForURL(/#\/data\/file%3Aflights-3m\.parquet$/);
      await tarn.page.getByRole("grid", { name: "Rows of the file" }).locator("[data-row]").first().waitFor();
      await tarn.page.getByRole("tab", { name: "Columns" }).click();
      await tarn.page.getByText("Values from 100,000 of 3,000,000 rows").waitFor();
      await tarn.page.locator(".columns .bars").nth(2).waitFor();
      await tarn.page.getByRole("tab", { name: "Parquet" }).click();
      await tarn.page.waitForURL(/flights-3m\.parquet\/parquet$/);
      const bytes = tarn.page.getByRole("group", { name: "Bytes by column" });
      await bytes.getByRole("row", { name: /^distance 4.1 MB 30.5 %/ }).waitFor();
      assert.match(await bytes.locator("tbody tr").first().innerText(), /ZSTD\s+PLAIN, RLE, RLE_DICTIONARY\s+0\s+21\s+4,962\s+yes\s+no/);
      await tarn.page.getByRole("button", { name: "Chunks of row group 10" }).click();
      await tarn.page.getByRole("button", { name: "Pages of delay in row group 10" }).click();
      const pages = tarn.page.getByRole("dialog", { name: "Pages of delay" });
      await pages.getByText("1 page", { exact: true }).waitFor();
      await pages.getByLabel("Column, in row group 10").selectOption("origin");
      await tarn.page.getByRole("dialog", { name: "Pages of origin" }).getByRole("cell", { name: "ABE" }).waitFor();
      await tarn.page.keyboard.press("Escape");
      await tarn.page.getByText("TIMESTAMP(MICROS)").waitFor();
      await tarn.page.getByText("Polars").waitFor();
      assert.deepEqual(await findings(tarn.page), []);
      await tarn.page.goBack();
      await tarn.page.locator(".columns").waitFor();
      await tarn.page.goForward();
      await bytes.waitFor();
      await panel.go(`#/data/${encodeURIComponent("file:airports.csv")}`);
      await tarn.page.getByRole("grid", { name: "Rows of the file" }).locator("[data-row]").first().waitFor();
      assert.equal(await tarn.page.getByRole("tab", { name: "Parquet" }).count(), 0);
      await panel.go(`#/data/${encodeURIComponent("file:gone.parquet")}/parquet`);
      await tarn.page.locator("#file-panel .error-message").waitFor();
    }));

  test("a quote in a name is part of the name", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run("COPY (SELECT value AS n FROM generate_series(1, 7)) TO 'it''s.parquet'"), "Finished");
      await tarn.page.getByRole("treeitem", { name: /^it's\.parquet, 7 rows/ }).waitFor();
      await tarn.page.goto(`${shared.url}#/data/file%3Ait's.parquet/parquet`);
      await tarn.page.locator(".figures").filter({ hasText: /rows\s*7/ }).waitFor();
      await tarn.page.goto(`${shared.url}#/query`);
      assert.equal(await tarn.run("CREATE TABLE delta.`it's a table` AS SELECT 1 AS a"), "Finished");
      await tarn.page.goto(`${shared.url}#/data/delta%3Ait's%20a%20table/files`);
      await tarn.page.getByText(/\.parquet/).first().waitFor();
    }));

  test("pasted cells become a file that is queried, with a way back; other texts are refused with a reason", () =>
    inPage(shared, async (tarn) => {
      const panel = new Panel(tarn);
      await panel.paste("\tname\tid\n0\tAda\t9007199254740993\n1\tGrace, Hopper\t2\n");
      await tarn.page.getByText("Took 2 rows of 3 columns, with tabs between values, as pasted-1.csv. The first row names them.").waitFor();
      await tarn.fileRow("pasted-1.csv").waitFor();
      assert.equal(await tarn.ended(), "Finished");
      assert.deepEqual(
        await Promise.all([0, 1, 2].map((column) => tarn.cell(0, column).textContent())),
        ["0", "Ada", "9,007,199,254,740,993"],
      );
      assert.match(await tarn.text(), /csv\.`pasted-1\.csv`/);
      await tarn.page.getByRole("button", { name: "Undo" }).click();
      await tarn.fileRow("pasted-1.csv").waitFor({ state: "detached" });
      await panel.written("pasted-1", false);
      await panel.paste("SELECT 1\nFROM somewhere");
      await tarn.page.getByText("The pasted text is no table").waitFor();
      // In the editor it is text like any other.
      await tarn.editor.click();
      await tarn.editor.evaluate((element) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", "a,b\n1,2");
        element.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
      });
      await tarn.page.waitForTimeout(300);
      assert.equal(await tarn.fileRow("pasted").count(), 0);
    }));

  test("files that were opened are there at the next visit, or a click away", () =>
    inPage(shared, async (tarn) => {
      const panel = new Panel(tarn);
      await tarn.page.evaluate(async () => {
        const root = await navigator.storage.getDirectory();
        const folder = await root.getDirectoryHandle(".elsewhere", { create: true });
        const put = async (into, name, text) => {
          const file = await into.getFileHandle(name, { create: true });
          const stream = await file.createWritable();
          await stream.write(text);
          await stream.close();
          return file;
        };
        const people = await put(folder, "people.csv", "name\nAda\n");
        const days = await folder.getDirectoryHandle("days", { create: true });
        await put(days, "1.csv", "day\n1\n");
        await put(days, "2.csv", "day\n2\n");
        window.showOpenFilePicker = async () => [people];
        window.showDirectoryPicker = async () => days;
      });
      await tarn.page.locator(".query-files").getByRole("button", { name: "Open files" }).click();
      await tarn.fileRow("people.csv").waitFor();
      await tarn.page.locator(".query-files").getByRole("button", { name: "Folder" }).click();
      await tarn.fileRow("days/").waitFor();
      assert.equal(await tarn.run("SELECT sum(day) FROM csv.`days/`"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "3");
      // Where the browser still lets the page read, they are opened by themselves.
      await tarn.page.reload();
      await tarn.ready();
      await tarn.fileRow("people.csv").waitFor();
      await tarn.fileRow("days/").waitFor();
      // Else a click asks.
      await tarn.page.addInitScript(() => {
        FileSystemHandle.prototype.queryPermission = async () => "prompt";
        FileSystemHandle.prototype.requestPermission = async () => (window.answer ?? "granted");
      });
      await tarn.page.reload();
      await tarn.ready();
      const again = tarn.page.getByRole("region", { name: "Open again" }).first();
      await again.getByRole("button", { name: "Open people.csv again" }).waitFor();
      assert.deepEqual(await findings(tarn.page), []);
      await tarn.page.evaluate(() => (window.answer = "denied"));
      await again.getByRole("button", { name: "Open people.csv again" }).click();
      await tarn.page.getByText("The browser did not let this page read people.csv.").waitFor();
      await tarn.page.evaluate(() => (window.answer = "granted"));
      await again.getByRole("button", { name: "Open people.csv again" }).click();
      await tarn.fileRow("people.csv").waitFor();
      assert.equal(await tarn.run("SELECT name FROM csv.`people.csv`"), "Finished");
      await again.getByRole("button", { name: "Forget all" }).click();
      await again.waitFor({ state: "detached" });
      // The browser's store forgets in its own time.
      await tarn.page.waitForTimeout(500);
      await tarn.page.reload();
      await tarn.ready();
      await tarn.page.waitForTimeout(500);
      assert.equal(await tarn.page.getByRole("region", { name: "Open again" }).count(), 0);
    }));
}
