//! ALTER TABLE, COMMENT ON, schemas, SHOW CREATE TABLE, identity columns.

use crate::home::Home;
use crate::steps::{check, check_errors};
use tarn_lakehouse::ErrorKind;

async fn check_error(home: &Home, sql: &str, kind: ErrorKind, message: &str) {
    let error = home.error(sql).await;
    assert_eq!((error.kind, error.message.as_str()), (kind, message), "{sql}");
}

/// The columns as `name type`, and the newest operation.
async fn columns(home: &Home, table: &str) -> String {
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&home.rows(&format!("DESCRIBE {table}")).await).unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let shown = rows.iter().map(|row| format!("{} {}", text(row, "col_name"), text(row, "data_type")));
    shown.collect::<Vec<_>>().join(", ")
}

/// Name and parameters of the newest version's operation.
async fn newest(home: &Home, table: &str) -> serde_json::Value {
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&home.rows(&format!("DESCRIBE HISTORY {table} LIMIT 1")).await).unwrap();
    serde_json::json!([rows[0]["operation"], rows[0]["operationParameters"]])
}

async fn versions(home: &Home, table: &str) -> usize {
    let rows: Vec<serde_json::Value> =
        serde_json::from_str(&home.rows(&format!("DESCRIBE HISTORY {table}")).await).unwrap();
    rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_added_where_they_should_be() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (a INT, s STRUCT<x: INT, y: INT>, l ARRAY<STRUCT<q: INT>>); \
         INSERT INTO t SELECT 1, named_struct('x', 2, 'y', 3), make_array(named_struct('q', 4))",
    )
    .await;
    home.rows("ALTER TABLE t ADD COLUMNS (b DOUBLE COMMENT 'bee' FIRST, s.z DATE AFTER x, l.element.r INT)")
        .await;
    assert_eq!(
        columns(&home, "t").await,
        "b double, a int, s struct<x:int,z:date,y:int>, l array<struct<q:int,r:int>>"
    );
    assert_eq!(
        home.rows("SELECT * FROM t").await,
        r#"[{"b":null,"a":1,"s":{"x":2,"z":null,"y":3},"l":[{"q":4,"r":null}]}]"#
    );
    let newest = newest(&home, "t").await;
    assert_eq!(newest[0], "ADD COLUMNS");
    let parameter: serde_json::Value =
        serde_json::from_str(newest[1]["columns"].as_str().unwrap_or_default()).unwrap();
    assert_eq!(parameter[0]["position"], "FIRST");
    assert_eq!(
        parameter[1]["column"],
        serde_json::json!({"name": "s.z", "type": "date", "nullable": true, "metadata": {}})
    );
    for (sql, kind, message) in [
        ("ADD COLUMN a INT", ErrorKind::Invalid, "There is a column a already"),
        (
            "ADD COLUMN n INT NOT NULL",
            ErrorKind::Invalid,
            "The new column n cannot be NOT NULL: rows that are there have null in it",
        ),
        (
            "ADD COLUMN n INT DEFAULT 1",
            ErrorKind::Invalid,
            "The new column n cannot have a default: rows that are there would not have it",
        ),
        ("ADD COLUMN n INT AFTER nope", ErrorKind::Invalid, "There is no column or field nope"),
        ("ADD COLUMN u.n INT", ErrorKind::NotFound, "There is no column u"),
        ("ADD COLUMN a.n INT", ErrorKind::Invalid, "A is not a struct, and has no fields"),
    ] {
        check_error(&home, &format!("ALTER TABLE t {sql}"), kind, message).await;
    }
    assert_eq!(versions(&home, "t").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_dropped_and_renamed_once_they_are_mapped() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT, a INT, s STRUCT<x: INT, y: INT>, p STRING) PARTITIONED BY (p); \
         INSERT INTO t SELECT 1, 10, named_struct('x', 2, 'y', 3), 'one'",
    )
    .await;
    let needs = "Columns cannot be dropped while they are found by their names in files";
    check_error(&home, "ALTER TABLE t DROP COLUMN a", ErrorKind::Invalid, needs).await;
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')").await;
    home.rows("ALTER TABLE t RENAME COLUMN s.x TO xx; ALTER TABLE t RENAME COLUMN p TO part").await;
    assert_eq!(
        newest(&home, "t").await,
        serde_json::json!(["RENAME COLUMN", {"oldColumnPath": "p", "newColumnPath": "part"}])
    );
    home.rows("ALTER TABLE t DROP COLUMNS (a, s.y); ALTER TABLE t ADD COLUMN a STRING").await;
    home.rows("INSERT INTO t SELECT 2, named_struct('xx', 7), 'two', 'new'").await;
    let all = "[{\"id\":1,\"s\":{\"xx\":2},\"part\":\"one\",\"a\":null},\
               {\"id\":2,\"s\":{\"xx\":7},\"part\":\"two\",\"a\":\"new\"}]";
    assert_eq!(home.rows("SELECT * FROM t ORDER BY id").await, all);
    // Fields of old and new files are found under their new names, by filters too.
    for (filter, ids) in
        [("s.xx = 2", "[1]"), ("s.xx > 2", "[2]"), ("s.xx IS NULL", "[]"), ("part = 'one'", "[1]")]
    {
        let rows = home.rows(&format!("SELECT id FROM t WHERE {filter}")).await;
        assert_eq!(rows.replace("{\"id\":", "").replace('}', ""), ids, "{filter}");
    }
    home.rows("UPDATE t SET a = 'set' WHERE s.xx = 2; DELETE FROM t WHERE id = 2").await;
    assert_eq!(home.rows("SELECT * FROM t").await, r#"[{"id":1,"s":{"xx":2},"part":"one","a":"set"}]"#);
    home.rows("ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0)").await;
    for (sql, message) in [
        ("DROP COLUMN part", "The table is partitioned by part, which cannot be dropped"),
        ("DROP COLUMN s.xx", "s.xx is the only field of its struct"),
        ("DROP COLUMN id", "Column id cannot be dropped: the constraint c (id > 0) mentions it"),
        ("RENAME COLUMN id TO z", "Column id cannot be renamed: the constraint c (id > 0) mentions it"),
        ("RENAME COLUMN a TO ID", "There is a column ID already"),
    ] {
        check_error(&home, &format!("ALTER TABLE t {sql}"), ErrorKind::Invalid, message).await;
    }
    let error = home.error("ALTER TABLE t DROP COLUMN idd").await;
    assert_eq!((error.kind, error.hint.as_deref()), (ErrorKind::NotFound, Some("Did you mean id?")));
    assert_eq!(error.position.unwrap().column, 27);
    let before = versions(&home, "t").await;
    home.rows("ALTER TABLE t DROP COLUMN IF EXISTS nope").await;
    assert_eq!(versions(&home, "t").await, before);
    for mode in ["id", "none"] {
        let sql = format!("ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = '{mode}')");
        assert_eq!(home.error(&sql).await.kind, ErrorKind::Invalid);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_become_wider() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (a INT, s STRUCT<x: INT>, l ARRAY<STRUCT<q: INT>>, m MAP<STRING, INT>, d DATE, f FLOAT, \
         n DECIMAL(5, 2), v VARCHAR(3), p INT) PARTITIONED BY (p); \
         INSERT INTO t SELECT 1, named_struct('x', 2), make_array(named_struct('q', 3)), \
         map(make_array('k'), make_array(4)), DATE '2024-01-02', 1.5, 2.25, 'abc', 1",
    )
    .await;
    let not_allowed = "Column a of type int can become bigint only where the table allows it";
    check_error(&home, "ALTER TABLE t ALTER COLUMN a TYPE BIGINT", ErrorKind::Invalid, not_allowed).await;
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.enableTypeWidening' = true)").await;
    home.rows(
        "ALTER TABLE t ALTER COLUMN a TYPE BIGINT, s.x TYPE BIGINT, l.element.q TYPE DOUBLE, m.value TYPE BIGINT, \
         d TYPE TIMESTAMP_NTZ, f TYPE DOUBLE, n TYPE DECIMAL(8, 4), v TYPE VARCHAR(5)",
    )
    .await;
    assert_eq!(newest(&home, "t").await[0], "CHANGE COLUMNS");
    home.rows(
        "INSERT INTO t SELECT 9000000000, named_struct('x', 9000000000), make_array(named_struct('q', 3.5)), \
         map(make_array('k'), make_array(9000000000)), CAST('2024-01-03 10:00:00' AS TIMESTAMP), 1.25, 1000.1234, \
         'abcde', 1",
    )
    .await;
    assert_eq!(
        home.rows("SELECT a, s, l, m, n, v FROM t ORDER BY a").await,
        "[{\"a\":1,\"s\":{\"x\":2},\"l\":[{\"q\":3.0}],\"m\":{\"k\":4},\"n\":2.2500,\"v\":\"abc\"},\
         {\"a\":9000000000,\"s\":{\"x\":9000000000},\"l\":[{\"q\":3.5}],\"m\":{\"k\":9000000000},\"n\":1000.1234,\
         \"v\":\"abcde\"}]"
    );
    // Bounds in the log have the old types.
    for filter in [
        "a < 5",
        "s.x < 5",
        "n < 3",
        "f > 1.3",
        "d < CAST('2024-01-02 12:00:00' AS TIMESTAMP)",
        "d = CAST('2024-01-02 00:00:00' AS TIMESTAMP)",
    ] {
        assert_eq!(home.rows(&format!("SELECT a FROM t WHERE {filter}")).await, r#"[{"a":1}]"#, "{filter}");
    }
    for (sql, message) in [
        ("a TYPE INT", "Column a of type bigint cannot become int: types only become wider"),
        ("p TYPE BIGINT", "The table is partitioned by p, whose type cannot change"),
        ("l TYPE ARRAY<STRUCT<q: STRING>>", "The type of l changes in its parts"),
        ("v TYPE VARCHAR(2)", "Column v of type VARCHAR(5) cannot become VARCHAR(2)"),
    ] {
        check_error(&home, &format!("ALTER TABLE t ALTER COLUMN {sql}"), ErrorKind::Invalid, message).await;
    }
    home.rows("ALTER TABLE t ADD CONSTRAINT c CHECK (f > 0)").await;
    home.rows("ALTER TABLE t ALTER COLUMN v TYPE STRING").await;
    // The same type again changes nothing.
    let before = versions(&home, "t").await;
    home.rows("ALTER TABLE t CHANGE COLUMN f f DOUBLE").await;
    assert_eq!(versions(&home, "t").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_change_what_they_say_of_themselves() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, b INT, s STRUCT<x: INT>); INSERT INTO t VALUES (1, NULL, NULL)").await;
    home.rows("ALTER TABLE t ALTER COLUMN b COMMENT 'it''s'; ALTER TABLE t ALTER COLUMN b FIRST").await;
    let newest_operation = newest(&home, "t").await;
    assert_eq!(newest_operation[0], "CHANGE COLUMN");
    assert_eq!(newest_operation[1]["position"], "FIRST");
    assert!(home.rows("DESCRIBE t b").await.contains("it's"));
    assert_eq!(columns(&home, "t").await, "b int, a int, s struct<x:int>");
    let nulls = "Column b cannot be NOT NULL: 1 row has null in it";
    check_error(&home, "ALTER TABLE t ALTER COLUMN b SET NOT NULL", ErrorKind::Invalid, nulls).await;
    // Where the struct is null, its fields are not asked.
    home.rows("ALTER TABLE t ALTER COLUMN a SET NOT NULL; ALTER TABLE t ALTER COLUMN s.x SET NOT NULL").await;
    assert_eq!(home.error("INSERT INTO t VALUES (1, NULL, NULL)").await.kind, ErrorKind::Invalid);
    home.rows("ALTER TABLE t ALTER COLUMN a DROP NOT NULL; INSERT INTO t VALUES (1, NULL, NULL)").await;
    home.rows("ALTER TABLE t ALTER COLUMN a SET DEFAULT 7 + 1; INSERT INTO t (b) VALUES (5)").await;
    assert_eq!(home.rows("SELECT a FROM t WHERE b = 5").await, r#"[{"a":8}]"#);
    home.rows("ALTER TABLE t ALTER COLUMN a DROP DEFAULT; INSERT INTO t (b) VALUES (6)").await;
    assert_eq!(home.rows("SELECT a FROM t WHERE b = 6").await, r#"[{"a":null}]"#);
    for bad in ["b + 1", "'text'", "nope()"] {
        let error = home.error(&format!("ALTER TABLE t ALTER COLUMN a SET DEFAULT {bad}")).await;
        assert_ne!(error.kind, ErrorKind::Internal, "{bad}: {error:?}");
        assert_eq!(error.position.map(|position| position.line), Some(1), "{bad}");
    }
    home.rows("COMMENT ON TABLE t IS 'about'; COMMENT ON COLUMN t.a IS 'aa'").await;
    let created = home.rows("SHOW CREATE TABLE t").await;
    assert!(created.contains("COMMENT 'about'") && created.contains("COMMENT 'aa'"), "{created}");
    home.rows("COMMENT ON TABLE t IS NULL").await;
    assert!(!home.rows("SHOW CREATE TABLE t").await.contains("about"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_columns_are_replaced_at_once() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (a INT, b INT, c STRING) TBLPROPERTIES ('delta.columnMapping.mode' = 'name'); \
         INSERT INTO t VALUES (1, 2, 'x')",
    )
    .await;
    home.rows("ALTER TABLE t REPLACE COLUMNS (c STRING COMMENT 'cee', d DATE, a INT)").await;
    assert_eq!(home.rows("SELECT * FROM t").await, r#"[{"c":"x","d":null,"a":1}]"#);
    assert_eq!(newest(&home, "t").await[0], "REPLACE COLUMNS");
    let wrong = "Column c of type string cannot become int: types only become wider";
    check_error(&home, "ALTER TABLE t REPLACE COLUMNS (c INT)", ErrorKind::Invalid, wrong).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_hold_of_old_and_new_rows() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (1, 1), (2, NULL), (3, 0)").await;
    check_error(
        &home,
        "ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0)",
        ErrorKind::Invalid,
        "The constraint c (b > 0) cannot be added: 2 rows of the table do not satisfy it",
    )
    .await;
    home.rows("ALTER TABLE t ADD CONSTRAINT C CHECK (a > 0)").await;
    assert_eq!(
        newest(&home, "t").await,
        serde_json::json!(["ADD CONSTRAINT", {"name": "c", "expr": "a > 0"}])
    );
    assert_eq!(home.error("INSERT INTO t VALUES (0, 0)").await.kind, ErrorKind::Execution);
    for (sql, kind) in [
        ("ADD CONSTRAINT c CHECK (a > 5)", ErrorKind::Invalid),
        ("ADD CONSTRAINT d CHECK (a)", ErrorKind::Invalid),
        ("ADD CONSTRAINT d CHECK (random() > 2)", ErrorKind::Invalid),
        ("ADD CONSTRAINT d CHECK (nope > 2)", ErrorKind::NotFound),
        ("ADD CONSTRAINT d PRIMARY KEY (a)", ErrorKind::Unsupported),
        ("DROP CONSTRAINT d", ErrorKind::NotFound),
        ("DROP PRIMARY KEY", ErrorKind::NotFound),
        ("SET TBLPROPERTIES ('delta.constraints.x' = 'a > 1')", ErrorKind::Invalid),
        ("DROP FEATURE checkConstraints", ErrorKind::Invalid),
    ] {
        let error = home.error(&format!("ALTER TABLE t {sql}")).await;
        assert_eq!(error.kind, kind, "{sql}: {error:?}");
        assert!(error.position.is_some(), "{sql}");
    }
    home.rows("ALTER TABLE t DROP CONSTRAINT IF EXISTS d; ALTER TABLE t DROP PRIMARY KEY IF EXISTS").await;
    home.rows("ALTER TABLE t DROP CONSTRAINT C; INSERT INTO t VALUES (0, 0)").await;
    home.rows("ALTER TABLE t DROP FEATURE checkConstraints").await;
    assert!(!home.rows("DESCRIBE DETAIL t").await.contains("checkConstraints"));
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_turn_features_on() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, b INT); INSERT INTO t VALUES (1, 1), (2, 2)").await;
    home.rows(
        "ALTER TABLE t SET TBLPROPERTIES ('delta.enableDeletionVectors' = true, 'delta.appendOnly' = 'false', \
         'comment' = 'about', 'mine' = 1, 'delta.feature.vacuumProtocolCheck' = 'supported')",
    )
    .await;
    let detail = home.rows("DESCRIBE DETAIL t").await;
    for expect in ["deletionVectors", "vacuumProtocolCheck", "\"about\"", "\"minReaderVersion\":3", "mine"] {
        assert!(detail.contains(expect), "{expect}: {detail}");
    }
    assert!(!detail.contains("delta.feature"));
    home.rows("ALTER TABLE t UNSET TBLPROPERTIES (mine); ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS (mine)")
        .await;
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.enableRowTracking' = true)").await;
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = true)").await;
    home.rows("INSERT INTO t VALUES (3, 3); DELETE FROM t WHERE a = 1").await;
    assert_eq!(home.rows("SELECT sum(a) AS s FROM t").await, r#"[{"s":5}]"#);
    home.rows("ALTER TABLE t DROP FEATURE vacuumProtocolCheck").await;
    for (sql, kind) in [
        ("UNSET TBLPROPERTIES (mine)", ErrorKind::Invalid),
        ("SET TBLPROPERTIES ('delta.appendOnly' = 'yes')", ErrorKind::Invalid),
        ("SET TBLPROPERTIES ('delta.columnMapping.maxColumnId' = 5)", ErrorKind::Invalid),
        ("SET TBLPROPERTIES ('delta.columnMapping.mode' = 'id')", ErrorKind::Invalid),
        ("SET TBLPROPERTIES ('delta.minReaderVersion' = 9)", ErrorKind::Invalid),
        ("SET TBLPROPERTIES ('delta.feature.nope' = 'supported')", ErrorKind::Unsupported),
        ("DROP FEATURE deletionVectors", ErrorKind::Unsupported),
        ("DROP FEATURE nope", ErrorKind::Invalid),
        ("RENAME TO u", ErrorKind::Unsupported),
        ("SET LOCATION 'x'", ErrorKind::Unsupported),
    ] {
        let error = home.error(&format!("ALTER TABLE t {sql}")).await;
        assert_eq!(error.kind, kind, "{sql}: {error:?}");
        assert!(error.position.is_some(), "{sql}");
    }
    assert_eq!(home.error("UNDROP TABLE t").await.kind, ErrorKind::Unsupported);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_clustered_later() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, s STRUCT<x: INT>, b BOOLEAN); INSERT INTO t VALUES (1, NULL, true)")
        .await;
    home.rows("ALTER TABLE t CLUSTER BY (a, s.x)").await;
    assert!(home.rows("DESCRIBE DETAIL t").await.contains(r#""clusteringColumns":["a","s.x"]"#));
    home.rows("ALTER TABLE t CLUSTER BY NONE").await;
    assert_eq!(
        newest(&home, "t").await,
        serde_json::json!(["CLUSTER BY", {"oldClusteringColumns": "a,s.x", "newClusteringColumns": ""}])
    );
    assert_eq!(home.error("ALTER TABLE t CLUSTER BY (b)").await.kind, ErrorKind::Invalid);
    assert_eq!(home.error("ALTER TABLE t CLUSTER BY (nope)").await.kind, ErrorKind::NotFound);
    home.rows("CREATE TABLE p (a INT, b INT) PARTITIONED BY (b)").await;
    assert_eq!(home.error("ALTER TABLE p CLUSTER BY (a)").await.kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_to_cluster_by_have_statistics() {
    let home = Home::new();
    let columns = (1..=40).map(|column| format!("c{column} INT")).collect::<Vec<_>>().join(", ");
    let error = home.error(&format!("CREATE TABLE t ({columns}) CLUSTER BY (c40)")).await;
    assert!(error.message.contains("no statistics of column c40"), "{error:?}");
    home.rows(&format!("CREATE TABLE t ({columns}) CLUSTER BY (c32)")).await;
    let error = home.error("ALTER TABLE t CLUSTER BY (c33)").await;
    assert!(error.message.contains("no statistics of column c33"), "{error:?}");
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.dataSkippingStatsColumns' = 'c1,c40')").await;
    home.rows("ALTER TABLE t CLUSTER BY (c40); INSERT INTO t (c40) VALUES (7)").await;
    assert!(home.rows("SELECT * FROM table_files('t')").await.contains("c40"), "the file has its statistics");
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_columns_give_values() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), a INT); \
         INSERT INTO t (a) VALUES (1), (2); INSERT INTO t (a) VALUES (3); INSERT INTO t VALUES (DEFAULT, 4)",
    )
    .await;
    let ids = r#"[{"id":10},{"id":15},{"id":20},{"id":25}]"#;
    assert_eq!(home.rows("SELECT id FROM t ORDER BY id").await, ids);
    check_error(
        &home,
        "INSERT INTO t VALUES (7, 7)",
        ErrorKind::Invalid,
        "Column id is GENERATED ALWAYS, and does not take the value 7",
    )
    .await;
    home.rows(
        "MERGE INTO t USING (SELECT 4 AS a UNION ALL SELECT 5) AS s ON t.a = s.a \
         WHEN MATCHED THEN UPDATE SET a = 40 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
    )
    .await;
    assert_eq!(home.rows("SELECT id FROM t WHERE a = 5").await, r#"[{"id":30}]"#);
    assert_eq!(home.rows("SELECT id FROM t WHERE a = 40").await, r#"[{"id":25}]"#);
    check_error(
        &home,
        "UPDATE t SET id = 1",
        ErrorKind::Invalid,
        "Column id is an identity column, whose values cannot be updated",
    )
    .await;
    // Rows that are copied or replaced keep theirs, and values never come again.
    home.rows(
        "UPDATE t SET a = 0 WHERE id = 10; DELETE FROM t WHERE id = 30; INSERT OVERWRITE t (a) VALUES (9)",
    )
    .await;
    assert_eq!(home.rows("SELECT id, a FROM t").await, r#"[{"id":35,"a":9}]"#);
    home.rows(
        "CREATE TABLE d (id BIGINT GENERATED BY DEFAULT AS IDENTITY, a INT); INSERT INTO d VALUES (7, 1); \
         ALTER TABLE d ALTER COLUMN id SYNC IDENTITY; INSERT INTO d (a) VALUES (2)",
    )
    .await;
    assert_eq!(home.rows("SELECT id FROM d ORDER BY id").await, r#"[{"id":7},{"id":8}]"#);
    assert_eq!(home.error("ALTER TABLE d ALTER COLUMN a SYNC IDENTITY").await.kind, ErrorKind::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shown_statement_makes_the_table_again() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (`a b` BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 5 INCREMENT BY 2), \
         c STRING NOT NULL DEFAULT 'it''s' COMMENT 'cee''s', s STRUCT<x: INT NOT NULL, y: ARRAY<MAP<STRING, DATE>>>, \
         v VARCHAR(9), y INT GENERATED ALWAYS AS (CAST(date_part('year', d) AS INT)), d DATE, CONSTRAINT pos CHECK (y > 0)) \
         PARTITIONED BY (d) COMMENT 'about' \
         TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'mine' = 'x')",
    )
    .await;
    let shown = home.rows("SHOW CREATE TABLE t").await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&shown).unwrap();
    let statement = rows[0]["createtab_stmt"].as_str().unwrap();
    home.rows(&format!("DROP TABLE t; {statement}")).await;
    assert_eq!(home.rows("SHOW CREATE TABLE t").await, shown);
    home.rows("CREATE TABLE k (a INT) CLUSTER BY (a)").await;
    assert!(home.rows("SHOW CREATE TABLE k").await.contains("CLUSTER BY (a)"));
    assert_eq!(home.error("SHOW CREATE TABLE nope").await.kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_there_before_their_tables() {
    let home = Home::new();
    assert_eq!(home.rows("SHOW SCHEMAS").await, r#"[{"databaseName":"default"}]"#);
    home.rows("CREATE SCHEMA s COMMENT 'hi' WITH DBPROPERTIES (k = 'v'); CREATE SCHEMA IF NOT EXISTS s")
        .await;
    assert_eq!(home.rows("SHOW SCHEMAS LIKE 's*'").await, r#"[{"databaseName":"s"}]"#);
    let described = home.rows("DESCRIBE SCHEMA EXTENDED s").await;
    assert!(described.contains("\"hi\"") && described.contains("((k,v))"), "{described}");
    home.rows("COMMENT ON SCHEMA s IS 'ho'").await;
    assert!(home.rows("DESCRIBE SCHEMA s").await.contains("\"ho\""));
    assert_eq!(home.error("CREATE SCHEMA s").await.kind, ErrorKind::Invalid);
    assert_eq!(home.error("DROP SCHEMA default").await.kind, ErrorKind::Invalid);
    for sql in ["DROP SCHEMA nope", "DESCRIBE SCHEMA nope", "COMMENT ON SCHEMA nope IS 'x'"] {
        assert_eq!(home.error(sql).await.kind, ErrorKind::NotFound, "{sql}");
    }
    home.rows("CREATE TABLE s.t (a INT); DROP SCHEMA IF EXISTS nope").await;
    check_error(&home, "DROP SCHEMA s", ErrorKind::Invalid, "The schema s is not empty: it has t").await;
    home.write("main/s/notes/a.csv", "a\n1\n");
    check_error(
        &home,
        "DROP SCHEMA s CASCADE",
        ErrorKind::Invalid,
        &format!(
            "{}/main/s/notes/a.csv is no table, and is not dropped with the schema",
            home.folder.path().display().to_string().trim_start_matches('/')
        ),
    )
    .await;
    std::fs::remove_file(home.path("main/s/notes/a.csv")).unwrap();
    home.rows("DROP SCHEMA s CASCADE").await;
    assert_eq!(home.rows("SHOW SCHEMAS").await, r#"[{"databaseName":"default"}]"#);
    // A schema that nobody created, but that has tables, is one.
    home.rows("CREATE TABLE u.t (a INT); DESCRIBE SCHEMA u; DROP TABLE u.t").await;
    assert_eq!(home.error("DESCRIBE SCHEMA u").await.kind, ErrorKind::NotFound);
}

/// A filter by what lies within a column is either the scan's or the plan's, whatever the file calls the column and
/// however its type has widened: DataFusion's scan would leave out what it does not find in the file.
#[tokio::test(flavor = "multi_thread")]
async fn filters_reach_into_columns_that_were_altered() {
    let home = Home::new();
    let alterations = [
        "SELECT 1",
        "ALTER TABLE t SET TBLPROPERTIES ('delta.enableTypeWidening' = true); \
         ALTER TABLE t ALTER COLUMN s.a.b TYPE BIGINT, s.m.value TYPE BIGINT, l.element.q TYPE BIGINT",
        "ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name'); \
         ALTER TABLE t RENAME COLUMN s.a.b TO c; ALTER TABLE t RENAME COLUMN s.a.c TO b",
    ];
    for alteration in alterations {
        home.rows(
            "CREATE OR REPLACE TABLE t (id INT, l ARRAY<STRUCT<q: INT>>, s STRUCT<a: STRUCT<b: INT>, m: MAP<STRING, INT>>)",
        )
        .await;
        home.rows(
            "INSERT INTO t SELECT 1, make_array(named_struct('q', 1)), \
             named_struct('a', named_struct('b', 2), 'm', map(make_array('k'), make_array(3))); \
             INSERT INTO t VALUES (2, NULL, NULL)",
        )
        .await;
        home.rows(alteration).await;
        for (filter, id) in [
            ("s.a.b = 2", 1),
            ("s.a.b IS NULL", 2),
            ("s.a IS NULL", 2),
            ("s IS NOT NULL", 1),
            ("s.m['k'] = 3", 1),
            ("s.m['k'] IS NULL", 2),
            ("s.a.b + id = 3 AND s.m['k'] > 0", 1),
            ("l IS NULL", 2),
            ("cardinality(l) = 1", 1),
        ] {
            let found = home.rows(&format!("SELECT id FROM t WHERE {filter}")).await;
            assert_eq!(found, format!(r#"[{{"id":{id}}}]"#), "{filter} after {alteration}");
        }
    }
}

/// Structs in maps: their fields are found by name too, where files have others, fewer, or the same in another order.
#[tokio::test(flavor = "multi_thread")]
async fn structs_in_maps_change_too() {
    let home = Home::new();
    let inner = "STRUCT<a: INT, b: STRING>";
    let value = "map(make_array('k'), make_array(named_struct('a', 1, 'b', 'x')))";
    for mode in ["none", "name", "id"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, m MAP<STRING, {inner}>, l ARRAY<MAP<STRING, {inner}>>, \
             s STRUCT<y: INT, m: MAP<STRING, {inner}>>, d MAP<STRING, MAP<STRING, {inner}>>) \
             TBLPROPERTIES ('delta.columnMapping.mode' = '{mode}', 'delta.enableTypeWidening' = true); \
             INSERT INTO t SELECT 1, {value}, make_array({value}), named_struct('y', 5, 'm', {value}), \
             map(make_array('j'), make_array({value}))"
        ))
        .await;
        let check = async |id: u32, wanted: &str| {
            let row = home.rows(&format!("SELECT m, l, s, d FROM t WHERE id = {id}")).await;
            let wanted = format!(
                r#"[{{"m":{wanted},"l":[{wanted}],"s":{{"y":5,"m":{wanted}}},"d":{{"j":{wanted}}}}}]"#
            );
            assert_eq!(row, wanted, "{mode}");
        };
        check(1, r#"{"k":{"a":1,"b":"x"}}"#).await;
        home.rows("ALTER TABLE t ADD COLUMNS (m.value.c INT FIRST, l.element.value.c INT FIRST)").await;
        home.rows("ALTER TABLE t ADD COLUMNS (s.m.value.c INT FIRST, d.value.value.c INT FIRST)").await;
        check(1, r#"{"k":{"c":null,"a":1,"b":"x"}}"#).await;
        let found =
            home.rows("SELECT m['k']['b'] AS b, s.y AS y FROM t WHERE s.y = 5 AND m IS NOT NULL").await;
        assert_eq!(found, r#"[{"b":"x","y":5}]"#, "{mode}");
        let value = "map(make_array('k'), make_array(named_struct('c', 3, 'a', 2, 'b', 'z')))";
        home.rows(&format!(
            "INSERT INTO t SELECT 2, {value}, make_array({value}), named_struct('y', 5, 'm', {value}), \
             map(make_array('j'), make_array({value}))"
        ))
        .await;
        home.rows("ALTER TABLE t ALTER COLUMN m.value.a TYPE BIGINT, l.element.value.a TYPE BIGINT").await;
        home.rows("ALTER TABLE t ALTER COLUMN s.m.value.a TYPE BIGINT, d.value.value.a TYPE BIGINT").await;
        check(1, r#"{"k":{"c":null,"a":1,"b":"x"}}"#).await;
        check(2, r#"{"k":{"c":3,"a":2,"b":"z"}}"#).await;
        if mode != "none" {
            for place in ["m.value", "l.element.value", "s.m.value", "d.value.value"] {
                home.rows(&format!("ALTER TABLE t DROP COLUMN {place}.c")).await;
                home.rows(&format!("ALTER TABLE t RENAME COLUMN {place}.b TO c")).await;
            }
            check(1, r#"{"k":{"a":1,"c":"x"}}"#).await;
            check(2, r#"{"k":{"a":2,"c":"z"}}"#).await;
        }
        home.rows("UPDATE t SET id = id + 10; OPTIMIZE t").await;
        let last = if mode == "none" { r#"{"k":{"c":3,"a":2,"b":"z"}}"# } else { r#"{"k":{"a":2,"c":"z"}}"# };
        check(12, last).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_versions_are_described_with_their_columns() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT COMMENT 'first'); ALTER TABLE t ADD COLUMN b STRING").await;
    home.rows("CREATE TEMPORARY VIEW v AS SELECT 1 AS x").await;
    let old = r#"[{"col_name":"a","data_type":"int","comment":"first"}]"#;
    let new = r#"[{"col_name":"a","data_type":"int","comment":"first"},{"col_name":"b","data_type":"string","comment":null}]"#;
    let folder = home.path("main/default/t").display().to_string();
    for (sql, expect) in [
        ("DESCRIBE t VERSION AS OF 0".to_owned(), old),
        ("DESCRIBE TABLE t@v0".to_owned(), old),
        (format!("DESC delta.`{folder}@v0`"), old),
        ("DESCRIBE t VERSION AS OF 1".to_owned(), new),
        ("DESCRIBE t".to_owned(), new),
    ] {
        assert_eq!(home.rows(&sql).await, expect, "{sql}");
    }
    let extended = home.rows("DESCRIBE EXTENDED t@v0").await;
    assert!(extended.contains(r#""col_name":"Location""#) && !extended.contains(r#""col_name":"b""#));
    let one = home.rows("DESCRIBE t VERSION AS OF 1 b").await;
    assert!(one.contains(r#"{"info_name":"data_type","info_value":"string"}"#), "{one}");
    check_errors(
        &home,
        &[
            ("DESCRIBE t VERSION AS OF 0 b", ErrorKind::NotFound, "There is no column b"),
            ("DESCRIBE t VERSION AS OF 9", ErrorKind::NotFound, "Version 9"),
            ("DESCRIBE v VERSION AS OF 0", ErrorKind::Invalid, "v is a view, not a table"),
            ("DESCRIBE u VERSION AS OF 0", ErrorKind::NotFound, "There is no table u"),
            ("DESCRIBE t TIMESTAMP AS OF '1999-01-01'", ErrorKind::NotFound, "1999-01-01"),
        ],
    )
    .await;
}

/// delta-rs makes such tables: the property and the names are there, the feature is not, and files have the columns' own names.
#[tokio::test(flavor = "multi_thread")]
async fn a_property_alone_maps_no_columns() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)").await;
    let field = r#"{"name":"a","type":"integer","nullable":true,"metadata":{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-1"}}"#;
    let metadata = serde_json::json!({"metaData": {
        "id": "x", "format": {"provider": "parquet", "options": {}}, "partitionColumns": [],
        "schemaString": format!("{{\"type\":\"struct\",\"fields\":[{field}]}}"),
        "configuration": {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "1"},
    }});
    home.write("main/default/t/_delta_log/00000000000000000002.json", metadata.to_string());
    let rows = |text: &str| format!("[{text}]");
    check(
        &home,
        &[
            ("SELECT a FROM t", rows(r#"{"a":1}"#).as_str()),
            ("ALTER TABLE t SET TBLPROPERTIES ('k' = 'v'); SELECT a FROM t", rows(r#"{"a":1}"#).as_str()),
            ("ALTER TABLE t ADD COLUMN b INT; SELECT a, b FROM t", rows(r#"{"a":1,"b":null}"#).as_str()),
            (
                "INSERT WITH SCHEMA EVOLUTION INTO t SELECT 2 AS a, 3 AS b, 4 AS c; SELECT * FROM t ORDER BY a",
                rows(r#"{"a":1,"b":null,"c":null},{"a":2,"b":3,"c":4}"#).as_str(),
            ),
            ("CREATE TABLE u SHALLOW CLONE t; SELECT a, c FROM u ORDER BY a", rows(r#"{"a":1,"c":null},{"a":2,"c":4}"#).as_str()),
            (
                "ALTER TABLE u RENAME COLUMN a TO z; SELECT z FROM u ORDER BY z",
                rows(r#"{"z":1},{"z":2}"#).as_str(),
            ),
            (
                "ALTER TABLE t SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name'); \
                 ALTER TABLE t RENAME COLUMN a TO y; SELECT y FROM t ORDER BY y",
                rows(r#"{"y":1},{"y":2}"#).as_str(),
            ),
        ],
    )
    .await;
}
