//! Which data file is damaged, where a scan of several says only that one is.

use crate::log::ParquetFile;
use crate::{Error, Result};
use futures::TryStreamExt as _;
use object_store::ObjectStore;
use object_store::path::Path;
use std::sync::Arc;

/// A data file, as a version of a table names it.
#[derive(Debug, Clone)]
pub struct ReadFile {
    /// Its store.
    pub store: Arc<dyn ObjectStore>,
    /// Its path in the store.
    pub path: Path,
    /// Its bytes, as the log has them.
    pub size_bytes: u64,
    /// What it is called in errors.
    pub shown: String,
    /// The version.
    pub version: u64,
}

/// Reads a file from its first row to its last: what is wrong with a page shows only so.
///
/// # Errors
/// What is wrong with the file, if anything is.
pub async fn read_through(file: &ReadFile) -> Result<()> {
    let opened =
        ParquetFile::open(&file.store, &file.path, file.size_bytes, &file.shown, file.version).await?;
    let mut batches = opened.read(|_| true, None)?;
    while batches.try_next().await?.is_some() {
        if tarn_platform::slice_is_over() {
            tarn_platform::yield_now().await;
        }
    }
    Ok::<(), Error>(())
}
