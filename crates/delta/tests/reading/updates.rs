//! Bringing a snapshot up to date.

use crate::support::{Log, add, add_with, metadata, paths, protocol, remove};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn only_new_commits_are_read() {
    let log = Log::started().await;
    log.commit(1, &[add("a"), add("b"), json!({"txn": {"appId": "x", "version": 1}})]).await;
    let old = log.open().await.unwrap();
    assert!(Arc::ptr_eq(&old.update().await.unwrap(), &old));
    log.commit(2, &[remove("a"), add("c"), json!({"txn": {"appId": "x", "version": 2}})]).await;
    log.commit(3, &[add_with("b", &json!({"size": 100}))]).await;
    log.take_read();
    let new = old.update().await.unwrap();
    let mut read = log.take_read();
    read.sort();
    assert_eq!(read, ["00000000000000000002.json", "00000000000000000003.json"]);
    assert_eq!((new.version(), paths(&new)), (3, vec!["c", "b"]));
    assert_eq!(new.files().size_bytes(), 110);
    assert_eq!(new.transaction("x").unwrap().version, 2);
    // The old snapshot is what it was.
    assert_eq!((old.version(), paths(&old)), (1, vec!["a", "b"]));
    assert_eq!(new.load_tombstones().await.unwrap().len(), 1);
}

#[tokio::test]
async fn reading_may_move_between_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let log = Log::started().await;
    let snapshot = is_send(log.open()).await.unwrap();
    is_send(snapshot.update()).await.unwrap();
    is_send(snapshot.statistics(&[])).await.unwrap();
    is_send(snapshot.adds_with_stats(&[])).await.unwrap();
    is_send(snapshot.load_tombstones()).await.unwrap();
}

#[tokio::test]
async fn a_table_that_was_made_anew_is_read_anew() {
    let log = Log::started().await;
    log.commit(1, &[add("a")]).await;
    let old = log.open().await.unwrap();
    log.delete("00000000000000000001.json").await;
    log.commit(0, &[protocol(), metadata(), add("other")]).await;
    let new = old.update().await.unwrap();
    assert_eq!((new.version(), paths(&new)), (0, vec!["other"]));
}

#[tokio::test]
async fn domains_that_end_are_gone() {
    let log = Log::started().await;
    let domain = |configuration: &str, removed: bool| json!({"domainMetadata": {"domain": "d", "configuration": configuration, "removed": removed}});
    log.commit(1, &[domain("1", false)]).await;
    let first = log.open().await.unwrap();
    assert_eq!(first.domain("d"), Some("1"));
    log.commit(2, &[domain("1", true)]).await;
    assert_eq!(first.update().await.unwrap().domain("d"), None);
    assert_eq!(log.open().await.unwrap().domains().count(), 0);
}

#[tokio::test]
async fn many_updates_keep_the_list_right() {
    let log = Log::started().await;
    let mut snapshot = log.open().await.unwrap();
    let mut expected: Vec<String> = Vec::new();
    for version in 1..=60u64 {
        let mut actions = vec![add(&format!("f{version}"))];
        expected.push(format!("f{version}"));
        if version % 3 == 0 {
            let gone = expected.remove(usize::try_from(version / 3).unwrap_or(0) % expected.len());
            actions.push(remove(&gone));
        }
        log.commit(version, &actions).await;
        snapshot = snapshot.update().await.unwrap();
    }
    assert_eq!(paths(&snapshot), expected);
    assert_eq!(paths(&log.open().await.unwrap()), expected);
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&ids).await.unwrap();
    assert_eq!(adds.iter().map(|add| add.path.as_str()).collect::<Vec<_>>(), expected);
    assert!(snapshot.adds_with_stats(&ids[..1]).await.unwrap()[0].partition_values.contains_key("p"));
}

#[tokio::test]
async fn in_commit_timestamps_are_those_of_the_version() {
    let log = Log::new();
    let named = json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": ["inCommitTimestamp"]}});
    let mut with = metadata();
    with["metaData"]["configuration"] = json!({"delta.enableInCommitTimestamps": "true"});
    let info = |timestamp: i64| json!({"commitInfo": {"inCommitTimestamp": timestamp, "operation": "WRITE"}});
    log.commit(0, &[info(5), named, with]).await;
    log.commit(1, &[info(9), add("a")]).await;
    let first = log.open_at(0).await.unwrap();
    assert_eq!(first.in_commit_timestamp(), Some(5));
    assert_eq!(first.update().await.unwrap().in_commit_timestamp(), Some(9));
}
