//! What is wrong with files and statements is said in one message: what, where, what to do. The session goes on.

use crate::home::Home;
use tarn_lakehouse::ErrorKind;

async fn parquet_bytes(home: &Home) -> Vec<u8> {
    home.rows("COPY (SELECT * FROM (VALUES (1), (2)) AS t(a)) TO 'good.parquet'").await;
    std::fs::read(home.path("good.parquet")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_that_is_none() {
    let home = Home::new();
    let good = parquet_bytes(&home).await;
    home.write("cut.parquet", &good[..good.len() - 20]);
    home.write("empty.parquet", "");
    home.write("text.parquet", "a,b\n1,2\n");
    for (name, says) in [("cut", "is cut off"), ("empty", "is empty"), ("text", "is not a Parquet file")] {
        let error = home.error(&format!("SELECT * FROM parquet.`{name}.parquet`")).await;
        assert_eq!(error.kind, ErrorKind::BadData, "{error:?}");
        assert!(error.message.contains(says) && error.message.contains(name), "{error:?}");
        assert!(error.hint.is_some() && error.position.unwrap().column == 15, "{error:?}");
    }
    assert_eq!(home.rows("SELECT sum(a) AS s FROM parquet.`good.parquet`").await, r#"[{"s":3}]"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_faults_name_their_line() {
    let home = Home::new();
    home.write("long.csv", "a,b\n1,2\n3,4,5\n");
    home.write("quote.csv", "a,b\n1,\"x\n2,y\n3,z\n");
    home.write("latin1.csv", b"a,b\n1,M\xFCnchen\n");
    for (name, says) in [
        ("long", "long.csv, line 3: the row has 3 fields, the first row has 2"),
        ("quote", "quote.csv, line 2: a quote is opened there and never closed"),
        ("latin1", "latin1.csv, line 2: the byte 0xFC is not UTF-8"),
    ] {
        let error = home.error(&format!("SELECT * FROM csv.`{name}.csv`")).await;
        assert_eq!(error.kind, ErrorKind::BadData, "{error:?}");
        assert!(error.message.ends_with(says), "{error:?}");
        assert!(error.hint.is_some(), "{error:?}");
    }
    // Far behind what is looked at to guess the delimiter, in another file than the first, and where only another column
    // is asked for.
    let rows = "1,x\n".repeat(100_000);
    home.write("far.csv", format!("a,b\n{rows}2,\"y\n3,z\n"));
    home.write("many/1.csv", "a,b\n1,x\n");
    home.write("many/2.csv", "a,b\n2,\"y\n3,z\n");
    for (path, says) in [
        ("far.csv", "far.csv, line 100002: a quote is opened there and never closed"),
        ("many", "many/2.csv, line 2: a quote is opened there and never closed"),
    ] {
        let error = home.error(&format!("SELECT sum(a) FROM csv.`{path}`")).await;
        assert_eq!(error.kind, ErrorKind::BadData, "{error:?}");
        assert!(error.message.ends_with(says), "{error:?}");
    }
    home.write("empty.csv", "");
    assert_eq!(home.error("SELECT * FROM csv.`empty.csv`").await.kind, ErrorKind::BadData);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_faults_name_their_line() {
    let home = Home::new();
    home.write("bad.json", "{\"a\":1}\n{\"a\":}\n{\"a\":3}\n");
    let error = home.error("SELECT * FROM json.`bad.json`").await;
    assert_eq!(error.kind, ErrorKind::BadData, "{error:?}");
    assert!(error.message.contains("bad.json, line 2: expected value"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_do_not_exist() {
    let home = Home::new();
    home.write("flights.csv", "origin,Delay\nSEA,1\n");
    let cases = [
        ("SELECT orign FROM csv.`flights.csv`", 8, "Did you mean origin?"),
        ("SELECT origin FROM csv.`fligths.csv`", 20, "Did you mean flights.csv?"),
        ("SELECT cont(*) FROM csv.`flights.csv`", 8, "count"),
        ("CREATE VIEW delays AS SELECT 1; SELECT * FROM delay", 47, "Did you mean delays?"),
    ];
    for (sql, column, hint) in cases {
        let error = home.error(sql).await;
        assert!(error.hint.as_deref().is_some_and(|h| h.contains(hint)), "{sql}: {error:?}");
        assert_eq!(error.position.map(|at| at.column), Some(column), "{sql}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_memory_than_allowed() {
    let home = Home::with_memory(4 << 20, false);
    let sql =
        "SELECT a.v, count(*) FROM generate_series(1, 2000000) AS a(v) GROUP BY a.v ORDER BY 2, 1 LIMIT 1";
    let error = home.error(sql).await;
    assert_eq!(error.kind, ErrorKind::OutOfMemory, "{error:?}");
    assert!(error.message.contains("4096 KiB") || error.message.contains("4 MiB"), "{error:?}");
    // Which operator of the plan comes too late differs from run to run; it is always one of these.
    let operators = ["Aggregate", "TopK", "RepartitionExec", "Sort"];
    assert!(operators.iter().any(|name| error.message.contains(name)), "names the operator: {error:?}");
    // What the query held is given back, as soon as its tasks have noticed that they are stopped.
    while home.lakehouse.memory().used_bytes() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(home.rows("SELECT 1 AS a").await, r#"[{"a":1}]"#);
}

/// A table joined with itself, where neither side fits into memory: joins spill where there is a place for temporary files,
/// and say what they lack where there is none.
#[tokio::test(flavor = "multi_thread")]
async fn joins_of_more_than_fits_into_memory() {
    const MERGE: &str = "MERGE INTO t USING (SELECT id, v || 'y' AS v FROM t UNION ALL SELECT 0, 'new') s \
        ON t.id = s.id AND t.v < s.v WHEN MATCHED AND t.id % 2 = 0 THEN UPDATE SET v = s.v \
        WHEN MATCHED AND t.id % 3 = 0 THEN DELETE WHEN NOT MATCHED THEN INSERT *";
    const SUMS: &str = "SELECT count(*) AS n, sum(id) AS s, sum(length(v)) AS l FROM t";
    // repeat('x', 40) and the number's digits; of 240000 rows a half gets one letter more, a sixth goes, and one comes.
    let rows = 240_000u64;
    let length = |id: u64| 40 + id.to_string().len() as u64;
    let left = (1..=rows).filter(|id| id % 2 == 0 || id % 3 != 0);
    let (mut count, mut sum, mut letters) = (1, 0, 3);
    for id in left {
        count += 1;
        sum += id;
        letters += length(id) + u64::from(id % 2 == 0);
    }
    let made = format!(
        "CREATE TABLE t (id BIGINT, v STRING) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true'); \
         INSERT INTO t SELECT value, repeat('x', 40) || value FROM generate_series(1, {rows})"
    );
    let join = "SELECT count(*) AS n, max(a.v || b.v) AS m FROM t a JOIN t b ON a.id = b.id";
    for spills in [false, true] {
        let home = Home::with_memory(16 << 20, spills);
        home.rows(&made).await;
        let before = home.rows(SUMS).await;
        if !spills {
            for sql in [MERGE, join] {
                let error = home.error(sql).await;
                assert_eq!(error.kind, ErrorKind::OutOfMemory, "{sql}: {error:?}");
                assert!(
                    error.message.contains("of 16 MiB were left") && error.hint.is_some(),
                    "{sql}: {error:?}"
                );
                assert_eq!(home.rows(SUMS).await, before, "{sql}");
            }
            let files = std::fs::read_dir(home.path("main/default/t")).unwrap();
            let data = files
                .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|e| e == "parquet"));
            assert_eq!(data.count(), 1, "what a statement has written before it failed is removed");
            continue;
        }
        let merged = home.rows(MERGE).await;
        assert!(
            merged.contains("\"num_updated_rows\":120000,\"num_deleted_rows\":40000,\"num_inserted_rows\":1"),
            "{merged}"
        );
        let expect = format!("[{{\"n\":{count},\"s\":{sum},\"l\":{letters}}}]");
        assert_eq!(home.rows(SUMS).await, expect);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_yet_says_so() {
    let home = Home::new();
    for sql in ["GRANT SELECT ON t TO x"] {
        let error = home.error(sql).await;
        assert_eq!(error.kind, ErrorKind::Unsupported, "{sql}: {error:?}");
        assert!(error.hint.is_some(), "{sql}");
    }
}
