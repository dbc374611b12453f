//! Which files of the log make a version: a checkpoint, and the commits after it.

use super::last_checkpoint::LastCheckpoint;
use super::listing::{self, LogFile};
use super::names::{CheckpointKind, LogName};
use super::{last_checkpoint, probing};
use crate::{Error, Result, TableStore};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The files that make a version.
#[derive(Debug, Clone, PartialEq)]
pub struct LogSegment {
    /// The version.
    pub version: u64,
    /// The checkpoint to start from; none starts from nothing.
    pub checkpoint: Option<CheckpointFiles>,
    /// What follows the checkpoint, oldest first: commits, and compactions of several.
    pub commits: Vec<CommitFile>,
    /// The commit of the version itself, where it is there: a checkpoint may have outlived it.
    pub head: Option<LogFile>,
    /// Whether there is a checksum of the version, as far as the store can list.
    pub has_checksum: bool,
    /// Whether the store could list, or was asked file by file.
    pub is_listed: bool,
}

/// A checkpoint that is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointFiles {
    /// The version that it holds.
    pub version: u64,
    /// Its top level files: one, or the parts in order.
    pub files: Vec<LogFile>,
}

/// A commit, or a compaction of several.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitFile {
    /// The first version in it.
    pub first: u64,
    /// The last version in it.
    pub last: u64,
    /// The file.
    pub file: LogFile,
}

/// A segment, and the commits that were read to find it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) segment: LogSegment,
    pub(crate) read: HashMap<u64, Bytes>,
}

/// Finds the files of a version, the newest when `version` is `None`, with a checkpoint before `checkpoints_before` or
/// none.
pub(crate) async fn find(
    table: &TableStore,
    version: Option<u64>,
    checkpoints_before: Option<u64>,
) -> Result<Found> {
    if let Some(before) = checkpoints_before {
        return match listing::list(table, 0).await? {
            Some(mut files) => {
                let is_left_out = |file: &LogFile| matches!(file.kind, LogName::Checkpoint { version, .. } if version >= before);
                let last = newest_version(&files);
                files.retain(|file| !is_left_out(file));
                let segment = choose(table, &files, version.or(last))?;
                Ok(Found { segment, read: HashMap::new() })
            }
            None => probing::find(table, version, None, before).await,
        };
    }
    let hint = last_checkpoint::read(table).await;
    // A hint that is newer than what is asked for says nothing about older checkpoints.
    let usable = hint.as_ref().filter(|hint| version.is_none_or(|version| hint.version <= version));
    let from = usable.map_or(0, |hint| hint.version);
    let Some(mut files) = listing::list(table, from).await? else {
        return probing::find(table, version, usable, u64::MAX).await;
    };
    if from > 0 && !starts_with_checkpoint(&files, from, version) {
        files = listing::list(table, 0).await?.unwrap_or_default();
    }
    if from > 0 && version.is_some_and(|version| newest_version(&files).is_none_or(|last| version > last)) {
        // The error names the first version too.
        files = listing::list(table, 0).await?.unwrap_or_default();
    }
    let segment = match choose(table, &files, version) {
        // A folder that is written to while it is listed may show a commit without one before it: one more look tells.
        Err(Error::Gap { .. }) => {
            let files = listing::list(table, 0).await?.unwrap_or_default();
            match choose(table, &files, version) {
                Err(gap @ Error::Gap { missing: 0, .. }) => {
                    let lost = lost_part(&files, version).or_else(|| lost_hint(&files, usable));
                    return Err(lost.unwrap_or(gap));
                }
                chosen => chosen?,
            }
        }
        chosen => chosen?,
    };
    Ok(Found { segment, read: HashMap::new() })
}

fn starts_with_checkpoint(files: &[LogFile], from: u64, version: Option<u64>) -> bool {
    let newest = newest_checkpoint(files, version.unwrap_or(u64::MAX));
    newest.is_some_and(|checkpoint| checkpoint.version >= from)
}

