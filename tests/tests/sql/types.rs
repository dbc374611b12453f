//! The types that expressions name, and times beside dates.

use crate::home::Home;
use crate::steps::{affected, check, inserted};

/// DataFusion's own TIMESTAMP counts nanoseconds, which begin in 1677 and end in 2262.
#[tokio::test(flavor = "multi_thread")]
async fn times_reach_from_year_1_to_9999() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT, ts TIMESTAMP, ntz TIMESTAMP_NTZ, d DATE)").await;
    check(
        &home,
        &[
            (
                "INSERT INTO t VALUES \
                 (1, TIMESTAMP'9999-12-31 23:59:59.999999', TIMESTAMP_NTZ'0001-01-01 00:00:00', DATE'9999-12-31'), \
                 (2, CAST('0001-01-01' AS TIMESTAMP), CAST('9999-12-31' AS TIMESTAMP_NTZ), DATE'0001-01-01'), \
                 (3, TIMESTAMP'2024-02-29T01:00:00+02:00', NULL, DATE'2024-02-28')",
                inserted(3).as_str(),
            ),
            (
                "SELECT ts, ntz FROM t ORDER BY id",
                r#"[{"ts":"9999-12-31T23:59:59.999999Z","ntz":"0001-01-01T00:00:00"},{"ts":"0001-01-01T00:00:00Z","ntz":"9999-12-31T00:00:00"},{"ts":"2024-02-28T23:00:00Z","ntz":null}]"#,
            ),
            ("SELECT id FROM t WHERE ts = TIMESTAMP'9999-12-31 23:59:59.999999'", r#"[{"id":1}]"#),
            ("SELECT id FROM t WHERE ts > current_timestamp()", r#"[{"id":1}]"#),
            ("SELECT id FROM t WHERE ntz = TIMESTAMP_NTZ'9999-12-31 00:00:00'", r#"[{"id":2}]"#),
            ("SELECT id FROM t WHERE ts > d ORDER BY id", r#"[{"id":1},{"id":3}]"#),
            ("SELECT id FROM t WHERE d <=> ts", r#"[{"id":2}]"#),
            ("SELECT id FROM t WHERE ts BETWEEN DATE'2024-01-01' AND DATE'9999-12-31'", r#"[{"id":3}]"#),
            ("SELECT id FROM t WHERE ts IN (DATE'0001-01-01', DATE'9999-12-31')", r#"[{"id":2}]"#),
            ("SELECT id FROM t WHERE ntz NOT IN (DATE'9999-12-31')", r#"[{"id":1}]"#),
            ("SELECT a.id FROM t AS a JOIN t AS b ON a.ts = b.d", r#"[{"id":2}]"#),
            ("SELECT CAST(d AS TIMESTAMP) AS s FROM t WHERE id = 1", r#"[{"s":"9999-12-31T00:00:00Z"}]"#),
            ("UPDATE t SET ts = TIMESTAMP'1600-01-01 00:00:00' WHERE ts > DATE'9000-01-01'", affected(1).as_str()),
            ("DELETE FROM t WHERE ts < DATE'1700-01-01'", affected(2).as_str()),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expressions_have_the_types_of_columns() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE c AS SELECT CAST('2024-01-01' AS TIMESTAMP) AS a, now() AS b, TIMESTAMP'2024-01-01 00:00:00' AS c, \
         TIMESTAMP_NTZ'2024-01-01 00:00:00' AS d, CAST('x' AS BINARY) AS e, CAST(1.5 AS DECIMAL) AS f, \
         CAST(1 AS LONG) AS g, CAST(1 AS SHORT) AS h, CAST(1 AS BYTE) AS i, CAST(1.25 AS DEC(3,2)) AS j, \
         CAST('2024-01-01' AS TIMESTAMP_LTZ) AS k, CAST(NULL AS ARRAY<TIMESTAMP>) AS l",
    )
    .await;
    let types = [
        ("a", "timestamp"),
        ("b", "timestamp"),
        ("c", "timestamp"),
        ("d", "timestamp_ntz"),
        ("e", "binary"),
        ("f", "decimal(10,0)"),
        ("g", "bigint"),
        ("h", "smallint"),
        ("i", "tinyint"),
        ("j", "decimal(3,2)"),
        ("k", "timestamp"),
        ("l", "array<timestamp>"),
    ];
    let described = types
        .map(|(name, of)| format!("{{\"col_name\":\"{name}\",\"data_type\":\"{of}\",\"comment\":null}}"))
        .join(",");
    check(
        &home,
        &[
            ("DESCRIBE c", format!("[{described}]").as_str()),
            ("SELECT e, f, j FROM c", r#"[{"e":"eA==","f":2,"j":1.25}]"#),
            ("SELECT c.a = c.d AS same FROM c", r#"[{"same":true}]"#),
        ],
    )
    .await;
}
