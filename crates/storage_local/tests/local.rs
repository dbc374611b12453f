//! The contract on a real disk, and what is special about one.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests: what fails shall panic")]

use std::path::Path;
use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::path::Path as StorePath;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode};
use tarn_storage::contract;
use tarn_storage_local::{folder_store, folder_url, local_store};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    contract::all(folder_store(folder.path()).unwrap()).await;
}

/// The suite's contention within one task is not enough here: threads race.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_many_threads_one_creates() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let writers: Vec<_> = (0..8)
            .map(|writer: u8| {
                // A store each, as processes have.
                let store = folder_store(folder.path()).unwrap();
                let file = StorePath::from(format!("log/{round}.json"));
                tokio::task::spawn(async move {
                    store
                        .put_opts(&file, vec![writer; 10_000].into(), PutMode::Create.into())
                        .await
                        .map(|_| writer)
                })
            })
            .collect();
        let mut winner = None;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(writer) => assert_eq!(winner.replace(writer), None, "two winners"),
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        let store = folder_store(folder.path()).unwrap();
        let content =
            store.get(&StorePath::from(format!("log/{round}.json"))).await.unwrap().bytes().await.unwrap();
        assert_eq!(content, vec![winner.unwrap(); 10_000]);
    }
}

#[tokio::test]
async fn urls_and_the_root_store_name_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("ü #1 50%");
    std::fs::create_dir(&odd).unwrap();
    let inner = folder_store(&odd).unwrap();
    inner.put(&StorePath::from("file.toml"), "content".into()).await.unwrap();
    let url = folder_url(&odd).unwrap().join("file.toml").unwrap();
    let path = StorePath::from_url_path(url.path()).unwrap();
    let store: Arc<dyn ObjectStore> = local_store();
    assert!(store.head(&path).await.unwrap().size > 0);
    let listed: Vec<_> = inner.list(None).try_collect().await.unwrap();
    assert_eq!(listed[0].location.as_ref(), "file.toml");
    assert!(folder_url(Path::new("relative")).unwrap().path().ends_with("/relative/"));
}

#[tokio::test]
async fn a_file_over_four_gib() {
    // Sparse: takes no space.
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path()).unwrap();
    let path = StorePath::from("large");
    store.put(&path, "start".into()).await.unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(folder.path().join("large")).unwrap();
    file.set_len(5 << 30).unwrap();
    std::os::unix::fs::FileExt::write_at(&file, b"beyond", (1 << 32) + 7).unwrap();
    assert_eq!(store.head(&path).await.unwrap().size, 5 << 30);
    let start = (1_u64 << 32) + 7;
    assert_eq!(store.get_range(&path, start..start + 6).await.unwrap(), "beyond");
}

#[test]
fn a_folder_that_is_not_there() {
    assert!(folder_store(Path::new("/no/such/folder")).is_err());
}

/// The names in a folder of the disk.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

async fn listed(store: &dyn ObjectStore) -> Vec<String> {
    let whole: Vec<_> =
        store.list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
    let folder = store.list_with_delimiter(None).await.unwrap().objects;
    assert_eq!(folder.into_iter().map(|meta| meta.location.to_string()).collect::<Vec<_>>(), whole);
    let offset = StorePath::default();
    let after: Vec<_> = store
        .list_with_offset(None, &offset)
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(after, whole);
    whole
}

#[tokio::test]
async fn what_a_kill_left_is_listed_after_a_day_and_can_be_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path()).unwrap();
    let mut upload = store.put_multipart(&StorePath::from("data.parquet")).await.unwrap();
    upload.put_part("some".into()).await.unwrap();
    // As a kill does: nothing is dropped.
    std::mem::forget(upload);
    let left = names(folder.path());
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with(".data.parquet.tarn-") && left[0].ends_with(".tmp"), "{left:?}");
    assert!(listed(&*store).await.is_empty());

    let now = std::fs::metadata(folder.path().join(&left[0])).unwrap().modified().unwrap();
    let age = |hours: u64| {
        let file = std::fs::File::options().write(true).open(folder.path().join(&left[0])).unwrap();
        file.set_modified(now - std::time::Duration::from_secs(hours * 3600)).unwrap();
    };
    age(23);
    assert!(listed(&*store).await.is_empty());
    age(25);
    assert_eq!(listed(&*store).await, left);
    let location = StorePath::from(left[0].as_str());
    let error = store.put(&location, "x".into()).await.unwrap_err();
    assert!(error.to_string().contains("choose another name"), "{error}");
    store.delete(&location).await.unwrap();
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn nothing_is_left_of_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path()).unwrap();
    let file = StorePath::from("file");
    store.put(&file, "old".into()).await.unwrap();
    let error = store.put_opts(&file, "new".into(), PutMode::Create.into()).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    let error = store.copy_if_not_exists(&file, &file).await.unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
    store.copy(&file, &file).await.unwrap();
    // A part that nobody waited for is not written, and a file without it is none.
    let mut upload = store.put_multipart(&file).await.unwrap();
    drop(upload.put_part("lost".into()));
    upload.put_part("kept".into()).await.unwrap();
    let error = upload.complete().await.unwrap_err();
    assert!(error.to_string().contains("4 bytes of it were not written"), "{error}");
    assert!(upload.put_part("late".into()).await.is_err());
    assert!(upload.complete().await.is_err());
    // A folder is in the way.
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(store.put(&StorePath::from("folder"), "x".into()).await.is_err());
    let mut found = names(folder.path());
    found.sort();
    assert_eq!(found, ["file", "folder"]);
    assert_eq!(store.get(&file).await.unwrap().bytes().await.unwrap(), "old");
}

/// Who removes files by their age must not find a copy as old as what it is a copy of.
#[tokio::test]
async fn a_copy_is_young_and_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path()).unwrap();
    let (from, to) = (StorePath::from("from"), StorePath::from("deep/to"));
    store.put(&from, "content".into()).await.unwrap();
    let file = std::fs::File::options().write(true).open(folder.path().join("from")).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - std::time::Duration::from_secs(100_000)).unwrap();
    store.copy(&from, &to).await.unwrap();
    let (one, other) = (store.head(&from).await.unwrap(), store.head(&to).await.unwrap());
    assert!((other.last_modified - one.last_modified).num_seconds() >= 99_000, "{one:?} {other:?}");
    assert_ne!(one.e_tag, other.e_tag);
}

#[tokio::test]
async fn names_as_long_as_the_disk_allows() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path()).unwrap();
    for name in ["a".repeat(255), "東".repeat(85)] {
        let file = StorePath::parse(&name).unwrap();
        store.put(&file, "x".into()).await.unwrap();
        assert_eq!(store.head(&file).await.unwrap().size, 1);
    }
}
