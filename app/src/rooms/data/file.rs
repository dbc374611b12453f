//! One file, or a folder of files that are read as one: what it is, what can be done with it, and its tabs.

use super::file_list::short;
use super::look_grid::LookGrid;
use super::parquet::ParquetTab;
use crate::display;
use crate::rooms::profile::Columns;
use crate::route::{FileRoute, FileTab, Route};
use crate::session::{Session, use_session};
use crate::source::Source;
use crate::sql_text;
use crate::ui::{Button, Figure, Figures, Icon, Lucide, Tab, Tabs};
use leptos::prelude::*;
use tarn_rpc::FileEntry;

const PANEL_ID: &str = "file-panel";
const LIMIT: u64 = 1_000;

/// The view of a file.
#[component]
pub(super) fn FileView(path: String, route: Memo<FileRoute>) -> impl IntoView {
    let session = use_session();
    let is_folder = path.ends_with('/');
    let files = Memo::new({
        let path = path.clone();
        move |_| {
            session.engine.files.with(|files| {
                let is_it = |file: &&FileEntry| match is_folder {
                    true => file.path.starts_with(&path),
                    false => file.path == path,
                };
                files.iter().filter(is_it).cloned().collect::<Vec<_>>()
            })
        }
    });
    let format = Memo::new({
        let path = path.clone();
        move |_| {
            let of_files = files.with(|files| files.iter().find_map(|file| file.format.clone()));
            of_files
                .or_else(|| sql_text::format_of(&path).map(str::to_owned))
                .unwrap_or_else(|| "parquet".to_owned())
        }
    });
    // A file that is opened again may be another one.
    let changed = Memo::new(move |_| {
        files.with(|files| {
            files.iter().map(|file| (file.modified_millis, file.size_bytes)).collect::<Vec<_>>()
        })
    });
    let tabs = Memo::new(move |_| {
        let is_parquet = format.get() == "parquet";
        FileTab::ALL.into_iter().filter(|tab| is_parquet || *tab != FileTab::Parquet).collect::<Vec<_>>()
    });
    let figures = Signal::derive(move || figures(&files.get(), is_folder, &format.get()));
    let title = if is_folder { path.clone() } else { short(&path).to_owned() };
    let place = path.strip_suffix(title.as_str()).unwrap_or_default().trim_end_matches('/').to_owned();
    view! {
        <header class="table-head">
            <a
                class="icon-button table-back"
                href=Route::Data(None).hash()
                aria-label="All tables and files"
                title="All tables and files"
            >
                <Icon of=Lucide::Back />
            </a>
            <div class="table-title">
                <h2 title=path.clone()>{title}</h2>
                <p class="quiet">{place}</p>
            </div>
            <Actions path=path.clone() files format />
        </header>
        <div class="table-figures">
            <Figures figures />
        </div>
        <FileTabs route tabs />
        <div id=PANEL_ID class="table-panel" role="tabpanel" aria-label="File">
            {move || {
                changed.track();
                panel(&path, &format.get(), route.get().tab)
            }}
        </div>
    }
}

fn panel(path: &str, format: &str, tab: FileTab) -> AnyView {
    let source = Source::File { path: path.to_owned(), format: format.to_owned() };
    match tab {
        FileTab::Parquet if format == "parquet" => view! { <ParquetTab path=path.to_owned() /> }.into_any(),
        FileTab::Columns => view! {
            <div class="table-page">
                <Columns source />
            </div>
        }
        .into_any(),
        FileTab::Rows | FileTab::Parquet => {
            let sql = format!("SELECT * FROM {} LIMIT {LIMIT}", source.sql());
            view! { <LookGrid label="Rows of the file" sql empty="The file has no rows." limit=LIMIT /> }
                .into_any()
        }
    }
}

fn figures(files: &[FileEntry], is_folder: bool, format: &str) -> Vec<Figure> {
    let mut figures = vec![Figure { label: "format", value: format.to_owned() }];
    if files.is_empty() {
        return figures;
    }
    if is_folder {
        figures.push(Figure { label: "files", value: display::count(files.len() as u64) });
    }
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    figures.push(Figure { label: "size", value: display::bytes(size_bytes) });
    figures
}

/// The tabs; which is shown is in the URL.
#[component]
fn FileTabs(route: Memo<FileRoute>, tabs: Memo<Vec<FileTab>>) -> impl IntoView {
    let place = move |tab: FileTab| {
        tabs.with_untracked(|tabs| tabs.iter().position(|each| *each == tab)).unwrap_or_default()
    };
    let shown = RwSignal::new(place(route.get_untracked().tab));
    Effect::new(move || {
        tabs.track();
        let at = place(route.get().tab);
        if shown.get_untracked() != at {
            shown.set(at);
        }
    });
    Effect::new(move || {
        let at = shown.get();
        let route = route.get_untracked();
        // A link may name a tab that this file does not have: then the first is shown, and the link stays.
        if let Some(tab) = tabs.with_untracked(|tabs| tabs.get(at).copied())
            && place(tab) != place(route.tab)
        {
            Route::File(route.with_tab(tab)).go();
        }
    });
    let labels = Signal::derive(move || {
        let tab = |tab: FileTab| Tab { label: tab.label().to_owned(), note: String::new(), is_failed: false };
        tabs.get().into_iter().map(tab).collect::<Vec<_>>()
    });
    view! { <Tabs label="Views of the file" tabs=labels shown panel_id=PANEL_ID /> }
}

/// What can be done with the file.
#[component]
fn Actions(path: String, files: Memo<Vec<FileEntry>>, format: Memo<String>) -> impl IntoView {
    let session = use_session();
    let is_folder = path.ends_with('/');
    let entry = Memo::new(move |_| files.get().into_iter().next().filter(|_| !is_folder));
    let queried = path.clone();
    view! {
        <div class="table-actions">
            <Button
                label="Query"
                icon=Lucide::Terminal
                on_press=Callback::new(move |()| {
                    session.query_path(&queried, Some(&format.get_untracked()));
                    Route::Query.go();
                })
            />
            {move || entry.get().map(|entry| of_entry(session, entry))}
        </div>
    }
}

fn of_entry(session: Session, entry: FileEntry) -> impl IntoView {
    let saved = entry.path.clone();
    let is_written = !entry.is_opened;
    let (label, icon) = if entry.is_opened { ("Close", Lucide::Close) } else { ("Delete", Lucide::Trash) };
    view! {
        {is_written
            .then(|| {
                view! {
                    <Button
                        label="Save"
                        icon=Lucide::Download
                        on_press=Callback::new(move |()| session.download(saved.clone()))
                    />
                }
            })}
        <Button
            label
            icon
            on_press=Callback::new(move |()| {
                session.remove_file(&entry);
                Route::Data(None).go();
            })
        />
    }
}
