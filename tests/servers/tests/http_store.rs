//! The HTTP store against a server that misbehaves.
#![expect(clippy::unwrap_used, reason = "tests: what fails shall panic")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use object_store::path::Path;
use object_store::{Error as StoreError, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use tarn_storage::{Error, HttpStore, Stores, contract};
use tarn_test_servers::{LARGE_BYTES, content, serve_web};
use url::Url;

fn store(server: SocketAddr) -> HttpStore {
    HttpStore::origin(&Url::parse(&format!("http://{server}/")).unwrap())
}

async fn check_reads(store: &dyn ObjectStore, path: &Path) {
    let size = content().len() as u64;
    assert_eq!(store.head(path).await.unwrap().size, size, "{path}");
    assert_eq!(store.get_range(path, 0..1).await.unwrap(), content()[..1], "{path}");
    assert_eq!(
        store.get_range(path, size - 10..size).await.unwrap(),
        content()[size as usize - 10..],
        "{path}"
    );
    assert_eq!(
        store.get_range(path, size - 10..size + 5).await.unwrap(),
        content()[size as usize - 10..],
        "{path}"
    );
    assert_eq!(store.get(path).await.unwrap().bytes().await.unwrap(), content(), "{path}");
    let options = |range| GetOptions::new().with_range(Some(range));
    let suffix = store.get_opts(path, options(GetRange::Suffix(4))).await.unwrap();
    assert_eq!(suffix.bytes().await.unwrap(), content()[size as usize - 4..], "{path}");
    let offset = store.get_opts(path, options(GetRange::Offset(size - 3))).await.unwrap();
    assert_eq!(offset.bytes().await.unwrap(), content()[size as usize - 3..], "{path}");
    for range in [GetRange::Bounded(size..size + 1), GetRange::Offset(size), GetRange::Bounded(5..5)] {
        assert!(store.get_opts(path, options(range.clone())).await.is_err(), "{path}: {range:?}");
    }
}

#[tokio::test]
async fn reads_from_servers_of_all_kinds() {
    let store = store(serve_web().await);
    for path in ["ok/a b#1%+ü.bin", "whole/file", "shy/file", "moved/file", "busy/file", "closed/file"] {
        check_reads(&store, &Path::parse(path).unwrap()).await;
    }
}

#[tokio::test]
async fn a_large_file_by_ranges() {
    let server = serve_web().await;
    let path = Path::from("large/file");
    contract::reads_large_object(&store(server), &path, LARGE_BYTES).await;
    let stores = Stores::new(1 << 20);
    let cached = stores.get(&Url::parse(&format!("http://{server}/large/file")).unwrap()).unwrap();
    contract::reads_large_object(&*cached, &path, LARGE_BYTES).await;
    assert!(stores.metrics().bytes_read.load(Relaxed) < 1 << 20);
}

#[tokio::test]
async fn an_empty_file() {
    let store = store(serve_web().await);
    let path = Path::from("empty/file");
    assert_eq!(store.head(&path).await.unwrap().size, 0);
    assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap().len(), 0);
    let suffix = GetOptions::new().with_range(Some(GetRange::Suffix(8)));
    assert_eq!(store.get_opts(&path, suffix).await.unwrap().bytes().await.unwrap().len(), 0);
    assert!(store.get_range(&path, 0..1).await.is_err());
}

#[tokio::test]
async fn answers_that_are_errors() {
    let server = serve_web().await;
    let store = store(server);
    let check = async |path: &str, is_right: fn(&StoreError) -> bool, says: &str| {
        let path = Path::from(path);
        for error in [store.head(&path).await.unwrap_err(), store.get(&path).await.map(drop).unwrap_err()] {
            assert!(is_right(&error), "{path}: {error:?}");
            let message = error.to_string();
            assert!(message.contains(says) && message.contains(&server.to_string()), "{path}: {message}");
        }
    };
    check("missing/file", |error| matches!(error, StoreError::NotFound { .. }), "check the address").await;
    check("forbidden/file", |error| matches!(error, StoreError::PermissionDenied { .. }), "expired").await;
    check("locked/file", |error| matches!(error, StoreError::Unauthenticated { .. }), "401").await;
    check("broken/file", |error| matches!(error, StoreError::Generic { .. }), "500").await;
    check("loop/file", |error| matches!(error, StoreError::Generic { .. }), "redirect").await;
}

#[tokio::test]
async fn answers_that_are_not_what_was_asked_for() {
    let store = store(serve_web().await);
    let error = store.get_range(&Path::from("cut/file"), 0..1000).await.unwrap_err();
    assert!(Error::find(&error).is_some_and(Error::is_retryable), "{error:?}");
    let error = store.get_range(&Path::from("liar/file"), 0..10).await.unwrap_err();
    assert!(matches!(Error::find(&error), Some(Error::BadAnswer { .. })), "{error:?}");
}

#[tokio::test]
async fn whole_files_are_taken_once_and_not_without_bound() {
    let server = serve_web().await;
    let stores = Stores::new(1 << 20);
    let url = Url::parse(&format!("http://{server}/whole/file")).unwrap();
    let path = Path::from_url_path(url.path()).unwrap();
    let small = store(server).with_whole_file_limit(1000);
    for path in [&path, &Path::from("endless/file")] {
        let error = small.head(path).await.unwrap_err();
        let found = Error::find(&error);
        assert!(matches!(found, Some(Error::WholeFileTooLarge { limit_bytes: 1000, .. })), "{error:?}");
    }
    check_reads(&*stores.get(&url).unwrap(), &path).await;
}

#[tokio::test]
async fn a_file_that_changes_is_not_mixed() {
    let server = serve_web().await;
    let stores = Stores::new(1 << 20);
    let url = Url::parse(&format!("http://{server}/changing/file")).unwrap();
    let (store, path) = (stores.get(&url).unwrap(), Path::from_url_path(url.path()).unwrap());
    store.head(&path).await.unwrap();
    let error = store.get_range(&path, 0..10).await.unwrap_err();
    assert!(matches!(Error::find(&error), Some(Error::Changed { .. })), "{error:?}");
}

#[tokio::test]
async fn the_query_of_a_signed_url_is_sent_and_never_shown() {
    let server = serve_web().await;
    let stores = Stores::new(1 << 20);
    let mount = |query: &str| {
        let url = Url::parse(&format!("http://{server}/secret/file.bin?sig={query}")).unwrap();
        let alias = stores.mount(&url).unwrap();
        (stores.get(&alias).unwrap(), Path::from_url_path(alias.path()).unwrap())
    };
    let (right, path) = mount("right");
    check_reads(&*right, &path).await;
    let (wrong, path) = mount("hunter2");
    let error = wrong.head(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::PermissionDenied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?} {wrong} {wrong:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn what_a_web_server_cannot_do_is_said() {
    use futures::TryStreamExt as _;
    let store: Arc<dyn ObjectStore> = Arc::new(store(serve_web().await));
    let error = store.list(None).try_collect::<Vec<_>>().await.unwrap_err();
    assert!(
        matches!(error, StoreError::NotSupported { .. }) && error.to_string().contains("name each file"),
        "{error}"
    );
    let error = store.put(&Path::from("x"), "x".into()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotImplemented { .. }), "{error:?}");
}
