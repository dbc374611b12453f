//! The change feed: what each statement tells it, and what `table_changes` reads.

use crate::home::Home;
use tarn_lakehouse::ErrorKind;

const FEED: &str = "TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')";

/// The changes of one version, in an order of their own.
async fn changes(home: &Home, table: &str, version: u32) -> String {
    let sql = format!(
        "SELECT _change_type AS c, * EXCEPT (_change_type, _commit_version, _commit_timestamp) \
         FROM table_changes('{table}', {version}, {version}) ORDER BY 2, 1"
    );
    home.rows(&sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_tell_what_they_change() {
    let home = Home::new();
    for vectors in ["false", "true"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, p STRING) PARTITIONED BY (p) TBLPROPERTIES \
             ('delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = '{vectors}')"
        ))
        .await;
        let first: u32 = 1 + u32::from(vectors == "true") * 8;
        for sql in [
            "INSERT INTO t VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, 'b')",
            "UPDATE t SET id = 20 WHERE id = 2",
            "UPDATE t SET p = 'c' WHERE id = 3",
            "DELETE FROM t WHERE id = 1",
            "MERGE INTO t USING (SELECT 4 AS id, 'z' AS p UNION ALL SELECT 5, 'n') s ON t.id = s.id \
             WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE AND t.id = 20 THEN DELETE",
            "INSERT INTO t REPLACE WHERE id >= 4 VALUES (40, 'z'), (50, 'n')",
            "INSERT OVERWRITE t VALUES (7, 'q')",
        ] {
            home.rows(sql).await;
        }
        for (version, expect) in [
            r#"[{"c":"insert","id":1,"p":"a"},{"c":"insert","id":2,"p":"a"},{"c":"insert","id":3,"p":"b"},{"c":"insert","id":4,"p":"b"}]"#,
            r#"[{"c":"update_preimage","id":2,"p":"a"},{"c":"update_postimage","id":20,"p":"a"}]"#,
            r#"[{"c":"update_postimage","id":3,"p":"c"},{"c":"update_preimage","id":3,"p":"b"}]"#,
            r#"[{"c":"delete","id":1,"p":"a"}]"#,
            r#"[{"c":"update_postimage","id":4,"p":"z"},{"c":"update_preimage","id":4,"p":"b"},{"c":"insert","id":5,"p":"n"},{"c":"delete","id":20,"p":"a"}]"#,
            r#"[{"c":"delete","id":4,"p":"z"},{"c":"delete","id":5,"p":"n"},{"c":"insert","id":40,"p":"z"},{"c":"insert","id":50,"p":"n"}]"#,
            r#"[{"c":"delete","id":3,"p":"c"},{"c":"insert","id":7,"p":"q"},{"c":"delete","id":40,"p":"z"},{"c":"delete","id":50,"p":"n"}]"#,
        ]
        .iter()
        .enumerate()
        {
            let version = first + u32::try_from(version).unwrap();
            assert_eq!(changes(&home, "t", version).await, *expect, "version {version}, vectors {vectors}");
        }
        assert_eq!(net(&home, &format!("'t', {first}"), "id, p").await, r#"[{"id":7,"p":"q","n":1}]"#);
    }
}

/// The rows that are left of all changes.
async fn net(home: &Home, call: &str, columns: &str) -> String {
    home.rows(&format!(
        "SELECT {columns}, sum(CASE WHEN _change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END) AS n \
         FROM table_changes({call}) GROUP BY {columns} \
         HAVING sum(CASE WHEN _change_type IN ('insert', 'update_postimage') THEN 1 ELSE -1 END) <> 0 ORDER BY {columns}"
    ))
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_files_are_replaced_in_the_feed() {
    let home = Home::new();
    home.rows(&format!("CREATE TABLE t (id INT, v STRING) {FEED}; INSERT INTO t VALUES (1, 'a'), (2, 'b')"))
        .await;
    home.rows("INSERT INTO t REPLACE WHERE id = 2 VALUES (2, 'new')").await;
    assert_eq!(
        changes(&home, "t", 2).await,
        r#"[{"c":"delete","id":2,"v":"b"},{"c":"insert","id":2,"v":"new"}]"#
    );
    home.rows("INSERT INTO t REPLACE USING (id) VALUES (1, 'x')").await;
    assert_eq!(
        changes(&home, "t", 3).await,
        r#"[{"c":"delete","id":1,"v":"a"},{"c":"insert","id":1,"v":"x"}]"#
    );
    // Rows that were only copied are not told.
    assert_eq!(net(&home, "'t', 0", "id, v").await, r#"[{"id":1,"v":"x","n":1},{"id":2,"v":"new","n":1}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_bounded_by_versions_and_times() {
    let home = Home::new();
    home.rows(&format!("CREATE TABLE t (id INT) {FEED}; INSERT INTO t VALUES (1)")).await;
    home.rows("INSERT INTO t VALUES (2)").await;
    let count =
        |call: &str| format!("SELECT count(*) AS n, min(_commit_version) AS v FROM table_changes({call})");
    assert_eq!(home.rows(&count("'t', 0")).await, r#"[{"n":2,"v":1}]"#);
    assert_eq!(home.rows(&count("t, 2")).await, r#"[{"n":1,"v":2}]"#);
    assert_eq!(home.rows(&count("'main.default.t', 0, 1")).await, r#"[{"n":1,"v":1}]"#);
    assert_eq!(home.rows(&count("main.default.t, 1, 99")).await, r#"[{"n":2,"v":1}]"#);
    assert_eq!(home.rows(&count("delta.`main/default/t`, 0")).await, r#"[{"n":2,"v":1}]"#);
    assert_eq!(home.rows(&count("'delta.`main/default/t`', 2")).await, r#"[{"n":1,"v":2}]"#);
    assert_eq!(home.rows(&count("'t', '2001-01-01'")).await, r#"[{"n":2,"v":1}]"#);
    assert_eq!(home.rows(&count("'t', '2001-01-01', now() + INTERVAL '1' DAY")).await, r#"[{"n":2,"v":1}]"#);
    let times = home.rows("SELECT _commit_timestamp > TIMESTAMP '2020-01-01' AS b FROM table_changes('t', 2) AS f WHERE f.id = 2").await;
    assert_eq!(times, r#"[{"b":true}]"#);
    // A time between the two versions.
    let at = home.rows("SELECT max(_commit_timestamp) AS t FROM table_changes('t', 1, 1)").await;
    let at = at.trim_start_matches(r#"[{"t":""#).trim_end_matches(r#""}]"#).to_owned();
    assert_eq!(home.rows(&count(&format!("'t', '{at}', '{at}'"))).await, r#"[{"n":1,"v":1}]"#);
    home.rows("CREATE VIEW v AS SELECT count(*) AS n FROM table_changes('t', 0)").await;
    home.rows("INSERT INTO t VALUES (3)").await;
    assert_eq!(home.rows("SELECT n FROM v").await, r#"[{"n":3}]"#);
    for (call, kind, message) in [
        ("'t', 9", ErrorKind::Invalid, "start with version 9, after the newest version 3"),
        ("'t', 2, 1", ErrorKind::Invalid, "end with version 1, before they start with version 2"),
        ("'t', now() + INTERVAL '1' DAY", ErrorKind::Invalid, "after the newest version 3"),
        ("'t'", ErrorKind::Invalid, "takes 2 or 3 arguments, not 1"),
        ("'t', 1.5", ErrorKind::Invalid, "1.5 is not a version"),
        ("'t', 'noon'", ErrorKind::Invalid, "is not a time"),
        ("'a b c', 1", ErrorKind::Invalid, "is not the name of a table"),
        ("'nope', 0", ErrorKind::NotFound, "nope"),
    ] {
        let error = home.error(&count(call)).await;
        assert!(error.message.contains(message), "{call}: {error:?}");
        assert_eq!(error.kind, kind, "{call}: {error:?}");
        assert!(error.position.is_some(), "{call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_without_a_feed_are_named() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT); INSERT INTO t VALUES (1)").await;
    home.rows(
        "ALTER TABLE t SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true'); INSERT INTO t VALUES (2)",
    )
    .await;
    let error = home.error("SELECT * FROM table_changes('t', 1)").await;
    assert!(error.message.contains("ersion 1 has no change feed"), "{error:?}");
    assert_eq!(changes(&home, "t", 3).await, r#"[{"c":"insert","id":2}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_were_added_are_null_before() {
    let home = Home::new();
    home.rows(&format!("CREATE TABLE t (id INT) {FEED}; INSERT INTO t VALUES (1)")).await;
    home.rows("ALTER TABLE t ADD COLUMN v STRING; INSERT INTO t VALUES (2, 'x')").await;
    assert_eq!(
        home.rows("SELECT id, v FROM table_changes('t', 0) ORDER BY id").await,
        r#"[{"id":1,"v":null},{"id":2,"v":"x"}]"#
    );
    // Up to the version before, the column is not there.
    assert_eq!(changes(&home, "t", 1).await, r#"[{"c":"insert","id":1}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn mapped_columns_are_told_until_they_go() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (`a b` INT, s STRUCT<x: INT>, w INT) TBLPROPERTIES ('delta.columnMapping.mode' = 'name', \
         'delta.enableChangeDataFeed' = 'true')",
    )
    .await;
    home.rows("INSERT INTO t VALUES (1, named_struct('x', 1), 1), (2, NULL, 2); UPDATE t SET s.x = 5 WHERE `a b` = 1").await;
    let expect = r#"[{"c":"update_postimage","a b":1,"s":{"x":5},"w":1},{"c":"update_preimage","a b":1,"s":{"x":1},"w":1}]"#;
    assert_eq!(changes(&home, "t", 2).await, expect);
    home.rows("ALTER TABLE t DROP COLUMN w").await;
    assert_eq!(changes(&home, "t", 2).await, expect);
    let error = home.error("SELECT * FROM table_changes('t', 1)").await;
    assert!(error.message.contains("the column w was renamed or dropped"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_of_other_writers_add_up() {
    let Some(golden) = std::env::var_os("TARN_GOLDEN_DIR").map(std::path::PathBuf::from) else { return };
    let home = Home::new();
    for (archive, columns, first, counts, adds_up) in TABLES {
        let name = archive.rsplit('/').next().unwrap();
        let folder = home.path(name);
        crate::golden::unpack(&golden.join(format!("{archive}.tar.zst")), &folder);
        let table = folder.join(name);
        let call = format!("delta.`{}`, {first}", table.display());
        let found = home
            .rows(&format!(
                "SELECT _change_type AS c, count(*) AS n FROM table_changes({call}) GROUP BY _change_type ORDER BY 1"
            ))
            .await;
        assert_eq!(found, *counts, "{archive}");
        if *adds_up {
            let rows = home
                .rows(&format!(
                    "SELECT {columns}, count(*) AS n FROM delta.`{}` GROUP BY {columns} ORDER BY {columns}",
                    table.display()
                ))
                .await;
            assert_eq!(net(&home, &call, columns).await, rows, "{archive}");
        }
    }
}

/// The table, its columns, the version from which there is a feed, the changes by kind as the commits tell them, and
/// whether they add up to the table's rows.
type Told = (&'static str, &'static str, u32, &'static str, bool);

const TABLES: &[Told] = &[
    (
        "delta-kernel/cdf-table-with-cdc-and-dvs",
        "id, comment",
        0,
        r#"[{"c":"delete","n":13},{"c":"insert","n":18},{"c":"update_postimage","n":6},{"c":"update_preimage","n":6}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-table",
        "id, name, birthday",
        0,
        r#"[{"c":"delete","n":1},{"c":"insert","n":10},{"c":"update_postimage","n":6},{"c":"update_preimage","n":6}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-table-non-partitioned",
        "id, name, birthday, long_field",
        0,
        r#"[{"c":"delete","n":1},{"c":"insert","n":12},{"c":"update_postimage","n":6},{"c":"update_preimage","n":6}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-table-partitioned",
        "id, part",
        0,
        r#"[{"c":"delete","n":4},{"c":"insert","n":6},{"c":"update_postimage","n":1},{"c":"update_preimage","n":1}]"#,
        true,
    ),
    ("delta-kernel/cdf-table-simple", "id", 0, r#"[{"c":"delete","n":10},{"c":"insert","n":15}]"#, false),
    ("delta-kernel/cdf-table-data-change", "id", 0, r#"[{"c":"insert","n":10}]"#, true),
    (
        "delta-kernel/cdf-table-delete-conditional-all-rows",
        "id",
        0,
        r#"[{"c":"delete","n":10},{"c":"insert","n":10}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-table-delete-conditional-two-rows",
        "id",
        0,
        r#"[{"c":"delete","n":2},{"c":"insert","n":10}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-table-delete-unconditional",
        "id",
        0,
        r#"[{"c":"delete","n":10},{"c":"insert","n":10}]"#,
        true,
    ),
    (
        "delta-kernel/cdf-column-mapping-id-mode",
        "id",
        1,
        r#"[{"c":"delete","n":1},{"c":"insert","n":1},{"c":"update_postimage","n":1},{"c":"update_preimage","n":1}]"#,
        false,
    ),
    (
        "delta-kernel/cdf-column-mapping-name-mode",
        "id",
        1,
        r#"[{"c":"delete","n":1},{"c":"insert","n":1},{"c":"update_postimage","n":1},{"c":"update_preimage","n":1}]"#,
        false,
    ),
];
