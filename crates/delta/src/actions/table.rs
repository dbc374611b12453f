//! Actions about the table as a whole ("Change Metadata", "Protocol Evolution", "Transaction Identifiers", "Commit
//! Provenance Information", "Domain Metadata", "Checkpoint Metadata").

use super::lenient;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The table's schema, partitioning and properties.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// A UUID.
    pub id: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Always Parquet.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub format: Format,
    /// "Schema Serialization Format", as JSON. Spark takes an absent one for no columns.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub schema_string: String,
    /// Logical names of the partition columns, in order.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub partition_columns: Vec<String>,
    /// Table properties.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub configuration: BTreeMap<String, String>,
    /// When the table was made, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<i64>,
}

/// The format of the data files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Format {
    /// `parquet`.
    pub provider: String,
    /// Always empty.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub options: BTreeMap<String, String>,
}

impl Default for Format {
    fn default() -> Self {
        Self { provider: "parquet".to_owned(), options: BTreeMap::new() }
    }
}

/// What a client must know to read and write the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    /// 1 to 3.
    pub min_reader_version: i32,
    /// 1 to 7.
    pub min_writer_version: i32,
    /// With reader version 3: the features that a reader must know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_features: Option<Vec<String>>,
    /// With writer version 7: the features that a writer must know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_features: Option<Vec<String>>,
}

/// How far an application has written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetTransaction {
    /// The application.
    pub app_id: String,
    /// Its own version.
    pub version: i64,
    /// When, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<i64>,
}

/// Metadata of a named domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainMetadata {
    /// The domain; those of Delta start with `delta.`.
    pub domain: String,
    /// What it holds.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub configuration: String,
    /// Whether this ends the domain.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub removed: bool,
}

/// What a V2 checkpoint says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointMetadata {
    /// The version of the checkpoint.
    pub version: i64,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
}

/// Who did what. The protocol leaves its fields to the writer; these are Spark's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CommitInfo {
    /// "In-Commit Timestamps": first of all fields where the feature is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_commit_timestamp: Option<i64>,
    /// When the writer committed, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// As in DESCRIBE HISTORY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// As in DESCRIBE HISTORY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// WRITE, MERGE, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What the operation was called with; Spark writes each value as JSON within a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_parameters: Option<Map<String, Value>>,
    /// The version that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_version: Option<i64>,
    /// Serializable, WriteSerializable or SnapshotIsolation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation_level: Option<String>,
    /// Whether nothing was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_blind_append: Option<bool>,
    /// Counts of rows, files and bytes; Spark writes each as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_metrics: Option<Map<String, Value>>,
    /// What the person attached to the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_metadata: Option<String>,
    /// The program that wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_info: Option<String>,
    /// A name of the transaction, by which a writer finds its own commit again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn_id: Option<String>,
    /// What other writers say besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
