//! What a commit says of itself ("Commit Provenance Information"), as Spark writes it.

use crate::actions::CommitInfo;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What DESCRIBE HISTORY shows of a commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// WRITE, MERGE, DELETE, OPTIMIZE, CREATE TABLE, …
    pub name: String,
    /// What it was called with. Texts are written as they are, all else as JSON in a text.
    pub parameters: Map<String, Value>,
    /// Counts of rows, files and bytes, by Spark's names: `numOutputRows`, `numFiles`, …
    pub metrics: BTreeMap<String, String>,
    /// Who called it.
    pub user_name: Option<String>,
    /// What the person attached to the commit.
    pub user_metadata: Option<String>,
}

impl Operation {
    /// An operation of a name, without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With a parameter.
    #[must_use]
    pub fn with(mut self, parameter: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(parameter.to_owned(), value.into());
        self
    }

    pub(super) fn info(&self) -> CommitInfo {
        let parameters = self.parameters.iter().filter(|(_, value)| !value.is_null());
        let parameters = parameters.map(|(name, value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), Value::String(text))
        });
        let metrics = self.metrics.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
        CommitInfo {
            user_name: self.user_name.clone(),
            operation: Some(self.name.clone()),
            operation_parameters: Some(parameters.collect()),
            operation_metrics: Some(metrics.collect()),
            user_metadata: self.user_metadata.clone(),
            engine_info: Some(concat!("Tarn/", env!("CARGO_PKG_VERSION")).to_owned()),
            ..CommitInfo::default()
        }
    }
}
