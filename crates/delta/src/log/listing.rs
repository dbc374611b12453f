//! What is in `_delta_log`, by listing the store.

use super::names::LogName;
use crate::{Result, TableStore};
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore};

/// A file of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFile {
    /// Its name in `_delta_log`.
    pub name: String,
    /// What it is.
    pub kind: LogName,
    /// Its bytes.
    pub size_bytes: u64,
    /// When it was written, in milliseconds since 1970, as the store says.
    pub modified_millis: i64,
    /// The store's tag of its content.
    pub e_tag: Option<String>,
}

/// The files of the log whose version is `from` or newer, by name; `None` when the store cannot list.
///
/// A log compaction file counts by its first version.
///
/// # Errors
/// What the store says.
pub async fn list(table: &TableStore, from: u64) -> Result<Option<Vec<LogFile>>> {
    let folder = table.root.clone().join("_delta_log");
    // "Delta Log Entries": names are padded with zeros, so versions sort as names do; `n` sorts before `n.json`.
    let listed = match from {
        0 => table.store.list(Some(&folder)),
        _ => table.store.list_with_offset(Some(&folder), &folder.clone().join(format!("{from:020}"))),
    };
    let files = listed
        .try_filter_map(|object| {
            let file = log_file(&folder, object);
            async move { Ok(file) }
        })
        .try_collect::<Vec<_>>()
        .await;
    match files {
        Ok(mut files) => {
            files.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(Some(files))
        }
        Err(object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. }) => {
            Ok(None)
        }
        Err(object_store::Error::NotFound { .. }) => Ok(Some(Vec::new())),
        Err(error) => Err(error.into()),
    }
}

fn log_file(folder: &object_store::path::Path, object: ObjectMeta) -> Option<LogFile> {
    let mut parts = object.location.prefix_match(folder)?;
    let name = parts.next()?.as_ref().to_owned();
    // Folders within: sidecars, and staged commits, which only a catalog may interpret.
    if parts.next().is_some() {
        return None;
    }
    let kind = LogName::parse(&name)?;
    let modified_millis = object.last_modified.timestamp_millis();
    Some(LogFile { name, kind, size_bytes: object.size, modified_millis, e_tag: object.e_tag })
}
