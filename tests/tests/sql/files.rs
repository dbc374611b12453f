//! Files by path: formats, folders, globs, partitions, compression.

use crate::home::Home;

#[tokio::test(flavor = "multi_thread")]
async fn csv_is_sniffed() {
    let home = Home::new();
    home.write("semicolon.csv", "name;size\nanna;1\nberta;2\n");
    assert_eq!(
        home.rows("SELECT * FROM csv.`semicolon.csv` ORDER BY size").await,
        r#"[{"name":"anna","size":1},{"name":"berta","size":2}]"#
    );
    home.write("no_header.csv", "1,2.5,2024-01-31\n2,3.5,2024-02-01\n");
    assert_eq!(
        home.rows("SELECT * FROM csv.`no_header.csv`").await,
        r#"[{"column_1":1,"column_2":2.5,"column_3":"2024-01-31"},{"column_1":2,"column_2":3.5,"column_3":"2024-02-01"}]"#
    );
    home.write("bom.csv", "\u{feff}a,b\n1,2\n");
    assert_eq!(home.rows("SELECT a FROM csv.`bom.csv`").await, r#"[{"a":1}]"#);
    home.write("lines.csv", "a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n");
    assert_eq!(home.rows("SELECT * FROM csv.`lines.csv`").await, r#"[{"a":"x\ny","b":"say \"hi\""}]"#);
    home.write("tab.tsv", "a\tb\nx\ty, z\n");
    assert_eq!(home.rows("SELECT * FROM csv.`tab.tsv`").await, r#"[{"a":"x","b":"y, z"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_options_win_over_what_is_sniffed() {
    let home = Home::new();
    home.write("a.txt", "1;x\n2;\n");
    let sql = "SELECT * FROM read_files('a.txt', format => 'csv', sep => ';', header => false)";
    assert_eq!(home.rows(sql).await, r#"[{"column_1":1,"column_2":"x"},{"column_1":2,"column_2":null}]"#);
    let sql =
        "SELECT * FROM read_files('a.txt', format => 'csv', header => 'false', inferSchema => false) LIMIT 1";
    assert_eq!(home.rows(sql).await, r#"[{"column_1":"1","column_2":"x"}]"#);
    let error = home.error("SELECT * FROM read_files('a.txt', format => 'csv', delimitr => ';')").await;
    assert_eq!(error.hint.as_deref(), Some("Did you mean delimiter?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_arrays_and_mixed_types() {
    let home = Home::new();
    home.write("lines.json", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"c\":[1,null]}\n");
    let rows = home.rows("SELECT * FROM json.`lines.json` ORDER BY a").await;
    assert_eq!(rows, r#"[{"a":1,"b":"x","c":null},{"a":2,"b":null,"c":[1,null]}]"#);
    home.write("array.json", "[\n  {\"a\": 1, \"t\": \"[x,\\\"]\"},\n  {\"a\": {\"b\": 2}}]");
    let error = home.error("SELECT * FROM json.`array.json`").await;
    assert!(error.message.contains("array.json"), "{error:?}");
    home.write("good.json", "\n[\n  {\"a\": 1, \"t\": \"[x,\\\"]\"},\n  {\"a\": 2, \"t\": 300}\n]\n");
    let rows = home.rows("SELECT * FROM json.`good.json` ORDER BY a").await;
    assert_eq!(rows, r#"[{"a":1,"t":"[x,\"]"},{"a":2,"t":"300"}]"#);
    assert_eq!(home.rows("SELECT count(*) AS n FROM json.`good.json`").await, r#"[{"n":2}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_globs_and_hive_partitions() {
    let home = Home::new();
    for (year, month) in [(2023, 12), (2024, 1), (2024, 2)] {
        home.write(&format!("t/year={year}/month={month}/a b#%.csv"), format!("n\n{month}\n"));
    }
    home.write("t/_SUCCESS", "");
    home.write("t/.hidden.csv", "broken");
    let rows = home.rows("SELECT year, month, n FROM csv.`t` ORDER BY year, month").await;
    assert_eq!(
        rows,
        r#"[{"year":2023,"month":12,"n":12},{"year":2024,"month":1,"n":1},{"year":2024,"month":2,"n":2}]"#
    );
    assert_eq!(home.rows("SELECT sum(n) AS s FROM csv.`t/` WHERE year = 2024").await, r#"[{"s":3}]"#);
    assert_eq!(home.rows("SELECT sum(n) AS s FROM csv.`t` WHERE year > 2030").await, r#"[{"s":null}]"#);
    assert_eq!(home.rows("SELECT sum(n) AS s FROM csv.`t/year=2024/*/*.csv`").await, r#"[{"s":3}]"#);
    assert_eq!(home.rows("SELECT sum(n) AS s FROM csv.`t/year=*/month={1,12}/*`").await, r#"[{"s":13}]"#);
    assert_eq!(home.rows("SELECT n FROM csv.`t/year=2024/month=1/a b#%.csv`").await, r#"[{"n":1}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_text() {
    let home = Home::new();
    home.write("plain.csv", "a,b\n1,x\n2,y\n");
    for (name, compression) in [("c.csv.gz", "gzip"), ("c.csv.zst", "zstd"), ("c.csv.bz2", "bzip2")] {
        home.rows(&format!("COPY csv.`plain.csv` TO '{name}' (FORMAT csv, COMPRESSION {compression})")).await;
        assert_eq!(
            home.rows(&format!("SELECT sum(a) AS s FROM csv.`{name}`")).await,
            r#"[{"s":3}]"#,
            "{name}"
        );
    }
    home.rows("COPY csv.`plain.csv` TO 'c.json.gz' (FORMAT json, COMPRESSION gzip)").await;
    assert_eq!(home.rows("SELECT max(b) AS b FROM json.`c.json.gz`").await, r#"[{"b":"y"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_come_late_are_found() {
    let home = Home::new();
    let mut text = String::from("a\n");
    for n in 0..20_000 {
        text.push_str(&format!("{n}\n"));
    }
    text.push_str("0.5\n");
    home.write("late.csv", text);
    assert_eq!(
        home.rows("SELECT min(a) AS m, count(*) AS n FROM csv.`late.csv` WHERE a > 0").await,
        r#"[{"m":0.5,"n":20000}]"#
    );
}

/// The bounds in a file leave NaN out, so that a column with it can look constant; NaN is above all numbers.
#[tokio::test(flavor = "multi_thread")]
async fn not_a_number_is_read_from_parquet() {
    let home = Home::new();
    home.rows(
        "COPY (SELECT CAST(column1 AS INT) AS id, CAST(column2 AS DOUBLE) AS f FROM (VALUES (1, 'NaN'), (2, '1'), (3, '1')) AS x) \
         TO 'n.parquet'",
    )
    .await;
    for (sql, expect) in [
        (
            "SELECT id, f FROM parquet.`n.parquet` ORDER BY id",
            r#"[{"id":1,"f":"NaN"},{"id":2,"f":1.0},{"id":3,"f":1.0}]"#,
        ),
        ("SELECT id FROM parquet.`n.parquet` WHERE f > 1", r#"[{"id":1}]"#),
        ("SELECT count(*) AS n FROM parquet.`n.parquet` WHERE f <> 1", r#"[{"n":1}]"#),
        ("SELECT max(f) AS m FROM parquet.`n.parquet`", r#"[{"m":"NaN"}]"#),
        // What is found out while a query runs leaves no NaN out either.
        (
            "COPY (SELECT CAST(4 AS INT) AS id, CAST(5 AS DOUBLE) AS f) TO 'p/a.parquet'; COPY (SELECT * FROM parquet.`n.parquet`) TO 'p/b.parquet'; SELECT id FROM parquet.`p` ORDER BY f DESC LIMIT 1",
            r#"[{"id":1}]"#,
        ),
        (
            "SELECT n.id FROM parquet.`n.parquet` AS n JOIN (SELECT CAST('NaN' AS DOUBLE) AS g) AS s ON n.f = s.g",
            r#"[{"id":1}]"#,
        ),
        (
            "CREATE TABLE t AS SELECT * FROM parquet.`p/a.parquet`; INSERT INTO t SELECT * FROM parquet.`p/b.parquet`; SELECT id FROM t ORDER BY f DESC LIMIT 1",
            r#"[{"id":1}]"#,
        ),
        ("SELECT t.id FROM t JOIN (SELECT CAST('NaN' AS DOUBLE) AS g) AS s ON t.f = s.g", r#"[{"id":1}]"#),
    ] {
        assert_eq!(home.rows(sql).await, expect, "{sql}");
    }
}
