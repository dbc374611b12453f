// What a person does with a result: sorts, filters, columns, selections, copies, nested values.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inPage } from "../harness.mjs";

const NUMBERS =
  "SELECT value AS n, concat('name \\ ', value % 7) AS name, " +
  "CASE WHEN value % 3 = 0 THEN NULL ELSE CAST(value / 4.0 AS DECIMAL(12,2)) END AS amount, " +
  "TIMESTAMP '2024-01-01T00:00:00Z' AS at FROM generate_series(1, 100000)";
const NESTED =
  "SELECT value AS n, named_struct('x', value, 'it''s', named_struct('deep', value * 2)) AS place, " +
  "make_array(value, value + 1) AS list, map('k', value) AS pairs, X'00ff41' AS bytes, " +
  `'{"big":12345678901234567890,"l":[1,2]}' AS js, ` +
  "'see https://tarn.example/a?b=1, not javascript:alert(1)' AS link FROM generate_series(1, 5)";

class Grid {
  constructor(tarn) {
    this.tarn = tarn;
    this.page = tarn.page;
    this.bar = tarn.page.locator(".refine-bar");
    this.menu = tarn.page.getByRole("menu");
    this.popover = tarn.page.locator("dialog.popover[open]");
    this.line = tarn.page.locator(".selection-line");
  }
  head(column) {
    return this.tarn.grid.locator(`[data-head="${column}"]`);
  }
  async choose(name) {
    await this.menu.getByRole("menuitem", { name, exact: true }).click();
    await this.menu.waitFor({ state: "detached" });
  }
  async ofHead(column, name) {
    await this.head(column).click({ button: "right" });
    await this.choose(name);
  }
  async filter(column, condition, ...values) {
    await this.ofHead(column, "Filter…");
    await this.popover.getByLabel("Condition").selectOption(condition);
    const labels = values.length === 2 ? ["From", "To"] : ["Value"];
    for (const [at, value] of values.entries()) await this.popover.getByLabel(labels[at]).fill(value);
    await this.popover.getByRole("button", { name: "Filter" }).click();
  }
  async shows(count) {
    await this.bar.locator(".refine-count").filter({ hasText: count }).waitFor();
  }
  names() {
    return this.tarn.grid.locator(".grid-name-text").allTextContents();
  }
  async copied() {
    await this.page.locator(".toast").filter({ hasText: /^Copied/ }).waitFor();
    return this.page.evaluate(() => navigator.clipboard.readText());
  }
}

