//! Replaying the log, newest first ("Action Reconciliation"): of the references to one thing the newest counts.

use crate::actions::{
    Add, DomainMetadata, Metadata, Protocol, Remove, SetTransaction, json_reason, lines_of, parse_line,
};
use crate::files::{
    ChunkBuilder, DeletionVectorRef, FileChunk, KeptStats, Keys, NewFile, Source, SourceKind,
};
use crate::log::from_table;
use crate::log::listing::LogFile;
use crate::{Error, Result, TableStore};
use object_store::path::Path;
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Commits with larger statistics are read again for them.
const KEPT_BYTES_A_COMMIT: usize = 256 * 1024;
/// Statistics that one replay keeps in all.
const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// What a replay has found so far.
pub(crate) struct Replay {
    pub(crate) keys: Keys,
    /// Keys of files that newer actions named.
    pub(crate) seen: HashSet<u128>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) metadata: Option<Metadata>,
    /// The file with the metadata, for errors.
    pub(crate) metadata_file: String,
    pub(crate) transactions: BTreeMap<String, SetTransaction>,
    /// With those that ended.
    pub(crate) domains: BTreeMap<String, DomainMetadata>,
    /// Of the newest commit.
    pub(crate) in_commit_timestamp: Option<i64>,
    pub(crate) sources: Vec<Arc<Source>>,
    /// The tombstones, when they are wanted instead of files.
    pub(crate) tombstones: Option<Vec<Remove>>,
    /// Files whose order is right already.
    ordered: Vec<FileChunk>,
    builder: ChunkBuilder,
    kept_bytes: usize,
}

/// A line of a commit, as much of it as replay needs. Provenance may be any JSON, so little is asked of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    add: Option<Add>,
    remove: Option<Remove>,
    meta_data: Option<Metadata>,
    protocol: Option<Protocol>,
    txn: Option<SetTransaction>,
    domain_metadata: Option<DomainMetadata>,
    #[serde(default, deserialize_with = "lenient")]
    commit_info: Option<InCommitTimestamp>,
}

/// What replay needs of provenance.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InCommitTimestamp {
    in_commit_timestamp: Option<i64>,
}

fn lenient<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<InCommitTimestamp>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let in_commit_timestamp = value.get("inCommitTimestamp").and_then(serde_json::Value::as_i64);
    Ok((!value.is_null()).then_some(InCommitTimestamp { in_commit_timestamp }))
}

/// Where a batch of actions comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// From the table's folder on.
    pub(crate) file: String,
    pub(crate) path: Path,
    pub(crate) size_bytes: u64,
    pub(crate) kind: SourceKind,
}

impl Origin {
    /// A commit, or the JSON file of a checkpoint.
    pub(crate) fn json(table: &TableStore, file: &LogFile) -> Self {
        Self {
            file: from_table(&file.name),
            path: table.log_path(&file.name),
            size_bytes: file.size_bytes,
            kind: SourceKind::Json,
        }
    }
}

impl Replay {
    pub(crate) fn new(table: &TableStore) -> Self {
        Self {
            keys: Keys::of(table),
            seen: HashSet::new(),
            protocol: None,
            metadata: None,
            metadata_file: String::new(),
            transactions: BTreeMap::new(),
            domains: BTreeMap::new(),
            in_commit_timestamp: None,
            sources: Vec::new(),
            tombstones: None,
            ordered: Vec::new(),
            builder: ChunkBuilder::default(),
            kept_bytes: 0,
        }
    }

    /// A replay that adds to what is known from these sources.
    pub(crate) fn after(table: &TableStore, sources: &[Arc<Source>]) -> Self {
        let kept = sources.iter().filter_map(|source| source.kept.as_ref());
        let kept_bytes = kept.map(KeptStats::size_bytes).sum();
        Self { sources: sources.to_vec(), kept_bytes, ..Self::new(table) }
    }

    /// A replay that collects tombstones and no files.
    pub(crate) fn of_tombstones(table: &TableStore) -> Self {
        Self { tombstones: Some(Vec::new()), ..Self::new(table) }
    }

    /// Applies the actions of a commit, or of a JSON checkpoint; `is_newest` where it is the commit of the version.
    ///
    /// # Errors
    /// When it is empty or no list of actions, with the line; when it holds two metadata or two protocols.
    pub(crate) fn apply_json(&mut self, origin: &Origin, text: &[u8], is_newest: bool) -> Result<()> {
        let source = self.next_source(&origin.file)?;
        let mut kept = KeptStats::default();
        let (mut protocols, mut metadatas) = (0, 0);
        // Of the actions in one file the last counts too.
        for (number, line) in lines_of(&origin.file, text)?.into_iter().rev() {
            let damaged = |reason: &dyn std::fmt::Display| {
                Error::damaged(&origin.file, format!("line {number}: {reason}"))
            };
            let actions: Line = parse_line(line).map_err(|error| damaged(&json_reason(&error)))?;
            protocols += u32::from(actions.protocol.is_some());
            metadatas += u32::from(actions.meta_data.is_some());
            if protocols > 1 || metadatas > 1 {
                let twice = if protocols > 1 { "protocol" } else { "metaData" };
                return Err(damaged(&format!("the file holds more than one {twice} action")));
            }
            let row = u32::try_from(number - 1).map_err(|error| damaged(&error))?;
            self.apply_line(actions, origin, (source, row), &mut kept, is_newest)
                .map_err(|reason| damaged(&reason))?;
        }
        let stays =
            kept.size_bytes() <= KEPT_BYTES_A_COMMIT && self.kept_bytes + kept.size_bytes() <= KEPT_BYTES;
        if stays {
            self.kept_bytes += kept.size_bytes();
        }
        self.add_source(origin, stays.then_some(kept));
        Ok(())
    }

