//! How files come in: the browser's own dialogs, and drops anywhere on the page.

use crate::dropped_files;
use crate::session::use_session;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use web_sys::{DragEvent, HtmlInputElement};

/// The hidden inputs, and the veil while something is dragged over the page.
#[component]
pub(super) fn FileInputs() -> impl IntoView {
    let session = use_session();
    let (files, folder) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    Effect::new(move || {
        if let Some(is_folder) = session.choose_files.get() {
            session.choose_files.set(None);
            if let Some(input) = if is_folder { folder.get_untracked() } else { files.get_untracked() } {
                input.click();
            }
        }
    });
    Effect::new(move || {
        if let Some(folder) = folder.get() {
            // Not in the standard, but in every browser.
            drop(folder.set_attribute("webkitdirectory", ""));
        }
    });
    let take = move |input: HtmlInputElement| {
        if let Some(list) = input.files() {
            session.open_files(dropped_files::chosen(&list));
        }
        // So that choosing the same file again is news.
        input.set_value("");
    };

    // Enter and leave come in pairs for every element passed over.
    let depth = RwSignal::new(0_i32);
    super::on_event(window_event_listener(ev::dragenter, move |event| {
        if has_files(&event) {
            event.prevent_default();
            depth.update(|depth| *depth += 1);
        }
    }));
    super::on_event(window_event_listener(ev::dragleave, move |event| {
        if has_files(&event) {
            depth.update(|depth| *depth = (*depth - 1).max(0));
        }
    }));
    super::on_event(window_event_listener(ev::dragover, |event| {
        if has_files(&event) {
            event.prevent_default();
        }
    }));
    super::on_event(window_event_listener(ev::drop, move |event| {
        depth.set(0);
        if let Some(transfer) = event.data_transfer().filter(|_| has_files(&event)) {
            event.prevent_default();
            let dropped = dropped_files::dropped(&transfer);
            wasm_bindgen_futures::spawn_local(async move {
                session.open_files(dropped.into_files().await);
            });
        }
    }));
    view! {
        <input
            node_ref=files
            type="file"
            multiple
            hidden
            aria-label="Files to open"
            on:change:target=move |event| take(event.target())
        />
        <input
            node_ref=folder
            type="file"
            hidden
            aria-label="Folder to open"
            on:change:target=move |event| take(event.target())
        />
        <Show when=move || { depth.get() > 0 }>
            <div class="drop-veil">"Drop to open. The files stay on this machine."</div>
        </Show>
    }
}

fn has_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|transfer| {
        transfer.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files"))
    })
}
