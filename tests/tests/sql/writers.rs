//! Many writers of one table at once, each a lakehouse of its own over one folder: what was acknowledged happened once, and
//! the rows are those of some order of the statements.

use crate::home::{Home, open, run};
use std::collections::BTreeSet;
use std::path::Path;
use tarn_lakehouse::{Error, ErrorKind, Lakehouse, Session};
use tokio::task::JoinSet;

const WRITERS: u64 = 8;
const ROUNDS: u64 = 6;
/// How often a statement is run before it counts as starved.
const MOST_TRIES: u32 = 200;
/// What statements may conflict by, as Delta names it.
const NAMES: [&str; 5] = [
    "ConcurrentAppend",
    "ConcurrentDeleteRead",
    "ConcurrentDeleteDelete",
    "ConcurrentWrite",
    "MetadataChanged",
];

struct Writer {
    number: u64,
    lakehouse: Lakehouse,
    session: Session,
    conflicts: u32,
}

impl Writer {
    fn new(folder: &Path, number: u64) -> Self {
        let lakehouse = open(folder, 1 << 28, false);
        let session = lakehouse.session();
        Self { number, lakehouse, session, conflicts: 0 }
    }

    async fn try_rows(&self, sql: &str) -> Result<String, Error> {
        Box::pin(run(&self.lakehouse, &self.session, sql)).await
    }

    /// Runs a statement until no other writer is first; another failure than a conflict ends the test.
    async fn write(&mut self, sql: &str) -> String {
        for _ in 0..MOST_TRIES {
            match self.try_rows(sql).await {
                Ok(rows) => return rows,
                Err(error) => {
                    let is_conflict = error.kind == ErrorKind::Conflict
                        && NAMES.iter().any(|name| error.message.contains(name));
                    assert!(is_conflict, "{sql}: {error:?}");
                    self.conflicts += 1;
                }
            }
        }
        panic!("other writers were first {MOST_TRIES} times: {sql}");
    }
}

/// Lets all writers work at once; how many conflicts they met.
async fn all_at_once<F>(home: &Home, work: impl Fn(Writer) -> F) -> u32
where
    F: Future<Output = Writer> + Send + 'static,
{
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        writers.spawn(work(Writer::new(home.folder.path(), number)));
    }
    writers.join_all().await.iter().map(|writer| writer.conflicts).sum()
}