export function gridRefined(shared) {
  const inGrid = (sql, body, options) =>
    inPage(
      shared,
      async (tarn) => {
        await tarn.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        assert.equal(await tarn.run(sql), "Finished");
        await tarn.cell(0, 0).waitFor();
        await body(tarn, new Grid(tarn));
      },
      options,
    );

  test("a head sorts the whole result, up, down and off; with Shift by two columns", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await grid.head(0).click();
      await grid.bar.getByText("sorted by n ↑").waitFor();
      assert.equal(await grid.head(0).getAttribute("aria-sort"), "ascending");
      await grid.head(0).click();
      await tarn.cell(0, 0).filter({ hasText: "100,000" }).waitFor();
      assert.equal(await grid.head(0).getAttribute("aria-sort"), "descending");
      await grid.head(0).click();
      await tarn.cell(0, 0).filter({ hasText: /^1$/ }).waitFor();
      assert.equal(await grid.head(0).getAttribute("aria-sort"), "none");
      await grid.head(1).click();
      await grid.head(0).click({ modifiers: ["Shift"] });
      await grid.head(0).click({ modifiers: ["Shift"] });
      await tarn.cell(0, 0).filter({ hasText: "99,995" }).waitFor();
      assert.equal(await tarn.cell(0, 1).textContent(), "name \\ 0");
      assert.match(await grid.head(0).textContent(), /↓ ?2/);
      // NULL comes first, as the engine sorts.
      await grid.head(2).click();
      await tarn.cell(0, 2).filter({ hasText: "null" }).waitFor();
      await grid.bar.getByRole("button", { name: "Clear" }).click();
      await tarn.cell(0, 0).filter({ hasText: /^1$/ }).waitFor();
    }));

  test("conditions hold together, say what they are, and go one by one", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await grid.filter(1, "contains", "ME \\ 3");
      await grid.shows("14,286 of 100,000 rows");
      await grid.filter(2, "is more than", "24,000.255");
      await grid.bar.getByRole("button", { name: "amount > 24,000.255", exact: true }).waitFor();
      await grid.filter(3, "is between", "2024-01-01", "2024-01-02T00:00:00Z");
      await grid.bar.getByText("at between 2024-01-01 and 2024-01-02T00:00:00Z").waitFor();
      await grid.shows(/^381 of 100,000 rows$/);
      // A condition is changed where it stands.
      await grid.bar.getByRole("button", { name: "amount > 24,000.255", exact: true }).click();
      await grid.popover.getByLabel("Condition").selectOption("is null");
      await grid.popover.getByRole("button", { name: "Filter" }).click();
      await grid.shows("4,762 of 100,000 rows");
      await grid.bar.getByRole("button", { name: /^Remove the condition name/ }).click();
      await grid.shows("33,333 of 100,000 rows");
      await grid.filter(0, "is less than", "2");
      await tarn.page.getByText("No row fits these conditions.").waitFor();
    }));

  test("a wrong value is told beside the field", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await grid.filter(0, "is more than", "ten");
      await grid.popover.getByRole("alert").filter({ hasText: "“ten” is no number" }).waitFor();
      await tarn.page.keyboard.press("Escape");
      // What only the engine can tell leaves the rows as they were.
      await grid.filter(3, "is more than", "2024-99-99");
      await tarn.page.locator(".rows-failure [role=alert]").waitFor();
      await grid.shows("100,000 rows");
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
      await tarn.page.locator(".rows-failure").getByRole("button", { name: "Close" }).click();
      await tarn.page.locator(".rows-failure").waitFor({ state: "detached" });
    }));

  test("only this value, and without it", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await tarn.cell(4, 1).click({ button: "right" });
      await grid.choose("Only this value");
      await grid.shows("14,286 of 100,000 rows");
      await tarn.cell(0, 2).filter({ hasText: "1.25" }).click({ button: "right" });
      await grid.choose("Without this value");
      await grid.shows("14,285 of 100,000 rows");
      await tarn.cell(0, 2).filter({ hasText: "null" }).click({ button: "right" });
      await grid.choose("Without this value");
      await grid.shows("9,523 of 100,000 rows");
    }));

  test("the rows stay, dimmed, while others come, and when that is stopped", () =>
    inGrid("SELECT value AS n, md5(CAST(value AS STRING)) AS hash FROM generate_series(1, 2000000)", async (tarn, grid) => {
      await grid.head(1).click();
      await grid.bar.locator(".refine-asking").waitFor();
      assert.match(await tarn.grid.getAttribute("class"), /grid-old/);
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
      await grid.bar.getByRole("button", { name: "Stop" }).click();
      await grid.bar.locator(".refine-asking").waitFor({ state: "detached" });
      assert.equal(await grid.head(1).getAttribute("aria-sort"), "none");
      await tarn.page.waitForTimeout(300);
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
      // Neither is kept what had come until then.
      await grid.head(0).click();
      await grid.head(0).click();
      await tarn.cell(0, 0).filter({ hasText: "2,000,000" }).waitFor({ timeout: 60_000 });
    }));

  test("columns move, hide and stay at the left", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      const from = await grid.head(3).boundingBox();
      const to = await grid.head(0).boundingBox();
      await tarn.page.mouse.move(from.x + 20, from.y + 12);
      await tarn.page.mouse.down();
      await tarn.page.mouse.move(to.x + 40, to.y + 12, { steps: 4 });
      await tarn.page.mouse.move(to.x + 8, to.y + 12, { steps: 4 });
      await tarn.page.mouse.up();
      assert.deepEqual(await grid.names(), ["at", "n", "name", "amount"]);
      await tarn.cell(0, 0).click();
      await tarn.grid.press("Alt+ArrowRight");
      assert.deepEqual(await grid.names(), ["at", "name", "n", "amount"]);
      await grid.ofHead(2, "Pin at the left");
      assert.deepEqual(await grid.names(), ["amount", "at", "name", "n"]);
      assert.match(await grid.head(2).getAttribute("class"), /grid-pinned/);
      await grid.bar.getByRole("button", { name: "4 columns" }).click();
      await grid.popover.getByRole("searchbox").fill("NA");
      assert.deepEqual(await grid.popover.locator(".columns-name").allTextContents(), ["name"]);
      await grid.popover.getByRole("checkbox").uncheck();
      await tarn.page.keyboard.press("Escape");
      assert.deepEqual(await grid.names(), ["amount", "at", "n"]);
      await grid.bar.getByRole("button", { name: "3 of 4 columns" }).click();
      await grid.popover.getByRole("button", { name: "Show all" }).click();
      await tarn.page.keyboard.press("Escape");
      assert.equal((await grid.names()).length, 4);
      const edge = grid.head(1).locator(".grid-edge");
      await edge.dblclick();
      assert.equal(await grid.head(1).getAttribute("aria-sort"), "none");
    }));

  test("what was made of a grid stays while another query is looked at", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await grid.head(0).click();
      await grid.head(0).click();
      await tarn.cell(0, 0).filter({ hasText: "100,000" }).waitFor();
      await grid.ofHead(1, "Hide");
      await tarn.grid.evaluate((grid) => grid.scrollTo(0, 24_000));
      await tarn.cell(1_000, 0).filter({ hasText: "99,000" }).waitFor();
      await tarn.page.getByRole("button", { name: "New query" }).click();
      await tarn.grid.waitFor({ state: "detached" });
      await tarn.page.getByRole("tablist", { name: "Queries" }).getByRole("tab").first().click();
      await tarn.cell(1_000, 0).filter({ hasText: "99,000" }).waitFor();
      assert.deepEqual(await grid.names(), ["n", "amount", "at"]);
      await grid.bar.getByText("sorted by n ↓").waitFor();
    }));

  test("a selection is counted and added up without rounding", () =>
    inGrid(
      "SELECT 9223372036854775807 AS big, CAST(value AS DECIMAL(20,2)) AS d, value / 2.0 AS f, 'x' AS t " +
        "FROM generate_series(1, 50000)",
      async (tarn, grid) => {
        const line = (text) => grid.line.filter({ hasText: text }).waitFor();
        await tarn.cell(0, 0).click();
        await tarn.grid.press("Shift+ArrowDown");
        await line("2 cells: 2 rows × 1 column");
        await line("18,446,744,073,709,551,614");
        await tarn.cell(2, 1).click({ modifiers: ["Shift"] });
        await line("6 cells: 3 rows × 2 columns");
        await line("27,670,116,110,564,327,427");
        await grid.head(1).click({ modifiers: ["Control"] });
        await line("50,000 cells: 50,000 rows × 1 column");
        await line("1,250,025,000");
        await line("25,000.5");
        await tarn.grid.locator("[data-gutter='4']").click();
        await tarn.grid.locator("[data-gutter='6']").click({ modifiers: ["Shift"] });
        await line("12 cells: 3 rows × 4 columns");
        await tarn.grid.press("Control+a");
        await line("200,000 cells");
        await line("sum (floating point) 625,012,500");
        await tarn.grid.press("Escape");
        await grid.line.waitFor({ state: "detached" });
        // The mouse drags a selection.
        const [from, to] = [await tarn.cell(1, 0).boundingBox(), await tarn.cell(4, 2).boundingBox()];
        await tarn.page.mouse.move(from.x + 20, from.y + 8);
        await tarn.page.mouse.down();
        await tarn.page.mouse.move(to.x + 20, to.y + 8, { steps: 5 });
        await tarn.page.mouse.up();
        await line("12 cells: 4 rows × 3 columns");
      },
    ));

  test("copies in each format are raw and quoted", () =>
    inGrid(
      "SELECT 9007199254740993 AS id, concat('a', chr(9), '\"b\"|', chr(10), repeat('x', 400)) AS t, CAST(1.50 AS DECIMAL(10,2)) AS d, " +
        "CAST(NULL AS STRING) AS none, named_struct('k', make_array('it''s')) AS s",
      async (tarn, grid) => {
        const long = "x".repeat(400);
        await tarn.cell(0, 0).click();
        await tarn.grid.press("Control+a");
        await tarn.grid.press("ControlOrMeta+c");
        assert.equal(
          await grid.copied(),
          `9007199254740993\t"a\t""b""|\n${long}"\t1.50\t\t{"k":["it's"]}`,
        );
        const copy = async (name) => {
          await tarn.page.evaluate(() => navigator.clipboard.writeText(""));
          await tarn.grid.press("Shift+F10");
          await grid.choose(name);
          let text = "";
          while (text === "") text = await tarn.page.evaluate(() => navigator.clipboard.readText());
          return text;
        };
        assert.equal(
          await copy("Copy as CSV"),
          `id,t,d,none,s\n9007199254740993,"a\t""b""|\n${long}",1.50,,"{""k"":[""it's""]}"\n`,
        );
        assert.match(await copy("Copy as Markdown"), /^\| id \| t \| d \| none \| s \|\n\| ---: \| --- \| ---: \| --- \| --- \|\n.*\\\|<br>x+ \| 1\.50 \| NULL \|/);
        assert.deepEqual(JSON.parse(await copy("Copy as JSON")), [
          { id: "9007199254740993", t: `a\t"b"|\n${long}`, d: 1.5, none: null, s: { k: ["it's"] } },
        ]);
        const insert = await copy("Copy as SQL INSERT");
        assert.match(insert, /^INSERT INTO my_table \(id, t, d, none, s\) VALUES\n {2}\(9007199254740993, 'a/);
        // What was copied is SQL that gives the same values.
        assert.equal(
          await tarn.run(
            "CREATE TABLE my_table (id BIGINT, t STRING, d DECIMAL(10,2), none STRING, s STRUCT<k: ARRAY<STRING>>);" +
              `${insert} SELECT id, s, length(t) AS length FROM my_table`,
          ),
          "Finished",
        );
        await tarn.cell(0, 0).filter({ hasText: "9,007,199,254,740,993" }).waitFor();
        assert.equal(await tarn.cell(0, 1).textContent(), `{"k":["it's"]}`);
        assert.equal(await tarn.cell(0, 2).textContent(), "407");
      },
    ));

  test("a column of a hundred thousand rows is copied whole, and more is said to be cut", () =>
    inGrid("SELECT value AS n FROM generate_series(1, 100001)", async (tarn, grid) => {
      await grid.bar.getByRole("button", { name: "Copy as…" }).click();
      await grid.choose("Copy");
      await tarn.page.locator(".toast").filter({ hasText: "the first 100,000 of 100,001 rows" }).waitFor({ timeout: 30_000 });
      const lines = (await tarn.page.evaluate(() => navigator.clipboard.readText())).split("\n");
      assert.deepEqual([lines.length, lines[0], lines.at(-1)], [100_000, "1", "100000"]);
    }));

  test("structs unfold into columns, which sort and filter", () =>
    inGrid(NESTED, async (tarn, grid) => {
      assert.equal(await grid.head(1).getAttribute("aria-sort"), null);
      assert.equal(await tarn.cell(0, 2).getAttribute("data-count"), "2");
      await grid.ofHead(1, "Unfold its fields");
      await tarn.cell(0, 7).filter({ hasText: /^1$/ }).waitFor();
      assert.deepEqual((await grid.names()).slice(0, 4), ["n", "place.x", "place.it's", "list"]);
      await grid.ofHead(8, "Unfold its fields");
      await tarn.cell(0, 9).filter({ hasText: /^2$/ }).waitFor();
      await grid.head(9).click();
      await grid.head(9).click();
      await tarn.cell(0, 9).filter({ hasText: /^10$/ }).waitFor();
      await grid.filter(9, "is less than", "5");
      await grid.shows("2 of 5 rows");
      await grid.ofHead(7, "Fold into place");
      assert.deepEqual((await grid.names()).slice(0, 3), ["n", "place", "list"]);
      await grid.head(2).click({ button: "right" });
      const sort = grid.menu.getByRole("menuitem", { name: "Sort ascending" });
      assert.equal(await sort.getAttribute("aria-disabled"), "true");
    }));

  test("one value whole: trees, bytes, links, and the way to its neighbours", () =>
    inGrid(NESTED, async (tarn, grid) => {
      const sheet = tarn.page.locator("dialog.sheet[open]");
      await tarn.cell(0, 5).dblclick();
      await sheet.getByText("12345678901234567890").waitFor();
      assert.equal(await sheet.locator("details").count(), 1);
      await sheet.getByRole("button", { name: "As text" }).click();
      assert.match(await sheet.locator(".value").textContent(), /^\{\n {2}"big": 12345678901234567890,/);
      await tarn.page.keyboard.press("Alt+ArrowLeft");
      await sheet.getByText("00 ff 41").waitFor();
      await tarn.page.keyboard.press("Alt+ArrowRight");
      await tarn.page.keyboard.press("Alt+ArrowRight");
      const link = sheet.getByRole("link");
      assert.deepEqual(
        [await link.count(), await link.getAttribute("href"), await link.getAttribute("rel")],
        [1, "https://tarn.example/a?b=1", "noopener noreferrer"],
      );
      await tarn.page.keyboard.press("Alt+ArrowDown");
      await sheet.getByRole("heading", { name: "link, row 2" }).waitFor();
      await tarn.page.keyboard.press("Escape");
      assert.match(await tarn.grid.getAttribute("aria-activedescendant"), /-1-6$/);
    }));

  test("keys reach heads and menus, as the pattern for grids says", () =>
    inGrid(NUMBERS, async (tarn, grid) => {
      await tarn.cell(0, 0).click();
      await tarn.grid.press("ArrowUp");
      assert.match(await tarn.grid.getAttribute("aria-activedescendant"), /-head-0$/);
      await tarn.grid.press("ArrowRight");
      await tarn.grid.press("Enter");
      await grid.bar.getByText("sorted by name ↑").waitFor();
      await tarn.grid.press("Shift+F10");
      await grid.menu.waitFor();
      const focused = () => tarn.page.evaluate(() => document.activeElement.textContent);
      assert.match(await focused(), /^Sort ascending/);
      await tarn.page.keyboard.press("ArrowDown");
      assert.match(await focused(), /^Sort descending/);
      await tarn.page.keyboard.press("h");
      assert.match(await focused(), /^Hide/);
      await tarn.page.keyboard.press("Escape");
      await grid.menu.waitFor({ state: "detached" });
      assert.equal(await tarn.page.evaluate(() => document.activeElement.getAttribute("role")), "grid");
      await tarn.grid.press("ArrowDown");
      // The last row is the last of those that have come.
      for (let press = 0; press < 100 && (await tarn.cell(99_999, 1).count()) === 0; press++) {
        await tarn.grid.press("Control+ArrowDown");
        await tarn.page.waitForTimeout(100);
      }
      await tarn.cell(99_999, 1).waitFor();
      await tarn.grid.press("Shift+Home");
      await grid.line.filter({ hasText: "2 cells: 1 row × 2 columns" }).waitFor();
      await tarn.grid.press("Control+ ");
      await grid.line.filter({ hasText: "100,000 cells" }).waitFor();
    }));
}
