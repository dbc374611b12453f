//! What can go wrong with a store, beyond what `object_store::Error` has words for.

use std::error::Error as StdError;
use std::io;

use object_store::Error as StoreError;
use tarn_platform::http::FetchError;
use url::Url;

/// Why a store could not do what it was asked, said so that a person knows what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No (whole) answer came over the network.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There is nothing at this URL.
    #[error("there is nothing at {url} (the server answers {status}); check the address")]
    Missing {
        /// Without its query.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server wants to know who asks, or says no.
    #[error(
        "{url} may not be read (the server answers {status}); if it is a signed link, it may have expired: ask for a new one"
    )]
    Forbidden {
        /// Without its query.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server answered with a status that has no better name.
    #[error("{url} cannot be read now: the server answers {status}; try again later")]
    Status {
        /// Without its query.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server contradicts itself.
    #[error("{url} cannot be read by ranges: {reason}; download the file and open it here")]
    BadAnswer {
        /// Without its query.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The server knows no ranges, and the whole file is too much to keep.
    #[error(
        "the server of {url} sends only whole files, and this one is larger than {limit_bytes} bytes; \
         download it and open it here, or serve it from a server that knows range requests"
    )]
    WholeFileTooLarge {
        /// Without its query.
        url: String,
        /// How much would have been kept.
        limit_bytes: u64,
    },
    /// The file is not what it was when reading began.
    #[error("{path} has changed while it was read; run the query again")]
    Changed {
        /// The path in its store.
        path: String,
    },
    /// A store that cannot list files was asked to.
    #[error("a web server does not say which files it has, so {url} cannot be listed; name each file")]
    CannotList {
        /// Without its query.
        url: String,
    },
    /// A place that can only be read.
    #[error("{path} is opened read-only; write under another name")]
    ReadOnly {
        /// The path in its store.
        path: String,
    },
    /// The device or the browser gives no more space.
    #[error(
        "the storage is full: {reason}; drop tables or files that are not needed, or free space on the device"
    )]
    StorageFull {
        /// What the storage said.
        reason: String,
    },
    /// Nothing is known of this kind of URL here.
    #[error("no storage is known for {url}; use a path, or a URL that starts with {known}")]
    UnknownScheme {
        /// Without its query.
        url: String,
        /// The schemes that would do, joined by commas.
        known: String,
    },
    /// A bucket without keys.
    #[error(
        "no keys are known for the bucket {bucket}; give an access key and its secret, or say that the bucket is public"
    )]
    NoKeys {
        /// The bucket's name.
        bucket: String,
    },
    /// Settings for S3 that cannot work.
    #[error("the settings for the bucket {bucket} are not usable: {reason}")]
    BadS3Settings {
        /// The bucket's name.
        bucket: String,
        /// What is wrong.
        reason: String,
    },
    /// A text that is no path and no URL.
    #[error("{text} is not a path or URL: {reason}")]
    BadPath {
        /// As it was typed.
        text: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// Whether the same request may well succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_retryable(),
            Self::Status { status, .. } => is_retryable_status(*status),
            Self::Changed { .. } => true,
            Self::Missing { .. }
            | Self::Forbidden { .. }
            | Self::BadAnswer { .. }
            | Self::WholeFileTooLarge { .. }
            | Self::CannotList { .. }
            | Self::ReadOnly { .. }
            | Self::StorageFull { .. }
            | Self::UnknownScheme { .. }
            | Self::NoKeys { .. }
            | Self::BadS3Settings { .. }
            | Self::BadPath { .. } => false,
        }
    }

    /// Finds an error of this crate under others that wrapped it: `StorageFull` below an `object_store::Error` below
    /// an engine's error, for example.
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// What a store said that has no room left, wherever in an error it stands: the browser's quota, a full disk, a limit
    /// for a person or process. Such a store has not written the file.
    pub fn full_reason(error: &(dyn StdError + 'static)) -> Option<String> {
        if let Some(Self::StorageFull { reason }) = Self::find(error) {
            return Some(reason.clone());
        }
        let mut next = Some(error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>().filter(|io| {
                matches!(
                    io.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
                )
            });
            if let Some(io) = io {
                return Some(io.to_string());
            }
            next = error.source();
        }
        None
    }

    /// As the variant of `object_store::Error` that means the same.
    pub fn into_store_error(self, store: &'static str, path: impl Into<String>) -> StoreError {
        let path = path.into();
        match self {
            Self::Missing { .. } => StoreError::NotFound { path, source: self.into() },
            Self::Forbidden { status: 401, .. } => StoreError::Unauthenticated { path, source: self.into() },
            Self::Forbidden { .. } => StoreError::PermissionDenied { path, source: self.into() },
            Self::Changed { .. } => StoreError::Precondition { path, source: self.into() },
            Self::ReadOnly { .. } => StoreError::AlreadyExists { path, source: self.into() },
            Self::CannotList { .. } => StoreError::NotSupported { source: self.into() },
            Self::Fetch(_)
            | Self::Status { .. }
            | Self::BadAnswer { .. }
            | Self::WholeFileTooLarge { .. }
            | Self::StorageFull { .. }
            | Self::UnknownScheme { .. }
            | Self::NoKeys { .. }
            | Self::BadS3Settings { .. }
            | Self::BadPath { .. } => StoreError::Generic { store, source: self.into() },
        }
    }
}

/// Statuses of a server that is busy or restarting.
pub(crate) fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// A URL for messages: queries and passwords hold secrets.
pub(crate) fn redacted(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_fragment(None);
    let had_query = shown.query().is_some();
    shown.set_query(None);
    if !shown.username().is_empty() || shown.password().is_some() {
        // Fails only for URLs without a host, which have no user either.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
    }
    if had_query { format!("{shown}?…") } else { shown.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_storage_is_found_wherever_it_is_said() {
        let generic = |source: Box<dyn StdError + Send + Sync>| StoreError::Generic { store: "test", source };
        let check = |error: &StoreError, expect: Option<&str>| {
            assert_eq!(Error::full_reason(error).as_deref(), expect, "{error:?}");
        };
        let quota = Error::StorageFull { reason: "no quota".to_owned() };
        check(&quota.into_store_error("test", "a"), Some("no quota"));
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge] {
            check(&generic(io::Error::new(kind, "no room").into()), Some("no room"));
            let deeper = generic(generic(io::Error::new(kind, "no room").into()).into());
            check(&deeper, Some("no room"));
        }
        check(&generic(io::Error::new(io::ErrorKind::PermissionDenied, "no").into()), None);
        check(&Error::Changed { path: "a".to_owned() }.into_store_error("test", "a"), None);
    }
}
