// Who may ask, and what happens when there is no lake or the engine fails.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { QUERY_MS, startEdge } from "./edge.mjs";

describe("access", { timeout: 10 * QUERY_MS }, () => {
  test("a worker with a token answers only those who have it", async (t) => {
    const edge = await startEdge({ bindings: { TARN_TOKEN: "dapi-secret" } });
    t.after(() => edge.stop());
    const statement = "SELECT 1";
    for (const authorization of [undefined, "Bearer", "Bearer wrong", "Bearer dapi-secre", "Bearer dapi-secret2", "Basic dapi-secret"]) {
      const response = await edge.post({ statement }, authorization ? { Authorization: authorization } : {});
      assert.equal(response.status, 401, authorization);
      assert.equal((await response.json()).error_code, "UNAUTHENTICATED");
    }
    for (const authorization of ["Bearer dapi-secret", "bearer dapi-secret"]) {
      const response = await edge.post({ statement }, { Authorization: authorization });
      assert.equal(response.status, 200, authorization);
      assert.deepEqual((await response.json()).result.data_array, [["1"]]);
    }
  });

  test("an empty token opens for nobody", async (t) => {
    const edge = await startEdge({ bindings: { TARN_TOKEN: "" } });
    t.after(() => edge.stop());
    for (const headers of [{}, { Authorization: "Bearer " }, { Authorization: "Bearer" }]) {
      assert.equal((await edge.post({ statement: "SELECT 1" }, headers)).status, 401);
    }
  });

  test("a worker without a lake says what to bind", async (t) => {
    const edge = await startEdge({ r2Buckets: [] });
    t.after(() => edge.stop());
    const response = await edge.post({ statement: "SELECT 1" });
    assert.equal(response.status, 500);
    assert.match((await response.json()).message, /LAKE.*S3_BUCKET/);
  });

  test("after the engine failed, the next request finds a new one", async (t) => {
    // A bucket whose answers are impossible makes the bindings panic, as a fault in the engine would.
    const entry = `
      import shim from "./shim.mjs";
      class R2Bucket {
        async head() { return { get key() { throw new Error("impossible"); }, get uploaded() { throw new Error("impossible"); } }; }
        async get() { return this.head(); }
        async list() { return { objects: [], truncated: false, delimitedPrefixes: [] }; }
      }
      export default {
        fetch(request, env, context) {
          const isBroken = request.headers.get("x-broken") === "yes";
          return shim.fetch(request, isBroken ? { ...env, LAKE: new R2Bucket() } : env, context);
        },
      };`;
    const handleRuntimeStdio = (...streams) => streams.forEach((stream) => stream.resume());
    const edge = await startEdge({ main: "broken.mjs", modules: { "broken.mjs": entry }, handleRuntimeStdio });
    t.after(() => edge.stop());
    await (await edge.bucket()).put("n.csv", "n\n1\n");
    const statement = "SELECT n FROM csv.`n.csv`";
    for (let round = 0; round < 3; round++) {
      const response = await edge.post({ statement }, { "x-broken": "yes" });
      assert.equal(response.status, 500);
      const { error_code: code, message } = await response.json();
      assert.equal(code, "INTERNAL_ERROR");
      assert.match(message, /The engine failed/);
      assert.deepEqual(await edge.rows(statement), [["1"]]);
    }
  });
});
