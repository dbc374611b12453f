// Two tabs write to the same tables at once: what was acknowledged happened once, and the rows are those of some order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { blankPage } from "../engine.mjs";

const ROUNDS = 3;
/** How often a statement is run before it counts as starved. */
const MOST_TRIES = 50;
/** What statements may conflict by, as Delta names it. */
const NAMES = /ConcurrentAppend|ConcurrentDeleteRead|ConcurrentDeleteDelete|ConcurrentWrite|MetadataChanged/;

/** Opens two tabs of one site, each with an engine. */
async function inTwoTabs(shared, body) {
  const context = await shared.browser.newContext();
  try {
    const tabs = await Promise.all([1, 2].map(() => blankPage(context, shared.url)));
    for (const tab of tabs) {
      await tab.evaluate(async () => {
        window.engine = await startEngine();
      });
    }
    await body(tabs);
  } finally {
    await context.close();
  }
}

const rows = (tab, sql) => tab.evaluate((sql) => engine.run(sql), sql);

/** Runs statements in a tab, each until the other tab was not first; how often it was. */
async function write(tab, statements) {
  const { conflicts, failures } = await tab.evaluate(
    async ([statements, most]) => {
      const [conflicts, failures] = [[], []];
      for (const sql of statements) {
        for (let tries = 1; ; tries += 1) {
          const { event } = await engine.ask({ type: "run", sql, session: 0, parameters: [] });
          if (event.type === "done") break;
          const { kind, message } = event.error;
          if (kind !== "conflict" || tries === most) {
            failures.push(`${sql}: ${kind}: ${message}`);
            break;
          }
          conflicts.push(message);
        }
      }
      return { conflicts, failures };
    },
    [statements, MOST_TRIES],
  );
  assert.deepEqual(failures, []);
  for (const message of conflicts) assert.match(message, NAMES);
  return conflicts.length;
}

/** Lets both tabs write at once; how many conflicts they met. */
async function bothWrite(tabs, statementsOf) {
  const conflicts = await Promise.all(tabs.map((tab, number) => write(tab, statementsOf(number))));
  return conflicts[0] + conflicts[1];
}

const TABLES = {
  plain: "TBLPROPERTIES ('delta.checkpointInterval' = '5')",
  fed: "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true')",
  parted: "PARTITIONED BY (tab)",
};

/** What a tab does to a table in a round. `n` of the row -1 counts merges, that of -2 updates, both of both tabs. */
const ofRound = (table, tab, round) => {
  const id = tab * 100 + round * 3;
  return [
    `INSERT INTO ${table} VALUES (${id}, ${tab}, 0), (${id + 1}, ${tab}, 0)`,
    `MERGE INTO ${table} AS t USING (SELECT * FROM (VALUES (-1), (${id + 2})) AS v(id)) AS s ON t.id = s.id ` +
      "WHEN MATCHED THEN UPDATE SET n = t.n + 1 " +
      `WHEN NOT MATCHED THEN INSERT (id, tab, n) VALUES (s.id, ${tab}, 0)`,
    `UPDATE ${table} SET n = n + 1 WHERE id = -2`,
    `DELETE FROM ${table} WHERE id = ${id}`,
  ];
};

export function twoTabs(shared) {
  test("two tabs append, merge, update and delete at once, and the rows are those of some order", () =>
    inTwoTabs(shared, async (tabs) => {
      for (const [name, kind] of Object.entries(TABLES)) {
        await rows(tabs[0], `CREATE TABLE ${name} (id INT, tab INT, n INT) ${kind}`);
        await rows(tabs[0], `INSERT INTO ${name} VALUES (-1, 9, 0), (-2, 9, 0)`);
      }
      const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
      const names = Object.keys(TABLES);
      const conflicts = await bothWrite(tabs, (tab) =>
        rounds.flatMap((round) => names.flatMap((name) => ofRound(name, tab, round))),
      );
      // Two statements over a whole table at once are not both right.
      assert.ok(conflicts > 0, "the tabs never met");
      const counted = String(ROUNDS * 2);
      const kept = [0, 1].flatMap((tab) => rounds.flatMap((round) => [1, 2].map((n) => tab * 100 + round * 3 + n)));
      const expected = [["-2", counted], ["-1", counted], ...kept.map((id) => [String(id), "0"])];
      for (const name of names) {
        for (const tab of tabs) {
          assert.deepEqual(await rows(tab, `SELECT id, n FROM ${name} ORDER BY id`), expected, name);
        }
      }
    }));

  test("each version of a table that two tabs change follows from the one before", () =>
    inTwoTabs(shared, async (tabs) => {
      const PRIME = 1_000_003;
      const kind = "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.checkpointInterval' = '3')";
      await rows(tabs[0], `CREATE TABLE chain (value BIGINT) ${kind}; INSERT INTO chain VALUES (1)`);
      // Each maps the one value to another, by which it is known again.
      const next = (value, own) => `(${value} * 31 + ${own}) % ${PRIME}`;
      const statements = (tab) =>
        Array.from({ length: ROUNDS }, (_, round) => tab * ROUNDS + round).map((own) =>
          own % 2 === 0
            ? `UPDATE chain SET value = ${next("value", own)}`
            : `MERGE INTO chain AS t USING (SELECT ${own} AS own) AS s ON true ` +
              `WHEN MATCHED THEN UPDATE SET value = ${next("t.value", "s.own")}`,
        );
      await bothWrite(tabs, statements);
      const found = [];
      let before = 1;
      for (let version = 2; version < 2 + 2 * ROUNDS; version += 1) {
        const [[value]] = await rows(tabs[1], `SELECT value FROM chain VERSION AS OF ${version}`);
        found.push((((Number(value) - before * 31) % PRIME) + PRIME) % PRIME);
        before = Number(value);
      }
      // Each once, and none that was not asked for.
      assert.deepEqual(found.sort((a, b) => a - b), [...Array(2 * ROUNDS).keys()]);
      assert.deepEqual(await rows(tabs[0], "SELECT value FROM chain"), [[String(before)]]);
    }));
}
