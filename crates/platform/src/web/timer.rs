//! `setTimeout` as a future, without the kick: the drivers' own watchdog waits on it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

// Bare globals, not methods of Window: these exist in a page, a worker and an edge alike.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// The longest delay that `setTimeout` takes; more would fire at once.
const LONGEST_MILLIS: f64 = i32::MAX as f64;

/// Fires once; cleared when dropped.
pub(super) struct Timer {
    left_millis: f64,
    running: Option<(JsValue, JsFuture)>,
}

impl Timer {
    pub(super) fn new(duration: Duration) -> Self {
        Self { left_millis: duration.as_secs_f64() * 1000.0, running: None }
    }

    fn start(&mut self) -> &mut JsFuture {
        let millis = self.left_millis.min(LONGEST_MILLIS).ceil();
        self.left_millis -= millis;
        let mut id = JsValue::UNDEFINED;
        let promise = Promise::new(&mut |resolve, _reject| id = set_timeout(&resolve, millis));
        &mut self.running.insert((id, JsFuture::from(promise))).1
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let future = match &mut self.running {
                Some((_, future)) => future,
                None => self.start(),
            };
            if Pin::new(future).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.running = None;
            if self.left_millis <= 0.0 {
                return Poll::Ready(());
            }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((id, _)) = &self.running {
            clear_timeout(id);
        }
    }
}
