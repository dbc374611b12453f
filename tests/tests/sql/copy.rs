//! COPY TO writes files, which read back as they were.

use crate::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn every_format_reads_back() {
    let home = Home::new();
    let source = "VALUES (1, 'a', true, 1.5, DATE '2024-01-31'), (2, NULL, false, NULL, NULL)";
    for format in ["parquet", "csv", "json"] {
        home.rows(&format!("COPY (SELECT * FROM ({source}) AS t(i, s, b, f, d)) TO 'out.{format}'")).await;
        let rows = home.rows(&format!("SELECT i, s, b, f, d FROM {format}.`out.{format}` ORDER BY i")).await;
        assert_eq!(
            rows,
            r#"[{"i":1,"s":"a","b":true,"f":1.5,"d":"2024-01-31"},{"i":2,"s":null,"b":false,"f":null,"d":null}]"#,
            "{format}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_become_folders() {
    let home = Home::new();
    home.rows("COPY (SELECT * FROM (VALUES (1, 'x y'), (2, 'z')) AS t(a, p)) TO 'parts' (FORMAT parquet, PARTITION_BY (P))").await;
    assert!(home.path("parts/p=z").is_dir());
    let rows = home.rows("SELECT a, p FROM parquet.`parts` ORDER BY a").await;
    assert_eq!(rows, r#"[{"a":1,"p":"x y"},{"a":2,"p":"z"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_says_why() {
    let home = Home::new();
    let error = home.error("COPY (SELECT 1) TO 'x.unknown'").await;
    assert_eq!((error.position.unwrap().line, error.position.unwrap().column), (1, 20), "{error:?}");
    let error = home.error("COPY (SELECT 1 AS a) TO 'x.csv' (COMPRESION gzip)").await;
    assert_eq!(error.hint.as_deref(), Some("Did you mean compression?"));
    let error = home.error("COPY (SELECT 1 AS a, make_array(2) AS `b c`) TO 'nested.csv'").await;
    assert_eq!(error.message, "CSV has no form for column `b c` of type ARRAY<BIGINT>");
    assert!(!home.path("nested.csv").exists());
    // A copy that fails in the middle leaves no file behind.
    let error =
        home.error("COPY (SELECT 1 / (v - 3) AS x FROM (VALUES (1), (2), (3)) AS t(v)) TO 'half.csv'").await;
    assert_eq!(error.kind, tarn_lakehouse::ErrorKind::Execution, "{error:?}");
    assert!(!home.path("half.csv").exists());
}
