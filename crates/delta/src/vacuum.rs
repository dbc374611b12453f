//! Which files of a table's folder may be deleted (VACUUM): those that no version needs any more.

use crate::actions::DeletionVectorDescriptor;
use crate::actions::{Action, Remove};
use crate::commit::read_commit;
use crate::deletion_vector::relative_file;
use crate::features::check_writable;
use crate::log::listing;
use crate::log::names::LogName;
use crate::snapshot::Snapshot;
use crate::{Error, Result, TableStore};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::ObjectStore as _;
use object_store::path::Path;
use std::collections::{BTreeMap, HashSet};

/// The operation of the commit that says that a VACUUM has ended.
pub const VACUUM_END: &str = "VACUUM END";
/// Commits that are read at the same time.
const COMMITS_AT_ONCE: usize = 8;

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
/// change data, folders of partition columns, and what writers that were stopped have left unfinished.
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
            && (is_visible(table, &object.location, &prefixes)
                || is_unfinished(table, &object.location, &prefixes))
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

/// The files that the commits of the log removed before the retention time and that nothing needs (VACUUM … LITE). Nothing
/// is listed but the log, so files that no commit ever named stay.
///
/// # Errors
/// As [`unneeded_files`], and when commits are missing that no VACUUM has ended after: they may have removed more.
pub async fn unneeded_files_of_log(snapshot: &Snapshot, retention_millis: i64) -> Result<Vec<UnneededFile>> {
    check_writable(snapshot.protocol(), snapshot.metadata())?;
    let table = snapshot.table();
    let cutoff_millis = tarn_platform::unix_millis().saturating_sub(retention_millis.max(0));
    let needed = needed_paths(snapshot, cutoff_millis).await?;
    let prefixes = partition_prefixes(snapshot);
    let mut files: BTreeMap<Path, UnneededFile> = BTreeMap::new();
    for remove in removes_of_log(snapshot).await? {
        if remove.deletion_timestamp.unwrap_or(0) >= cutoff_millis {
            continue;
        }
        let mut gone = Needed { table, paths: HashSet::new() };
        gone.insert(&remove.path, remove.deletion_vector.as_ref())?;
        let data = table.data_path(&remove.path).map(|place| place.path).ok();
        for path in gone.paths {
            let size_bytes = match data.as_ref() == Some(&path) {
                true => remove.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                false => 0,
            };
            // What lies elsewhere belongs to another table.
            if is_visible(table, &path, &prefixes) && !needed.contains(&path) {
                let modified_millis = remove.deletion_timestamp.unwrap_or(0);
                files.insert(path.clone(), UnneededFile { path, size_bytes, modified_millis });
            }
        }
    }
    Ok(files.into_values().collect())
}

async fn removes_of_log(snapshot: &Snapshot) -> Result<Vec<Remove>> {
    let table = snapshot.table();
    let listed = listing::list(table, 0).await?;
    let listed = listed.ok_or_else(|| {
        Error::invalid("VACUUM LITE needs a store that lists its files; run VACUUM without LITE elsewhere")
    })?;
    let versions: Vec<u64> = (listed.iter())
        .filter_map(|file| match file.kind {
            LogName::Commit { version } => Some(version),
            LogName::Compaction { .. } | LogName::Checkpoint { .. } | LogName::Checksum { .. } => None,
        })
        .filter(|version| *version <= snapshot.version())
        .collect();
    let is_whole = versions.first() == Some(&0);
    let commits: Vec<_> = stream::iter(versions)
        .map(|version| read_commit(table, version))
        .buffered(COMMITS_AT_ONCE)
        .try_collect()
        .await?;
    let mut has_end = false;
    let mut removes = Vec::new();
    for commit in commits.into_iter().flatten() {
        has_end |= commit.info().and_then(|info| info.operation.as_deref()) == Some(VACUUM_END);
        removes.extend(commit.actions.into_iter().filter_map(|action| match action {
            Action::Remove(remove) => Some(remove),
            _ => None,
        }));
    }
    match is_whole || has_end {
        true => Ok(removes),
        false => Err(Error::invalid(
            "VACUUM LITE cannot tell what earlier commits removed: they are no longer in the log; run VACUUM without LITE once",
        )),
    }
}

/// Deletes files, many at a time; how many there were. Those that are gone already are none.
///
/// # Errors
/// The first failure of the store; files after it may be left.
pub async fn delete_files(table: &TableStore, files: &[UnneededFile]) -> Result<u64> {
    let paths: Vec<_> = files.iter().map(|file| Ok(file.path.clone())).collect();
    let mut deletes = table.store.delete_stream(stream::iter(paths).boxed());
    let mut count = 0u64;
    while let Some(deleted) = deletes.next().await {
        match deleted {
            Ok(_) => count += 1,
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
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
    let Some(mut parts) = path.prefix_match(&table.root) else { return false };
    let mut is_top = true;
    parts.all(|part| is_visible_part(part.as_ref(), std::mem::take(&mut is_top), partition_prefixes))
}

fn is_visible_part(name: &str, is_top: bool, partition_prefixes: &[String]) -> bool {
    let is_hidden = name.starts_with('_') || name.starts_with('.');
    !is_hidden
        || is_top && name == "_change_data"
        || partition_prefixes.iter().any(|prefix| name.starts_with(prefix.as_str()))
}

/// Whether a file has the name that stores and file systems give to what is still being written (`.….tmp`: Hadoop's and the
/// local disk's), and lies where writers of the table write: beside data or in the log.
fn is_unfinished(table: &TableStore, path: &Path, partition_prefixes: &[String]) -> bool {
    let Some(parts) = path.prefix_match(&table.root) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((name, folders)) = parts.split_last() else { return false };
    name.as_ref().starts_with('.')
        && name.as_ref().ends_with(".tmp")
        && folders.iter().enumerate().all(|(depth, folder)| {
            depth == 0 && folder.as_ref() == "_delta_log"
                || is_visible_part(folder.as_ref(), depth == 0, partition_prefixes)
        })
}
