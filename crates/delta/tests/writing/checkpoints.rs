//! Checkpoints, log cleanup, VACUUM and the change feed.

use crate::support::{Table, batch, ids, metadata, plain_metadata};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use object_store::ObjectStoreExt;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::actions::{Add, DomainMetadata, SetTransaction};
use tarn_delta::change_feed::{ChangeFile, changes};
use tarn_delta::checkpoint_writer::write_checkpoint;
use tarn_delta::deletion_vector::DeletionVector;
use tarn_delta::maintenance::{after_commit, clean_log};
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::vacuum::unneeded_files;
use tarn_delta::{Error, deletion_vector};

/// What a snapshot holds, in no order.
#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
async fn content(snapshot: &Snapshot) -> (BTreeMap<String, Add>, Vec<String>, String) {
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&ids).await.unwrap();
    let adds = adds.into_iter().map(|add| (add.path.clone(), Add { data_change: true, ..add })).collect();
    let mut tombstones: Vec<String> =
        snapshot.load_tombstones().await.unwrap().into_iter().map(|remove| remove.path).collect();
    tombstones.sort();
    let domains: Vec<_> = snapshot.domains().collect();
    let transactions: Vec<_> = snapshot.transactions().collect();
    let rest = format!("{:?} {:?} {domains:?} {transactions:?}", snapshot.protocol(), snapshot.metadata());
    (adds, tombstones, rest)
}

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
async fn varied_table(properties: &[(&str, &str)], features: &[&str]) -> Table {
    let fields = vec![
        Field::new("p", DataType::Date32, true),
        Field::new("id", DataType::Decimal128(38, 4), true),
        Field::new("name", DataType::Utf8, true),
    ];
    let features = [features, &["domainMetadata", "deletionVectors"]].concat();
    let table = Table::create_with(metadata(&Schema::new(fields), &["p"], properties), &features).await;
    let p: ArrayRef = Arc::new(Date32Array::from(vec![Some(18_628), None, Some(-1)]));
    let id = Decimal128Array::from(vec![Some(123_456_789_012_345_678_901_234), None, Some(-5)]);
    let id: ArrayRef = Arc::new(id.with_precision_and_scale(38, 4).unwrap());
    let name: ArrayRef = Arc::new(StringArray::from(vec![Some("\"q\" \n"), Some("ü"), None]));
    let rows = RecordBatch::try_from_iter(vec![("p", p), ("id", id), ("name", name)]).unwrap();
    for version in 1..=3i64 {
        let mut write = Transaction::new(table.newest().await, Operation::new("WRITE"));
        table
            .write_batches(std::slice::from_ref(&rows))
            .await
            .unwrap()
            .into_iter()
            .for_each(|add| write.add(add));
        write.set_transaction(SetTransaction { app_id: "app".to_owned(), version, last_updated: Some(5) });
        let domain =
            DomainMetadata { domain: format!("d{version}"), configuration: "{}".to_owned(), removed: false };
        write.set_domain(domain);
        write.commit().await.unwrap();
    }
    let snapshot = table.newest().await;
    let mut delete = Transaction::new(Arc::clone(&snapshot), Operation::new("DELETE"));
    let all: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&all).await.unwrap();
    let now = chrono::Utc::now().timestamp_millis();
    delete.remove(adds[0].to_remove(now, true));
    delete.remove(adds[1].to_remove(1, true));
    delete.remove(adds[2].to_remove(now, true));
    let vector: DeletionVector = [0].into_iter().collect();
    let written = deletion_vector::write_deletion_vectors(&table.store, &[vector]).await.unwrap().remove(0);
    delete.add(Add { deletion_vector: Some(written), ..adds[2].clone() });
    delete.set_domain(DomainMetadata {
        domain: "d1".to_owned(),
        configuration: "{}".to_owned(),
        removed: true,
    });
    delete.commit().await.unwrap();
    table
}

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
async fn check_roundtrip(table: &Table, is_expected: impl Fn(&str) -> bool) -> Value {
    let before = table.newest().await;
    let mut expected = content(&before).await;
    let checkpoint = write_checkpoint(&before).await.unwrap();
    assert!(is_expected(&checkpoint.name), "{}", checkpoint.name);
    assert_eq!(checkpoint.num_adds, before.files().len() as u64);
    // Without the commits, the checkpoint must say it all.
    for version in 0..=before.version() {
        table.store.store.delete(&table.store.log_path(&format!("{version:020}.json"))).await.unwrap();
    }
    let after = Snapshot::open(&table.store, At::Latest).await.unwrap();
    assert_eq!(after.version(), before.version());
    let found = content(&after).await;
    // One tombstone has expired.
    assert_eq!(expected.1.len(), found.1.len() + 1);
    expected.1.retain(|path| found.1.contains(path));
    assert_eq!(found, expected);
    let hint: Value = serde_json::from_slice(&table.bytes("_delta_log/_last_checkpoint").await).unwrap();
    assert_eq!(hint["version"], before.version());
    assert_eq!(hint["size"], checkpoint.num_actions);
    assert_eq!(hint["numOfAddFiles"], before.files().len());
    hint
}

