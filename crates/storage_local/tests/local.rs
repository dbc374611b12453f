//! The contract on a real disk, and what is special about one.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::disallowed_methods, reason = "tests: what fails shall panic")]

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
