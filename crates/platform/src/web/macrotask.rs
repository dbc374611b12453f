//! Waiting for the next turn of the event loop, so that messages, timers and input get theirs.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageChannel, MessagePort};

use super::send_wrapper::SendWrapper;
use super::timer::Timer;

/// Waits for the next macrotask of the event loop.
///
/// Posts a message to itself, since `setTimeout` waits for at least 4 ms once it is nested; where there is no
/// MessageChannel (some edges) it is `setTimeout` all the same.
pub async fn macrotask() {
    SendWrapper::new(turn()).await;
}

async fn turn() {
    let turn = LOOP.with_borrow_mut(|state| {
        if matches!(state, Loop::Unknown) {
            *state = Loop::new();
        }
        state.post()
    });
    match turn {
        // Such a promise is never rejected.
        Some(promise) => drop(JsFuture::from(promise).await),
        None => Timer::new(Duration::ZERO).await,
    }
}

thread_local! {
    static LOOP: RefCell<Loop> = const { RefCell::new(Loop::Unknown) };
    static WAITING: RefCell<VecDeque<Function>> = const { RefCell::new(VecDeque::new()) };
}

enum Loop {
    Unknown,
    Messages { sender: MessagePort, _receiver: MessagePort, _on_message: Closure<dyn FnMut(JsValue)> },
    Timers,
}

impl Loop {
    fn new() -> Self {
        if !Reflect::has(&js_sys::global(), &"MessageChannel".into()).unwrap_or(false) {
            return Self::Timers;
        }
        let Ok(channel) = MessageChannel::new() else {
            return Self::Timers;
        };
        let on_message = Closure::new(|_message: JsValue| {
            let resolve = WAITING.with_borrow_mut(VecDeque::pop_front);
            if let Some(resolve) = resolve {
                // Resolving runs no code of ours before the next microtask, and cannot throw.
                drop(resolve.call0(&JsValue::UNDEFINED));
            }
        });
        let receiver = channel.port1();
        receiver.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self::Messages { sender: channel.port2(), _receiver: receiver, _on_message: on_message }
    }

    fn post(&self) -> Option<Promise> {
        let Self::Messages { sender, .. } = self else {
            return None;
        };
        let promise = Promise::new(&mut |resolve, _reject| {
            WAITING.with_borrow_mut(|waiting| waiting.push_back(resolve));
        });
        match sender.post_message(&JsValue::NULL) {
            Ok(()) => Some(promise),
            Err(_) => {
                WAITING.with_borrow_mut(VecDeque::pop_back);
                None
            }
        }
    }
}
