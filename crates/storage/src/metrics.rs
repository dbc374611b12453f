//! What was truly read from stores, for the progress of a query.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counters that only grow; whoever wants a difference remembers where they stood.
#[derive(Debug, Default)]
pub struct StoreMetrics {
    /// Bytes that came from stores, not from the cache.
    pub bytes_read: AtomicU64,
    /// Requests that read, heads and lists included.
    pub requests: AtomicU64,
    /// Bytes that the cache had.
    pub bytes_from_cache: AtomicU64,
}

impl StoreMetrics {
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_bytes(&self, bytes: usize) {
        self.bytes_read.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn count_cached(&self, bytes: u64) {
        self.bytes_from_cache.fetch_add(bytes, Relaxed);
    }
}
