//! HTTP through one shared reqwest client, so that connections are reused.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;

use crate::http::{Body, FetchError, host_of};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a request, follows redirects, and returns once the answer's head is there.
pub async fn send(request: http::Request<Bytes>) -> Result<http::Response<Body>, FetchError> {
    let host = host_of(request.uri());
    let invalid =
        |error: &reqwest::Error| FetchError::Invalid { host: host.clone(), reason: innermost(error) };
    let client = client().map_err(|error| invalid(&error))?;
    let request = reqwest::Request::try_from(request.map(reqwest::Body::from))
        .map_err(|error| invalid(&error.without_url()))?;
    let response = client.execute(request).await.map_err(|error| classify(error, &host))?;
    let response: http::Response<reqwest::Body> = response.into();
    Ok(response.map(|body| {
        let stream = http_body_util::BodyDataStream::new(body).map_err(move |error| classify(error, &host));
        Box::pin(stream) as Body
    }))
}

fn client() -> Result<&'static reqwest::Client, reqwest::Error> {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(client) = CLIENT.get() {
        return Ok(client);
    }
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        .user_agent(concat!("tarn/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(CLIENT.get_or_init(|| client))
}

fn classify(error: reqwest::Error, host: &str) -> FetchError {
    // The URL may hold a signature in its query; the host says enough.
    let error = error.without_url();
    let host = host.to_owned();
    let reason = innermost(&error);
    if error.is_timeout() {
        FetchError::Timeout { host }
    } else if error.is_connect() {
        FetchError::Connect { host, reason }
    } else if error.is_builder() || error.is_redirect() {
        FetchError::Invalid { host, reason }
    } else {
        FetchError::Interrupted { host, reason }
    }
}

/// What the lowest layer said; the layers above only repeat that something failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        message = inner.to_string();
        source = inner.source();
    }
    message
}
