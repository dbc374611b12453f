//! Finding versions: hints that mislead, compactions, and stores that cannot list.

use crate::support::{Log, add, lines, metadata, paths, protocol, remove};
use serde_json::json;
use tarn_delta::Error;

/// Versions 0 to 12; each adds a file, and removes that of three versions before.
async fn fill(log: &Log) {
    log.commit(0, &[protocol(), metadata()]).await;
    for version in 1..=12u64 {
        let mut actions = vec![add(&format!("f{version}"))];
        if version > 3 {
            actions.push(remove(&format!("f{}", version - 3)));
        }
        log.commit(version, &actions).await;
    }
}

const NEWEST: [&str; 3] = ["f10", "f11", "f12"];

#[tokio::test]
async fn hints_that_mislead_are_ignored() {
    let log = Log::new();
    fill(&log).await;
    for hint in [
        "",
        "{",
        "[]",
        "{\"version\":\"x\"}",
        "{\"version\":10}",
        "{\"version\":10,\"parts\":3}",
        "{\"version\":99}",
    ] {
        log.put("_last_checkpoint", hint.to_owned()).await;
        let snapshot = log.open().await.unwrap();
        assert_eq!(paths(&snapshot), NEWEST, "{hint}");
        assert_eq!(log.open_at(11).await.unwrap().version(), 11, "{hint}");
    }
}

#[tokio::test]
async fn a_listing_that_overlooks_a_commit_is_made_again() {
    let log = Log::new();
    fill(&log).await;
    log.overlook("00000000000000000011.json");
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);
    // Then it was one commit too early, which nobody can tell.
    log.overlook("00000000000000000012.json");
    assert_eq!(log.open().await.unwrap().version(), 11);
    log.delete("00000000000000000011.json").await;
    assert!(log.error().await.contains("version 11 is missing"));
}

#[tokio::test]
async fn parts_of_a_checkpoint_alone_are_ignored() {
    let log = Log::new();
    fill(&log).await;
    log.put("00000000000000000010.checkpoint.0000000001.0000000002.parquet", "no Parquet".to_owned()).await;
    log.put("00000000000000000011.checkpoint.parquet", String::new()).await;
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);
}

#[tokio::test]
async fn compactions_stand_for_commits() {
    let log = Log::new();
    fill(&log).await;
    let compacted = |first: u64, last: u64| format!("{first:020}.{last:020}.compacted.json");
    let removed: Vec<_> = (1..=3).map(|version| remove(&format!("f{version}"))).collect();
    let mut all = vec![add("f4"), add("f5"), add("f6")];
    all.extend(removed);
    log.put(&compacted(1, 6), lines(&all)).await;
    // A shorter one, and one that reaches past what is asked for.
    log.put(&compacted(1, 2), lines(&[add("wrong")])).await;
    log.put(&compacted(7, 13), lines(&[add("wrong")])).await;
    log.take_read();
    // Where the commits are there, what compacts them is not needed, and may not be reconciled.
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);
    let read = log.take_read();
    assert!(!read.iter().any(|name| name.contains("compacted")), "{read:?}");
    // A compaction bridges commits that are gone.
    log.delete("00000000000000000003.json").await;
    log.take_read();
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);
    let read = log.take_read();
    assert!(read.contains(&compacted(1, 6)), "{read:?}");
    assert_eq!(paths(&log.open_at(6).await.unwrap()), ["f4", "f5", "f6"]);
}

#[tokio::test]
async fn a_store_that_cannot_list_is_asked_version_by_version() {
    let log = Log::without_listing();
    let error = log.open().await.unwrap_err();
    assert!(matches!(error, Error::NotATable { .. }), "{error}");
    fill(&log).await;
    log.take_read();
    let snapshot = log.open().await.unwrap();
    assert_eq!((snapshot.version(), paths(&snapshot)), (12, NEWEST.to_vec()));
    let read = log.take_read();
    let first = read.iter().filter(|name| *name == "00000000000000000001.json").count();
    assert_eq!(first, 1, "a commit is read once: {read:?}");
    assert_eq!(log.open_at(4).await.unwrap().files().len(), 3);
    let error = log.open_at(13).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchVersion { version: 13, first: 0, last: 12, .. }), "{error}");
    // A hint that points to nothing is no hint.
    log.put("_last_checkpoint", "{\"version\":10}".to_owned()).await;
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);

    log.take_read();
    log.commit(13, &[remove("f11")]).await;
    let updated = snapshot.update().await.unwrap();
    assert_eq!((updated.version(), paths(&updated)), (13, vec!["f10", "f12"]));
    assert!(!log.take_read().contains(&"00000000000000000012.json".to_owned()));
}

#[tokio::test]
async fn v2_checkpoints_in_json_are_found_and_read() {
    let log = Log::new();
    fill(&log).await;
    let name = "00000000000000000011.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json";
    let actions = [
        json!({"checkpointMetadata": {"version": 11}}),
        protocol(),
        metadata(),
        add("f9"),
        add("f10"),
        add("f11"),
        remove("f8"),
        json!({"txn": {"appId": "app", "version": 4}}),
    ];
    log.put(name, lines(&actions)).await;
    log.take_read();
    let snapshot = log.open().await.unwrap();
    assert_eq!(paths(&snapshot), NEWEST);
    assert_eq!(snapshot.transaction("app").unwrap().version, 4);
    assert_eq!(snapshot.load_tombstones().await.unwrap().len(), 2);
    assert!(!log.take_read().contains(&"00000000000000000011.json".to_owned()));
    // What is before it can go.
    for version in 0..=10 {
        log.delete(&format!("{version:020}.json")).await;
    }
    assert_eq!(paths(&log.open().await.unwrap()), NEWEST);
    let error = log.open_at(5).await.unwrap_err();
    assert!(matches!(error, Error::NoSuchVersion { version: 5, first: 11, last: 12, .. }), "{error}");

    let missing = json!({"sidecar": {"path": "gone.parquet", "sizeInBytes": 5, "modificationTime": 1}});
    log.put(name, lines(&[protocol(), metadata(), missing])).await;
    let error = log.open().await.unwrap_err();
    assert!(
        matches!(&error, Error::MissingFile { file, version: 11 } if file == "_delta_log/_sidecars/gone.parquet"),
        "{error}"
    );
}
