// Measures how long the tab's worker leaves its page without an answer while it computes, and how long a cancel takes.
//
//   TARN_PAGE_DIR=<the built page> node bench/turns.mjs [PART OF A NAME]
//
// Each query runs several times: first so that the browser has compiled what it takes; then to its end, with a Ping sent
// whenever the one before was answered; then stopped at several places on the way.

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

/** Runs in the page, over the files of its input: a client of the worker in few lines. */
async function measure([worker, sql]) {
  const LONGEST_MS = 10_000;
  const waiting = new Map();
  const engine = new Worker(worker, { type: "module" });
  let last = 0;
  const kept = [];
  engine.addEventListener("message", ({ data: { text, panic } }) => {
    if (panic) throw new Error(panic);
    const { id, message } = JSON.parse(text);
    if (message.type === "schema") kept.push(message.result);
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
  const forget = async () => {
    for (const result of kept.splice(0)) await ask({ type: "dropResult", result }, any);
  };
  const end = (type) => type === "done" || type === "failed";
  const input = document.querySelector("input[type=file]");
  await ask({ type: "hello", version: 1, memoryLimitBytes: null }, any);
  await ask({ type: "addFiles", paths: [...input.files].map((file) => file.name) }, any, [...input.files]);

  const first = last + 1;
  const warm = ask({ type: "run", sql }, end);
  await Promise.race([warm, new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
  ask({ type: "cancel", run: first }, any);
  await warm;
  await forget();

  const began = performance.now();
  let isRunning = true;
  let longest = 0;
  const run = last + 1;
  const ended = ask({ type: "run", sql }, end).then((answer) => {
    isRunning = false;
    return answer;
  });
  while (isRunning && performance.now() - began < LONGEST_MS) {
    const asked = performance.now();
    await ask({ type: "ping" }, any);
    longest = Math.max(longest, performance.now() - asked);
  }
  const took = performance.now() - began;
  if (isRunning) await ask({ type: "cancel", run }, any);
  const answer = await ended;
  await forget();

  let slowest = 0;
  for (const share of [0.2, 0.4, 0.6, 0.8, 0.95]) {
    const cancelled = last + 1;
    let isOver = false;
    const over = ask({ type: "run", sql }, end).then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, took * share));
    if (isOver) {
      await forget();
      continue;
    }
    const asked = performance.now();
    ask({ type: "cancel", run: cancelled }, any);
    await over;
    slowest = Math.max(slowest, performance.now() - asked);
    await forget();
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
    const page = await browser.newPage();
    const at = `http://127.0.0.1:${server.port}/sub/path/`;
    // A page of the same origin without Tarn's own page, whose worker would compete for the cores.
    await page.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "<input type=file multiple>" }));
    await page.goto(`${at}blank`);
    await page.locator("input").setInputFiles([data("flights-3m.parquet")]);
    const { took, longest, slowest, state } = await page.evaluate(measure, [`${at}engine/worker.js`, sql]);
    const figures = [took, longest, slowest].map((each, index) => each.toFixed(0).padStart(index ? 8 : 9));
    console.log(`${name.padEnd(24)} ${figures.join(" ")}   ${state}`);
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
}
