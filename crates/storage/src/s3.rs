//! S3 and what speaks like it: `object_store`'s client over `platform`'s HTTP, in every home alike.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http_body::Frame;
use http_body_util::BodyExt as _;
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use parking_lot::Mutex;
use tarn_platform::http::{Body, FetchError};

use crate::error::Error;
use crate::retry::send_with_retry;

/// How to reach a bucket. Lives in memory only; its `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Config {
    /// The bucket's name.
    pub bucket: String,
    /// `https://…` of a server other than Amazon's: MinIO, R2.
    pub endpoint: Option<String>,
    /// Amazon's name of the region; `us-east-1` if not given, which others ignore.
    pub region: Option<String>,
    /// The key's public half. Without it the bucket is read as anybody.
    pub access_key_id: Option<String>,
    /// The key's secret half.
    pub secret_access_key: Option<String>,
    /// Comes with keys that expire.
    pub session_token: Option<String>,
    /// `https://host/bucket/key` rather than `https://bucket.host/key`: for most servers that are not Amazon's.
    pub path_style: bool,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "…");
        f.debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &hidden(&self.secret_access_key))
            .field("session_token", &hidden(&self.session_token))
            .field("path_style", &self.path_style)
            .finish()
    }
}

impl S3Config {
    /// The bucket as a store. Its puts with `PutMode::Create` are conditional puts (`If-None-Match: *`).
    pub fn store(&self) -> Result<AmazonS3, Error> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(self.region.as_deref().unwrap_or("us-east-1"))
            .with_virtual_hosted_style_request(!self.path_style)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_allow_http(true)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            .with_http_connector(PlatformConnector);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(self.endpoint_for_style(endpoint)?);
        }
        builder = match (&self.access_key_id, &self.secret_access_key) {
            (Some(id), Some(secret)) => builder.with_access_key_id(id).with_secret_access_key(secret),
            (None, None) => builder.with_skip_signature(true),
            (Some(_), None) | (None, Some(_)) => {
                return Err(self.unusable("an access key and its secret come together"));
            }
        };
        if let Some(token) = &self.session_token {
            builder = builder.with_token(token);
        }
        builder.build().map_err(|error| self.unusable(&error.to_string()))
    }

    /// `object_store` takes an endpoint of virtual-hosted style with the bucket already in it.
    fn endpoint_for_style(&self, endpoint: &str) -> Result<String, Error> {
        let endpoint = endpoint.trim_end_matches('/');
        let Some((scheme @ ("http" | "https"), host)) = endpoint.split_once("://") else {
            return Err(self.unusable("the endpoint must start with https:// or http://"));
        };
        Ok(match self.path_style {
            true => endpoint.to_owned(),
            false => format!("{scheme}://{}.{host}", self.bucket),
        })
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::BadS3Settings { bucket: self.bucket.clone(), reason: reason.to_owned() }
    }
}

/// Brings `object_store`'s requests to `platform`'s HTTP.
#[derive(Debug)]
struct PlatformConnector;

impl HttpConnector for PlatformConnector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(PlatformService))
    }
}

#[derive(Debug)]
struct PlatformService;

#[async_trait]
impl HttpService for PlatformService {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, mut body) = request.into_parts();
        let mut whole = BytesMut::with_capacity(body.content_length());
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame?.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        let request = http::Request::from_parts(head, whole.freeze());
        let response = send_with_retry(request).await.map_err(http_error)?;
        Ok(response.map(|body| HttpResponseBody::new(SharedBody(Mutex::new(body)))))
    }
}

fn http_error(error: FetchError) -> HttpError {
    let kind = match &error {
        FetchError::Connect { .. } => HttpErrorKind::Connect,
        FetchError::Timeout { .. } => HttpErrorKind::Timeout,
        FetchError::Interrupted { .. } => HttpErrorKind::Interrupted,
        FetchError::Blocked { .. } | FetchError::Invalid { .. } => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}

/// `object_store` wants bodies to be `Sync`, which a stream has no need to be: a lock that is never taken makes it so.
struct SharedBody(Mutex<Body>);

impl http_body::Body for SharedBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let chunk = self.0.get_mut().as_mut().poll_next(cx);
        chunk.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data).map_err(http_error)))
    }
}
