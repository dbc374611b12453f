//! HTTP requests: through one shared client natively, through the global `fetch` in a page, a worker or an edge.

use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, TryStreamExt as _};

pub use crate::home::http::send;

/// The bytes of a response, as they arrive. Dropping it ends the request.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, FetchError>> + Send>>;

/// Why no (whole) answer came. An answer with a bad status is an answer, not one of these.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The browser refused to show the answer to this page, or there was none; a page is not told which.
    #[error(
        "{host} cannot be read from this page: either it cannot be reached, or it does not let other sites read it (CORS). \
         Whoever runs {host} can allow it with the headers Access-Control-Allow-Origin: *, \
         Access-Control-Allow-Headers: Range, and Access-Control-Expose-Headers: Content-Range, ETag; \
         otherwise download the file and open it here"
    )]
    Blocked {
        /// Host, with its port if that is unusual.
        host: String,
    },
    /// No connection to the host.
    #[error("cannot connect to {host}: {reason}; check the address and the network")]
    Connect {
        /// Host, with its port if that is unusual.
        host: String,
        /// What the network layer said.
        reason: String,
    },
    /// The host did not answer in time.
    #[error("{host} did not answer in time; try again later")]
    Timeout {
        /// Host, with its port if that is unusual.
        host: String,
    },
    /// The connection ended in the middle.
    #[error("the connection to {host} was cut: {reason}; try again")]
    Interrupted {
        /// Host, with its port if that is unusual.
        host: String,
        /// What the network layer said.
        reason: String,
    },
    /// The request itself makes no sense: a scheme other than http(s), a header that cannot be sent.
    #[error("this request to {host} cannot be sent: {reason}")]
    Invalid {
        /// Host, with its port if that is unusual.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FetchError {
    /// Whether the same request may well succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Interrupted { .. } => true,
            Self::Blocked { .. } | Self::Invalid { .. } => false,
        }
    }
}

/// Reads a body to its end, into one piece.
pub async fn collect(body: Body) -> Result<Bytes, FetchError> {
    let chunks: Vec<Bytes> = body.try_collect().await?;
    Ok(match chunks.as_slice() {
        [] => Bytes::new(),
        [one] => one.clone(),
        many => Bytes::from(many.concat()),
    })
}

/// The host of a request as a person would name it, for messages; never its path or query, which may hold secrets.
pub(crate) fn host_of(uri: &::http::Uri) -> String {
    match (uri.host(), uri.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "this site".to_owned(),
    }
}
