// S3 as the lake of an edge worker, against a real server, by signed requests.

import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startS3 } from "../s3.mjs";
import { QUERY_MS, dataDir, startEdge } from "./edge.mjs";

describe("S3", { timeout: 10 * QUERY_MS }, () => {
  let server;
  let bindings;
  before(async () => {
    server = await startS3();
    await copyFile(path.join(dataDir, "flights-3m.parquet"), path.join(server.folder, "two words+flights.parquet"));
    bindings = {
      S3_BUCKET: server.bucket,
      S3_ENDPOINT: server.s3,
      S3_ACCESS_KEY_ID: server.access_key,
      S3_SECRET_ACCESS_KEY: server.secret_key,
    };
  });
  after(() => server?.close());

  test("is the lake where no R2 bucket is bound, and s3:// everywhere", async (t) => {
    const edge = await startEdge({ r2Buckets: [], bindings });
    t.after(() => edge.stop());
    assert.deepEqual(await edge.rows("SELECT count(*) FROM parquet.`two words+flights.parquet`"), [["3000000"]]);
    await edge.rows("COPY (SELECT 7 AS n) TO 'out/seven.parquet'");
    assert.deepEqual(await edge.rows(`SELECT n FROM parquet.\`s3://${server.bucket}/out\``), [["7"]]);
  });

  test("with a wrong secret says so", async (t) => {
    const edge = await startEdge({ r2Buckets: [], bindings: { ...bindings, S3_SECRET_ACCESS_KEY: "not the secret" } });
    t.after(() => edge.stop());
    const error = await edge.error("SELECT count(*) FROM parquet.`two words+flights.parquet`");
    assert.match(error.message, /keys|refused|denied|permission/i);
  });
});
