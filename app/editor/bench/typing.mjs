// How long a key keeps the page's main thread busy in a script of 2,000 lines: handling it, layout and paint,
// and the completion that follows. Prints the figures; nothing asserts them. `TARN_EDITOR_DIR=FOLDER node
// app/editor/bench/typing.mjs`

import { launch } from "../../../e2e/harness.mjs";
import { serveEditor } from "../../../e2e/editor/page.mjs";

const LINES = 2_000;
const KEYS = 300;

const statement = (index) => `-- Statement ${index}
SELECT o.order_id, count(*) AS n, sum(o.\`total price\`) AS total
FROM main.default.orders o
JOIN customers c ON c.customer_id = o.customer_id
WHERE o.day >= DATE '2026-01-01' AND c.name LIKE 'a%'
GROUP BY o.order_id
QUALIFY row_number() OVER (ORDER BY total DESC) <= ${index};

`;
const many = Array.from({ length: LINES / 8 }, (_, index) => statement(index)).join("");
const rows = Array.from(
  { length: LINES - 3 },
  (_, row) => `  (${row}, 'row ${row}', DATE '2026-01-01', ${row}.5)`,
);
const SCRIPTS = {
  "many statements": many,
  "one statement": `SELECT *\nFROM (VALUES\n${rows.join(",\n")}\n) AS t(a, b, c, d)`,
  "an open quote": `SELECT 'open;\n${many}`,
};
/** What is typed: names that complete, brackets that show signatures, new lines. */
const TYPED = "SELECT o.day, date_trunc('MONTH', o.day), coun(da), name\nFROM orders o WHERE cus = 1 ";

const server = await serveEditor();
const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(server.url);
await page.getByRole("textbox", { name: "SQL" }).waitFor();
const debug = await page.context().newCDPSession(page);
await debug.send("Performance.enable");
const busyMillis = async () => {
  const { metrics } = await debug.send("Performance.getMetrics");
  const seconds = (name) => metrics.find((metric) => metric.name === name).value;
  const work = seconds("ScriptDuration") + seconds("LayoutDuration") + seconds("RecalcStyleDuration");
  return { "script and layout": 1_000 * work, "with paint and all else": 1_000 * seconds("TaskDuration") };
};
for (const [name, script] of Object.entries(SCRIPTS)) {
  await page.evaluate((script) => editor.open(script.slice(0, 40), script), script);
  const middle = script.indexOf("\n", script.length / 2) + 1;
  await page.evaluate(
    (at) => (editor.select(at, at), editor.focus()),
    name === "many statements" ? script.indexOf("-- Statement", middle) : middle,
  );
  await page.waitForTimeout(500);
  const millis = { "script and layout": [], "with paint and all else": [] };
  for (let key = 0; key < KEYS; key++) {
    const before = await busyMillis();
    await page.keyboard.press(TYPED[key % TYPED.length] === "\n" ? "Enter" : TYPED[key % TYPED.length]);
    await page.waitForTimeout(120);
    const after = await busyMillis();
    for (const what of Object.keys(millis)) millis[what].push(after[what] - before[what]);
  }
  const figures = Object.entries(millis).map(([what, each]) => {
    each.sort((a, b) => a - b);
    const at = (share) => each[Math.min(each.length - 1, Math.floor(each.length * share))].toFixed(1);
    return `${what} ${at(0.5)} median, ${at(0.95)} at 95 %, ${at(1)} at most`;
  });
  console.log(`${name} (${script.split("\n").length} lines): ${figures.join("; ")} ms`);
}
await browser.close();
await server.close();
