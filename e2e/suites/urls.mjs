// Files by URL, from another origin.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { data, inPage } from "../harness.mjs";
import { serve } from "../server.mjs";

export function urls(shared) {
  let open;
  let closed;
  before(async () => {
    const folder = path.dirname(data("movies.json"));
    open = await serve(folder, { allowOrigin: "*" });
    closed = await serve(folder);
  });
  after(() => Promise.all([open?.close(), closed?.close()]));

  test("a URL is queried where it lies, by ranges, with its query string", () =>
    inPage(shared, async (tarn) => {
      const asked = [];
      const url = `http://127.0.0.1:${open.port}/flights-3m.parquet?signature=a%2Fb`;
      await tarn.page.context().route(`http://127.0.0.1:${open.port}/**`, (route) => {
        asked.push({ url: route.request().url(), range: route.request().headers().range });
        return route.continue();
      });
      await tarn.page.getByLabel("URL of a file or folder").fill(url);
      await tarn.page.getByRole("button", { name: "Add this URL" }).click();
      await tarn.page.locator(".file-text").filter({ hasText: "flights-3m.parquet" }).waitFor();
      assert.match(await tarn.text(), /SELECT \* FROM parquet\.`http:.*signature=a%2Fb` LIMIT 100/);
      assert.equal(await tarn.run(`SELECT count(*) FROM parquet.\`${url}\``), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "3,000,000");
      for (const request of asked) {
        assert.ok(request.url.endsWith("?signature=a%2Fb"), request.url);
      }
    }));

  test("a URL that is not there, and one that CORS keeps away, are told apart from an empty table", () =>
    inPage(shared, async (tarn) => {
      assert.equal(await tarn.run(`SELECT * FROM parquet.\`http://127.0.0.1:${open.port}/none.parquet\``), "Failed");
      assert.match(await tarn.alert.innerText(), /404|not found|does not exist|no file/i);
      assert.equal(await tarn.run(`SELECT * FROM json.\`http://127.0.0.1:${closed.port}/movies.json\``), "Failed");
      const text = await tarn.alert.innerText();
      assert.match(text, /CORS/);
      assert.match(text, new RegExp(`127\\.0\\.0\\.1:${closed.port}`));
    }));

  test("what is not a URL is refused beside the field", () =>
    inPage(shared, async (tarn) => {
      await tarn.page.getByLabel("URL of a file or folder").fill("movies");
      await tarn.page.getByLabel("URL of a file or folder").press("Enter");
      await tarn.page.getByText("A URL starts with https:// or s3://.").waitFor();
    }));
}
