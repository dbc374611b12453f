//! What keeps a log short: checkpoints after some commits, and the removal of what they cover ("Metadata Cleanup").

use crate::actions::Action;
use crate::checkpoint_writer::{Checkpoint, write_checkpoint};
use crate::features::{CHECKPOINT_PROTECTION, check_writable, supports};
use crate::log::checkpoint::actions_of;
use crate::log::listing::{self, LogFile};
use crate::log::names::{CheckpointKind, LogName, SIDECARS};
use crate::log::segment::newest_checkpoint;
use crate::log::{ParquetFile, from_table, read_file};
use crate::snapshot::Snapshot;
use crate::{Error, Result, TableStore};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use std::collections::HashSet;

const MILLIS_A_DAY: i64 = 86_400_000;
/// Files that are deleted at once.
const DELETES_AT_ONCE: usize = 8;

/// What was done after a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AfterCommit {
    /// The checkpoint that was written.
    pub checkpoint: Option<Checkpoint>,
    /// How many files of the log were deleted.
    pub deleted_files: usize,
}

/// To be called after each commit: at each `delta.checkpointInterval`-th version writes a checkpoint, and then removes
/// from the log what has expired, if `delta.enableExpiredLogCleanup` allows it.
///
/// `committed` is the version of the commit; the snapshot may be newer.
///
/// # Errors
/// When the log cannot be read, or the store fails. The commit is there even then.
pub async fn after_commit(snapshot: &Snapshot, committed: u64) -> Result<AfterCommit> {
    let interval = snapshot.properties().checkpoint_interval.max(1);
    if committed == 0 || !committed.is_multiple_of(interval) {
        return Ok(AfterCommit::default());
    }
    let checkpoint = write_checkpoint(snapshot).await?;
    let deleted_files = match snapshot.properties().cleans_log {
        true => clean_log(snapshot).await?,
        false => 0,
    };
    Ok(AfterCommit { checkpoint: Some(checkpoint), deleted_files })
}

/// Removes commits, checkpoints and other files of the log that are older than `delta.logRetentionDuration` and that a
/// kept checkpoint covers. Gives their number. Without such a checkpoint nothing is removed.
///
/// # Errors
/// When the store fails; what was removed until then was not needed.
pub async fn clean_log(snapshot: &Snapshot) -> Result<usize> {
    check_writable(snapshot.protocol(), snapshot.metadata())?;
    let table = snapshot.table();
    let Some(files) = listing::list(table, 0).await? else { return Ok(0) };
    let now = tarn_platform::unix_millis();
    let cutoff_millis = midnight(now.saturating_sub(snapshot.properties().log_retention_millis));
    let Some(kept) = cutoff_checkpoint(&files, cutoff_millis) else { return Ok(0) };
    // "Checkpoint Protection": what is older than this goes all at once or not at all.
    let is_protected = supports(snapshot.protocol(), CHECKPOINT_PROTECTION);
    if is_protected && kept < snapshot.properties().protected_before {
        return Ok(0);
    }
    let (expired, rest): (Vec<LogFile>, Vec<LogFile>) =
        files.into_iter().partition(|file| is_covered(file, kept));
    if expired.is_empty() {
        return Ok(0);
    }
    let deleted = delete(table, expired.iter().map(|file| table.log_path(&file.name)).collect()).await?;
    Ok(deleted + clean_sidecars(table, &rest, midnight(now.saturating_sub(MILLIS_A_DAY))).await?)
}

fn midnight(millis: i64) -> i64 {
    millis.div_euclid(MILLIS_A_DAY).saturating_mul(MILLIS_A_DAY)
}

/// The version of the newest checkpoint that is not newer than the newest commit at the cut-off time.
fn cutoff_checkpoint(files: &[LogFile], cutoff_millis: i64) -> Option<u64> {
    let commits = files.iter().filter_map(|file| match file.kind {
        LogName::Commit { version } if file.modified_millis <= cutoff_millis => Some(version),
        _ => None,
    });
    Some(newest_checkpoint(files, commits.max()?)?.version)
}

fn is_covered(file: &LogFile, kept: u64) -> bool {
    match file.kind {
        LogName::Commit { version } | LogName::Checkpoint { version, .. } | LogName::Checksum { version } => {
            version < kept
        }
        LogName::Compaction { first, .. } => first <= kept,
    }
}

