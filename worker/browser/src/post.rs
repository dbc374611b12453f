//! Sends events to the page.

use js_sys::{Array, Object, Reflect};
use tarn_rpc::{Envelope, ErrorReport, Event};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// This worker.
pub(crate) fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Sends an event.
pub(crate) fn event(id: u64, message: Event) {
    send(id, message, &Array::new());
}

/// Sends an event with bytes beside it.
pub(crate) fn bytes(id: u64, message: Event, bytes: &[u8]) {
    send(id, message, &Array::of1(&js_sys::Uint8Array::from(bytes).buffer()));
}

/// Sends an event with a blob beside it, which stays where its bytes are.
pub(crate) fn blob(id: u64, message: Event, blob: &web_sys::Blob) {
    send_with(id, message, &Array::of1(blob), &Array::new());
}

/// Says that a request failed.
pub(crate) fn fail(id: u64, statement: Option<u32>, error: ErrorReport) {
    event(id, Event::Failed { statement, error });
}

/// Says that the worker is dying.
pub(crate) fn panic(message: &str) {
    let data = Object::new();
    let _ = Reflect::set(&data, &"panic".into(), &message.into());
    let _ = scope().post_message(&data);
}

fn send(id: u64, message: Event, attachments: &Array) {
    send_with(id, message, attachments, attachments);
}

fn send_with(id: u64, message: Event, attachments: &Array, given_away: &Array) {
    let text = match (Envelope { id, message }).encode() {
        Ok(text) => text,
        Err(error) => return panic(&format!("An event cannot be written: {error}")),
    };
    let data = Object::new();
    let set = |key: &str, value: &JsValue| Reflect::set(&data, &key.into(), value);
    let is_set = set("text", &text.into()).is_ok() && set("attachments", attachments).is_ok();
    if !is_set || scope().post_message_with_transfer(&data, given_away).is_err() {
        panic("An event cannot be sent to the page");
    }
}
