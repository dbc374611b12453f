// What every test needs: the page served, one browser, and the things that a person does on the page.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Real data: the files of the npm package vega-datasets. */
export const data = (name) => path.join(here, "node_modules", "vega-datasets", "data", name);

/** The built page. */
export const pageDir = path.resolve(process.env.TARN_PAGE_DIR ?? path.join(here, "..", "dist"));

/** How long the engine may take to load on a slow machine. */
export const ENGINE_MS = 60_000;
/** How long a query over a real file may take on a slow machine. */
export const QUERY_MS = 60_000;

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Chromium, the one that TARN_CHROMIUM names or the system's, and how it is started. */
const options = (moreArgs) => ({
  executablePath: process.env.TARN_CHROMIUM ?? BROWSERS.find((candidate) => existsSync(candidate)),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    ...moreArgs,
  ],
});

/** Starts Chromium. */
export const launch = (moreArgs = []) => chromium.launch(options(moreArgs));

/** Starts Chromium with a profile in a folder, and gives its context: elsewhere the files of a page are kept in memory. */
export const launchWithProfile = (folder) => chromium.launchPersistentContext(folder, options([]));

/** Serves the page under a sub-path, as a project page on a static host would be. */
export function servePage() {
  if (!existsSync(path.join(pageDir, "index.html"))) {
    throw new Error(`${pageDir} holds no page: build it, or name its folder in TARN_PAGE_DIR`);
  }
  return serve(pageDir, { prefix: "/sub/path/" });
}

/** The page's address on a port. */
export const address = (port, host = "127.0.0.1") => `http://${host}:${port}/sub/path/`;

/** A page, with a person's hands. */
export class Tarn {
  constructor(page) {
    this.page = page;
    this.editor = page.getByRole("textbox", { name: "SQL" });
    this.grid = page.getByRole("grid", { name: "Rows" });
    this.alert = page.locator(".results [role=alert]");
    this.state = page.locator(".status-state");
    this.failures = [];
    page.on("pageerror", (error) => this.failures.push(String(error)));
  }

  /** Opens the page and waits for its engine. */
  static async open(context, url, { expectPlace = /in this browser/ } = {}) {
    const tarn = new Tarn(await context.newPage());
    await tarn.page.goto(url.includes("#") ? url : `${url}#/query`);
    await tarn.ready(expectPlace);
    return tarn;
  }

  async ready(expectPlace = /in this browser/) {
    await this.page.locator(".top-place").filter({ hasText: expectPlace }).waitFor({ timeout: ENGINE_MS });
    if (this.page.url().includes("#/query")) await this.page.locator(".code-editor .cm-content").waitFor();
  }

  /** What is written in the editor. */
  async text() {
    const lines = this.page.locator(".code-editor .cm-line");
    const texts = await lines.evaluateAll((lines) =>
      lines.map((line) => {
        const shown = line.cloneNode(true);
        shown.querySelectorAll(".cm-placeholder").forEach((each) => each.remove());
        return shown.textContent;
      }),
    );
    return texts.join("\n");
  }

  /** Waits until this is written in the editor. */
  async textIs(expected) {
    for (let wait = 0; wait < 100 && (await this.text()) !== expected; wait++) await this.page.waitForTimeout(50);
    assert.equal(await this.text(), expected);
  }

  /** The tabs of a script's statements. */
  get statements() {
    return this.page.getByRole("tablist", { name: "Statements" }).getByRole("tab");
  }

  /** Opens files by the page's own dialog. */
  async openFiles(...paths) {
    await this.page.getByLabel("Files to open").setInputFiles(paths);
    for (const each of paths) {
      await this.fileRow(path.basename(each)).waitFor();
    }
  }

  fileRow(name) {
    return this.page.locator(".query-files .file-name").filter({ hasText: name });
  }

  /** Starts a script. */
  async start(sql) {
    await this.editor.fill(sql);
    await this.editor.press("ControlOrMeta+Enter");
  }

  /** Runs a script to its end, and says how it ended. */
  async run(sql, timeout = QUERY_MS) {
    await this.start(sql);
    return this.ended(timeout);
  }

  async ended(timeout = QUERY_MS) {
    await this.page.getByRole("button", { name: /^(Run|Run selection)\b/ }).waitFor({ timeout });
    return (await this.state.textContent()).trim();
  }

  /** The text of a cell, rows and columns from 0. */
  cell(row, column) {
    return this.grid.locator(`[data-row="${row}"][data-column="${column}"]:not(.grid-awaited) .grid-text`);
  }
}

/**
 * Runs a test in a page of its own: a context with its own storage, closed afterwards. Uncaught errors on the page fail
 * the test.
 */
export async function inPage(shared, body, { url = shared.url, expectPlace, context: options = {} } = {}) {
  const context = await shared.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(15_000);
  try {
    const tarn = await Tarn.open(context, url, { expectPlace });
    await body(tarn);
    if (tarn.failures.length > 0) {
      throw new Error(`The page failed: ${tarn.failures.join("; ")}`);
    }
  } finally {
    await context.close();
  }
}
