//! How files come in: the browser's own dialogs, and drops anywhere on the page.

use crate::dropped_files;
use crate::handles;
use crate::session::{Session, use_session};
use js_sys::Function;
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::{DragEvent, HtmlInputElement};

/// The hidden inputs, and the veil while something is dragged over the page.
#[component]
pub(super) fn FileInputs() -> impl IntoView {
    let session = use_session();
    let (files, folder) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    Effect::new(move || {
        if let Some(is_folder) = session.choose_files.get() {
            session.choose_files.set(None);
            if let Some(picker) = handles::picker(is_folder) {
                wasm_bindgen_futures::spawn_local(pick(session, picker, is_folder));
            } else if let Some(input) = if is_folder { folder.get_untracked() } else { files.get_untracked() }
            {
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
            let handles = handles::dropped(&transfer);
            wasm_bindgen_futures::spawn_local(async move {
                session.open_files(dropped.into_files().await);
                session.handles.keep(handles::awaited(handles).await);
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

/// Opens what is chosen in the browser's own dialog, and keeps it for the next visit.
async fn pick(session: Session, picker: Function, is_folder: bool) {
    let opened = async {
        let Some(chosen) = handles::picked(picker, is_folder).await? else { return Ok(()) };
        let mut files = Vec::new();
        for handle in &chosen {
            files.extend(handles::files(handle).await?);
        }
        session.open_files(files);
        session.handles.keep(chosen);
        Ok::<(), JsValue>(())
    };
    if let Err(error) = opened.await {
        let why = crate::engine_client::describe(&error);
        session.toasts.say(format!("What was chosen could not be opened: {why}"));
    }
}

fn has_files(event: &DragEvent) -> bool {
    event.data_transfer().is_some_and(|transfer| {
        transfer.types().iter().any(|kind| kind.as_string().as_deref() == Some("Files"))
    })
}