fn newest_version(files: &[LogFile]) -> Option<u64> {
    let commit = |file: &LogFile| match file.kind {
        LogName::Commit { version } => Some(version),
        LogName::Compaction { .. } | LogName::Checkpoint { .. } | LogName::Checksum { .. } => None,
    };
    let commit = files.iter().filter_map(commit).max();
    commit.max(newest_checkpoint(files, u64::MAX).map(|checkpoint| checkpoint.version))
}

/// Chooses the files of a version out of what is there.
///
/// # Errors
/// When there is no table, no such version, or a gap.
pub fn choose(table: &TableStore, files: &[LogFile], version: Option<u64>) -> Result<LogSegment> {
    let url = || table.url.to_string();
    let last = newest_version(files).ok_or_else(|| Error::NotATable { url: url() })?;
    let version = match version {
        Some(version) if version > last => {
            return Err(Error::NoSuchVersion {
                url: url(),
                version,
                first: first_version(files).unwrap_or(last),
                last,
            });
        }
        Some(version) => version,
        None => last,
    };
    let checkpoint = newest_checkpoint(files, version);
    let start = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.version.saturating_add(1));
    let commits = match follow(files, start, version) {
        Ok(commits) => commits,
        Err(missing) => {
            return Err(match first_version(files).filter(|first| version < *first) {
                Some(first) => Error::NoSuchVersion { url: url(), version, first, last },
                None => Error::Gap { url: url(), missing },
            });
        }
    };
    let head = files.iter().find(|file| file.kind == LogName::Commit { version }).cloned();
    let has_checksum = files.iter().any(|file| file.kind == LogName::Checksum { version });
    Ok(LogSegment { version, checkpoint, commits, head, has_checksum, is_listed: true })
}

/// The commits from `start` to `version`, compacted ones where there are; `Err` is the first that is missing.
pub(crate) fn follow(files: &[LogFile], start: u64, version: u64) -> Result<Vec<CommitFile>, u64> {
    let mut commits = BTreeMap::new();
    let mut compactions: BTreeMap<u64, (u64, &LogFile)> = BTreeMap::new();
    for file in files {
        match file.kind {
            LogName::Commit { version } => {
                commits.insert(version, file);
            }
            LogName::Compaction { first, last } if first >= start && last <= version => {
                let longest = compactions.entry(first).or_insert((last, file));
                if last > longest.0 {
                    *longest = (last, file);
                }
            }
            LogName::Compaction { .. } | LogName::Checkpoint { .. } | LogName::Checksum { .. } => {}
        }
    }
    let mut chosen = Vec::new();
    let mut next = start;
    while next <= version {
        // Compactions stand for commits that are gone. Where the commits are there, they are read: writers exist that
        // compact without reconciling, and then a file that left the table would come back.
        let compaction = compactions.get(&next);
        let compaction =
            compaction.filter(|(last, _)| (next..=*last).any(|version| !commits.contains_key(&version)));
        let (last, file) = match (compaction, commits.get(&next)) {
            (Some((last, file)), _) => (*last, *file),
            (None, Some(file)) => (next, *file),
            (None, None) => return Err(next),
        };
        chosen.push(CommitFile { first: next, last, file: file.clone() });
        // Compactions have no provenance; what the newest commit says of itself is read from its own file.
        if last == version
            && last != next
            && let Some(head) = commits.get(&version)
        {
            chosen.push(CommitFile { first: version, last: version, file: (*head).clone() });
        }
        let Some(after) = last.checked_add(1) else { break };
        next = after;
    }
    Ok(chosen)
}

/// The first version that can be read, if there is something to start from.
fn first_version(files: &[LogFile]) -> Option<u64> {
    if files.iter().any(|file| file.kind == LogName::Commit { version: 0 }) {
        return Some(0);
    }
    complete_checkpoints(files).keys().next().copied()
}