#[tokio::test]
async fn a_classic_checkpoint_holds_the_snapshot() {
    let table = varied_table(&[], &[]).await;
    check_roundtrip(&table, |name| name == "00000000000000000004.checkpoint.parquet").await;
}

#[tokio::test]
async fn a_checkpoint_has_the_columns_that_properties_ask_for() {
    let properties =
        [("delta.checkpoint.writeStatsAsStruct", "true"), ("delta.checkpoint.writeStatsAsJson", "false")];
    let table = varied_table(&properties, &[]).await;
    write_checkpoint(&*table.newest().await).await.unwrap();
    let batches = table.read_file("_delta_log/00000000000000000004.checkpoint.parquet").await;
    let mut decimals = Vec::new();
    for batch in &batches {
        let add = batch.column_by_name("add").unwrap().as_struct();
        assert!(add.column_by_name("stats").is_none());
        let parsed = add.column_by_name("partitionValues_parsed").unwrap().as_struct();
        assert_eq!(parsed.column_by_name("p").unwrap().data_type(), &DataType::Date32);
        let max =
            add.column_by_name("stats_parsed").unwrap().as_struct().column_by_name("maxValues").unwrap();
        let max = max.as_struct().column_by_name("id").unwrap().clone();
        let max = max.as_primitive::<arrow::datatypes::Decimal128Type>().clone();
        decimals.extend(
            (0..add.len()).filter(|row| add.is_valid(*row) && max.is_valid(*row)).map(|row| max.value(row)),
        );
    }
    decimals.sort_unstable();
    decimals.dedup();
    assert_eq!(decimals, [-5, 123_456_789_012_345_678_901_234]);
}

