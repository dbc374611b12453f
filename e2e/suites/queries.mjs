// The queries that tab, edge and binary must answer alike, as a person sees their rows: tests/queries/*.sql, with the rows
// expected beside each.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { data, inPage } from "../harness.mjs";

const queriesDir = fileURLToPath(new URL("../../tests/queries/", import.meta.url));
const read = (name) => readFile(path.join(queriesDir, name), "utf8");

export function queries(shared) {
  test("the twenty queries", (context) =>
    inPage(
      shared,
      async (tarn) => {
        const names = (await readdir(queriesDir)).filter((name) => name.endsWith(".sql")).sort();
        assert.equal(names.length, 20);
        const texts = await Promise.all(names.map(read));
        const files = ["flights-3m.parquet", ...new Set(texts.join("\n").match(/[\w-]+\.(?:csv|json)\b/g))];
        await tarn.openFiles(...files.map(data));
        for (const [index, name] of names.entries()) {
          await context.test(name, async () => {
            assert.equal(await tarn.run(texts[index]), "Finished", await alertText(tarn));
            const expected = JSON.parse(await read(name.replace(/\.sql$/, ".json")));
            assert.deepEqual(await shownRows(tarn, expected), expected);
          });
        }
      },
      // High enough for all rows of an answer.
      { context: { viewport: { width: 1440, height: 1600 } } },
    ));
}

const alertText = async (tarn) => ((await tarn.alert.count()) > 0 ? tarn.alert.textContent() : undefined);

/** The rows of the grid, each cell as the kind of value that its column is expected to have. */
async function shownRows(tarn, expected) {
  const count = Number(await tarn.grid.getAttribute("aria-rowcount")) - 1;
  const names = await tarn.grid.locator(".grid-name-text").allTextContents();
  await tarn.cell(count - 1, names.length - 1).waitFor();
  await tarn.grid.locator(".grid-awaited").waitFor({ state: "detached" });
  const rows = [];
  for (let row = 0; row < count; row++) {
    const texts = await tarn.grid.locator(`[data-row="${row}"] .grid-text`).allTextContents();
    rows.push(Object.fromEntries(names.map((name, column) => [name, value(texts[column], name, expected)])));
  }
  return rows;
}

function value(text, column, expected) {
  const values = expected.map((row) => row[column]);
  if (text === "null" && values.includes(null)) return null;
  const kind = typeof values.find((each) => each !== null);
  return kind === "number" ? Number(text.replaceAll(",", "")) : text;
}
