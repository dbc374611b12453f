//! What is answered: `StatementResponse` of the API.

use super::columns::ColumnInfo;
use super::rows::Rows;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use serde::Serialize;
use std::convert::Infallible;
use tarn_lakehouse::{Error, ErrorKind};

#[derive(Serialize)]
struct StatementResponse {
    statement_id: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Manifest>,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ServiceError>,
}

#[derive(Serialize)]
struct ServiceError {
    error_code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Manifest {
    format: &'static str,
    schema: ResultSchema,
    total_chunk_count: u32,
    chunks: [Chunk; 1],
    total_row_count: u64,
    total_byte_count: u64,
    truncated: bool,
}

#[derive(Serialize)]
struct ResultSchema {
    column_count: usize,
    columns: Vec<ColumnInfo>,
}

/// Which rows a piece of the result holds: here the only one, all of them.
#[derive(Clone, Copy, Serialize)]
struct Chunk {
    chunk_index: u32,
    row_offset: u64,
    row_count: u64,
}

/// The answer with the rows.
pub(super) fn succeeded(columns: Vec<ColumnInfo>, rows: Rows) -> Response {
    let chunk = Chunk { chunk_index: 0, row_offset: 0, row_count: rows.count };
    let head = json(&StatementResponse {
        statement_id: statement_id(),
        status: Status { state: "SUCCEEDED", error: None },
        manifest: Some(Manifest {
            format: "JSON_ARRAY",
            schema: ResultSchema { column_count: columns.len(), columns },
            total_chunk_count: 1,
            chunks: [chunk],
            total_row_count: rows.count,
            total_byte_count: rows.bytes,
            truncated: rows.is_truncated(),
        }),
    });
    // The rows are JSON already: they go between the ends of two objects that are still open.
    let open = format!("{},\"result\":{},\"data_array\":[", without_end(&head), without_end(&json(&chunk)));
    let pieces = [Bytes::from(open)].into_iter().chain(rows.text).chain([Bytes::from_static(b"]}}")]);
    answer(Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>))))
}

/// The answer when the statement took longer than it might.
pub(super) fn canceled() -> Response {
    ended(Status { state: "CANCELED", error: None })
}

/// The answer with what is wrong: status 200, since the request itself was in order.
pub(super) fn failed(error: &Error) -> Response {
    let error = ServiceError { error_code: code(error.kind), message: message(error) };
    ended(Status { state: "FAILED", error: Some(error) })
}

fn ended(status: Status) -> Response {
    answer(Body::from(json(&StatementResponse { statement_id: statement_id(), status, manifest: None })))
}

fn answer(body: Body) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// `ServiceErrorCode` of the API.
fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax
        | ErrorKind::Invalid
        | ErrorKind::BadData
        | ErrorKind::Execution
        | ErrorKind::Unsupported => "BAD_REQUEST",
        ErrorKind::NotFound => "NOT_FOUND",
        // The store's refusal, not one of this API.
        ErrorKind::PermissionDenied => "UNAUTHENTICATED",
        ErrorKind::Unavailable => "TEMPORARILY_UNAVAILABLE",
        ErrorKind::StorageFull => "IO_ERROR",
        ErrorKind::OutOfMemory => "RESOURCE_EXHAUSTED",
        ErrorKind::Cancelled => "CANCELLED",
        ErrorKind::Conflict => "ABORTED",
        ErrorKind::Internal => "INTERNAL_ERROR",
    }
}

/// What, where, and what to do, in one text.
fn message(error: &Error) -> String {
    let mut text = error.message.clone();
    if let Some(position) = error.position {
        text.push_str(&format!(" (line {}, column {})", position.line, position.column));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!(". {hint}"));
    }
    text
}

fn json(value: &impl Serialize) -> String {
    // These structs hold nothing that JSON cannot.
    serde_json::to_string(value).unwrap_or_default()
}

fn without_end(object: &str) -> &str {
    object.strip_suffix('}').unwrap_or(object)
}

/// A random UUID (RFC 9562, version 4).
fn statement_id() -> String {
    let mut bytes = [0; 16];
    tarn_platform::random_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statement_ids_are_uuids() {
        let id = statement_id();
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert!(id[14..].starts_with('4') && "89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, statement_id());
    }
}
