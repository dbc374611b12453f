// What axe-core finds (nothing), and how the page looks: screenshots go to the folder TARN_SHOTS, if it is set.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { data, inPage } from "../harness.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const WIDE = { width: 1440, height: 900 };
const SMALL = { width: 390, height: 844 };

/** What axe-core finds on the page, in short. */
async function findings(page) {
  // Evaluated by the debugger, so the page's Content-Security-Policy does not keep it out.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
  });
}

/** The page must not scroll sideways as a whole. */
const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

export function looks(shared) {
  const shot = async (page, name) => {
    if (process.env.TARN_SHOTS) {
      await page.screenshot({ path: path.join(process.env.TARN_SHOTS, `${name}.png`) });
    }
  };
  for (const [size, viewport] of Object.entries({ wide: WIDE, small: SMALL })) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${size}, ${colorScheme}: every face is accessible and fits`, () =>
        inPage(
          shared,
          async (tarn) => {
            const look = async (name) => {
              await shot(tarn.page, `${size}-${colorScheme}-${name}`);
              assert.deepEqual(await findings(tarn.page), [], name);
              assert.equal(await overflows(tarn.page), false, name);
            };
            await look("empty");
            await tarn.page.getByLabel("Files to open").setInputFiles([data("movies.json"), data("airports.csv")]);
            await tarn.run("SELECT 1 AS one; SELECT Title AS film, * FROM json.`movies.json`");
            await tarn.cell(0, 0).click();
            await look("full");
            const menu = tarn.page.getByRole("menu");
            await tarn.grid.press("Shift+F10");
            await menu.waitFor();
            await look("grid-menu");
            await tarn.page.keyboard.press("Escape");
            await tarn.grid.press("ArrowUp");
            await tarn.grid.press("Shift+F10");
            await menu.getByRole("menuitem", { name: "Filter…" }).click();
            await tarn.page.getByLabel("Value", { exact: true }).fill("the");
            await look("grid-filter");
            await tarn.page.keyboard.press("Enter");
            await tarn.page.locator(".refine-count").filter({ hasText: / of / }).waitFor();
            await tarn.cell(0, 0).click();
            await tarn.grid.press("Shift+ArrowDown");
            await tarn.grid.press("Shift+ArrowRight");
            await tarn.page.locator(".selection-line").waitFor();
            await look("grid-filtered");
            await tarn.page.getByRole("button", { name: /columns$/ }).click();
            await tarn.page.getByRole("searchbox", { name: "Find a column" }).waitFor();
            await look("grid-columns");
            await tarn.page.keyboard.press("Escape");
            await tarn.page.locator(".refine-bar").getByRole("button", { name: "Clear" }).click();
            await tarn.page.locator(".refine-count").filter({ hasNotText: / of / }).waitFor();
            await tarn.cell(0, 0).click();
            await tarn.grid.press("Enter");
            await tarn.page.locator(".value").waitFor();
            await look("value");
            await tarn.page.keyboard.press("Escape");
            await tarn.run("SELECT Titel FROM json.`movies.json`");
            await look("failed");
            await tarn.start("SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 1000000) b");
            await tarn.page.waitForTimeout(700);
            await look("running");
            await tarn.page.keyboard.press("Escape");
            await tarn.ended();
            if (size === "small") {
              await tarn.page.locator(".run-files button").click();
            } else {
              await tarn.page.keyboard.press("ControlOrMeta+k");
            }
            await tarn.page.waitForTimeout(200);
            await look(size === "small" ? "files" : "palette");
            await tarn.page.keyboard.press("Escape");
            const go = (hash) => tarn.page.evaluate((hash) => (location.hash = hash), hash);
            await go("#/data");
            await tarn.page.getByText("Tables appear here").waitFor({ state: "attached" });
            await look("data-empty");
            await go("#/query");
            await tarn.run(
              "CREATE TABLE orders (id BIGINT, customer STRING COMMENT 'who bought', day DATE) PARTITIONED BY (day) " +
                "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true');" +
                "INSERT INTO orders VALUES (1, 'Ada', DATE '2026-01-01'), (2, NULL, DATE '2026-01-02');" +
                "UPDATE orders SET customer = 'Grace' WHERE id = 2",
            );
            await go("#/data");
            await tarn.page.locator(".list-name").first().waitFor();
            await look("data-list");
            await go("#/data/main.default.orders");
            await tarn.page.getByRole("grid", { name: "Rows of the table" }).locator("[data-row]").first().waitFor();
            await look("data-rows");
            await go("#/data/main.default.orders@v1/schema");
            await tarn.page.locator(".plain tbody tr").first().waitFor();
            await look("data-schema");
            await go("#/data/main.default.orders/history");
            await tarn.page.getByRole("button", { name: "Details of version 2" }).click();
            await look("data-history");
            await go("#/data/main.default.orders/history/1..2");
            await tarn.page.getByRole("grid", { name: "Changes of rows" }).locator("[data-row]").first().waitFor();
            await look("data-diff");
            await go("#/data/main.default.orders/files");
            await tarn.page.getByRole("button", { name: /^Statistics of / }).first().click();
            await look("data-files");
            await go("#/data/main.default.orders/properties");
            await tarn.page.locator(".facts").nth(1).waitFor();
            await look("data-properties");
            await tarn.page.getByRole("button", { name: "Copy to…" }).click();
            await tarn.page.waitForTimeout(200);
            await look("data-copy");
            await tarn.page.keyboard.press("Escape");
            await go("#/query");
            await tarn.run("COPY (SELECT * FROM json.`movies.json`) TO 'movies.parquet'");
            await go(`#/data/${encodeURIComponent("file:movies.parquet")}/columns`);
            await tarn.page.locator(".columns-waiting").first().waitFor({ state: "detached" });
            await look("file-columns");
            await tarn.page.getByRole("button", { name: "IMDB Rating" }).click();
            await tarn.page.getByText(/^Figures are/).waitFor();
            await look("profile");
            await tarn.page.keyboard.press("Escape");
            await go(`#/data/${encodeURIComponent("file:movies.parquet")}/parquet`);
            await tarn.page.getByRole("button", { name: "Chunks of row group 0" }).click();
            await tarn.page.getByRole("button", { name: "Pages of Title in row group 0" }).click();
            await tarn.page.getByRole("group", { name: "Pages" }).waitFor();
            await look("file-pages");
            await tarn.page.keyboard.press("Escape");
            await look("file-parquet");
            await go("#/data/main.default.nothing");
            await tarn.page.locator("#table-panel [role=alert]").waitFor();
            await look("data-failed");
            await tarn.page.evaluate(() => (location.hash = "#/ui"));
            await tarn.page.getByRole("heading", { name: "Buttons" }).waitFor();
            await look("ui");
          },
          { context: { viewport, colorScheme } },
        ));
    }
  }
}
