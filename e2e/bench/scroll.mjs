// Measures how long a page is busy at a time while a person scrolls a result of a million rows: tasks over 50 ms as the
// browser counts them, by the clock, and the longest task by the processor's time, which other programs do not lengthen.
//
//   TARN_PAGE_DIR=<the built page> node bench/scroll.mjs [ROWS]

import { Tarn, address, launch, pageDir, servePage } from "../harness.mjs";

const rows = Number(process.argv[2] ?? 1_000_000);
const SQL =
  "SELECT value AS n, concat('some words on row ', value) AS words, CAST(value / 7.0 AS DECIMAL(18,4)) AS amount, " +
  "value / 3.0 AS share, value % 2 = 0 AS even, DATE '2024-01-01' AS day, TIMESTAMP '2024-01-01T00:00:00Z' AS at, " +
  "named_struct('a', value, 'b', make_array(value, value + 1)) AS nested, repeat('long ', 40) AS long, value * 2 AS m, " +
  `value * 3 AS o, value * 4 AS p FROM generate_series(1, ${rows})`;

const WAYS = {
  "the wheel, slowly": async ({ page, grid }) => {
    await grid.hover();
    for (let turn = 0; turn < 60; turn++) {
      await page.mouse.wheel(0, 120);
      await page.waitForTimeout(16);
    }
  },
  "the wheel, fast": async ({ page, grid }) => {
    await grid.hover();
    for (let turn = 0; turn < 60; turn++) {
      await page.mouse.wheel(0, 2_400);
      await page.waitForTimeout(16);
    }
  },
  "the scroll bar, dragged": async ({ grid }) => {
    await grid.evaluate(async (grid) => {
      const end = grid.scrollHeight - grid.clientHeight;
      for (let step = 0; step <= 120; step++) {
        grid.scrollTop = (end * step) / 120;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
  },
  "PageDown, held": async ({ page, grid }) => {
    await grid.focus();
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press("PageDown");
    }
  },
  "to the right and back": async ({ grid }) => {
    await grid.evaluate(async (grid) => {
      const end = grid.scrollWidth - grid.clientWidth;
      for (let step = 0; step <= 60; step++) {
        grid.scrollLeft = end * Math.abs(Math.sin(step / 10));
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    });
  },
};

/** The longest task of the page's main thread, in milliseconds of the processor. */
function longestTask(events) {
  const mains = events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const isMain = (event) => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid);
  const tasks = events.filter((event) => /RunTask$/.test(event.name) && event.tdur !== undefined && isMain(event));
  return Math.max(0, ...tasks.map(({ tdur }) => tdur / 1_000));
}

const server = await servePage();
const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const tarn = await Tarn.open(context, address(server.port));
  const ended = await tarn.run(SQL);
  console.log(
    `${pageDir}\n${rows} rows: ${ended}\n\n${"scrolled by".padEnd(26)} tasks over 50 ms   longest   by processor   frames   slowest (ms)`,
  );
  await tarn.cell(0, 0).waitFor();
  await tarn.page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((each) => each.duration))).observe({
      entryTypes: ["longtask"],
    });
    globalThis.frames = [];
    let before = performance.now();
    const note = (now) => {
      globalThis.frames.push(now - before);
      before = now;
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  for (const [name, scroll] of Object.entries(WAYS)) {
    await tarn.page.evaluate(() => ((globalThis.tasks.length = 0), (globalThis.frames.length = 0)));
    await browser.startTracing(tarn.page, { categories: ["toplevel", "devtools.timeline"] });
    await scroll(tarn);
    await tarn.page.waitForTimeout(500);
    const busiest = longestTask(JSON.parse(await browser.stopTracing()).traceEvents);
    const [tasks, frames] = await tarn.page.evaluate(() => [globalThis.tasks, globalThis.frames]);
    const figures = [tasks.length, Math.max(0, ...tasks), busiest, frames.length, Math.max(...frames)];
    const widths = [16, 9, 14, 8, 14];
    console.log(`${name.padEnd(26)} ${figures.map((figure, at) => figure.toFixed(0).padStart(widths[at])).join(" ")}`);
  }
  if (tarn.failures.length > 0) console.log(tarn.failures);
} finally {
  await browser.close();
  await server.close();
}
