// Every end-to-end test, in one browser.

import { after, before, describe } from "node:test";
import { address, launch, servePage } from "./harness.mjs";
import { basics } from "./suites/basics.mjs";
import { errors } from "./suites/errors.mjs";
import { exports_ } from "./suites/exports.mjs";
import { full } from "./suites/full.mjs";
import { golden } from "./suites/golden.mjs";
import { grid } from "./suites/grid.mjs";
import { gridRefined } from "./suites/grid_refined.mjs";
import { homes } from "./suites/homes.mjs";
import { kills } from "./suites/kills.mjs";
import { looks } from "./suites/looks.mjs";
import { manyFiles } from "./suites/many_files.mjs";
import { offline } from "./suites/offline.mjs";
import { pads } from "./suites/pads.mjs";
import { panel } from "./suites/panel.mjs";
import { queries } from "./suites/queries.mjs";
import { rooms } from "./suites/rooms.mjs";
import { s3 } from "./suites/s3.mjs";
import { tables } from "./suites/tables.mjs";
import { twoTabs } from "./suites/two_tabs.mjs";
import { urls } from "./suites/urls.mjs";

/** What the suites share: set before the first test. */
const shared = { browser: null, url: null, insecureUrl: null };

describe("the page", { concurrency: 1 }, () => {
  let server;
  before(async () => {
    server = await servePage();
    shared.url = address(server.port);
    shared.insecureUrl = address(server.port, "tarn.test");
    shared.browser = await launch(["--host-resolver-rules=MAP tarn.test 127.0.0.1"]);
  });
  after(async () => {
    await shared.browser?.close();
    await server?.close();
  });
  describe("basics", () => basics(shared));
  describe("grid", () => grid(shared));
  describe("grid, refined", () => gridRefined(shared));
  describe("pads", () => pads(shared));
  describe("rooms", () => rooms(shared));
  describe("exports", () => exports_(shared));
  describe("offline", () => offline(shared));
  describe("errors", () => errors(shared));
  describe("panel", () => panel(shared));
  describe("queries", () => queries(shared));
  describe("urls", () => urls(shared));
  describe("tables", () => tables(shared));
  describe("golden", () => golden(shared));
  describe("S3", () => s3(shared));
  describe("homes", () => homes(shared));
  describe("many files", () => manyFiles(shared));
  describe("full", () => full(shared));
  describe("kills", () => kills(shared));
  describe("two tabs", () => twoTabs(shared));
  describe("looks", () => looks(shared));
});
