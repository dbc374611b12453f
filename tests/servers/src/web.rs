//! A web server whose first path segment says how it behaves.
//!
//! | path | behaviour |
//! | --- | --- |
//! | `/ok/…` | knows ranges, ETag, and CORS |
//! | `/whole/…` | answers 200 with everything to a range |
//! | `/endless/…` | the same, with neither a length nor an end |
//! | `/empty/…` | an empty file |
//! | `/large/…` | five GiB of synthetic bytes, by ranges |
//! | `/secret/…?sig=right` | 403 without that query |
//! | `/missing/…`, `/forbidden/…`, `/locked/…`, `/broken/…` | 404, 403, 401, 500 |
//! | `/moved/…` | 302 to `/ok/…` |
//! | `/loop/…` | 302 to itself |
//! | `/cut/…` | ends in the middle of the answer |
//! | `/liar/…` | answers another range than the one asked for |
//! | `/busy/…` | every second request is answered 503 |
//! | `/changing/…` | another ETag each time |
//! | `/shy/…` | as `/ok/`, without the header Content-Range |
//! | `/closed/…` | as `/ok/`, without CORS |

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED,
    LOCATION, RANGE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use tarn_storage::contract::synthetic_bytes;

use crate::{Body, allow_other_sites, serve};

/// The size of the file under `/large/`.
pub const LARGE_BYTES: u64 = 5 << 30;

const SMALL_BYTES: u64 = 100_000;

/// The whole of the file that most paths have.
pub fn content() -> Bytes {
    synthetic_bytes(0..SMALL_BYTES)
}

/// Serves, and returns where.
pub async fn serve_web() -> SocketAddr {
    let count = Arc::new(AtomicU64::new(0));
    serve(move |request| {
        let response = answer(&request, count.fetch_add(1, Relaxed));
        std::future::ready(response)
    })
    .await
}

fn answer(request: &Request<Incoming>, count: u64) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let (behaviour, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let small = File { size: SMALL_BYTES, tag: "\"one\"".to_owned() };
    let mut response = match behaviour {
        _ if request.method() == Method::OPTIONS => status(StatusCode::NO_CONTENT),
        "ok" | "closed" => small.answer(request),
        "shy" => {
            let mut response = small.answer(request);
            response.headers_mut().remove(CONTENT_RANGE);
            response
        }
        "whole" => small.answer_whole(),
        "endless" => {
            let endless = stream::repeat(Bytes::from_static(&[0; 65536]));
            Response::new(body(endless.boxed()))
        }
        "empty" => File { size: 0, ..small }.answer(request),
        "large" => File { size: LARGE_BYTES, ..small }.answer(request),
        "changing" => File { tag: format!("\"{count}\""), ..small }.answer(request),
        "secret" if request.uri().query() == Some("sig=right") => small.answer(request),
        "forbidden" | "secret" => status(StatusCode::FORBIDDEN),
        "locked" => status(StatusCode::UNAUTHORIZED),
        "broken" => status(StatusCode::INTERNAL_SERVER_ERROR),
        "busy" if count.is_multiple_of(2) => status(StatusCode::SERVICE_UNAVAILABLE),
        "busy" => small.answer(request),
        "moved" => redirect(&format!("/ok/{rest}")),
        "loop" => redirect(&path),
        "cut" => small.answer_part(
            &(0..range_of(request).map_or(SMALL_BYTES, |range| range.end.min(SMALL_BYTES))),
            Some(0.5),
        ),
        "liar" => small.answer_part(&(7..17), None),
        _ => status(StatusCode::NOT_FOUND),
    };
    if behaviour != "closed" {
        allow_other_sites(response.headers_mut(), request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS));
    }
    response
}

struct File {
    size: u64,
    tag: String,
}

impl File {
    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        match range_of(request) {
            None => self.answer_whole(),
            Some(range) if range.start >= self.size => {
                let mut response = status(StatusCode::RANGE_NOT_SATISFIABLE);
                response.headers_mut().insert(CONTENT_RANGE, text(&format!("bytes */{}", self.size)));
                response
            }
            Some(range) => self.answer_part(&(range.start..range.end.min(self.size)), None),
        }
    }

    fn answer_whole(&self) -> Response<Body> {
        self.with_headers(Response::new(synthetic(0..self.size)), self.size)
    }

    /// A part, or only the given share of it before the connection ends.
    fn answer_part(&self, range: &Range<u64>, share: Option<f64>) -> Response<Body> {
        let length = range.end - range.start;
        let sent = share.map_or(length, |share| (length as f64 * share) as u64);
        let part = synthetic(range.start..range.start + sent);
        let mut response = self.with_headers(Response::new(part), length);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {}-{}/{}", range.start, range.end - 1, self.size);
        response.headers_mut().insert(CONTENT_RANGE, text(&range));
        response
    }

    fn with_headers(&self, mut response: Response<Body>, length: u64) -> Response<Body> {
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length.into());
        headers.insert(ETAG, text(&self.tag));
        headers.insert(LAST_MODIFIED, text("Wed, 21 Oct 2015 07:28:00 GMT"));
        response
    }
}

fn range_of(request: &Request<Incoming>) -> Option<Range<u64>> {
    let range = request.headers().get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let end = if last.is_empty() { u64::MAX } else { last.parse::<u64>().ok()? + 1 };
    Some(first.parse().ok()?..end)
}

fn synthetic(range: Range<u64>) -> Body {
    let end = range.end;
    let chunks = (range.start..end)
        .step_by(1 << 16)
        .map(move |start| synthetic_bytes(start..end.min(start + (1 << 16))));
    body(stream::iter(chunks).boxed())
}

fn body(chunks: BoxStream<'static, Bytes>) -> Body {
    StreamBody::new(chunks.map(|chunk| Ok(Frame::data(chunk)))).boxed_unsync()
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(body(stream::empty().boxed()));
    *response.status_mut() = status;
    response
}

fn redirect(to: &str) -> Response<Body> {
    let mut response = status(StatusCode::FOUND);
    response.headers_mut().insert(LOCATION, text(to));
    response
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap()
}
