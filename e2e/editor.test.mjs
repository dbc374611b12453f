// Every test of the editor alone, in one browser. TARN_EDITOR_DIR names the folder that it was built into.

import { after, before, describe } from "node:test";
import { serveEditor } from "./editor/page.mjs";
import { launch } from "./harness.mjs";
import { completion } from "./suites/editor/completion.mjs";
import { editing } from "./suites/editor/editing.mjs";
import { looks } from "./suites/editor/looks.mjs";
import { marks } from "./suites/editor/marks.mjs";

/** What the suites share: set before the first test. */
const shared = { browser: null, url: null };

describe("the editor", { concurrency: 1 }, () => {
  let server;
  before(async () => {
    server = await serveEditor();
    shared.url = server.url;
    shared.browser = await launch();
  });
  after(async () => {
    await shared.browser?.close();
    await server?.close();
  });
  describe("editing", () => editing(shared));
  describe("completion", () => completion(shared));
  describe("marks", () => marks(shared));
  describe("looks", () => looks(shared));
});
