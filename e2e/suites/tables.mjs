// Delta tables on the page: made by SQL, there after a reload, each version a click away, out and in with their logs.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { Tarn, inPage } from "../harness.mjs";
import { serve } from "../server.mjs";
import { startS3 } from "../s3.mjs";

const ORDERS = `CREATE TABLE orders (id BIGINT, customer STRING, amount DECIMAL(10,2));
INSERT INTO orders VALUES (1, 'Ada', 12.50), (2, 'Grace', 7.25), (3, 'Edith', 19.00);
UPDATE orders SET amount = 8.25 WHERE id = 2;
DELETE FROM orders WHERE id = 1`;

/** The data room, with a person's hands. */
class Room {
  constructor(tarn) {
    this.tarn = tarn;
    this.page = tarn.page;
    this.list = tarn.page.locator(".data-list");
    this.panel = tarn.page.locator("#table-panel");
    this.rows = tarn.page.getByRole("grid", { name: "Rows of the table" });
    this.changes = tarn.page.getByRole("grid", { name: "Changes of rows" });
  }

  async open(hash = "#/data") {
    await this.page.evaluate((hash) => (location.hash = hash), hash);
    await this.page.locator(hash === "#/query" ? ".query" : ".data").waitFor();
  }

  table(name) {
    return this.list.getByRole("link", { name });
  }

  async tab(name) {
    await this.page.getByRole("tab", { name }).click();
  }

  /** All cells of a grid, row by row. */
  async cells(grid) {
    await grid.locator("[data-row]").first().waitFor();
    const columns = Number(await grid.getAttribute("aria-colcount")) - 1;
    await grid.locator(`[data-column="${columns - 1}"][data-row]`).first().waitFor();
    await grid.locator(".grid-awaited").waitFor({ state: "detached" });
    return grid.evaluate((element) => {
      const rows = new Map();
      for (const cell of element.querySelectorAll("[data-row][data-column]")) {
        const row = Number(cell.dataset.row);
        if (!rows.has(row)) rows.set(row, []);
        rows.get(row)[Number(cell.dataset.column)] = cell.querySelector(".grid-text")?.textContent;
      }
      return [...rows.entries()].sort(([a], [b]) => a - b).map(([, cells]) => cells);
    });
  }
}

async function withOrders(tarn) {
  assert.equal(await tarn.run(ORDERS), "Finished", await alertText(tarn));
  return new Room(tarn);
}

const alertText = async (tarn) => ((await tarn.alert.count()) > 0 ? tarn.alert.innerText() : undefined);

/** Drops files as a folder is dropped: their paths are relative to it. */
async function openFolder(tarn, folder) {
  await tarn.page.getByLabel("Folder to open").setInputFiles(folder);
}

/** The newest rows of a table, by its name in SQL, in order. */
async function rowsOf(tarn, sql) {
  assert.equal(await tarn.run(sql), "Finished", await alertText(tarn));
  return new Room(tarn).cells(tarn.grid);
}

const NOW = [
  ["2", "Grace", "8.25"],
  ["3", "Edith", "19.00"],
];

