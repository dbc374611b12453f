// The engine's worker is ended while it changes tables: what was acknowledged is there, and nothing is half there. The
// whole run is `cargo xtask torture --browser`.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { launchWithProfile } from "../harness.mjs";
import { torture } from "../torture/kills.mjs";

/** Kills workers in a browser with a profile: without one, its files would be in memory. */
async function kill(shared, plan) {
  const profile = await mkdtemp(path.join(tmpdir(), "tarn-profile-"));
  const context = await launchWithProfile(profile);
  try {
    const seed = Date.now() % 2 ** 32;
    return await torture({ context, at: shared.url, seed, ...plan });
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

export function kills(shared) {
  test("an engine that is killed while it writes loses nothing that it acknowledged", async () => {
    const report = await kill(shared, { kills: 10, killsATable: 2, millis: 20_000 });
    assert.ok(report.kills > 0, String(report));
  });

  test("a commit that is taken away is noticed", async () => {
    // Else the test above would say nothing. Two, as the newest may be of a statement that was not acknowledged.
    const takeAway = (page, table) =>
      page.evaluate(async (table) => {
        const folder = ["main", "default", table, "_delta_log"];
        const files = await filesBelow(folder);
        const newest = Math.max(...files.map((name) => parseInt(name)).filter((version) => version >= 0));
        let log = await navigator.storage.getDirectory();
        for (const name of folder) log = await log.getDirectoryHandle(name);
        for (const name of files) if (parseInt(name) >= newest - 1) await log.removeEntry(name);
      }, table.name);
    // This seed begins with statements that add rows.
    await assert.rejects(kill(shared, { kills: 1, killsATable: 1, seed: 950, beforeCheck: takeAway }), /the rows are/);
  });
}
