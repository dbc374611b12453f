// What a statement names, what may stand at a place in it, and what is offered there. `|` is the cursor.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Catalog } from "../src/catalog.js";
import { tokens } from "../src/lexer.js";
import { offersAt, structFields } from "../src/offers.js";
import { placeAt } from "../src/place.js";
import { ranked } from "../src/rank.js";
import { allSources, scopeOf } from "../src/scope.js";

const columns = (text) =>
  text.split(", ").map((each) => ({ name: each.split(" ")[0], type: each.split(" ")[1] ?? "" }));

const catalog = new Catalog();
catalog.set({
  tables: [
    {
      name: "main.default.orders",
      kind: "table",
      columns: columns("order_id BIGINT, customer_id BIGINT, day DATE"),
    },
    { name: "main.default.customers", kind: "table", columns: columns("customer_id BIGINT, name STRING") },
    {
      name: "people",
      kind: "view",
      columns: [
        { name: "full name", type: "STRING" },
        { name: "home", type: "STRUCT<city: STRING, at: STRUCT<x: INT>>" },
      ],
    },
    { name: "parquet.`flights.parquet`", kind: "file", columns: columns("origin STRING, delay INT") },
    { name: "csv.`a``b.csv`", kind: "file", columns: null },
  ],
  functions: [
    {
      name: "date_trunc",
      kind: "scalar",
      signatures: ["date_trunc(unit STRING, ts TIMESTAMP) -> TIMESTAMP"],
    },
    { name: "now", kind: "scalar", signatures: ["now() -> TIMESTAMP"] },
    { name: "range", kind: "table", signatures: ["range(start BIGINT, end BIGINT) -> TABLE"] },
    { name: "order_of", kind: "scalar", signatures: ["order_of(x INT) -> INT"] },
  ],
});

function at(marked) {
  const position = marked.indexOf("|");
  const text = marked.replace("|", "");
  return placeAt(text, tokens(text), position, text.length);
}

const offered = (marked) => {
  const place = at(marked);
  return ranked(offersAt(place, catalog), place.typed);
};
const labels = (marked) => offered(marked).map((offer) => offer.label);

test("what is expected at a place", () => {
  for (const [marked, expected] of [
    ["|", "start"],
    ["sel|", "start"],
    ["SELECT |", "value"],
    ["SELECT a |", "continuation"],
    ["SELECT a fr|", "continuation"],
    ["SELECT * |", "continuation"],
    ["SELECT count(*) |", "continuation"],
    ["SELECT a * |", "value"],
    ["SELECT a FROM |", "table"],
    ["SELECT a FROM ord| WHERE x", "table"],
    ["SELECT a FROM | WHERE x", "table"],
    ["SELECT a FROM b, |", "table"],
    ["SELECT a FROM b x |", "continuation"],
    ["SELECT a FROM b JOIN c|", "table"],
    ["SELECT a FROM main.def|", "table"],
    ["SELECT extract(YEAR FROM |", "value"],
    ["SELECT a IS DISTINCT FROM |", "value"],
    ["INSERT INTO |", "table"],
    ["INSERT INTO TABLE |", "table"],
    ["UPDATE |", "table"],
    ["MERGE INTO a USING |", "table"],
    ["WHEN MATCHED THEN UPDATE SET |", "value"],
    ["DESCRIBE HISTORY |", "table"],
    ["DROP TABLE IF EXISTS |", "table"],
    ["OPTIMIZE |", "table"],
    ["SELECT o.|", "member"],
    ["SELECT f(x).|", "nothing"],
    ["SELECT a::|", "type"],
    ["SELECT CAST(a AS |", "type"],
    ["SELECT a AS |", "nothing"],
    ["CREATE VIEW v AS |", "start"],
    ["FROM t |> |", "pipe"],
    ["SELECT 'a|'", "nothing"],
    ["SELECT 'a|", "nothing"],
    ["SELECT 'a'|", "nothing"],
    ["SELECT /* a| */ b", "nothing"],
    ["SELECT a -- b|", "nothing"],
    ["SELECT 12|", "nothing"],
    ["SELECT :pa|", "nothing"],
    ["SELECT `or|`", "value"],
    ["SELECT `or`|", "nothing"],
  ]) {
    // In "FROM t |> |" the cursor is the second.
    const cursor = marked.lastIndexOf("|");
    const text = marked.slice(0, cursor) + marked.slice(cursor + 1);
    assert.equal(placeAt(text, tokens(text), cursor, text.length).expects, expected, marked);
  }
});

