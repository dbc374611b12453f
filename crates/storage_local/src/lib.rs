//! The local disk as an object store: what `object_store` has, held to the contract, and nothing more.
//!
//! Put-if-absent writes a file beside its target and makes it a hard link under the final name, which refuses to
//! replace; every other put is renamed into place. So a file is there whole or not at all.
//!
//! One kind of name cannot be used: a `#` followed by digits alone at the very end (`data#1`, but not `data#1.csv`). Such
//! names are `object_store`'s for files on their way.

use std::path::{Path, absolute};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, Result};
use url::Url;

/// All files of this machine: the store for `file:///…` URLs.
pub fn local_store() -> Arc<dyn ObjectStore> {
    Arc::new(LocalFileSystem::new())
}

/// The files under one folder, which must exist.
pub fn folder_store(folder: &Path) -> Result<Arc<dyn ObjectStore>> {
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?))
}

/// The `file:///…/` URL of a folder (whether or not it exists), seen from the working directory if relative.
///
/// `None` if there is no working directory to see it from.
pub fn folder_url(folder: &Path) -> Option<Url> {
    Url::from_directory_path(absolute(folder).ok()?).ok()
}
