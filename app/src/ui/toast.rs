//! A toast: what was just done, with a way back. One at a time.

use crate::ui::{Button, Weight};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use std::sync::Arc;

/// How long a toast stays.
const SHOWN_MILLIS: u32 = 8_000;

/// Something to do later. Not a `Callback`: that would go with the part of the page that made it, and what is undone has
/// often left the page.
pub(crate) type Act = Arc<dyn Fn() + Send + Sync>;

/// What was done.
#[derive(Clone)]
pub(crate) struct Toast {
    /// In words.
    pub(crate) text: String,
    /// Takes it back.
    pub(crate) undo: Option<Act>,
    /// Makes it final: runs when the toast goes without undo.
    pub(crate) settle: Option<Act>,
}

/// Where toasts appear.
#[derive(Clone, Copy)]
pub(crate) struct ToastHost {
    shown: RwSignal<Option<Toast>>,
    timer: StoredValue<Option<Timeout>, LocalStorage>,
}

impl ToastHost {
    /// No toast.
    pub(crate) fn new() -> Self {
        Self { shown: RwSignal::new(None), timer: StoredValue::new_local(None) }
    }

    /// Shows a toast; the one before is settled.
    pub(crate) fn show(self, toast: Toast) {
        self.leave(|toast| toast.settle);
        self.shown.set(Some(toast));
        let timer = Timeout::new(SHOWN_MILLIS, move || {
            self.timer.update_value(|timer| {
                if let Some(timer) = timer.take() {
                    timer.forget();
                }
            });
            self.leave(|toast| toast.settle);
        });
        self.timer.set_value(Some(timer));
    }

    /// Says something that cannot be taken back.
    pub(crate) fn say(self, text: impl Into<String>) {
        self.show(Toast { text: text.into(), undo: None, settle: None });
    }

    /// Where the toast is drawn.
    pub(crate) fn view(self) -> impl IntoView {
        view! {
            <div class="toast-host" role="status">
                {move || {
                    self.shown
                        .get()
                        .map(|toast| {
                            view! {
                                <div class="toast">
                                    <span>{toast.text}</span>
                                    {toast
                                        .undo
                                        .map(|_| {
                                            view! {
                                                <Button
                                                    label="Undo"
                                                    weight=Weight::Quiet
                                                    on_press=Callback::new(move |()| self.leave(|toast| toast.undo))
                                                />
                                            }
                                        })}
                                </div>
                            }
                        })
                }}
            </div>
        }
    }

    fn leave(self, how: impl FnOnce(Toast) -> Option<Act>) {
        let toast = self.shown.try_update(Option::take).flatten();
        if let Some(last) = toast.and_then(how) {
            last();
        }
    }
}
