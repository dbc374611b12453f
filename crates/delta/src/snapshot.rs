//! A version of a table: what replaying its log gives.

use crate::actions::{Add, DomainMetadata, Metadata, PartitionValues, Protocol, Remove, SetTransaction};
use crate::features;
use crate::files::{FileId, FileList, FileRef};
use crate::log::checksum::VersionChecksum;
use crate::log::segment::{self, CommitFile, LogSegment};
use crate::log::{self, COMMIT_READS, SIDECAR_READS, checkpoint, checksum, listing, names};
use crate::partition_values;
use crate::properties::TableProperties;
use crate::replay::{Origin, Replay};
use crate::schema::{self, ColumnMappingMode, StructField, StructType};
use crate::stats::{self, FileStatistics};
use crate::{Error, Result, TableStore};
use arrow::array::ArrayRef;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Commits above this size are read few at a time.
const LARGE_COMMIT_BYTES: u64 = 4 * 1024 * 1024;

/// Which version of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The newest.
    Latest,
    /// This one.
    Version(u64),
}

/// A version of a table.
#[derive(Debug)]
pub struct Snapshot {
    table: TableStore,
    protocol: Protocol,
    metadata: Metadata,
    metadata_file: String,
    schema: StructType,
    properties: TableProperties,
    column_mapping: ColumnMappingMode,
    domains: BTreeMap<String, DomainMetadata>,
    transactions: BTreeMap<String, SetTransaction>,
    in_commit_timestamp: Option<i64>,
    files: FileList,
    segment: LogSegment,
}

impl Snapshot {
    /// Reads a version of the table.
    ///
    /// # Errors
    /// When there is no table or no such version, when the log has a gap, when a file of it is missing or damaged, and
    /// when the table needs what is not known here.
    pub async fn open(table: &TableStore, at: At) -> Result<Arc<Self>> {
        let version = match at {
            At::Latest => None,
            At::Version(version) => Some(version),
        };
        let found = segment::find(table, version, None).await?;
        let mut checkpoint = found.segment.checkpoint.as_ref().map(|checkpoint| checkpoint.version);
        let mut outcome = Self::read(table, found).await;
        // As in Spark, a checkpoint that cannot be read is no loss while what it stands for is there.
        while let (Err(Unread::Checkpoint(_)), Some(before)) = (&outcome, checkpoint) {
            let Ok(older) = segment::find(table, version, Some(before)).await else { break };
            // Where nothing can be listed, the log seems to end at a gap.
            if older.segment.version < before {
                break;
            }
            checkpoint = older.segment.checkpoint.as_ref().map(|checkpoint| checkpoint.version);
            outcome = Self::read(table, older).await;
        }
        outcome.map_err(|unread| match unread {
            Unread::Checkpoint(error) | Unread::Other(error) => error,
        })
    }

    async fn read(table: &TableStore, found: segment::Found) -> Result<Arc<Self>, Unread> {
        let mut replay = Replay::new(table);
        let segment = found.segment;
        let applied = apply_commits(table, &segment.commits, found.read, segment.version, &mut replay);
        let checksum = async {
            match segment.has_checksum {
                true => checksum::read(table, segment.version).await,
                false => None,
            }
        };
        let (applied, checksum) = futures::future::join(applied, checksum).await;
        applied?;
        replay.turn_around()?;
        let newer = replay.take_files();
        if let Some(files) = &segment.checkpoint {
            // A newer protocol may forbid to read on: say that rather than stumble over what is not known.
            if let Some(protocol) = &replay.protocol {
                features::check_readable(protocol)?;
            }
            checkpoint::apply(table, files, &mut replay).await.map_err(Unread::of_checkpoint)?;
        }
        let mut chunks = replay.take_files();
        chunks.extend(newer);
        let files = FileList::new(chunks, std::mem::take(&mut replay.sources));
        let snapshot = Self::of(table, replay, files, segment, None).await?;
        checksum.map_or(Ok(()), |checksum| snapshot.check_sum(&checksum))?;
        Ok(snapshot)
    }

