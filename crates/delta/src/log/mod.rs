//! The files of `_delta_log`: their names, which are there, which make a version, and what checkpoints hold.

pub mod checkpoint;
pub mod checksum;
pub mod last_checkpoint;
pub mod listing;
pub mod names;
mod parquet_file;
mod probing;
pub mod segment;

pub(crate) use parquet_file::ParquetFile;

use crate::{Error, Result, TableStore};
use bytes::Bytes;
use object_store::ObjectStoreExt;

/// How many files of the log are read at once.
pub(crate) const COMMIT_READS: usize = 12;
/// How many large ones are.
pub(crate) const SIDECAR_READS: usize = 4;

/// The whole content of a file of the log.
///
/// # Errors
/// [`Error::MissingFile`] when it is not there; what the store says otherwise.
pub async fn read_file(table: &TableStore, name: &str, version: u64) -> Result<Bytes> {
    match read_if_there(table, name).await? {
        Some(bytes) => Ok(bytes),
        None => Err(Error::MissingFile { file: from_table(name), version }),
    }
}

/// The commits from `next` on, with their content, in a store that cannot list.
pub(crate) async fn follow(
    table: &TableStore,
    next: u64,
) -> Result<(Vec<segment::CommitFile>, std::collections::HashMap<u64, Bytes>)> {
    let found = probing::follow(table, next, None, true).await?;
    Ok((found.commits, found.read))
}

/// The whole content of a file of the log, `None` when it is not there.
pub(crate) async fn read_if_there(table: &TableStore, name: &str) -> Result<Option<Bytes>> {
    match table.store.get(&table.log_path(name)).await {
        Ok(answer) => Ok(Some(answer.bytes().await?)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The whole content of a file of the log that added files.
pub(crate) async fn read_source(
    table: &TableStore,
    source: &crate::files::Source,
    version: u64,
) -> Result<Bytes> {
    match table.store.get(&source.path).await {
        Ok(answer) => Ok(answer.bytes().await?),
        Err(object_store::Error::NotFound { .. }) => {
            Err(Error::MissingFile { file: source.file.clone(), version })
        }
        Err(error) => Err(error.into()),
    }
}

/// A file of the log as errors name it: from the table's folder on.
pub(crate) fn from_table(name: &str) -> String {
    format!("_delta_log/{name}")
}