test("the tables of a statement", () => {
  for (const [text, expected] of [
    ["SELECT 1", []],
    ["SELECT * FROM a", ["a a"]],
    ["SELECT * FROM a.b.c AS x JOIN `d e` y ON x.id = y.id", ["a.b.c x", "d e y"]],
    ["SELECT * FROM delta.`p` VERSION AS OF 3 t", ["delta.p t"]],
    ["SELECT * FROM t TIMESTAMP AS OF '2024-01-01' AS u WHERE x", ["t u"]],
    ["SELECT * FROM t@v3 u", ["t u"]],
    ["SELECT * FROM (SELECT 1 AS one) s, b", [" s", "b b"]],
    [
      "MERGE INTO t AS x USING (SELECT * FROM s) y ON x.id = y.id WHEN MATCHED THEN UPDATE SET a = 1",
      ["t x", " y", "s s"],
    ],
    ["INSERT INTO t (a, b) SELECT * FROM u", ["t t", "u u"]],
    ["UPDATE t SET a = 1", ["t t"]],
    ["DELETE FROM t WHERE a IN (SELECT b FROM u)", ["t t", "u u"]],
    ["SELECT * FROM a LATERAL VIEW explode(xs) e AS x", ["a a", " e"]],
    ["SELECT * FROM range(1, 10) AS r", ["range r"]],
    ["SELECT * FROM a UNION ALL SELECT * FROM b", ["a a", "b b"]],
    ["SELECT * EXCEPT (x) FROM a", ["a a"]],
    ["ALTER TABLE t ADD COLUMN x INT", ["t t"]],
    ["FROM t |> WHERE a > 1 |> JOIN u ON a = b", ["t t", "u u"]],
    ["SELECT extract(YEAR FROM d) FROM t", ["t t"]],
    ["SHOW COLUMNS IN t", ["t t"]],
  ]) {
    const sources = allSources(scopeOf(text, tokens(text), text.length));
    assert.deepEqual(
      sources.map(({ path, alias }) => `${path?.join(".") ?? ""} ${alias}`),
      expected,
      text,
    );
  }
});

test("text that is no statement is read without failing", () => {
  for (const text of [
    ")",
    "((",
    "FROM",
    "WITH",
    "WITH a AS",
    "WITH a AS (",
    "SELECT FROM WHERE",
    "JOIN JOIN",
    ". . .",
    "FROM a.",
    "LATERAL VIEW",
    "FROM (",
    "UNION",
    "][",
  ]) {
    for (let position = 0; position <= text.length; position++) {
      const place = placeAt(text, tokens(text), position, text.length);
      offersAt(place, catalog);
    }
  }
});

test("any number of brackets is read", () => {
  const text = `SELECT ${"(".repeat(50_000)}a${")".repeat(50_000)} FROM orders WHERE `;
  const place = placeAt(text, tokens(text), text.length, text.length);
  assert.equal(place.expects, "value");
});

test("columns come from the tables that can be seen there", () => {
  assert.deepEqual(labels("SELECT | FROM orders").slice(0, 3), ["order_id", "customer_id", "day"]);
  assert.deepEqual(labels("SELECT o.| FROM orders o"), ["order_id", "customer_id", "day"]);
  assert.deepEqual(labels("SELECT O.| FROM orders o JOIN customers c").length, 3);
  assert.deepEqual(labels("SELECT c.na| FROM orders o JOIN customers c ON true"), ["name"]);
  assert.deepEqual(labels("SELECT default.customers.n| FROM main.default.customers"), ["name"]);
  assert.deepEqual(labels("SELECT x.| FROM (SELECT order_id AS id, day, 1 + 1 AS two FROM orders) x"), [
    "id",
    "day",
    "two",
  ]);
  assert.deepEqual(labels("WITH r AS (SELECT *, 1 AS n FROM customers) SELECT r.| FROM r"), [
    "customer_id",
    "name",
    "n",
  ]);
  assert.deepEqual(labels("WITH r (a, b) AS (SELECT 1, 2) SELECT r.| FROM r"), ["a", "b"]);
  assert.deepEqual(labels("SELECT f.| FROM parquet.`flights.parquet` f"), ["origin", "delay"]);
  assert.deepEqual(labels("SELECT p.home.| FROM people p"), ["city", "at"]);
  assert.deepEqual(labels("SELECT home.at.| FROM people p"), ["x"]);
  assert.deepEqual(labels("UPDATE orders SET d|").slice(0, 1), ["day"]);
  assert.deepEqual(labels("SELECT * FROM customers WHERE EXISTS (SELECT na| FROM orders)").slice(0, 1), [
    "name",
  ]);
  assert.deepEqual(labels("SELECT e.| FROM orders LATERAL VIEW explode(xs) e AS item"), ["item"]);
});

