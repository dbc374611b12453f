//! The pointer to the newest checkpoint ("Last Checkpoint File Schema"): a hint that must not be trusted.

use super::{names, read_if_there};
use crate::TableStore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What `_last_checkpoint` says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastCheckpoint {
    /// The version of the checkpoint.
    pub version: u64,
    /// How many actions it holds.
    #[serde(default)]
    pub size: i64,
    /// How many parts it has, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// Its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_in_bytes: Option<i64>,
    /// How many of its actions are `add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_of_add_files: Option<i64>,
    /// Its schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_schema: Option<Value>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
    /// MD5 of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Where a V2 checkpoint is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v2_checkpoint: Option<V2Checkpoint>,
}

/// The V2 checkpoint that a hint points to, as Spark writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct V2Checkpoint {
    /// The name of its top level file in `_delta_log`.
    pub path: String,
}

/// The hint; `None` when there is none, and when it cannot be read or understood: everything works without it.
pub async fn read(table: &TableStore) -> Option<LastCheckpoint> {
    let bytes = read_if_there(table, names::LAST_CHECKPOINT).await.ok().flatten()?;
    serde_json::from_slice(&bytes).ok()
}
