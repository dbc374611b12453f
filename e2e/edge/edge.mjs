// The edge worker in the real workerd, by miniflare, with an R2 bucket that lives as long as the test.

import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";

const here = path.dirname(fileURLToPath(import.meta.url));

/** The built worker. */
export const edgeDir = path.resolve(process.env.TARN_EDGE_DIR ?? path.join(here, "../../dist/edge"));
/** The R2 store's contract, built beside the worker. */
export const contractDir = path.resolve(process.env.TARN_CONTRACT_DIR ?? path.join(here, "../../dist/contract"));
/** The queries that every home must answer alike. */
export const queriesDir = path.resolve(here, "../../tests/queries");
/** Real data: the files of the npm package vega-datasets. */
export const dataDir = path.join(here, "node_modules/vega-datasets/data");

/** How long a query over a real file may take on a slow machine, the first one's start of the engine included. */
export const QUERY_MS = 120_000;

const TYPES = { ".js": "ESModule", ".mjs": "ESModule", ".wasm": "CompiledWasm" };

/**
 * Starts a worker.
 * @param {object} [options] more of miniflare's options; `modules`: files to add or replace, by name; `dir`: where the
 *   files are
 */
export async function startEdge({ modules = {}, main = "shim.mjs", dir = edgeDir, ...options } = {}) {
  if (!existsSync(dir)) {
    throw new Error(`${dir} is not there: build it, or name it in TARN_EDGE_DIR or TARN_CONTRACT_DIR`);
  }
  const worker = new Miniflare({
    modules: await listModules(dir, main, modules),
    modulesRoot: "/",
    compatibilityDate: await compatibilityDate(),
    r2Buckets: ["LAKE"],
    ...options,
  });
  await worker.ready;
  return new Edge(worker);
}

export class Edge {
  constructor(worker) {
    this.worker = worker;
  }

  /** Puts a file of the data set into the bucket. */
  async put(key, name = key) {
    // Miniflare takes arrays of bytes, but not Node's buffers.
    await (await this.bucket()).put(key, new Uint8Array(await readFile(path.join(dataDir, name))));
  }

  bucket() {
    return this.worker.getR2Bucket("LAKE");
  }

  /** Asks any address. */
  fetch(address, init) {
    return this.worker.dispatchFetch(new URL(address, "http://edge"), init);
  }

  /** Posts a request to run a statement. */
  post(body, headers = {}) {
    return this.fetch("/api/2.0/sql/statements", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** Runs a statement, whatever comes of it. */
  async execute(statement, more = {}) {
    const response = await this.post({ statement, ...more });
    if (response.status !== 200) {
      throw new Error(`${response.status}: ${await response.text()}`);
    }
    return response.json();
  }

  /** The rows of a statement that must succeed. */
  async rows(statement, more = {}) {
    const answer = await this.execute(statement, more);
    if (answer.status.state !== "SUCCEEDED") {
      throw new Error(`${statement}: ${answer.status.state}: ${answer.status.error?.message}`);
    }
    return answer.result.data_array;
  }

  /** The error of a statement that must fail. */
  async error(statement, more = {}) {
    const answer = await this.execute(statement, more);
    if (answer.status.state !== "FAILED") {
      throw new Error(`${statement}: ${answer.status.state}`);
    }
    return answer.status.error;
  }

  stop() {
    return this.worker.dispose();
  }
}

/** Everything that belongs to the worker, the entry first; `replaced` by name wins over what is in the folder. */
async function listModules(dir, main, replaced) {
  const found = await readdir(dir, { recursive: true });
  const names = new Set([main, ...found.filter((name) => TYPES[path.extname(name)]), ...Object.keys(replaced)]);
  const modules = [];
  for (const name of names) {
    const contents = replaced[name] ?? (await readFile(path.join(dir, name)));
    modules.push({ type: TYPES[path.extname(name)], path: `/${name}`, contents });
  }
  return modules;
}

/** The date in wrangler.toml, so that the tests run what is deployed. */
async function compatibilityDate() {
  const settings = await readFile(path.join(edgeDir, "wrangler.toml"), "utf8");
  return /^compatibility_date\s*=\s*"([\d-]+)"/m.exec(settings)[1];
}
