//! Tables that go out and come in with their logs, one move at a time, and how far the move is.

use crate::engine_client::EngineClient;
use crate::tables::TableName;
use crate::ui::ToastHost;
use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::*;
use tarn_rpc::{ErrorKind, ErrorReport, Event, Request};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// A move that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    /// What is done, as `Packing orders`.
    pub(crate) label: String,
    /// Bytes that are done.
    pub(crate) done_bytes: u64,
    /// Bytes that there are.
    pub(crate) total_bytes: u64,
    id: u64,
}

/// The moves of the page. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct TableMoves {
    /// The one under way.
    pub(crate) now: RwSignal<Option<Move>>,
    engine: EngineClient,
    toasts: ToastHost,
}

impl TableMoves {
    /// No move.
    pub(crate) fn new(engine: EngineClient, toasts: ToastHost) -> Self {
        Self { now: RwSignal::new(None), engine, toasts }
    }

    /// Stops the move.
    pub(crate) fn stop(self) {
        if let Some(now) = self.now.get_untracked() {
            self.engine.tell(Request::Cancel { run: now.id });
        }
    }

    /// Saves tables as one zip.
    pub(crate) fn zip(self, tables: &[TableName]) {
        let paths = folders(tables);
        let label = format!("Packing {}", called(tables));
        self.start(label, Request::ZipTables { paths }, &Array::new(), move |outcome| match outcome {
            Ok(Outcome { event: Event::Zip { name }, attachments }) => {
                match crate::session::save(&name, &attachments.get(0)) {
                    Ok(()) => self.toasts.say(format!("Saved {name}.")),
                    Err(error) => self.toasts.say(crate::engine_client::describe(&error)),
                }
            }
            Ok(_) => {}
            Err(error) => self.toasts.say(error.message),
        });
    }

    /// Writes tables into a folder that the person chooses.
    pub(crate) fn save_to_folder(self, tables: Vec<TableName>) {
        wasm_bindgen_futures::spawn_local(async move {
            let folder = match choose_folder().await {
                Ok(Some(folder)) => folder,
                Ok(None) => return,
                Err(why) => return self.toasts.say(format!("No folder could be chosen: {why}.")),
            };
            let label = format!("Saving {}", called(&tables));
            let done = format!("Saved {}.", called(&tables));
            let request = Request::SaveTables { paths: folders(&tables) };
            self.start(label, request, &Array::of1(&folder), move |outcome| match outcome {
                Ok(_) => self.toasts.say(done.clone()),
                Err(error) => self.toasts.say(error.message),
            });
        });
    }

    /// Copies a table; `on_end` hears how it went.
    pub(crate) fn copy(
        self,
        table: &TableName,
        to: String,
        on_end: impl FnOnce(Result<(), ErrorReport>) + 'static,
    ) {
        let from = match table {
            TableName::Path(path) => path.clone(),
            TableName::Named { .. } => table.folder().unwrap_or_default(),
        };
        let label = format!("Copying {}", table.short());
        self.start(label, Request::CopyTable { from, to }, &Array::new(), |outcome| {
            on_end(outcome.map(|_| ()));
        });
    }

    fn start(
        self,
        label: String,
        request: Request,
        attachments: &Array,
        on_end: impl FnOnce(Result<Outcome, ErrorReport>) + 'static,
    ) {
        if self.now.with_untracked(Option::is_some) {
            on_end(Err(busy()));
            return;
        }
        let mut on_end = Some(on_end);
        let id = self.engine.send_with(request, attachments, move |event, attachments| {
            let outcome = match event {
                Event::Moved { done_bytes, total_bytes } => {
                    self.now.update(|now| {
                        if let Some(now) = now {
                            (now.done_bytes, now.total_bytes) = (done_bytes, total_bytes);
                        }
                    });
                    return;
                }
                Event::Failed { error, .. } => Err(error),
                event => Ok(Outcome { event, attachments: attachments.clone() }),
            };
            self.now.set(None);
            if let Some(on_end) = on_end.take() {
                on_end(outcome);
            }
        });
        self.now.set(Some(Move { label, done_bytes: 0, total_bytes: 0, id }));
    }
}

struct Outcome {
    event: Event,
    attachments: Array,
}

/// Whether this browser lets a page write into a folder on the disk.
pub(crate) fn can_save_to_folder() -> bool {
    Reflect::has(&window(), &"showDirectoryPicker".into()).unwrap_or(false)
}

/// Asks for a folder; `None` when the person changed their mind.
async fn choose_folder() -> Result<Option<JsValue>, String> {
    let describe = |error: &JsValue| crate::engine_client::describe(error);
    let choose = Reflect::get(&window(), &"showDirectoryPicker".into()).map_err(|error| describe(&error))?;
    let choose: Function = choose.dyn_into().map_err(|_| "this browser cannot".to_owned())?;
    let options = js_sys::Object::new();
    drop(Reflect::set(&options, &"mode".into(), &"readwrite".into()));
    let chosen = choose.call1(&window(), &options).map_err(|error| describe(&error))?;
    match JsFuture::from(Promise::from(chosen)).await {
        Ok(folder) => Ok(Some(folder)),
        Err(error) => {
            let name = Reflect::get(&error, &"name".into()).ok().and_then(|name| name.as_string());
            if name.as_deref() == Some("AbortError") { Ok(None) } else { Err(describe(&error)) }
        }
    }
}

fn folders(tables: &[TableName]) -> Vec<String> {
    tables.iter().filter_map(TableName::folder).collect()
}

fn called(tables: &[TableName]) -> String {
    match tables {
        [only] => only.short().to_owned(),
        all => crate::display::counted(all.len() as u64, "table"),
    }
}

fn busy() -> ErrorReport {
    ErrorReport {
        kind: ErrorKind::Unavailable,
        message: "Another table is on its way; wait for it, or stop it.".to_owned(),
        hint: None,
        position: None,
        fix: None,
        detail: None,
    }
}
