//! What all of the page shares: the engine, the run, the text, the files, and what is open.

use crate::browser_storage;
use crate::catalog::Catalog;
use crate::clipboard;
use crate::display;
use crate::dropped_files::{MAX_FILES, NamedFile};
use crate::editor_module::EditorModule;
use crate::engine_client::{EngineClient, EngineStatus};
use crate::exports::Exports;
use crate::handles::Handles;
use crate::kept_storage::StorageWatch;
use crate::offline::PageUpdate;
use crate::pads::{EditorTask, Pads};
use crate::route::{Route, TableRoute};
use crate::share;
use crate::source::{ColumnOf, Source};
use crate::sql_text;
use crate::table_moves::TableMoves;
use crate::tables::TableName;
use crate::theme::Theme;
use crate::tpch::Tpch;
use crate::ui::{Toast, ToastHost};
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::{Event, FileEntry};
use wasm_bindgen::JsCast;

const SOURCES_KEY: &str = "tarn.query.sources";
const TABLE_SOURCES_KEY: &str = "tarn.data.sources";

/// What the page shares. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// The engine.
    pub(crate) engine: EngineClient,
    /// The query pads.
    pub(crate) pads: Pads,
    /// The code of the SQL editor.
    pub(crate) editor: EditorModule,
    /// What SQL can name.
    pub(crate) catalog: Catalog,
    /// URLs that are queried where they lie.
    pub(crate) sources: RwSignal<Vec<String>>,
    /// URLs of Delta tables that are read where they lie.
    pub(crate) table_sources: RwSignal<Vec<String>>,
    /// Where the page is.
    pub(crate) route: RwSignal<Route>,
    /// Tables that go out and come in.
    pub(crate) moves: TableMoves,
    /// A new version of the page.
    pub(crate) update: PageUpdate,
    /// The tables of TPC-H, while they are made.
    pub(crate) tpch: Tpch,
    /// Rows that go out as files.
    pub(crate) exports: Exports,
    /// Files and folders that can be opened again at the next visit.
    pub(crate) handles: Handles,
    /// What the browser keeps.
    pub(crate) storage: StorageWatch,
    /// Paths that were removed and can still come back.
    pub(crate) removed: RwSignal<Vec<String>>,
    /// Light or dark.
    pub(crate) theme: RwSignal<Theme>,
    /// What was just done.
    pub(crate) toasts: ToastHost,
    /// Whether the list of files is open as a sheet, on small screens.
    pub(crate) is_files_open: RwSignal<bool>,
    /// The column whose profile is shown.
    pub(crate) profiled: RwSignal<Option<ColumnOf>>,
    /// The source whose columns are shown in a sheet.
    pub(crate) surveyed: RwSignal<Option<Source>>,
    /// Whether the form for S3 keys is open.
    pub(crate) is_keys_open: RwSignal<bool>,
    /// Whether the history is open.
    pub(crate) is_history_open: RwSignal<bool>,
    /// Whether the command palette is open.
    pub(crate) is_palette_open: RwSignal<bool>,
    /// Asks for files to open: `false` for files, `true` for a folder.
    pub(crate) choose_files: RwSignal<Option<bool>>,
}

