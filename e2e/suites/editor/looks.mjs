// What axe-core finds (nothing), and how the editor looks: screenshots go to the folder TARN_SHOTS, if it is set.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inEditor } from "./typist.mjs";

const SIZES = { wide: { width: 1100, height: 640 }, small: { width: 390, height: 720 } };

const TEXT = `-- Orders by country, since the day that is asked for
WITH recent AS (
  SELECT order_id, customer_id, \`total price\` AS price, payload:items[0].sku::STRING AS sku
  FROM main.default.orders VERSION AS OF 3
  WHERE day >= :since AND note <> 'it''s \\' fine' /* over
    two lines */
)
SELECT c.country, count(*) AS n, sum(r.price) AS total, transform(xs, x -> x + 1.5e3)
FROM recent r
JOIN customers c ON c.customer_id = r.customer_id
QUALIFY row_number() OVER (PARTITION BY c.country ORDER BY total DESC) = 1;

FROM parquet.\`flights.parquet\` |> WHERE delay > 10 |> LIMIT 100;

`;

export function looks(shared) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      test(`${size}, ${colorScheme}: every face is accessible and fits`, () =>
        inEditor(
          shared,
          async (typist) => {
            const look = async (name) => {
              await typist.shot(`${size}-${colorScheme}-${name}`);
              assert.deepEqual(await typist.findings(), [], name);
              const isWide = await typist.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
              assert.equal(isWide, false, `${name} is too wide`);
            };
            await look("empty");
            await typist.put(TEXT);
            await look("text");
            await typist.type("SELECT ");
            await typist.type("date_t");
            await typist.offered();
            await look("completion");
            await typist.press("Enter");
            await typist.type("'MONTH', d");
            await typist.offered();
            await look("signature");
            await typist.press("Escape");
            await typist.press("Escape");
            await typist.page.evaluate(() => {
              const at = editor.text().indexOf("customers c");
              const fix = { label: "Use main.default.customers", text: "main.default.customers" };
              editor.setMarks([
                {
                  from: at,
                  to: at + 9,
                  message: "There is no table customers.",
                  hint: "Did you mean main.default.customers?",
                  fix,
                },
              ]);
            });
            await typist.press("F8");
            await look("mark");
            await typist.press("Escape");
            await typist.press("ControlOrMeta+f");
            await typist.type("order");
            await look("search");
            await typist.press("Escape");
            await typist.press("ControlOrMeta+a");
            await look("selection");
          },
          { viewport, colorScheme, hasTouch: size === "small" },
        ));
    }
  }

  test("a press on a mark says what is wrong, where nothing can hover", () =>
    inEditor(
      shared,
      async (typist) => {
        await typist.write("SELECT nmae");
        await typist.page.evaluate(() => editor.setMarks([{ from: 7, to: 11, message: "There is no column nmae." }]));
        await typist.page.locator(".tarn-mark").tap();
        await typist.note.waitFor();
      },
      { viewport: SIZES.small, hasTouch: true, isMobile: true },
    ));

  test("with reduced motion nothing blinks", () =>
    inEditor(
      shared,
      async (typist) => {
        await typist.write("SELECT 1");
        const animation = await typist.page
          .locator(".cm-cursorLayer")
          .evaluate((layer) => getComputedStyle(layer).animationName);
        assert.equal(animation, "none");
      },
      { reducedMotion: "reduce" },
    ));
}
