//! OPTIMIZE, VACUUM, RESTORE, CLONE, REORG, FSCK and CONVERT: what they do to files, and that rows stay what they are.

use crate::home::Home;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use tarn_lakehouse::{Error, ErrorKind};

/// Boxed: a test of many statements would take more of the stack than its thread has.
fn rows<'a>(home: &'a Home, sql: &'a str) -> Pin<Box<dyn Future<Output = String> + 'a>> {
    Box::pin(home.rows(sql))
}

fn error<'a>(home: &'a Home, sql: &'a str) -> Pin<Box<dyn Future<Output = Error> + 'a>> {
    Box::pin(home.error(sql))
}

/// A table of four files with ten rows each.
async fn with_table(properties: &str) -> Home {
    let home = Home::new();
    rows(&home, &format!("CREATE TABLE t (id BIGINT, p STRING, v DOUBLE) {properties}")).await;
    for start in [0, 10, 20, 30] {
        rows(
            &home,
            &format!(
                "INSERT INTO t SELECT value AS id, CASE WHEN value % 2 = 0 THEN 'even' ELSE 'odd' END AS p, \
             value * 1.5 AS v FROM generate_series({start}, {start} + 9)"
            ),
        )
        .await;
    }
    home
}

async fn all(home: &Home, table: &str) -> String {
    rows(home, &format!("SELECT * FROM {table} ORDER BY id")).await
}

async fn files(home: &Home, table: &str) -> i64 {
    let detail = rows(home, &format!("DESCRIBE DETAIL {table}")).await;
    number(&detail, "\"numFiles\":")
}

fn number(text: &str, key: &str) -> i64 {
    let Some((_, rest)) = text.split_once(key) else { panic!("{key} in {text}") };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    match rest[..end].parse() {
        Ok(number) => number,
        Err(_) => panic!("{key} in {text}"),
    }
}

async fn version(home: &Home, table: &str) -> i64 {
    number(&rows(home, &format!("DESCRIBE HISTORY {table} LIMIT 1")).await, "\"version\":")
}

/// What the newest commit says of itself.
async fn last_commit(home: &Home, table: &str) -> String {
    rows(home, &format!("DESCRIBE HISTORY {table} LIMIT 1")).await
}