impl Session {
    /// Starts the engine and reads what was kept.
    pub(crate) fn start() -> Self {
        let engine = EngineClient::start();
        let toasts = ToastHost::new();
        let pads = Pads::start(engine);
        let sources = RwSignal::new(kept_lines(SOURCES_KEY));
        let table_sources = RwSignal::new(kept_lines(TABLE_SOURCES_KEY));
        let session = Self {
            engine,
            pads,
            editor: EditorModule::new(),
            catalog: Catalog::start(engine, pads, sources, table_sources),
            table_sources,
            route: RwSignal::new(Route::first(pads.has_text())),
            moves: TableMoves::new(engine, toasts),
            update: PageUpdate::start(),
            tpch: Tpch::new(),
            exports: Exports::new(engine, toasts),
            handles: Handles::new(),
            storage: StorageWatch::start(),
            sources,
            removed: RwSignal::new(Vec::new()),
            theme: Theme::kept(),
            toasts,
            is_files_open: RwSignal::new(false),
            profiled: RwSignal::new(None),
            surveyed: RwSignal::new(None),
            is_keys_open: RwSignal::new(false),
            is_history_open: RwSignal::new(false),
            is_palette_open: RwSignal::new(false),
            choose_files: RwSignal::new(None),
        };
        session.handles.start(session);
        Effect::new(move || browser_storage::write(SOURCES_KEY, &session.sources.get().join("\n")));
        Effect::new(move || {
            browser_storage::write(TABLE_SOURCES_KEY, &session.table_sources.get().join("\n"));
        });
        Effect::new(move || {
            let has_table = engine.files.with(|files| {
                files.iter().any(|file| !file.is_opened && file.format.as_deref() == Some("delta"))
            });
            session.storage.look();
            // The first table is worth keeping: nobody wants to lose it to a full disk.
            if has_table {
                session.storage.ask_once();
            }
        });
        Effect::new(move || {
            if engine.restart.get().is_some() {
                session.pads.lose_results();
            }
        });
        session
    }

    /// Runs the selection, or all.
    pub(crate) fn run(self) {
        if matches!(self.engine.status.get_untracked(), EngineStatus::Failed { .. }) {
            return;
        }
        self.pads.current_untracked().run();
    }

    /// Opens a pad with a text, and goes there. One that nobody has written in is as good as new.
    pub(crate) fn new_pad(self, name: &str, text: &str) {
        let shown = self.pads.current_untracked();
        let is_unused = shown.text.with_untracked(|text| text.trim().is_empty());
        if is_unused && !text.is_empty() {
            shown.name.set(name.to_owned());
            shown.text.set(text.to_owned());
            shown.task.set(Some(EditorTask::Replace { text: text.to_owned() }));
        } else {
            self.pads.open_with(name, text).task.set(Some(EditorTask::Focus));
        }
        Route::Query.go();
    }

    /// Copies a link to the query that is shown.
    pub(crate) fn copy_link(self) {
        match share::link(&self.pads.current_untracked().content()) {
            Some(link) => {
                clipboard::write(link);
                self.toasts.say("Copied a link that carries this query.");
            }
            None => self.toasts.say("This query does not fit a link."),
        }
    }

    /// Closes a pad, with a way back.
    pub(crate) fn close_pad(self, id: u64) {
        let Some((at, pad)) = self.pads.close(id) else { return };
        if pad.text.with_untracked(|text| text.trim().is_empty()) {
            return self.pads.forget(pad);
        }
        self.toasts.show(Toast {
            text: format!("Closed {}.", pad.shown_name().get_untracked()),
            undo: Some(Arc::new(move || self.pads.put_back(at, pad))),
            settle: Some(Arc::new(move || self.pads.forget(pad))),
        });
    }

    /// Opens files; the first of them goes into an empty editor, or in the data room a table is shown.
    pub(crate) fn open_files(self, files: Vec<NamedFile>) {
        if files.is_empty() {
            self.toasts.say("There was no file in that.");
            return;
        }
        if files.len() >= MAX_FILES {
            let most = display::count(MAX_FILES as u64);
            self.toasts.say(format!("Only the first {most} files were taken: open a folder with fewer."));
        }
        let paths: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
        // A folder, or a zip, may turn out to be a table, which is then the entry.
        let is_of = move |file: &FileEntry, paths: &[String]| {
            let (below, zip) =
                (format!("{}/", file.path), file.path.split('/').next().map(|top| format!("{top}.zip")));
            file.is_opened
                && paths
                    .iter()
                    .any(|path| *path == file.path || path.starts_with(&below) || Some(path) == zip.as_ref())
        };
        self.removed.update(|removed| {
            removed.retain(|gone| {
                !paths.iter().any(|path| path == gone || path.starts_with(&format!("{gone}/")))
            });
        });
        self.engine.add_files(files, move |event| match event {
            Event::Files { files } => {
                let is_fresh =
                    self.pads.current_untracked().text.with_untracked(|text| text.trim().is_empty());
                let first = files.into_iter().find(|file| file.format.is_some() && is_of(file, &paths));
                let Some(first) = first else { return };
                match TableName::of_entry(&first) {
                    Some(table) if matches!(self.route.get_untracked(), Route::Data(_)) => {
                        Route::Data(Some(TableRoute::new(table))).go();
                    }
                    _ if is_fresh => self.query_path(&first.path, first.format.as_deref()),
                    _ => {}
                }
            }
            Event::Failed { error, .. } => self.toasts.say(error.message),
            _ => {}
        });
    }

