import { after, before, describe } from "node:test";
import { address, launch, servePage } from "./harness.mjs";
const shared = {};
describe("some", { concurrency: 1 }, () => {
  let server;
  before(async () => {
    server = await servePage();
    shared.url = address(server.port); shared.insecureUrl = address(server.port, "tarn.test");
    shared.browser = await launch(["--host-resolver-rules=MAP tarn.test 127.0.0.1"]);
  });
  after(async () => { await shared.browser?.close(); await server?.close(); });
  describe("panel", async () => (await import("./suites/panel.mjs")).panel(shared));
  describe("exports", async () => (await import("./suites/exports.mjs")).exports_(shared));
  describe("homes", async () => (await import("./suites/homes.mjs")).homes(shared));
  describe("grid_refined", async () => (await import("./suites/grid_refined.mjs")).gridRefined(shared));
});
