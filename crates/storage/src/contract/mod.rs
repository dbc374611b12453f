//! What every store must do, as one suite that each store's tests run in its own home.
//!
//! `all` runs what a store that reads and writes must pass; [`reads_large_object`] is for any store over a synthetic
//! object of more than 4 GiB. A failed expectation panics, as a test does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is the body of tests")]

mod reading;
mod synthetic;
mod writing;

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

pub use reading::{checks_conditions, lists_by_prefix, names_are_kept, reads_large_object, reads_ranges};
pub use synthetic::{SyntheticStore, synthetic_bytes};
pub use writing::{
    aborted_multipart_leaves_nothing, copies_and_renames, creates_only_once, deletes, multipart_writes,
    overwrites,
};

/// All of the suite. The store must be empty under `contract/`, and is so again afterwards.
pub async fn all(store: Arc<dyn ObjectStore>) {
    reads_ranges(&*store).await;
    checks_conditions(&*store).await;
    lists_by_prefix(&*store).await;
    names_are_kept(&*store).await;
    overwrites(&*store).await;
    creates_only_once(&store).await;
    deletes(&*store).await;
    copies_and_renames(&*store).await;
    multipart_writes(&*store).await;
    aborted_multipart_leaves_nothing(&*store).await;
}

fn path(text: &str) -> Path {
    Path::parse(format!("contract/{text}")).unwrap()
}

async fn put(store: &dyn ObjectStore, path: &Path, bytes: impl Into<Bytes>) {
    store.put(path, bytes.into().into()).await.unwrap();
}

async fn get(store: &dyn ObjectStore, path: &Path) -> Bytes {
    store.get(path).await.unwrap().bytes().await.unwrap()
}

async fn delete(store: &dyn ObjectStore, paths: &[Path]) {
    for path in paths {
        store.delete(path).await.unwrap();
    }
}
