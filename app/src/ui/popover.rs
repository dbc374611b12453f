//! A small panel at a place of the page, with the focus in it. Esc and a press beside it close it.

use crate::ui::dialog;
use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlDialogElement;

/// Room between a panel and the edge of the window.
const MARGIN_PX: f64 = 8.0;

/// A panel that is open while it has a place.
#[component]
pub(crate) fn Popover(
    /// Where it is: a point of the window.
    open: RwSignal<Option<(f64, f64)>>,
    /// What it is.
    #[prop(into)]
    label: Signal<String>,
    /// What is in it; built anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        match open.get() {
            Some(at) => request_animation_frame(move || show_at(&dialog, at)),
            None if dialog.open() => dialog.close(),
            None => {}
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog
            node_ref=dialog
            class="popover"
            aria-label=label
            on:close=move |_| open.set(None)
            on:mousedown=move |event| {
                if dialog::is_beside(dialog, &event) {
                    open.set(None);
                }
            }
        >
            <Show when=move || open.get().is_some()>
                <div class="popover-body">{children.with_value(|children| children())}</div>
            </Show>
        </dialog>
    }
}

/// Opens a dialog at a point, or as near as it fits the window.
pub(super) fn show_at(dialog: &HtmlDialogElement, (x, y): (f64, f64)) {
    dialog::open(dialog);
    let bounds = dialog.get_bounding_client_rect();
    let inner =
        |size: Result<wasm_bindgen::JsValue, _>| size.ok().and_then(|size| size.as_f64()).unwrap_or(0.0);
    let fit = |at: f64, length: f64, room: f64| at.min(room - length - MARGIN_PX).max(MARGIN_PX);
    let left = fit(x, bounds.width(), inner(window().inner_width()));
    let top = fit(y, bounds.height(), inner(window().inner_height()));
    for (name, value) in [("left", left), ("top", top)] {
        // A length is always a length.
        drop(web_sys::HtmlElement::style(dialog).set_property(name, &format!("{value}px")));
    }
}
