// Measures how long the tab's worker leaves its page without an answer while it computes, and how long a cancel takes.
//
//   TARN_PAGE_DIR=<the built page> node bench/turns.mjs [PART OF A NAME]
//
// Each query runs several times: first so that the browser has compiled what it takes; then to its end, with a Ping sent
// whenever the one before was answered; then stopped at several places on the way.

import { blankPage } from "../engine.mjs";
import { address, data, launch, pageDir, servePage } from "../harness.mjs";

const FLIGHTS = "parquet.`flights-3m.parquet`";

const QUERIES = {
  "count with a filter": `SELECT count(*) FROM ${FLIGHTS} WHERE delay > 10`,
  "a few groups": `SELECT origin, avg(delay) FROM ${FLIGHTS} GROUP BY origin`,
  "millions of groups": `SELECT date, origin, destination, count(*) FROM ${FLIGHTS} GROUP BY ALL`,
  "distinct count": `SELECT count(DISTINCT date, origin) FROM ${FLIGHTS}`,
  "sort of all rows": `SELECT * FROM ${FLIGHTS} ORDER BY delay, distance`,
  "sort by text": `SELECT * FROM ${FLIGHTS} ORDER BY origin, destination, date`,
  "top of all rows": `SELECT * FROM ${FLIGHTS} ORDER BY delay DESC LIMIT 10`,
  window: `SELECT *, row_number() OVER (PARTITION BY origin ORDER BY date) AS n FROM ${FLIGHTS}`,
  "window over all rows": `SELECT sum(delay) OVER (ORDER BY date) AS n FROM ${FLIGHTS}`,
  "join by hash": `SELECT count(*) FROM ${FLIGHTS} a JOIN ${FLIGHTS} b USING (date, origin, destination)`,
  "join by pairs": `SELECT count(*) FROM ${FLIGHTS} a JOIN ${FLIGHTS} b ON a.delay * b.distance = 7`,
  median: `SELECT origin, median(delay) FROM ${FLIGHTS} GROUP BY origin`,
  "list of all": `SELECT array_agg(delay) FROM ${FLIGHTS}`,
  "Parquet out": `COPY (SELECT * FROM ${FLIGHTS}) TO 'out.parquet'`,
  "CSV out": `COPY (SELECT * FROM ${FLIGHTS}) TO 'out.csv'`,
};

/** Runs in the page, over the files of its input. */
async function measure(sql) {
  const LONGEST_MS = 10_000;
  const engine = await startEngine();
  const run = async () => {
    const { event, events } = await engine.ask({ type: "run", sql, session: 0, parameters: [] });
    for (const { type, result } of events) {
      if (type === "schema") await engine.ask({ type: "dropResult", result });
    }
    return event;
  };
  const input = document.querySelector("input[type=file]");
  await engine.ask({ type: "addFiles", paths: [...input.files].map((file) => file.name) }, [...input.files]);

  const first = engine.nextId;
  const warm = run();
  await Promise.race([warm, new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
  engine.ask({ type: "cancel", run: first });
  await warm;

  const began = performance.now();
  let isRunning = true;
  let longest = 0;
  const id = engine.nextId;
  const ended = run().then((answer) => {
    isRunning = false;
    return answer;
  });
  while (isRunning && performance.now() - began < LONGEST_MS) {
    const asked = performance.now();
    await engine.ask({ type: "ping" });
    longest = Math.max(longest, performance.now() - asked);
  }
  const took = performance.now() - began;
  if (isRunning) await engine.ask({ type: "cancel", run: id });
  const answer = await ended;

  let slowest = 0;
  for (const share of [0.2, 0.4, 0.6, 0.8, 0.95]) {
    const cancelled = engine.nextId;
    let isOver = false;
    const over = run().then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, took * share));
    if (isOver) continue;
    const asked = performance.now();
    engine.ask({ type: "cancel", run: cancelled });
    await over;
    slowest = Math.max(slowest, performance.now() - asked);
  }
  const state = answer.type === "done" ? "" : answer.error.message;
  engine.terminate();
  return { took, longest, slowest, state };
}

const wanted = Object.entries(QUERIES).filter(([name]) => name.includes(process.argv[2] ?? ""));
const server = await servePage();
const browser = await launch();
try {
  console.log(`${pageDir}\n\n${"query".padEnd(24)} ${"took".padStart(9)} ${"gap".padStart(8)} ${"cancel".padStart(8)}   (ms)`);
  for (const [name, sql] of wanted) {
    const page = await blankPage(browser, address(server.port));
    await page.locator("input").setInputFiles([data("flights-3m.parquet")]);
    const { took, longest, slowest, state } = await page.evaluate(measure, sql);
    const figures = [took, longest, slowest].map((each, index) => each.toFixed(0).padStart(index ? 8 : 9));
    console.log(`${name.padEnd(24)} ${figures.join(" ")}   ${state}`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
