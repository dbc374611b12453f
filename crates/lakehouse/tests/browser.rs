//! The lakehouse in a browser's worker: every operator runs without a reactor, a query can be stopped, and the event loop
//! gets its turns while one runs.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "tests: what fails shall panic")]

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tarn_lakehouse::format::JsonArrayWriter;
use tarn_lakehouse::{Error, ErrorKind, Lakehouse, Options, Session, split};
use tarn_storage::Stores;
use url::Url;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn open(memory_limit_bytes: usize) -> (Lakehouse, Arc<InMemory>) {
    let files = Arc::new(InMemory::new());
    let stores = Stores::new(1 << 20);
    let base = Url::parse("mem:///").unwrap();
    stores.register(&base, Arc::clone(&files) as Arc<dyn ObjectStore>);
    let options = Options { base, memory_limit_bytes, partitions: 4, spills: false };
    (Lakehouse::open(Arc::new(stores), options).unwrap(), files)
}

async fn run(lakehouse: &Lakehouse, session: &Session, sql: &str) -> Result<String, Error> {
    tarn_platform::drive(async {
        let mut text = String::new();
        for statement in split(sql) {
            let mut running = session.start(&statement?, &lakehouse.control()).await?;
            let mut writer = JsonArrayWriter::new(running.schema());
            text = String::new();
            while let Some(batch) = running.next().await? {
                text.push_str(&writer.rows(&batch));
            }
            text.push_str(writer.finish());
        }
        Ok(text.replace(",\n", ",").trim_end().to_owned())
    })
    .await
}

async fn rows(sql: &str) -> String {
    let (lakehouse, _) = open(1 << 28);
    run(&lakehouse, &lakehouse.session(), sql).await.unwrap()
}

#[wasm_bindgen_test]
async fn operators_that_spawn_run_without_a_reactor() {
    let series = "generate_series(1, 100000) AS t(v)";
    assert_eq!(
        rows(&format!("SELECT count(*) AS n, sum(v) AS s FROM {series}")).await,
        r#"[{"n":100000,"s":5000050000}]"#
    );
    let sorted = format!("SELECT v FROM {series} ORDER BY v % 7 DESC, v DESC LIMIT 2");
    assert_eq!(rows(&sorted).await, r#"[{"v":99994},{"v":99987}]"#);
    let joined =
        format!("SELECT count(*) AS n FROM {series} JOIN generate_series(1, 200000, 2) AS u(w) ON v = w");
    assert_eq!(rows(&joined).await, r#"[{"n":50000}]"#);
    let union =
        format!("SELECT max(v) AS m FROM (SELECT v FROM {series} UNION ALL SELECT v + 1 FROM {series})");
    assert_eq!(rows(&union).await, r#"[{"m":100001}]"#);
    let window = format!(
        "SELECT max(r) AS m FROM (SELECT row_number() OVER (PARTITION BY v % 3 ORDER BY v) AS r FROM {series})"
    );
    assert_eq!(rows(&window).await, r#"[{"m":33334}]"#);
}

#[wasm_bindgen_test]
async fn files_are_written_and_read_back() {
    let (lakehouse, files) = open(1 << 28);
    let session = lakehouse.session();
    for format in ["parquet", "csv", "json"] {
        let copy =
            format!("COPY (SELECT v, v * 2 AS d FROM generate_series(1, 20000) AS t(v)) TO 'out.{format}'");
        run(&lakehouse, &session, &copy).await.unwrap();
        let sum = run(
            &lakehouse,
            &session,
            &format!("SELECT count(*) AS n, sum(d) AS s FROM {format}.`out.{format}`"),
        )
        .await;
        assert_eq!(sum.unwrap(), r#"[{"n":20000,"s":400020000}]"#, "{format}");
    }
    files.put(&Path::from("array.json"), "[{\"a\": 1},\n {\"a\": 2}]".into()).await.unwrap();
    let rows = run(&lakehouse, &session, "SELECT a FROM json.`array.json` ORDER BY a").await;
    assert_eq!(rows.unwrap(), r#"[{"a":1},{"a":2}]"#);
    for compression in ["gzip", "zstd", "bzip2"] {
        let extension = match compression {
            "gzip" => "gz",
            "zstd" => "zst",
            _ => "bz2",
        };
        let copy =
            format!("COPY (SELECT 1 AS a) TO 'c.csv.{extension}' (FORMAT csv, COMPRESSION {compression})");
        run(&lakehouse, &session, &copy).await.unwrap();
        let rows = run(&lakehouse, &session, &format!("SELECT * FROM csv.`c.csv.{extension}`")).await;
        assert_eq!(rows.unwrap(), r#"[{"a":1}]"#, "{compression}");
    }
}

#[wasm_bindgen_test]
async fn long_queries_leave_the_event_loop_its_turns_and_stop() {
    let (a, b) = ("generate_series(1, 1000000) AS a(v)", "generate_series(1, 1000000) AS b(v)");
    for sql in [
        format!("SELECT count(*) FROM {a} CROSS JOIN {b}"),
        // Joins that test pair after pair and have nothing to return.
        format!("SELECT count(*) FROM {a} JOIN {b} ON a.v * b.v = -1"),
        format!("SELECT count(*) FROM {a} JOIN {b} ON a.v % 3 = b.v % 3 AND a.v * b.v = -1"),
    ] {
        stops(&sql).await;
    }
}

async fn stops(sql: &str) {
    let (lakehouse, _) = open(1 << 28);
    let session = lakehouse.session();
    let turns = Rc::new(Cell::new(0));
    let is_running = Rc::new(Cell::new(true));
    let (counted, watched) = (Rc::clone(&turns), Rc::clone(&is_running));
    let control = lakehouse.control();
    let stopper = Arc::clone(&control);
    spawn_local(async move {
        while watched.get() {
            tarn_platform::sleep(Duration::from_millis(10)).await;
            counted.set(counted.get() + 1);
            if counted.get() == 20 {
                stopper.cancel();
            }
        }
    });
    let statement = split(sql).remove(0).unwrap();
    let ended = tarn_platform::drive(async {
        let mut running = session.start(&statement, &control).await?;
        running.next().await
    })
    .await;
    is_running.set(false);
    // It ended because it was told to, which the event loop could do only by having turns.
    assert_eq!(ended.unwrap_err().kind, ErrorKind::Cancelled);
    assert!(turns.get() >= 20);
    assert_eq!(run(&lakehouse, &session, "SELECT 1 AS a").await.unwrap(), r#"[{"a":1}]"#);
}

#[wasm_bindgen_test]
async fn over_the_memory_limit_the_query_ends_and_the_tab_lives_on() {
    let (lakehouse, _) = open(4 << 20);
    let session = lakehouse.session();
    let sql = "SELECT v, count(*) FROM generate_series(1, 2000000) AS t(v) GROUP BY v ORDER BY 2, 1 LIMIT 1";
    let error = run(&lakehouse, &session, sql).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OutOfMemory, "{error:?}");
    assert_eq!(run(&lakehouse, &session, "SELECT 1 AS a").await.unwrap(), r#"[{"a":1}]"#);
}
