//! Finding a version in a store that cannot list, such as plain HTTP: by the hint, then version by version.

use super::last_checkpoint::LastCheckpoint;
use super::listing::LogFile;
use super::names::{self, LogName};
use super::segment::{CheckpointFiles, CommitFile, Found, LogSegment, hinted_names};
use crate::{Error, Result, TableStore};
use bytes::Bytes;
use futures::future::try_join_all;
use object_store::ObjectStoreExt;
use std::collections::HashMap;

/// Most commits that are asked for at once.
const WINDOW: u64 = 8;
/// Most multi-part checkpoints have far fewer parts; more in a hint is taken for damage.
const MOST_PARTS: u32 = 10_000;

/// Finds the files of a version, the newest when `version` is `None`. A checkpoint that the hint does not name is looked for
/// before `checkpoints_before`.
pub(crate) async fn find(
    table: &TableStore,
    version: Option<u64>,
    hint: Option<&LastCheckpoint>,
    checkpoints_before: u64,
) -> Result<Found> {
    let mut checkpoint = match hint {
        Some(hint) => hinted(table, hint).await?,
        None => None,
    };
    if let (None, Some(version)) = (&checkpoint, version) {
        checkpoint = older_checkpoint(table, version.min(checkpoints_before.saturating_sub(1))).await?;
    }
    let start = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version.saturating_add(1));
    let found = follow(table, start, version, checkpoint.is_some()).await?;
    let last = found.commits.last().map(|commit| commit.last);
    let Some(last) = last.or(checkpoint.as_ref().map(|checkpoint| checkpoint.version)) else {
        return Err(Error::NotATable { url: table.url.to_string() });
    };
    if let Some(version) = version.filter(|version| *version > last) {
        let first = match checkpoint {
            Some(checkpoint) => checkpoint.version,
            None => 0,
        };
        return Err(Error::NoSuchVersion { url: table.url.to_string(), version, first, last });
    }
    let head = found.commits.last().map(|commit| commit.file.clone());
    let commits = found.commits;
    Ok(Found {
        segment: LogSegment {
            version: last,
            checkpoint,
            commits,
            head,
            has_checksum: false,
            is_listed: false,
        },
        read: found.read,
    })
}

/// Commits that were found by asking for them.
pub(crate) struct Followed {
    pub(crate) commits: Vec<CommitFile>,
    pub(crate) read: HashMap<u64, Bytes>,
}

/// The commits from `start` on, up to `end` or the first that is not there.
pub(crate) async fn follow(
    table: &TableStore,
    start: u64,
    end: Option<u64>,
    has_start: bool,
) -> Result<Followed> {
    let mut found = Followed { commits: Vec::new(), read: HashMap::new() };
    let (mut next, mut window) = (start, 1u64);
    loop {
        let mut stop = next.saturating_add(window);
        if let Some(end) = end {
            stop = stop.min(end.saturating_add(1));
        }
        if stop <= next {
            return Ok(found);
        }
        let is_known = has_start || !found.commits.is_empty();
        let answers = try_join_all((next..stop).map(|version| commit(table, version, is_known))).await?;
        for answer in answers {
            let Some((commit, bytes)) = answer else { return Ok(found) };
            found.read.insert(commit.first, bytes);
            found.commits.push(commit);
        }
        next = stop;
        window = (window * 2).min(WINDOW);
    }
}

async fn commit(table: &TableStore, version: u64, is_known: bool) -> Result<Option<(CommitFile, Bytes)>> {
    let name = names::commit(version);
    match table.store.get(&table.log_path(&name)).await {
        Ok(answer) => {
            let file = LogFile {
                name,
                kind: LogName::Commit { version },
                size_bytes: answer.meta.size,
                modified_millis: answer.meta.last_modified.timestamp_millis(),
                e_tag: answer.meta.e_tag.clone(),
            };
            let bytes = answer.bytes().await?;
            Ok(Some((CommitFile { first: version, last: version, file }, bytes)))
        }
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        // S3 answers so for what is not there when the reader may not list; other files of the log could be read.
        Err(object_store::Error::PermissionDenied { .. }) if is_known => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The checkpoint that the hint points to, if it is there.
async fn hinted(table: &TableStore, hint: &LastCheckpoint) -> Result<Option<CheckpointFiles>> {
    if hint.parts.is_some_and(|parts| parts > MOST_PARTS) {
        return Ok(None);
    }
    let mut files = Vec::new();
    for names in hinted_names(hint).chunks(8) {
        for file in try_join_all(names.iter().map(|name| head(table, name))).await? {
            let Some(file) = file else { return Ok(None) };
            files.push(file);
        }
    }
    let is_right = files.iter().all(
        |file| matches!(file.kind, LogName::Checkpoint { version, .. } if version == hint.version && file.size_bytes > 0),
    );
    Ok(is_right.then_some(CheckpointFiles { version: hint.version, files }))
}

/// A classic checkpoint before a version, where writers leave them by default: at each tenth version.
async fn older_checkpoint(table: &TableStore, version: u64) -> Result<Option<CheckpointFiles>> {
    let newest = version / 10 * 10;
    let candidates: Vec<u64> =
        (0..10).filter_map(|back| newest.checked_sub(back * 10)).filter(|v| *v > 0).collect();
    let names: Vec<String> = candidates.iter().map(|version| names::classic_checkpoint(*version)).collect();
    let found = try_join_all(names.iter().map(|name| head(table, name))).await?;
    let newest = candidates.into_iter().zip(found).find_map(|(version, file)| Some((version, file?)));
    Ok(newest.map(|(version, file)| CheckpointFiles { version, files: vec![file] }))
}

async fn head(table: &TableStore, name: &str) -> Result<Option<LogFile>> {
    let Some(kind) = LogName::parse(name) else { return Ok(None) };
    match table.store.head(&table.log_path(name)).await {
        Ok(meta) => Ok(Some(LogFile {
            name: name.to_owned(),
            kind,
            size_bytes: meta.size,
            modified_millis: meta.last_modified.timestamp_millis(),
            e_tag: meta.e_tag,
        })),
        Err(object_store::Error::NotFound { .. } | object_store::Error::PermissionDenied { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
