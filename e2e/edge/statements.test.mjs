// SQL by HTTP over an R2 bucket with real files.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { QUERY_MS, dataDir, startEdge } from "./edge.mjs";
import { serveFiles } from "./files.mjs";

describe("statements over R2", { timeout: 10 * QUERY_MS }, () => {
  let edge;

  before(async () => {
    edge = await startEdge();
    await edge.put("flights.parquet", "flights-3m.parquet");
    await edge.put("movies.json");
    await edge.put("data/airports.csv", "airports.csv");
  });
  after(() => edge?.stop());

  test("counts three million rows of a Parquet file", async () => {
    assert.deepEqual(await edge.rows("SELECT count(*) FROM parquet.`flights.parquet`"), [["3000000"]]);
  });

  test("groups and sorts them", async () => {
    const sql = "SELECT origin, count(*) AS n FROM parquet.`flights.parquet` GROUP BY origin ORDER BY n DESC, origin LIMIT 3";
    const answer = await edge.execute(sql);
    assert.equal(answer.status.state, "SUCCEEDED", JSON.stringify(answer.status));
    assert.deepEqual(
      answer.manifest.schema.columns.map((column) => [column.name, column.position, column.type_name, column.type_text]),
      [["origin", 0, "STRING", "STRING"], ["n", 1, "LONG", "BIGINT"]],
    );
    assert.equal(answer.manifest.total_row_count, 3);
    assert.equal(answer.result.row_count, 3);
    const counts = answer.result.data_array.map(([, n]) => Number(n));
    assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
    assert.ok(counts[0] > 100_000, `${counts}`);
  });

  test("reads JSON and CSV, in folders too", async () => {
    const movies = JSON.parse(await readFile(path.join(dataDir, "movies.json"), "utf8"));
    assert.deepEqual(await edge.rows("SELECT count(*) FROM json.`movies.json`"), [[String(movies.length)]]);
    const rows = await edge.rows(
      "SELECT iata, name FROM read_files('data/*.csv', format => 'csv') WHERE state = 'AK' ORDER BY iata LIMIT 2",
    );
    assert.equal(rows.length, 2);
  });

  test("says where a statement is wrong", async () => {
    const error = await edge.error("SELECT count(*)\nFROM parquet.`flights.parquet`\nWHER x = 1");
    assert.equal(error.error_code, "BAD_REQUEST");
    assert.match(error.message, /\(line 3, column \d+\)/);
  });

  test("offers the nearest name of a file and of a column", async () => {
    const file = await edge.error("SELECT * FROM json.`movie.json`");
    assert.equal(file.error_code, "NOT_FOUND");
    assert.match(file.message, /movies\.json/);
    const column = await edge.error("SELECT orign FROM parquet.`flights.parquet`");
    assert.equal(column.error_code, "NOT_FOUND");
    assert.match(column.message, /\(line 1, column 8\).*origin/);
  });

  test("writes files with COPY, and reads them back", async () => {
    for (const [format, target] of [["parquet", "out/ak.parquet"], ["csv", "out/ak.csv"], ["json", "out/ak.json"]]) {
      const select = "SELECT iata, name, latitude FROM csv.`data/airports.csv` WHERE state = 'AK'";
      await edge.rows(`COPY (${select}) TO '${target}'`);
      const [[written]] = await edge.rows(`SELECT count(*) FROM ${format}.\`${target}\``);
      const [[expected]] = await edge.rows(`SELECT count(*) FROM (${select})`);
      assert.equal(written, expected, format);
      const listed = await (await edge.bucket()).list({ prefix: "out/" });
      assert.ok(listed.objects.some((object) => object.key.startsWith(target)), format);
    }
  });

  test("writes a file of several parts", async () => {
    // Writers begin an upload in parts when they have 10 MiB; these rows are some 20.
    const select = "SELECT date, origin, destination, delay FROM parquet.`flights.parquet` LIMIT 600000";
    await edge.rows(`COPY (${select}) TO 'out/big.csv'`);
    const { size } = await (await edge.bucket()).head("out/big.csv");
    assert.ok(size > 15 << 20, `${size}`);
    assert.deepEqual(await edge.rows("SELECT count(*), count(delay) FROM csv.`out/big.csv`"), [["600000", "600000"]]);
  });

  test("cuts rows at row_limit and byte_limit, and says so", async () => {
    const sql = "SELECT * FROM csv.`data/airports.csv`";
    const byRows = await edge.execute(sql, { row_limit: 5 });
    assert.equal(byRows.manifest.truncated, true);
    assert.equal(byRows.result.data_array.length, 5);
    const byBytes = await edge.execute(sql, { byte_limit: 1000 });
    assert.equal(byBytes.manifest.truncated, true);
    assert.ok(JSON.stringify(byBytes.result.data_array).length <= 1002);
  });

  test("a result of a megabyte arrives whole", async () => {
    const rows = await edge.rows("SELECT * FROM csv.`data/airports.csv`");
    assert.equal(rows.length, 3376);
    assert.equal(rows.at(-1).length, 7);
  });

  test("a result too large for INLINE is an error that says what to do", async () => {
    const error = await edge.error("SELECT * FROM parquet.`flights.parquet`");
    assert.match(error.message, /too large.*25 MiB.*row_limit/);
    assert.deepEqual(await edge.rows("SELECT 1"), [["1"]]);
  });

  test("a query over the memory limit ends with an error, and the next one runs", async () => {
    const sql = "SELECT count(*) FROM (SELECT DISTINCT * FROM parquet.`flights.parquet`)";
    const error = await edge.error(sql);
    assert.equal(error.error_code, "RESOURCE_EXHAUSTED");
    assert.match(error.message, /memory.*MiB/);
    assert.deepEqual(await edge.rows("SELECT 1"), [["1"]]);
  });

  test("requests that come together are all answered", async () => {
    const sql = "SELECT count(*) FROM parquet.`flights.parquet` WHERE delay > ";
    const answers = await Promise.all([0, 60, 120].map((delay) => edge.rows(sql + delay)));
    const counts = answers.map(([[count]]) => Number(count));
    assert.ok(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0, `${counts}`);
  });

  test("a client that goes away keeps nobody waiting for long", async () => {
    const gone = new AbortController();
    const body = JSON.stringify({ statement: "SELECT * FROM parquet.`flights.parquet` ORDER BY delay, distance, date" });
    const asked = edge.fetch("/api/2.0/sql/statements", { method: "POST", body, signal: gone.signal });
    setTimeout(() => gone.abort(), 100);
    await assert.rejects(asked);
    assert.deepEqual(await edge.rows("SELECT 1"), [["1"]]);
  });

  test("broken requests and unknown addresses are refused in JSON", async () => {
    const broken = await edge.post("{");
    assert.equal(broken.status, 400);
    assert.equal((await broken.json()).error_code, "BAD_REQUEST");
    const format = await edge.post({ statement: "SELECT 1", format: "ARROW_STREAM", disposition: "EXTERNAL_LINKS" });
    assert.equal(format.status, 400);
    assert.match((await format.json()).message, /JSON_ARRAY/);
    const nowhere = await edge.fetch("/nowhere");
    assert.equal(nowhere.status, 404);
    assert.equal((await nowhere.json()).error_code, "ENDPOINT_NOT_FOUND");
  });

  describe("and files on a web server", () => {
    let server;
    before(async () => {
      server = await serveFiles(dataDir);
    });
    after(() => server?.close());

    test("reads a Parquet file by ranges, and not all of it", async () => {
      const sql = `SELECT count(*), min(delay), max(delay) FROM parquet.\`${server.url}/flights-3m.parquet\``;
      const [[count, min, max]] = await edge.rows(sql);
      assert.equal(count, "3000000");
      assert.ok(Number(min) < 0 && Number(max) > 0);
      const size = (await readFile(path.join(dataDir, "flights-3m.parquet"))).length;
      const read = server.requests.reduce((sum, request) => sum + request.bytes, 0);
      assert.ok(server.requests.every((request) => request.range), JSON.stringify(server.requests));
      assert.ok(read < size / 2, `${read} of ${size} bytes were read`);
    });

    test("keeps the query string of a URL", async () => {
      const url = `${server.url}/airports.csv?signature=a%2Fb`;
      assert.deepEqual(await edge.rows(`SELECT count(*) FROM csv.\`${url}\``), [["3376"]]);
      assert.ok(server.requests.some((request) => request.path === "/airports.csv?signature=a%2Fb"));
    });

    test("takes a file whole from a server without ranges", async () => {
      assert.deepEqual(await edge.rows(`SELECT count(*) FROM csv.\`${server.url}/whole/airports.csv\``), [["3376"]]);
    });

    test("a statement that waits too long is cancelled when it is asked for", async () => {
      const answer = await edge.execute(`SELECT count(*) FROM csv.\`${server.url}/never/airports.csv\``, {
        wait_timeout: "5s",
        on_wait_timeout: "CANCEL",
      });
      assert.deepEqual(answer.status, { state: "CANCELED" });
      assert.deepEqual(await edge.rows("SELECT 1"), [["1"]]);
    });

    test("says what is not there", async () => {
      const error = await edge.error(`SELECT * FROM csv.\`${server.url}/nothing.csv\``);
      assert.equal(error.error_code, "NOT_FOUND");
      assert.match(error.message, /http:.*nothing\.csv \(line 1, column \d+\)/);
    });
  });
});