    /// Compares the version with its checksum file ("State Validation"): a commit that was cut off at the end of a line looks
    /// whole by itself. A log without files passes: there are tables for tests whose checksums tell of files that the log was
    /// never given.
    fn check_sum(&self, checksum: &VersionChecksum) -> Result<()> {
        let version = self.version();
        let found = (self.files.len() as u64, self.files.size_bytes());
        let told = (u64::try_from(checksum.num_files), u64::try_from(checksum.table_size_bytes));
        let (Ok(files), Ok(bytes)) = told else { return Ok(()) };
        if (files, bytes) == found || self.files.is_empty() {
            return Ok(());
        }
        let reason = format!(
            "{} says that version {version} has {files} files of {bytes} bytes, and the log has {} of {}: one of the two was \
             cut off or changed",
            names::checksum(version),
            found.0,
            found.1,
        );
        Err(Error::damaged(log::from_table(&names::commit(version)), reason))
    }

    /// The newest version, for which only commits are read that this snapshot does not know. Gives itself when there
    /// are none.
    ///
    /// # Errors
    /// As [`Snapshot::open`].
    pub async fn update(self: &Arc<Self>) -> Result<Arc<Self>> {
        let (commits, read) = match self.newer_commits().await? {
            Newer::Commits(commits, _) if commits.is_empty() => return Ok(Arc::clone(self)),
            Newer::Commits(commits, read) => (commits, read),
            // The table is another one than it was, or its log went on without commits that are needed.
            Newer::Unknown => return Self::open(&self.table, At::Latest).await,
        };
        let mut replay = Replay::after(&self.table, self.files.sources());
        let head = commits.last().map(|commit| commit.file.clone());
        let version = commits.last().map_or(self.version(), |commit| commit.last);
        apply_commits(&self.table, &commits, read, version, &mut replay).await?;
        replay.turn_around()?;
        let more = replay.take_files();
        let sources = std::mem::take(&mut replay.sources);
        let files = self.files.updated(&replay.keys, &replay.seen, more, sources)?;
        Self::of(&self.table, replay, files, self.segment.extended(commits, head), Some(self)).await
    }

    async fn newer_commits(&self) -> Result<Newer> {
        let Some(next) = self.version().checked_add(1) else {
            return Ok(Newer::Commits(Vec::new(), HashMap::new()));
        };
        if !self.segment.is_listed {
            let found = log::follow(&self.table, next).await?;
            return Ok(Newer::Commits(found.0, found.1));
        }
        let Some(files) = listing::list(&self.table, self.version()).await? else {
            return Ok(Newer::Unknown);
        };
        // A table that was dropped and made anew has other commits under the same names.
        if let Some(head) = &self.segment.head
            && !files.iter().any(|file| file == head)
        {
            return Ok(Newer::Unknown);
        }
        let is_commit = |version: u64| names::LogName::Commit { version };
        let newest = files.iter().filter_map(|file| match file.kind {
            names::LogName::Commit { version } => Some(version),
            names::LogName::Checkpoint { .. }
            | names::LogName::Compaction { .. }
            | names::LogName::Checksum { .. } => None,
        });
        let Some(newest) = newest.max().filter(|newest| *newest >= next) else {
            // Without its commit there is nothing to compare but that something is still there.
            let is_there = self.segment.head.is_some() || !files.is_empty();
            return Ok(if is_there { Newer::Commits(Vec::new(), HashMap::new()) } else { Newer::Unknown });
        };
        let commits: Vec<_> =
            files.iter().filter(|file| matches!(file.kind, names::LogName::Commit { .. })).collect();
        let has_all =
            (next..=newest).all(|version| commits.iter().any(|file| file.kind == is_commit(version)));
        match has_all {
            true => match segment::follow(&files, next, newest) {
                Ok(commits) => Ok(Newer::Commits(commits, HashMap::new())),
                Err(_) => Ok(Newer::Unknown),
            },
            false => Ok(Newer::Unknown),
        }
    }

