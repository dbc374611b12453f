//! The open pads as tabs: arrows move, a double click or F2 renames, Delete closes.

use crate::pads::Pad;
use crate::session::{Session, use_session};
use crate::ui::{IconButton, Lucide};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, ScrollIntoViewOptions, ScrollLogicalPosition};

/// The tabs, and what is done to the shown pad as a whole.
#[component]
pub(super) fn PadTabs() -> impl IntoView {
    let session = use_session();
    let pads = session.pads;
    let renamed = RwSignal::new(None::<u64>);
    let list = NodeRef::<html::Div>::new();
    let focus_shown = move || {
        // The tab is drawn anew first.
        gloo_timers::callback::Timeout::new(0, move || {
            let list = list.get_untracked();
            let tab = list.and_then(|list| list.query_selector("[aria-selected='true']").ok().flatten());
            if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
                // Without focus the arrows still work from the tab before.
                drop(tab.focus());
            }
        })
        .forget();
    };
    let on_key = move |event: KeyboardEvent| {
        if renamed.get_untracked().is_some() {
            return;
        }
        match event.key().as_str() {
            "ArrowRight" => pads.step(1),
            "ArrowLeft" => pads.step(-1),
            "F2" => renamed.set(Some(pads.shown.get_untracked())),
            "Delete" => session.close_pad(pads.shown.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        focus_shown();
    };
    view! {
        <div class="pad-line">
            <div node_ref=list class="pad-tabs" role="tablist" aria-label="Queries" on:keydown=on_key>
                <For each=move || pads.list.get() key=|pad| pad.id let:pad>
                    <PadTab pad renamed session />
                </For>
            </div>
            <IconButton
                label="New query"
                icon=Lucide::Plus
                on_press=Callback::new(move |()| session.new_pad("", ""))
            />
            <span class="pad-room"></span>
            <IconButton
                label="Format the SQL"
                icon=Lucide::Format
                on_press=Callback::new(move |()| {
                    pads.current_untracked().task.set(Some(crate::pads::EditorTask::Format));
                })
            />
            <IconButton
                label="History of queries"
                icon=Lucide::History
                on_press=Callback::new(move |()| session.is_history_open.set(true))
            />
            <IconButton
                label="Copy a link to this query"
                icon=Lucide::Link
                on_press=Callback::new(move |()| session.copy_link())
            />
        </div>
    }
}

#[component]
fn PadTab(pad: Pad, renamed: RwSignal<Option<u64>>, session: Session) -> impl IntoView {
    let pads = session.pads;
    let is_shown = Memo::new(move |_| pads.shown.get() == pad.id);
    let name = pad.shown_name();
    let is_running = Memo::new(move |_| pad.runs.phase.get().is_running());
    let input = NodeRef::<html::Input>::new();
    let tab = NodeRef::<html::Button>::new();
    Effect::new(move || {
        if let (true, Some(tab)) = (is_shown.get(), tab.get()) {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            options.set_inline(ScrollLogicalPosition::Nearest);
            tab.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    Effect::new(move || {
        if let Some(input) = input.get() {
            // A field that cannot take the focus is clicked instead.
            drop(input.focus());
            input.select();
        }
    });
    let finish = move |name: String| {
        pad.name.set(name.trim().to_owned());
        renamed.set(None);
    };
    view! {
        {move || {
            if renamed.get() == Some(pad.id) {
                view! {
                    <input
                        node_ref=input
                        class="input pad-name"
                        aria-label="Name of the query"
                        prop:value=name.get_untracked()
                        on:blur:target=move |event| finish(event.target().value())
                        on:keydown:target=move |event| {
                            match event.key().as_str() {
                                "Enter" => finish(event.target().value()),
                                "Escape" => {
                                    event.stop_propagation();
                                    renamed.set(None);
                                }
                                _ => {}
                            }
                        }
                    />
                }
                    .into_any()
            } else {
                view! {
                    <div class="pad" class:pad-shown=is_shown>
                        <button
                            node_ref=tab
                            type="button"
                            role="tab"
                            class="pad-tab"
                            aria-controls="query-work"
                            aria-selected=move || if is_shown.get() { "true" } else { "false" }
                            tabindex=move || if is_shown.get() { "0" } else { "-1" }
                            title=name
                            on:click=move |_| pads.shown.set(pad.id)
                            on:dblclick=move |_| renamed.set(Some(pad.id))
                            on:auxclick=move |event| {
                                if event.button() == 1 {
                                    session.close_pad(pad.id);
                                }
                            }
                        >
                            <Show when=move || is_running.get()>
                                <span class="top-pulse" aria-hidden="true"></span>
                                <span class="unseen">"running"</span>
                            </Show>
                            <span class="pad-title">{name}</span>
                        </button>
                        // A tablist holds tabs alone: the key for it is Delete.
                        <span
                            class="pad-close"
                            aria-hidden="true"
                            title="Close (Delete)"
                            on:click=move |_| session.close_pad(pad.id)
                        >
                            "×"
                        </span>
                    </div>
                }
                    .into_any()
            }
        }}
    }
}
