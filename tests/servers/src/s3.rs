//! S3 over a folder: `s3s-fs`, with a lock around conditional puts (it checks, then writes) and CORS for pages.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt as _;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::sync::Mutex;

use crate::{Body, allow_other_sites, serve};

/// The public half of the only key that the server knows.
pub const ACCESS_KEY: &str = "TARNTESTKEY";
/// Its secret half.
pub const SECRET_KEY: &str = "tarn-test-secret";
/// The one bucket that is there.
pub const BUCKET: &str = "lake";

/// Serves a folder as S3, path style, and returns where.
pub async fn serve_s3(root: &Path) -> SocketAddr {
    let bucket = root.join(BUCKET);
    tokio::task::spawn_blocking(move || std::fs::create_dir_all(bucket)).await.unwrap().unwrap();
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = builder.build();
    let conditional = Arc::new(Mutex::new(()));
    let root: Arc<Path> = root.into();
    serve(move |request| {
        let (service, conditional, root) = (service.clone(), conditional.clone(), root.clone());
        async move {
            let asked = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
            let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
            let mut response = if request.method() == Method::OPTIONS {
                status(StatusCode::NO_CONTENT)
            } else if is_read && is_folder(&root, request.uri().path()) {
                // `s3s-fs` reads a folder as an object and fails.
                status(StatusCode::NOT_FOUND)
            } else {
                let headers = request.headers();
                let is_conditional = headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MATCH);
                let _turn = match is_conditional && request.method() == Method::PUT {
                    true => Some(conditional.lock().await),
                    false => None,
                };
                let if_match = headers.get(IF_MATCH).filter(|_| is_read).cloned();
                match service.call(request.map(s3s::Body::from)).await {
                    // `s3s-fs` does not look at this condition when it reads.
                    Ok(response)
                        if response.status().is_success()
                            && if_match.is_some()
                            && response.headers().get(ETAG) != if_match.as_ref() =>
                    {
                        status(StatusCode::PRECONDITION_FAILED)
                    }
                    Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
                    Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
                }
            };
            allow_other_sites(response.headers_mut(), asked.as_ref());
            response
        }
    })
    .await
}

/// Whether the key of a request is that of a folder on disk; the bucket's own is not.
fn is_folder(root: &Path, path: &str) -> bool {
    let Some((_bucket, key)) =
        path.trim_start_matches('/').split_once('/').filter(|(_, key)| !key.is_empty())
    else {
        return false;
    };
    let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy();
    root.join(BUCKET).join(&*key).is_dir()
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response =
        Response::new(http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