    async fn of(
        table: &TableStore,
        mut replay: Replay,
        files: FileList,
        segment: LogSegment,
        older: Option<&Self>,
    ) -> Result<Arc<Self>> {
        let version = segment.version;
        let lacks = |what: &str| {
            Error::damaged(
                log::from_table(&names::commit(version)),
                format!("version {version} has no {what} action"),
            )
        };
        let protocol = replay.protocol.or_else(|| older.map(|older| older.protocol.clone()));
        let protocol = protocol.ok_or_else(|| lacks("protocol"))?;
        features::check_readable(&protocol)?;
        let (metadata, metadata_file) = match (replay.metadata, older) {
            (Some(metadata), _) => (metadata, replay.metadata_file),
            (None, Some(older)) => (older.metadata.clone(), older.metadata_file.clone()),
            (None, None) => return Err(lacks("metaData")),
        };
        let damaged = |reason: String| Error::damaged(metadata_file.as_str(), reason);
        let schema = match metadata.schema_string.is_empty() {
            true => StructType::default(),
            false => schema::parse(&metadata.schema_string).map_err(damaged)?,
        };
        features::check_type_changes(&schema)?;
        if let Some(name) = schema.repeated_name() {
            return Err(damaged(format!("the column or field {name} occurs twice in the schema")));
        }
        for column in &metadata.partition_columns {
            if schema.field(column).is_none() {
                return Err(Error::damaged(
                    &metadata_file,
                    format!("the partition column {column} is not in the schema"),
                ));
            }
        }
        let properties = TableProperties::of(&metadata);
        let column_mapping = match features::supports_column_mapping(&protocol) {
            true => properties.column_mapping,
            false => ColumnMappingMode::None,
        };
        if let Some(older) = older {
            for (app_id, transaction) in &older.transactions {
                replay.transactions.entry(app_id.clone()).or_insert_with(|| transaction.clone());
            }
            for (name, domain) in &older.domains {
                replay.domains.entry(name.clone()).or_insert_with(|| domain.clone());
            }
        }
        replay.domains.retain(|_, domain| !domain.removed);
        let mut in_commit_timestamp = None;
        if properties.has_in_commit_timestamps && features::supports(&protocol, features::IN_COMMIT_TIMESTAMP)
        {
            in_commit_timestamp = match replay.in_commit_timestamp {
                Some(timestamp) => Some(timestamp),
                None => head_timestamp(table, &segment).await?,
            };
        }
        Ok(Arc::new(Self {
            table: table.clone(),
            protocol,
            metadata,
            metadata_file,
            schema,
            properties,
            column_mapping,
            domains: replay.domains,
            transactions: replay.transactions,
            in_commit_timestamp,
            files,
            segment,
        }))
    }

    /// The table.
    pub fn table(&self) -> &TableStore {
        &self.table
    }

    /// The version.
    pub fn version(&self) -> u64 {
        self.segment.version
    }

    /// What readers and writers must know.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The table's metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The columns, with logical names.
    pub fn schema(&self) -> &StructType {
        &self.schema
    }

    /// The table's properties.
    pub fn properties(&self) -> &TableProperties {
        &self.properties
    }

    /// How columns are found in data files; `None` where the protocol does not support the property ("Column Mapping").
    pub fn column_mapping(&self) -> ColumnMappingMode {
        self.column_mapping
    }

    /// What a domain of metadata holds.
    pub fn domain(&self, name: &str) -> Option<&str> {
        self.domains.get(name).map(|domain| domain.configuration.as_str())
    }

    /// All domains of metadata.
    pub fn domains(&self) -> impl Iterator<Item = &DomainMetadata> {
        self.domains.values()
    }

    /// How far an application has written.
    pub fn transaction(&self, app_id: &str) -> Option<&SetTransaction> {
        self.transactions.get(app_id)
    }

    /// How far all applications have written.
    pub fn transactions(&self) -> impl Iterator<Item = &SetTransaction> {
        self.transactions.values()
    }

    /// When the version was committed, in milliseconds since 1970, where the table keeps this ("In-Commit Timestamps").
    pub fn in_commit_timestamp(&self) -> Option<i64> {
        self.in_commit_timestamp
    }

    /// When the version was committed, in milliseconds since 1970: what its commit says, or else the time of that file;
    /// `None` where the file is gone.
    pub fn committed_millis(&self) -> Option<i64> {
        self.in_commit_timestamp.or_else(|| self.segment.head.as_ref().map(|head| head.modified_millis))
    }

    /// The files with the version's rows.
    pub fn files(&self) -> &FileList {
        &self.files
    }

    /// The files of the log that make the version.
    pub fn commits_listed(&self) -> &LogSegment {
        &self.segment
    }

    /// The tombstones that log and checkpoint still have; they are not kept, so this reads the log again.
    ///
    /// # Errors
    /// When a file of the log is missing or damaged.
    pub async fn load_tombstones(&self) -> Result<Vec<Remove>> {
        let mut replay = Replay::of_tombstones(&self.table);
        apply_commits(&self.table, &self.segment.commits, HashMap::new(), self.version(), &mut replay)
            .await?;
        if let Some(files) = &self.segment.checkpoint {
            checkpoint::apply(&self.table, files, &mut replay).await?;
        }
        Ok(replay.tombstones.unwrap_or_default())
    }

    /// Typed bounds of all files, in the order of [`FileList::iter`], for columns given as paths of logical names.
    ///
    /// # Errors
    /// When there is no such column, and when a file of the log cannot be read again.
    pub async fn statistics(&self, columns: &[Vec<String>]) -> Result<FileStatistics> {
        stats::of_files(self, columns).await
    }