    fn apply_line(
        &mut self,
        line: Line,
        origin: &Origin,
        source: (u32, u32),
        kept: &mut KeptStats,
        is_newest: bool,
    ) -> Result<(), String> {
        if let Some(add) = line.add {
            let vector = add.deletion_vector.as_ref().map(|vector| vector.as_ref());
            let key = self.keys.key(&add.path, vector);
            let file = NewFile {
                path: &add.path,
                size: add.size,
                modification_time: add.modification_time,
                deletion_vector: vector,
                base_row_id: add.base_row_id,
                default_row_commit_version: add.default_row_commit_version,
                clustering_provider: add.clustering_provider.as_deref(),
                key,
                source: source.0,
                source_row: source.1,
            };
            let values = add.partition_values.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
            let is_new = self.add_file(&file, values, true)?;
            // Past the limit nothing of the commit is kept, so there is no point in collecting more.
            if let Some(stats) = add.stats.filter(|_| is_new && kept.size_bytes() <= KEPT_BYTES_A_COMMIT) {
                kept.push(source.1, &stats);
            }
        }
        if let Some(remove) = line.remove {
            self.remove_file(remove);
        }
        if let Some(protocol) = line.protocol {
            self.protocol.get_or_insert(protocol);
        }
        if let Some(metadata) = line.meta_data {
            self.set_metadata(metadata, &origin.file);
        }
        if let Some(transaction) = line.txn {
            self.set_transaction(transaction);
        }
        if let Some(domain) = line.domain_metadata {
            self.set_domain(domain);
        }
        if let Some(info) = line.commit_info.filter(|_| is_newest) {
            self.in_commit_timestamp = self.in_commit_timestamp.or(info.in_commit_timestamp);
        }
        Ok(())
    }

    /// Adds a file unless something newer named it; whether it did. What comes from a checkpoint need not be
    /// remembered, since a checkpoint names a file once and nothing older follows.
    pub(crate) fn add_file<'a>(
        &mut self,
        file: &NewFile<'a>,
        partition_values: impl Iterator<Item = (&'a str, Option<&'a str>)>,
        is_remembered: bool,
    ) -> Result<bool, String> {
        let is_new = match is_remembered {
            true => self.seen.insert(file.key),
            false => !self.seen.contains(&file.key),
        };
        if is_new && self.tombstones.is_none() {
            self.builder.push(file, partition_values)?;
        }
        Ok(is_new)
    }

    /// Keeps an older `add` of the same file away.
    pub(crate) fn remove_file(&mut self, remove: Remove) {
        let key = self.key(&remove.path, remove.deletion_vector.as_ref().map(|vector| vector.as_ref()));
        let is_new = self.seen.insert(key);
        if let Some(tombstones) = self.tombstones.as_mut().filter(|_| is_new) {
            tombstones.push(remove);
        }
    }

    pub(crate) fn key(&self, path: &str, vector: Option<DeletionVectorRef<'_>>) -> u128 {
        self.keys.key(path, vector)
    }

    pub(crate) fn set_metadata(&mut self, metadata: Metadata, file: &str) {
        if self.metadata.is_none() {
            self.metadata = Some(metadata);
            file.clone_into(&mut self.metadata_file);
        }
    }

    pub(crate) fn set_transaction(&mut self, transaction: SetTransaction) {
        self.transactions.entry(transaction.app_id.clone()).or_insert(transaction);
    }

    pub(crate) fn set_domain(&mut self, domain: DomainMetadata) {
        self.domains.entry(domain.domain.clone()).or_insert(domain);
    }

    /// The index that the next source gets.
    pub(crate) fn next_source(&self, file: &str) -> Result<u32> {
        u32::try_from(self.sources.len()).map_err(|_| Error::damaged(file, "the log has too many files"))
    }

    pub(crate) fn add_source(&mut self, origin: &Origin, kept: Option<KeptStats>) {
        self.sources.push(Arc::new(Source {
            file: origin.file.clone(),
            path: origin.path.clone(),
            size_bytes: origin.size_bytes,
            kind: origin.kind,
            kept,
            stats: Mutex::default(),
        }));
    }

    /// Turns the files since the last call around: JSON is read from its end.
    pub(crate) fn turn_around(&mut self) -> Result<()> {
        let chunks = std::mem::take(&mut self.builder).finish();
        for chunk in chunks.iter().rev() {
            self.ordered.push(chunk.reversed()?);
        }
        Ok(())
    }

    /// The files since the last call.
    pub(crate) fn take_files(&mut self) -> Vec<FileChunk> {
        let mut files = std::mem::take(&mut self.ordered);
        files.extend(std::mem::take(&mut self.builder).finish());
        files
    }
}
