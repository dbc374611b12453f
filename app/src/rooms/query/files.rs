//! The list of what can be queried: files of the tab, and URLs.

use crate::display;
use crate::rooms::opening::{OpenLine, UrlField};
use crate::route::TableRoute;
use crate::session::{Session, use_session};
use crate::tables::TableName;
use crate::ui::{Button, Fold, Icon, IconButton, Lucide};
use leptos::prelude::*;
use std::collections::BTreeMap;
use tarn_rpc::FileEntry;

/// The list.
#[component]
pub(super) fn Files() -> impl IntoView {
    let session = use_session();
    let files = Memo::new(move |_| {
        let removed = session.removed.get();
        let files = session.engine.files.get();
        let is_shown =
            |file: &FileEntry| !removed.contains(&file.path) && TableName::of_entry(file).is_none();
        files.into_iter().filter(is_shown).collect::<Vec<_>>()
    });
    let tables = Memo::new(move |_| session.tables());
    let of_kind = move |is_opened: bool| {
        files.get().into_iter().filter(|file| file.is_opened == is_opened).collect::<Vec<_>>()
    };
    let has_any = Memo::new(move |_| {
        !files.get().is_empty() || !session.sources.get().is_empty() || !tables.get().is_empty()
    });
    view! {
        <div class="files">
            <OpenLine>
                <Button
                    label="Open files"
                    icon=Lucide::Upload
                    on_press=Callback::new(move |()| session.choose_files.set(Some(false)))
                />
                <Button
                    label="Folder"
                    icon=Lucide::FolderOpen
                    on_press=Callback::new(move |()| session.choose_files.set(Some(true)))
                />
            </OpenLine>
            <UrlField
                label="URL of a file or folder"
                add_label="Add this URL"
                on_add=Callback::new(move |url: String| session.add_source(&url))
            />
            <div class="files-list">
                <Show when=move || !has_any.get()>
                    <p class="files-empty quiet">
                        "Drop Parquet, CSV or JSON files, or the folder of a Delta table, anywhere on this page. They stay on this machine and are read where they lie."
                    </p>
                </Show>
                {move || {
                    let tables = tables.get();
                    (!tables.is_empty()).then(|| table_section(session, tables))
                }}
                {move || section("Opened", session, of_kind(true))}
                {move || section("Written here", session, of_kind(false))}
                {move || {
                    let sources = session.sources.get();
                    (!sources.is_empty()).then(|| source_section(session, sources))
                }}
            </div>
        </div>
    }
}

fn section(heading: &'static str, session: Session, files: Vec<FileEntry>) -> impl IntoView {
    let (mut folders, mut loose) = (BTreeMap::<String, Vec<FileEntry>>::new(), Vec::new());
    for file in files {
        match file.path.split_once('/') {
            Some((folder, _)) => folders.entry(folder.to_owned()).or_default().push(file),
            None => loose.push(file),
        }
    }
    (!folders.is_empty() || !loose.is_empty()).then(|| {
        view! {
            <section>
                <h2 class="files-heading">{heading}</h2>
                <ul>
                    {folders
                        .into_iter()
                        .map(|(folder, files)| folder_row(session, &folder, files))
                        .collect_view()}
                    {loose.into_iter().map(|file| file_row(session, file, 0)).collect_view()}
                </ul>
            </section>
        }
    })
}

/// A folder: queried as one, or opened to see its files.
fn folder_row(session: Session, folder: &str, files: Vec<FileEntry>) -> impl IntoView + use<> {
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let format = files.iter().find_map(|file| file.format.clone());
    let count = display::counted(files.len() as u64, "file");
    let is_open = RwSignal::new(false);
    let name = format!("{folder}/");
    let (path, skipped) = (name.clone(), folder.len() + 1);
    view! {
        <li class="file">
            <Fold label=format!("Files in {folder}") is_open />
            <button
                type="button"
                class="file-name"
                title=format!("Query all of {name}: {count}")
                on:click=move |_| session.query_path(&path, format.as_deref())
            >
                <span class="file-text">{name.clone()}</span>
                <span class="file-size">{display::bytes(size_bytes)}</span>
            </button>
        </li>
        {move || {
            is_open
                .get()
                .then(|| files.iter().map(|file| file_row(session, file.clone(), skipped)).collect_view())
        }}
    }
}

