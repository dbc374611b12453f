//! What is refused, and leaves its table as it was: versions that do not exist, rows that break rules, checkpoints that
//! cannot be read and have nothing to stand in for them.

use crate::home::Home;
use crate::lake::{Case, Lake};
use tarn_lakehouse::ErrorKind;

/// Takes the commits of versions 0 to `last` away, as the cleaning of logs does.
fn forget(lake: &Lake, last: u64) {
    for version in 0..=last {
        std::fs::remove_file(lake.commit(version)).unwrap();
    }
}

fn cut(path: &std::path::Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() - 40]).unwrap();
}

fn sidecars(lake: &Lake) -> Vec<std::path::PathBuf> {
    let files = lake.files();
    files.into_keys().filter(|path| path.parent().unwrap().ends_with("_sidecars")).collect()
}

const NEWEST: &str = "00000000000000000006.checkpoint.parquet";
const FIRST_PART: &str = "00000000000000000006.checkpoint.0000000001.0000000002.parquet";
const STATEMENTS: &[&str] = &[
    "SELECT * FROM t",
    "INSERT INTO t VALUES (9, 'z')",
    "DELETE FROM t WHERE id = 1",
    "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
    "OPTIMIZE t",
];

async fn with_checkpoints(properties: &str) -> Lake {
    let inserts: Vec<String> = (1..=7).map(|id| format!("INSERT INTO t VALUES ({id}, 'v{id}')")).collect();
    let table = format!(
        "CREATE TABLE t (id INT, v STRING) TBLPROPERTIES ('delta.checkpointInterval' = '3'{properties})"
    );
    Lake::new(&format!("{table}; {}", inserts.join("; "))).await
}

