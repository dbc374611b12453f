//! A query is stopped within 200 ms and leaves the session usable.

use crate::home::Home;
use std::sync::Arc;
use std::time::Duration;
use tarn_lakehouse::{ErrorKind, split};

#[test]
fn long_queries_stop() {
    // As the binary has it: with every thread at work, the timer below must still be heard.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().event_interval(5).build().unwrap();
    let series = |name: &str| format!("generate_series(1, 1000000) AS {name}(v)");
    let (a, b) = (series("a"), series("b"));
    for sql in [
        format!("SELECT count(*) FROM {a} CROSS JOIN {b}"),
        // Joins that test pair after pair and have nothing to return.
        format!("SELECT count(*) FROM {a} JOIN {b} ON a.v * b.v = -1"),
        format!("SELECT count(*) FROM {a} LEFT JOIN {b} ON a.v < b.v AND a.v * b.v = -1"),
        format!("SELECT count(*) FROM {a} JOIN {b} ON a.v % 3 = b.v % 3 AND a.v * b.v = -1"),
    ] {
        runtime.block_on(stops(&sql));
    }
}

#[expect(clippy::expect_used, clippy::unwrap_used, reason = "a part of the test above")]
async fn stops(sql: &str) {
    let home = Home::new();
    let statement = split(sql).remove(0).unwrap();
    let control = home.lakehouse.control();
    let stopper = Arc::clone(&control);
    let stop = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stopper.cancel();
    });
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        let mut running = home.session.start(&statement, &control).await?;
        running.next().await
    });
    let error = ended.await.expect("the query did not stop").expect_err(sql);
    stop.await.unwrap();
    assert_eq!(error.kind, ErrorKind::Cancelled, "{sql}: {error:?}");
    assert!(control.progress().rows_read > 0, "{sql}");
    assert_eq!(home.rows("SELECT 1 AS a").await, r#"[{"a":1}]"#);
}