/// A file; `skipped` bytes of its path are said by the folder above it.
fn file_row(session: Session, file: FileEntry, skipped: usize) -> impl IntoView {
    let icon = match file.format.as_deref() {
        Some("parquet") => Lucide::Table,
        Some("json") => Lucide::Braces,
        Some("csv") => Lucide::Text,
        _ => Lucide::File,
    };
    let shown = file.path.get(skipped..).unwrap_or(&file.path).to_owned();
    let title = format!("Query {} ({} bytes)", file.path, display::count(file.size_bytes));
    let (path, format) = (file.path.clone(), file.format.clone());
    let download = (!file.is_opened).then(|| {
        let path = file.path.clone();
        view! {
            <IconButton
                label=format!("Save {path} to the disk")
                icon=Lucide::Download
                on_press=Callback::new(move |()| session.download(path.clone()))
            />
        }
    });
    let (verb, remove_icon) =
        if file.is_opened { ("Close", Lucide::Close) } else { ("Delete", Lucide::Trash) };
    let size = display::bytes(file.size_bytes);
    view! {
        <li class="file" class:file-inner={skipped > 0}>
            <button
                type="button"
                class="file-name"
                title=title
                on:click=move |_| session.query_path(&path, format.as_deref())
            >
                <Icon of=icon />
                <span class="file-text">{shown}</span>
                <span class="file-size">{size}</span>
            </button>
            <span class="file-actions">
                {download}
                <IconButton
                    label=format!("{verb} {}", file.path)
                    icon=remove_icon
                    on_press=Callback::new(move |()| session.remove_file(&file))
                />
            </span>
        </li>
    }
}

/// The Delta tables, to be queried; the data room has more on each.
fn table_section(session: Session, tables: Vec<(TableName, bool)>) -> impl IntoView {
    let rows = tables
        .into_iter()
        .map(|(table, _)| {
            let (short, place) = (table.short().to_owned(), table.place());
            let place = if place == "main.default" { String::new() } else { place };
            let hash = TableRoute::new(table.clone()).hash();
            let title = format!("Query {}", table.sql());
            view! {
                <li class="file">
                    <button
                        type="button"
                        class="file-name"
                        title=title
                        on:click=move |_| session.query_table(&table, None)
                    >
                        <Icon of=Lucide::Table />
                        <span class="file-text">{short.clone()}</span>
                        <span class="file-size file-place">{place}</span>
                    </button>
                    <span class="file-actions">
                        <a class="icon-button" href=hash aria-label=format!("Open {short}") title="Open in Data">
                            <Icon of=Lucide::ChevronRight />
                        </a>
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2 class="files-heading">"Tables"</h2>
            <ul>{rows}</ul>
        </section>
    }
}

fn source_section(session: Session, sources: Vec<String>) -> impl IntoView {
    let rows = sources
        .into_iter()
        .map(|url| {
            let (place, shown) = place_and_name(&url);
            let (query, remove) = (url.clone(), url.clone());
            view! {
                <li class="file">
                    <button
                        type="button"
                        class="file-name"
                        title=format!("Query {url}")
                        on:click=move |_| session.query_path(&query, None)
                    >
                        <Icon of=Lucide::Globe />
                        <span class="file-text">{shown.clone()}</span>
                        <span class="file-size file-place">{place}</span>
                    </button>
                    <span class="file-actions">
                        <IconButton
                            label=format!("Remove {shown}")
                            icon=Lucide::Close
                            on_press=Callback::new(move |()| session.remove_source(remove.clone()))
                        />
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2 class="files-heading">"URLs"</h2>
            <ul>{rows}</ul>
        </section>
    }
}

/// A URL's host or bucket, and the last part of its path.
fn place_and_name(url: &str) -> (String, String) {
    let bare = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    let path = bare.split_once("://").map_or(bare, |(_, path)| path);
    match (path.split_once('/'), path.rsplit_once('/')) {
        (Some((place, _)), Some((_, name))) => (place.to_owned(), name.to_owned()),
        _ => (String::new(), path.to_owned()),
    }
}
