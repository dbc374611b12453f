//! Servers for tests: an S3 that keeps its promises, and a web server that breaks them one by one.
//!
//! Both listen on a free port of 127.0.0.1 and run for as long as their runtime does.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "these are parts of tests")]

mod s3;
mod web;

use std::convert::Infallible;
use std::net::SocketAddr;

use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

pub use s3::{ACCESS_KEY, BUCKET, SECRET_KEY, serve_s3};
pub use web::{LARGE_BYTES, content, serve_web};

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Answers requests with `answer` until the runtime ends, and returns where.
async fn serve<F, Fut>(answer: F) -> SocketAddr
where
    F: Fn(http::Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = http::Response<Body>> + Send + 'static,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((socket, _)) = listener.accept().await else {
                continue;
            };
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let response = answer(request);
                    async move { Ok::<_, Infallible>(response.await) }
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                // A client that went away is no matter.
                drop(server.serve_connection(TokioIo::new(socket), service).await);
            });
        }
    });
    address
}

/// Lets every page read, and see the headers that matter.
fn allow_other_sites(headers: &mut http::HeaderMap, asked: Option<&http::HeaderValue>) {
    let any = http::HeaderValue::from_static("*");
    headers.insert("access-control-allow-origin", any.clone());
    headers.insert(
        "access-control-allow-methods",
        http::HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE"),
    );
    // `*` does not mean Authorization, so say what was asked for.
    headers.insert("access-control-allow-headers", asked.cloned().unwrap_or(any));
    let exposed = "Content-Range, Content-Length, ETag, Last-Modified";
    headers.insert("access-control-expose-headers", http::HeaderValue::from_static(exposed));
}
