//! A sheet: a panel at the side that takes the focus until it is closed. Esc closes it.

use crate::ui::{IconButton, Lucide, dialog};
use leptos::html;
use leptos::prelude::*;

/// A sheet with a title.
#[component]
pub(crate) fn Sheet(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What it is.
    #[prop(into)]
    title: Signal<String>,
    /// What is in it; built anew each time it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() == dialog.open() {
            return;
        }
        if dialog.open() {
            dialog.close();
        } else {
            dialog::open(&dialog);
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog
            node_ref=dialog
            class="sheet"
            aria-label=title
            on:close=move |_| open.set(false)
            on:click=move |event| {
                if dialog::is_beside(dialog, &event) {
                    open.set(false);
                }
            }
        >
            <div class="sheet-body">
                <header class="sheet-head">
                    <h2>{title}</h2>
                    <IconButton
                        label="Close"
                        icon=Lucide::Close
                        on_press=Callback::new(move |()| open.set(false))
                    />
                </header>
                <Show when=move || open.get()>
                    <div class="sheet-content">{children.with_value(|children| children())}</div>
                </Show>
            </div>
        </dialog>
    }
}
