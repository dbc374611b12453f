//! One engine worker as the page sees it: start, post, hear, and notice its death.

use crate::js::set;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Where the worker's script lies, seen from the page: relative, so that the page works under any path.
const SCRIPT: &str = "./engine/worker.js";

/// What comes from a worker.
#[derive(Debug)]
pub(super) enum Signal {
    /// A message, with the buffers that came beside it.
    Message {
        /// The envelope's JSON text.
        text: String,
        /// Its attachments.
        attachments: Array,
    },
    /// The worker died, or never came to life.
    Died {
        /// What is known of the cause.
        cause: String,
    },
}

/// A running worker; dropping it ends the worker.
pub(super) struct Port {
    worker: Worker,
    lock_name: String,
    hear: Rc<dyn Fn(Signal)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl Port {
    /// Starts a worker. `hear` is always called from the event loop, never from within a call to this port.
    pub(super) fn open(hear: impl Fn(Signal) + 'static) -> Result<Self, String> {
        let hear: Rc<dyn Fn(Signal)> = Rc::new(hear);
        let random = (js_sys::Math::random() * 1e15) as u64;
        let lock_name = format!("tarn-engine-{random:x}");
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&lock_name);
        let base = web_sys::window()
            .and_then(|window| window.document())
            .and_then(|document| document.base_uri().ok().flatten())
            .unwrap_or_default();
        let script = web_sys::Url::new_with_base(SCRIPT, &base).map_err(|error| describe(&error))?;
        let worker = Worker::new_with_options(&script.href(), &options).map_err(|error| describe(&error))?;

        let on_message = Closure::new({
            let hear = hear.clone();
            move |event: MessageEvent| {
                if let Some(signal) = read(&event.data()) {
                    hear(signal);
                }
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_error = Closure::new({
            let hear = hear.clone();
            move |event: web_sys::Event| {
                let cause = match event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message) {
                    Some(message) if !message.is_empty() => message,
                    _ => format!("{SCRIPT} could not be loaded"),
                };
                event.prevent_default();
                // A panic is told in words by a message that may still be on its way.
                let hear = hear.clone();
                Timeout::new(50, move || hear(Signal::Died { cause })).forget();
            }
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, lock_name, hear, _on_message: on_message, _on_error: on_error })
    }

    /// Sends a message with the files that belong to it.
    pub(super) fn post(&self, text: &str, attachments: &Array) -> Result<(), String> {
        let message = Object::new();
        set(&message, "text", &text.into());
        set(&message, "attachments", attachments);
        self.worker.post_message(&message).map_err(|error| describe(&error))
    }

    /// Asks for the lock that the worker holds while it lives: being granted it means that the worker is gone. Returns
    /// whether this browser has such locks here; over plain http it has none.
    pub(super) fn watch(&self) -> bool {
        let Some(locks) = web_sys::window()
            .and_then(|window| Reflect::get(&window.navigator(), &"locks".into()).ok())
            .filter(|locks| locks.is_object())
        else {
            return false;
        };
        let Ok(request) = Reflect::get(&locks, &"request".into()).and_then(JsCast::dyn_into::<Function>)
        else {
            return false;
        };
        let hear = self.hear.clone();
        let granted = Closure::once_into_js(move |_lock: JsValue| {
            hear(Signal::Died { cause: "the browser ended it".to_owned() });
        });
        match request.call2(&locks, &self.lock_name.as_str().into(), &granted) {
            Ok(promise) => {
                if let Ok(promise) = promise.dyn_into::<Promise>() {
                    wasm_bindgen_futures::spawn_local(async move {
                        // A refusal leaves the worker's own error events to tell of its death.
                        drop(wasm_bindgen_futures::JsFuture::from(promise).await);
                    });
                }
                true
            }
            Err(_) => false,
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// What a thrown JavaScript value says.
pub(crate) fn describe(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .or_else(|| error.as_string())
        .unwrap_or_else(|| "unknown error".to_owned())
}

fn read(data: &JsValue) -> Option<Signal> {
    if let Some(panic) = Reflect::get(data, &"panic".into()).ok()?.as_string() {
        return Some(Signal::Died { cause: panic });
    }
    let text = Reflect::get(data, &"text".into()).ok()?.as_string()?;
    let attachments = Reflect::get(data, &"attachments".into())
        .ok()
        .and_then(|list| list.dyn_into::<Array>().ok())
        .unwrap_or_default();
    Some(Signal::Message { text, attachments })
}
