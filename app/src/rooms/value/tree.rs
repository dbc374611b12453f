//! JSON as a tree that folds. What is folded is not on the page.

use crate::display;
use crate::json_tree::Json;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// More values than this come by request.
const SHOWN_AT_ONCE: usize = 100;
/// What is deeper is folded at first.
const UNFOLDED_DEPTH: usize = 2;

/// A tree.
#[component]
pub(super) fn Tree(tree: Json) -> impl IntoView {
    view! {
        <div class="value value-tree" tabindex="0" role="group" aria-label="Value as a tree">
            {children(&Arc::new(tree), 0)}
        </div>
    }
}

fn children(tree: &Arc<Json>, depth: usize) -> AnyView {
    let total = tree.count().unwrap_or_default();
    if total == 0 {
        return view! { <span class="quiet">"empty"</span> }.into_any();
    }
    let shown = RwSignal::new(SHOWN_AT_ONCE.min(total));
    let tree = tree.clone();
    let node = {
        let tree = tree.clone();
        move |at: usize| match &*tree {
            Json::List(values) => values.get(at).map(|value| node(&at.to_string(), true, value, depth)),
            Json::Object(values) => values.get(at).map(|(name, value)| node(name, false, value, depth)),
            _ => None,
        }
    };
    view! {
        <ul class="tree-list">
            <For each=move || 0..shown.get() key=|at| *at children=node />
        </ul>
        <Show when=move || { shown.get() < total }>
            <button
                type="button"
                class="button button-quiet"
                on:click=move |_| shown.update(|shown| *shown = (*shown + SHOWN_AT_ONCE).min(total))
            >
                {move || format!("{} more", display::counted((total - shown.get()) as u64, "value"))}
            </button>
        </Show>
    }
    .into_any()
}

fn node(name: &str, is_place: bool, value: &Json, depth: usize) -> AnyView {
    let name_class = if is_place { "tree-place" } else { "tree-name" };
    let name = view! { <span class=name_class>{name.to_owned()}</span> };
    let Some(count) = value.count() else {
        let (text, class) = leaf(value);
        return view! { <li class="tree-leaf">{name} <span class=class>{text}</span></li> }.into_any();
    };
    let (open, close) = if matches!(value, Json::List(_)) { ("[", "]") } else { ("{", "}") };
    let is_open = RwSignal::new(depth + 1 < UNFOLDED_DEPTH && count <= SHOWN_AT_ONCE);
    let value = Arc::new(value.clone());
    view! {
        <li>
            <details
                prop:open=is_open.get_untracked()
                on:toggle=move |event| {
                    let details = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                    is_open.set(details.is_some_and(|details| details.has_attribute("open")));
                }
            >
                <summary>{name} <span class="quiet">{format!("{open}{count}{close}")}</span></summary>
                {move || is_open.get().then(|| children(&value, depth + 1))}
            </details>
        </li>
    }
    .into_any()
}

fn leaf(value: &Json) -> (String, &'static str) {
    match value {
        Json::Text(text) => (text.clone(), "tree-text"),
        Json::Number(number) => (number.clone(), "tree-number"),
        Json::Bool(is_so) => (is_so.to_string(), "tree-number"),
        _ => ("null".to_owned(), "value-null"),
    }
}
