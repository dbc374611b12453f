//! What brings an earlier version of a table back (RESTORE): files by difference, metadata, domains; nothing is rewritten.

use crate::actions::{Add, DomainMetadata, Metadata, Protocol, Remove};
use crate::column_mapping::MAX_COLUMN_ID_KEY;
use crate::features::upgrade;
use crate::files::{FileId, FileRef};
use crate::presence::{NamedFile, missing_files};
use crate::row_tracking::{ROW_COMMIT_VERSION_COLUMN_KEY, ROW_ID_COLUMN_KEY};
use crate::snapshot::Snapshot;
use crate::transaction::{ROW_TRACKING_DOMAIN, Transaction};
use crate::{Error, Result};
use std::collections::{BTreeSet, HashSet};

/// Properties that tell how far the table has come: an earlier value would be wrong, or forget what was promised.
const KEPT: [&str; 4] = [
    MAX_COLUMN_ID_KEY,
    "delta.enableInCommitTimestamps",
    "delta.inCommitTimestampEnablementVersion",
    "delta.inCommitTimestampEnablementTimestamp",
];

/// Names that no other columns may get. The files that come back have the earlier ones, which differ where the table was
/// made anew in between.
const KEPT_IF_ABSENT: [&str; 2] = [ROW_ID_COLUMN_KEY, ROW_COMMIT_VERSION_COLUMN_KEY];

/// The changes that make the newest version of a table what an earlier one was.
#[derive(Debug, Clone, PartialEq)]
pub struct Restoration {
    /// Files that come back.
    pub adds: Vec<Add>,
    /// Files that go.
    pub removes: Vec<Remove>,
    /// The metadata, where it differs.
    pub metadata: Option<Metadata>,
    /// The protocol, where it must rise; it is never lowered.
    pub protocol: Option<Protocol>,
    /// The domains that differ.
    pub domains: Vec<DomainMetadata>,
}

impl Restoration {
    /// From the newest version to an earlier one of the same table.
    ///
    /// # Errors
    /// When a file that would come back is not in the store any more, and when the log cannot be read.
    pub async fn of(current: &Snapshot, earlier: &Snapshot) -> Result<Self> {
        let now = tarn_platform::unix_millis();
        let here: HashSet<String> = current.files().iter().map(|file| logical_file(&file)).collect();
        let then: HashSet<String> = earlier.files().iter().map(|file| logical_file(&file)).collect();
        let back: Vec<FileId> = earlier
            .files()
            .iter()
            .filter(|file| !here.contains(&logical_file(file)))
            .map(|f| f.id())
            .collect();
        let mut adds = earlier.adds_with_stats(&back).await?;
        adds.iter_mut().for_each(|add| add.data_change = true);
        check_there(earlier, &adds).await?;
        let removes = (current.files().iter())
            .filter(|file| !then.contains(&logical_file(file)))
            .map(|file| file.to_add().to_remove(now, true))
            .collect();
        let metadata = restored_metadata(current.metadata(), earlier.metadata());
        let protocol = restored_protocol(current.protocol(), earlier.protocol());
        Ok(Self {
            adds,
            removes,
            metadata: (metadata != *current.metadata()).then_some(metadata),
            protocol: (protocol != *current.protocol()).then_some(protocol),
            domains: restored_domains(current, earlier),
        })
    }

    /// Whether the table is what it was already.
    pub fn is_empty(&self) -> bool {
        self.adds.is_empty()
            && self.removes.is_empty()
            && self.metadata.is_none()
            && self.protocol.is_none()
            && self.domains.is_empty()
    }

    /// Makes the changes part of a transaction.
    pub fn tell(self, transaction: &mut Transaction) {
        transaction.read_whole_table();
        if let Some(protocol) = self.protocol {
            transaction.set_protocol(protocol);
        }
        if let Some(metadata) = self.metadata {
            transaction.set_metadata(metadata);
        }
        self.domains.into_iter().for_each(|domain| transaction.set_domain(domain));
        self.removes.into_iter().for_each(|remove| transaction.remove(remove));
        self.adds.into_iter().for_each(|add| transaction.add(add));
    }
}

/// "Action Reconciliation": a logical file is a path and a deletion vector.
fn logical_file(file: &FileRef<'_>) -> String {
    match file.deletion_vector() {
        Some(vector) => format!("{}\n{}", file.path(), vector.unique_id()),
        None => file.path().to_owned(),
    }
}

async fn check_there(earlier: &Snapshot, adds: &[Add]) -> Result<()> {
    let named: Vec<NamedFile> = (adds.iter())
        .map(|add| NamedFile { path: add.path.clone(), deletion_vector: add.deletion_vector.clone() })
        .collect();
    let missing = missing_files(earlier.table(), &named).await?;
    let Some(first) = missing.first() else { return Ok(()) };
    let file = match (&first.vector, adds.get(first.index)) {
        (_, Some(add)) if first.data => add.path.clone(),
        (Some(vector), _) => vector.clone(),
        (None, _) => String::new(),
    };
    Err(Error::invalid(format!(
        "version {} cannot be restored: {} of its files are missing, such as {file}; VACUUM may have deleted them",
        earlier.version(),
        missing.len()
    )))
}

fn restored_metadata(current: &Metadata, earlier: &Metadata) -> Metadata {
    let mut metadata = earlier.clone();
    metadata.id.clone_from(&current.id);
    for key in KEPT {
        if let Some(value) = current.configuration.get(key) {
            metadata.configuration.insert(key.to_owned(), value.clone());
        }
    }
    for key in KEPT_IF_ABSENT {
        if let Some(value) = current.configuration.get(key) {
            metadata.configuration.entry(key.to_owned()).or_insert_with(|| value.clone());
        }
    }
    metadata
}

/// All features of both.
fn restored_protocol(current: &Protocol, earlier: &Protocol) -> Protocol {
    let features = crate::features::all_of(earlier).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    upgrade(current, &features)
}

fn restored_domains(current: &Snapshot, earlier: &Snapshot) -> Vec<DomainMetadata> {
    // Row ids go on where they are: those of rows that are gone are never given again.
    let is_restored = |domain: &&DomainMetadata| domain.domain != ROW_TRACKING_DOMAIN;
    let changed = (earlier.domains().filter(is_restored))
        .filter(|domain| current.domain(&domain.domain) != Some(domain.configuration.as_str()))
        .cloned();
    let ended = (current.domains().filter(is_restored))
        .filter(|domain| earlier.domain(&domain.domain).is_none())
        .map(|domain| DomainMetadata { removed: true, ..domain.clone() });
    changed.chain(ended).collect()
}
