//! What a request may say, and what of it works here.

use super::Accepted;
use crate::error::ApiError;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// What to run, and how far.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) statement: String,
    /// Rows to return at most.
    pub(super) row_limit: Option<u64>,
    /// Bytes to return at most; without it a result that is too large is an error.
    pub(super) byte_limit: Option<u64>,
    /// How long the statement may take.
    pub(super) cancel_after: Option<Duration>,
}

impl Execution {
    /// Reads a request's body.
    pub(super) fn parse(body: &[u8]) -> Accepted<Self> {
        let request: Request = serde_json::from_slice(body).map_err(|error| {
            ApiError::malformed(format!("The body is not the JSON of a statement: {error}"))
        })?;
        request.accept()
    }
}

/// The fields of the API; those that change nothing here (`warehouse_id`, `catalog`, `schema`, `query_tags`) may be
/// there, as may any other.
#[derive(Debug, Deserialize)]
struct Request {
    #[serde(default)]
    statement: String,
    format: Option<Format>,
    disposition: Option<Disposition>,
    wait_timeout: Option<String>,
    on_wait_timeout: Option<OnWaitTimeout>,
    row_limit: Option<u64>,
    byte_limit: Option<u64>,
    parameters: Option<Vec<Value>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Format {
    JsonArray,
    ArrowStream,
    Csv,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Disposition {
    Inline,
    ExternalLinks,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum OnWaitTimeout {
    Continue,
    Cancel,
}

/// What Databricks takes when nothing is said.
const DEFAULT_WAIT: Duration = Duration::from_secs(10);

impl Request {
    fn accept(self) -> Accepted<Execution> {
        if self.statement.trim().is_empty() {
            return Err(ApiError::invalid(
                "statement is missing or empty: give the text of one SQL statement",
            ));
        }
        match self.format {
            None | Some(Format::JsonArray) => {}
            Some(Format::ArrowStream) => return Err(unsupported("format ARROW_STREAM")),
            Some(Format::Csv) => return Err(unsupported("format CSV")),
        }
        match self.disposition {
            None | Some(Disposition::Inline) => {}
            Some(Disposition::ExternalLinks) => return Err(unsupported("disposition EXTERNAL_LINKS")),
        }
        if self.parameters.is_some_and(|parameters| !parameters.is_empty()) {
            return Err(ApiError::invalid(
                "parameters are not there yet: write the values into the statement",
            ));
        }
        let wait = self.wait_timeout.as_deref().map_or(Ok(DEFAULT_WAIT), parse_wait)?;
        // A wait of 0 s asks not to wait at all, where nothing is to be cancelled.
        let is_limited = self.on_wait_timeout == Some(OnWaitTimeout::Cancel) && !wait.is_zero();
        Ok(Execution {
            statement: self.statement,
            row_limit: self.row_limit,
            byte_limit: self.byte_limit,
            cancel_after: is_limited.then_some(wait),
        })
    }
}

fn unsupported(what: &str) -> ApiError {
    ApiError::invalid(format!("{what} is not there yet: use format JSON_ARRAY with disposition INLINE"))
}

fn parse_wait(text: &str) -> Accepted<Duration> {
    let seconds = text.strip_suffix('s').and_then(|digits| digits.parse().ok());
    match seconds {
        Some(seconds @ (0 | 5..=50)) => Ok(Duration::from_secs(seconds)),
        _ => Err(ApiError::invalid(format!(
            "wait_timeout {text:?} must be \"0s\", or between \"5s\" and \"50s\""
        ))),
    }
}