export function tables(shared) {
  let folder;
  let server;
  let s3;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "tarn-tables-"));
    const tarn = process.env.TARN_BIN;
    assert.ok(tarn, "TARN_BIN names the native binary, which writes the table that is dropped");
    execFileSync(tarn, ["sql", "--lake", folder, ORDERS]);
    server = await serve(folder, { allowOrigin: "*" });
    s3 = await startS3();
  });
  after(async () => {
    await server?.close();
    await s3?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("a table is made, filled and changed; each statement says what it did; it is there after a reload", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      assert.equal(await tarn.cell(0, 0).textContent(), "1");
      await tarn.page.getByRole("tab", { name: /INSERT 3 rows changed/ }).waitFor();
      await tarn.page.reload();
      await tarn.ready();
      await room.open();
      await room.table("orders").click();
      await room.page.waitForURL(/#\/data\/main\.default\.orders$/);
      assert.deepEqual((await room.cells(room.rows)).sort(), NOW);
      await room.page.locator(".table-figures").getByText("version").first().waitFor();
    }));

  test("a write in one room, or in another tab, is seen in the other", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      const other = await Tarn.open(tarn.page.context(), `${shared.url}#/data/main.default.orders`);
      const seen = new Room(other);
      assert.equal((await seen.cells(seen.rows)).length, 2);
      assert.equal(await tarn.run("INSERT INTO orders VALUES (4, 'Mary', 1.00)"), "Finished");
      await seen.rows.locator('[data-row="2"]').first().waitFor();
      await room.open("#/data/main.default.orders");
      assert.equal((await room.cells(room.rows)).length, 3);
    }));

  test("each version is a click away, and back goes back", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await room.open("#/data/main.default.orders");
      await room.tab("History");
      const versions = room.page.locator(".version");
      await versions.nth(3).waitFor();
      const operations = await versions.locator(".version-operation").allTextContents();
      assert.deepEqual(operations, ["DELETE", "UPDATE", "WRITE", "CREATE TABLE"]);
      assert.deepEqual(
        (await versions.locator(".version-summary").allTextContents()).slice(0, 3),
        ["1 row deleted", "1 row updated", "3 rows added"],
      );
      await room.page.getByRole("button", { name: "Details of version 1" }).click();
      await versions.getByText("numOutputRows").waitFor();
      await versions.getByRole("link", { name: "1", exact: true }).click();
      await room.page.getByText("Version 1 of 3").waitFor();
      assert.deepEqual((await room.cells(room.rows)).sort(), [
        ["1", "Ada", "12.50"],
        ["2", "Grace", "7.25"],
        ["3", "Edith", "19.00"],
      ]);
      await room.tab("Schema");
      await room.panel.getByText("decimal(10,2)").waitFor();
      await room.page.goBack();
      await room.page.goBack();
      await versions.first().waitFor();
      await room.page.goForward();
      await room.page.getByRole("link", { name: "Back to the newest" }).click();
      await room.page.getByText("Version 1 of 3").waitFor({ state: "detached" });
      assert.equal((await room.cells(room.rows)).length, 2);
    }));

  test("two versions are compared row by row, and a row that is there twice counts twice", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await tarn.run("INSERT INTO orders VALUES (3, 'Edith', 19.00), (3, 'Edith', 19.00)");
      await room.open("#/data/main.default.orders/history");
      await room.page.getByRole("link", { name: "Changes of version 2" }).click();
      await room.page.getByText("1 row added, 1 row removed.").waitFor();
      assert.deepEqual(await room.cells(room.changes), [
        ["removed", "1", "2", "Grace", "7.25"],
        ["added", "1", "2", "Grace", "8.25"],
      ]);
      const form = room.page.getByRole("form", { name: "Compare versions" });
      await form.getByLabel("From version").fill("3");
      await form.getByLabel("to", { exact: true }).fill("4");
      await form.getByRole("button", { name: "Compare" }).click();
      await room.page.getByText("2 rows added, 0 rows removed.").waitFor();
      assert.deepEqual(await room.cells(room.changes), [["added", "2", "3", "Edith", "19.00"]]);
      await form.getByLabel("to", { exact: true }).fill("99");
      await form.getByRole("button", { name: "Compare" }).click();
      await room.page.getByText("A version is a number from 0 to 4.").waitFor();
    }));

  test("with a change feed, the changes are also told as they were made", () =>
    inPage(shared, async (tarn) => {
      const room = new Room(tarn);
      await tarn.run(
        "CREATE TABLE fed (n INT) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true');" +
          "INSERT INTO fed VALUES (1), (2); UPDATE fed SET n = 3 WHERE n = 2",
      );
      await room.open("#/data/main.default.fed/history/1..2");
      await room.page.getByRole("button", { name: "Show the change feed" }).click();
      await room.changes.getByText("update_postimage").waitFor();
      const kinds = (await room.cells(room.changes)).map((row) => row.find((cell) => /image/.test(cell))).sort();
      assert.deepEqual(kinds, ["update_postimage", "update_preimage"]);
    }));

  test("files have their sizes and statistics, and properties are shown", () =>
    inPage(shared, async (tarn) => {
      const room = new Room(tarn);
      await tarn.run(
        "CREATE TABLE parts (n INT, day DATE) PARTITIONED BY (day) TBLPROPERTIES ('a.b' = 'c');" +
          "INSERT INTO parts VALUES (7, DATE '2026-01-01'), (9, DATE '2026-01-01'), (NULL, DATE '2026-01-02')",
      );
      await room.open("#/data/main.default.parts/files");
      const files = room.panel.locator(".plain-wide > tbody > tr");
      await files.nth(1).waitFor();
      const one = files.filter({ hasText: "day = 2026-01-01" });
      await one.getByRole("button", { name: /^Statistics of / }).click();
      const bounds = room.panel.locator(".plain-inner tbody tr").filter({ hasText: /^n/ });
      assert.deepEqual(await bounds.locator("td").allTextContents(), ["n", "7", "9", "0"]);
      await room.tab("Properties");
      await room.panel.getByText("a.b").first().waitFor();
      await room.tab("Schema");
      await room.panel.getByText("partition", { exact: true }).waitFor();
    }));

  test("a dropped folder is one table, not many files, and is kept with its history", () =>
    inPage(shared, async (tarn) => {
      const room = new Room(tarn);
      await openFolder(tarn, path.join(folder, "main/default/orders"));
      await tarn.fileRow("orders").waitFor();
      assert.match(await tarn.text(), /^SELECT \* FROM delta\.`orders` LIMIT 100\s*$/);
      assert.deepEqual((await rowsOf(tarn, "SELECT * FROM delta.`orders` ORDER BY id")), NOW);
      await room.open();
      await room.table("orders").click();
      assert.equal((await room.cells(room.rows)).length, 2);
      await room.page.getByRole("button", { name: "Keep as table" }).click();
      const sheet = room.page.getByRole("dialog", { name: "Keep as table" });
      assert.equal(await sheet.getByLabel("To").inputValue(), "main.default.orders");
      await sheet.getByRole("button", { name: "Copy" }).click();
      await room.page.waitForURL(/#\/data\/main\.default\.orders$/);
      await room.page.reload();
      await tarn.ready();
      await room.tab("History");
      await room.page.locator(".version").nth(3).waitFor();
      await room.open("#/query");
      await tarn.run("INSERT INTO orders VALUES (5, 'Joan', 2.00)");
      assert.equal((await rowsOf(tarn, "SELECT * FROM orders")).length, 3);
    }));

  test("a table goes out as a zip that other programs read, and comes in again", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await room.open("#/data/main.default.orders");
      await room.rows.waitFor();
      const download = room.page.waitForEvent("download");
      await room.page.locator(".table-actions").getByRole("button", { name: "Zip" }).click();
      const zip = await (await download).path();
      const work = await mkdtemp(path.join(tmpdir(), "tarn-zip-"));
      try {
        // Python checks the CRC of each file.
        execFileSync("python3", ["-m", "zipfile", "-e", zip, work]);
        assert.equal((await readdir(path.join(work, "orders/_delta_log"))).length, 4);
        const sql = "SELECT count(*) AS n FROM delta.`orders`";
        const counted = execFileSync(process.env.TARN_BIN, ["sql", "--lake", work, "--format", "csv", sql], { encoding: "utf8" });
        assert.match(counted, /^n\r?\n2\r?\n/);

        // Once as it went out, once as another program packs it.
        execFileSync("python3", ["-c", PACK, path.join(work, "orders"), path.join(work, "packed.zip")]);
        const stored = await readFile(zip);
        const deflated = await readFile(path.join(work, "packed.zip"));
        await room.open();
        for (const [name, buffer] of [["stored", stored], ["packed", deflated]]) {
          const file = { name: `${name}.zip`, mimeType: "application/zip", buffer };
          await room.page.getByLabel("Files to open").setInputFiles(file);
          await room.page.waitForURL(new RegExp(`#/data/delta%3A${name}$`));
          assert.deepEqual((await room.cells(room.rows)).sort(), NOW);
        }
        await room.page.getByRole("button", { name: "Keep as table" }).click();
        await room.page.getByRole("dialog").getByRole("button", { name: "Copy" }).click();
        await room.page.waitForURL(/#\/data\/main\.default\.packed$/);
        await room.open("#/query");
        assert.deepEqual(await rowsOf(tarn, "SELECT * FROM packed ORDER BY id"), NOW);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    }));

  test("the whole lake goes out as one zip, and all its tables come in", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await tarn.run("CREATE TABLE main.sales.notes (t STRING); INSERT INTO main.sales.notes VALUES ('x')");
      await room.open();
      const download = room.page.waitForEvent("download");
      await room.page.getByRole("button", { name: "Save the lake as a zip" }).click();
      const zip = await readFile(await (await download).path());
      await inPage(shared, async (fresh) => {
        const into = new Room(fresh);
        await into.open();
        const file = { name: "lake.zip", mimeType: "application/zip", buffer: zip };
        await into.page.getByLabel("Files to open").setInputFiles(file);
        await into.page.getByRole("button", { name: "Keep all opened tables" }).click();
        await into.page.getByText("All opened tables are kept.").waitFor();
        await into.open("#/query");
        assert.deepEqual(await rowsOf(fresh, "SELECT * FROM orders ORDER BY id"), NOW);
        assert.deepEqual(await rowsOf(fresh, "SELECT * FROM main.sales.notes"), [["x"]]);
      });
    }));

  test("a table goes into a folder on the disk", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      // No test can press a button of the browser's own dialog.
      await room.page.evaluate(() => {
        window.showDirectoryPicker = async () =>
          (await navigator.storage.getDirectory()).getDirectoryHandle("on the disk", { create: true });
      });
      await room.open("#/data/main.default.orders");
      const folderButton = room.page.locator(".table-actions").getByRole("button", { name: "Folder" });
      await folderButton.click();
      await room.page.getByText("Saved orders.").waitFor();
      await folderButton.click();
      await room.page.getByText("There is a table orders in that folder").waitFor();
      await room.open("#/query");
      assert.deepEqual(await rowsOf(tarn, "SELECT * FROM delta.`on the disk/orders` ORDER BY id"), NOW);
    }));

  test("a table by URL is read where it lies", () =>
    inPage(shared, async (tarn) => {
      const room = new Room(tarn);
      const url = `http://127.0.0.1:${server.port}/main/default/orders`;
      await room.open();
      await room.page.getByLabel("URL of a Delta table").fill(url);
      await room.page.getByRole("button", { name: "Open this URL" }).click();
      assert.deepEqual((await room.cells(room.rows)).sort(), NOW);
      await room.page.reload();
      await tarn.ready();
      await room.tab("History");
      await room.page.locator(".version").nth(3).waitFor();
      await room.table("orders").waitFor();
      await room.open("#/query");
      await room.page.getByLabel("URL of a file or folder").fill(url);
      await room.page.getByRole("button", { name: "Add this URL" }).click();
      await room.page.locator(".cm-line").filter({ hasText: "delta.`http" }).waitFor();
    }));

  test("a table goes to a bucket and comes back", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await room.page.getByRole("button", { name: "Keys for S3" }).click();
      const keys = room.page.getByRole("dialog", { name: "Keys for S3" });
      await keys.getByLabel("Bucket", { exact: true }).fill(s3.bucket);
      await keys.getByLabel("Endpoint").fill(s3.s3);
      await keys.getByLabel("Access key id").fill(s3.access_key);
      await keys.getByLabel("Secret access key").fill(s3.secret_key);
      await keys.getByLabel("The bucket is in the path").check();
      await keys.getByRole("button", { name: "Use these keys" }).click();
      await room.page.getByText(`s3://${s3.bucket} is ready to query.`).waitFor();
      const url = `s3://${s3.bucket}/tables/orders`;
      await copyTo(room, "main.default.orders", "Copy to…", url);
      await room.page.getByText(`Copied to ${url}.`).waitFor();
      await room.page.getByLabel("URL of a Delta table").fill(url);
      await room.page.getByRole("button", { name: "Open this URL" }).click();
      await room.page.waitForURL(/#\/data\/delta%3As3/);
      assert.deepEqual((await room.cells(room.rows)).sort(), NOW);
      await copyTo(room, null, "Keep as table", "main.default.back");
      await room.page.waitForURL(/#\/data\/main\.default\.back$/);
      assert.deepEqual((await room.cells(room.rows)).sort(), NOW);
      // Where a table is, none is written over it.
      await copyTo(room, "main.default.orders", "Copy to…", "main.default.back");
      await room.page.getByRole("dialog").getByText("There is a table at main/default/back already").waitFor();
    }));

  test("a table is deleted with a way back", () =>
    inPage(shared, async (tarn) => {
      const room = await withOrders(tarn);
      await room.open();
      await room.table("orders").hover();
      await room.page.getByRole("button", { name: "Delete orders" }).click();
      await room.table("orders").waitFor({ state: "detached" });
      await room.page.getByRole("button", { name: "Undo" }).click();
      await room.table("orders").click();
      assert.equal((await room.cells(room.rows)).length, 2);
    }));

  test("two tabs append at once, and no row is lost", () =>
    inPage(shared, async (one) => {
      assert.equal(await one.run("CREATE TABLE both (tab INT, n INT)"), "Finished");
      const two = await Tarn.open(one.page.context(), shared.url);
      const inserts = (tab) => Array.from({ length: 8 }, (_, n) => `INSERT INTO both VALUES (${tab}, ${n})`).join(";");
      const ended = await Promise.all([one.run(inserts(1)), two.run(inserts(2))]);
      assert.deepEqual(ended, ["Finished", "Finished"], `${await alertText(one)} ${await alertText(two)}`);
      assert.deepEqual(await rowsOf(one, "SELECT tab, count(*), sum(n) FROM both GROUP BY tab ORDER BY tab"), [
        ["1", "8", "28"],
        ["2", "8", "28"],
      ]);
      assert.equal(await one.run("DESCRIBE HISTORY both"), "Finished");
      assert.equal(await one.grid.getAttribute("aria-rowcount"), "18");
    }));

  test("the browser is asked to keep the first table, and the page says what it answered", () =>
    inPage(shared, async (tarn) => {
      await tarn.page.evaluate(() => {
        window.asked = 0;
        let isPersisted = false;
        Object.defineProperty(navigator.storage, "persisted", { value: async () => isPersisted });
        Object.defineProperty(navigator.storage, "persist", {
          value: async () => {
            window.asked += 1;
            return (isPersisted = true);
          },
        });
      });
      const room = new Room(tarn);
      await room.open();
      await room.page.getByText("The browser may evict it.").waitFor();
      await room.open("#/query");
      await withOrders(tarn);
      await room.open();
      await room.page.getByText("Kept until you clear it.").waitFor();
      await room.page.getByText(/^[\d.]+ \w+ of [\d.]+ \w+ used$/).waitFor();
      assert.equal(await room.page.evaluate(() => window.asked), 1);
    }));

  test("a broken table says what is broken", () =>
    inPage(shared, async (tarn) => {
      const work = await mkdtemp(path.join(tmpdir(), "tarn-broken-"));
      try {
        await mkdir(path.join(work, "broken/_delta_log"), { recursive: true });
        await writeFile(path.join(work, "broken/_delta_log/00000000000000000000.json"), '{"metaData":');
        const room = new Room(tarn);
        await room.open();
        await openFolder(tarn, path.join(work, "broken"));
        await room.page.waitForURL(/delta%3Abroken$/);
        await room.panel.locator(".error-message").getByText("00000000000000000000.json").waitFor();
        await room.panel.getByRole("button", { name: "Try again" }).waitFor();
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    }));
}

/** Copies the table that is open, or the one of this name. */
async function copyTo(room, name, button, to) {
  if (name) await room.open(`#/data/${name}`);
  await room.page.locator(".table-actions").getByRole("button", { name: button }).click();
  const sheet = room.page.getByRole("dialog");
  await sheet.getByLabel("To").fill(to);
  await sheet.getByRole("button", { name: "Copy", exact: true }).click();
}

/** Packs the content of a folder with compression, without the folder itself. */
const PACK = `
import sys, os, zipfile
root, to = sys.argv[1:]
with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
    for folder, _, names in os.walk(root):
        for name in names:
            file = os.path.join(folder, name)
            packed.write(file, os.path.relpath(file, root))
`;
