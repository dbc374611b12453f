//! The contract, for the stores that need no home of their own: memory, and the layers over it.
#![cfg_attr(target_arch = "wasm32", expect(clippy::unwrap_used, reason = "tests: what fails shall panic"))]

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt as _};
use tarn_storage::contract::{self, SyntheticStore};
use tarn_storage::{ByteCache, CachingStore, OverlayStore, StoreMetrics};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
#[cfg(not(target_arch = "wasm32"))]
use tokio::test;

const SIZE: u64 = 5 << 30;

struct Cached {
    store: CachingStore,
    inner: Arc<dyn ObjectStore>,
    metrics: Arc<StoreMetrics>,
    cache: Arc<ByteCache>,
}

fn cached(inner: impl ObjectStore, limit_bytes: u64) -> Cached {
    let inner: Arc<dyn ObjectStore> = Arc::new(inner);
    let (cache, metrics) = (Arc::new(ByteCache::new(limit_bytes)), Arc::new(StoreMetrics::default()));
    let store = CachingStore::new(inner.clone(), cache.clone(), metrics.clone());
    Cached { store, inner, metrics, cache }
}

impl Cached {
    fn read(&self) -> (u64, u64) {
        (self.metrics.requests.load(Relaxed), self.metrics.bytes_read.load(Relaxed))
    }
}

fn synthetic() -> SyntheticStore {
    SyntheticStore { path: Path::from("large.bin"), size_bytes: SIZE }
}

#[test]
async fn memory() {
    contract::all(Arc::new(InMemory::new())).await;
}

#[test]
async fn caching() {
    contract::all(Arc::new(cached(InMemory::new(), 64 << 20).store)).await;
}

#[test]
async fn caching_in_hardly_any_room() {
    contract::all(Arc::new(cached(InMemory::new(), 100).store)).await;
}

#[test]
async fn overlay() {
    let (front, back) = (Arc::new(InMemory::new()), Arc::new(InMemory::new()));
    contract::all(Arc::new(OverlayStore { front, back })).await;
}

#[test]
async fn large_objects() {
    let path = Path::from("large.bin");
    contract::reads_large_object(&synthetic(), &path, SIZE).await;
    contract::reads_large_object(&cached(synthetic(), 1 << 20).store, &path, SIZE).await;
    let overlay = OverlayStore { front: Arc::new(synthetic()), back: Arc::new(InMemory::new()) };
    contract::reads_large_object(&overlay, &path, SIZE).await;
    let overlay = OverlayStore { front: Arc::new(InMemory::new()), back: Arc::new(synthetic()) };
    contract::reads_large_object(&overlay, &path, SIZE).await;
}

#[test]
async fn what_was_read_is_not_read_again() {
    let cached = cached(synthetic(), 16 << 20);
    let path = Path::from("large.bin");
    cached.store.head(&path).await.unwrap();
    cached.store.get_range(&path, 1000..2000).await.unwrap();
    assert_eq!(cached.read(), (2, 1000));
    cached.store.get_range(&path, 1000..2000).await.unwrap();
    cached.store.get_range(&path, 1500..1600).await.unwrap();
    assert_eq!(cached.read(), (2, 1000));
    let bytes = cached.store.get_range(&path, 500..2500).await.unwrap();
    assert_eq!(bytes, contract::synthetic_bytes(500..2500));
    assert_eq!(cached.read(), (3, 3000), "the two gaps are near, so one request brings all");
    assert_eq!(cached.cache.size_bytes(), 2000, "and what was there is kept once");
}

#[test]
async fn neighbours_are_fetched_together_and_far_ones_are_not() {
    let cached = cached(synthetic(), 16 << 20);
    let path = Path::from("large.bin");
    cached.store.head(&path).await.unwrap();
    let far = 1 << 32;
    let ranges = [0..10, 20..30, 1000..1010, far..far + 10];
    let parts = cached.store.get_ranges(&path, &ranges).await.unwrap();
    for (range, part) in ranges.iter().zip(parts) {
        assert_eq!(part, contract::synthetic_bytes(range.clone()));
    }
    assert_eq!(cached.read(), (3, 1010 + 10));
}

#[test]
async fn the_same_fetch_is_shared() {
    let cached = cached(synthetic(), 16 << 20);
    let path = Path::from("large.bin");
    cached.store.head(&path).await.unwrap();
    let fetch = || cached.store.get_range(&path, 0..100_000);
    let (one, two) = futures::future::join(fetch(), fetch()).await;
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(cached.read(), (2, 100_000));
}