    /// Opens files of an earlier visit, without a word.
    pub(crate) fn reopen_files(self, files: Vec<NamedFile>) {
        self.engine.add_files(files, move |event| {
            if let Event::Failed { error, .. } = event {
                self.toasts.say(error.message);
            }
        });
    }

    /// Writes a first look at a table into the editor, and goes there.
    pub(crate) fn query_table(self, table: &TableName, version: Option<u64>) {
        self.write_statement(&format!("SELECT * FROM {} LIMIT 100", table.sql_at(version)));
    }

    /// Adds a statement to the editor, and goes there.
    pub(crate) fn write_statement(self, statement: &str) {
        self.is_files_open.set(false);
        self.pads.current_untracked().task.set(Some(EditorTask::Add { statement: statement.to_owned() }));
        Route::Query.go();
    }

    /// Shows the profile of a column.
    pub(crate) fn show_profile(self, column: ColumnOf) {
        self.is_files_open.set(false);
        self.profiled.set(Some(column));
    }

    /// Takes a table off the list: one of the lake is deleted, when no one takes that back.
    pub(crate) fn remove_table(self, table: &TableName) {
        let path = match table {
            TableName::Path(url) if table.folder().is_none() => {
                let before = self.table_sources.get_untracked();
                self.table_sources.update(|sources| sources.retain(|other| other != url));
                return self.toasts.show(Toast {
                    text: "Removed from the list.".to_owned(),
                    undo: Some(Arc::new(move || self.table_sources.set(before.clone()))),
                    settle: None,
                });
            }
            _ => table.folder().unwrap_or_default(),
        };
        let entry =
            self.engine.files.with_untracked(|files| files.iter().find(|file| file.path == path).cloned());
        if let Some(entry) = entry {
            self.remove_file(&entry);
        }
    }

    /// The tables: those of the lake, those that were opened, and those by URL.
    pub(crate) fn tables(self) -> Vec<(TableName, bool)> {
        let removed = self.removed.get();
        let files = self.engine.files.get();
        let of_files = files
            .iter()
            .filter(|file| !removed.contains(&file.path))
            .filter_map(|file| Some((TableName::of_entry(file)?, file.is_opened)));
        let of_urls = self.table_sources.get().into_iter().map(|url| (TableName::Path(url), false));
        of_files.chain(of_urls).collect()
    }

    /// Writes a first look at a file or URL into the editor.
    pub(crate) fn query_path(self, path: &str, format: Option<&str>) {
        let statement = sql_text::first_look(path, format.or_else(|| sql_text::format_of(path)));
        self.is_files_open.set(false);
        self.pads.current_untracked().task.set(Some(EditorTask::Add { statement }));
    }

