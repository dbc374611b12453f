//! Data that is pasted anywhere outside of a text field: it becomes a file of the tab, and is queried.

use crate::display;
use crate::pads::EditorTask;
use crate::pasted_text::{self, PastedTable};
use crate::route::Route;
use crate::session::Session;
use crate::sql_text::{self, Excerpt};
use crate::ui::Toast;
use js_sys::Array;
use leptos::ev;
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::Event;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, File};

/// Listens for pastes on the whole page.
pub(super) fn listen(session: Session) {
    super::on_event(window_event_listener(ev::paste, move |event| {
        let event: ClipboardEvent = event.unchecked_into();
        if event.default_prevented() || is_in_text(&event) {
            return;
        }
        let Some(data) = event.clipboard_data() else { return };
        if let Some(files) = data.files().filter(|files| files.length() > 0) {
            event.prevent_default();
            return session.open_files(crate::dropped_files::chosen(&files));
        }
        let text = data.get_data("text/plain").unwrap_or_default();
        if !text.trim().is_empty() {
            event.prevent_default();
            take(session, &text);
        }
    }));
}

/// Asks the browser for what is on the clipboard.
pub(super) fn ask(session: Session) {
    let window = window();
    if !window.is_secure_context() {
        return session.toasts.say(NOT_ALLOWED);
    }
    let read = window.navigator().clipboard().read_text();
    wasm_bindgen_futures::spawn_local(async move {
        match JsFuture::from(read).await.ok().and_then(|text| text.as_string()) {
            Some(text) => take(session, &text),
            None => session.toasts.say(NOT_ALLOWED),
        }
    });
}

const NOT_ALLOWED: &str =
    "The browser did not let this page read the clipboard: press Ctrl V, or ⌘ V, outside of a text field.";

/// Whether a paste belongs to where a person writes. The editor is in a tree of its own, which only the event's path shows.
fn is_in_text(event: &ClipboardEvent) -> bool {
    let selector = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
    let path = event.composed_path();
    path.iter()
        .filter_map(|target| target.dyn_into::<web_sys::Element>().ok())
        .any(|element| element.matches(selector).unwrap_or(false))
}

fn take(session: Session, text: &str) {
    let table = match pasted_text::read(text) {
        Ok(table) => table,
        Err(why) => return session.toasts.say(why),
    };
    let path = session.engine.files.with_untracked(|files| {
        let is_free = |path: &String| files.iter().all(|file| file.path != *path);
        (1_u32..).map(|number| format!("pasted-{number}.csv")).find(is_free)
    });
    let Some((path, file)) = path.and_then(|path| Some((path.clone(), file_of(&path, &table.csv)?))) else {
        return session.toasts.say("The browser could not make a file of the pasted text.");
    };
    let said = said(&table, &path);
    session.engine.add_files(vec![(path.clone(), file)], move |event| match event {
        Event::Files { .. } => show(session, &path, said.clone()),
        Event::Failed { error, .. } => session.toasts.say(error.message),
        _ => {}
    });
}

fn file_of(name: &str, csv: &str) -> Option<File> {
    File::new_with_str_sequence(&Array::of1(&JsValue::from_str(csv)), name).ok()
}

fn said(table: &PastedTable, path: &str) -> String {
    let between = match table.separator {
        "" => String::new(),
        words => format!(", with {words} between values"),
    };
    let names =
        if table.has_names { "The first row names them." } else { "Without names: they are c1, c2, …." };
    format!(
        "Took {} of {}{between}, as {path}. {names}",
        display::counted(table.rows as u64, "row"),
        display::counted(table.columns as u64, "column"),
    )
}

/// Queries the file, and says how to take it back.
fn show(session: Session, path: &str, said: String) {
    let statement = sql_text::first_look(path, Some("csv"));
    let pad = session.pads.current_untracked();
    let before = pad.text.get_untracked();
    let (written, _) = sql_text::with_statement(&before, &statement);
    pad.task.set(Some(EditorTask::Add { statement: statement.clone() }));
    Route::Query.go();
    pad.runs.run(Excerpt { sql: statement, line: 1, column: 1 }, Vec::new());
    let path = path.to_owned();
    session.toasts.show(Toast {
        text: said,
        undo: Some(Arc::new(move || {
            session.engine.remove_file(path.clone(), move |event| {
                if let Event::Failed { error, .. } = event {
                    session.toasts.say(error.message);
                }
            });
            // What was written since is the person's own.
            if pad.text.with_untracked(|text| text.trim_end() == written.trim_end()) {
                pad.task.set(Some(EditorTask::Replace { text: before.clone() }));
            }
        })),
        settle: None,
    });
}
