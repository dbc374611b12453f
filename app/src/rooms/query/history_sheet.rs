//! What was run before, with a search.

use crate::display;
use crate::history::{self, Entry};
use crate::session::{Session, use_session};
use crate::ui::{Button, Empty, Weight};
use leptos::prelude::*;

/// More entries than these are found by typing more.
const SHOWN: usize = 100;

/// The list; it is read anew each time it opens.
#[component]
pub(crate) fn HistorySheet() -> impl IntoView {
    let session = use_session();
    let all = RwSignal::new(history::entries());
    let typed = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let typed = typed.get().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let is_found = |entry: &&Entry| {
            let sql = entry.sql.to_lowercase();
            words.iter().all(|word| sql.contains(word))
        };
        all.with(|all| all.iter().filter(is_found).cloned().collect::<Vec<_>>())
    });
    view! {
        <Show
            when=move || all.with(|all| !all.is_empty())
            fallback=|| {
                view! { <Empty title="Nothing was run yet" text="Each statement that runs is listed here, newest first." /> }
            }
        >
            <input
                class="input history-search"
                type="search"
                aria-label="Search the history"
                placeholder="Search"
                prop:value=typed
                on:input:target=move |event| typed.set(event.target().value())
            />
            <p class="unseen" role="status">
                {move || display::counted(found.with(Vec::len) as u64, "statement")}
            </p>
            <ul class="history">
                {move || {
                    found.get().into_iter().take(SHOWN).map(|entry| row(session, entry)).collect_view()
                }}
            </ul>
            <Show when=move || found.with(Vec::is_empty)>
                <p class="quiet">"No statement has that in it."</p>
            </Show>
            <div class="sheet-actions">
                <Button
                    label="Clear the history"
                    weight=Weight::Quiet
                    on_press=Callback::new(move |()| {
                        history::clear();
                        all.set(Vec::new());
                    })
                />
            </div>
        </Show>
    }
}

fn row(session: Session, entry: Entry) -> impl IntoView {
    let when = js_sys::Date::new(&entry.at_millis.into());
    let when = String::from(when.to_locale_string("sv", &wasm_bindgen::JsValue::UNDEFINED));
    let (note, is_failed) = match (&entry.rows, &entry.error) {
        (Some(rows), _) => (display::counted(*rows, "row"), false),
        (None, error) => (error.clone().unwrap_or_default(), true),
    };
    let sql = entry.sql.clone();
    view! {
        <li>
            <button
                type="button"
                class="history-entry"
                title="Open in a new query"
                on:click=move |_| {
                    session.is_history_open.set(false);
                    session.new_pad("", &sql);
                }
            >
                <code>{entry.sql}</code>
                <span class="history-note" class:history-failed=is_failed>
                    {format!("{when} · {} · {note}", display::duration(entry.elapsed_millis))}
                </span>
            </button>
        </li>
    }
}
