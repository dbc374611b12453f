//! The panel of what can be queried: tables, views, files of the tab, and URLs, as a tree that a field filters.

use super::tree::{Branch, What};
use super::tree_view::{Tree, TreeView};
use crate::rooms::opening::{OpenLine, UrlField};
use crate::session::{Session, use_session};
use crate::sql_text;
use crate::tables::TableName;
use crate::ui::{Button, Icon, IconButton, Lucide, Weight};
use leptos::prelude::*;

/// The panel.
#[component]
pub(super) fn Files() -> impl IntoView {
    let session = use_session();
    let branches = Memo::new(move |_| branches(session));
    let filter = RwSignal::new(String::new());
    let tree = Tree::new(session, branches, filter);
    let is_blank = Memo::new(move |_| branches.with(Vec::is_empty));
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
            <Show when=move || !is_blank.get()>
                <div class="files-filter">
                    <Icon of=Lucide::Search />
                    <input
                        class="input"
                        type="text"
                        aria-label="Filter"
                        placeholder="Filter"
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck="false"
                        prop:value=filter
                        on:input:target=move |event| filter.set(event.target().value())
                        on:keydown=move |event| {
                            if event.key() == "Escape" && !filter.with_untracked(String::is_empty) {
                                event.prevent_default();
                                event.stop_propagation();
                                filter.set(String::new());
                            } else if event.key() == "ArrowDown" {
                                event.prevent_default();
                                tree.focus();
                            }
                        }
                    />
                    <Show when=move || !filter.with(String::is_empty)>
                        <IconButton
                            label="Clear the filter"
                            icon=Lucide::Close
                            on_press=Callback::new(move |()| filter.set(String::new()))
                        />
                    </Show>
                </div>
            </Show>
            <div class="files-list">
                <Show when=move || is_blank.get()>
                    <p class="files-empty quiet">
                        "Drop Parquet, CSV or JSON files, or the folder of a Delta table, anywhere on this page. They stay on this machine and are read where they lie."
                    </p>
                </Show>
                <Show when=move || !is_blank.get()>
                    <TreeView tree />
                </Show>
                <OpenAgain />
            </div>
        </div>
    }
}

/// Files and folders of earlier visits.
#[component]
fn OpenAgain() -> impl IntoView {
    let session = use_session();
    let handles = session.handles;
    let waiting = move || {
        handles.list.with(|list| {
            let waiting = list.iter().filter(|kept| kept.is_waiting);
            waiting.map(|kept| (kept.name.clone(), kept.is_folder)).collect::<Vec<_>>()
        })
    };
    let row = move |(name, is_folder): (String, bool)| {
        let (opened, forgotten) = (name.clone(), name.clone());
        let shown = if is_folder { format!("{name}/") } else { name.clone() };
        view! {
            <li class="file">
                <button
                    type="button"
                    class="file-name"
                    aria-label=format!("Open {name} again")
                    on:click=move |_| handles.open(session, &opened)
                >
                    <Icon of=if is_folder { Lucide::Files } else { Lucide::File } />
                    <span class="file-text">{shown}</span>
                </button>
                <span class="file-actions">
                    <IconButton
                        label=format!("Forget {name}")
                        icon=Lucide::Close
                        on_press=Callback::new(move |()| handles.forget(session, &forgotten))
                    />
                </span>
            </li>
        }
    };
    move || {
        let waiting = waiting();
        (!waiting.is_empty()).then(|| {
            view! {
                <section class="files-again" aria-label="Open again">
                    <h2 class="files-heading">"Open again"</h2>
                    <ul>{waiting.into_iter().map(row).collect_view()}</ul>
                    <Button
                        label="Forget all"
                        weight=Weight::Quiet
                        on_press=Callback::new(move |()| handles.forget_all(session))
                    />
                </section>
            }
        })
    }
}

/// What there is, by its kind.
fn branches(session: Session) -> Vec<Branch> {
    let removed = session.removed.get();
    let files = session.engine.files.get();
    let is_shown =
        |file: &&tarn_rpc::FileEntry| !removed.contains(&file.path) && TableName::of_entry(file).is_none();
    let of_kind = |is_opened: bool| {
        Branch::files(
            files.iter().filter(is_shown).filter(|file| file.is_opened == is_opened).cloned().collect(),
        )
    };
    let session_id = session.pads.shown.get();
    let views = session.catalog.views.get().into_iter().map(|name| Branch::view(name, session_id)).collect();
    let tables = session.tables().into_iter().map(|(table, _)| Branch::table(table)).collect();
    let urls = session.sources.get().iter().map(|url| Branch::url(url)).collect();
    [
        Branch::group("Tables", tables),
        Branch::group("Views", views),
        Branch::group("Opened", of_kind(true)),
        Branch::group("Written here", of_kind(false)),
        Branch::group("URLs", urls),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Does what a line is for: writes it into the query.
pub(super) fn act(session: Session, what: &What) {
    use crate::pads::EditorTask;
    use crate::source::Source;
    match what {
        What::Folder { path, format } => session.query_path(path, format.as_deref()),
        What::Source(Source::Table { table, version }, _) => session.query_table(table, *version),
        What::Source(Source::File { path, format }, _) => session.query_path(path, Some(format)),
        What::Source(source, _) => {
            session.write_statement(&format!("SELECT * FROM {} LIMIT 100", source.sql()));
        }
        What::Column { column, is_named } => {
            let text = match column.path.last() {
                Some(name) if !*is_named => crate::tables::quoted(name),
                _ => column.sql(),
            };
            session.is_files_open.set(false);
            let pad = session.pads.current_untracked();
            let (from, _) = pad.selection.get_untracked();
            let follows_word = pad.text.with_untracked(|written| {
                let before = written.get(..sql_text::byte_at_utf16(written, from)).unwrap_or_default();
                before.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '`' | ')' | ','))
            });
            let text = if follows_word { format!(" {text}") } else { text };
            pad.task.set(Some(EditorTask::Insert { text }));
        }
        What::Other(file) => session.query_path(&file.path, None),
        What::Group | What::Note => {}
    }
}

/// Takes what a line stands for off the list, with a way back. Says whether there was such a thing.
pub(super) fn remove(session: Session, what: &What) -> bool {
    use crate::source::Source;
    match what {
        What::Source(Source::Table { table, .. }, _) => session.remove_table(table),
        What::Source(_, Some(file)) | What::Other(file) => session.remove_file(file),
        What::Source(Source::File { path, .. }, None) => session.remove_source(path.clone()),
        _ => return false,
    }
    true
}
