//! Sends a request again when that is likely to help and cannot do harm.
//!
//! `object_store` retries on tokio's clock, which a browser lacks; so its retries are off, and these are used.

use std::time::Duration;

use bytes::Bytes;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{Method, Request, Response};
use tarn_platform::http::{Body, FetchError, send};
use tarn_platform::{random_u64, sleep};

use crate::error::is_retryable_status;

const ATTEMPTS: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_millis(150);

pub(crate) async fn send_with_retry(request: Request<Bytes>) -> Result<Response<Body>, FetchError> {
    let mut wait = FIRST_WAIT;
    for _ in 1..ATTEMPTS {
        let result = send(request.clone()).await;
        let is_worth_it = match &result {
            Ok(response) => is_answer_worth_a_retry(&request, response.status().as_u16()),
            Err(error) => is_failure_worth_a_retry(request.method(), error),
        };
        if !is_worth_it {
            return result;
        }
        drop(result);
        // Clients that failed together must not come back together.
        sleep(wait.mul_f64(0.5 + (random_u64() % 1024) as f64 / 1024.0)).await;
        wait *= 3;
    }
    send(request).await
}

fn is_answer_worth_a_retry(request: &Request<Bytes>, status: u16) -> bool {
    let is_conditional =
        request.headers().contains_key(IF_NONE_MATCH) || request.headers().contains_key(IF_MATCH);
    match status {
        // S3 says so when two conditional writes meet, and neither is decided.
        409 => is_conditional,
        429 | 503 => true,
        // The write may have happened, and doing a conditional one again would then fail against itself.
        _ if is_conditional => false,
        _ => is_idempotent(request.method()) && is_retryable_status(status),
    }
}

fn is_failure_worth_a_retry(method: &Method, error: &FetchError) -> bool {
    match error {
        FetchError::Connect { .. } => true,
        FetchError::Timeout { .. } | FetchError::Interrupted { .. } => is_read(method),
        FetchError::Blocked { .. } | FetchError::Invalid { .. } => false,
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_idempotent(method: &Method) -> bool {
    is_read(method) || matches!(*method, Method::PUT | Method::DELETE)
}
