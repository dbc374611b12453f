//! A query is stopped within 200 ms and leaves the session usable.

use crate::home::Home;
use std::sync::Arc;
use std::time::Duration;
use tarn_lakehouse::{ErrorKind, split};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_stops() {
    let home = Home::new();
    let sql = "SELECT count(*) FROM generate_series(1, 1000000) a CROSS JOIN generate_series(1, 1000000) b";
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
    let error = ended.await.expect("the query did not stop").unwrap_err();
    stop.await.unwrap();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert!(control.progress().rows_read > 0);
    assert_eq!(home.rows("SELECT 1 AS a").await, r#"[{"a":1}]"#);
}
