//! The errors of tables in the engine's words.

use crate::{Error, ErrorKind};
use std::sync::Arc;
use tarn_delta::Error as DeltaError;

impl From<DeltaError> for Error {
    fn from(error: DeltaError) -> Self {
        let kind = match &error {
            DeltaError::NotATable { .. }
            | DeltaError::NoSuchVersion { .. }
            | DeltaError::NoVersionAt { .. } => ErrorKind::NotFound,
            DeltaError::AlreadyThere { .. } | DeltaError::Invalid { .. } => ErrorKind::Invalid,
            DeltaError::Gap { .. }
            | DeltaError::Damaged { .. }
            | DeltaError::MissingFile { .. }
            | DeltaError::Parquet { .. } => ErrorKind::BadData,
            DeltaError::UnsupportedReader { .. } | DeltaError::UnsupportedWriter { .. } => {
                ErrorKind::Unsupported
            }
            DeltaError::Conflict(_) => ErrorKind::Conflict,
            DeltaError::UnknownOutcome { .. } => ErrorKind::Unavailable,
            DeltaError::Arrow { .. } => ErrorKind::Execution,
            DeltaError::Store { source } => {
                let translated = crate::error::from_store(source);
                return Self { source: Some(Arc::new(error)), ..translated };
            }
        };
        let text = error.to_string();
        let told = match &error {
            DeltaError::Damaged { file, .. } | DeltaError::Parquet { file, .. } => {
                Self::new(kind, text).hint(what_to_do(file))
            }
            // A message that begins with the name of a file keeps its letters.
            DeltaError::MissingFile { file, .. } => {
                let what = text.split_once("; ").map_or(text.as_str(), |(what, _)| what);
                Self::new(kind, what).hint(what_to_do(file))
            }
            _ => Self::of_sentence(kind, &text),
        };
        Self { source: Some(Arc::new(error)), ..told }
    }
}

/// What helps where a file of a table is damaged or missing.
pub(super) fn what_to_do(file: &str) -> &'static str {
    match file.starts_with("_delta_log/") {
        true => "Restore the file; a version before it can be read with VERSION AS OF",
        false => "Restore the file, or RESTORE the table to a version without it",
    }
}

/// The same within DataFusion.
pub(super) fn in_plan(error: DeltaError) -> datafusion::common::DataFusionError {
    Error::from(error).into()
}
