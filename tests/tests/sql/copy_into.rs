//! COPY INTO: files are loaded once, and with what the statement asks for.

use crate::home::Home;
use tarn_lakehouse::ErrorKind;

fn loaded(rows: u64) -> String {
    format!(r#"[{{"num_affected_rows":{rows},"num_inserted_rows":{rows},"num_skipped_corrupt_files":0}}]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_loaded_once() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT, name STRING)").await;
    home.write("in/a.csv", "id,name\n1,one\n2,two\n");
    home.write("in/_ignored.csv", "id,name\n99,no\n");
    const COPY: &str = "COPY INTO t FROM 'in' FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'true')";
    assert_eq!(home.rows(COPY).await, loaded(2));
    assert_eq!(home.rows(COPY).await, loaded(0));
    home.write("in/b.csv", "id,name\n3,three\n");
    // A file that has changed since it was loaded is not loaded again.
    home.write("in/a.csv", "id,name\n7,seven\n");
    assert_eq!(home.rows(COPY).await, loaded(1));
    let rows = home.rows("SELECT * FROM t ORDER BY id").await;
    assert_eq!(rows, r#"[{"id":1,"name":"one"},{"id":2,"name":"two"},{"id":3,"name":"three"}]"#);
    assert_eq!(home.rows(&format!("{COPY} COPY_OPTIONS ('force' = 'true')")).await, loaded(2));
    assert_eq!(home.rows("SELECT count(*) AS n FROM t WHERE id = 3").await, r#"[{"n":2}]"#);
    // Nothing is committed where nothing is new, and the memory is the table's own.
    let other = crate::home::open(home.folder.path(), 1 << 28, false);
    assert_eq!(crate::home::run(&other, &other.session(), COPY).await.unwrap(), loaded(0));
    assert!(!home.path("main/default/t/_delta_log/00000000000000000004.json").exists());
    let history = home.rows("DESCRIBE HISTORY t LIMIT 1").await;
    assert!(history.contains("COPY INTO") && history.contains(r#""numSourceFiles":"2""#), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_survives_checkpoints() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT) TBLPROPERTIES ('delta.checkpointInterval' = '2')").await;
    for number in 0..5 {
        home.write(&format!("in/{number}.json"), format!("{{\"id\":{number}}}\n"));
        assert_eq!(home.rows("COPY INTO t FROM 'in/' FILEFORMAT = JSON").await, loaded(1));
    }
    assert!(home.path("main/default/t/_delta_log/_last_checkpoint").exists());
    let other = crate::home::open(home.folder.path(), 1 << 28, false);
    let again = crate::home::run(&other, &other.session(), "COPY INTO t FROM 'in/' FILEFORMAT = JSON").await;
    assert_eq!(again.unwrap(), loaded(0));
    assert_eq!(home.rows("SELECT count(*) AS n, sum(id) AS s FROM t").await, r#"[{"n":5,"s":10}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_columns_are_chosen() {
    let home = Home::new();
    home.write("in/a.csv", "1;x\n");
    home.write("in/b.csv", "2;y\n");
    home.write("in/deep/c.csv", "3;z\n");
    home.rows("CREATE TABLE t (id BIGINT, name STRING, more STRING DEFAULT 'd') TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')").await;
    let format = "FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'false', 'sep' = ';')";
    let copy = |from: &str, rest: &str| format!("COPY INTO t (id, name) FROM {from} {format} {rest}");
    assert_eq!(home.rows(&copy("'in'", "").replace("CSV", "CSV FILES = ('b.csv')")).await, loaded(1));
    assert_eq!(home.rows(&copy("'in'", "").replace("CSV", "CSV PATTERN = '[ab].csv'")).await, loaded(1));
    assert_eq!(home.rows(&copy("'in'", "")).await, loaded(1));
    assert_eq!(
        home.rows("SELECT * FROM t ORDER BY id").await,
        r#"[{"id":1,"name":"x","more":"d"},{"id":2,"name":"y","more":"d"},{"id":3,"name":"z","more":"d"}]"#
    );
    home.write("in2/d.json", "{\"a\":\"10\",\"b\":5}\n");
    let query = "COPY INTO t FROM (SELECT a::int + b AS id, 'q' AS name FROM 'in2') FILEFORMAT = JSON";
    assert_eq!(home.rows(query).await, loaded(1));
    assert_eq!(home.rows("SELECT name FROM t WHERE id = 15").await, r#"[{"name":"q"}]"#);
    home.rows("COPY (SELECT 'p' AS name, 20 AS id) TO 'in3/e.parquet'").await;
    assert_eq!(home.rows("COPY INTO t FROM 'in3/*.parquet' FILEFORMAT = PARQUET").await, loaded(1));
    assert_eq!(home.rows("SELECT more FROM t WHERE id = 20").await, r#"[{"more":"d"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_added_where_that_is_asked_for() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT)").await;
    home.write("in/a.json", "{\"id\":1,\"extra\":\"x\"}\n");
    let copy = "COPY INTO t FROM 'in' FILEFORMAT = JSON";
    let error = home.error(copy).await;
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.message.contains("a column extra, which the table lacks"), "{error:?}");
    assert_eq!(home.rows(&format!("{copy} COPY_OPTIONS ('mergeSchema' = 'true')")).await, loaded(1));
    assert_eq!(home.rows("SELECT * FROM t").await, r#"[{"id":1,"extra":"x"}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn validation_loads_nothing() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT NOT NULL, n INT, CONSTRAINT c CHECK (n > 0))").await;
    home.write("good/a.csv", "id,n\n1,1\n2,2\n");
    home.write("bad/a.csv", "id,n\n1,1\n2,-2\n");
    home.write("null/a.csv", "id,n\n,1\n2,2\n");
    let validate =
        |path: &str, what: &str| format!("COPY INTO t FROM '{path}' FILEFORMAT = CSV VALIDATE {what}");
    assert_eq!(home.rows(&validate("good", "")).await, r#"[{"id":1,"n":1},{"id":2,"n":2}]"#);
    assert_eq!(home.rows(&validate("bad", "1 ROWS")).await, r#"[{"id":1,"n":1}]"#);
    assert!(home.error(&validate("bad", "ALL")).await.message.contains("breaks the constraint c"));
    assert!(home.error(&validate("null", "")).await.message.contains("Column id is NOT NULL"));
    assert_eq!(home.rows("SELECT count(*) AS n FROM t").await, r#"[{"n":0}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told() {
    let home = Home::new();
    home.rows("CREATE TABLE t (id INT)").await;
    home.write("in/a.csv", "id\n1\nx\n");
    for (sql, kind, message) in [
        ("COPY INTO nope FROM 'in' FILEFORMAT = CSV", ErrorKind::NotFound, "There is no table nope"),
        ("COPY INTO t FROM 'nothing' FILEFORMAT = CSV", ErrorKind::NotFound, "There is no file nothing"),
        ("COPY INTO t FROM 'in' FILEFORMAT = XLS", ErrorKind::Unsupported, "no file format xls"),
        (
            "COPY INTO t FROM 'in' FILEFORMAT = CSV FILES = ('b.csv')",
            ErrorKind::NotFound,
            "There is no file b.csv",
        ),
        (
            "COPY INTO t FROM 'in' FILEFORMAT = CSV FORMAT_OPTIONS ('hedaer' = 'true')",
            ErrorKind::Invalid,
            "hedaer",
        ),
        (
            "COPY INTO t FROM 'in' FILEFORMAT = CSV COPY_OPTIONS ('fource' = 'true')",
            ErrorKind::Invalid,
            "fource",
        ),
        ("COPY INTO t (idd) FROM 'in' FILEFORMAT = CSV", ErrorKind::NotFound, "There is no column idd"),
        ("COPY INTO t FROM 'in' FILEFORMAT = CSV", ErrorKind::Execution, "x"),
    ] {
        let error = home.error(sql).await;
        assert!(error.message.contains(message), "{sql}: {error:?}");
        assert_eq!(error.kind, kind, "{sql}: {error:?}");
    }
    // A file that failed is loaded once it is mended.
    home.write("in/a.csv", "id\n1\n2\n");
    assert_eq!(home.rows("COPY INTO t FROM 'in' FILEFORMAT = CSV").await, loaded(2));
}
