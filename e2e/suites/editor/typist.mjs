// A page with the editor, and a person's hands.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** So long the list of completion is on the screen before it takes Enter and Tab. */
const SETTLE_MILLIS = 150;

export class Typist {
  constructor(page) {
    this.page = page;
    this.box = page.getByRole("textbox", { name: "SQL" });
    this.list = page.getByRole("listbox", { name: "Completions" });
    this.signature = page.locator(".tarn-signatures");
    this.note = page.locator(".tarn-mark-note");
  }

  /** What the page holds, as a person would see it with a `|` at the cursor. */
  text() {
    return this.page.evaluate(() => editor.text());
  }

  told() {
    return this.page.evaluate(() => told);
  }

  /** Puts the text in, with the cursor at its `|`, or at its end. */
  write(marked) {
    const at = marked.indexOf("|");
    return at < 0 ? this.put(marked) : this.put(marked.slice(0, at) + marked.slice(at + 1), at);
  }

  /** Puts the text in, with the cursor at a place. */
  put(text, at = text.length) {
    return this.page.evaluate(
      ([text, at]) => {
        editor.setText(text);
        editor.select(at, at);
        editor.focus();
      },
      [text, at],
    );
  }

  type(text) {
    return this.page.keyboard.type(text, { delay: 10 });
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  /** Waits for the list, and gives what it offers. */
  async offered() {
    await this.list.waitFor();
    await this.page.waitForTimeout(SETTLE_MILLIS);
    return this.list.locator(".cm-completionLabel").allTextContents();
  }

  /** What is at the place of the cursor: the text with a `|` there, or around the selection. */
  async marked() {
    const text = await this.text();
    const { selections } = await this.told();
    const [from, to] = selections[selections.length - 1];
    return from === to
      ? `${text.slice(0, from)}|${text.slice(from)}`
      : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`;
  }

  /** What axe-core finds on the page, in short. */
  async findings() {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
    });
  }

  async shot(name) {
    if (process.env.TARN_SHOTS) {
      await this.page.screenshot({ path: path.join(process.env.TARN_SHOTS, `editor-${name}.png`) });
    }
  }
}

/** Runs a test in a page of its own. What its policy forbids, and uncaught errors, fail the test. */
export async function inEditor(shared, body, contextOptions = {}) {
  const context = await shared.browser.newContext({ viewport: { width: 1100, height: 640 }, ...contextOptions });
  context.setDefaultTimeout(10_000);
  try {
    const page = await context.newPage();
    const failures = [];
    page.on("pageerror", (error) => failures.push(String(error)));
    await page.goto(shared.url);
    const typist = new Typist(page);
    await typist.box.waitFor();
    await body(typist);
    failures.push(...(await typist.told()).violations.map((directive) => `forbidden by ${directive}`));
    if (failures.length > 0) throw new Error(`The page failed: ${failures.join("; ")}`);
  } finally {
    await context.close();
  }
}
