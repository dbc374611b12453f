//! Commits, conflicts, history.

use crate::support::{self, Fault, FaultyStore, Table, batch, ids, plain_metadata};
use std::sync::Arc;
use tarn_delta::actions::{Add, AddCdcFile, DomainMetadata, Protocol, SetTransaction};
use tarn_delta::features::upgraded;
use tarn_delta::history::{history, version_at};
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::{Conflict, Error};

#[tokio::test]
async fn a_table_is_made_appended_to_and_read_back() {
    let table = Table::create(plain_metadata()).await;
    let first = table.append(0..3).await;
    assert_eq!(first.version(), 1);
    let second = table.append(3..5).await;
    assert_eq!(second.version(), 2);
    assert_eq!(table.rows(&second).await, [0, 1, 2, 3, 4]);
    let older = Snapshot::open(&table.store, At::Version(1)).await.unwrap();
    assert_eq!(table.rows(&older).await, [0, 1, 2]);
}

#[tokio::test]
async fn a_table_is_made_once() {
    let table = Table::create(plain_metadata()).await;
    let again = Transaction::create(
        table.store.clone(),
        support::protocol(&[]),
        plain_metadata(),
        Operation::new("CREATE TABLE"),
    );
    assert!(matches!(again.commit().await, Err(Error::AlreadyThere { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_appends_are_all_there() {
    let table = Table::create(plain_metadata()).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8i64 {
        let table = table.clone();
        writers.spawn(async move {
            for commit in 0..20i64 {
                let id = writer * 100 + commit;
                table.append(id..id + 1).await;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let snapshot = table.newest().await;
    assert_eq!(snapshot.version(), 160);
    let expected: Vec<i64> = (0..8).flat_map(|writer| writer * 100..writer * 100 + 20).collect();
    assert_eq!(table.rows(&snapshot).await, expected);
    let entries = history(&snapshot, None).await.unwrap();
    let versions: Vec<u64> = entries.iter().map(|entry| entry.version).collect();
    assert_eq!(versions, (0..=160).rev().collect::<Vec<_>>());
}

fn transaction(snapshot: &Arc<Snapshot>, name: &str) -> Transaction {
    Transaction::new(Arc::clone(snapshot), Operation::new(name))
}

#[expect(clippy::unwrap_used, reason = "a failure here is a failed test")]
fn a_file(snapshot: &Snapshot) -> Add {
    snapshot.files().iter().next().unwrap().to_add()
}

#[expect(clippy::panic, reason = "another outcome is a failed test")]
async fn conflict(transaction: Transaction) -> Conflict {
    match transaction.commit().await {
        Err(Error::Conflict(conflict)) => conflict,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn blind_appends_may_come_after_a_read_unless_serializable() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    table.append(1..2).await;
    let mut update = transaction(&read, "UPDATE");
    update.read_where(Arc::new(|_| true));
    update.add(table.write(7..8).await.remove(0));
    let committed = update.commit().await.unwrap();
    assert_eq!(committed.version, 3);

    let mut metadata = plain_metadata();
    metadata.configuration.insert("delta.isolationLevel".to_owned(), "Serializable".to_owned());
    let table = Table::create(metadata).await;
    let read = table.append(0..1).await;
    table.append(1..2).await;
    let mut update = transaction(&read, "UPDATE");
    update.read_where(Arc::new(|_| true));
    assert_eq!(conflict(update).await, Conflict::ConcurrentAppend { version: 2 });
    // What would not have been read does not matter.
    let mut other = transaction(&read, "UPDATE");
    other.read_where(Arc::new(|_| false));
    other.commit().await.unwrap();
}

#[tokio::test]
async fn files_that_another_update_added_are_a_conflict() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    let mut first = transaction(&read, "UPDATE");
    first.read_whole_table();
    first.add(table.write(1..2).await.remove(0));
    first.commit().await.unwrap();
    let mut second = transaction(&read, "UPDATE");
    second.read_whole_table();
    assert_eq!(conflict(second).await, Conflict::ConcurrentAppend { version: 2 });
    // Arranging rows anew does not depend on new ones.
    let mut optimize = transaction(&read, "OPTIMIZE");
    optimize.read_file(&a_file(&read).path);
    optimize.remove(a_file(&read).to_remove(1, false));
    let mut add = table.write(0..1).await.remove(0);
    add.data_change = false;
    optimize.add(add);
    optimize.commit().await.unwrap();
}

#[tokio::test]
async fn removed_files_are_a_conflict() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    let file = a_file(&read);
    let mut first = transaction(&read, "DELETE");
    first.read_file(&file.path);
    first.remove(file.to_remove(1, true));
    first.commit().await.unwrap();

    let mut reads = transaction(&read, "MERGE");
    reads.read_file(&file.path);
    assert_eq!(conflict(reads).await, Conflict::ConcurrentDeleteRead { version: 2, file: file.path.clone() });
    let mut deletes = transaction(&read, "DELETE");
    deletes.remove(file.to_remove(1, true));
    assert_eq!(
        conflict(deletes).await,
        Conflict::ConcurrentDeleteDelete { version: 2, file: file.path.clone() }
    );
}

#[tokio::test]
async fn changes_of_metadata_and_protocol_are_a_conflict() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    let mut rename = transaction(&read, "SET TBLPROPERTIES");
    let mut metadata = read.metadata().clone();
    metadata.configuration.insert("a".to_owned(), "b".to_owned());
    rename.set_metadata(metadata);
    let after = rename.commit().await.unwrap().snapshot().await.unwrap();
    assert_eq!(conflict(transaction(&read, "WRITE")).await, Conflict::MetadataChanged { version: 2 });

    let mut upgrade = transaction(&after, "UPGRADE PROTOCOL");
    upgrade.set_protocol(upgraded(after.protocol(), &["deletionVectors"]));
    upgrade.commit().await.unwrap();
    assert_eq!(conflict(transaction(&after, "WRITE")).await, Conflict::ProtocolChanged { version: 3 });
}

#[tokio::test]
async fn an_application_and_a_domain_are_written_once() {
    let table = Table::create_with(plain_metadata(), &["domainMetadata"]).await;
    let read = table.append(0..1).await;
    let write = |version| {
        let mut write = transaction(&read, "STREAMING UPDATE");
        write.set_transaction(SetTransaction { app_id: "app".to_owned(), version, last_updated: None });
        write
    };
    let after = write(7).commit().await.unwrap().snapshot().await.unwrap();
    assert_eq!(
        conflict(write(7)).await,
        Conflict::ConcurrentTransaction { version: 2, app_id: "app".to_owned() }
    );
    assert_eq!(after.transaction("app").map(|txn| txn.version), Some(7));

    let set = |configuration: &str| {
        let mut set = transaction(&read, "SET");
        set.set_domain(DomainMetadata {
            domain: "mine".to_owned(),
            configuration: configuration.to_owned(),
            removed: false,
        });
        set
    };
    let after = set("1").commit().await.unwrap().snapshot().await.unwrap();
    assert_eq!(after.domain("mine"), Some("1"));
    assert_eq!(
        conflict(set("2")).await,
        Conflict::ConcurrentDomain { version: 3, domain: "mine".to_owned() }
    );
}

#[tokio::test]
async fn what_the_table_forbids_is_not_committed() {
    let mut metadata = plain_metadata();
    metadata.configuration.insert("delta.appendOnly".to_owned(), "true".to_owned());
    let table = Table::create_with(metadata, &["appendOnly"]).await;
    let read = table.append(0..1).await;
    let refused = async |change: &dyn Fn(&mut Transaction)| {
        let mut transaction = transaction(&read, "TEST");
        change(&mut transaction);
        assert!(matches!(transaction.commit().await, Err(Error::Invalid { .. })));
    };
    let file = a_file(&read);
    refused(&|t| t.remove(file.to_remove(1, true))).await;
    refused(&|t| t.cdc(AddCdcFile { path: "_change_data/x".to_owned(), ..AddCdcFile::default() })).await;
    refused(&|t| t.set_domain(DomainMetadata { domain: "d".to_owned(), ..DomainMetadata::default() })).await;
    refused(&|t| (0..2).for_each(|_| t.add(file.clone()))).await;
    refused(&|t| {
        t.add(Add {
            partition_values: [("p".to_owned(), None)].into(),
            path: "a".to_owned(),
            ..Add::default()
        });
    })
    .await;
    assert_eq!(table.newest().await.version(), 1);
    let protocol = Protocol { min_reader_version: 3, min_writer_version: 7, ..Protocol::default() };
    let mut upgrade = transaction(&read, "UPGRADE PROTOCOL");
    upgrade.set_protocol(Protocol {
        reader_features: Some(vec![]),
        writer_features: Some(vec!["feature of tomorrow".to_owned()]),
        ..protocol
    });
    assert!(matches!(upgrade.commit().await, Err(Error::UnsupportedWriter { .. })));
}

#[tokio::test]
async fn row_ids_are_unique_after_retries() {
    let mut metadata = plain_metadata();
    let properties = [
        ("delta.enableRowTracking", "true"),
        ("delta.rowTracking.materializedRowIdColumnName", "_row-id"),
        ("delta.rowTracking.materializedRowCommitVersionColumnName", "_row-version"),
    ];
    metadata.configuration.extend(properties.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let table = Table::create_with(metadata, &["rowTracking", "domainMetadata"]).await;
    let read = table.newest().await;
    let mut appends = Vec::new();
    for start in [0, 10, 20] {
        let mut append = transaction(&read, "WRITE");
        table.write(start..start + 3).await.into_iter().for_each(|add| append.add(add));
        appends.push(append);
    }
    for append in appends {
        append.commit().await.unwrap();
    }
    let snapshot = table.newest().await;
    let mut given: Vec<_> =
        snapshot.files().iter().map(|file| (file.base_row_id(), file.default_row_commit_version())).collect();
    given.sort_unstable();
    assert_eq!(given, [(Some(0), Some(1)), (Some(3), Some(2)), (Some(6), Some(3))]);
    assert_eq!(snapshot.domain("delta.rowTracking"), Some("{\"rowIdHighWaterMark\":8}"));
}

#[tokio::test]
async fn in_commit_timestamps_rise() {
    let mut metadata = plain_metadata();
    metadata.configuration.insert("delta.enableInCommitTimestamps".to_owned(), "true".to_owned());
    let table = Table::create_with(metadata, &["inCommitTimestamp"]).await;
    let read = table.newest().await;
    for start in 0..5 {
        let mut append = transaction(&read, "WRITE");
        table.write(start..start + 1).await.into_iter().for_each(|add| append.add(add));
        append.commit().await.unwrap();
    }
    let entries = history(&*table.newest().await, None).await.unwrap();
    assert_eq!(entries.len(), 6);
    assert!(entries.windows(2).all(|pair| pair[0].timestamp_millis > pair[1].timestamp_millis));
    let text = table.log_text(3).await;
    assert!(text.starts_with("{\"commitInfo\":{\"inCommitTimestamp\":"), "{text}");
    for entry in &entries {
        assert_eq!(version_at(&table.store, entry.timestamp_millis).await.unwrap(), entry.version);
    }
    let last = entries[0].timestamp_millis;
    assert!(matches!(version_at(&table.store, last + 1).await, Err(Error::NoVersionAt { .. })));
    assert!(matches!(version_at(&table.store, 0).await, Err(Error::NoVersionAt { .. })));
}

#[tokio::test]
async fn turning_in_commit_timestamps_on_is_noted() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    let before = history(&read, Some(1)).await.unwrap()[0].timestamp_millis;
    let mut enable = transaction(&read, "SET TBLPROPERTIES");
    let mut metadata = read.metadata().clone();
    metadata.configuration.insert("delta.enableInCommitTimestamps".to_owned(), "true".to_owned());
    enable.set_metadata(metadata);
    enable.set_protocol(upgraded(read.protocol(), &["inCommitTimestamp"]));
    let after = enable.commit().await.unwrap().snapshot().await.unwrap();
    let get = |key: &str| after.metadata().configuration.get(key).cloned();
    assert_eq!(get("delta.inCommitTimestampEnablementVersion").as_deref(), Some("2"));
    let enabled = after.in_commit_timestamp().unwrap();
    assert_eq!(get("delta.inCommitTimestampEnablementTimestamp"), Some(enabled.to_string()));
    table.append(1..2).await;
    let entries = history(&*table.newest().await, None).await.unwrap();
    assert!(enabled > before);
    for entry in &entries {
        assert_eq!(version_at(&table.store, entry.timestamp_millis).await.unwrap(), entry.version);
    }
}

#[tokio::test]
async fn history_says_who_did_what() {
    let table = Table::create(plain_metadata()).await;
    let read = table.append(0..1).await;
    let mut operation =
        Operation::new("WRITE").with("mode", "Append").with("partitionBy", serde_json::json!([]));
    operation.metrics.insert("numOutputRows".to_owned(), "1".to_owned());
    operation.user_name = Some("ada".to_owned());
    operation.user_metadata = Some("why".to_owned());
    Transaction::new(read, operation).commit().await.unwrap();
    let entries = history(&*table.newest().await, Some(1)).await.unwrap();
    let entry = &entries[0];
    assert_eq!(entries.len(), 1);
    assert_eq!((entry.version, entry.read_version), (2, Some(1)));
    assert_eq!(entry.operation.as_deref(), Some("WRITE"));
    assert_eq!(entry.parameters["mode"], "Append");
    assert_eq!(entry.parameters["partitionBy"], "[]");
    assert_eq!(entry.metrics["numOutputRows"], "1");
    assert_eq!(entry.user_name.as_deref(), Some("ada"));
    assert_eq!(entry.user_metadata.as_deref(), Some("why"));
    assert_eq!(entry.is_blind_append, Some(true));
    assert_eq!(entry.isolation_level.as_deref(), Some("WriteSerializable"));
    assert!(entry.engine_info.as_deref().unwrap().starts_with("Tarn/"));
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_there_once() {
    let faulty = Arc::new(FaultyStore::default());
    let table = Table::create_in(Arc::clone(&faulty) as _, plain_metadata(), &[]).await;
    // The store writes, and then fails; or says that the file is there, which is the writer's own.
    for (fault, version) in [(Fault::FailsAfterWriting, 1), (Fault::ClaimsExisting, 2)] {
        let mut append = transaction(&table.newest().await, "WRITE");
        let id = i64::try_from(version).unwrap();
        table.write(id..id + 1).await.into_iter().for_each(|add| append.add(add));
        faulty.next_commit(fault);
        assert_eq!(append.commit().await.unwrap().version, version);
    }
    // The store fails before it writes: the commit is tried again.
    let mut append = transaction(&table.newest().await, "WRITE");
    table.write(3..4).await.into_iter().for_each(|add| append.add(add));
    faulty.next_commit(Fault::FailsBeforeWriting);
    assert_eq!(append.commit().await.unwrap().version, 3);
    // Another writer is first while the store fails.
    let read = table.newest().await;
    table.append(4..5).await;
    let mut append = transaction(&read, "WRITE");
    table.write(5..6).await.into_iter().for_each(|add| append.add(add));
    faulty.next_commit(Fault::FailsBeforeWriting);
    assert_eq!(append.commit().await.unwrap().version, 5);
    assert_eq!(table.rows(&*table.newest().await).await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_commit_without_room_has_failed_for_certain() {
    let faulty = Arc::new(FaultyStore::default());
    let table = Table::create_in(Arc::clone(&faulty) as _, plain_metadata(), &[]).await;
    let append = transaction(&table.newest().await, "WRITE");
    faulty.next_commit(Fault::Full);
    let error = append.commit().await.unwrap_err();
    assert!(matches!(&error, Error::Store { source } if tarn_storage::Error::full_reason(source).is_some()));
    assert_eq!(table.newest().await.version(), 0);
    // Who was first is still seen.
    let append = transaction(&table.newest().await, "WRITE");
    table.append(1..2).await;
    faulty.next_commit(Fault::Full);
    assert_eq!(append.commit().await.unwrap().version, 2);
}

#[tokio::test]
async fn a_store_that_stays_away_leaves_the_outcome_open() {
    let faulty = Arc::new(FaultyStore::default());
    let table = Table::create_in(Arc::clone(&faulty) as _, plain_metadata(), &[]).await;
    let append = transaction(&table.newest().await, "WRITE");
    faulty.next_commit(Fault::GoesAway);
    assert!(matches!(append.commit().await, Err(Error::UnknownOutcome { version: 1, .. })));
}

#[tokio::test]
async fn empty_batches_make_no_files() {
    let table = Table::create(plain_metadata()).await;
    assert_eq!(table.write(0..0).await, []);
    assert_eq!(ids(&batch(0..2)), [0, 1]);
}
