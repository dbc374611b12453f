//! The change data feed: which files hold what each version changed ("Reader Requirements for AddCDCFile").

use crate::actions::{Action, Add, AddCdcFile, DeletionVectorDescriptor, Metadata, Protocol, Remove};
use crate::commit::{Commit, read_commit};
use crate::features;
use crate::properties::TableProperties;
use crate::snapshot::{At, Snapshot};
use crate::{Error, Result, TableStore};
use std::collections::HashMap;

/// What a version changed.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionChanges {
    /// `_commit_version`.
    pub version: u64,
    /// `_commit_timestamp`, in milliseconds since 1970.
    pub timestamp_millis: i64,
    /// The files to read.
    pub files: Vec<ChangeFile>,
}

/// A file with changed rows.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeFile {
    /// Its column `_change_type` says what happened to each row.
    Cdc(AddCdcFile),
    /// All its rows, without those of its deletion vector, were inserted.
    Insert(Add),
    /// All its rows, without those of its deletion vector, were deleted.
    Delete(Remove),
    /// The file stayed with another deletion vector: rows that only `after` has were deleted, and rows that only
    /// `before` has were inserted, as RESTORE does.
    Vector {
        /// The file as it is after the commit.
        add: Add,
        /// Its deletion vector before.
        before: Option<DeletionVectorDescriptor>,
        /// Its deletion vector after.
        after: Option<DeletionVectorDescriptor>,
    },
}

/// What the versions `first` to `last`, both included, changed, oldest first. Versions that changed no rows are left out.
///
/// # Errors
/// When a version is not there any more or not yet, when the feed was not on in one of them, and when the log cannot be
/// read.
pub async fn changes(table: &TableStore, first: u64, last: u64) -> Result<Vec<VersionChanges>> {
    if first > last {
        return Err(Error::invalid(format!(
            "the change feed ends at version {last}, before it starts at {first}"
        )));
    }
    let start = Snapshot::open(table, At::Version(first)).await?;
    let mut feed = Feed { protocol: start.protocol().clone(), metadata: start.metadata().clone() };
    // A version after the last is told as such, with those that there are.
    if last > first {
        Snapshot::open(table, At::Version(last)).await?;
    }
    let mut found = Vec::new();
    let mut previous = i64::MIN;
    for version in first..=last {
        let missing = || Error::Gap { url: table.url.to_string(), missing: version };
        let commit = read_commit(table, version).await?.ok_or_else(missing)?;
        feed.follow(&commit);
        feed.check(version)?;
        let in_commit = commit.info().and_then(|info| info.in_commit_timestamp);
        let timestamp_millis =
            in_commit.unwrap_or_else(|| commit.modified_millis.max(previous.saturating_add(1)));
        previous = timestamp_millis;
        let files = files_of(commit);
        if !files.is_empty() {
            found.push(VersionChanges { version, timestamp_millis, files });
        }
    }
    Ok(found)
}

struct Feed {
    protocol: Protocol,
    metadata: Metadata,
}

impl Feed {
    fn follow(&mut self, commit: &Commit) {
        for action in &commit.actions {
            match action {
                Action::Protocol(protocol) => self.protocol = protocol.clone(),
                Action::MetaData(metadata) => self.metadata = metadata.clone(),
                _ => {}
            }
        }
    }

    fn check(&self, version: u64) -> Result<()> {
        features::check_readable(&self.protocol)?;
        match TableProperties::of(&self.metadata).has_change_feed {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "version {version} has no change feed: the table property delta.enableChangeDataFeed was not true"
            ))),
        }
    }
}

fn files_of(commit: Commit) -> Vec<ChangeFile> {
    let mut cdc = Vec::new();
    let mut adds = Vec::new();
    let mut removes = Vec::new();
    for action in commit.actions {
        match action {
            Action::Cdc(file) => cdc.push(ChangeFile::Cdc(file)),
            Action::Add(add) if add.data_change => adds.push(add),
            Action::Remove(remove) if remove.data_change => removes.push(remove),
            _ => {}
        }
    }
    // Where there are any, they say it all.
    if !cdc.is_empty() {
        return cdc;
    }
    let mut by_path: HashMap<String, Remove> = HashMap::new();
    let mut order = Vec::new();
    for remove in removes {
        order.push(remove.path.clone());
        by_path.insert(remove.path.clone(), remove);
    }
    let mut files = Vec::new();
    for add in adds {
        files.push(match by_path.remove(&add.path) {
            Some(remove) => {
                ChangeFile::Vector { before: remove.deletion_vector, after: add.deletion_vector.clone(), add }
            }
            None => ChangeFile::Insert(add),
        });
    }
    files.extend(order.iter().filter_map(|path| by_path.remove(path)).map(ChangeFile::Delete));
    files
}