async fn number(home: &Home, sql: &str) -> i64 {
    let rows: serde_json::Value = serde_json::from_str(&home.rows(sql).await).unwrap();
    rows[0]["n"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_go_side_by_side() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id BIGINT) USING delta TBLPROPERTIES ('delta.checkpointInterval' = '7')")
        .await;
    let conflicts = all_at_once(&home, |mut writer| async move {
        for round in 0..ROUNDS {
            let id = (writer.number * ROUNDS + round) * 2;
            writer.write(&format!("INSERT INTO t VALUES ({id}), ({})", id + 1)).await;
            // Each sees its own rows, and those of others whole.
            let rows = writer.write(&format!("SELECT count(*) % 2 AS odd FROM t WHERE id >= {id}")).await;
            assert_eq!(rows, r#"[{"odd":0}]"#);
            let rows = writer.write(&format!("SELECT count(*) AS n FROM t WHERE id = {id}")).await;
            assert_eq!(rows, r#"[{"n":1}]"#);
        }
        writer
    });
    assert_eq!(conflicts.await, 0);
    let expect = WRITERS * ROUNDS * 2;
    let counts = "SELECT count(*) AS n, count(DISTINCT id) AS ids, min(id) AS first, max(id) AS last FROM t";
    let expect = format!(r#"[{{"n":{expect},"ids":{expect},"first":0,"last":{}}}]"#, expect - 1);
    assert_eq!(home.rows(counts).await, expect);
    let history = home.rows("DESCRIBE HISTORY t").await;
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    let versions: Vec<_> =
        history.as_array().unwrap().iter().map(|entry| entry["version"].as_u64()).collect();
    assert_eq!(versions, (0..=WRITERS * ROUNDS).rev().map(Some).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_into_different_partitions_do_not_conflict() {
    let home = Home::new();
    home.rows("CREATE TABLE t (writer INT, id INT, n BIGINT) USING delta PARTITIONED BY (writer)").await;
    let conflicts = all_at_once(&home, |mut writer| async move {
        for round in 0..ROUNDS {
            let own = writer.number;
            // One row that each round counts up, and one that is new.
            let merge = format!(
                "MERGE INTO t USING (SELECT * FROM (VALUES (-1), ({round})) AS v(id)) AS s \
                 ON t.writer = {own} AND t.id = s.id \
                 WHEN MATCHED THEN UPDATE SET n = t.n + 1 \
                 WHEN NOT MATCHED THEN INSERT (writer, id, n) VALUES ({own}, s.id, 1)"
            );
            writer.write(&merge).await;
        }
        writer
    });
    assert_eq!(conflicts.await, 0);
    let of_all = format!("SELECT count(*) AS n FROM t WHERE n = CASE WHEN id = -1 THEN {ROUNDS} ELSE 1 END");
    assert_eq!(number(&home, &of_all).await, (WRITERS * (ROUNDS + 1)) as i64);
    assert_eq!(number(&home, "SELECT count(*) AS n FROM t").await, (WRITERS * (ROUNDS + 1)) as i64);
}

/// Each UPDATE maps the one value to another, so that every version tells which statement made it out of the one before.
async fn updates_are_serial(properties: &str) {
    const PRIME: i64 = 1_000_003;
    const ROUNDS: u64 = 3;
    let home = Home::new();
    home.rows(&format!("CREATE TABLE t (value BIGINT) USING delta TBLPROPERTIES ({properties})")).await;
    home.rows("INSERT INTO t VALUES (1)").await;
    all_at_once(&home, |mut writer| async move {
        for round in 0..ROUNDS {
            let own = writer.number * ROUNDS + round;
            let update = format!("UPDATE t SET value = (value * 31 + {own}) % {PRIME}");
            assert_eq!(writer.write(&update).await, r#"[{"num_affected_rows":1}]"#);
        }
        writer
    })
    .await;
    let mut statements = BTreeSet::new();
    let mut before = 1;
    for version in 2..=WRITERS * ROUNDS + 1 {
        let value = number(&home, &format!("SELECT value AS n FROM t VERSION AS OF {version}")).await;
        assert!(statements.insert((value - before * 31).rem_euclid(PRIME)), "version {version}");
        before = value;
    }
    // Each once, and none that was not asked for.
    assert!(statements.into_iter().eq(0..(WRITERS * ROUNDS) as i64));
    assert_eq!(number(&home, "SELECT value AS n FROM t").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_serial_with_rewritten_files() {
    updates_are_serial("'delta.checkpointInterval' = '5'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_serial_with_deletion_vectors() {
    updates_are_serial("'delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_statements_at_once() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id BIGINT, n BIGINT) USING delta; INSERT INTO t VALUES (-1, 0), (-2, 0)")
        .await;
    let conflicts = all_at_once(&home, |mut writer| async move {
        for round in 0..ROUNDS {
            let id = writer.number * ROUNDS + round;
            match round % 3 {
                0 => writer.write(&format!("INSERT INTO t VALUES ({id}, 0)")).await,
                1 => {
                    let merge = format!(
                        "MERGE INTO t USING (SELECT * FROM (VALUES (-1), ({id})) AS v(id)) AS s ON t.id = s.id \
                         WHEN MATCHED THEN UPDATE SET n = t.n + 1 \
                         WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, 0)"
                    );
                    writer.write(&merge).await
                }
                _ => writer.write(&format!("DELETE FROM t WHERE id = {}", id - 2)).await,
            };
            if round % 3 == 0 {
                writer.write("UPDATE t SET n = n + 1 WHERE id = -2").await;
            }
        }
        writer
    });
    // Two statements over the whole table at once are not both right.
    assert!(conflicts.await > 0);
    let counted = WRITERS * ROUNDS / 3;
    let mut expect = [-2, -1].map(|id| format!(r#"{{"id":{id},"n":{counted}}}"#)).to_vec();
    let merged = (0..WRITERS * ROUNDS).filter(|id| id % ROUNDS % 3 == 1);
    expect.extend(merged.map(|id| format!(r#"{{"id":{id},"n":0}}"#)));
    assert_eq!(home.rows("SELECT * FROM t ORDER BY id").await, format!("[{}]", expect.join(",")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_made_once() {
    let home = Home::new();
    home.rows("CREATE TABLE made (round BIGINT) USING delta").await;
    all_at_once(&home, |mut writer| async move {
        for round in 0..ROUNDS {
            let made = format!("CREATE TABLE IF NOT EXISTS t{round} (id BIGINT) USING delta");
            writer.write(&made).await;
            writer.write(&format!("INSERT INTO t{round} VALUES ({})", writer.number)).await;
            let replaced =
                format!("CREATE OR REPLACE TABLE r{round} USING delta AS SELECT {} AS id", writer.number);
            writer.write(&replaced).await;
            let own = format!("CREATE TABLE own{round} USING delta AS SELECT {} AS id", writer.number);
            match writer.try_rows(&own).await {
                Ok(_) => {
                    writer.write(&format!("INSERT INTO made VALUES ({round})")).await;
                }
                Err(error) => assert_eq!(error.kind, ErrorKind::Invalid, "{error:?}"),
            }
        }
        writer
    })
    .await;
    for round in 0..ROUNDS {
        let expect = WRITERS as i64;
        assert_eq!(number(&home, &format!("SELECT count(DISTINCT id) AS n FROM t{round}")).await, expect);
        assert_eq!(number(&home, &format!("SELECT count(*) AS n FROM own{round}")).await, 1);
        assert_eq!(number(&home, &format!("SELECT count(*) AS n FROM r{round}")).await, 1);
    }
    assert_eq!(number(&home, "SELECT count(*) AS n FROM made").await, ROUNDS as i64);
}