    /// Whole actions, with statistics and tags: for writers that commit files again.
    ///
    /// # Errors
    /// When an id is none of this snapshot's, and when a file of the log cannot be read again.
    pub async fn adds_with_stats(&self, ids: &[FileId]) -> Result<Vec<Add>> {
        stats::adds(self, ids).await
    }

    /// A file's value for each partition column of the table, by physical names: what the log leaves out is null.
    pub fn partition_values_of(&self, file: &FileRef<'_>) -> PartitionValues {
        let schema = self.schema();
        let columns = self.metadata.partition_columns.iter().filter_map(|column| schema.field(column));
        let physical = columns.map(|field| field.physical_name(self.column_mapping));
        physical.map(|name| (name.to_owned(), file.partition_value(name).map(str::to_owned))).collect()
    }

    /// The values of a partition column of all files, in the order of [`FileList::iter`].
    ///
    /// # Errors
    /// When a value is none of the column's type: which value of which file.
    pub fn partition_values(&self, column: &StructField) -> Result<ArrayRef> {
        let physical = column.physical_name(self.column_mapping);
        let values = self.files.iter().map(|file| file.partition_value(physical));
        let all = partition_values::partition_array(values, &column.data_type);
        all.map_err(|error| {
            let wrong = self.files.iter().find(|file| {
                let value = file.partition_value(physical);
                partition_values::parse_partition_value(value, &column.data_type).is_err()
            });
            let Some(wrong) = wrong else { return error };
            let value = wrong.partition_value(physical).unwrap_or_default();
            let (path, name, kind) = (wrong.path(), &column.name, column.data_type.sql_name());
            let reason =
                format!("{path} has the value {value} of the partition column {name}, which is no {kind}");
            let (source, row) = wrong.source();
            match usize::try_from(source).ok().and_then(|source| self.files.sources().get(source)) {
                Some(source) => source.damaged(row, &reason),
                None => Error::damaged(path, reason),
            }
        })
    }
}

/// Why a version could not be read.
enum Unread {
    /// A file of its checkpoint is missing or damaged.
    Checkpoint(Error),
    Other(Error),
}

impl Unread {
    fn of_checkpoint(error: Error) -> Self {
        match error {
            Error::Damaged { .. }
            | Error::MissingFile { .. }
            | Error::Arrow { .. }
            | Error::Invalid { .. } => Self::Checkpoint(error),
            other => Self::Other(other),
        }
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

enum Newer {
    Commits(Vec<CommitFile>, HashMap<u64, Bytes>),
    /// The log must be read anew.
    Unknown,
}

/// Applies commits, newest first; those in `read` need not be read.
async fn apply_commits(
    table: &TableStore,
    commits: &[CommitFile],
    mut read: HashMap<u64, Bytes>,
    version: u64,
    replay: &mut Replay,
) -> Result<()> {
    let is_large = commits.iter().any(|commit| commit.file.size_bytes > LARGE_COMMIT_BYTES);
    let reads: Vec<_> = (commits.iter().rev())
        .map(|commit| {
            let bytes = read.remove(&commit.first).filter(|_| commit.first == commit.last);
            let (table, commit) = (table.clone(), commit.clone());
            async move {
                let bytes = match bytes {
                    Some(bytes) => bytes,
                    None => log::read_file(&table, &commit.file.name, version).await?,
                };
                Ok::<_, Error>((commit, bytes))
            }
        })
        .collect();
    let mut reads = stream::iter(reads).buffered(if is_large { SIDECAR_READS } else { COMMIT_READS });
    while let Some((commit, bytes)) = reads.try_next().await? {
        let is_newest = commit.first == commit.last && commit.last == version;
        replay.apply_json(&Origin::json(table, &commit.file), &bytes, is_newest)?;
    }
    Ok(())
}

/// The in-commit timestamp of a version whose commit was not replayed, since a checkpoint holds it.
async fn head_timestamp(table: &TableStore, segment: &LogSegment) -> Result<Option<i64>> {
    let name = names::commit(segment.version);
    let Some(bytes) = log::read_if_there(table, &name).await? else { return Ok(None) };
    // "In-Commit Timestamps": the first action of the commit has it.
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_slice(first).unwrap_or_default();
    Ok(value.pointer("/commitInfo/inCommitTimestamp").and_then(serde_json::Value::as_i64))
}
