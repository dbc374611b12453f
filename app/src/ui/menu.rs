//! A menu at a place: arrows move, Enter does, Esc closes. The focus comes back to where it was.

use crate::ui::dialog;
use crate::ui::popover::show_at;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// One thing to do.
#[derive(Clone)]
pub(crate) struct MenuItem {
    /// What.
    pub(crate) label: String,
    /// Its key, as written beside it.
    pub(crate) keys: &'static str,
    /// Whether it cannot be done now.
    pub(crate) is_off: bool,
    /// Whether a line is drawn above it.
    pub(crate) begins_group: bool,
    /// Not a `Callback`: it has to outlive the menu.
    pub(crate) act: Arc<dyn Fn() + Send + Sync>,
}

impl MenuItem {
    /// Something that can be done.
    pub(crate) fn new(label: impl Into<String>, act: impl Fn() + Send + Sync + 'static) -> Self {
        Self { label: label.into(), keys: "", is_off: false, begins_group: false, act: Arc::new(act) }
    }

    /// With its key beside it.
    pub(crate) fn keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    /// Only where it can be done.
    pub(crate) fn only_if(self, is_on: bool) -> Self {
        Self { is_off: !is_on, ..self }
    }

    /// Below a line.
    pub(crate) fn apart(self) -> Self {
        Self { begins_group: true, ..self }
    }
}

/// A menu that is open.
#[derive(Clone)]
pub(crate) struct OpenMenu {
    /// What it is of, for screen readers.
    pub(crate) label: String,
    /// Where: a point of the window.
    pub(crate) at: (f64, f64),
    /// What can be done.
    pub(crate) items: Vec<MenuItem>,
}

/// The place of a menu.
#[component]
pub(crate) fn Menu(open: RwSignal<Option<OpenMenu>>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match open.with(|open| open.as_ref().map(|open| open.at)) {
            // The items are drawn first: how large they are says where they fit.
            Some(at) => request_animation_frame(move || {
                show_at(&dialog, at);
                focus(&dialog, Move::First);
            }),
            None if dialog.open() => dialog.close(),
            None => {}
        }
    });
    let on_key = move |event: KeyboardEvent| {
        let Some(dialog) = dialog.get_untracked() else { return };
        let step = match event.key().as_str() {
            "ArrowDown" => Move::By(1),
            "ArrowUp" => Move::By(-1),
            "Home" => Move::First,
            "End" => Move::Last,
            "Tab" => {
                event.prevent_default();
                return open.set(None);
            }
            key if key.chars().count() == 1 && key != " " && !event.ctrl_key() => {
                Move::Letter(key.to_lowercase())
            }
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        focus(&dialog, step);
    };
    view! {
        <dialog
            node_ref=dialog
            class="menu"
            aria-label=move || open.with(|open| open.as_ref().map(|open| open.label.clone()))
            on:close=move |_| open.set(None)
            on:contextmenu=move |event| event.prevent_default()
            on:mousedown=move |event| {
                if dialog::is_beside(dialog, &event) {
                    open.set(None);
                }
            }
            on:keydown=on_key
        >
            {move || {
                open.get()
                    .map(|menu| {
                        view! {
                            <div class="menu-items" role="menu" aria-label=menu.label>
                                {menu.items.into_iter().map(|item| item_view(item, open)).collect_view()}
                            </div>
                        }
                    })
            }}
        </dialog>
    }
}

fn item_view(item: MenuItem, open: RwSignal<Option<OpenMenu>>) -> impl IntoView {
    let act = item.act;
    view! {
        {item.begins_group.then(|| view! { <div class="menu-line" role="separator"></div> })}
        <button
            type="button"
            class="menu-item"
            role="menuitem"
            tabindex="-1"
            aria-disabled=if item.is_off { "true" } else { "false" }
            on:mouseenter=move |event| {
                if let Some(item) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
                    // Without the focus the item can still be pressed.
                    drop(item.focus());
                }
            }
            on:click=move |_| {
                if !item.is_off {
                    open.set(None);
                    let act = act.clone();
                    // The focus goes back first: what is done may want it.
                    gloo_timers::callback::Timeout::new(0, move || act()).forget();
                }
            }
        >
            <span>{item.label}</span>
            <kbd aria-hidden="true">{item.keys}</kbd>
        </button>
    }
}

/// Where the focus goes.
enum Move {
    First,
    Last,
    By(i32),
    /// To the next item that begins with it.
    Letter(String),
}

fn focus(dialog: &web_sys::HtmlDialogElement, step: Move) {
    let Ok(Some(list)) = dialog.query_selector("[role='menu']") else { return };
    let list = list.children();
    let items: Vec<HtmlElement> = (0..list.length())
        .filter_map(|at| list.item(at)?.dyn_into::<HtmlElement>().ok())
        .filter(|item| item.class_name() == "menu-item")
        .collect();
    let count = items.len() as i32;
    if count == 0 {
        return;
    }
    let focused = document().active_element();
    let at = items.iter().position(|item| focused.as_ref() == Some(item.as_ref())).map_or(-1, |at| at as i32);
    let next = match step {
        Move::First => 0,
        Move::Last => count - 1,
        Move::By(by) => (at + by).rem_euclid(count),
        Move::Letter(letter) => {
            let starts = |at: &i32| {
                let text = items.get(*at as usize).and_then(|item| item.text_content()).unwrap_or_default();
                text.to_lowercase().starts_with(&letter)
            };
            (1..=count).map(|by| (at + by).rem_euclid(count)).find(starts).unwrap_or(at.max(0))
        }
    };
    if let Some(item) = items.get(next as usize) {
        // Without the focus the mouse still works.
        drop(item.focus());
    }
}
