// Kills the worker of a real browser profile many times, as `cargo xtask torture --browser` asks for it.
//
//   TARN_PAGE_DIR=<the built page> TARN_BIN=<the native binary> node torture/main.mjs [--kills N] [--seconds N] [--seed N]

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { address, launchWithProfile, servePage } from "../harness.mjs";
import { torture } from "./kills.mjs";

/** Kills before a new table is made. */
const KILLS_A_TABLE = 20;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seconds: { type: "string", default: "1800" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [kills, seconds, seed] = [values.kills, values.seconds, values.seed].map(Number);

const profile = await mkdtemp(path.join(tmpdir(), "tarn-kills-profile-"));
const server = await servePage();
const context = await launchWithProfile(profile);
try {
  console.log(`Seed ${seed}`);
  const began = Date.now();
  const say = (report) => {
    if (report.kills % 10 === 0) console.log(`${report.kills} kills, ${report.acknowledged} statements acknowledged`);
  };
  const at = address(server.port);
  const report = await torture({ context, at, kills, killsATable: KILLS_A_TABLE, seed, say, millis: seconds * 1000 });
  console.log(`${report}\n  in ${Math.round((Date.now() - began) / 1000)} s`);
} finally {
  await context.close();
  await server.close();
  await rm(profile, { recursive: true, force: true });
}
