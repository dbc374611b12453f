//! Requests that never reach the routes.

use axum::body::Body;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use tarn_http_api::MAX_BODY_BYTES;

/// Why a request is turned away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "This worker asks for a token: send the header Authorization: Bearer, and the token that it was deployed with"
    )]
    NoToken,
    #[error("The body is longer than {} MiB", MAX_BODY_BYTES >> 20)]
    TooLarge,
    #[error("The request cannot be read: {0}")]
    Unreadable(String),
    #[error(
        "This worker has no lake: bind an R2 bucket to it under the name LAKE, or name a bucket in the variable S3_BUCKET \
         (see wrangler.toml)"
    )]
    NoLake,
    #[error("The lake cannot be opened: {0}")]
    NotOpened(#[from] tarn_lakehouse::Error),
    #[error("The worker's settings do not work: {0}")]
    BadSettings(String),
}

impl Refusal {
    /// The answer, in the words of the routes' own.
    pub(crate) fn into_response(self) -> Response<Body> {
        let (status, code) = match &self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_LIMIT_EXCEEDED"),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::NoLake | Self::NotOpened(_) | Self::BadSettings(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR")
            }
        };
        let body = json!({ "error_code": code, "message": self.to_string() }).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
