//! The actions of the log, as the "Actions" section of the protocol has them.

mod files;
mod lenient;
mod table;

pub use files::{Add, AddCdcFile, DeletionVectorDescriptor, PartitionValues, Remove, Sidecar, StorageType};
pub use table::{CheckpointMetadata, CommitInfo, DomainMetadata, Format, Metadata, Protocol, SetTransaction};

use crate::{Error, Result};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One action: a line of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// A file joins the table.
    Add(Add),
    /// A file leaves the table.
    Remove(Remove),
    /// A file of changed rows.
    Cdc(AddCdcFile),
    /// The table's schema, partitioning and properties.
    MetaData(Metadata),
    /// What readers and writers must know.
    Protocol(Protocol),
    /// An application's transaction.
    Txn(SetTransaction),
    /// Who did what.
    CommitInfo(CommitInfo),
    /// Metadata of a named domain.
    DomainMetadata(DomainMetadata),
    /// A file with actions of a V2 checkpoint.
    Sidecar(Sidecar),
    /// What a V2 checkpoint says of itself.
    CheckpointMetadata(CheckpointMetadata),
}

/// A line of a commit as it is read: unknown actions and fields are ignored, as the protocol asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    add: Option<Add>,
    remove: Option<Remove>,
    cdc: Option<AddCdcFile>,
    meta_data: Option<Metadata>,
    protocol: Option<Protocol>,
    txn: Option<SetTransaction>,
    commit_info: Option<Value>,
    domain_metadata: Option<DomainMetadata>,
    sidecar: Option<Sidecar>,
    checkpoint_metadata: Option<CheckpointMetadata>,
}

/// "Commit Provenance Information" may be any JSON: what is not as Spark writes it is kept as it is.
fn provenance(value: Value) -> CommitInfo {
    serde_json::from_value(value.clone()).unwrap_or_else(|_| {
        let other = match value {
            Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        };
        let in_commit_timestamp = other.get("inCommitTimestamp").and_then(Value::as_i64);
        let timestamp = other.get("timestamp").and_then(Value::as_i64);
        CommitInfo { in_commit_timestamp, timestamp, other, ..CommitInfo::default() }
    })
}

/// Reads a line of a commit. An object is asked for, since serde would take a list for one, by position.
pub(crate) fn parse_line<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    match line.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(line),
        _ => Err(serde_json::Error::custom("it is not a JSON object")),
    }
}

/// What is wrong with a line, with its column alone: to serde each line is the first.
pub(crate) fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.line() == 0 {
        return text;
    }
    let reason = text.rfind(" at line ").and_then(|end| text.get(..end)).unwrap_or(&text);
    format!("column {}: {reason}", error.column())
}

/// The lines of a commit that are not blank, from 1.
///
/// # Errors
/// When there is none: a commit holds at least one action, so this one was never written to its end.
pub(crate) fn lines_of<'a>(file: &str, bytes: &'a [u8]) -> Result<Vec<(usize, &'a [u8])>> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.map(|(index, line)| (index + 1, line.trim_ascii()));
    let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty()).collect();
    match lines.is_empty() {
        true => Err(Error::damaged(file, "it is empty, and a commit holds at least one action")),
        false => Ok(lines),
    }
}

impl Action {
    /// Reads a line of a commit; `None` where it holds no action that is known here.
    ///
    /// # Errors
    /// When the line is not JSON, or a known action lacks what it must have.
    pub fn from_line(line: &[u8]) -> serde_json::Result<Option<Self>> {
        let line: Line = parse_line(line)?;
        let file = (line.add.map(Self::Add))
            .or(line.remove.map(Self::Remove))
            .or(line.cdc.map(Self::Cdc))
            .or(line.sidecar.map(Self::Sidecar));
        let action = (file)
            .or(line.meta_data.map(Self::MetaData))
            .or(line.protocol.map(Self::Protocol))
            .or(line.txn.map(Self::Txn))
            .or(line.commit_info.map(provenance).map(Self::CommitInfo))
            .or(line.domain_metadata.map(Self::DomainMetadata))
            .or(line.checkpoint_metadata.map(Self::CheckpointMetadata));
        Ok(action)
    }

    /// The line of a commit, without its end.
    ///
    /// # Errors
    /// None that these types can cause; serde's signature has one.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}
