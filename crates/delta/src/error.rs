//! What can go wrong with a table: what, in which file or version, and what to do.

use std::fmt;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a table cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Delta log at this place.
    #[error("{url} is not a Delta table: it has no _delta_log with a commit; check the path")]
    NotATable {
        /// Where the table was looked for.
        url: String,
    },
    /// A table is there already.
    #[error("{url} is a Delta table already; choose another place, or replace it")]
    AlreadyThere {
        /// Where it is.
        url: String,
    },
    /// The version is not there.
    #[error(
        "version {version} of {url} does not exist: its versions are {first} to {last}; name one of these"
    )]
    NoSuchVersion {
        /// The table.
        url: String,
        /// What was asked for.
        version: u64,
        /// The first version that can be read.
        first: u64,
        /// The newest version.
        last: u64,
    },
    /// The time is before the first version that can be read, or after the last commit.
    #[error(
        "{url} has no version at {asked}: its commits are from {first} to {last}; name a time between these"
    )]
    NoVersionAt {
        /// The table.
        url: String,
        /// The time that was asked for, ISO 8601.
        asked: String,
        /// The time of the first commit that can be read.
        first: String,
        /// The time of the last commit.
        last: String,
    },
    /// Versions are missing between those that are there, or before the first.
    #[error(
        "the log of {url} has a gap: version {missing} is missing; restore _delta_log/{}, or read an earlier version",
        crate::log::names::commit(*missing)
    )]
    Gap {
        /// The table.
        url: String,
        /// The first missing version.
        missing: u64,
    },
    /// A file of the log does not hold what the protocol asks for.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file, from the table's folder on.
        file: String,
        /// What is wrong, and at which line where lines are known.
        reason: String,
    },
    /// The log names a file that is not there.
    #[error(
        "{file} is missing, though version {version} of the table names it; restore it, or RESTORE the table"
    )]
    MissingFile {
        /// The file as the log names it.
        file: String,
        /// The version that was read.
        version: u64,
    },
    /// The table has reader features that are not known here.
    #[error(
        "the table cannot be read: it needs {}; only an engine that knows this can read it, or take it away",
        listed(features)
    )]
    UnsupportedReader {
        /// Feature names, or a description of the protocol version.
        features: Vec<String>,
    },
    /// The table has writer features that are not known here. It can still be read.
    #[error(
        "the table cannot be written: it needs {}; it can be read, and an engine that knows this can write it",
        listed(features)
    )]
    UnsupportedWriter {
        /// Feature names, or a description of the protocol version.
        features: Vec<String>,
    },
    /// Another writer was first, and what it did does not go with this transaction.
    #[error("{0}")]
    Conflict(#[from] Conflict),
    /// The store failed so that it cannot be told whether a commit was written. Its files must be left alone.
    #[error(
        "version {version} may or may not have been committed: {source}; look at the table's history before trying again"
    )]
    UnknownOutcome {
        /// The version.
        version: u64,
        /// What the store said.
        source: object_store::Error,
    },
    /// What was asked for breaks a rule of the table.
    #[error("{message}")]
    Invalid {
        /// What is wrong, and what to do.
        message: String,
    },
    /// The store failed.
    #[error("{source}")]
    Store {
        /// What it said.
        #[from]
        source: object_store::Error,
    },
    /// A Parquet file could not be read or written.
    #[error("{file}: {source}")]
    Parquet {
        /// The file.
        file: String,
        /// What Parquet said.
        source: parquet::errors::ParquetError,
    },
    /// Arrays do not fit each other.
    #[error("{source}")]
    Arrow {
        /// What Arrow said.
        #[from]
        source: arrow::error::ArrowError,
    },
}

impl Error {
    /// A rule of the table that what was asked for breaks.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into() }
    }

    /// A file that does not hold what it should.
    pub fn damaged(file: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Damaged { file: file.into(), reason: reason.to_string() }
    }

    /// Whether the same call may succeed when it is made again on a new snapshot.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Conflict(_) => true,
            Self::NotATable { .. }
            | Self::AlreadyThere { .. }
            | Self::NoSuchVersion { .. }
            | Self::NoVersionAt { .. }
            | Self::Gap { .. }
            | Self::Damaged { .. }
            | Self::MissingFile { .. }
            | Self::UnsupportedReader { .. }
            | Self::UnsupportedWriter { .. }
            | Self::UnknownOutcome { .. }
            | Self::Invalid { .. }
            | Self::Store { .. }
            | Self::Parquet { .. }
            | Self::Arrow { .. } => false,
        }
    }
}

/// The conflicts of Delta's optimistic concurrency, by the names that Spark's exceptions have (DELTA_CONCURRENT_…).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Files were added that this transaction would have read.
    #[error(
        "ConcurrentAppend: version {version} added files that this statement should have read; run it again"
    )]
    ConcurrentAppend {
        /// The winning version.
        version: u64,
    },
    /// Files were removed that this transaction read.
    #[error(
        "ConcurrentDeleteRead: version {version} removed {file}, which this statement read; run it again"
    )]
    ConcurrentDeleteRead {
        /// The winning version.
        version: u64,
        /// One of the files.
        file: String,
    },
    /// Files were removed that this transaction removes too.
    #[error(
        "ConcurrentDeleteDelete: version {version} removed {file}, as this statement would; run it again"
    )]
    ConcurrentDeleteDelete {
        /// The winning version.
        version: u64,
        /// One of the files.
        file: String,
    },
    /// The schema, partitioning or properties changed.
    #[error("MetadataChanged: version {version} changed the table's metadata; run the statement again")]
    MetadataChanged {
        /// The winning version.
        version: u64,
    },
    /// The protocol changed.
    #[error("ProtocolChanged: version {version} changed the table's protocol; run the statement again")]
    ProtocolChanged {
        /// The winning version.
        version: u64,
    },
    /// The same application wrote at the same time.
    #[error(
        "ConcurrentTransaction: version {version} holds a transaction of {app_id} too; run the statement again"
    )]
    ConcurrentTransaction {
        /// The winning version.
        version: u64,
        /// The application.
        app_id: String,
    },
    /// Both change the same domain of metadata.
    #[error(
        "ConcurrentWrite: version {version} changed the metadata domain {domain} too; run the statement again"
    )]
    ConcurrentDomain {
        /// The winning version.
        version: u64,
        /// The domain.
        domain: String,
    },
    /// Others were first, time and again.
    #[error("ConcurrentWrite: other writers were first {tries} times; run the statement again")]
    TooManyTries {
        /// How often a commit was tried.
        tries: u32,
    },
}

fn listed(names: &[String]) -> String {
    names.join(", ")
}
