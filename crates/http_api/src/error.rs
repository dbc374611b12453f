//! Answers to requests that cannot be accepted, in the words of Databricks' REST API.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request is refused: a status, a code for programs, a message for people.
///
/// A statement that was accepted and failed is none of these: it is answered with status 200 and the state `FAILED`.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    /// The body is not what the route takes.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "BAD_REQUEST", message: message.into() }
    }

    /// A field has a value that does not work.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "INVALID_PARAMETER_VALUE", message: message.into() }
    }

    pub(crate) fn no_such_endpoint() -> Self {
        let message = "There is nothing at this address. SQL goes to POST /api/2.0/sql/statements".to_owned();
        Self { status: StatusCode::NOT_FOUND, code: "ENDPOINT_NOT_FOUND", message }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "This address takes POST".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, code: "BAD_REQUEST", message }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({ "error_code": self.code, "message": self.message }).to_string();
        (self.status, [(CONTENT_TYPE, "application/json")], body).into_response()
    }
}
