//! The other tabs of this site: when one changes files, the others look again.

use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

const CHANNEL: &str = "tarn-files";

/// The channel between the tabs; without one each tab sees its own changes only.
pub(super) struct Neighbours {
    channel: Option<BroadcastChannel>,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { channel: BroadcastChannel::new(CHANNEL).ok() }
    }
}

impl Neighbours {
    /// Says that files have changed.
    pub(super) fn tell(&self) {
        if let Some(channel) = &self.channel {
            // Who does not hear it looks when it is next asked.
            drop(channel.post_message(&JsValue::TRUE));
        }
    }

    /// Hears that another tab has changed files, as long as the page is there.
    pub(super) fn listen(&self, on_change: impl Fn() + 'static) {
        if let Some(channel) = &self.channel {
            let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |_| on_change());
            channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            heard.forget();
        }
    }
}
