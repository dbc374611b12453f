//! The local disk as an object store: what `object_store` has for reading and listing, and writes that outlive a power
//! failure.
//!
//! A file is written under a name of its own beside its target (`unfinished.rs`), synced, and only then gets its name:
//! put-if-absent by a hard link, which refuses to replace, everything else by a rename. So a file is there whole or not at
//! all, and once a put has returned, it stays.
//!
//! A process that is killed leaves its unfinished file behind. Nobody is shown such a file for a day, as it may still be
//! written to; after that it is listed as any hidden file is, so that whoever cleans a folder finds it.
//!
//! Two kinds of names cannot be used: those of unfinished files, and a `#` followed by digits alone at the very end
//! (`data#1`, but not `data#1.csv`), which `object_store` keeps for itself.

#![cfg(not(target_arch = "wasm32"))]

mod disk_store;
mod error;
mod unfinished;
mod upload;

use std::path::{Path, absolute};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, Result};
use url::Url;

use disk_store::DiskStore;

/// All files of this machine: the store for `file:///…` URLs.
pub fn local_store() -> Arc<dyn ObjectStore> {
    Arc::new(DiskStore { files: LocalFileSystem::new() })
}

/// The files under one folder, which must exist.
pub fn folder_store(folder: &Path) -> Result<Arc<dyn ObjectStore>> {
    Ok(Arc::new(DiskStore { files: LocalFileSystem::new_with_prefix(folder)? }))
}

/// The `file:///…/` URL of a folder (whether or not it exists), seen from the working directory if relative.
///
/// `None` if there is no working directory to see it from.
pub fn folder_url(folder: &Path) -> Option<Url> {
    Url::from_directory_path(absolute(folder).ok()?).ok()
}
