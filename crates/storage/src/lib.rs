//! From a URL to an object store: memory, HTTP by ranges, S3-compatible, a byte cache in front, and a registry of them.
//!
//! Every store is an `object_store::ObjectStore`, so what reads and writes tables knows nothing of where they lie. Only
//! what `object_store` cannot say in its own error variants is an [`Error`] of this crate; it then travels as the source
//! of an `object_store::Error`, and [`Error::find`] finds it there again.

mod cache;
mod caching_store;
mod error;
mod http_store;
mod metrics;
mod overlay;
mod resolve;
mod retry;
mod s3;
mod stores;

#[cfg(feature = "contract")]
pub mod contract;

pub use cache::ByteCache;
pub use caching_store::{COALESCE_GAP_BYTES, CachingStore};
pub use error::Error;
pub use http_store::{HttpStore, WHOLE_FILE_LIMIT_BYTES};
pub use metrics::StoreMetrics;
pub use overlay::OverlayStore;
pub use resolve::resolve;
pub use s3::S3Config;
pub use stores::Stores;