test("a column knows its type through a subquery", () => {
  const [id] = offered("SELECT x.| FROM (SELECT o.order_id AS id FROM orders o) x");
  assert.equal(id.detail, "BIGINT");
});

test("tables, ready to run", () => {
  assert.deepEqual(labels("SELECT * FROM or|").slice(0, 1), ["main.default.orders"]);
  assert.deepEqual(labels("WITH ord AS (SELECT 1) SELECT * FROM or|").slice(0, 2), [
    "ord",
    "main.default.orders",
  ]);
  assert.deepEqual(labels("SELECT * FROM main.default.|"), ["orders", "customers"]);
  assert.equal(offered("SELECT * FROM fli|")[0].insert, "parquet.`flights.parquet`");
  assert.equal(offered("SELECT * FROM parquet.|")[0].insert, "`flights.parquet`");
  assert.equal(offered("SELECT * FROM parquet.`fl|`")[0].insert, "`flights.parquet`");
  assert.equal(offered("SELECT * FROM csv.|")[0].insert, "`a``b.csv`");
});

test("a function that gives a table stands where a table does, and only there", () => {
  const [range] = offered("SELECT * FROM ran|");
  assert.deepEqual([range.label, range.isCall], ["range", true]);
  assert.deepEqual(labels("SELECT ran|"), []);
});

test("what a select list names can be ordered by", () => {
  assert.deepEqual(labels("SELECT sum(x) AS total_price, day FROM orders ORDER BY tot|"), ["total_price"]);
  assert.deepEqual(labels("INSERT INTO customers (na|"), ["name"]);
});

test("columns come before functions, and functions before keywords", () => {
  assert.deepEqual(labels("SELECT da| FROM orders"), ["day", "date_trunc", "DATE"]);
  assert.deepEqual(labels("SELECT or| FROM orders").slice(0, 3), ["order_id", "orders", "order_of"]);
  assert.equal(offered("SELECT fu| FROM people")[0].insert, "`full name`");
});

test("behind a value come keywords only", () => {
  assert.equal(labels("SELECT a fr|")[0], "FROM");
  assert.deepEqual(labels("SELECT a FROM t gro|"), ["GROUP BY"]);
});

test("queries in queries are told quickly", () => {
  const list = (from) => Array.from({ length: 60 }, (_, index) => `c${index}`).join(", ") + ` FROM ${from}`;
  const ctes = Array.from(
    { length: 12 },
    (_, index) => `q${index} AS (SELECT ${list(index ? `q${index - 1}` : "orders")})`,
  );
  const began = performance.now();
  assert.equal(labels(`WITH ${ctes.join(", ")} SELECT q11.| FROM q11`).length, 60);
  assert.ok(performance.now() - began < 1_000);
});

test("fields of a struct", () => {
  assert.deepEqual(structFields("STRUCT<a: INT, `b c`: ARRAY<STRUCT<x: INT, y: INT>>, d: DECIMAL(10, 2)>"), [
    { name: "a", type: "INT" },
    { name: "b c", type: "ARRAY<STRUCT<x: INT, y: INT>>" },
    { name: "d", type: "DECIMAL(10, 2)" },
  ]);
  assert.deepEqual(structFields("INT"), []);
});

test("columns are asked for once, and only of whole names", async () => {
  const asked = [];
  const lazy = new Catalog(async (table) => (asked.push(table), columns("x INT")));
  lazy.set({
    tables: [
      { name: "t", kind: "table", columns: null },
      { name: "u", kind: "table", columns: [] },
    ],
  });
  const text = "SELECT * FROM t, u, unknown, delta.`p`, delta.`q";
  const sources = allSources(scopeOf(text, tokens(text), text.length));
  await lazy.ask(sources);
  await lazy.ask(sources);
  assert.deepEqual(asked, ["t", "delta.`p`"]);
  assert.deepEqual(lazy.columns(sources[0]), [{ name: "x", type: "INT" }]);
});
