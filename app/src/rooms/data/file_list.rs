//! The files in the list of the data room: those that were opened, those that were written, and URLs.

use crate::display;
use crate::route::FileRoute;
use crate::session::use_session;
use crate::sql_text;
use crate::tables::TableName;
use crate::ui::{Fold, Icon, Lucide};
use leptos::prelude::*;
use std::collections::BTreeMap;
use tarn_rpc::FileEntry;

/// No more files of a folder than this are listed; the panel of the query room finds the rest.
const MAX_FILES: usize = 400;

/// The files, under headings.
#[component]
pub(super) fn FileSections(
    /// The path of the file that is open.
    open: Memo<Option<String>>,
) -> impl IntoView {
    let session = use_session();
    let files = Memo::new(move |_| {
        let removed = session.removed.get();
        let is_shown = |file: &FileEntry| {
            !removed.contains(&file.path) && file.format.is_some() && TableName::of_entry(file).is_none()
        };
        session.engine.files.get().into_iter().filter(is_shown).collect::<Vec<_>>()
    });
    let of_kind = move |is_opened: bool| {
        files.get().into_iter().filter(|file| file.is_opened == is_opened).collect::<Vec<_>>()
    };
    view! {
        {move || section("Opened files", of_kind(true), open)}
        {move || section("Written files", of_kind(false), open)}
        {move || {
            let urls = session.sources.get();
            (!urls.is_empty())
                .then(|| {
                    view! {
                        <section>
                            <h2 class="files-heading">"URLs of files"</h2>
                            <ul>
                                {urls
                                    .into_iter()
                                    .map(|url| row(&url, short(&url).to_owned(), None, false, open))
                                    .collect_view()}
                            </ul>
                        </section>
                    }
                })
        }}
    }
}

fn section(
    heading: &'static str,
    files: Vec<FileEntry>,
    open: Memo<Option<String>>,
) -> Option<impl IntoView + use<>> {
    let (mut folders, mut loose) = (BTreeMap::<String, Vec<FileEntry>>::new(), Vec::new());
    for file in files {
        match file.path.split_once('/') {
            Some((folder, _)) => folders.entry(format!("{folder}/")).or_default().push(file),
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
                        .map(|(folder, files)| folder_rows(folder, files, open))
                        .collect_view()}
                    {loose
                        .into_iter()
                        .map(|file| row(&file.path, file.path.clone(), Some(file.size_bytes), false, open))
                        .collect_view()}
                </ul>
            </section>
        }
    })
}

fn folder_rows(folder: String, files: Vec<FileEntry>, open: Memo<Option<String>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    let skipped = folder.len();
    let cut = files.len().saturating_sub(MAX_FILES);
    let hash = FileRoute::new(&folder).hash();
    let this = folder.clone();
    view! {
        <li class="file">
            <Fold label=format!("Files in {folder}") is_open />
            <a
                class="file-name list-name"
                href=hash
                aria-current=move || open.with(|open| open.as_ref() == Some(&this)).then_some("page")
            >
                <span class="file-text">{folder}</span>
                <span class="file-size">{display::bytes(size_bytes)}</span>
            </a>
        </li>
        {move || {
            is_open
                .get()
                .then(|| {
                    let rows = files
                        .iter()
                        .take(MAX_FILES)
                        .map(|file| {
                            let shown = file.path.get(skipped..).unwrap_or(&file.path).to_owned();
                            row(&file.path, shown, Some(file.size_bytes), true, open)
                        })
                        .collect_view();
                    let more = (cut > 0)
                        .then(|| {
                            let text = format!("and {} more", display::count(cut as u64));
                            view! { <li class="files-empty quiet">{text}</li> }
                        });
                    (rows, more)
                })
        }}
    }
}

fn row(
    path: &str,
    shown: String,
    size_bytes: Option<u64>,
    is_inner: bool,
    open: Memo<Option<String>>,
) -> impl IntoView + use<> {
    let icon = match sql_text::format_of(path) {
        _ if path.contains("://") => Lucide::Globe,
        Some("parquet") => Lucide::Table,
        Some("json") => Lucide::Braces,
        _ => Lucide::Text,
    };
    let (hash, this) = (FileRoute::new(path).hash(), path.to_owned());
    view! {
        <li class="file" class:file-inner=is_inner>
            <a
                class="file-name list-name"
                href=hash
                title=path.to_owned()
                aria-current=move || open.with(|open| open.as_ref() == Some(&this)).then_some("page")
            >
                <Icon of=icon />
                <span class="file-text">{shown}</span>
                <span class="file-size">{size_bytes.map(display::bytes)}</span>
            </a>
        </li>
    }
}

/// The last part of a URL's path.
pub(super) fn short(path: &str) -> &str {
    let bare = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    bare.rsplit('/').next().unwrap_or(bare)
}
