//! The messages between a page and its engine worker.
//!
//! Every message is an [`Envelope`] encoded as JSON text. What JSON cannot carry (a dropped `File`, the bytes of a
//! download) travels beside the text as an attachment of the same `postMessage`: see [`Request::AddFiles`] and
//! [`Event::FileBytes`]. A request has an id that the page chooses; every event that answers it carries the same id.

mod error;
mod event;
mod request;

pub use error::{ErrorKind, ErrorReport, Position};
pub use event::{
    Cell, Column, ColumnKind, Event, FileEntry, Function, FunctionKind, OperatorProgress, Progress,
    ResultStatus, RunStatus, StoreKind,
};
pub use request::{ExportRows, Over, Parameter, Request, S3Credentials};

use serde::{Deserialize, Serialize};

/// The version of this protocol. Page and worker are built together, but a cached page can meet a newer worker: the
/// worker answers a [`Request::Hello`] of another version with an error of kind [`ErrorKind::VersionMismatch`].
pub const PROTOCOL_VERSION: u32 = 3;

/// A message with the id of the request that it is, or answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Chosen by the page, unique within one worker's life. Id 0 is an event that answers nothing.
    pub id: u64,
    /// The request or event itself.
    pub message: T,
}

impl<T: Serialize> Envelope<T> {
    /// The JSON text of this message.
    ///
    /// # Errors
    /// When a value cannot be written as JSON; the types of this crate always can.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl<T: for<'de> Deserialize<'de>> Envelope<T> {
    /// Reads a message back from its JSON text.
    ///
    /// # Errors
    /// When the text is not a message of this protocol version.
    pub fn decode(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_wire() {
        let sent = Envelope {
            id: 7,
            message: Request::Window { result: 3, offset: u64::from(u32::MAX) + 9, limit: 50 },
        };
        let text = sent.encode().unwrap();
        assert_eq!(text, r#"{"id":7,"message":{"type":"window","result":3,"offset":4294967304,"limit":50}}"#);
        assert_eq!(Envelope::decode(&text).unwrap(), sent);
    }
}
