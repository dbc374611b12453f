// S3-compatible storage from a page, against a real server: keys for the session, ranges, writing.

import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { data, inPage } from "../harness.mjs";
import { startS3 } from "../s3.mjs";

export function s3(shared) {
  let server;
  before(async () => {
    server = await startS3();
    await copyFile(data("flights-3m.parquet"), path.join(server.folder, "two words+flights.parquet"));
  });
  after(() => server?.close());

  async function giveKeys(tarn, secret) {
    await tarn.page.getByRole("button", { name: "Keys for S3" }).click();
    const sheet = tarn.page.getByRole("dialog", { name: "Keys for S3" });
    await sheet.getByLabel("Bucket", { exact: true }).fill(server.bucket);
    await sheet.getByLabel("Endpoint").fill(server.s3);
    await sheet.getByLabel("Access key id").fill(server.access_key);
    await sheet.getByLabel("Secret access key").fill(secret);
    await sheet.getByLabel("The bucket is in the path").check();
    await sheet.getByRole("button", { name: "Use these keys" }).click();
    await tarn.page.getByText(`s3://${server.bucket} is ready to query.`).waitFor();
  }

  test("a bucket is read, written and read again, with keys that are kept nowhere", () =>
    inPage(shared, async (tarn) => {
      await giveKeys(tarn, server.secret_key);
      const lake = `s3://${server.bucket}`;
      const count = `SELECT count(*) FROM parquet.\`${lake}/two words+flights.parquet\``;
      assert.equal(await tarn.run(count), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "3,000,000");
      assert.equal(await tarn.run(`COPY (SELECT 7 AS n) TO '${lake}/out/seven.parquet'`), "Finished");
      assert.equal(await tarn.run(`SELECT n FROM parquet.\`${lake}/out\``), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "7");
      const kept = await tarn.page.evaluate(async () => {
        const databases = (await indexedDB.databases()).map((each) => each.name);
        return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases]);
      });
      assert.ok(!kept.includes(server.secret_key), kept);
    }));

  test("a wrong secret is said to be one", () =>
    inPage(shared, async (tarn) => {
      await giveKeys(tarn, "not the secret");
      const sql = `SELECT count(*) FROM parquet.\`s3://${server.bucket}/two words+flights.parquet\``;
      assert.equal(await tarn.run(sql), "Failed");
      assert.match(await tarn.alert.innerText(), /keys|refused|denied|permission/i);
    }));
}
