//! Which files of a table's folder may be deleted (VACUUM): those that no version needs any more.

use crate::actions::DeletionVectorDescriptor;
use crate::deletion_vector::relative_file;
use crate::features::check_writable;
use crate::snapshot::Snapshot;
use crate::{Result, TableStore};
use futures::TryStreamExt as _;
use object_store::ObjectStore as _;
use object_store::path::Path;
use std::collections::HashSet;

/// A file that may be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnneededFile {
    /// Its path in the table's store.
    pub path: Path,
    /// Its bytes.
    pub size_bytes: u64,
    /// When it was written, in milliseconds since 1970.
    pub modified_millis: i64,
}

/// The files in the table's folder that no version of the retention time needs, by path.
///
/// A file is kept when it is in the newest version, when it was removed within the retention time, when it is younger than
/// that (somebody may be about to commit it), and when its name or that of a folder starts with `_` or `.`, except for
/// change data and folders of partition columns.
///
/// The snapshot must be the newest; a retention time shorter than the longest query or write may break it.
///
/// # Errors
/// When the table cannot be written ("VACUUM Protocol Check"), the log cannot be read, or the store cannot list.
pub async fn unneeded_files(snapshot: &Snapshot, retention_millis: i64) -> Result<Vec<UnneededFile>> {
    check_writable(snapshot.protocol(), snapshot.metadata())?;
    let table = snapshot.table();
    let cutoff_millis = tarn_platform::unix_millis().saturating_sub(retention_millis.max(0));
    let needed = needed_paths(snapshot, cutoff_millis).await?;
    let prefixes = partition_prefixes(snapshot);
    let mut files = Vec::new();
    let mut listed = table.store.list(Some(&table.root));
    while let Some(object) = listed.try_next().await? {
        let modified_millis = object.last_modified.timestamp_millis();
        if modified_millis < cutoff_millis
            && is_visible(table, &object.location, &prefixes)
            && !needed.contains(&object.location)
        {
            files.push(UnneededFile { path: object.location, size_bytes: object.size, modified_millis });
        }
        if tarn_platform::slice_is_over() {
            tarn_platform::yield_now().await;
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

async fn needed_paths(snapshot: &Snapshot, cutoff_millis: i64) -> Result<HashSet<Path>> {
    let mut needed = Needed { table: snapshot.table(), paths: HashSet::new() };
    for file in snapshot.files().iter() {
        needed.insert(file.path(), file.deletion_vector().as_ref())?;
    }
    for remove in snapshot.load_tombstones().await? {
        // Without a time, nobody knows how long the file is gone: for all that is known, forever.
        if remove.deletion_timestamp.unwrap_or(0) >= cutoff_millis {
            needed.insert(&remove.path, remove.deletion_vector.as_ref())?;
        }
    }
    Ok(needed.paths)
}

struct Needed<'a> {
    table: &'a TableStore,
    paths: HashSet<Path>,
}

impl Needed<'_> {
    fn insert(&mut self, reference: &str, vector: Option<&DeletionVectorDescriptor>) -> Result<()> {
        self.insert_path(reference)?;
        let Some(vector) = vector else { return Ok(()) };
        match relative_file(vector)? {
            Some(file) => {
                self.paths
                    .insert(file.split('/').fold(self.table.root.clone(), |path, part| path.join(part)));
            }
            None if vector.storage_type == crate::actions::StorageType::Absolute => {
                self.insert_path(&vector.path_or_inline_dv)?;
            }
            None => {}
        }
        Ok(())
    }

    fn insert_path(&mut self, reference: &str) -> Result<()> {
        // A path of another store that looks the same only keeps one file more. A store that is not known here is none
        // of the table's folder.
        match self.table.data_path(reference) {
            Ok(place) => {
                self.paths.insert(place.path);
                Ok(())
            }
            Err(_) if reference.contains("://") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// How the names of partition folders start.
fn partition_prefixes(snapshot: &Snapshot) -> Vec<String> {
    let mut prefixes = Vec::new();
    for name in &snapshot.metadata().partition_columns {
        prefixes.push(format!("{}=", crate::write::path::escape(name)));
        if let Some(field) = snapshot.schema().field(name) {
            let physical = field.physical_name(snapshot.column_mapping());
            prefixes.push(format!("{}=", crate::write::path::escape(physical)));
        }
    }
    prefixes
}

fn is_visible(table: &TableStore, path: &Path, partition_prefixes: &[String]) -> bool {
    let Some(parts) = path.prefix_match(&table.root) else { return false };
    parts.enumerate().all(|(depth, part)| {
        let name = part.as_ref();
        let is_hidden = name.starts_with('_') || name.starts_with('.');
        !is_hidden
            || depth == 0 && name == "_change_data"
            || partition_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
    })
}
