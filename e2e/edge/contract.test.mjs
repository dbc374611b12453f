// The contract of stores, over R2 in workerd: worker/edge/examples/r2_contract.rs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { QUERY_MS, contractDir, startEdge } from "./edge.mjs";

test("R2 keeps the contract of stores", { timeout: 2 * QUERY_MS }, async (t) => {
  const entry = `
    import wasm from "./r2_contract_bg.wasm";
    import { contract, initSync } from "./r2_contract.js";
    export default {
      async fetch(request, env) {
        initSync({ module: wasm });
        const failed = new Promise((_, reject) => {
          globalThis.contractFailed = (message) => reject(new Error(message));
        });
        try {
          await Promise.race([contract(env), failed]);
          return new Response("kept");
        } catch (error) {
          return new Response(error.message, { status: 500 });
        }
      },
    };`;
  const edge = await startEdge({ main: "contract.mjs", modules: { "contract.mjs": entry }, dir: contractDir });
  t.after(() => edge.stop());
  const response = await edge.fetch("/");
  assert.equal(await response.text(), "kept");
});
