//! Rows that go out of the page as files.

use crate::engine_client::{EngineClient, describe};
use crate::js;
use crate::session::save;
use crate::ui::ToastHost;
use crate::{display, pads::Pad};
use js_sys::Array;
use leptos::prelude::*;
use tarn_rpc::{Event, ExportRows, Progress, Request};
use wasm_bindgen::JsValue;

/// A format that rows are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExportFormat {
    /// As COPY names it.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) label: &'static str,
    /// The end of the file's name.
    pub(crate) extension: &'static str,
    mime: &'static str,
}

/// The formats.
pub(crate) const FORMATS: &[ExportFormat] = &[
    ExportFormat { name: "csv", label: "CSV", extension: "csv", mime: "text/csv" },
    ExportFormat { name: "json", label: "JSON Lines", extension: "ndjson", mime: "application/x-ndjson" },
    ExportFormat {
        name: "parquet",
        label: "Parquet",
        extension: "parquet",
        mime: "application/vnd.apache.parquet",
    },
    ExportFormat {
        name: "arrow",
        label: "Arrow",
        extension: "arrow",
        mime: "application/vnd.apache.arrow.file",
    },
    ExportFormat {
        name: "xlsx",
        label: "Excel",
        extension: "xlsx",
        mime: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    },
];

/// A file that is being written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Writing {
    /// The request's id, to stop it by.
    pub(crate) id: u64,
    /// The file's name.
    pub(crate) name: String,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// What is being written. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    /// The file that is being written; one at a time.
    pub(crate) now: RwSignal<Option<Writing>>,
    engine: EngineClient,
    toasts: ToastHost,
}

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Those of a result that the engine keeps.
    Kept(u64),
    /// Those of the pad's query, which is run for it: for more rows than there is memory for.
    OfQuery,
}

impl Exports {
    /// Nothing is written.
    pub(crate) fn new(engine: EngineClient, toasts: ToastHost) -> Self {
        Self { now: RwSignal::new(None), engine, toasts }
    }

    /// Writes rows: where the browser can, straight into a file that the person chooses; else as a download.
    pub(crate) fn write(self, pad: Pad, rows: Rows, format: ExportFormat) {
        if self.now.with_untracked(Option::is_some) {
            return self.toasts.say("A file is being written: wait for it, or stop it.");
        }
        let stem = crate::tables::name_for(&pad.shown_name().get_untracked());
        let name = format!("{stem}.{}", format.extension);
        let rows = match rows {
            Rows::Kept(result) => ExportRows::Result { result },
            Rows::OfQuery => ExportRows::Query {
                sql: pad.query().sql,
                session: pad.id,
                parameters: pad.parameters.get_untracked(),
            },
        };
        wasm_bindgen_futures::spawn_local(async move {
            match choose_file(&name, format).await {
                Chosen::File(handle) => {
                    self.send(rows, js::text(&handle, "name").unwrap_or(name), format, Some(handle))
                }
                Chosen::Download => self.send(rows, name, format, None),
                Chosen::Nothing => {}
            }
        });
    }

    fn send(self, rows: ExportRows, name: String, format: ExportFormat, handle: Option<JsValue>) {
        let attachments = handle.iter().collect::<Array>();
        let is_download = handle.is_none();
        let request = Request::Export { rows, name: name.clone(), format: format.name.to_owned() };
        let shown = name.clone();
        let id = self.engine.send_with(request, &attachments, move |event, attachments| match event {
            Event::Progress { progress, .. } => self.now.update(|now| {
                if let Some(now) = now {
                    now.progress = progress;
                }
            }),
            Event::Exported { rows, size_bytes } => {
                self.now.set(None);
                let saved = if is_download { save(&shown, &attachments.get(0)) } else { Ok(()) };
                let text = match saved {
                    Ok(()) => {
                        format!(
                            "Wrote {} to {shown}, {}.",
                            display::counted(rows, "row"),
                            display::bytes(size_bytes)
                        )
                    }
                    Err(error) => format!("{shown} could not be saved: {}", describe(&error)),
                };
                self.toasts.say(text);
            }
            Event::Failed { error, .. } => {
                self.now.set(None);
                let hint = error.hint.map(|hint| format!(" {hint}")).unwrap_or_default();
                self.toasts
                    .say(format!("{shown} was not written. {}.{hint}", error.message.trim_end_matches('.')));
            }
            _ => {}
        });
        self.now.set(Some(Writing { id, name, progress: Progress::default() }));
    }

    /// Stops what is being written.
    pub(crate) fn stop(self) {
        if let Some(now) = self.now.get_untracked() {
            self.engine.tell(Request::Cancel { run: now.id });
        }
    }
}

/// Where a file goes.
enum Chosen {
    File(JsValue),
    /// The browser has no way to choose.
    Download,
    /// The person changed their mind.
    Nothing,
}

async fn choose_file(name: &str, format: ExportFormat) -> Chosen {
    let extensions = Array::of1(&format!(".{}", format.extension).into());
    let kind = js::object(&[
        ("description", format.label.into()),
        ("accept", js::object(&[(format.mime, extensions.into())]).into()),
    ]);
    let options = js::object(&[("suggestedName", name.into()), ("types", Array::of1(&kind).into())]);
    let Ok(picked) = js::call(&window(), "showSaveFilePicker", &[options.into()]) else {
        return Chosen::Download;
    };
    match js::settled(picked).await {
        Ok(handle) => Chosen::File(handle),
        Err(error) if js::text(&error, "name").as_deref() == Some("AbortError") => Chosen::Nothing,
        Err(_) => Chosen::Download,
    }
}
