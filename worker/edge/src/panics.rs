//! A panic ends the instance: the shim is told, answers for it, and makes a new one.

use std::panic;
use std::sync::Once;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Defined by `shim.mjs`.
    #[wasm_bindgen(js_name = tarnFailed)]
    fn tarn_failed(message: &str);
}

/// Makes panics known to the shim. A panic cannot be caught here: wasm aborts, and the promise of the request would
/// never be settled.
pub(crate) fn report() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Writes the place to the console.
        let log = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            log(info);
            tarn_failed(info.payload_as_str().unwrap_or("no message"));
        }));
    });
}
