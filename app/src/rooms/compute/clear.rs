//! Clears what was written to this browser. That cannot be undone, so the word is typed.

use crate::session::use_session;
use crate::ui::{Button, Sheet, Weight};
use leptos::prelude::*;
use tarn_rpc::{Event, Request};

const WORD: &str = "clear";

/// The button and its sheet.
#[component]
pub(super) fn ClearData() -> impl IntoView {
    let session = use_session();
    let is_open = RwSignal::new(false);
    let typed = RwSignal::new(String::new());
    let is_typed = Memo::new(move |_| typed.with(|typed| typed.trim().eq_ignore_ascii_case(WORD)));
    let clear = move || {
        if !is_typed.get_untracked() {
            return;
        }
        is_open.set(false);
        typed.set(String::new());
        session.engine.send(Request::ClearFiles, move |event| match event {
            Event::Files { .. } => {
                session.storage.look();
                session.toasts.say("The tables and files of this browser are gone.");
            }
            Event::Failed { error, .. } => session.toasts.say(error.message),
            _ => {}
        });
    };
    view! {
        <div class="compute-clear">
            <Button
                label="Clear data…"
                weight=Weight::Danger
                on_press=Callback::new(move |()| is_open.set(true))
            />
        </div>
        <Sheet open=is_open title="Clear data">
            <form
                class="compute-clear-form"
                on:submit=move |event| {
                    event.prevent_default();
                    clear();
                }
            >
                <p>
                    "Deletes every table and file that was written to this browser, those that other tabs use too. Opened files, queries and their history stay."
                </p>
                <label for="clear-word">{format!("This cannot be undone. Type “{WORD}” to do it.")}</label>
                <input
                    id="clear-word"
                    class="input"
                    autocomplete="off"
                    prop:value=typed
                    on:input:target=move |event| typed.set(event.target().value())
                />
                <div class="sheet-actions">
                    <Button
                        label="Clear all data"
                        weight=Weight::Danger
                        disabled=Signal::derive(move || !is_typed.get())
                        on_press=Callback::new(move |()| clear())
                    />
                </div>
            </form>
        </Sheet>
    }
}
