//! What SQL can name, as far as the page knows it: for the editor's completion, and for lists.

use crate::engine_client::{EngineClient, EngineStatus};
use crate::pads::Pads;
use crate::sql_text;
use crate::tables::TableName;
use leptos::prelude::*;
use serde_json::json;
use tarn_rpc::{Event, FileEntry, Function, Over, Request};

/// What SQL can name. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Catalog {
    /// The functions, once the engine has told them.
    pub(crate) functions: RwSignal<Vec<Function>>,
    /// The views that were made since the engine started.
    pub(crate) views: RwSignal<Vec<String>>,
    files: RwSignal<Vec<FileEntry>>,
    sources: RwSignal<Vec<String>>,
    table_sources: RwSignal<Vec<String>>,
}

impl Catalog {
    /// Asks the engine for what it has, now and after each run.
    pub(crate) fn start(
        engine: EngineClient,
        pads: Pads,
        sources: RwSignal<Vec<String>>,
        table_sources: RwSignal<Vec<String>>,
    ) -> Self {
        let catalog = Self {
            functions: RwSignal::new(Vec::new()),
            views: RwSignal::new(Vec::new()),
            files: engine.files,
            sources,
            table_sources,
        };
        Effect::new(move || {
            if engine.status.get() == EngineStatus::Ready && catalog.functions.with_untracked(Vec::is_empty) {
                engine.send(Request::Functions, move |event| {
                    if let Event::Functions { functions } = event {
                        catalog.functions.set(functions);
                    }
                });
            }
        });
        let is_busy = Memo::new(move |_| pads.running().is_some());
        Effect::new(move || {
            if engine.status.get() == EngineStatus::Ready && !is_busy.get() {
                let over = Over::Session { session: pads.current_untracked().id };
                wasm_bindgen_futures::spawn_local(async move {
                    if let Ok(views) = engine.ask_over("SHOW VIEWS".to_owned(), over).await {
                        let names = (0..views.rows.len()).filter_map(|row| views.value(row, "viewName"));
                        let names: Vec<String> = names.map(str::to_owned).collect();
                        // What has not changed is not written out for the editor again.
                        if catalog.views.with_untracked(|views| *views != names) {
                            catalog.views.set(names);
                        }
                    }
                });
            }
        });
        catalog
    }

    /// All of it, as the editor takes it: JSON.
    pub(crate) fn for_editor(self) -> String {
        let mut tables = Vec::new();
        let mut add =
            |name: String, kind: &str| tables.push(json!({ "name": name, "kind": kind, "columns": null }));
        self.views.with(|views| views.iter().for_each(|name| add(crate::tables::quoted(name), "view")));
        self.files.with(|files| {
            for file in files {
                match (TableName::of_entry(file), &file.format) {
                    (Some(table), _) => add(table.sql(), "table"),
                    (None, Some(format)) => add(sql_text::file_table(&file.path, format), "file"),
                    (None, None) => {}
                }
            }
        });
        for url in self.table_sources.get() {
            add(TableName::Path(url).sql(), "table");
        }
        for url in self.sources.get() {
            let format = sql_text::format_of(&url).unwrap_or("parquet");
            add(sql_text::file_table(&url, format), "file");
        }
        json!({ "tables": tables, "functions": self.functions.get() }).to_string()
    }
}
