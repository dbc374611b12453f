//! The home in wasm: one thread, the event loop of a page, a worker or an edge.

mod driver;
pub(crate) mod http;
mod macrotask;
mod send_wrapper;
mod timer;

use std::time::Duration;

pub use driver::{count_work, drive, kick_drivers, slice_is_over};
pub use macrotask::macrotask;
pub use send_wrapper::{SendWrapper, js};

/// Whether work on one task leaves others running.
pub const HAS_THREADS: bool = false;

/// `Send` where there are threads: not here, where everything will do.
pub trait MaybeSend {}
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` where there are threads: not here, where everything will do.
pub trait MaybeSync {}
impl<T: ?Sized> MaybeSync for T {}

/// Lets other tasks run: those of the same runtime inside [`drive`], the event loop outside.
pub async fn yield_now() {
    if driver::is_in_slice() {
        let mut yielded = false;
        std::future::poll_fn(|cx| {
            if yielded {
                return std::task::Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    } else {
        macrotask().await;
    }
}

/// Waits, without blocking anybody.
pub async fn sleep(duration: Duration) {
    js(timer::Timer::new(duration)).await;
}

/// Runs jobs that compute, side by side where there are threads, and gives what they return in their order. Here they run
/// one after the other.
pub async fn side_by_side<T: MaybeSend + 'static, F: FnOnce() -> T + MaybeSend + 'static>(
    jobs: Vec<F>,
) -> Vec<T> {
    jobs.into_iter().map(|job| job()).collect()
}

/// Runs a future beside the caller, to its end.
///
/// It runs on the event loop, not on the runtime of a [`drive`], so it must not spawn on tokio itself.
pub fn spawn<F: Future<Output = ()> + MaybeSend + 'static>(future: F) {
    let mut future = Box::pin(future);
    wasm_bindgen_futures::spawn_local(std::future::poll_fn(move |cx| {
        let poll = future.as_mut().poll(cx);
        // It may have sent something to a task on some driver's runtime, which cannot notice by itself.
        kick_drivers();
        poll
    }));
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn unix_millis() -> i64 {
    js_sys::Date::now() as i64
}

/// Fills a buffer with random bytes: for names and seeds, not for secrets.
pub fn random_bytes(buffer: &mut [u8]) {
    if getrandom::fill(buffer).is_err() {
        // No browser is without `crypto`; if one ever is, names that differ are better than a panic.
        for byte in buffer {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
}
