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
        let mut told = Self::of_sentence(kind, &text);
        // A message that begins with the name of a file keeps its letters.
        if matches!(
            error,
            DeltaError::Damaged { .. } | DeltaError::MissingFile { .. } | DeltaError::Parquet { .. }
        ) {
            told.message = text.split_once("; ").map_or(text.as_str(), |(what, _)| what).to_owned();
        }
        Self { source: Some(Arc::new(error)), ..told }
    }
}

/// The same within DataFusion.
pub(super) fn in_plan(error: DeltaError) -> datafusion::common::DataFusionError {
    Error::from(error).into()
}
