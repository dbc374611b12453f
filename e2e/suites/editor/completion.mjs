// Completion and signature help, as one types.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inEditor } from "./typist.mjs";

export function completion(shared) {
  test("a table is completed behind FROM", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT * ");
      await typist.type("FROM ord");
      assert.deepEqual(await typist.offered(), ["main.default.orders", "recent_orders"]);
      await typist.press("Enter");
      assert.equal(await typist.text(), "SELECT * FROM main.default.orders");
    }));

  test("keywords are written as the statement's first one is", () =>
    inEditor(shared, async (typist) => {
      for (const [text, expected] of [
        ["select * ", "from"],
        ["SELECT * ", "FROM"],
      ]) {
        await typist.write(text);
        await typist.type("fro");
        await typist.offered();
        await typist.press("Enter");
        assert.equal(await typist.text(), text + expected);
      }
    }));

  test("Ctrl+Space offers everything that can stand there", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT * FROM |");
      await typist.page.waitForTimeout(200);
      assert.equal(await typist.list.count(), 0);
      await typist.press("Control+Space");
      assert.deepEqual(await typist.offered(), [
        "main.default.orders",
        "main.default.customers",
        "recent_orders",
        "events",
        "parquet.flights.parquet",
        "csv.airports.csv",
      ]);
    }));

  test("a file is completed ready to run, and Tab takes it", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT * FROM ");
      await typist.type("fli");
      assert.deepEqual(await typist.offered(), ["parquet.flights.parquet"]);
      await typist.press("Tab");
      assert.equal(await typist.text(), "SELECT * FROM parquet.`flights.parquet`");
    }));

  test("a name in backticks is completed with the ones that were typed", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT * FROM ");
      await typist.type("csv.`air");
      await typist.offered();
      await typist.press("Enter");
      assert.equal(await typist.text(), "SELECT * FROM csv.`airports.csv`");
      await typist.write("SELECT `tot|` FROM main.default.orders");
      await typist.press("Control+Space");
      await typist.offered();
      await typist.press("Enter");
      assert.equal(await typist.text(), "SELECT `total price` FROM main.default.orders");
    }));

  test("columns of an alias, of a subquery, of a common table expression", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT | FROM orders o JOIN customers c ON true");
      await typist.type("c.");
      assert.deepEqual(await typist.offered(), ["customer_id", "name", "country"]);
      await typist.press("Escape");
      await typist.write("WITH r AS (SELECT order_id AS id, day FROM orders) SELECT r| FROM r");
      await typist.type(".");
      assert.deepEqual(await typist.offered(), ["id", "day"]);
      await typist.press("ArrowDown");
      await typist.press("Enter");
      assert.match(await typist.text(), /SELECT r\.day FROM r$/);
    }));

  test("columns come before functions, functions before keywords; names that need it get backticks", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT | FROM orders");
      await typist.type("da");
      assert.deepEqual(await typist.offered(), ["day", "date_trunc", "date_add", "DATE"]);
      await typist.press("Escape");
      await typist.write("SELECT | FROM orders");
      await typist.type("TOT");
      await typist.offered();
      await typist.press("Enter");
      assert.equal(await typist.text(), "SELECT `total price` FROM orders");
    }));

  test("columns that are not known are asked for, once", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT | FROM parquet.`flights.parquet` f");
      await typist.type("f.de");
      assert.deepEqual(await typist.offered(), ["destination", "delay"]);
      await typist.press("Escape");
      await typist.type("l");
      await typist.offered();
      assert.deepEqual((await typist.told()).asked, ["parquet.`flights.parquet`"]);
    }));

  test("columns that cannot be told leave the rest to offer", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT | FROM events");
      await typist.type("dat");
      assert.deepEqual(await typist.offered(), ["date_trunc", "date_add", "DATE"]);
    }));

  test("a function is written with its brackets, and its signature shows", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT |");
      await typist.type("date_t");
      await typist.offered();
      await typist.press("Enter");
      assert.equal(await typist.marked(), "SELECT date_trunc(|)");
      await typist.signature.waitFor();
      assert.equal(await typist.signature.locator("b").textContent(), "unit STRING");
      await typist.type("'MONTH', ");
      assert.equal(await typist.signature.locator("b").textContent(), "ts TIMESTAMP");
      await typist.type("n");
      assert.deepEqual((await typist.offered())[0], "now");
      const [help, list] = [await typist.signature.boundingBox(), await typist.list.boundingBox()];
      assert.ok(help.y + help.height <= list.y, "the signature covers the list");
      await typist.press("Enter");
      assert.equal(await typist.marked(), "SELECT date_trunc('MONTH', now()|)");
      await typist.press("Escape");
      await typist.signature.waitFor({ state: "detached" });
      await typist.type(" ");
      assert.equal(await typist.signature.count(), 0, "closed stays closed in this call");
      await typist.press("ArrowRight");
      await typist.press("ArrowRight");
      await typist.type(", date_add(");
      await typist.signature.waitFor();
    }));

  test("a function says what it does, and a press takes it", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT ");
      await typist.type("date_");
      await typist.offered();
      await typist.page.getByText("Cuts a timestamp to a unit.").waitFor();
      await typist.list.getByRole("option", { name: /date_add/ }).click();
      assert.equal(await typist.marked(), "SELECT date_add(|)");
      await typist.type("1");
      assert.equal(await typist.text(), "SELECT date_add(1)");
    }));

  test("the inner of two calls is helped with", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT coalesce(date_add(day, |), 1)");
      await typist.press("ArrowLeft");
      assert.match(await typist.signature.textContent(), /^date_add/);
      for (let step = 0; step < 3; step++) await typist.press("ArrowRight");
      assert.match(await typist.signature.textContent(), /^coalesce/);
      await typist.page.locator("#after").focus();
      await typist.signature.waitFor({ state: "detached" });
      await typist.page.evaluate(() => editor.focus());
      await typist.signature.waitFor();
      // The last argument of this one stands for any number.
      assert.equal(await typist.signature.locator("b").textContent(), "...");
    }));

  test("nothing is offered in strings and comments, and nothing where a word is typed to its end", () =>
    inEditor(shared, async (typist) => {
      for (const text of ["SELECT 'da", "SELECT 1 -- da", "SELECT /* da", "SELECT day FROM orders WHERE da"]) {
        await typist.write(text);
        await typist.type(text.endsWith("WHERE da") ? "y" : "y ");
        await typist.page.waitForTimeout(250);
        assert.equal(await typist.list.count(), 0, text);
      }
      await typist.press("Enter");
      assert.match(await typist.text(), /WHERE day\n$/);
    }));

  test("Esc closes the list and nothing else", () =>
    inEditor(shared, async (typist) => {
      await typist.write("SELECT * FROM ");
      await typist.type("or");
      await typist.offered();
      await typist.press("Escape");
      await typist.list.waitFor({ state: "detached" });
      assert.ok(!(await typist.told()).keys.includes("Escape"), "the page heard the key too");
      await typist.press("Escape");
      assert.ok((await typist.told()).keys.includes("Escape"), "the page did not hear the key");
    }));
}
