//! The HTTP routes over a lakehouse: an axum `Router` without sockets, the same for the native server and the edge.
//!
//! What a request means is said here; what is done about it is the lakehouse's business.

mod error;
mod statements;
#[cfg(test)]
mod tests;

use crate::error::ApiError;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use std::sync::Arc;
use tarn_lakehouse::Lakehouse;

/// The longest body of a request: Databricks takes statements of 16 MiB, and JSON has escapes.
pub const MAX_BODY_BYTES: usize = 20 << 20;

/// The routes.
///
/// Authentication is the business of the home: whoever gets here may do everything that the lakehouse can.
pub fn router(lakehouse: Arc<Lakehouse>) -> Router {
    Router::new()
        .route("/api/2.0/sql/statements", post(statements::execute))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .fallback(async || ApiError::no_such_endpoint())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(lakehouse)
}
