//! The edge worker: the routes of `http_api` over an R2 bucket, S3 and https.
//!
//! `shim.mjs` calls [`fetch`] for one request at a time. Each has a lakehouse of its own, since whatever belongs to
//! JavaScript in workerd belongs to one request and is dead in the next.
//!
//! workerd's clock stands still while nothing is read or written. So a `wait_timeout` ends a query that waits; what ends
//! one that computes is `limits.cpu_ms` in wrangler.toml.
#![cfg(target_arch = "wasm32")]

mod lake;
mod panics;
mod r2;
mod r2_upload;
mod refusal;
mod token;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::Request;
use http::header::AUTHORIZATION;
pub use r2::R2Store;
use refusal::Refusal;
use std::sync::Arc;
use tarn_http_api::MAX_BODY_BYTES;
use tower_service::Service as _;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Env, request_from_wasm, response_to_wasm, web_sys};

/// Answers one request, within the bindings and variables of `env`.
///
/// # Errors
/// Only when the answer cannot be handed over; whatever else goes wrong is an answer.
#[wasm_bindgen]
pub async fn fetch(request: web_sys::Request, env: Env) -> Result<web_sys::Response, js_sys::Error> {
    panics::report();
    let response = match answer(request, &env).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    response_to_wasm(response).map_err(|error| js_sys::Error::new(&error.to_string()))
}

/// Says that the next call shall find a new instance, since this one has failed.
#[wasm_bindgen]
pub fn renew() {
    wasm_bindgen::handler::schedule_reinit();
}

async fn answer(request: web_sys::Request, env: &Env) -> Result<http::Response<Body>, Refusal> {
    let request = request_from_wasm(request).map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let (head, body) = request.into_parts();
    if !token::opens(env, head.headers.get(AUTHORIZATION)) {
        return Err(Refusal::NoToken);
    }
    let body = read(body).await?;
    let lakehouse = lake::open(env)?;
    let mut router = tarn_http_api::router(Arc::new(lakehouse));
    let request = Request::from_parts(head, Body::from(body));
    match tarn_platform::drive(router.call(request)).await {
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}

/// The whole body, before anything is driven: its bytes come by promises, which belong outside.
async fn read(mut body: worker::Body) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Refusal::Unreadable(error.to_string()))?;
        if whole.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(Refusal::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
