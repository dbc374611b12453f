// Bundles the editor: `node build.mjs FOLDER` writes editor.js, its chunks, and the licences of what is in
// them.

import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}
const outdir = path.resolve(folder);
await mkdir(outdir, { recursive: true });
// Chunks carry a hash in their names, so those of an older build would stay.
for (const name of await readdir(outdir)) {
  if (/^(editor\.js|[a-z]+-[A-Z0-9]{8}\.js|licenses\.txt)$/.test(name)) await rm(path.join(outdir, name));
}

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/editor.js"],
  outdir,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  sourcemap: false,
  legalComments: "none",
  metafile: true,
  chunkNames: "[name]-[hash]",
  target: ["chrome120", "edge120", "firefox121", "safari17.2"],
  logLevel: "warning",
});

await writeFile(path.join(outdir, "licenses.txt"), await licenses(Object.keys(metafile.inputs)));

/** The licences of the packages that files come from: they ask to be passed on with the code. */
async function licenses(files) {
  const packages = new Set(
    files.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []).sort(),
  );
  const texts = [];
  for (const name of packages) {
    const dir = path.join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(path.join(dir, "package.json"), "utf8"));
    const file = (await readdir(dir)).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? await readFile(path.join(dir, file), "utf8") : `${license}\n`;
    texts.push(`${name} ${version}\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}
