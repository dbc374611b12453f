//! The SQL editor. Its code is large and comes after the page: until then, and where it does not come, the plain editor
//! stands in.

use super::plain_editor::PlainEditor;
use crate::editor_module::{Handle, Module};
use crate::js::{self, object, set};
use crate::pads::{EditorTask, Pad};
use crate::session::{Session, use_session};
use crate::sql_text;
use js_sys::{Array, Object};
use leptos::html;
use leptos::prelude::*;
use tarn_rpc::{ErrorReport, Over, Position};
use wasm_bindgen::prelude::*;

/// The editor of the pad that is shown.
#[component]
pub(super) fn Editor() -> impl IntoView {
    let session = use_session();
    let (pads, module) = (session.pads, session.editor.want());
    view! {
        {move || match module.get() {
            Some(module) => view! { <CodeEditor module /> }.into_any(),
            None => {
                let pad = pads.current();
                view! { <PlainEditor pad /> }.into_any()
            }
        }}
    }
}

#[component]
fn CodeEditor(module: Module) -> impl IntoView {
    let session = use_session();
    let place = NodeRef::<html::Div>::new();
    let handle = RwSignal::new_local(None::<Handle>);
    Effect::new(move || {
        let Some(place) = place.get() else { return };
        let had_focus =
            document().active_element().is_some_and(|element| element.id() == super::PLAIN_EDITOR_ID);
        let options = options(session);
        match module.mount(place.as_ref(), &options) {
            Ok(mounted) => {
                if had_focus {
                    mounted.focus();
                }
                handle.set(Some(mounted));
            }
            Err(error) => leptos::logging::warn!(
                "The editor does not start: {}",
                crate::engine_client::describe(&error)
            ),
        }
    });
    on_cleanup(move || {
        if let Some(handle) = handle.try_update(Option::take).flatten() {
            handle.destroy();
        }
    });
    let shown = Memo::new(move |_| session.pads.current().id);
    Effect::new(move || {
        // A memo that nobody reads is never computed.
        shown.get();
        if let Some(handle) = handle.get() {
            let pad = session.pads.current_untracked();
            handle.open(&pad.id.to_string(), &pad.text.get_untracked());
            pad.selection.set(selection_of(&handle));
        }
    });
    Effect::new(move || {
        let pad = session.pads.current();
        if let (Some(handle), Some(task)) = (handle.get(), pad.task.get()) {
            pad.task.set(None);
            carry_out(session, &handle, pad, &task);
        }
    });
    Effect::new(move || {
        let pad = session.pads.current();
        let ran = pad.runs.marked.get();
        let place = ran.as_ref().and_then(|error| error.position);
        // What did not parse is known from its check, too.
        let checked = pad.faults.get().into_iter().filter(|fault| fault.position != place);
        let found: Vec<ErrorReport> = ran.into_iter().chain(checked).collect();
        if let Some(handle) = handle.get() {
            handle.set_marks(&marks(&handle.text(), &found));
        }
    });
    Effect::new(move || {
        let catalog = session.catalog.for_editor();
        if let (Some(handle), Ok(catalog)) = (handle.get(), js_sys::JSON::parse(&catalog)) {
            handle.set_catalog(&catalog);
        }
    });
    view! { <div node_ref=place class="code-editor"></div> }
}

fn carry_out(session: Session, handle: &Handle, pad: Pad, task: &EditorTask) {
    match task {
        EditorTask::Add { statement } => {
            let before = handle.text();
            let (after, (from, to)) = sql_text::with_statement(&before, statement);
            let kept = before.trim_end().len();
            let added = after.get(kept..).unwrap_or_default();
            let units = |byte| sql_text::utf16_at_byte(&after, byte);
            handle.add_statement(added, units(from), units(to), units(kept));
        }
        EditorTask::Go { position } => {
            let (from, to) = range(&handle.text(), *position);
            handle.focus();
            handle.select(from, to);
        }
        EditorTask::Fix { position, text } => {
            let (from, to) = range(&handle.text(), *position);
            handle.focus();
            handle.replace(from, to, text);
        }
        EditorTask::Insert { text } => {
            let (from, to) = pad.selection.get_untracked();
            handle.focus();
            handle.replace(from, to, text);
        }
        EditorTask::Replace { text } => {
            handle.set_text(text);
            pad.text.set(text.clone());
        }
        EditorTask::Focus => handle.focus(),
        EditorTask::Format => {
            let formatted = handle.format();
            wasm_bindgen_futures::spawn_local(async move {
                let answer = wasm_bindgen_futures::JsFuture::from(formatted).await;
                if let Some(message) = answer.ok().and_then(|answer| js::text(&answer, "message")) {
                    session.toasts.say(message);
                }
            });
        }
    }
}

fn range(text: &str, position: Position) -> (u32, u32) {
    let (from, to) = sql_text::byte_range(text, position);
    (sql_text::utf16_at_byte(text, from), sql_text::utf16_at_byte(text, to))
}

/// Faults as the editor marks them.
fn marks(text: &str, faults: &[ErrorReport]) -> Array {
    let marks = faults.iter().filter_map(|fault| {
        let position = fault.position?;
        let (from, to) = range(text, position);
        let mark = object(&[
            ("from", from.into()),
            ("to", to.into()),
            ("message", fault.message.as_str().into()),
            ("hint", fault.hint.as_deref().unwrap_or_default().into()),
        ]);
        if let Some(fix) = &fault.fix {
            let fix = object(&[("label", format!("Write {fix}").into()), ("text", fix.as_str().into())]);
            set(&mark, "fix", &fix);
        }
        Some(mark)
    });
    marks.collect()
}

/// What the editor is told at its start, and what it calls.
fn options(session: Session) -> Object {
    let on_change = Closure::<dyn FnMut(String)>::new(move |text: String| {
        session.pads.current_untracked().write_here(text);
    });
    let on_selection = Closure::<dyn FnMut(u32, u32)>::new(move |from, to| {
        session.pads.current_untracked().selection.set((from, to));
    });
    let on_run = Closure::<dyn FnMut()>::new(move || session.run());
    let on_notice = Closure::<dyn FnMut(String)>::new(move |message: String| session.toasts.say(message));
    let columns_of = Closure::<dyn FnMut(String) -> js_sys::Promise>::new(move |table: String| {
        let over = Over::Session { session: session.pads.current_untracked().id };
        wasm_bindgen_futures::future_to_promise(async move {
            let sql = format!("SELECT * FROM {table} LIMIT 0");
            let answer = session.engine.ask_over(sql, over).await;
            let columns = answer.map_err(|error| JsValue::from_str(&error.message))?.columns;
            let columns = columns.iter().map(|column| {
                object(&[("name", column.name.as_str().into()), ("type", column.type_name.as_str().into())])
            });
            Ok(columns.collect::<Array>().into())
        })
    });
    let pad = session.pads.current_untracked();
    object(&[
        ("label", "SQL".into()),
        ("placeholder", "SELECT …".into()),
        ("text", pad.text.get_untracked().into()),
        // The editor lives as long as the page, or until its room is left: what it calls is left with it.
        ("onChange", on_change.into_js_value()),
        ("onSelection", on_selection.into_js_value()),
        ("onRun", on_run.into_js_value()),
        ("onNotice", on_notice.into_js_value()),
        ("columnsOf", columns_of.into_js_value()),
    ])
}

fn selection_of(handle: &Handle) -> (u32, u32) {
    let range = handle.selection();
    let at = |index| range.get(index).as_f64().unwrap_or_default() as u32;
    (at(0), at(1))
}
