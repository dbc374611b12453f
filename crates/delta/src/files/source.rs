//! The files of the log that added a table's files: where statistics and tags are read again when they are asked for.

use crate::Error;
use crate::stats::SourceStats;
use object_store::path::Path;
use parking_lot::Mutex;
use std::sync::Arc;

/// A file of the log with `add` actions.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the table's folder on.
    pub(crate) file: String,
    /// In the table's store.
    pub(crate) path: Path,
    pub(crate) size_bytes: u64,
    pub(crate) kind: SourceKind,
    /// Statistics in small commits, which are asked for again and again.
    pub(crate) kept: Option<KeptStats>,
    /// What was read of its statistics.
    pub(crate) stats: Mutex<Arc<SourceStats>>,
}

impl Source {
    /// The error of what a row or line (from 0) says.
    pub(crate) fn damaged(&self, row: u32, reason: &str) -> Error {
        let place = match self.kind {
            SourceKind::Json => format!("line {}", u64::from(row) + 1),
            SourceKind::Parquet => format!("row {row}"),
        };
        Error::damaged(&self.file, format!("{place}: {reason}"))
    }

    /// The same, without what is kept of statistics.
    pub(super) fn bare(&self) -> Self {
        Self {
            file: self.file.clone(),
            path: self.path.clone(),
            size_bytes: self.size_bytes,
            kind: self.kind,
            kept: None,
            stats: Mutex::default(),
        }
    }
}

/// How the file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Json,
    Parquet,
}

/// The statistics of a commit's `add` actions, as JSON.
#[derive(Debug, Default)]
pub(crate) struct KeptStats {
    text: String,
    /// Lines (from 0), and where their statistics end in the text.
    ends: Vec<(u32, usize)>,
}

impl KeptStats {
    pub(crate) fn push(&mut self, line: u32, stats: &str) {
        self.text.push_str(stats);
        self.ends.push((line, self.text.len()));
    }

    pub(crate) fn size_bytes(&self) -> usize {
        self.text.len()
    }

    /// Lines and their statistics.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts
            .zip(&self.ends)
            .map(|(start, (line, end))| (*line, self.text.get(start..*end).unwrap_or_default()))
    }
}
