//! The table's past: what each commit says of itself, and which version was the newest at a time.

use crate::actions::CommitInfo;
use crate::commit::read_commit_info;
use crate::log::listing::{self, LogFile};
use crate::log::names::LogName;
use crate::log::segment::newest_checkpoint;
use crate::snapshot::{At, Snapshot};
use crate::{Error, Result, TableStore};
use chrono::{DateTime, SecondsFormat};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Commits that are read at once.
const READS_AT_ONCE: usize = 8;

/// A commit in the history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryEntry {
    /// The version that it made.
    pub version: u64,
    /// When it was made, in milliseconds since 1970: its in-commit timestamp, or the time of its file.
    pub timestamp_millis: i64,
    /// Who made it, by an id.
    pub user_id: Option<String>,
    /// Who made it, by a name.
    pub user_name: Option<String>,
    /// WRITE, MERGE, …
    pub operation: Option<String>,
    /// What the operation was called with.
    pub parameters: BTreeMap<String, String>,
    /// Counts of rows, files and bytes.
    pub metrics: BTreeMap<String, String>,
    /// The version that was read.
    pub read_version: Option<i64>,
    /// How strictly it was kept apart from others.
    pub isolation_level: Option<String>,
    /// Whether it only added files and read nothing.
    pub is_blind_append: Option<bool>,
    /// What the person attached to it.
    pub user_metadata: Option<String>,
    /// The program that wrote it.
    pub engine_info: Option<String>,
}

impl HistoryEntry {
    fn new(version: u64, timestamp_millis: i64, info: CommitInfo) -> Self {
        Self {
            version,
            timestamp_millis,
            user_id: info.user_id,
            user_name: info.user_name,
            operation: info.operation,
            parameters: texts(info.operation_parameters),
            metrics: texts(info.operation_metrics),
            read_version: info.read_version,
            isolation_level: info.isolation_level,
            is_blind_append: info.is_blind_append,
            user_metadata: info.user_metadata,
            engine_info: info.engine_info,
        }
    }
}

fn texts(map: Option<Map<String, Value>>) -> BTreeMap<String, String> {
    let text = |(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    };
    map.into_iter().flatten().filter_map(text).collect()
}

/// The commits that are still there, up to the snapshot's version, newest first.
///
/// # Errors
/// When the store fails, or a commit is damaged.
pub async fn history(snapshot: &Snapshot, limit: Option<usize>) -> Result<Vec<HistoryEntry>> {
    let table = snapshot.table();
    let times = match listing::list(table, 0).await? {
        Some(files) => file_times(&files),
        None => BTreeMap::new(),
    };
    let mut infos = read_back(table, snapshot.version(), limit.unwrap_or(usize::MAX)).await?;
    infos.reverse();
    let mut entries = Vec::with_capacity(infos.len());
    let mut previous = i64::MIN;
    for (version, info, modified_millis) in infos {
        let info = info.unwrap_or_default();
        let from_file =
            || times.get(&version).copied().unwrap_or(modified_millis.max(previous.saturating_add(1)));
        let timestamp_millis = info.in_commit_timestamp.unwrap_or_else(from_file);
        previous = timestamp_millis;
        entries.push(HistoryEntry::new(version, timestamp_millis, info));
    }
    entries.reverse();
    Ok(entries)
}

type ReadInfo = (u64, Option<CommitInfo>, i64);

/// What commits say of themselves, from a version back to the first that is not there.
async fn read_back(table: &TableStore, newest: u64, limit: usize) -> Result<Vec<ReadInfo>> {
    let mut found = Vec::new();
    let mut next = Some(newest);
    while let Some(newest) = next.filter(|_| found.len() < limit) {
        let count = READS_AT_ONCE.min(limit - found.len());
        let versions: Vec<u64> = (0..=newest).rev().take(count).collect();
        next = versions.last().and_then(|last| last.checked_sub(1));
        let reads = versions.into_iter().map(|version| {
            let table = table.clone();
            async move { Ok::<_, Error>((version, read_commit_info(&table, version).await?)) }
        });
        let read: Vec<_> = futures::stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        for (version, info) in read {
            let Some((info, modified_millis)) = info else { return Ok(found) };
            found.push((version, info, modified_millis));
        }
    }
    Ok(found)
}

/// The times of the commits' files. As in Delta, each is later than the one before, whatever the store's clock did.
fn file_times(files: &[LogFile]) -> BTreeMap<u64, i64> {
    let mut times: BTreeMap<u64, i64> = BTreeMap::new();
    for file in files {
        if let LogName::Commit { version } = file.kind {
            times.insert(version, file.modified_millis);
        }
    }
    let mut previous = i64::MIN;
    for time in times.values_mut() {
        *time = (*time).max(previous.saturating_add(1));
        previous = *time;
    }
    times
}

