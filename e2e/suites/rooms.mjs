// The home and compute rooms: samples, what was worked on last, memory, what runs, clearing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { QUERY_MS, inPage } from "../harness.mjs";

export function rooms(shared) {
  test("a first visit begins at home, and a sample is one press away", () =>
    inPage(
      shared,
      async (tarn) => {
        await tarn.page.getByRole("heading", { name: "Open your data" }).waitFor();
        for (const [title, word] of [
          ["Flights", "ORD"],
          ["Weather", "New York"],
          ["Airports", "AK"],
          ["Earthquakes", "km"],
          ["Movies", "Toy Story 3"],
        ]) {
          await tarn.page.goto(`${shared.url}#/home`);
          await tarn.page.getByRole("button", { name: new RegExp(`^${title}`) }).click();
          await tarn.page.locator(".code-editor .cm-content").waitFor();
          await tarn.page.locator(".run-bar").getByRole("button", { name: /^Run/ }).click();
          assert.equal(await tarn.ended(), "Finished", title);
          await tarn.grid.getByText(word).first().waitFor();
        }
      },
      { url: `${shared.url}#/home` },
    ));

  test("TPC-H is made beside the work, and kept", () =>
    inPage(
      shared,
      async (tarn) => {
        await tarn.page.getByRole("button", { name: "Make", exact: true }).click();
        await tarn.page.getByText(/^Making region/).first().waitFor();
        await tarn.page.locator(".cm-line").filter({ hasText: "TPC-H query 1" }).waitFor({ timeout: 3 * QUERY_MS });
        await tarn.page.locator(".run-bar").getByRole("button", { name: /^Run/ }).click();
        assert.equal(await tarn.ended(), "Finished");
        assert.equal(await tarn.cell(0, 0).textContent(), "A");
        assert.equal(await tarn.cell(0, 6).textContent(), "14,876");
        await tarn.run("SELECT count(*) AS n FROM tpch.orders");
        assert.equal(await tarn.cell(0, 0).textContent(), "15,000");
      },
      { url: `${shared.url}#/home` },
    ));

  test("the compute room shows what runs and stops it", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("SELECT value AS n FROM generate_series(1, 200000)");
      await tarn.page.keyboard.press("Alt+n");
      await tarn.textIs("");
      await tarn.start("SELECT count(*) FROM generate_series(1, 100000) a CROSS JOIN generate_series(1, 1000000) b");
      await tarn.page.getByRole("link", { name: "Compute" }).click();
      const run = tarn.page.locator(".compute-run");
      await run.filter({ hasText: "CROSS JOIN" }).waitFor();
      await tarn.page.getByRole("row", { name: /^Results [\d.]+ MB/ }).waitFor();
      await run.getByRole("button", { name: "Stop" }).click();
      await tarn.page.getByText("Nothing runs").waitFor();
      await tarn.page.getByRole("link", { name: "Query" }).click();
      assert.equal((await tarn.state.textContent()).trim(), "Stopped");
    }));

  test("data is cleared when the word is typed", () =>
    inPage(shared, async (tarn) => {
      await tarn.run("CREATE TABLE gone AS SELECT 1 AS a; COPY (SELECT 2 AS b) TO 'gone.csv'");
      await tarn.page.getByRole("link", { name: "Compute" }).click();
      await tarn.page.getByRole("button", { name: "Clear data…" }).click();
      const sheet = tarn.page.getByRole("dialog", { name: "Clear data" });
      assert.ok(await sheet.getByRole("button", { name: "Clear all data" }).isDisabled());
      await sheet.getByRole("textbox").fill("clear");
      await sheet.getByRole("button", { name: "Clear all data" }).click();
      await tarn.page.getByText("The tables and files of this browser are gone.").waitFor();
      await tarn.page.getByRole("link", { name: "Query" }).click();
      assert.equal(await tarn.run("SELECT * FROM gone"), "Failed");
    }));
}
