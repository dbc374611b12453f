// The engine's worker without Tarn's page: a blank page of the same origin, and in it a client of the worker in few lines.

import { readFileSync } from "node:fs";

/** The protocol's version, where the engine has it from. */
const [, version] = /PROTOCOL_VERSION: u32 = (\d+);/.exec(
  readFileSync(new URL("../crates/rpc/src/lib.rs", import.meta.url), "utf8"),
);

/**
 * Opens a blank page in a context, with `startEngine` in its window. Tarn's own page would start a worker of its own, and
 * compete for the cores.
 * @param {string} at where Tarn's page is served
 */
export async function blankPage(context, at) {
  const page = await context.newPage();
  await page.route("**/blank", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><input type=file multiple>" }),
  );
  await page.goto(`${at}blank`);
  await page.evaluate(installClient, [`${at}engine/worker.js`, Number(version)]);
  return page;
}

/** Runs in the page. */
function installClient([script, version]) {
  /** A worker, asked one request at a time or several. */
  class Engine {
    #worker = new Worker(script, { type: "module" });
    #waiting = new Map();
    #last = 0;

    constructor() {
      this.#worker.addEventListener("message", ({ data: { text, panic, attachments } }) => {
        if (panic) {
          for (const { reject } of this.#waiting.values()) reject(new Error(panic));
          return;
        }
        const { id, message } = JSON.parse(text);
        // A request that the worker does not know is refused under no id.
        if (id === 0 && message.type === "failed") {
          for (const { reject } of this.#waiting.values()) reject(new Error(message.error.message));
        }
        this.#waiting.get(id)?.hear(message, attachments);
      });
    }

    /** The id that the next request will have. */
    get nextId() {
      return this.#last + 1;
    }

    /** Sends a request; resolves with the event that ends it, and the others that answered it. */
    ask(message, attachments = []) {
      const more = ["statementStarted", "schema", "progress", "statementFinished", "moved"];
      return new Promise((resolve, reject) => {
        const id = ++this.#last;
        const events = [];
        const hear = (event, attachments) => {
          events.push(event);
          if (more.includes(event.type)) return;
          this.#waiting.delete(id);
          resolve({ event, events, attachments });
        };
        this.#waiting.set(id, { hear, reject });
        this.#worker.postMessage({ text: JSON.stringify({ id, message }), attachments });
      });
    }

    /** Runs a script. Of its last statement with rows, gives the rows: an array of texts for each. */
    async run(sql) {
      const { event, events } = await this.ask({ type: "run", sql, session: 0, parameters: [] });
      if (event.type === "failed") throw Object.assign(new Error(event.error.message), event.error);
      const results = events.filter(({ type }) => type === "schema").map(({ result }) => result);
      let rows = [];
      for (const result of results) {
        if (result === results.at(-1)) {
          const window = await this.ask({ type: "window", result, offset: 0, limit: 100_000 });
          rows = window.event.rows.map((row) => row.map(({ t }) => t));
        }
        await this.ask({ type: "dropResult", result });
      }
      return rows;
    }

    terminate() {
      this.#worker.terminate();
    }
  }

  window.startEngine = async () => {
    const engine = new Engine();
    const { event } = await engine.ask({ type: "hello", version, memoryLimitBytes: null });
    if (event.type !== "ready") throw new Error(event.error.message);
    engine.ready = event;
    return engine;
  };
}
