// The statements that a tortured table is changed by, and the rows that it then must have.

/** Rows that a statement adds at once: after a kill all are there, or none is. */
const ROWS_A_BATCH = 3;
/** Batches that stay in the table. */
const LIVE_BATCHES = 20;

/** What follows the columns of a table, by turns. */
export const KINDS = [
  "TBLPROPERTIES ('delta.checkpointInterval' = '3')",
  "PARTITIONED BY (n) TBLPROPERTIES ('delta.checkpointInterval' = '5')",
  "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.checkpointInterval' = '4')",
  "PARTITIONED BY (n) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true')",
  "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2', 'delta.feature.v2Checkpoint' = 'supported', " +
    "'delta.checkpointInterval' = '3', 'delta.enableInCommitTimestamps' = 'true')",
];

export const COLUMNS = "(batch INT, n INT, x BIGINT)";

/** Numbers that look random and come again with the same seed (mulberry32): from 0, below 1. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random, limit) => Math.floor(random() * limit);

const keys = (batch) => Array.from({ length: ROWS_A_BATCH }, (_, n) => `${batch}/${n}`);
const values = (batch) => Array.from({ length: ROWS_A_BATCH }, (_, n) => `(${batch}, ${n}, 0)`).join(", ");

/** Adds a batch. */
export const insert = (batch) => ({
  kind: "INSERT",
  sql: (table) => `INSERT INTO ${table} VALUES ${values(batch)}`,
  apply: (rows) => keys(batch).forEach((key) => rows.set(key, 0)),
});

/** Adds a batch, and adds 1 to `x` of another one, which is added where it is not there. */
const merge = (batch, other) => ({
  kind: "MERGE",
  sql: (table) =>
    `MERGE INTO ${table} AS t USING (SELECT * FROM (VALUES ${values(batch)}, ${values(other)}) AS v(batch, n, x)) AS s ` +
    "ON t.batch = s.batch AND t.n = s.n WHEN MATCHED THEN UPDATE SET x = t.x + 1 " +
    "WHEN NOT MATCHED THEN INSERT (batch, n, x) VALUES (s.batch, s.n, s.x)",
  apply: (rows) => {
    for (const key of keys(other)) rows.set(key, rows.has(key) ? rows.get(key) + 1 : 0);
    for (const key of keys(batch)) rows.set(key, 0);
  },
});

/** Adds 10 to `x` of a batch. */
const update = (batch) => ({
  kind: "UPDATE",
  sql: (table) => `UPDATE ${table} SET x = x + 10 WHERE batch = ${batch}`,
  apply: (rows) => {
    for (const key of keys(batch)) if (rows.has(key)) rows.set(key, rows.get(key) + 10);
  },
});

/** Deletes a batch, and those that are old. */
const remove = (batch, before) => ({
  kind: "DELETE",
  sql: (table) => `DELETE FROM ${table} WHERE batch = ${batch} OR batch < ${before}`,
  apply: (rows) => {
    for (const key of [...rows.keys()]) {
      const found = Number(key.split("/")[0]);
      if (found === batch || found < before) rows.delete(key);
    }
  },
});

const arrange = (kind, sql) => ({ kind, sql, apply: () => {} });

/** A statement; `batch` has not been used yet. */
export function change(random, batch) {
  const other = batch - 1 - below(random, 6);
  const choice = below(random, 20);
  if (choice < 8) return insert(batch);
  if (choice < 12) return merge(batch, other);
  if (choice < 15) return update(other);
  if (choice < 18) return remove(other, batch - LIVE_BATCHES);
  if (choice < 19) return arrange("OPTIMIZE", (table) => `OPTIMIZE ${table}`);
  return arrange("VACUUM", (table) => `VACUUM ${table} RETAIN 0 HOURS`);
}

/** The rows that a statement makes of others. */
export function after(rows, ...changes) {
  const changed = new Map(rows);
  for (const each of changes) each.apply(changed);
  return changed;
}

/** Rows as one text, in an order of their own. */
export const told = (rows) => [...rows].map(([key, x]) => `${key}:${x}`).sort().join(" ");

/** The same, of what was read: rows of batch, n and x. */
export function toldRows(rows) {
  return rows.map(([batch, n, x]) => `${batch}/${n}:${x}`).sort().join(" ");
}
