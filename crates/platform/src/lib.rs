//! What differs between wasm and native: spawn, sleep, clock, randomness, HTTP, and how a query is driven.
//!
//! Both homes have the same functions; the few that only a browser needs ([`js`](fn@js), `SendWrapper`) exist only there.
//! This is the one crate where `cfg(target_arch)` belongs.

#[cfg(not(target_arch = "wasm32"))]
#[path = "native/mod.rs"]
mod home;
#[cfg(target_arch = "wasm32")]
#[path = "web/mod.rs"]
mod home;
pub mod http;
mod instant;

pub use home::{
    HAS_THREADS, MaybeSend, MaybeSync, count_work, drive, random_bytes, side_by_side, sleep, slice_is_over,
    spawn, unix_millis, yield_now,
};
#[cfg(target_arch = "wasm32")]
pub use home::{SendWrapper, js, kick_drivers, macrotask};
pub use instant::Instant;

/// Eight random bytes as a number: for names and seeds, not for secrets.
pub fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    random_bytes(&mut bytes);
    u64::from_le_bytes(bytes)
}
