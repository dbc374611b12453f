//! The change data feed: which files hold what each version changed ("Reader Requirements for AddCDCFile").

use crate::actions::{Action, Add, AddCdcFile, DeletionVectorDescriptor, Metadata, Protocol, Remove};
use crate::alter::may_widen;
use crate::commit::{Commit, read_commit};
use crate::features;
use crate::properties::TableProperties;
use crate::schema::{ColumnMappingMode, DataType, StructType, parse};
use crate::snapshot::{At, Snapshot};
use crate::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

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

/// What the versions from `first` to that of a snapshot, both included, changed, oldest first. Versions that changed no
/// rows are left out.
///
/// # Errors
/// When a version is not there any more, when the feed was not on in one of them, when the table had columns then that the
/// last does not have, and when the log cannot be read.
pub async fn changes(end: &Arc<Snapshot>, first: u64) -> Result<Vec<VersionChanges>> {
    let (table, last) = (end.table(), end.version());
    if first > last {
        return Err(Error::invalid(format!(
            "the change feed ends at version {last}, before it starts at {first}"
        )));
    }
    let mut states = Vec::new();
    let mut found = Vec::new();
    let mut previous = i64::MIN;
    for version in first..=last {
        let Some(commit) = read_commit(table, version).await? else {
            // Where the log begins later, the error names the versions that there are.
            Snapshot::open(table, At::Version(version)).await?;
            return Err(Error::Gap { url: table.url.to_string(), missing: version });
        };
        states.extend(StateChange::of(&commit));
        let in_commit = commit.info().and_then(|info| info.in_commit_timestamp);
        let timestamp_millis =
            in_commit.unwrap_or_else(|| commit.modified_millis.max(previous.saturating_add(1)));
        previous = timestamp_millis;
        let files = files_of(commit);
        if !files.is_empty() {
            found.push(VersionChanges { version, timestamp_millis, files });
        }
    }
    check_states(end, first, states).await?;
    Ok(found)
}

/// What a commit says of the table itself.
struct StateChange {
    version: u64,
    protocol: Option<Protocol>,
    metadata: Option<Metadata>,
}

impl StateChange {
    fn of(commit: &Commit) -> Option<Self> {
        let mut change = Self { version: commit.version, protocol: None, metadata: None };
        for action in &commit.actions {
            match action {
                Action::Protocol(protocol) => change.protocol = Some(protocol.clone()),
                Action::MetaData(metadata) => change.metadata = Some(metadata.clone()),
                _ => {}
            }
        }
        (change.protocol.is_some() || change.metadata.is_some()).then_some(change)
    }
}

/// Whether the feed was on in all versions, and their rows can be told in the columns of the last.
async fn check_states(end: &Arc<Snapshot>, first: u64, changes: Vec<StateChange>) -> Result<()> {
    // A table that stayed what it is was that at first, too.
    let start = match changes.iter().any(|change| change.version > first) {
        true => Snapshot::open(end.table(), At::Version(first)).await?,
        false => Arc::clone(end),
    };
    let mut feed =
        Feed { protocol: start.protocol().clone(), metadata: start.metadata().clone(), end: Arc::clone(end) };
    feed.check(first)?;
    feed.check_schema(first)?;
    for change in changes.into_iter().filter(|change| change.version > first) {
        let has_new_schema = change.metadata.is_some();
        feed.protocol = change.protocol.unwrap_or(feed.protocol);
        feed.metadata = change.metadata.unwrap_or(feed.metadata);
        feed.check(change.version)?;
        if has_new_schema {
            feed.check_schema(change.version)?;
        }
    }
    Ok(())
}

struct Feed {
    protocol: Protocol,
    metadata: Metadata,
    /// The version in whose columns all rows are told.
    end: Arc<Snapshot>,
}

impl Feed {
    /// Whether rows of a version can be told in the columns of the last: those may be more, and wider.
    fn check_schema(&self, version: u64) -> Result<()> {
        let schema = parse(&self.metadata.schema_string)
            .map_err(|reason| Error::damaged(format!("the metaData action of version {version}"), reason))?;
        let mode = TableProperties::of(&self.metadata).column_mapping;
        let problem = match self.metadata.partition_columns == self.end.metadata().partition_columns {
            true => misfit(&schema, mode, self.end.schema(), self.end.column_mapping(), ""),
            false => Some("the table was partitioned by other columns".to_owned()),
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(Error::invalid(format!(
                "the changes of version {version} do not fit the columns of version {}: {problem}; ask for versions \
                 with the same columns, before and after the change",
                self.end.version()
            ))),
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

/// What keeps rows of `old` from being told in the columns of `new`.
fn misfit(
    old: &StructType,
    old_mode: ColumnMappingMode,
    new: &StructType,
    new_mode: ColumnMappingMode,
    place: &str,
) -> Option<String> {
    old.fields.iter().find_map(|field| {
        let name = format!("{place}{}", field.name);
        let Some(found) = new.fields.iter().find(|found| found.name == field.name) else {
            return Some(format!("the column {name} was renamed or dropped"));
        };
        if field.physical_name(old_mode) != found.physical_name(new_mode) {
            return Some(format!("the column {name} is another one by the same name"));
        }
        let (from, to) = (&field.data_type, &found.data_type);
        type_misfit(from, old_mode, to, new_mode, &name)
    })
}

fn type_misfit(
    old: &DataType,
    old_mode: ColumnMappingMode,
    new: &DataType,
    new_mode: ColumnMappingMode,
    name: &str,
) -> Option<String> {
    match (old, new) {
        (DataType::Struct(old), DataType::Struct(new)) => {
            misfit(old, old_mode, new, new_mode, &format!("{name}."))
        }
        (DataType::Array(old), DataType::Array(new)) => {
            let name = format!("{name}.element");
            type_misfit(&old.element_type, old_mode, &new.element_type, new_mode, &name)
        }
        (DataType::Map(old), DataType::Map(new)) => type_misfit(
            &old.key_type,
            old_mode,
            &new.key_type,
            new_mode,
            &format!("{name}.key"),
        )
        .or_else(|| {
            type_misfit(&old.value_type, old_mode, &new.value_type, new_mode, &format!("{name}.value"))
        }),
        _ if old == new || may_widen(old, new) => None,
        _ => Some(format!("the column {name} changed from {} to {}", old.sql_name(), new.sql_name())),
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
