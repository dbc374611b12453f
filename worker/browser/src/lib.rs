//! The Web Worker that holds the lakehouse of a tab and answers its page.
#![cfg(target_arch = "wasm32")]

mod convert;
mod excel;
mod export;
mod files;
mod moves;
mod post;
mod run;
mod tab;
mod zip;

use post::fail;
use std::rc::Rc;
use tab::Tab;
use tarn_rpc::{Envelope, ErrorKind, ErrorReport, Request};
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

/// Listens to the page. Called by the module's loader.
#[wasm_bindgen(start)]
pub fn start() {
    // After a panic this instance is not usable: the page shows the message and starts another.
    std::panic::set_hook(Box::new(|info| post::panic(&info.to_string())));
    let tab = Rc::new(Tab::default());
    let listen = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| receive(&tab, &event));
    let scope = post::scope();
    if scope.add_event_listener_with_callback("message", listen.as_ref().unchecked_ref()).is_err() {
        post::panic("The worker cannot listen to its page");
    }
    // The listener lives as long as the worker.
    listen.forget();
}

fn receive(tab: &Rc<Tab>, event: &MessageEvent) {
    let data = event.data();
    let get = |key: &str| js_sys::Reflect::get(&data, &JsValue::from_str(key)).unwrap_or_default();
    let Some(text) = get("text").as_string() else { return };
    let attachments: Vec<JsValue> = js_sys::Array::from(&get("attachments")).to_vec();
    match Envelope::<Request>::decode(&text) {
        Ok(envelope) => {
            let tab = Rc::clone(tab);
            wasm_bindgen_futures::spawn_local(async move {
                tab::answer(&tab, envelope.id, envelope.message, attachments).await;
            });
        }
        Err(error) => fail(
            0,
            None,
            ErrorReport {
                kind: ErrorKind::VersionMismatch,
                message: "The page sent a message that this engine does not know".to_owned(),
                hint: Some("Reload the page".to_owned()),
                position: None,
                fix: None,
                detail: Some(error.to_string()),
            },
        ),
    }
}
