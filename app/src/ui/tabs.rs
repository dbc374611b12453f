//! Tabs: one of several things of a kind at a time. Arrow keys move.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tab {
    /// Its name.
    pub(crate) label: String,
    /// A word on its state, behind the name.
    pub(crate) note: String,
    /// Whether that state is a failure.
    pub(crate) is_failed: bool,
}

/// A row of tabs over the panel with id `panel_id`.
#[component]
pub(crate) fn Tabs(
    /// What they are, for screen readers.
    label: &'static str,
    /// The tabs.
    #[prop(into)]
    tabs: Signal<Vec<Tab>>,
    /// Which is shown.
    shown: RwSignal<usize>,
    /// The id of the panel that shows it.
    panel_id: &'static str,
) -> impl IntoView {
    let on_key = move |event: web_sys::KeyboardEvent| {
        let (at, count) = (shown.get_untracked(), tabs.with_untracked(Vec::len));
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1).min(count.saturating_sub(1)),
            "ArrowLeft" => at.saturating_sub(1),
            "Home" => 0,
            "End" => count.saturating_sub(1),
            _ => return,
        };
        event.prevent_default();
        shown.set(next);
        let list = event.current_target().and_then(|list| list.dyn_into::<web_sys::Element>().ok());
        let tab = list.and_then(|list| list.children().item(next as u32));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Without focus the arrows still work from the tab before.
            drop(tab.focus());
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=on_key>
            {move || {
                tabs.get()
                    .into_iter()
                    .enumerate()
                    .map(|(at, tab)| {
                        view! {
                            <button
                                type="button"
                                role="tab"
                                class="tab"
                                class:tab-failed=tab.is_failed
                                aria-controls=panel_id
                                aria-selected=move || if shown.get() == at { "true" } else { "false" }
                                tabindex=move || if shown.get() == at { "0" } else { "-1" }
                                on:click=move |_| shown.set(at)
                            >
                                {tab.label}
                                <span class="tab-note">{tab.note}</span>
                            </button>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}
