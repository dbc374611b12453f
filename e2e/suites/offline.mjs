// After one visit the page opens without a network; a new version is offered, not forced.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ENGINE_MS, inPage, pageDir } from "../harness.mjs";

const kept = (tarn) =>
  tarn.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return Boolean(registration.active);
  });

export function offline(shared) {
  test("without a network the page opens, and queries what it has", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("CREATE TABLE kept AS SELECT 7 AS seven");
      assert.ok(await kept(tarn));
      await tarn.page.waitForFunction(() => navigator.serviceWorker.controller, null, { timeout: ENGINE_MS });
      await tarn.page.context().setOffline(true);
      await tarn.page.reload();
      await tarn.ready();
      assert.equal(await tarn.run("SELECT seven FROM kept"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "7");
      await tarn.page.getByRole("button", { name: "Format the SQL" }).click();
      await tarn.page.locator(".cm-line").filter({ hasText: /^FROM$/ }).waitFor();
    }));

  test("a new version is offered and taken", () =>
    inPage(shared, async (tarn) => {
      await tarn.page.waitForFunction(() => navigator.serviceWorker.controller, null, { timeout: ENGINE_MS });
      const script = path.join(pageDir, "sw.js");
      const before = await readFile(script, "utf8");
      try {
        await writeFile(script, before.replace(/const VERSION = "\w+"/, 'const VERSION = "another"'));
        await tarn.editor.fill("SELECT 'stays'");
        await tarn.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
        const banner = tarn.page.getByText("A new version of Tarn is here.");
        await banner.waitFor({ timeout: ENGINE_MS });
        await tarn.page.getByRole("button", { name: "Take it" }).click();
        await banner.waitFor({ state: "detached" });
        await tarn.ready();
        assert.equal(await tarn.text(), "SELECT 'stays'");
        assert.deepEqual(await tarn.page.evaluate(() => caches.keys()), ["tarn-another"]);
      } finally {
        await writeFile(script, before);
      }
    }));

  test("the manifest makes it a program that opens files", () =>
    inPage(shared, async (tarn) => {
      const href = await tarn.page.locator("link[rel=manifest]").getAttribute("href");
      const manifest = await tarn.page.evaluate(async (href) => (await fetch(href)).json(), href);
      assert.equal(manifest.display, "standalone");
      assert.deepEqual(manifest.file_handlers[0].accept["application/vnd.apache.parquet"], [".parquet"]);
      const icon = await tarn.page.evaluate(async (src) => (await fetch(src)).status, manifest.icons[0].src);
      assert.equal(icon, 200);
    }));
}
