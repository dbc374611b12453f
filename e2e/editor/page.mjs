// A page with nothing but the editor: with the policy of the real page, and the real page's colours.

import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "../server.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");

/** The built editor. */
export const editorDir = path.resolve(process.env.TARN_EDITOR_DIR ?? path.join(root, "dist", "editor"));

/**
 * Serves the page.
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveEditor() {
  if (!existsSync(path.join(editorDir, "editor.js"))) {
    throw new Error(
      `${editorDir} holds no editor: build it with app/editor/build.mjs, or name its folder in TARN_EDITOR_DIR`,
    );
  }
  const folder = await mkdtemp(path.join(tmpdir(), "tarn-editor-"));
  const index = await readFile(path.join(root, "index.html"), "utf8");
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(index)[1];
  const page = await readFile(path.join(here, "page.html"), "utf8");
  await writeFile(path.join(folder, "index.html"), page.replace("POLICY", policy));
  await cp(path.join(here, "page.js"), path.join(folder, "page.js"));
  await cp(path.join(here, "page.css"), path.join(folder, "page.css"));
  await cp(path.join(root, "app", "src", "ui", "base.css"), path.join(folder, "base.css"));
  await cp(editorDir, path.join(folder, "editor"), { recursive: true });
  const server = await serve(folder);
  return {
    url: `http://127.0.0.1:${server.port}/`,
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}
