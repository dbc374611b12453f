//! Actions about files ("Add File and Remove File", "Add CDC File", "Sidecar File Information").

use super::lenient;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Partition columns (physical names) and their values as text ("Partition Value Serialization"); `None` is null. Readers
/// take an empty text for null too.
pub type PartitionValues = BTreeMap<String, Option<String>>;

/// A file of the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// A URI reference, relative to the table or absolute, percent-encoded.
    pub path: String,
    /// The values of the partition columns.
    #[serde(default, deserialize_with = "lenient::nullable_texts")]
    pub partition_values: PartitionValues,
    /// Bytes of the file.
    pub size: i64,
    /// When the file was made, in milliseconds since 1970.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub modification_time: i64,
    /// Whether the commit changed the table's rows, or only arranged them anew.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub data_change: bool,
    /// "Per-file Statistics", as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
    /// The rows that are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<DeletionVectorDescriptor>,
    /// "Row Tracking": the row id of the first row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_row_id: Option<i64>,
    /// "Row Tracking": the first version with this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_row_commit_version: Option<i64>,
    /// "Clustered Table": who clustered the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustering_provider: Option<String>,
}

/// A file that left the table: a tombstone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    /// As the file's `add` named it.
    pub path: String,
    /// When it was removed, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<i64>,
    /// Whether the commit changed the table's rows.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub data_change: bool,
    /// Whether partition values, size and tags are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_file_metadata: Option<bool>,
    /// The values of the partition columns.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub partition_values: Option<PartitionValues>,
    /// Bytes of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// "Per-file Statistics", as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
    /// The deletion vector that the file had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<DeletionVectorDescriptor>,
    /// As the file's `add` had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_row_id: Option<i64>,
    /// As the file's `add` had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_row_commit_version: Option<i64>,
}

/// A file of changed rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddCdcFile {
    /// A URI reference, percent-encoded.
    pub path: String,
    /// The values of the partition columns.
    #[serde(default, deserialize_with = "lenient::nullable_texts")]
    pub partition_values: PartitionValues,
    /// Bytes of the file.
    pub size: i64,
    /// Always false: the rows are those of other files.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub data_change: bool,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
}

/// A file with actions of a V2 checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sidecar {
    /// Its name in `_delta_log/_sidecars`, or an absolute URI.
    pub path: String,
    /// Bytes of the file.
    pub size_in_bytes: i64,
    /// When the file was made, in milliseconds since 1970.
    pub modification_time: i64,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lenient::optional_texts")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
}

/// Where a deletion vector is ("Deletion Vector Descriptor Schema").
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletionVectorDescriptor {
    /// How `path_or_inline_dv` is read.
    pub storage_type: StorageType,
    /// A prefix and a Base85 UUID, the vector itself in Base85, or an absolute URI.
    pub path_or_inline_dv: String,
    /// Where the vector starts in its file; absent for inline vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<i32>,
    /// Bytes of the vector, as serialized (before Base85).
    pub size_in_bytes: i32,
    /// How many rows are deleted.
    pub cardinality: i64,
}

/// How a deletion vector is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StorageType {
    /// In a file whose name follows from a UUID, in the table's folder.
    #[serde(rename = "u")]
    Relative,
    /// In the descriptor itself.
    #[serde(rename = "i")]
    Inline,
    /// In a file at an absolute URI.
    #[serde(rename = "p")]
    Absolute,
}

impl DeletionVectorDescriptor {
    /// The derived field `uniqueId`: with the path it names a logical file.
    pub fn unique_id(&self) -> String {
        let kind = match self.storage_type {
            StorageType::Relative => 'u',
            StorageType::Inline => 'i',
            StorageType::Absolute => 'p',
        };
        match self.offset {
            Some(offset) => format!("{kind}{}@{offset}", self.path_or_inline_dv),
            None => format!("{kind}{}", self.path_or_inline_dv),
        }
    }
}

impl Add {
    /// The tombstone of this file.
    pub fn to_remove(&self, deletion_timestamp_millis: i64, data_change: bool) -> Remove {
        Remove {
            path: self.path.clone(),
            deletion_timestamp: Some(deletion_timestamp_millis),
            data_change,
            extended_file_metadata: Some(true),
            partition_values: Some(self.partition_values.clone()),
            size: Some(self.size),
            stats: None,
            tags: self.tags.clone(),
            deletion_vector: self.deletion_vector.clone(),
            base_row_id: self.base_row_id,
            default_row_commit_version: self.default_row_commit_version,
        }
    }
}
