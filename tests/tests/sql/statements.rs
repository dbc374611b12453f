//! Statements of a session.

use crate::home::Home;
use tarn_lakehouse::ErrorKind;

#[tokio::test(flavor = "multi_thread")]
async fn views_live_in_their_session() {
    let home = Home::new();
    home.write("a.csv", "n\n1\n2\n");
    home.rows("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT n * 10 AS m FROM read_files('a.csv')").await;
    assert_eq!(home.rows("SELECT sum(M) AS s FROM v").await, r#"[{"s":30}]"#);
    assert_eq!(
        home.rows("CREATE VIEW w AS SELECT * FROM v WHERE m > 10; SELECT * FROM w").await,
        r#"[{"m":20}]"#
    );
    let other = home.lakehouse.session();
    let error = crate::home::run(&home.lakehouse, &other, "SELECT * FROM v").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    home.rows("DROP VIEW w").await;
    assert_eq!(home.error("SELECT * FROM w").await.kind, ErrorKind::NotFound);
    assert_eq!(home.rows("DROP VIEW IF EXISTS w; SELECT 1 AS a").await, r#"[{"a":1}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_any_case() {
    let home = Home::new();
    home.write("a.csv", "Id,US Gross\n1,5\n");
    home.write("b.csv", "ID,name\n1,x\n");
    let sql = "SELECT a.id, B.NAME, `us gross` FROM csv.`a.csv` a JOIN csv.`b.csv` B ON a.ID = B.iD";
    assert_eq!(home.rows(sql).await, r#"[{"Id":1,"name":"x","US Gross":5}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn syntax_errors_stop_the_script_where_they_stand() {
    let home = Home::new();
    let error = home.error("SELECT 1;\nSELECT FROM WHERE").await;
    assert_eq!(error.kind, ErrorKind::Syntax);
    assert_eq!(error.position.unwrap().line, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_describe_and_show() {
    let home = Home::new();
    home.write("a.csv", "n,s\n1,x\n");
    home.rows("CREATE VIEW v AS SELECT * FROM csv.`a.csv`").await;
    assert!(home.rows("EXPLAIN SELECT * FROM v").await.contains("logical_plan"));
    assert!(home.rows("DESCRIBE v").await.contains("\"n\""));
    assert!(home.rows("SHOW TABLES").await.contains("\"v\""));
    assert!(home.rows("EXPLAIN ANALYZE SELECT sum(n) FROM v").await.contains("output_rows"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_maps_are_found_whatever_their_type() {
    let home = Home::new();
    home.rows(
        "CREATE TABLE t (i MAP<INT, STRING>, s MAP<SMALLINT, MAP<BIGINT, INT>>, d MAP<DATE, INT>); \
         INSERT INTO t SELECT map(make_array(5), make_array('x')), \
         map(make_array(1), make_array(map(make_array(2), make_array(3)))), \
         map(make_array(DATE '2024-01-31'), make_array(4))",
    )
    .await;
    for (sql, expect) in [
        (
            "SELECT i[5] AS a, i[6] AS b, s[1][2] AS c, d['2024-01-31'] AS d FROM t",
            r#"[{"a":"x","b":null,"c":3,"d":4}]"#,
        ),
        ("SELECT d[DATE '2024-01-31'] AS d FROM t WHERE i[5] = 'x' AND s[1][2] = 3", r#"[{"d":4}]"#),
        ("SELECT count(*) AS n FROM t WHERE i[6] IS NOT NULL", r#"[{"n":0}]"#),
    ] {
        assert_eq!(home.rows(sql).await, expect, "{sql}");
    }
}
