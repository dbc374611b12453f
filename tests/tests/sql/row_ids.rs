//! Row tracking: which rows are the same ones after each statement, as `_metadata` shows it and as the files have it.

use crate::home::Home;
use crate::steps::{affected, check, merged};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tarn_lakehouse::ErrorKind;

const TRACKED: &str = "'delta.enableRowTracking' = 'true'";
const ROWS: &str = "SELECT id, _metadata.row_id, _metadata.row_commit_version AS version FROM ";

/// Row id and row commit version of each row, by the row's key.
type Ids = BTreeMap<i64, (i64, i64)>;

fn parsed(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn number(row: &Value, name: &str) -> Option<i64> {
    row.get(name).and_then(Value::as_i64)
}

async fn ids(home: &Home, table: &str) -> Ids {
    let rows = parsed(&home.rows(&format!("{ROWS}{table}")).await);
    let count = rows.len();
    let ids: Ids = rows
        .iter()
        .map(|row| {
            let of = |name| number(row, name).unwrap_or_else(|| panic!("{row} has no {name}"));
            (of("id"), (of("row_id"), of("version")))
        })
        .collect();
    assert_eq!(ids.len(), count, "the keys of {table} are not unique");
    let unique: BTreeSet<i64> = ids.values().map(|(id, _)| *id).collect();
    assert_eq!(unique.len(), count, "row ids are given twice: {ids:?}");
    ids
}

/// The actions of each version of the table, in order.
fn log(home: &Home, table: &str) -> Vec<Vec<Value>> {
    let folder = home.path(&format!("main/default/{table}/_delta_log"));
    let name = |version: usize| folder.join(format!("{version:020}.json"));
    let commits = (0..).map(name).take_while(|path: &PathBuf| path.exists());
    let lines = |path: PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    commits.map(lines).collect()
}

/// The same out of the log and the data files alone: id and version of each row that they hold, deleted ones too.
async fn ids_in_files(home: &Home, table: &str) -> Vec<(i64, (i64, i64))> {
    let mut files: BTreeMap<String, Value> = BTreeMap::new();
    let (mut configuration, mut key) = (Value::Null, "id".to_owned());
    for action in log(home, table).into_iter().flatten() {
        if let Some(remove) = action.get("remove") {
            let path = remove["path"].as_str().unwrap();
            files.remove(path);
        }
        if let Some(metadata) = action.get("metaData") {
            configuration = metadata["configuration"].clone();
            let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
            let physical = &schema["fields"][0]["metadata"]["delta.columnMapping.physicalName"];
            key = physical.as_str().unwrap_or("id").to_owned();
        }
        if let Some(add) = action.get("add") {
            files.insert(add["path"].as_str().unwrap().to_owned(), add.clone());
        }
    }
    let column = |name: &str| configuration[format!("delta.rowTracking.materialized{name}")].clone();
    let (kept_id, kept_version) = (column("RowIdColumnName"), column("RowCommitVersionColumnName"));
    let mut found = Vec::new();
    for (path, add) in files {
        let path = path.replace("%20", " ");
        let rows = home.rows(&format!("SELECT * FROM parquet.`main/default/{table}/{path}`")).await;
        for (place, row) in (0i64..).zip(parsed(&rows)) {
            let fresh = number(&add, "baseRowId").unwrap() + place;
            let id = number(&row, kept_id.as_str().unwrap()).unwrap_or(fresh);
            let version = number(&row, kept_version.as_str().unwrap());
            let version = version.unwrap_or_else(|| number(&add, "defaultRowCommitVersion").unwrap());
            found.push((number(&row, &key).unwrap(), (id, version)));
        }
    }
    found
}

/// What a statement does to the rows, by their keys.
#[derive(Debug, Default)]
struct Effect {
    updated: Vec<i64>,
    inserted: Vec<i64>,
    deleted: Vec<i64>,
}

fn effect(updated: &[i64], inserted: &[i64], deleted: &[i64]) -> Effect {
    Effect { updated: updated.to_vec(), inserted: inserted.to_vec(), deleted: deleted.to_vec() }
}

/// Runs a statement that commits one version, and compares the rows before and after it.
async fn step(home: &Home, table: &str, sql: &str, expect: &Effect) {
    let before = ids(home, table).await;
    let read = log(home, table);
    home.rows(sql).await;
    let after = ids(home, table).await;
    let commits = log(home, table);
    assert_eq!(commits.len(), read.len() + 1, "{sql}");
    let version = i64::try_from(read.len()).unwrap();
    let high = read.iter().flatten().filter_map(|action| action.get("domainMetadata")).filter_map(|domain| {
        let text = domain["configuration"].as_str()?;
        number(&serde_json::from_str(text).ok()?, "rowIdHighWaterMark")
    });
    let high = high.max().unwrap_or(-1);
    let mut wanted = before.clone();
    wanted.retain(|key, _| !expect.deleted.contains(key));
    for key in &expect.updated {
        wanted.get_mut(key).unwrap_or_else(|| panic!("{sql}: {key}")).1 = version;
    }
    for key in &expect.inserted {
        let (id, at) = after.get(key).copied().unwrap_or_else(|| panic!("{sql}: {key} is not there"));
        assert!(id > high, "{sql}: the new row {key} has the old id {id}");
        assert_eq!(at, version, "{sql}: the new row {key}");
        wanted.insert(*key, (id, at));
    }
    assert_eq!(after, wanted, "{sql}");
    let info = commits.last().unwrap().iter().find_map(|action| action.get("commitInfo")).unwrap();
    assert_eq!(info["tags"]["delta.rowTracking.preserved"], "true", "{sql}");
    let in_files = ids_in_files(home, table).await;
    for (key, kept) in &after {
        assert!(in_files.contains(&(*key, *kept)), "{sql}: {key} is {kept:?}, in files {in_files:?}");
    }
    let has_vectors = commits.iter().flatten().any(|action| action["add"].get("deletionVector").is_some());
    assert!(has_vectors || in_files.len() == after.len(), "{sql}: {in_files:?}");
}

/// The tables in which rows are changed: all that decides how that is done.
const TABLES: [(&str, &str); 7] = [
    ("", "'delta.enableDeletionVectors' = 'false'"),
    ("", "'delta.enableDeletionVectors' = 'true'"),
    ("PARTITIONED BY (p)", "'delta.enableDeletionVectors' = 'false'"),
    ("PARTITIONED BY (p)", "'delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true'"),
    ("", "'delta.enableDeletionVectors' = 'false', 'delta.enableChangeDataFeed' = 'true'"),
    ("PARTITIONED BY (p)", "'delta.enableDeletionVectors' = 'false', 'delta.columnMapping.mode' = 'name'"),
    ("", "'delta.enableDeletionVectors' = 'true', 'delta.columnMapping.mode' = 'id'"),
];

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_the_same_ones_after_each_statement() {
    for (partitions, properties) in TABLES {
        let home = Home::new();
        println!("{partitions} {properties}");
        home.rows(&format!(
            "CREATE TABLE t (id INT, v STRING, p INT) {partitions} TBLPROPERTIES ({TRACKED}, {properties})"
        ))
        .await;
        let range = "SELECT id, 'v' || id AS v, id % 2 AS p FROM (SELECT unnest(range(0, 10)) AS id)";
        let all: Vec<i64> = (0..10).collect();
        step(&home, "t", &format!("INSERT INTO t {range}"), &effect(&[], &all, &[])).await;
        for (sql, expect) in [
            ("INSERT INTO t VALUES (10, 'x', 0), (11, 'y', 1)", effect(&[], &[10, 11], &[])),
            ("UPDATE t SET v = 'new' WHERE id IN (2, 3)", effect(&[2, 3], &[], &[])),
            // Into another partition.
            ("UPDATE t SET p = 7 WHERE id = 3 OR id = 10", effect(&[3, 10], &[], &[])),
            ("DELETE FROM t WHERE id = 4", effect(&[], &[], &[4])),
            (
                "MERGE INTO t USING (SELECT unnest([5, 6, 20, 21]) AS id) s ON t.id = s.id \
                 WHEN MATCHED AND s.id = 5 THEN UPDATE SET v = 'merged' WHEN MATCHED THEN DELETE \
                 WHEN NOT MATCHED THEN INSERT (id, v, p) VALUES (s.id, 'new', 0) \
                 WHEN NOT MATCHED BY SOURCE AND t.id = 3 THEN UPDATE SET v = 'alone'",
                effect(&[5, 3], &[20, 21], &[6]),
            ),
            (
                "MERGE INTO t USING (SELECT 30 AS id, 'i' AS v, 1 AS p) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *",
                effect(&[], &[30], &[]),
            ),
            (
                "MERGE INTO t USING (SELECT 0 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
                effect(&[], &[], &[0]),
            ),
            ("OPTIMIZE t", Effect::default()),
            ("UPDATE t SET v = 'again' WHERE id = 5", effect(&[5], &[], &[])),
            ("DELETE FROM t WHERE id = 30", effect(&[], &[], &[30])),
            ("INSERT INTO t REPLACE WHERE id = 7 SELECT 7, 'replaced', 1", effect(&[], &[7], &[7])),
            ("INSERT INTO t REPLACE USING (id) VALUES (8, 'replaced', 0)", effect(&[], &[8], &[8])),
            ("UPDATE t SET v = v || '!'", effect(&[1, 2, 3, 5, 7, 8, 9, 10, 11, 20, 21], &[], &[])),
            ("RESTORE TABLE t TO VERSION AS OF 2", effect(&[], &[], &[])),
        ] {
            if sql.starts_with("RESTORE") {
                let then = ids(&home, "t VERSION AS OF 2").await;
                home.rows(sql).await;
                assert_eq!(ids(&home, "t").await, then, "{sql}");
                continue;
            }
            step(&home, "t", sql, &expect).await;
        }
        step(
            &home,
            "t",
            "INSERT OVERWRITE t VALUES (1, 'a', 1), (2, 'b', 0)",
            &effect(&[], &[1, 2], &(0..12).collect::<Vec<_>>()),
        )
        .await;
        step(&home, "t", "TRUNCATE TABLE t", &effect(&[], &[], &[1, 2])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_go_on_with_the_ids_of_their_source() {
    let home = Home::new();
    home.rows(&format!(
        "CREATE TABLE t (id INT) TBLPROPERTIES ({TRACKED}, 'delta.enableDeletionVectors' = 'false'); \
         INSERT INTO t VALUES (1), (2), (3); DELETE FROM t WHERE id = 2"
    ))
    .await;
    let source = ids(&home, "t").await;
    assert_eq!(source, BTreeMap::from([(1, (0, 1)), (3, (2, 1))]));
    home.rows("CREATE TABLE shallow SHALLOW CLONE t; CREATE TABLE deep DEEP CLONE t").await;
    for clone in ["shallow", "deep"] {
        assert_eq!(ids(&home, clone).await, source, "{clone}");
        home.rows(&format!("INSERT INTO {clone} VALUES (4); DELETE FROM {clone} WHERE id = 1")).await;
        let after = ids(&home, clone).await;
        assert_eq!(after[&3], source[&3], "{clone}");
        assert!(after[&4].0 > 4, "{clone}: {after:?}");
    }
    // A table with names of its own, which is made anew as a clone and restored.
    home.rows(&format!(
        "CREATE TABLE old (id INT) TBLPROPERTIES ({TRACKED}, 'delta.enableDeletionVectors' = 'false'); \
         INSERT INTO old VALUES (1), (2), (3); DELETE FROM old WHERE id = 1"
    ))
    .await;
    let before = ids(&home, "old").await;
    home.rows("CREATE OR REPLACE TABLE old DEEP CLONE t").await;
    assert_eq!(ids(&home, "old").await, source);
    home.rows("RESTORE TABLE old TO VERSION AS OF 2").await;
    assert_eq!(ids(&home, "old").await, before);
    home.rows("CREATE OR REPLACE TABLE old AS SELECT * FROM t; RESTORE TABLE old TO VERSION AS OF 2").await;
    assert_eq!(ids(&home, "old").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_columns_come_with_the_ids_of_old_rows() {
    for vectors in ["false", "true"] {
        let home = Home::new();
        home.rows(&format!(
            "CREATE TABLE t (id INT) TBLPROPERTIES ({TRACKED}, 'delta.enableDeletionVectors' = '{vectors}'); \
             INSERT INTO t VALUES (1), (2), (3)"
        ))
        .await;
        step(
            &home,
            "t",
            "MERGE WITH SCHEMA EVOLUTION INTO t USING (SELECT unnest([2, 9]) AS id, 'n' AS extra) s ON t.id = s.id \
             WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
            &effect(&[2], &[9], &[]),
        )
        .await;
        home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')").await;
        home.rows("ALTER TABLE t RENAME COLUMN extra TO other").await;
        step(&home, "t", "UPDATE t SET other = 'm' WHERE id = 9", &effect(&[9], &[], &[])).await;
        step(&home, "t", "DELETE FROM t WHERE id = 1", &effect(&[], &[], &[1])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_tracked_later_keep_ids_from_then_on() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT) TBLPROPERTIES ('delta.enableDeletionVectors' = 'false'); \
         INSERT INTO t VALUES (1), (2), (3); UPDATE t SET id = 20 WHERE id = 2",
    )
    .await;
    let error = home.error(&format!("{ROWS}t")).await;
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
    assert!(error.hint.unwrap().contains("delta.enableRowTracking"), "{}", error.message);
    home.rows(&format!("ALTER TABLE t SET TBLPROPERTIES ({TRACKED})")).await;
    step(&home, "t", "UPDATE t SET id = id WHERE id = 20", &effect(&[20], &[], &[])).await;
    step(&home, "t", "DELETE FROM t WHERE id = 3", &effect(&[], &[], &[3])).await;
    let refused = home.error("ALTER TABLE t SET TBLPROPERTIES ('delta.rowTrackingSuspended' = 'true')").await;
    assert_eq!(refused.kind, ErrorKind::Invalid, "{refused:?}");
    let both =
        format!("CREATE TABLE u (id INT) TBLPROPERTIES ({TRACKED}, 'delta.rowTrackingSuspended' = 'true')");
    assert_eq!(home.error(&both).await.kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_there_when_it_is_asked_for() {
    let home = Home::new();
    home.rows(&format!(
        "CREATE TABLE t (id INT, v STRING) TBLPROPERTIES ({TRACKED}); INSERT INTO t VALUES (1, 'a'), (2, 'b'); \
         UPDATE t SET v = 'c' WHERE id = 2; CREATE TABLE plain (id INT); INSERT INTO plain VALUES (1), (2); \
         CREATE TABLE own (id INT, _metadata INT); INSERT INTO own VALUES (1, 5)"
    ))
    .await;
    check(
        &home,
        &[
            ("SELECT * FROM t ORDER BY id", r#"[{"id":1,"v":"a"},{"id":2,"v":"c"}]"#),
            (
                "SELECT *, _metadata.row_id, t._metadata.row_commit_version AS at FROM t ORDER BY _metadata.row_id DESC",
                r#"[{"id":2,"v":"c","row_id":1,"at":2},{"id":1,"v":"a","row_id":0,"at":1}]"#,
            ),
            ("SELECT id FROM t WHERE _metadata.row_id = 1", r#"[{"id":2}]"#),
            ("SELECT count(*) AS n FROM t WHERE _METADATA.row_commit_version > 1 AND id < 5", r#"[{"n":1}]"#),
            (
                "SELECT * EXCEPT (v), _metadata.row_index FROM t AS x ORDER BY _metadata.row_commit_version",
                r#"[{"id":1,"row_index":1},{"id":2,"row_index":0}]"#,
            ),
            // What has become of each row since a version.
            (
                "SELECT * FROM t VERSION AS OF 1 a JOIN t b ON a._metadata.row_id = b._metadata.row_id \
                 AND a._metadata.row_commit_version <> b._metadata.row_commit_version",
                r#"[{"id":2,"v":"b","id":2,"v":"c"}]"#,
            ),
            (
                "SELECT a.*, b._metadata.row_id FROM plain a JOIN t b ON a.id = b.id ORDER BY a.id",
                r#"[{"id":1,"row_id":0},{"id":2,"row_id":1}]"#,
            ),
            ("SELECT max(m) AS m FROM (SELECT _metadata.row_id AS m, * FROM t)", r#"[{"m":1}]"#),
            ("SELECT s._metadata.row_id FROM (SELECT _metadata FROM t WHERE id = 1) s", r#"[{"row_id":0}]"#),
            (
                "WITH w AS (SELECT id, _metadata.row_id AS r FROM t) SELECT * FROM w ORDER BY id",
                r#"[{"id":1,"r":0},{"id":2,"r":1}]"#,
            ),
            (
                "SELECT id FROM t WHERE id = 1 UNION ALL SELECT _metadata.row_id FROM t WHERE id = 2",
                r#"[{"id":1},{"id":1}]"#,
            ),
            ("SELECT count(DISTINCT _metadata.FILE_PATH) AS n FROM t", r#"[{"n":1}]"#),
            (
                "SELECT _metadata.file_name LIKE 'part-%.parquet' AS a, _metadata.file_path LIKE 'file:///%/plain/part-%' AS b, \
                 _metadata.file_size > 100 AS c, _metadata.file_modification_time > TIMESTAMP '2020-01-01' AS d \
                 FROM plain LIMIT 1",
                r#"[{"a":true,"b":true,"c":true,"d":true}]"#,
            ),
            (
                "SELECT n FROM (SELECT _metadata.file_name AS f, count(*) AS n FROM plain GROUP BY _metadata.file_name)",
                r#"[{"n":2}]"#,
            ),
            ("SELECT _metadata, id FROM own", r#"[{"_metadata":5,"id":1}]"#),
            ("CREATE TEMPORARY VIEW v AS SELECT id, _metadata.row_id FROM t; SELECT * FROM v ORDER BY id", r#"[{"id":1,"row_id":0},{"id":2,"row_id":1}]"#),
            (
                "CREATE TABLE kept AS SELECT *, _metadata.row_id FROM t; SELECT * FROM kept ORDER BY id",
                r#"[{"id":1,"v":"a","row_id":0},{"id":2,"v":"c","row_id":1}]"#,
            ),
        ],
    )
    .await;
    check(
        &home,
        &[
            ("UPDATE t SET v = 'by id' WHERE _metadata.row_id = 0", affected(1).as_str()),
            ("DELETE FROM t WHERE t._metadata.row_commit_version = 2", affected(1).as_str()),
            (
                "MERGE INTO t USING (SELECT 0 AS r) s ON t._metadata.row_id = s.r WHEN MATCHED THEN UPDATE SET v = v || '!' \
                 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.r)",
                merged(1, 0, 0).as_str(),
            ),
            (
                "SELECT *, _metadata.row_id, _metadata.row_commit_version AS at FROM t",
                r#"[{"id":1,"v":"by id!","row_id":0,"at":5}]"#,
            ),
        ],
    )
    .await;
    let unknown = home.error("SELECT id, t._metadata.file_nam FROM t").await;
    assert_eq!(unknown.position.unwrap().column, 24, "{}", unknown.message);
}