/// Keys whose values are null were lost on the way through a checkpoint, so that the file could not be added again.
#[tokio::test]
async fn a_file_has_a_value_for_each_partition_column() {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Schema::new(vec![text("p"), text("q"), text("id")]);
    let table = Table::create(metadata(&schema, &["p", "q"], &[])).await;
    let column = |values: [Option<&str>; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let rows = [("p", [None, Some("x")]), ("q", [Some("y"), None]), ("id", [Some("1"), Some("2")])];
    let rows = RecordBatch::try_from_iter(rows.map(|(name, values)| (name, column(values)))).unwrap();
    let mut write = Transaction::new(table.newest().await, Operation::new("WRITE"));
    table.write_batches(&[rows]).await.unwrap().into_iter().for_each(|add| write.add(add));
    write.commit().await.unwrap();
    // Some writers leave nulls out.
    let bare =
        r#"{"add":{"path":"a","partitionValues":{"p":"z"},"size":1,"modificationTime":0,"dataChange":true}}"#;
    let path = "lake/t/_delta_log/00000000000000000002.json".into();
    table.store.store.put(&path, bare.into()).await.unwrap();
    for has_checkpoint in [false, true] {
        let (adds, _, _) = content(&*table.newest().await).await;
        let mut values: Vec<_> = adds.values().map(|add| &add.partition_values).collect();
        values.sort();
        let values = serde_json::to_value(values).unwrap();
        let expected =
            serde_json::json!([{"p": null, "q": "y"}, {"p": "x", "q": null}, {"p": "z", "q": null}]);
        assert_eq!(values, expected, "{has_checkpoint}");
        write_checkpoint(&*table.newest().await).await.unwrap();
    }
}

#[tokio::test]
async fn a_v2_checkpoint_holds_the_snapshot() {
    let table = varied_table(&[("delta.checkpointPolicy", "v2")], &["v2Checkpoint"]).await;
    let hint = check_roundtrip(&table, |name| name.len() == 73 && name.ends_with(".json")).await;
    assert!(hint["v2Checkpoint"]["path"].as_str().unwrap().starts_with("00000000000000000004.checkpoint."));
}

#[tokio::test]
async fn checkpoints_come_at_their_interval_and_the_log_is_cleaned() {
    let properties = [("delta.checkpointInterval", "5"), ("delta.logRetentionDuration", "interval 0 days")];
    let table = Table::create(metadata(&crate::support::arrow_schema(), &[], &properties)).await;
    let mut deleted = 0;
    let stale = table.newest().await;
    for id in 0..12 {
        let snapshot = table.append(id..id + 1).await;
        let after = after_commit(&snapshot, snapshot.version()).await.unwrap();
        assert_eq!(after.checkpoint.is_some(), snapshot.version() % 5 == 0);
        deleted += after.deleted_files;
    }
    // Commits of today are never older than midnight.
    assert_eq!(deleted, 0);
    assert_eq!(table.log_names().await.len(), 16);
    assert_eq!(table.rows(&*table.newest().await).await, (0..12).collect::<Vec<_>>());

    // Nothing is as old as this table will be: midnight after its last commit.
    let mut metadata = table.newest().await.metadata().clone();
    let future = "interval -3 days".to_owned();
    metadata.configuration.insert("delta.logRetentionDuration".to_owned(), future);
    let mut set = Transaction::new(table.newest().await, Operation::new("SET TBLPROPERTIES"));
    set.set_metadata(metadata);
    let snapshot = set.commit().await.unwrap().snapshot().await.unwrap();
    // Versions 0 to 9 and the checkpoint of 5.
    assert_eq!(clean_log(&snapshot).await.unwrap(), 11);
    let names = table.log_names().await;
    assert_eq!(names[..2], ["00000000000000000010.checkpoint.parquet", "00000000000000000010.json"]);
    for version in 10..=13 {
        let old = Snapshot::open(&table.store, At::Version(version)).await.unwrap();
        let rows = i64::try_from(version.min(12)).unwrap();
        assert_eq!(table.rows(&old).await, (0..rows).collect::<Vec<_>>());
    }
    assert!(matches!(Snapshot::open(&table.store, At::Version(9)).await, Err(Error::NoSuchVersion { .. })));
    // After a version that was cleaned away nothing can be written, though the name of the next commit is free.
    let late = Transaction::new(stale, Operation::new("WRITE"));
    assert!(late.commit().await.is_err_and(|error| error.is_retryable()));
    // The first commit is gone, and still nobody may make a new table here.
    let create = Transaction::create(
        table.store.clone(),
        crate::support::protocol(&[]),
        plain_metadata(),
        Operation::new("CREATE TABLE"),
    );
    assert!(matches!(create.commit().await, Err(Error::AlreadyThere { .. })));
}

/// "Checkpoint Protection", which Delta for Spark and Databricks add when a feature is dropped.
#[tokio::test]
async fn protected_history_goes_at_once_or_not_at_all() {
    let properties = [
        ("delta.checkpointInterval", "5"),
        ("delta.logRetentionDuration", "interval -3 days"),
        ("delta.enableExpiredLogCleanup", "false"),
        ("delta.requireCheckpointProtectionBeforeVersion", "7"),
    ];
    let metadata = metadata(&crate::support::arrow_schema(), &[], &properties);
    let table = Table::create_with(metadata, &["checkpointProtection"]).await;
    for (last, deleted) in [(6, 0), (10, 11)] {
        let mut snapshot = table.newest().await;
        while snapshot.version() < last {
            let id = i64::try_from(snapshot.version()).unwrap();
            snapshot = table.append(id..id + 1).await;
            after_commit(&snapshot, snapshot.version()).await.unwrap();
        }
        // The checkpoint of version 5 is older than what is protected; that of version 10, with all before it, is not.
        assert_eq!(clean_log(&snapshot).await.unwrap(), deleted, "{last}");
        assert_eq!(table.rows(&snapshot).await, (0..i64::try_from(last).unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn vacuum_finds_what_nobody_needs() {
    let table = varied_table(&[], &[]).await;
    let snapshot = table.newest().await;
    let orphan = table.write_batches(&[]).await.unwrap();
    assert_eq!(orphan, []);
    for path in ["stray.bin", "_hidden/x.parquet", "p=1/_y", "_change_data/cdc-1.parquet", ".z"] {
        let path = format!("lake/t/{path}").into();
        table.store.store.put(&path, "x".into()).await.unwrap();
    }
    assert_eq!(unneeded_files(&snapshot, 60_000).await.unwrap(), []);
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let files = unneeded_files(&snapshot, 0).await.unwrap();
    let removed = snapshot.load_tombstones().await.unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.path.as_ref()).collect();
    // All that was removed, but for the file that stays with a deletion vector.
    assert_eq!(names.len(), 2 + removed.len() - 1);
    assert!(names.contains(&"lake/t/stray.bin") && names.contains(&"lake/t/_change_data/cdc-1.parquet"));
    assert!(!names.iter().any(|name| name.contains("deletion_vector") || name.contains("_delta_log")));
    for file in snapshot.files().iter() {
        let place = table.store.data_path(file.path()).unwrap();
        assert!(!names.contains(&place.path.as_ref()));
    }
}

#[tokio::test]
async fn the_change_feed_tells_files_of_each_version() {
    let properties = [("delta.enableChangeDataFeed", "true")];
    let metadata = metadata(&crate::support::arrow_schema(), &[], &properties);
    let table = Table::create_with(metadata, &["changeDataFeed", "deletionVectors"]).await;
    let read = table.append(0..3).await;
    let file = snapshot_add(&read).await;
    let mut delete = Transaction::new(Arc::clone(&read), Operation::new("DELETE"));
    delete.remove(file.to_remove(1, true));
    let vector: DeletionVector = [1].into_iter().collect();
    delete.add(Add { deletion_vector: Some(vector.to_inline()), ..file.clone() });
    let read = delete.commit().await.unwrap().snapshot().await.unwrap();
    let mut optimize = Transaction::new(Arc::clone(&read), Operation::new("OPTIMIZE"));
    let mut arranged = snapshot_add(&read).await;
    optimize.remove(arranged.to_remove(1, false));
    arranged.data_change = false;
    arranged.deletion_vector = None;
    arranged.path = table.write(5..6).await.remove(0).path;
    optimize.add(arranged.clone());
    let read = optimize.commit().await.unwrap().snapshot().await.unwrap();
    let mut truncate = Transaction::new(read, Operation::new("TRUNCATE"));
    truncate.remove(arranged.to_remove(1, true));
    truncate.commit().await.unwrap();

    let feed = changes(&table.newest().await, 0).await.unwrap();
    let versions: Vec<u64> = feed.iter().map(|changes| changes.version).collect();
    assert_eq!(versions, [1, 2, 4]);
    assert!(matches!(&feed[0].files[..], [ChangeFile::Insert(add)] if add.path == file.path));
    let is_vector = |change: &ChangeFile| {
        matches!(change, ChangeFile::Vector { add, before: None, after: Some(after) }
            if add.path == file.path && after.cardinality == 1)
    };
    assert!(feed[1].files.len() == 1 && is_vector(&feed[1].files[0]));
    assert!(matches!(&feed[2].files[..], [ChangeFile::Delete(remove)] if remove.path == arranged.path));
    assert!(matches!(changes(&table.newest().await, 5).await, Err(Error::Invalid { .. })));

    let without = Table::create(plain_metadata()).await;
    without.append(0..1).await;
    assert!(matches!(changes(&without.newest().await, 0).await, Err(Error::Invalid { .. })));
    assert_eq!(ids(&batch(0..1)), [0]);
}

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
async fn snapshot_add(snapshot: &Snapshot) -> Add {
    let ids: Vec<_> = snapshot.files().iter().map(|file| file.id()).collect();
    let add = snapshot.adds_with_stats(&ids).await.unwrap().remove(0);
    Add { data_change: true, ..add }
}

#[tokio::test]
async fn many_files_fit_a_checkpoint() {
    let table = Table::create(plain_metadata()).await;
    let file = table.write(0..1).await.remove(0);
    let mut append = Transaction::new(table.newest().await, Operation::new("WRITE"));
    for number in 0..10_000 {
        append.add(Add { path: format!("part-{number}.parquet"), ..file.clone() });
    }
    let snapshot = append.commit().await.unwrap().snapshot().await.unwrap();
    let checkpoint = write_checkpoint(&snapshot).await.unwrap();
    assert_eq!((checkpoint.num_adds, checkpoint.num_actions), (10_000, 10_002));
    let batches = table.read_file("_delta_log/00000000000000000001.checkpoint.parquet").await;
    let sizes = batches.iter().flat_map(|batch| {
        let add = batch.column_by_name("add").unwrap().as_struct().clone();
        add.column_by_name("size").unwrap().as_primitive::<Int64Type>().iter().flatten().collect::<Vec<_>>()
    });
    assert_eq!(sizes.count(), 10_000);
}
