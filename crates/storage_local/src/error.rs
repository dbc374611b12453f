//! What the disk said, as the error of a store.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use object_store::Error as StoreError;

/// The store's name in errors.
const STORE: &str = "local disk";

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Disk {
        /// What was tried: a verb.
        doing: &'static str,
        /// The file or folder.
        path: String,
        /// What the operating system said.
        source: IoError,
    },
    /// A name that unfinished files have.
    #[error("{path} cannot be written: names like this are for files on their way; choose another name")]
    ReservedName {
        /// The path.
        path: String,
    },
    /// A part of an upload is missing.
    #[error("{path} cannot be completed: {missing_bytes} bytes of it were not written; write the file again")]
    PartMissing {
        /// The file.
        path: String,
        /// How many bytes are missing.
        missing_bytes: u64,
    },
    /// An upload that was completed or given up goes on.
    #[error("{path} was completed or given up already; write the file again")]
    Ended {
        /// The file.
        path: String,
    },
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Generic { store: STORE, source: Box::new(error) }
    }
}

/// `map_err(refused("write", path))`: what the operating system said, in the store's words.
pub(crate) fn refused(doing: &'static str, path: &Path) -> impl FnOnce(IoError) -> StoreError {
    let path = path.display().to_string();
    move |source| match source.kind() {
        ErrorKind::NotFound => StoreError::NotFound { path, source: source.into() },
        ErrorKind::AlreadyExists => StoreError::AlreadyExists { path, source: source.into() },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            StoreError::PermissionDenied { path, source: source.into() }
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            let reason = format!("cannot {doing} {path}: {source}");
            tarn_storage::Error::StorageFull { reason }.into_store_error(STORE, path)
        }
        _ => Error::Disk { doing, path, source }.into(),
    }
}
