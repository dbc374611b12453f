// Where the engine lives: it may die, there may be two, and there may be no file system.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Tarn, data, inPage } from "../harness.mjs";

export function homes(shared) {
  test("a killed engine is started again, with the opened files, and the page says so", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      await tarn.run("SELECT 1 AS one");
      const sql = await tarn.text();
      await tarn.page.workers()[0].evaluate(() => self.close());
      await tarn.page.getByText("The engine stopped and was restarted.").waitFor();
      assert.equal(await tarn.text(), sql);
      assert.equal(await tarn.run("SELECT count(*) FROM parquet.`flights-3m.parquet`"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "3,000,000");
      assert.equal(tarn.page.workers().length, 1);
    }));

  test("an engine that is killed in the middle of a query fails that query only", () =>
    inPage(shared, async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      await tarn.start(
        "SELECT count(*) FROM parquet.`flights-3m.parquet` a CROSS JOIN parquet.`flights-3m.parquet` b " +
          "WHERE a.delay * b.distance = 123457",
      );
      await tarn.page.waitForTimeout(1_000);
      await tarn.page.workers()[0].evaluate(() => self.close());
      assert.equal(await tarn.ended(), "Failed");
      assert.equal(await tarn.run("SELECT 2 AS two"), "Finished");
    }));

  test("a full storage fails what is written, keeps what was, and says what to do", () =>
    inPage(
      shared,
      async (tarn) => {
      await tarn.openFiles(data("flights-3m.parquet"));
      assert.equal(await tarn.run("COPY (SELECT 4 AS n) TO 'four.parquet'"), "Finished");
      const devtools = await tarn.page.context().newCDPSession(tarn.page);
      const { origin } = new URL(shared.url);
      await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1_000_000 });
      assert.equal(await tarn.run("COPY (SELECT * FROM parquet.`flights-3m.parquet`) TO 'all.parquet'"), "Failed");
      assert.match(await tarn.alert.innerText(), /full[\s\S]*not needed/i);
      assert.equal(await tarn.fileRow("all.parquet").count(), 0);
      assert.equal(await tarn.run("SELECT n FROM parquet.`four.parquet`"), "Finished");
      assert.equal(await tarn.cell(0, 0).textContent(), "4");
      // Nothing of the file that did not fit is left to take room.
      await devtools.send("Storage.overrideQuotaForOrigin", { origin });
      const { usage } = await devtools.send("Storage.getUsageAndQuota", { origin });
      assert.ok(usage < 1_000_000, `${usage} bytes are in use`);
      },
      // What the page keeps of itself counts, too.
      { context: { serviceWorkers: "block" } },
    ));

  test("two tabs work at once and see the files that either wrote", () =>
    inPage(shared, async (one) => {
      const two = await Tarn.open(one.page.context(), shared.url);
      await Promise.all([
        one.run("COPY (SELECT 1 AS n) TO 'one.parquet'"),
        two.run("COPY (SELECT 2 AS n) TO 'two.parquet'"),
      ]);
      assert.equal(await one.run("SELECT n FROM parquet.`two.parquet`"), "Finished");
      assert.equal(await one.cell(0, 0).textContent(), "2");
      assert.equal(await two.run("SELECT n FROM parquet.`one.parquet`"), "Finished");
      assert.equal(await two.cell(0, 0).textContent(), "1");
    }));

  test("on plain http it works in memory and says so", () =>
    inPage(
      shared,
      async (tarn) => {
        assert.equal(await tarn.page.evaluate(() => isSecureContext), false);
        await tarn.openFiles(data("airports.csv"));
        assert.equal(await tarn.run("SELECT count(*) FROM csv.`airports.csv`"), "Finished");
        assert.equal(await tarn.cell(0, 0).textContent(), "3,376");
        assert.equal(await tarn.run("COPY (SELECT 3 AS n) TO 'three.parquet'"), "Finished");
        assert.equal(await tarn.run("SELECT n FROM parquet.`three.parquet`"), "Finished");
        // Without locks a silent engine is noticed by its silence.
        await tarn.page.workers()[0].evaluate(() => self.close());
        await tarn.page.getByText("The engine stopped and was restarted.").waitFor({ timeout: 30_000 });
        assert.equal(await tarn.run("SELECT count(*) FROM csv.`airports.csv`"), "Finished");
      },
      { url: shared.insecureUrl, expectPlace: /in memory/ },
    ));
}
