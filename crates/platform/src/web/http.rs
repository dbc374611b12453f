//! HTTP through the global `fetch`, which a page, a worker and an edge have alike.

use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use js_sys::{Array, Promise, Reflect, TypeError, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, Request, RequestCache, RequestInit};

use super::send_wrapper::{js, js_stream};
use crate::http::{Body, FetchError, host_of};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(request: &Request) -> Promise;
}

/// Sends a request, follows redirects, and returns once the answer's head is there.
pub async fn send(request: http::Request<Bytes>) -> Result<Response<Body>, FetchError> {
    js(exchange(request)).await
}

async fn exchange(request: http::Request<Bytes>) -> Result<Response<Body>, FetchError> {
    let host = host_of(request.uri());
    let abort = AbortOnDrop::new();
    let request = js_request(&request, abort.0.as_ref())
        .map_err(|error| FetchError::Invalid { host: host.clone(), reason: message_of(&error) })?;
    let response = JsFuture::from(fetch(&request)).await.map_err(|error| rejection(&error, &host))?;
    let response: web_sys::Response = response
        .dyn_into()
        .map_err(|_| FetchError::Interrupted { host: host.clone(), reason: "no response".to_owned() })?;

    let mut head = Response::new(());
    *head.status_mut() = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    if let Ok(Some(headers)) = js_sys::try_iter(response.headers().as_ref()) {
        for pair in headers.flatten() {
            let pair: Array = pair.unchecked_into();
            let (name, value) = (pair.get(0).as_string(), pair.get(1).as_string());
            if let (Some(name), Some(value)) = (name, value)
                && let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            {
                head.headers_mut().append(name, value);
            }
        }
    }
    let body: Body = match response.body() {
        None => Box::pin(stream::empty()),
        Some(body) => {
            let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
            Box::pin(js_stream(stream::try_unfold((reader, abort, host), read_chunk)))
        }
    };
    Ok(head.map(|()| body))
}

type Reading = (ReadableStreamDefaultReader, AbortOnDrop, String);

async fn read_chunk((reader, abort, host): Reading) -> Result<Option<(Bytes, Reading)>, FetchError> {
    let cut = |error: &JsValue| FetchError::Interrupted { host: host.clone(), reason: message_of(error) };
    let result = JsFuture::from(reader.read()).await.map_err(|error| cut(&error))?;
    let is_done = Reflect::get(&result, &"done".into()).map_err(|error| cut(&error))?.is_truthy();
    if is_done {
        return Ok(None);
    }
    let chunk = Reflect::get(&result, &"value".into()).map_err(|error| cut(&error))?;
    let chunk = Uint8Array::new(&chunk).to_vec();
    Ok(Some((Bytes::from(chunk), (reader, abort, host))))
}

fn js_request(request: &http::Request<Bytes>, abort: Option<&AbortController>) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    init.set_method(request.method().as_str());
    let headers = web_sys::Headers::new()?;
    for (name, value) in request.headers() {
        let value = value.to_str().map_err(|error| JsValue::from_str(&error.to_string()))?;
        headers.append(name.as_str(), value)?;
    }
    init.set_headers(&headers);
    if !request.body().is_empty() {
        init.set_body(&Uint8Array::from(request.body().as_ref()));
    }
    if let Some(abort) = abort {
        init.set_signal(Some(&abort.signal()));
    }
    let url = request.uri().to_string();
    // Browsers make requests for the same URL queue up behind their cache's lock, which would undo reading several
    // ranges at once, and may answer a range from a version of the file that is gone. `storage` has a cache that
    // knows about both. Old edges refuse to hear of caches at all, so ask again without.
    init.set_cache(RequestCache::NoStore);
    Request::new_with_str_and_init(&url, &init).or_else(|_| {
        Reflect::delete_property(&init, &"cache".into())?;
        Request::new_with_str_and_init(&url, &init)
    })
}

fn rejection(error: &JsValue, host: &str) -> FetchError {
    let host = host.to_owned();
    let name = Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    match name.as_deref() {
        Some("AbortError") => FetchError::Interrupted { host, reason: message_of(error) },
        Some("TimeoutError") => FetchError::Timeout { host },
        // The standard has browsers say TypeError both for CORS and for the network, so as not to tell pages apart.
        _ if error.is_instance_of::<TypeError>() => FetchError::Blocked { host },
        _ => FetchError::Connect { host, reason: message_of(error) },
    }
}

fn message_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "unknown error".to_owned())
}

/// Ends the request when nobody waits for it any more; without effect once it is complete.
struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    fn new() -> Self {
        Self(AbortController::new().ok())
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