    /// Adds a URL to the list and writes a first look at it. Returns what is wrong with it, if it is not one.
    pub(crate) fn add_source(self, url: &str) -> Result<(), &'static str> {
        let url = checked_url(url)?;
        if sql_text::format_of(url).is_some() {
            self.add_file_source(url.to_owned());
            return Ok(());
        }
        // A folder: of a table, or of files.
        let url = url.to_owned();
        wasm_bindgen_futures::spawn_local(async move {
            match self.engine.ask(detail(&url)).await {
                Ok(_) => {
                    self.keep_table_source(&url);
                    self.query_path(&url, Some("delta"));
                }
                Err(_) => self.add_file_source(url),
            }
        });
        Ok(())
    }

    fn add_file_source(self, url: String) {
        self.list_source(&url);
        self.query_path(&url, None);
    }

    /// Puts a URL on the list.
    pub(crate) fn list_source(self, url: &str) {
        self.sources.update(|sources| {
            sources.retain(|other| other != url);
            sources.push(url.to_owned());
        });
    }

    /// Opens a Delta table by its URL, and shows it. Returns what is wrong with the URL, if it is not one.
    pub(crate) fn open_table_source(self, url: &str) -> Result<(), &'static str> {
        let url = checked_url(url)?.trim_end_matches('/');
        self.keep_table_source(url);
        Route::Data(Some(TableRoute::new(TableName::Path(url.to_owned())))).go();
        Ok(())
    }

    fn keep_table_source(self, url: &str) {
        self.table_sources.update(|sources| {
            sources.retain(|other| other != url);
            sources.push(url.to_owned());
        });
    }

    /// Takes a URL off the list, with a way back.
    pub(crate) fn remove_source(self, url: String) {
        let before = self.sources.get_untracked();
        self.sources.update(|sources| sources.retain(|other| *other != url));
        self.toasts.show(Toast {
            text: "Removed from the list.".to_owned(),
            undo: Some(Arc::new(move || self.sources.set(before.clone()))),
            settle: None,
        });
    }

    /// Takes a file off the list; it goes for good when no one takes that back.
    pub(crate) fn remove_file(self, file: &FileEntry) {
        let path = file.path.clone();
        let text = if file.is_opened { format!("Closed {path}.") } else { format!("Deleted {path}.") };
        self.removed.update(|removed| removed.push(path.clone()));
        let bring_back = path.clone();
        self.toasts.show(Toast {
            text,
            undo: Some(Arc::new(move || {
                self.removed.update(|removed| removed.retain(|other| *other != bring_back));
            })),
            settle: Some(Arc::new(move || {
                // Someone may have opened it again meanwhile.
                if self.removed.with_untracked(|removed| removed.contains(&path)) {
                    self.handles.drop_quietly(&path);
                    self.engine.remove_file(path.clone(), move |event| {
                        if let Event::Failed { error, .. } = event {
                            self.toasts.say(error.message);
                        }
                    });
                    self.removed.update(|removed| removed.retain(|other| *other != path));
                }
            })),
        });
    }

    /// Saves a file of the tab to the disk.
    pub(crate) fn download(self, path: String) {
        let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        self.engine.read_file(path, move |bytes| {
            let saved = bytes.map_err(|error| error.message).and_then(|bytes| {
                save(&name, &bytes).map_err(|error| crate::engine_client::describe(&error))
            });
            if let Err(why) = saved {
                self.toasts.say(format!("{name} could not be saved: {why}"));
            }
        });
    }
}

/// The session of this page.
pub(crate) fn use_session() -> Session {
    expect_context()
}

/// A URL as it was typed, if it is one.
fn checked_url(url: &str) -> Result<&str, &'static str> {
    let url = url.trim();
    let is_known = ["https://", "http://", "s3://"]
        .iter()
        .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if is_known { Ok(url) } else { Err("A URL starts with https:// or s3://.") }
}

fn detail(url: &str) -> String {
    format!("DESCRIBE DETAIL {}", TableName::Path(url.to_owned()).sql())
}

fn kept_lines(key: &str) -> Vec<String> {
    let kept = browser_storage::read(key).unwrap_or_default();
    kept.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Hands bytes, or a blob, to the browser as a download.
pub(crate) fn save(name: &str, bytes: &wasm_bindgen::JsValue) -> Result<(), wasm_bindgen::JsValue> {
    let blob = web_sys::Blob::new_with_blob_sequence(&js_sys::Array::of1(bytes))?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let anchor = document().create_element("a")?.dyn_into::<web_sys::HtmlAnchorElement>()?;
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    // The download has begun by the next turn of the event loop at the latest; a minute is ample.
    gloo_timers::callback::Timeout::new(60_000, move || drop(web_sys::Url::revoke_object_url(&url))).forget();
    Ok(())
}
