// Delta tables that Spark and delta-rs wrote, read by URL in a tab: as many rows, and the same values, as the native engine
// finds, whose rows tests/tests/sql/golden.rs compares with those that Spark expects.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { inPage } from "../harness.mjs";
import { serve } from "../server.mjs";

const run = promisify(execFile);
const goldenDir = process.env.TARN_GOLDEN_DIR;
/** Fewer would mean that something kept most of them away. */
const AT_LEAST = 40;

export function golden(shared) {
  if (!goldenDir) {
    console.log("TARN_GOLDEN_DIR is not set: no tables of other writers were read");
    return;
  }
  let folder;
  let server;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "tarn-golden-"));
    for (const writer of ["delta-kernel", "delta-rs"]) {
      for (const archive of await readdir(path.join(goldenDir, writer))) {
        if (!archive.endsWith(".tar.zst") || archive.startsWith("300k")) continue;
        await run("tar", ["--zstd", "-xf", path.join(goldenDir, writer, archive), "-C", folder]);
      }
    }
    server = await serve(folder, { allowOrigin: "*" });
  });
  after(async () => {
    await server?.close();
    if (folder) await rm(folder, { recursive: true });
  });

  test("tables of other writers have their rows in a tab", () =>
    inPage(shared, async (tarn) => {
      const wrong = [];
      let compared = 0;
      for (const name of (await readdir(folder)).sort()) {
        const inner = (await isFolder(path.join(folder, name, "delta"))) ? `${name}/delta` : name;
        if (!(await isFolder(path.join(folder, inner, "_delta_log")))) continue;
        const expected = await nativeDigest(path.join(folder, inner));
        const ended = await tarn.run(digest(`http://127.0.0.1:${server.port}/${inner}`));
        if (expected === null) {
          if (ended !== "Failed") wrong.push(`${name}: ${ended}, though the native engine refuses it`);
        } else if (ended !== "Finished") {
          wrong.push(`${name}: ${await tarn.alert.innerText()}`);
        } else {
          compared += 1;
          const shown = (await tarn.cell(0, 0).textContent()).replaceAll(",", "");
          if (shown !== expected) wrong.push(`${name}: ${shown} rows, not ${expected}`);
        }
      }
      assert.deepEqual(wrong, []);
      assert.ok(compared >= AT_LEAST, `only ${compared} tables were compared`);
    }));
}

/** A query over every column, so that every file is opened and decoded. */
const digest = (table) => `SELECT count(*) FROM (SELECT DISTINCT * FROM delta.\`${table}\`)`;

/** What the native engine answers, or null where it refuses the table. */
async function nativeDigest(table) {
  try {
    const { stdout } = await run(process.env.TARN_BIN, ["sql", "--format", "csv", digest(table)]);
    return stdout.trim().split("\n").at(-1);
  } catch {
    return null;
  }
}

async function isFolder(place) {
  return (await stat(place).catch(() => null))?.isDirectory() ?? false;
}
