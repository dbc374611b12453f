// Measures how long the tab's worker leaves its page without an answer while it computes, and how long a cancel takes.
//
//   TARN_PAGE_DIR=<the built page> node bench/turns.mjs [PART OF A NAME]
//
// Each query runs twice: once to its end with a Ping sent when the one before was answered, once cancelled in its middle.

import { data, launch, pageDir, servePage } from "../harness.mjs";

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

/** Runs in the page: a client of the worker in few lines. */
async function measure([worker, names]) {
  const waiting = new Map();
  const engine = new Worker(worker, { type: "module" });
  let last = 0;
  engine.addEventListener("message", ({ data: { text, panic } }) => {
    if (panic) throw new Error(panic);
    const { id, message } = JSON.parse(text);
    waiting.get(id)?.(message);
  });
  const ask = (message, isAnswer, attachments = []) =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, (answer) => {
        if (!isAnswer(answer.type)) return;
        waiting.delete(id);
        resolve(answer);
      });
      engine.postMessage({ text: JSON.stringify({ id, message }), attachments });
    });
  const any = () => true;
  const end = (type) => type === "done" || type === "failed";
  const input = document.querySelector("input[type=file]");
  await ask({ type: "hello", version: 1, memoryLimitBytes: null }, any);
  await ask({ type: "addFiles", paths: [...input.files].map((file) => file.name) }, any, [...input.files]);

  const results = [];
  for (const [name, sql] of names) {
    // To the end, or for twenty seconds.
    const began = performance.now();
    let isRunning = true;
    let longest = 0;
    const run = last + 1;
    const ended = ask({ type: "run", sql }, end).then((answer) => {
      isRunning = false;
      return answer;
    });
    while (isRunning && performance.now() - began < 20_000) {
      const asked = performance.now();
      await ask({ type: "ping" }, any);
      longest = Math.max(longest, performance.now() - asked);
    }
    const took = performance.now() - began;
    if (isRunning) await ask({ type: "cancel", run }, any);
    const answer = await ended;

    // Stopped at several places on the way.
    let slowest = 0;
    for (const share of [0.2, 0.4, 0.6, 0.8, 0.95]) {
      const cancelled = last + 1;
      let isOver = false;
      const over = ask({ type: "run", sql }, end).then(() => (isOver = true));
      await new Promise((resolve) => setTimeout(resolve, took * share));
      if (isOver) continue;
      const asked = performance.now();
      ask({ type: "cancel", run: cancelled }, any);
      await over;
      slowest = Math.max(slowest, performance.now() - asked);
    }
    const state = answer.type === "done" ? "" : answer.error.message.slice(0, 60);
    results.push({ name, took, longest, slowest, state });
  }
  engine.terminate();
  return results;
}

const wanted = Object.entries(QUERIES).filter(([name]) => name.includes(process.argv[2] ?? ""));
const server = await servePage();
const browser = await launch();
try {
  console.log(`${pageDir}\n\n${"query".padEnd(24)} ${"took".padStart(9)} ${"gap".padStart(8)} ${"cancel".padStart(8)}   (ms)`);
  for (const one of wanted) {
    const page = await browser.newPage();
    const at = `http://127.0.0.1:${server.port}/sub/path/`;
    // A page of the same origin without Tarn's own page, whose worker would compete for the cores.
    await page.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<input type=file multiple>" }));
    await page.goto(`${at}blank`);
    await page.locator("input").setInputFiles([data("flights-3m.parquet")]);
    for (const { name, took, longest, slowest, state } of await page.evaluate(measure, [`${at}engine/worker.js`, [one]])) {
      const figures = [took, longest, slowest].map((each, index) => each.toFixed(0).padStart(index ? 8 : 9));
      console.log(`${name.padEnd(24)} ${figures.join(" ")}   ${state}`);
    }
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