/// The newest version that was there at a time, in milliseconds since 1970.
///
/// "Recommendations for Readers of Tables with In-Commit Timestamps": versions since the feature was turned on are found
/// by these, older ones by the times of their files.
///
/// # Errors
/// [`Error::NoVersionAt`] when the time is before the first version that can be read, or after the last commit.
pub async fn version_at(table: &TableStore, timestamp_millis: i64) -> Result<u64> {
    let snapshot = Snapshot::open(table, At::Latest).await?;
    let mut times = match listing::list(table, 0).await? {
        Some(files) => {
            let first = first_readable(&files, snapshot.version());
            let mut times = file_times(&files);
            times.retain(|version, _| (first..=snapshot.version()).contains(version));
            times
        }
        None => {
            let infos = read_back(table, snapshot.version(), usize::MAX).await?;
            infos.into_iter().map(|(version, _, modified_millis)| (version, modified_millis)).collect()
        }
    };
    let since = in_commit_since(&snapshot);
    let in_commit = since.map_or_else(BTreeMap::new, |since| times.split_off(&since));
    let search = Search { table, times: &in_commit };
    let newest_in_commit = search.newest_at(timestamp_millis).await?;
    let found = match newest_in_commit {
        Some(version) => Some(version),
        None => times.iter().rev().find(|(_, time)| **time <= timestamp_millis).map(|(version, _)| *version),
    };
    let last = match search.last().await? {
        Some(last) => last,
        None => times.values().next_back().copied().unwrap_or(i64::MIN),
    };
    match found {
        Some(version) if timestamp_millis <= last => Ok(version),
        _ => {
            let first = match times.values().next() {
                Some(first) => *first,
                None => search.first().await?.unwrap_or(last),
            };
            Err(Error::NoVersionAt {
                url: table.url.to_string(),
                asked: iso(timestamp_millis),
                first: iso(first),
                last: iso(last),
            })
        }
    }
}

/// The version since which commits have their time in them, where the table has such.
fn in_commit_since(snapshot: &Snapshot) -> Option<u64> {
    if !snapshot.properties().has_in_commit_timestamps {
        return None;
    }
    let since = snapshot.metadata().configuration.get("delta.inCommitTimestampEnablementVersion");
    // Without it, the table has had them since it was made.
    Some(since.and_then(|since| since.trim().parse().ok()).unwrap_or(0))
}

/// The first version that can be read: 0, or the oldest complete checkpoint.
fn first_readable(files: &[LogFile], last: u64) -> u64 {
    if files.iter().any(|file| file.kind == LogName::Commit { version: 0 }) {
        return 0;
    }
    let checkpoints = files.iter().filter_map(|file| match file.kind {
        LogName::Checkpoint { version, .. } => Some(version),
        _ => None,
    });
    checkpoints
        .filter(|version| newest_checkpoint(files, *version).is_some_and(|newest| newest.version == *version))
        .min()
        .unwrap_or(last)
}

/// Looks for a time among commits that have theirs in them, and reads few of them.
struct Search<'a> {
    table: &'a TableStore,
    times: &'a BTreeMap<u64, i64>,
}

impl Search<'_> {
    async fn newest_at(&self, timestamp_millis: i64) -> Result<Option<u64>> {
        let versions: Vec<u64> = self.times.keys().copied().collect();
        let (mut low, mut high) = (0, versions.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(version) = versions.get(middle) else { break };
            match self.time(*version).await? <= timestamp_millis {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low.checked_sub(1).and_then(|index| versions.get(index)).copied())
    }

    async fn last(&self) -> Result<Option<i64>> {
        match self.times.keys().next_back() {
            Some(version) => self.time(*version).await.map(Some),
            None => Ok(None),
        }
    }

    async fn first(&self) -> Result<Option<i64>> {
        match self.times.keys().next() {
            Some(version) => self.time(*version).await.map(Some),
            None => Ok(None),
        }
    }

    async fn time(&self, version: u64) -> Result<i64> {
        let info = read_commit_info(self.table, version).await?.and_then(|(info, _)| info);
        info.and_then(|info| info.in_commit_timestamp).ok_or_else(|| {
            Error::damaged(
                crate::log::from_table(&crate::log::names::commit(version)),
                "it has no inCommitTimestamp, though the table has delta.enableInCommitTimestamps",
            )
        })
    }
}

fn iso(millis: i64) -> String {
    match DateTime::from_timestamp_millis(millis) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Millis, true),
        None => format!("{millis} ms since 1970"),
    }
}
