//! Statements that make, fill and change Delta tables, and what their rows are afterwards.

use crate::home::Home;
use crate::steps::{affected, check, check_errors, inserted, merged};
use tarn_lakehouse::ErrorKind;

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_all_types_hold_what_was_inserted() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (a TINYINT, b SMALLINT, c INT, d BIGINT, e FLOAT, f DOUBLE, g DECIMAL(10,2), h STRING, \
         i BINARY, j BOOLEAN, k DATE, l TIMESTAMP, m TIMESTAMP_NTZ, n ARRAY<INT>, o MAP<STRING, INT>, \
         p STRUCT<x: INT, y: STRUCT<z: STRING>>)",
    )
    .await;
    check(
        &home,
        &[
            (
                "INSERT INTO t VALUES (1, 2, 3, 4, 1.5, 2.5, 3.25, 'text', X'00ff', true, DATE '2024-02-29', \
                 TIMESTAMP '2024-02-29 12:00:00.123456', TIMESTAMP '2024-02-29 12:00:00', make_array(1, NULL, 3), \
                 map(['k'], [7]), named_struct('x', 1, 'y', named_struct('z', 'deep')))",
                inserted(1).as_str(),
            ),
            ("INSERT INTO t (c) VALUES (9)", inserted(1).as_str()),
            (
                "SELECT a, b, c, d, e, f, g, h, j, k FROM t ORDER BY d",
                "[{\"a\":null,\"b\":null,\"c\":9,\"d\":null,\"e\":null,\"f\":null,\"g\":null,\"h\":null,\"j\":null,\
                 \"k\":null},{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":1.5,\"f\":2.5,\"g\":3.25,\"h\":\"text\",\"j\":true,\
                 \"k\":\"2024-02-29\"}]",
            ),
            (
                "SELECT n, o['k'] AS o, p FROM t WHERE a = 1",
                r#"[{"n":[1,null,3],"o":7,"p":{"x":1,"y":{"z":"deep"}}}]"#,
            ),
            ("SELECT count(*) AS n FROM t WHERE l = TIMESTAMP '2024-02-29T12:00:00.123456Z'", r#"[{"n":1}]"#),
            ("SELECT count(*) AS n FROM t WHERE i = X'00ff' AND m = TIMESTAMP '2024-02-29 12:00:00'", r#"[{"n":1}]"#),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_in_several_ways() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE a (id INT NOT NULL COMMENT 'key', p STRING) PARTITIONED BY (p) TBLPROPERTIES (x = 'y')",
    )
    .await;
    let error = home.error("CREATE TABLE a (id INT)").await;
    assert!(error.message.contains("There is a table a already"), "{error:?}");
    home.rows("CREATE TABLE IF NOT EXISTS a (other INT)").await;
    check(
        &home,
        &[
            ("INSERT INTO a VALUES (1, 'x'), (2, NULL), (3, '')", inserted(3).as_str()),
            // An empty text as a partition value is null.
            ("SELECT id, p FROM a ORDER BY id", r#"[{"id":1,"p":"x"},{"id":2,"p":null},{"id":3,"p":null}]"#),
            ("CREATE TABLE b AS SELECT id * 10 AS ten, p FROM a WHERE id < 3", inserted(2).as_str()),
            ("SELECT * FROM b ORDER BY ten", r#"[{"ten":10,"p":"x"},{"ten":20,"p":null}]"#),
            ("CREATE OR REPLACE TABLE b AS SELECT 1 AS one", inserted(1).as_str()),
            ("SELECT * FROM b", r#"[{"one":1}]"#),
            // The version before is still there.
            ("SELECT count(*) AS n FROM b VERSION AS OF 0", r#"[{"n":2}]"#),
            (
                "CREATE OR REPLACE TABLE b AS SELECT one + 1 AS two FROM b; SELECT two FROM b",
                r#"[{"two":2}]"#,
            ),
            (
                "CREATE TABLE c LIKE a; INSERT INTO c VALUES (5, 'q'); SELECT * FROM c",
                r#"[{"id":5,"p":"q"}]"#,
            ),
            ("SHOW TBLPROPERTIES c", r#"[{"key":"x","value":"y"}]"#),
        ],
    )
    .await;
    check_errors(
        &home,
        &[
            ("INSERT INTO c VALUES (NULL, 'q')", ErrorKind::Invalid, "id"),
            ("REPLACE TABLE none (a INT)", ErrorKind::NotFound, "There is no table none to replace"),
            ("CREATE TABLE d (a INT, A STRING)", ErrorKind::Invalid, "A occurs twice"),
            ("CREATE TABLE d (a INT) PARTITIONED BY (b)", ErrorKind::Invalid, "no column b"),
            ("CREATE TABLE d (`a b` INT)", ErrorKind::Invalid, "a b"),
            ("CREATE TABLE d (a INT) USING iceberg", ErrorKind::Unsupported, "iceberg"),
            ("CREATE TABLE d AS SELECT * FROM nowhere", ErrorKind::NotFound, "nowhere"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_a_table_hold_for_every_statement() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT NOT NULL, v VARCHAR(3), twice INT GENERATED ALWAYS AS (id * 2), w STRING DEFAULT 'none', \
         n INT, CONSTRAINT small CHECK (n < 100)) TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
    )
    .await;
    check(
        &home,
        &[
            ("INSERT INTO t (id, v, n) VALUES (1, 'abc', 1), (2, 'ab   ', 2)", inserted(2).as_str()),
            ("INSERT INTO t (id, w, n) VALUES (3, DEFAULT, 3), (4, NULL, 4)", inserted(2).as_str()),
            (
                "SELECT id, v, twice, w FROM t ORDER BY id",
                r#"[{"id":1,"v":"abc","twice":2,"w":"none"},{"id":2,"v":"ab ","twice":4,"w":"none"},{"id":3,"v":null,"twice":6,"w":"none"},{"id":4,"v":null,"twice":8,"w":null}]"#,
            ),
            ("UPDATE t SET id = 10, w = 'x' WHERE id = 4", affected(1).as_str()),
            ("UPDATE t SET w = DEFAULT WHERE id = 10", affected(1).as_str()),
            ("SELECT twice, w FROM t WHERE id = 10", r#"[{"twice":20,"w":"none"}]"#),
            ("INSERT INTO t (id, twice, n) VALUES (7, 14, 1)", inserted(1).as_str()),
        ],
    )
    .await;
    check_errors(
        &home,
        &[
            ("INSERT INTO t (id, n) VALUES (NULL, 1)", ErrorKind::Invalid, "id"),
            ("INSERT INTO t (id, n) VALUES (1, 100)", ErrorKind::Execution, "constraint small (n < 100)"),
            ("INSERT INTO t (id) VALUES (1)", ErrorKind::Execution, "constraint small"),
            ("INSERT INTO t (id, v, n) VALUES (1, 'abcd', 1)", ErrorKind::Execution, "too long for column v"),
            ("INSERT INTO t (id, twice, n) VALUES (1, 3, 1)", ErrorKind::Execution, "is generated as"),
            ("UPDATE t SET n = 100", ErrorKind::Execution, "constraint small"),
            ("UPDATE t SET v = 'abcd'", ErrorKind::Execution, "too long"),
            (
                "MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 101",
                ErrorKind::Execution,
                "constraint small",
            ),
            ("INSERT INTO t (id, n) VALUES ('x', 1)", ErrorKind::Invalid, "STRING is not for column id"),
            ("INSERT INTO t (id, n) VALUES (3000000000, 1)", ErrorKind::Execution, "3000000000"),
        ],
    )
    .await;
    // What failed left nothing behind.
    check(&home, &[("SELECT count(*) AS n FROM t", r#"[{"n":5}]"#)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_inserted_by_position_list_and_name() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, b STRING, c STRUCT<x: INT, y: INT>)").await;
    check(
        &home,
        &[
            ("INSERT INTO t VALUES (1, 'one', named_struct('p', 1, 'q', 2))", inserted(1).as_str()),
            ("INSERT INTO t (b, a) VALUES ('two', 2)", inserted(1).as_str()),
            ("INSERT INTO t BY NAME SELECT named_struct('y', 4, 'x', 3) AS C, 'three' AS B, 3 AS A", inserted(1).as_str()),
            ("INSERT INTO t TABLE t", inserted(3).as_str()),
            ("INSERT INTO t WITH s AS (SELECT 4 AS a) SELECT a, 'four', NULL FROM s", inserted(1).as_str()),
            ("INSERT INTO t SELECT 5, 5, NULL", inserted(1).as_str()),
            (
                "SELECT DISTINCT a, b, c FROM t ORDER BY a",
                r#"[{"a":1,"b":"one","c":{"x":1,"y":2}},{"a":2,"b":"two","c":null},{"a":3,"b":"three","c":{"x":3,"y":4}},{"a":4,"b":"four","c":null},{"a":5,"b":"5","c":null}]"#,
            ),
        ],
    )
    .await;
    check_errors(
        &home,
        &[
            ("INSERT INTO t VALUES (1)", ErrorKind::Invalid, "has 3 columns, and the rows have 1"),
            ("INSERT INTO t (a, a) VALUES (1, 2)", ErrorKind::Invalid, "Column a is given twice"),
            ("INSERT INTO t (a, z) VALUES (1, 2)", ErrorKind::NotFound, "There is no column z"),
            ("INSERT INTO t (a) VALUES (1, 2)", ErrorKind::Invalid, "names 1 columns, and its rows have 2"),
            ("INSERT INTO t BY NAME SELECT 1 AS d", ErrorKind::NotFound, "There is no column d"),
            ("INSERT INTO missing VALUES (1)", ErrorKind::NotFound, "There is no table missing"),
        ],
    )
    .await;
    let error = home.error("INSERT INTO t (a, z) VALUES (1, 2)").await;
    assert_eq!((error.position.unwrap().line, error.position.unwrap().column), (1, 19));
}

#[tokio::test(flavor = "multi_thread")]
async fn insertions_replace_what_they_say() {
    let home = Home::new();
    for feed in ["false", "true"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, p STRING, q INT) PARTITIONED BY (p) \
             TBLPROPERTIES ('delta.enableChangeDataFeed' = '{feed}')"
        ))
        .await;
        check(
            &home,
            &[
                ("INSERT INTO t VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 3), (4, 'c', 4)", inserted(4).as_str()),
                ("INSERT OVERWRITE t PARTITION (p = 'b') VALUES (30, 30)", inserted(1).as_str()),
                ("SELECT id, p FROM t ORDER BY id", r#"[{"id":1,"p":"a"},{"id":2,"p":"a"},{"id":4,"p":"c"},{"id":30,"p":"b"}]"#),
                ("INSERT OVERWRITE t PARTITION (p) VALUES (10, 'a', 1), (40, 'c', 4)", inserted(2).as_str()),
                ("SELECT id, p FROM t ORDER BY id", r#"[{"id":10,"p":"a"},{"id":30,"p":"b"},{"id":40,"p":"c"}]"#),
                ("INSERT INTO t REPLACE WHERE id >= 30 VALUES (31, 'b', 0), (32, 'd', 0)", inserted(2).as_str()),
                ("SELECT id, p FROM t ORDER BY id", r#"[{"id":10,"p":"a"},{"id":31,"p":"b"},{"id":32,"p":"d"}]"#),
                ("INSERT INTO t REPLACE WHERE t.p = 'd' SELECT id + 1, p, q FROM t WHERE p = 'd'", inserted(1).as_str()),
                ("INSERT INTO t REPLACE USING (id) VALUES (10, 'z', 7), (11, 'z', 8)", inserted(2).as_str()),
                (
                    "SELECT * FROM t ORDER BY id",
                    r#"[{"id":10,"p":"z","q":7},{"id":11,"p":"z","q":8},{"id":31,"p":"b","q":0},{"id":33,"p":"d","q":0}]"#,
                ),
                ("INSERT OVERWRITE t SELECT id, p, q FROM t WHERE id < 12", inserted(2).as_str()),
                ("SELECT id FROM t ORDER BY id", r#"[{"id":10},{"id":11}]"#),
                ("INSERT INTO t REPLACE WHERE id = 10 SELECT 1, 'x', 1 WHERE false", inserted(0).as_str()),
                ("SELECT id FROM t", r#"[{"id":11}]"#),
                ("INSERT OVERWRITE t SELECT * FROM t WHERE false; SELECT count(*) AS n FROM t", r#"[{"n":0}]"#),
            ],
        )
        .await;
    }
    home.rows("INSERT INTO t VALUES (1, 'a', 1)").await;
    check_errors(
        &home,
        &[
            (
                "INSERT INTO t REPLACE WHERE id > 5 VALUES (6, 'a', 1), (5, 'a', 1)",
                ErrorKind::Execution,
                "A new row is not among those that REPLACE WHERE (id > 5) replaces: id = 5",
            ),
            (
                "INSERT INTO t REPLACE WHERE p = 'a' VALUES (6, NULL, 1)",
                ErrorKind::Execution,
                "REPLACE WHERE",
            ),
            ("INSERT INTO t REPLACE WHERE nope = 1 VALUES (6, 'a', 1)", ErrorKind::NotFound, "nope"),
            ("INSERT INTO t REPLACE USING (nope) VALUES (6, 'a', 1)", ErrorKind::NotFound, "no column nope"),
            ("INSERT INTO t PARTITION (q = 1) VALUES (6, 'a')", ErrorKind::Invalid, "not partitioned by q"),
        ],
    )
    .await;
    check(&home, &[("SELECT id FROM t", r#"[{"id":1}]"#)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_evolve_where_the_statement_says_so() {
    let home = Home::new();
    home.rows("CREATE TABLE t (a INT, s STRUCT<x: INT>)").await;
    home.rows("INSERT INTO t VALUES (1, named_struct('x', 1))").await;
    check(
        &home,
        &[
            ("INSERT WITH SCHEMA EVOLUTION INTO t SELECT 2, named_struct('x', 2), 'new' AS b", inserted(1).as_str()),
            (
                "INSERT WITH SCHEMA EVOLUTION INTO t BY NAME SELECT 3 AS a, named_struct('x', 3, 'y', 'deep') AS s, 4.5 AS c",
                inserted(1).as_str(),
            ),
            (
                "SELECT a, s, b, c FROM t ORDER BY a",
                r#"[{"a":1,"s":{"x":1,"y":null},"b":null,"c":null},{"a":2,"s":{"x":2,"y":null},"b":"new","c":null},{"a":3,"s":{"x":3,"y":"deep"},"b":null,"c":4.5}]"#,
            ),
            (
                "MERGE WITH SCHEMA EVOLUTION INTO t USING (SELECT 1 AS a, 'm' AS d UNION ALL SELECT 9, 'n') src ON t.a = src.a \
                 WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
                r#"[{"num_affected_rows":2,"num_updated_rows":1,"num_deleted_rows":0,"num_inserted_rows":1}]"#,
            ),
            (
                "SELECT a, s.x AS x, b, d FROM t ORDER BY a",
                r#"[{"a":1,"x":1,"b":null,"d":"m"},{"a":2,"x":2,"b":"new","d":null},{"a":3,"x":3,"b":null,"d":null},{"a":9,"x":null,"b":null,"d":"n"}]"#,
            ),
            // Columns that no clause assigns are not added.
            (
                "MERGE WITH SCHEMA EVOLUTION INTO t USING (SELECT 1 AS a, 5 AS e, 6 AS f) src ON t.a = src.a \
                 WHEN MATCHED THEN UPDATE SET e = src.e",
                r#"[{"num_affected_rows":1,"num_updated_rows":1,"num_deleted_rows":0,"num_inserted_rows":0}]"#,
            ),
            ("SELECT e FROM t WHERE a = 1", r#"[{"e":5}]"#),
        ],
    )
    .await;
    check_errors(&home, &[("SELECT f FROM t", ErrorKind::NotFound, "There is no column f")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_change_columns_and_fields() {
    let home = Home::new();
    for vectors in ["false", "true"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, v STRING, s STRUCT<x: INT, y: STRUCT<z: INT, w: INT>>) \
             TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}')"
        ))
        .await;
        home.rows("INSERT INTO t SELECT value, 'v' || value, named_struct('x', value, 'y', named_struct('z', value, 'w', 0)) FROM generate_series(1, 5)").await;
        home.rows("CREATE OR REPLACE TABLE other (id INT); INSERT INTO other VALUES (2), (4)").await;
        check(
            &home,
            &[
                ("UPDATE t SET v = upper(v), s.y.w = id * 2 WHERE id = 1", affected(1).as_str()),
                ("SELECT v, s FROM t WHERE id = 1", r#"[{"v":"V1","s":{"x":1,"y":{"z":1,"w":2}}}]"#),
                ("UPDATE t SET v = NULL WHERE id IN (SELECT id FROM other)", affected(2).as_str()),
                ("UPDATE t AS u SET u.v = 'big' WHERE u.id > (SELECT max(id) FROM other)", affected(1).as_str()),
                ("UPDATE main.default.t SET main.default.t.s.x = 0, t.v = 'q' WHERE main.default.t.id = 3", affected(1).as_str()),
                (
                    "SELECT id, v, s.x AS x FROM t ORDER BY id",
                    r#"[{"id":1,"v":"V1","x":1},{"id":2,"v":null,"x":2},{"id":3,"v":"q","x":0},{"id":4,"v":null,"x":4},{"id":5,"v":"big","x":5}]"#,
                ),
                ("UPDATE t SET id = id + 1, v = id", affected(5).as_str()),
                ("SELECT id, v FROM t WHERE v = '5'", r#"[{"id":6,"v":"5"}]"#),
                ("UPDATE t SET v = 'x' WHERE id > 100", affected(0).as_str()),
                ("UPDATE t SET v = (SELECT count(*) FROM other) WHERE id = 2", affected(1).as_str()),
                ("SELECT v FROM t WHERE id = 2", r#"[{"v":"2"}]"#),
            ],
        )
        .await;
        check_errors(
            &home,
            &[
                ("UPDATE t SET w = 1", ErrorKind::NotFound, "There is no column w"),
                ("UPDATE t SET s.q = 1", ErrorKind::NotFound, "no field q"),
                ("UPDATE t SET v = 1, v = 2", ErrorKind::Invalid, "v is set twice"),
                ("UPDATE t SET s = NULL, s.x = 2", ErrorKind::Invalid, "s.x is set twice"),
                ("UPDATE t SET id = 'x'", ErrorKind::Invalid, "is not for column id"),
                ("UPDATE t SET id = 1 WHERE nope", ErrorKind::NotFound, "nope"),
                ("UPDATE nowhere SET id = 1", ErrorKind::NotFound, "There is no table nowhere"),
            ],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_take_rows_out() {
    let home = Home::new();
    for vectors in ["false", "true"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, p INT) PARTITIONED BY (p) \
             TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}')"
        ))
        .await;
        home.rows("INSERT INTO t SELECT value, value % 2 FROM generate_series(1, 10)").await;
        check(
            &home,
            &[
                ("DELETE FROM t WHERE id = 3", affected(1).as_str()),
                ("DELETE FROM t WHERE id = 3", affected(0).as_str()),
                ("DELETE FROM t x WHERE x.id IN (5, 6)", affected(2).as_str()),
                (
                    "SELECT id FROM t ORDER BY id",
                    r#"[{"id":1},{"id":2},{"id":4},{"id":7},{"id":8},{"id":9},{"id":10}]"#,
                ),
                ("DELETE FROM t WHERE p = 1", affected(3).as_str()),
                ("SELECT count(*) AS n, min(id) AS m FROM t", r#"[{"n":4,"m":2}]"#),
                (
                    "DELETE FROM t WHERE NOT EXISTS (SELECT 1 FROM t u WHERE u.id > t.id)",
                    affected(1).as_str(),
                ),
                ("DELETE FROM t", affected(3).as_str()),
                ("SELECT count(*) AS n FROM t", r#"[{"n":0}]"#),
            ],
        )
        .await;
    }
    let history = home.rows("DESCRIBE HISTORY t").await;
    assert!(history.contains(r#""numDeletionVectorsAdded":"1""#), "{history}");
    home.rows("INSERT INTO t VALUES (1, 1), (2, 2); TRUNCATE TABLE t").await;
    check(&home, &[("SELECT count(*) AS n FROM t", r#"[{"n":0}]"#)]).await;
    home.rows("ALTER TABLE t SET TBLPROPERTIES ('delta.appendOnly' = 'true'); INSERT INTO t VALUES (1, 1)")
        .await;
    check_errors(&home, &[("DELETE FROM t WHERE id = 1", ErrorKind::Invalid, "append-only")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_are_read_and_history_is_told() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)").await;
    home.rows("CREATE VIEW v AS SELECT count(*) AS n FROM t").await;
    check(
        &home,
        &[
            ("SELECT n FROM v", r#"[{"n":2}]"#),
            ("DELETE FROM t WHERE id = 1", affected(1).as_str()),
            ("SELECT n FROM v", r#"[{"n":1}]"#),
            ("SELECT id FROM t VERSION AS OF 1", r#"[{"id":1}]"#),
            ("SELECT t.id FROM t VERSION AS OF 1 WHERE t.id < 5", r#"[{"id":1}]"#),
            ("SELECT count(*) AS n FROM t VERSION AS OF 1 CROSS JOIN t WHERE t.id = 9", r#"[{"n":0}]"#),
            ("SELECT id FROM t@v2 ORDER BY id", r#"[{"id":1},{"id":2}]"#),
            ("SELECT a.id FROM t VERSION AS OF 2 AS a LEFT ANTI JOIN t b ON a.id = b.id", r#"[{"id":1}]"#),
            ("INSERT INTO t SELECT id FROM t VERSION AS OF 1; SELECT count(*) AS n FROM t", r#"[{"n":2}]"#),
        ],
    )
    .await;
    let history = home.rows("DESCRIBE HISTORY t").await;
    let places: Vec<usize> = ["WRITE", "DELETE", "CREATE TABLE"]
        .iter()
        .map(|name| history.find(&format!("\"{name}\"")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{history}");
    assert!(home.rows("DESCRIBE DETAIL t").await.contains("\"main.default.t\""));
    let error = home.error("SELECT * FROM t VERSION AS OF 9").await;
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
    let error = home.error("SELECT * FROM t TIMESTAMP AS OF '2000-01-01'").await;
    assert_eq!(error.kind, ErrorKind::NotFound, "{error:?}");
    let error = home.error("SELECT * FROM t TIMESTAMP AS OF 'noon'").await;
    assert!(error.message.contains("is not a time"), "{error:?}");
    // Another session over the same lake.
    let other = crate::home::open(home.folder.path(), 1 << 28, false);
    let session = other.session();
    let rows = crate::home::run(&other, &session, "SHOW TABLES; SELECT count(*) AS n FROM t").await.unwrap();
    assert_eq!(rows, r#"[{"n":2}]"#);
    let tables = crate::home::run(&other, &session, "SHOW TABLES").await.unwrap();
    assert!(tables.contains(r#""tableName":"t""#), "{tables}");
    home.rows("DROP TABLE t; DROP TABLE IF EXISTS t").await;
    assert_eq!(home.error("SELECT * FROM t").await.kind, ErrorKind::NotFound);
    assert_eq!(home.error("DROP TABLE t").await.kind, ErrorKind::NotFound);
    assert_eq!(home.rows("SHOW TABLES LIKE 't'").await, "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_names_work_under_column_mapping() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (`a b` INT, `c.d` STRING, `e``f` STRUCT<`x y`: INT>, `Ünï(=)` INT) \
         PARTITIONED BY (`c.d`) TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.enableChangeDataFeed' = 'true')",
    )
    .await;
    check(
        &home,
        &[
            ("INSERT INTO t VALUES (1, 'p', named_struct('x y', 2), 3), (4, 'q', NULL, 5)", inserted(2).as_str()),
            ("UPDATE t SET `a b` = `a b` + 1, `e``f`.`x y` = 9 WHERE `c.d` = 'p'", affected(1).as_str()),
            ("SELECT * FROM t ORDER BY `a b`", "[{\"a b\":2,\"c.d\":\"p\",\"e`f\":{\"x y\":9},\"Ünï(=)\":3},{\"a b\":4,\"c.d\":\"q\",\"e`f\":null,\"Ünï(=)\":5}]"),
            (
                "MERGE INTO t USING (SELECT 2 AS `a b`, 'z' AS `c.d`) s ON s.`a b` = t.`a b` \
                 WHEN MATCHED THEN UPDATE SET t.`c.d` = s.`c.d` WHEN NOT MATCHED BY SOURCE THEN DELETE",
                merged(1, 1, 0).as_str(),
            ),
            ("SELECT `c.d` AS x FROM t WHERE `Ünï(=)` = 3", r#"[{"x":"z"}]"#),
            ("INSERT INTO t REPLACE WHERE `a b` = 2 VALUES (2, 'w', NULL, 1)", inserted(1).as_str()),
            ("INSERT INTO t REPLACE USING (`c.d`) VALUES (3, 'w', NULL, 1)", inserted(1).as_str()),
            ("SELECT `a b` AS a FROM t", r#"[{"a":3}]"#),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_a_number_is_not_skipped() {
    let home = Home::new();
    home.rows("CREATE TABLE t (x DOUBLE); INSERT INTO t VALUES (1.0), (CAST('NaN' AS DOUBLE))").await;
    check(
        &home,
        &[
            ("SELECT count(*) AS n FROM t WHERE x > 100", r#"[{"n":1}]"#),
            ("DELETE FROM t WHERE x > 100", affected(1).as_str()),
            ("SELECT x FROM t", r#"[{"x":1.0}]"#),
        ],
    )
    .await;
}

/// The files are taken away first: what would read them fails.
#[tokio::test(flavor = "multi_thread")]
async fn whole_partitions_are_deleted_without_being_read() {
    let home = Home::new();
    for vectors in ["false", "true"] {
        home.rows(&format!(
            "CREATE OR REPLACE TABLE t (id INT, p STRING, day DATE) PARTITIONED BY (p, day) TBLPROPERTIES \
             ('delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = '{vectors}')"
        ))
        .await;
        let (past, future) = ("DATE '2020-01-01'", "DATE '9999-01-01'");
        home.rows(&format!(
            "INSERT INTO t VALUES (1, 'a', {past}), (2, 'a', {past}), (3, 'a', {future}), (4, 'b', {past}), (5, 'c', {past}), \
             (6, NULL, {past}); DELETE FROM t WHERE id = 2"
        ))
        .await;
        for folder in std::fs::read_dir(home.path("main/default/t")).unwrap() {
            let folder = folder.unwrap();
            if folder.file_name().to_string_lossy().starts_with("p=") {
                std::fs::remove_dir_all(folder.path()).unwrap();
            }
        }
        let error = home.error("DELETE FROM t WHERE p = 'a' AND id = 1").await;
        assert_eq!(error.kind, ErrorKind::BadData, "{error:?}");
        check(
            &home,
            &[
                ("DELETE FROM t WHERE p = 'a' AND t.day < current_date()", affected(1).as_str()),
                ("DELETE FROM t x WHERE upper(x.p) = 'B'", affected(1).as_str()),
                ("DELETE FROM t WHERE p = 'b'", affected(0).as_str()),
                (
                    "INSERT INTO t REPLACE WHERE p = 'c' VALUES (50, 'c', DATE '2021-01-01')",
                    inserted(1).as_str(),
                ),
                ("SELECT id FROM t WHERE p = 'c'", r#"[{"id":50}]"#),
                // Two files of which nothing is left but their names, and one that is there.
                ("DELETE FROM t", affected(3).as_str()),
                ("SELECT count(*) AS n FROM t", r#"[{"n":0}]"#),
            ],
        )
        .await;
        let history = home.rows("DESCRIBE HISTORY t LIMIT 1").await;
        for metric in ["numDeletedRows", "numRemovedFiles"] {
            assert!(history.contains(&format!(r#""{metric}":"3""#)), "{history}");
        }
        for metric in ["numCopiedRows", "numAddedChangeFiles"] {
            assert!(history.contains(&format!(r#""{metric}":"0""#)), "{history}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_of_partitions_that_were_deleted() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (id INT, p STRING) PARTITIONED BY (p) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true'); \
         INSERT INTO t VALUES (1, 'a'), (2, 'a'), (3, 'b'); DELETE FROM t WHERE p = 'a'",
    )
    .await;
    check(
        &home,
        &[(
            "SELECT id, p, _change_type AS c FROM table_changes('t', 2) ORDER BY id",
            r#"[{"id":1,"p":"a","c":"delete"},{"id":2,"p":"a","c":"delete"}]"#,
        )],
    )
    .await;
    assert!(!home.path("main/default/t/_change_data").exists());
}