/// The newest complete checkpoint that is not newer than `version`.
pub(crate) fn newest_checkpoint(files: &[LogFile], version: u64) -> Option<CheckpointFiles> {
    let complete = complete_checkpoints(files);
    let (version, files) = complete.range(..=version).next_back()?;
    Some(CheckpointFiles { version: *version, files: files.iter().map(|file| (*file).clone()).collect() })
}

/// The complete checkpoints; of several of one version, the one that takes fewest reads.
fn complete_checkpoints(files: &[LogFile]) -> BTreeMap<u64, Vec<&LogFile>> {
    let mut single: BTreeMap<u64, (u8, &LogFile)> = BTreeMap::new();
    let mut parts: BTreeMap<(u64, u32), BTreeMap<u32, &LogFile>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.size_bytes > 0) {
        let LogName::Checkpoint { version, ref kind } = file.kind else { continue };
        let rank = match kind {
            CheckpointKind::Classic => 0,
            CheckpointKind::UuidParquet => 1,
            CheckpointKind::UuidJson => 2,
            CheckpointKind::Part { part, parts: count } => {
                parts.entry((version, *count)).or_default().insert(*part, file);
                continue;
            }
        };
        let best = single.entry(version).or_insert((rank, file));
        if rank < best.0 {
            *best = (rank, file);
        }
    }
    let is_whole = |count: u32, found: &BTreeMap<u32, &LogFile>| usize::try_from(count) == Ok(found.len());
    let mut complete: BTreeMap<u64, Vec<&LogFile>> = BTreeMap::new();
    for ((version, count), found) in parts {
        // "Checkpoints": readers must ignore multi-part checkpoints with missing parts.
        if is_whole(count, &found) {
            complete.insert(version, found.into_values().collect());
        }
    }
    complete.extend(single.into_iter().map(|(version, (_, file))| (version, vec![file])));
    complete
}

/// The error of a checkpoint of which a part is missing, where the log cannot be read without it.
fn lost_part(files: &[LogFile], version: Option<u64>) -> Option<Error> {
    let mut found: BTreeMap<(u64, u32), BTreeSet<u32>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.size_bytes > 0) {
        if let LogName::Checkpoint { version, kind: CheckpointKind::Part { part, parts } } = file.kind {
            found.entry((version, parts)).or_default().insert(part);
        }
    }
    let mut incomplete =
        found.into_iter().rev().filter(|((of, _), _)| version.is_none_or(|version| *of <= version));
    incomplete.find_map(|((version, parts), found)| {
        let missing = (1..=parts).find(|part| !found.contains(part))?;
        let file = super::from_table(&super::names::checkpoint_part(version, missing, parts));
        Some(Error::MissingFile { file, version })
    })
}

/// The error of a checkpoint that the hint names, and that is not there.
fn lost_hint(files: &[LogFile], hint: Option<&LastCheckpoint>) -> Option<Error> {
    let hint = hint?;
    let is_there = |name: &String| files.iter().any(|file| file.name == *name && file.size_bytes > 0);
    let missing = hinted_names(hint).into_iter().find(|name| !is_there(name))?;
    Some(Error::MissingFile { file: super::from_table(&missing), version: hint.version })
}

impl LogSegment {
    /// The segment with newer commits after it.
    pub(crate) fn extended(&self, commits: Vec<CommitFile>, head: Option<LogFile>) -> Self {
        let version = commits.last().map_or(self.version, |commit| commit.last);
        let mut longer = self.clone();
        longer.version = version;
        longer.commits.extend(commits);
        longer.head = head;
        longer.has_checksum = false;
        longer
    }
}

/// The files that a hint points to, by name.
pub(crate) fn hinted_names(hint: &LastCheckpoint) -> Vec<String> {
    match (&hint.v2_checkpoint, hint.parts) {
        (Some(v2), _) => vec![v2.path.rsplit('/').next().unwrap_or(&v2.path).to_owned()],
        (None, Some(parts)) if parts > 1 => {
            (1..=parts).map(|part| super::names::checkpoint_part(hint.version, part, parts)).collect()
        }
        (None, _) => vec![super::names::classic_checkpoint(hint.version)],
    }
}