#[test]
async fn a_file_that_changed_behind_the_cache_is_noticed() {
    let cached = cached(InMemory::new(), 1 << 20);
    let path = Path::from("file");
    cached.inner.put(&path, "old content".into()).await.unwrap();
    cached.store.head(&path).await.unwrap();
    assert_eq!(cached.store.get_range(&path, 0..3).await.unwrap(), "old");
    cached.inner.put(&path, "new content".into()).await.unwrap();

    // In the middle of reading: rather an error than half of each.
    let error = cached.store.get_range(&path, 0..11).await.unwrap_err();
    assert!(matches!(error, Error::Precondition { .. }), "{error:?}");
    assert!(tarn_storage::Error::find(&error).is_some_and(tarn_storage::Error::is_retryable));
    assert_eq!(cached.store.get_range(&path, 0..11).await.unwrap(), "new content");

    // By a new reader, who asks for the head first.
    cached.inner.put(&path, "third".into()).await.unwrap();
    assert_eq!(cached.store.head(&path).await.unwrap().size, 5);
    assert_eq!(cached.store.get_range(&path, 0..3).await.unwrap(), "thi");

    // A whole read asks again.
    assert_eq!(cached.store.get(&path).await.unwrap().bytes().await.unwrap(), "third");
    cached.inner.put(&path, "final".into()).await.unwrap();
    assert_eq!(cached.store.get(&path).await.unwrap().bytes().await.unwrap(), "final");
    cached.inner.delete(&path).await.unwrap();
    assert!(matches!(cached.store.get(&path).await, Err(Error::NotFound { .. })));
}

#[test]
async fn a_whole_read_fills_the_cache() {
    let cached = cached(InMemory::new(), 1 << 20);
    let path = Path::from("file");
    cached.inner.put(&path, "0123456789".into()).await.unwrap();
    cached.store.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(cached.read(), (1, 10));
    assert_eq!(cached.store.get_range(&path, 3..5).await.unwrap(), "34");
    assert_eq!(cached.store.get(&path).await.unwrap().bytes().await.unwrap(), "0123456789");
    assert_eq!(cached.read(), (2, 10), "the second whole read asked for the head only");
}

#[test]
async fn conditions_are_about_what_is_there_now() {
    let cached = cached(InMemory::new(), 1 << 20);
    let path = Path::from("file");
    cached.inner.put(&path, "old".into()).await.unwrap();
    cached.store.head(&path).await.unwrap();
    cached.inner.put(&path, "new".into()).await.unwrap();
    let tag = cached.inner.head(&path).await.unwrap().e_tag;
    let options = GetOptions::new().with_if_match(tag).with_range(Some(0..3));
    assert_eq!(cached.store.get_opts(&path, options).await.unwrap().bytes().await.unwrap(), "new");
}

#[test]
async fn what_the_front_has_is_read_only() {
    let (front, back) = (Arc::new(InMemory::new()), Arc::new(InMemory::new()));
    let (opened, both) = (Path::from("d/opened"), Path::from("d/both"));
    front.put(&opened, "front".into()).await.unwrap();
    front.put(&both, "front".into()).await.unwrap();
    back.put(&both, "back".into()).await.unwrap();
    back.put(&Path::from("d/e/mine"), "back".into()).await.unwrap();
    let store = OverlayStore { front, back: back.clone() };
    assert_eq!(store.get(&both).await.unwrap().bytes().await.unwrap(), "front");
    let listed = store.list_with_delimiter(Some(&Path::from("d"))).await.unwrap();
    assert_eq!(
        listed.objects.iter().map(|meta| meta.location.as_ref()).collect::<Vec<_>>(),
        ["d/both", "d/opened"]
    );
    assert_eq!(listed.common_prefixes, [Path::from("d/e")]);
    let copy = Path::from("copy");
    store.copy(&opened, &copy).await.unwrap();
    assert_eq!(back.get(&copy).await.unwrap().bytes().await.unwrap(), "front");
    for error in [
        store.put(&opened, "x".into()).await.unwrap_err(),
        store.delete(&opened).await.unwrap_err(),
        store.copy(&copy, &opened).await.unwrap_err(),
        store.rename(&opened, &Path::from("other")).await.unwrap_err(),
        store.put_multipart(&opened).await.map(drop).unwrap_err(),
    ] {
        assert!(matches!(error, Error::AlreadyExists { .. }), "{error:?}");
        assert!(error.to_string().contains("read-only"), "{error}");
    }
}
