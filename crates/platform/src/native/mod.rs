//! The native home: tokio's threads and the operating system's clock.

pub(crate) mod http;

use std::time::Duration;

/// Whether work on one task leaves others running.
pub const HAS_THREADS: bool = true;

/// `Send` where there are threads: everywhere but in wasm.
pub trait MaybeSend: Send {}
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync` where there are threads: everywhere but in wasm.
pub trait MaybeSync: Sync {}
impl<T: Sync + ?Sized> MaybeSync for T {}

/// Runs a future, and all that it spawns on tokio, to its end.
///
/// Natively tokio already runs: this just awaits. In wasm it brings a runtime of its own.
pub async fn drive<F: Future>(future: F) -> F::Output {
    future.await
}

/// Whether long work should yield now so that others get their turn. Natively never: there are other threads.
pub fn slice_is_over() -> bool {
    false
}

/// Tells of work like that of so many batches. Natively nobody asks: there are other threads.
pub fn count_work(_batches: u32) {}

/// Lets other tasks run.
pub async fn yield_now() {
    tokio::task::yield_now().await;
}

/// Waits, without blocking anybody.
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Runs a future beside the caller, to its end.
#[expect(clippy::disallowed_methods, reason = "this is the function that others are told to use instead")]
pub fn spawn<F: Future<Output = ()> + MaybeSend + 'static>(future: F) {
    tokio::spawn(future);
}

/// Runs jobs that compute, side by side where there are threads, and gives what they return in their order.
///
/// # Panics
/// When a job does.
#[expect(clippy::disallowed_methods, reason = "this is the function that others are told to use instead")]
pub async fn side_by_side<T: MaybeSend + 'static, F: FnOnce() -> T + MaybeSend + 'static>(
    jobs: Vec<F>,
) -> Vec<T> {
    let running: Vec<_> = jobs.into_iter().map(|job| tokio::spawn(async move { job() })).collect();
    let mut returned = Vec::with_capacity(running.len());
    for job in running {
        match job.await {
            Ok(value) => returned.push(value),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Jobs are only cancelled by the end of the whole runtime, and this task with them.
                Err(_) => std::future::pending().await,
            },
        }
    }
    returned
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[expect(clippy::disallowed_types, reason = "this is the function that others are told to use instead")]
pub fn unix_millis() -> i64 {
    match std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

/// Fills a buffer with random bytes: for names and seeds, not for secrets.
pub fn random_bytes(buffer: &mut [u8]) {
    use std::hash::{BuildHasher as _, RandomState};
    if getrandom::fill(buffer).is_err() {
        // No system here is without randomness; if one ever is, names that differ are better than a panic.
        for (index, chunk) in buffer.chunks_mut(8).enumerate() {
            let word = RandomState::new().hash_one((index, unix_millis())).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}
