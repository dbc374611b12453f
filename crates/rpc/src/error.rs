//! Errors as a person reads them: what, where, and what to do.

use serde::{Deserialize, Serialize};

/// An error, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorReport {
    /// What sort of error this is.
    pub kind: ErrorKind,
    /// One sentence: what went wrong.
    pub message: String,
    /// One sentence: what to do about it.
    pub hint: Option<String>,
    /// Where in the SQL text it went wrong.
    pub position: Option<Position>,
    /// What could stand at that place instead: the nearest name.
    pub fix: Option<String>,
    /// Everything the engine knows, for a folded panel and the copy button.
    pub detail: Option<String>,
}

/// A place in the SQL text of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length of the offending text in characters; 0 when only the start is known.
    pub length: u32,
}

/// The kinds of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// The SQL text does not parse.
    Syntax,
    /// A table, column, function or file that does not exist.
    NotFound,
    /// The statement parses but means nothing: wrong types, wrong number of arguments.
    Invalid,
    /// A file's content is broken or not of the format that was asked for.
    BadData,
    /// A store refused access.
    PermissionDenied,
    /// A store cannot be reached, or answered with a failure.
    Unavailable,
    /// The store is out of room.
    StorageFull,
    /// The query needed more memory than it may have.
    OutOfMemory,
    /// An expression failed on the data: division by zero, overflow, a bad cast.
    Execution,
    /// The query was stopped on request.
    Cancelled,
    /// Another writer was first.
    Conflict,
    /// Something that Tarn does not do.
    Unsupported,
    /// Page and worker speak different versions of the protocol.
    VersionMismatch,
    /// A fault of Tarn itself.
    Internal,
}
