//! A monotonic clock that works in a browser, where `std::time::Instant` panics.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(clippy::disallowed_types, reason = "this is the type that others are told to use instead")
)]

use std::ops::{Add, Sub};
use std::time::Duration;

/// A point on the monotonic clock.
///
/// A type of its own rather than `web_time::Instant`, which natively *is* `std::time::Instant`, the type that
/// clippy.toml bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(web_time::Instant);

impl Instant {
    /// This moment.
    pub fn now() -> Self {
        Self(web_time::Instant::now())
    }

    /// The time since this moment, zero if it lies in the future.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// The time from `earlier` to this moment, zero if `earlier` is later.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        // A sum past the end of the clock means "never": the far future says that as well.
        Self(self.0.checked_add(duration).unwrap_or(self.0 + Duration::from_secs(u32::MAX as u64)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}