fn data_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("_delta_log") {
            found.extend(data_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn folder(home: &Home, table: &str) -> PathBuf {
    home.path(&format!("main/default/{table}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn optimize_puts_small_files_together() {
    let home = with_table("").await;
    let before = all(&home, "t").await;
    assert_eq!(files(&home, "t").await, 4);
    let answer = rows(&home, "OPTIMIZE t").await;
    assert_eq!(number(&answer, "\"numFilesAdded\":"), 1, "{answer}");
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 4, "{answer}");
    assert_eq!(files(&home, "t").await, 1);
    assert_eq!(all(&home, "t").await, before);
    let commit = last_commit(&home, "t").await;
    assert!(commit.contains("OPTIMIZE") && commit.contains("SnapshotIsolation"), "{commit}");
    // A second time there is nothing to do, and no commit.
    let version_before = version(&home, "t").await;
    let answer = rows(&home, "OPTIMIZE t").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
    assert_eq!(version(&home, "t").await, version_before);
}

#[tokio::test(flavor = "multi_thread")]
async fn optimize_keeps_partitions_apart_and_takes_conditions_on_them() {
    let home = with_table("PARTITIONED BY (p)").await;
    let before = all(&home, "t").await;
    assert_eq!(files(&home, "t").await, 8);
    let answer = rows(&home, "OPTIMIZE t WHERE p = 'odd'").await;
    assert_eq!(number(&answer, "\"totalConsideredFiles\":"), 4, "{answer}");
    assert_eq!(number(&answer, "\"partitionsOptimized\":"), 1, "{answer}");
    assert_eq!(files(&home, "t").await, 5);
    rows(&home, "OPTIMIZE t").await;
    assert_eq!(files(&home, "t").await, 2);
    assert_eq!(all(&home, "t").await, before);
    let refused = error(&home, "OPTIMIZE t WHERE id = 1").await;
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(refused.position.unwrap().column, 18);
    assert_eq!(error(&home, "OPTIMIZE t WHERE nothing = 1").await.kind, ErrorKind::NotFound);
    assert_eq!(error(&home, "OPTIMIZE nowhere").await.kind, ErrorKind::NotFound);
    assert_eq!(error(&home, "OPTIMIZE t FULL").await.kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn optimize_and_reorg_drop_deleted_rows() {
    let home = with_table("TBLPROPERTIES ('delta.enableDeletionVectors' = true)").await;
    rows(&home, "OPTIMIZE t; DELETE FROM t WHERE id = 3").await;
    let before = all(&home, "t").await;
    // One of forty is too few for OPTIMIZE, but not for REORG.
    let answer = rows(&home, "OPTIMIZE t").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
    let answer = rows(&home, "REORG TABLE t APPLY (PURGE)").await;
    assert_eq!(number(&answer, "\"numDeletionVectorsRemoved\":"), 1, "{answer}");
    assert_eq!(all(&home, "t").await, before);
    assert!(last_commit(&home, "t").await.contains("REORG"));
    rows(&home, "DELETE FROM t WHERE id BETWEEN 10 AND 14").await;
    let before = all(&home, "t").await;
    let answer = rows(&home, "OPTIMIZE t").await;
    assert_eq!(number(&answer, "\"numDeletionVectorRowsRemoved\":"), 5, "{answer}");
    assert_eq!(all(&home, "t").await, before);
    let answer = rows(&home, "REORG TABLE t APPLY (PURGE)").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reorg_drops_the_values_of_dropped_columns() {
    let home = with_table("TBLPROPERTIES ('delta.columnMapping.mode' = 'name')").await;
    rows(&home, "ALTER TABLE t DROP COLUMN v").await;
    let before = all(&home, "t").await;
    let answer = rows(&home, "REORG TABLE t APPLY (PURGE)").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 4, "{answer}");
    assert_eq!(all(&home, "t").await, before);
    let answer = rows(&home, "REORG TABLE t APPLY (PURGE)").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn z_order_makes_files_that_queries_can_skip() {
    let home = Home::new();
    rows(
        &home,
        "CREATE TABLE t (a BIGINT, b BIGINT, s STRING) TBLPROPERTIES ('delta.targetFileSize' = '40000')",
    )
    .await;
    rows(
        &home,
        "INSERT INTO t SELECT (value * 7919) % 20000 AS a, (value * 104729) % 20000 AS b, \
         concat('row ', value) AS s FROM generate_series(1, 200000)",
    )
    .await;
    let sums = "SELECT count(*) AS n, sum(a) AS a, sum(b) AS b, count(DISTINCT s) AS s FROM t";
    let before = rows(&home, sums).await;
    let answer = rows(&home, "OPTIMIZE t ZORDER BY (a, b)").await;
    assert!(number(&answer, "\"numFilesAdded\":") > 3, "{answer}");
    assert_eq!(rows(&home, sums).await, before);
    let narrow = |column: &str| {
        let mut narrow = 0;
        let mut count = 0;
        for line in commit_lines(&folder(&home, "t"), 2) {
            if let Some(stats) = line.get("add").and_then(|add| add.get("stats")?.as_str()) {
                let stats: serde_json::Value = serde_json::from_str(stats).unwrap();
                let bound = |kind: &str| stats[kind][column].as_i64().unwrap();
                count += 1;
                narrow += i64::from(bound("maxValues") - bound("minValues") < 15000);
            }
        }
        (narrow, count)
    };
    for column in ["a", "b"] {
        let (narrow, count) = narrow(column);
        assert!(narrow * 2 > count, "{column}: {narrow} of {count} files have narrow bounds");
    }
    // In order already.
    let answer = rows(&home, "OPTIMIZE t ZORDER BY (a, b)").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
    for (bad, kind) in [
        ("OPTIMIZE t ZORDER BY (nothing)", ErrorKind::NotFound),
        ("OPTIMIZE t ZORDER BY (a, A)", ErrorKind::Invalid),
    ] {
        assert_eq!(error(&home, bad).await.kind, kind, "{bad}");
    }
}

fn commit_lines(table: &Path, version: u64) -> Vec<serde_json::Value> {
    let path = table.join(format!("_delta_log/{version:020}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn clustered_tables_are_clustered_step_by_step() {
    let home = with_table("CLUSTER BY (id, v)").await;
    let before = all(&home, "t").await;
    rows(&home, "OPTIMIZE t").await;
    assert_eq!(all(&home, "t").await, before);
    let lines = commit_lines(&folder(&home, "t"), 5);
    let adds: Vec<_> = lines.iter().filter_map(|line| line.get("add")).collect();
    assert_eq!(adds.len(), 1);
    assert_eq!(adds[0]["clusteringProvider"], "liquid");
    assert_eq!(adds[0]["tags"]["ZCUBE_ZORDER_BY"], r#"["id","v"]"#);
    assert_eq!(adds[0]["dataChange"], false);
    let answer = rows(&home, "OPTIMIZE t FULL").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 0, "{answer}");
    rows(&home, "INSERT INTO t VALUES (100, 'even', 1.0)").await;
    let answer = rows(&home, "OPTIMIZE t").await;
    assert_eq!(number(&answer, "\"numFilesRemoved\":"), 2, "{answer}");
    assert_eq!(error(&home, "OPTIMIZE t ZORDER BY (id)").await.kind, ErrorKind::Invalid);
    assert_eq!(error(&home, "OPTIMIZE t WHERE id = 1").await.kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_keep_their_ids_when_they_are_moved() {
    let home = with_table("TBLPROPERTIES ('delta.enableRowTracking' = true)").await;
    let before = all(&home, "t").await;
    rows(&home, "OPTIMIZE t").await;
    assert_eq!(all(&home, "t").await, before);
    let lines = commit_lines(&folder(&home, "t"), 5);
    let info = lines.iter().find_map(|line| line.get("commitInfo")).unwrap();
    assert_eq!(info["tags"]["delta.rowTracking.preserved"], "true");
    let metadata = commit_lines(&folder(&home, "t"), 0);
    let metadata = metadata.iter().find_map(|line| line.get("metaData")).unwrap();
    let name = |key: &str| metadata["configuration"][key].as_str().unwrap().to_owned();
    let id = name("delta.rowTracking.materializedRowIdColumnName");
    let row_version = name("delta.rowTracking.materializedRowCommitVersionColumnName");
    let add = lines.iter().find_map(|line| line.get("add")).unwrap();
    assert_eq!(add["baseRowId"], 40);
    let file = format!("main/default/t/{}", add["path"].as_str().unwrap());
    let kept = format!(
        "SELECT count(*) AS n, count(DISTINCT `{id}`) AS ids, min(`{id}`) AS first, max(`{id}`) AS last, \
         min(`{row_version}`) AS v1, max(`{row_version}`) AS v2 FROM parquet.`{file}`"
    );
    let expect = r#"[{"n":40,"ids":40,"first":0,"last":39,"v1":1,"v2":4}]"#;
    assert_eq!(rows(&home, &kept).await, expect);
    // Once more: now the ids come from the file.
    rows(&home, "INSERT INTO t VALUES (1000, 'even', 0.0); OPTIMIZE t").await;
    let lines = commit_lines(&folder(&home, "t"), 7);
    let add = lines.iter().find_map(|line| line.get("add")).unwrap();
    let file = format!("main/default/t/{}", add["path"].as_str().unwrap());
    let found = rows(&home, &format!(
            "SELECT `{id}` AS row_id, `{row_version}` AS version FROM parquet.`{file}` WHERE id IN (3, 1000) ORDER BY id"
        ))
        .await;
    // The commit's file began at 40, so the new row is number 80.
    assert!(found.ends_with(r#"{"row_id":80,"version":6}]"#), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_deletes_only_what_nothing_needs() {
    let home = with_table("").await;
    rows(&home, "OPTIMIZE t").await;
    let before = all(&home, "t").await;
    let folder = folder(&home, "t");
    assert_eq!(data_files(&folder).len(), 5);
    // Too young.
    rows(&home, "VACUUM t").await;
    assert_eq!(data_files(&folder).len(), 5);
    let refused = error(&home, "VACUUM t RETAIN 1 HOURS").await;
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert_eq!(refused.position.unwrap().column, 17);
    assert!(refused.hint.unwrap().contains("spark.databricks.delta.retentionDurationCheck.enabled"));
    rows(&home, "SET spark.databricks.delta.retentionDurationCheck.enabled = false").await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let listed = rows(&home, "VACUUM t RETAIN 0 HOURS DRY RUN").await;
    assert_eq!(listed.matches("\"path\"").count(), 4, "{listed}");
    assert_eq!(data_files(&folder).len(), 5);
    rows(&home, "VACUUM t RETAIN 0 HOURS").await;
    assert_eq!(data_files(&folder).len(), 1);
    assert_eq!(all(&home, "t").await, before);
    let history = rows(&home, "DESCRIBE HISTORY t LIMIT 2").await;
    assert!(history.contains("VACUUM END") && history.contains("VACUUM START"), "{history}");
    assert!(history.contains("numDeletedFiles"), "{history}");
    // An earlier version has lost its files.
    let refused = error(&home, "SELECT * FROM t VERSION AS OF 2").await;
    assert!([ErrorKind::BadData, ErrorKind::NotFound].contains(&refused.kind), "{refused:?}");
    let refused = error(&home, "RESTORE TABLE t TO VERSION AS OF 2").await;
    assert!(refused.message.contains(".parquet"), "{}", refused.message);
}

/// What a kill leaves is hidden, so that nobody reads it; it goes when it is older than the retention time.
#[tokio::test(flavor = "multi_thread")]
async fn vacuum_deletes_what_was_left_unfinished() {
    let home = with_table("").await;
    let before = all(&home, "t").await;
    let folder = folder(&home, "t");
    let stray = |name: &str, age_days: u64| {
        home.write(&format!("main/default/t/{name}"), "some of it");
        let file = std::fs::File::options().write(true).open(folder.join(name)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - std::time::Duration::from_secs(age_days * 86_400)).unwrap();
        folder.join(name)
    };
    let old = [
        stray(".part-0.parquet.tarn-0123456789abcdef.tmp", 8),
        stray("_delta_log/.00000000000000000009.json.tarn-0123456789abcdef.tmp", 8),
        stray("_change_data/.cdc-0.parquet.tarn-0123456789abcdef.tmp", 8),
        // As Hadoop names them.
        stray("_delta_log/.00000000000000000009.json.6a1b0c5e-3f0c-4f8e-9a43-0a5d1f6f7d11.tmp", 8),
    ];
    let kept = [
        stray(".part-1.parquet.tarn-0123456789abcdef.tmp", 6),
        stray("_delta_log/.00000000000000000009.json.tarn-fedcba9876543210.tmp", 6),
        stray("_delta_log/00000000000000000009.json.bak", 8),
        stray(".hidden/.x.tmp", 8),
        stray(".hidden.parquet", 8),
    ];
    let listed = rows(&home, "VACUUM t DRY RUN").await;
    assert_eq!(listed.matches("\"path\"").count(), old.len(), "{listed}");
    assert!(old.iter().all(|path| path.exists()));
    rows(&home, "VACUUM t").await;
    assert_eq!(old.iter().filter(|path| path.exists()).count(), 0);
    assert!(kept.iter().all(|path| path.exists()), "{kept:?}");
    assert_eq!(all(&home, "t").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn vacuum_lite_looks_into_the_log_alone() {
    let home =
        with_table("TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 seconds')").await;
    home.write("main/default/t/stray.parquet", "no file of the table");
    rows(&home, "DELETE FROM t WHERE id < 10").await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    rows(&home, "VACUUM t LITE").await;
    let folder = folder(&home, "t");
    assert_eq!(data_files(&folder).len(), 4);
    assert!(folder.join("stray.parquet").exists());
    rows(&home, "VACUUM t").await;
    assert!(!folder.join("stray.parquet").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_brings_rows_and_columns_back() {
    let home = with_table("").await;
    let before = all(&home, "t").await;
    rows(
        &home,
        "UPDATE t SET v = 0 WHERE id < 5; INSERT INTO t VALUES (99, 'odd', 1.0); DELETE FROM t WHERE id = 30",
    )
    .await;
    let later = version(&home, "t").await;
    let answer = rows(&home, "RESTORE TABLE t TO VERSION AS OF 4").await;
    assert_eq!(number(&answer, "\"num_of_files_after_restore\":"), 4, "{answer}");
    assert!(number(&answer, "\"num_restored_files\":") >= 2, "{answer}");
    assert_eq!(all(&home, "t").await, before);
    assert!(last_commit(&home, "t").await.contains("RESTORE"));
    // There and back.
    rows(&home, &format!("RESTORE t VERSION AS OF {later}")).await;
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM t").await, r#"[{"n":40}]"#);
    assert_eq!(error(&home, "RESTORE TABLE t TO VERSION AS OF 99").await.kind, ErrorKind::NotFound);
    assert_eq!(error(&home, "RESTORE TABLE t TO TIMESTAMP AS OF 'x'").await.kind, ErrorKind::Invalid);
    assert_eq!(error(&home, "RESTORE TABLE nowhere TO VERSION AS OF 0").await.kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_never_lowers_the_protocol() {
    let home = with_table("").await;
    rows(&home, "ALTER TABLE t SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)").await;
    rows(&home, "DELETE FROM t WHERE id = 3").await;
    rows(&home, "RESTORE TABLE t TO VERSION AS OF 4").await;
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM t").await, r#"[{"n":40}]"#);
    let detail = rows(&home, "DESCRIBE DETAIL t").await;
    assert_eq!(number(&detail, "\"minReaderVersion\":"), 3, "{detail}");
    assert!(!detail.contains("enableDeletionVectors"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_have_the_rows_and_go_their_own_way() {
    let home = with_table("PARTITIONED BY (p) TBLPROPERTIES ('delta.enableDeletionVectors' = true)").await;
    rows(&home, "DELETE FROM t WHERE id = 7").await;
    let before = all(&home, "t").await;
    let answer = rows(&home, "CREATE TABLE s SHALLOW CLONE t").await;
    assert_eq!(number(&answer, "\"source_num_of_files\":"), 8, "{answer}");
    assert_eq!(number(&answer, "\"num_copied_files\":"), 0, "{answer}");
    let answer =
        rows(&home, "CREATE TABLE d DEEP CLONE t TBLPROPERTIES ('delta.appendOnly' = 'false')").await;
    assert_eq!(number(&answer, "\"num_copied_files\":"), 8, "{answer}");
    for clone in ["s", "d"] {
        assert_eq!(all(&home, clone).await, before);
        rows(
            &home,
            &format!(
                "DELETE FROM {clone} WHERE p = 'odd' AND id > 20; INSERT INTO {clone} VALUES (500, 'x', 1)"
            ),
        )
        .await;
        let own = all(&home, clone).await;
        assert_ne!(own, before);
        rows(&home, &format!("OPTIMIZE {clone}")).await;
        assert_eq!(all(&home, clone).await, own);
    }
    assert_eq!(data_files(&folder(&home, "d")).len(), 8 + 1 + 2);
    assert_eq!(all(&home, "t").await, before);
    let answer = rows(&home, "CREATE OR REPLACE TABLE s SHALLOW CLONE t VERSION AS OF 2").await;
    assert!(number(&answer, "\"num_removed_files\":") > 0, "{answer}");
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM s").await, r#"[{"n":20}]"#);
    // The same files again: none of them may be removed by the commit that adds it.
    rows(&home, "CREATE OR REPLACE TABLE s SHALLOW CLONE t VERSION AS OF 2").await;
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM s").await, r#"[{"n":20}]"#);
    let newest = u64::try_from(version(&home, "s").await).unwrap();
    assert!(commit_lines(&folder(&home, "s"), newest).iter().all(|line| line.get("remove").is_none()));
    rows(&home, "CREATE TABLE IF NOT EXISTS s DEEP CLONE t").await;
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM s").await, r#"[{"n":20}]"#);
    for (bad, kind) in [
        ("CREATE TABLE s SHALLOW CLONE t", ErrorKind::Invalid),
        ("CREATE TABLE x SHALLOW CLONE nowhere", ErrorKind::NotFound),
        ("CREATE TABLE x SHALLOW CLONE t VERSION AS OF 77", ErrorKind::NotFound),
        ("CREATE OR REPLACE TABLE t CLONE t", ErrorKind::Invalid),
        ("REPLACE TABLE x CLONE t", ErrorKind::NotFound),
    ] {
        assert_eq!(error(&home, bad).await.kind, kind, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fsck_forgets_missing_files() {
    let home = with_table("").await;
    assert_eq!(rows(&home, "FSCK REPAIR TABLE t").await, "[]");
    let gone = data_files(&folder(&home, "t")).remove(0);
    std::fs::remove_file(&gone).unwrap();
    assert_eq!(error(&home, "SELECT * FROM t").await.kind, ErrorKind::BadData);
    let listed = rows(&home, "FSCK REPAIR TABLE t DRY RUN").await;
    assert!(listed.contains(gone.file_name().unwrap().to_str().unwrap()), "{listed}");
    assert!(listed.contains("\"dataFileMissing\":true"), "{listed}");
    assert_eq!(files(&home, "t").await, 4);
    rows(&home, "FSCK REPAIR TABLE t").await;
    assert_eq!(files(&home, "t").await, 3);
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM t").await, r#"[{"n":30}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_files_become_a_table() {
    let home = with_table("PARTITIONED BY (p)").await;
    let before = all(&home, "t").await;
    rows(&home, "CREATE TABLE u (id BIGINT, v DOUBLE); INSERT INTO u VALUES (1, 2.5), (2, NULL)").await;
    for table in ["t", "u"] {
        std::fs::remove_dir_all(folder(&home, table).join("_delta_log")).unwrap();
    }
    let refused = error(&home, "CONVERT TO DELTA parquet.`main/default/t`").await;
    assert_eq!(refused.kind, ErrorKind::Invalid);
    assert!(refused.message.contains("those of p"), "{}", refused.message);
    rows(&home, "CONVERT TO DELTA parquet.`main/default/t` PARTITIONED BY (p STRING)").await;
    assert_eq!(rows(&home, "SELECT id, p, v FROM t ORDER BY id").await, before);
    assert_eq!(rows(&home, "SELECT v FROM t WHERE id = 33").await, r#"[{"v":49.5}]"#);
    rows(&home, "CONVERT TO DELTA parquet.`main/default/u` NO STATISTICS").await;
    assert_eq!(rows(&home, "SELECT count(*) AS n FROM u").await, r#"[{"n":2}]"#);
    // What is a table stays one.
    rows(
        &home,
        "CONVERT TO DELTA parquet.`main/default/u`; CONVERT TO DELTA u; INSERT INTO u VALUES (3, 1.0)",
    )
    .await;
    assert_eq!(version(&home, "u").await, 1);
    assert_eq!(error(&home, "CONVERT TO DELTA parquet.`main/nothing`").await.kind, ErrorKind::Invalid);
    home.write("bad/a.parquet", "no parquet");
    assert_eq!(error(&home, "CONVERT TO DELTA parquet.`bad`").await.kind, ErrorKind::BadData);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_not_there_are_errors() {
    let home = Home::new();
    let refused = error(&home, "SET spark.databricks.delta.retentionDurationCheck.enable = false").await;
    assert_eq!(refused.kind, ErrorKind::NotFound);
    assert!(refused.hint.unwrap().contains("Did you mean"));
}