/// Deletes files, in order; those that are gone already count as deleted.
async fn delete(table: &TableStore, paths: Vec<Path>) -> Result<usize> {
    let deletes: Vec<_> = paths
        .into_iter()
        .map(|path| {
            let store = std::sync::Arc::clone(&table.store);
            async move {
                match store.delete(&path).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok::<_, Error>(()),
                    Err(error) => Err(error.into()),
                }
            }
        })
        .collect();
    let count = deletes.len();
    futures::stream::iter(deletes).buffered(DELETES_AT_ONCE).try_collect::<()>().await?;
    Ok(count)
}

/// Deletes sidecars that no checkpoint refers to, and that are too old for one that is being written.
async fn clean_sidecars(table: &TableStore, files: &[LogFile], cutoff_millis: i64) -> Result<usize> {
    let folder = table.log_path(SIDECARS);
    let listed: Vec<_> = table.store.list(Some(&folder)).try_collect().await?;
    let mut expired: Vec<Path> = (listed.into_iter())
        .filter(|file| file.last_modified.timestamp_millis() < cutoff_millis)
        .map(|file| file.location)
        .collect();
    if expired.is_empty() {
        return Ok(0);
    }
    let mut needed = HashSet::new();
    for file in files {
        if let LogName::Checkpoint { version, ref kind } = file.kind {
            needed.extend(sidecars_of(table, file, version, kind).await?);
        }
    }
    expired.retain(|path| path.filename().is_some_and(|name| !needed.contains(name)));
    delete(table, expired).await
}

/// The names of the sidecars that a checkpoint refers to.
async fn sidecars_of(
    table: &TableStore,
    file: &LogFile,
    version: u64,
    kind: &CheckpointKind,
) -> Result<Vec<String>> {
    let place = from_table(&file.name);
    let mut actions = Vec::new();
    match kind {
        CheckpointKind::Part { .. } => {}
        CheckpointKind::UuidJson => {
            let text = read_file(table, &file.name, version).await?;
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                actions.extend(Action::from_line(line).map_err(|error| Error::damaged(&place, error))?);
            }
        }
        CheckpointKind::Classic | CheckpointKind::UuidParquet => {
            let path = table.log_path(&file.name);
            let parquet = ParquetFile::open(&table.store, &path, file.size_bytes, &place, version).await?;
            let is_sidecar = |leaf: &[String]| leaf.first().is_some_and(|name| name == "sidecar");
            if parquet.has(is_sidecar) {
                let mut batches = parquet.read(is_sidecar, None)?;
                while let Some(batch) = batches.try_next().await? {
                    if let Some(column) = batch.column_by_name("sidecar") {
                        let rows = arrow::compute::filter(column, &arrow::compute::is_not_null(column)?)?;
                        actions.extend(actions_of("sidecar", rows, &place)?);
                    }
                }
            }
        }
    }
    let name = |action: Action| match action {
        Action::Sidecar(sidecar) => sidecar.path.rsplit('/').next().map(str::to_owned),
        _ => None,
    };
    Ok(actions.into_iter().filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[(&str, i64)]) -> Vec<LogFile> {
        let file = |(name, modified_millis): &(&str, i64)| LogFile {
            name: (*name).to_owned(),
            kind: LogName::parse(name).unwrap(),
            size_bytes: 1,
            modified_millis: *modified_millis,
            e_tag: None,
        };
        names.iter().map(file).collect()
    }

    #[test]
    fn only_what_a_checkpoint_covers_is_removed() {
        let listed = files(&[
            ("00000000000000000000.json", 0),
            ("00000000000000000001.json", 10),
            ("00000000000000000001.crc", 10),
            ("00000000000000000002.checkpoint.parquet", 25),
            ("00000000000000000002.json", 20),
            ("00000000000000000002.00000000000000000003.compacted.json", 30),
            ("00000000000000000003.json", 30),
        ]);
        // The newest commit at the time is 1, and no checkpoint is that old.
        assert_eq!(cutoff_checkpoint(&listed, 19), None);
        assert_eq!(cutoff_checkpoint(&listed, 20), Some(2));
        assert_eq!(cutoff_checkpoint(&listed, 1000), Some(2));
        let kept: Vec<&str> =
            listed.iter().filter(|file| !is_covered(file, 2)).map(|file| file.name.as_str()).collect();
        assert_eq!(
            kept,
            [
                "00000000000000000002.checkpoint.parquet",
                "00000000000000000002.json",
                "00000000000000000003.json"
            ]
        );
        assert_eq!(cutoff_checkpoint(&[], 5), None);
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        assert_eq!(midnight(MILLIS_A_DAY + 5), MILLIS_A_DAY);
        assert_eq!(midnight(-5), -MILLIS_A_DAY);
    }
}
