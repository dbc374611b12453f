//! What a version's checksum file says of it ("Version Checksum File Schema").

use super::{names, read_if_there};
use crate::TableStore;
use crate::actions::{DomainMetadata, Metadata, Protocol, SetTransaction};
use serde::{Deserialize, Serialize};

/// The parts of a version checksum that are compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionChecksum {
    /// A name of the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn_id: Option<String>,
    /// Bytes of all files.
    pub table_size_bytes: i64,
    /// How many files there are.
    pub num_files: i64,
    /// Always 1.
    pub num_metadata: i64,
    /// Always 1.
    pub num_protocol: i64,
    /// "In-Commit Timestamps", where the feature is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_commit_timestamp_opt: Option<i64>,
    /// All transactions of applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_transactions: Option<Vec<SetTransaction>>,
    /// All domains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_metadata: Option<Vec<DomainMetadata>>,
    /// The table's metadata.
    pub metadata: Metadata,
    /// The table's protocol.
    pub protocol: Protocol,
}

/// The checksum of a version; `None` when there is none, and when it is malformed: a table is read without.
pub async fn read(table: &TableStore, version: u64) -> Option<VersionChecksum> {
    let bytes = read_if_there(table, &names::checksum(version)).await.ok().flatten()?;
    serde_json::from_slice(&bytes).ok()
}