/// While the commits are there, a checkpoint is a short cut.
#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_that_cannot_be_read_are_done_without() {
    let works: &[(&str, &str)] = &[
        ("SELECT count(*) AS n, sum(id) AS s FROM t", r#"[{"n":7,"s":28}]"#),
        ("SELECT sum(id) AS s FROM t VERSION AS OF 6", r#"[{"s":21}]"#),
        ("SELECT sum(id) AS s FROM t VERSION AS OF 2", r#"[{"s":3}]"#),
        ("INSERT INTO t VALUES (8, 'v8'); DELETE FROM t WHERE id = 1", r#"[{"num_affected_rows":1}]"#),
        // Version 9 writes a checkpoint, which is whole.
        ("SELECT count(*) AS n, sum(id) AS s FROM t", r#"[{"n":7,"s":35}]"#),
    ];
    let lake = with_checkpoints("").await;
    let cases = [
        Case { name: "cut", damage: |lake| cut(&lake.in_log(NEWEST)), says: &[], works },
        Case {
            name: "both are none",
            damage: |lake| {
                std::fs::write(lake.in_log(NEWEST), "no Parquet").unwrap();
                std::fs::write(lake.in_log("00000000000000000003.checkpoint.parquet"), "no Parquet").unwrap();
            },
            says: &[],
            works,
        },
        Case {
            name: "pages of garbage",
            damage: |lake| {
                let mut bytes = std::fs::read(lake.in_log(NEWEST)).unwrap();
                bytes[4..304].fill(0xAA);
                std::fs::write(lake.in_log(NEWEST), bytes).unwrap();
            },
            says: &[],
            works,
        },
        Case {
            name: "missing, though the hint names it",
            damage: |lake| std::fs::remove_file(lake.in_log(NEWEST)).unwrap(),
            says: &[],
            works,
        },
        Case {
            name: "a part is missing",
            damage: |lake| std::fs::rename(lake.in_log(NEWEST), lake.in_log(FIRST_PART)).unwrap(),
            says: &[],
            works,
        },
        Case {
            name: "a hint that is no JSON",
            damage: |lake| std::fs::write(lake.in_log("_last_checkpoint"), b"\xff{").unwrap(),
            says: &[],
            works,
        },
        Case {
            name: "a hint at a version that is not there",
            damage: |lake| {
                std::fs::write(lake.in_log("_last_checkpoint"), "{\"version\":99,\"size\":1}").unwrap()
            },
            says: &[],
            works,
        },
    ];
    for case in cases {
        lake.check(&case, &[]).await;
    }
    let lake = with_checkpoints(", 'delta.checkpointPolicy' = 'v2'").await;
    for damage in [
        (|lake| sidecars(lake).iter().for_each(|path| std::fs::remove_file(path).unwrap())) as fn(&Lake),
        |lake| sidecars(lake).iter().for_each(|path| cut(path)),
    ] {
        lake.check(&Case { name: "sidecars", damage, says: &[], works }, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_that_cannot_be_read_are_named() {
    let lake = with_checkpoints("").await;
    let cases = [
        Case {
            name: "cut",
            damage: |lake| {
                forget(lake, 5);
                std::fs::remove_file(lake.in_log("00000000000000000003.checkpoint.parquet")).unwrap();
                cut(&lake.in_log(NEWEST));
            },
            says: &["_delta_log/00000000000000000006.checkpoint.parquet is damaged: "],
            works: &[],
        },
        Case {
            name: "missing, though the hint names it",
            damage: |lake| {
                forget(lake, 5);
                std::fs::remove_file(lake.in_log("00000000000000000003.checkpoint.parquet")).unwrap();
                std::fs::remove_file(lake.in_log(NEWEST)).unwrap();
            },
            says: &["_delta_log/00000000000000000006.checkpoint.parquet is missing, though version 6"],
            works: &[],
        },
        Case {
            name: "a part is missing",
            damage: |lake| {
                forget(lake, 5);
                std::fs::remove_file(lake.in_log("00000000000000000003.checkpoint.parquet")).unwrap();
                std::fs::rename(lake.in_log(NEWEST), lake.in_log(FIRST_PART)).unwrap();
            },
            says: &["_delta_log/00000000000000000006.checkpoint.0000000002.0000000002.parquet is missing"],
            works: &[],
        },
        Case {
            name: "a gap between the checkpoint and the first commit",
            damage: |lake| {
                forget(lake, 6);
                std::fs::rename(lake.commit(7), lake.commit(8)).unwrap();
            },
            says: &["has a gap: version 7 is missing"],
            works: &[("SELECT sum(id) AS s FROM t VERSION AS OF 6", r#"[{"s":21}]"#)],
        },
    ];
    for case in cases {
        lake.check(&case, STATEMENTS).await;
    }
    let lake = with_checkpoints(", 'delta.checkpointPolicy' = 'v2'").await;
    let cases = [
        Case {
            name: "sidecars are missing",
            damage: |lake| {
                forget(lake, 5);
                sidecars(lake).iter().for_each(|path| std::fs::remove_file(path).unwrap());
            },
            says: &["_delta_log/_sidecars/", ".parquet is missing, though version "],
            works: &[],
        },
        Case {
            name: "sidecars are cut",
            damage: |lake| {
                forget(lake, 5);
                sidecars(lake).iter().for_each(|path| cut(path));
            },
            says: &["_delta_log/_sidecars/", ".parquet is damaged: "],
            works: &[],
        },
    ];
    for case in cases {
        lake.check(&case, STATEMENTS).await;
    }
}

/// Statements that ask for what is not there, or break a rule: their kind, and a part of their message.
const REFUSED: &[(&str, ErrorKind, &str)] = &[
    ("SELECT * FROM t VERSION AS OF 9", ErrorKind::NotFound, "does not exist: its versions are 0 to 3"),
    ("SELECT * FROM t@v9", ErrorKind::NotFound, "does not exist: its versions are 0 to 3"),
    ("SELECT * FROM t TIMESTAMP AS OF '2000-01-01'", ErrorKind::NotFound, "has no version at 2000-01-01"),
    ("SELECT * FROM t TIMESTAMP AS OF '2100-01-01'", ErrorKind::NotFound, "has no version at 2100-01-01"),
    ("RESTORE TABLE t TO VERSION AS OF 9", ErrorKind::NotFound, "does not exist: its versions are 0 to 3"),
    ("RESTORE TABLE t TO TIMESTAMP AS OF '2000-01-01'", ErrorKind::NotFound, "has no version at 2000-01-01"),
    ("CREATE TABLE u SHALLOW CLONE t VERSION AS OF 9", ErrorKind::NotFound, "its versions are 0 to 3"),
    ("VACUUM t RETAIN 0 HOURS", ErrorKind::Invalid, "less than the 168 hours"),
    (
        "MERGE INTO t USING (SELECT named_struct('a', 1) AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
        ErrorKind::Invalid,
        "Int32 = Struct",
    ),
    (
        "MERGE INTO t USING (SELECT true AS day) s ON t.p = s.day WHEN MATCHED THEN DELETE",
        ErrorKind::Invalid,
        "Date32 = Boolean",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (id > 2)",
        ErrorKind::Invalid,
        "2 rows of the table do not satisfy it",
    ),
    ("ALTER TABLE t ALTER COLUMN n SET NOT NULL", ErrorKind::Invalid, "4 rows have null in it"),
];

/// As those, but without a place in the statement: rows tell of them.
const BROKEN_RULES: &[(&str, ErrorKind, &str)] = &[
    ("INSERT INTO t VALUES (9, 'z', DATE '2024-01-09', 1), (NULL, 'z', NULL, 1)", ErrorKind::Invalid, "id"),
    ("UPDATE t SET id = NULL WHERE id = 3", ErrorKind::Invalid, "id"),
    ("INSERT OVERWRITE t VALUES (NULL, 'z', NULL, 1)", ErrorKind::Invalid, "id"),
    (
        "MERGE INTO t USING (SELECT 'q' AS v) s ON t.v = s.v WHEN NOT MATCHED THEN INSERT (v) VALUES (s.v)",
        ErrorKind::Invalid,
        "id",
    ),
    ("INSERT INTO t VALUES (9, 'z', DATE '2024-01-09', -1)", ErrorKind::Execution, "constraint positive"),
    ("UPDATE t SET n = -1", ErrorKind::Execution, "constraint positive"),
    (
        "MERGE INTO t USING t AS s ON t.p = s.p WHEN MATCHED THEN UPDATE SET v = s.v",
        ErrorKind::Execution,
        "Several rows of the source match one row of the target",
    ),
    ("INSERT INTO t SELECT id / (id - 3), v, p, n FROM t", ErrorKind::Execution, "zero"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_the_table_as_it_was() {
    let lake = Lake::new(
        "CREATE TABLE t (id INT NOT NULL, v STRING, p DATE, n INT, CONSTRAINT positive CHECK (n IS NULL OR n > 0)) \
         PARTITIONED BY (p); \
         INSERT INTO t VALUES (1, 'a', DATE '2024-01-01', NULL), (2, 'b', DATE '2024-01-02', NULL); \
         INSERT INTO t VALUES (3, 'c', DATE '2024-01-01', NULL); \
         INSERT INTO t VALUES (4, 'd', DATE '2024-01-02', NULL)",
    )
    .await;
    let before = lake.files();
    for (sql, kind, message) in REFUSED.iter().chain(BROKEN_RULES) {
        let error = lake.home.error(sql).await;
        assert!(error.message.contains(message), "{sql}: {error:?}");
        assert_eq!(error.kind, *kind, "{sql}: {error:?}");
        assert!(lake.files() == before, "{sql} changed a file");
        if REFUSED.iter().any(|(other, ..)| other == sql) {
            assert!(error.position.is_some() && error.hint.is_some(), "{sql}: {error:?}");
        }
    }
    lake.home.rows("INSERT INTO t VALUES (5, 'e', DATE '2024-01-02', 7)").await;
    assert_eq!(lake.home.rows("SELECT count(*) AS n, sum(id) AS s FROM t").await, r#"[{"n":5,"s":15}]"#);
}

/// Conditions of OPTIMIZE choose partitions as those of DELETE do, however they are written.
#[tokio::test(flavor = "multi_thread")]
async fn conditions_that_choose_partitions() {
    let home = Home::new();
    for (condition, files) in [
        ("p = DATE '2024-01-01'", 2),
        ("p = '2024-01-0' || '1'", 2),
        ("p < current_date()", 4),
        ("p < DATE '2024-01-02' AND p IS NOT NULL", 2),
        ("upper(CAST(p AS STRING)) LIKE '%-01'", 2),
        ("p IN (DATE '2024-01-01', DATE '2024-01-02')", 4),
        ("true", 4),
        ("p = DATE '2024-01-01' AND 1 = 2", 0),
        ("p > DATE '2030-01-01'", 0),
    ] {
        home.rows(
            "CREATE OR REPLACE TABLE t (id INT, p DATE) PARTITIONED BY (p); \
             INSERT INTO t VALUES (1, DATE '2024-01-01'), (2, DATE '2024-01-02'); \
             INSERT INTO t VALUES (3, DATE '2024-01-01'), (4, DATE '2024-01-02')",
        )
        .await;
        let answer = home.rows(&format!("OPTIMIZE t WHERE {condition}")).await;
        assert!(answer.contains(&format!("\"numFilesRemoved\":{files},")), "{condition}: {answer}");
        let answer = home.rows(&format!("REORG TABLE t WHERE {condition} APPLY (PURGE)")).await;
        assert!(answer.contains("\"numFilesRemoved\":0,"), "{condition}: {answer}");
        assert_eq!(home.rows("SELECT sum(id) AS s FROM t").await, r#"[{"s":10}]"#, "{condition}");
        let answer = home.rows(&format!("DELETE FROM t WHERE {condition}")).await;
        assert_eq!(answer, format!("[{{\"num_affected_rows\":{files}}}]"), "{condition}");
    }
    home.rows("INSERT INTO t VALUES (1, DATE '2024-01-01')").await;
    for condition in
        ["id = 1", "p = DATE '2024-01-01' OR id = 1", "p = (SELECT max(p) FROM t)", "random() < 2"]
    {
        let error = home.error(&format!("OPTIMIZE t WHERE {condition}")).await;
        assert_eq!(error.message, "The condition is not about partition columns alone", "{condition}");
        assert_eq!(error.position.map(|position| position.column), Some(18), "{condition}");
    }
}
