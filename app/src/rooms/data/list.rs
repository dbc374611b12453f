//! The list of tables: those of the lake by schema, those that were opened, those by URL. Files are below them.

use super::file_list::FileSections;
use super::storage::StorageNote;
use crate::rooms::opening::{OpenLine, UrlField};
use crate::route::{Route, TableRoute};
use crate::session::{Session, use_session};
use crate::tables::{TableName, name_for};
use crate::ui::{Button, Icon, IconButton, Lucide, Weight};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// The list.
#[component]
pub(super) fn TableList(open: Memo<Option<TableName>>, file: Memo<Option<String>>) -> impl IntoView {
    let session = use_session();
    let tables = Memo::new(move |_| session.tables());
    view! {
        <OpenLine>
            <Button
                label="Open folder"
                icon=Lucide::FolderOpen
                on_press=Callback::new(move |()| session.choose_files.set(Some(true)))
            />
            <Button
                label="Zip"
                icon=Lucide::Archive
                on_press=Callback::new(move |()| session.choose_files.set(Some(false)))
            />
        </OpenLine>
        <UrlField
            label="URL of a Delta table"
            add_label="Open this URL"
            on_add=Callback::new(move |url: String| session.open_table_source(&url))
        />
        <nav class="list-tables" aria-label="Tables and files">
            <Show when=move || tables.with(Vec::is_empty)>
                <p class="list-empty quiet">"No tables yet."</p>
                <div class="list-steps">
                    <p>{super::FIRST_STEPS}</p>
                    <Button
                        label="Write a first table"
                        icon=Lucide::Terminal
                        weight=Weight::Primary
                        on_press=Callback::new(move |()| session.write_statement(super::FIRST_TABLE))
                    />
                </div>
            </Show>
            {move || sections(session, tables.get(), open)}
            <FileSections open=file />
        </nav>
        <LakeActions tables />
        <StorageNote />
    }
}

/// What is done with all tables of the lake at once.
#[component]
fn LakeActions(tables: Memo<Vec<(TableName, bool)>>) -> impl IntoView {
    let session = use_session();
    let lake = move || -> Vec<TableName> {
        let tables = tables.get().into_iter().map(|(table, _)| table);
        tables.filter(|table| matches!(table, TableName::Named { .. })).collect()
    };
    let opened = move || -> Vec<TableName> {
        let tables = tables.get().into_iter().filter(|(_, is_opened)| *is_opened);
        tables.map(|(table, _)| table).collect()
    };
    let has_several = move || opened().len() > 1;
    view! {
        <Show when=has_several>
            <div class="list-lake">
                <Button
                    label="Keep all opened tables"
                    icon=Lucide::Download
                    weight=Weight::Quiet
                    on_press=Callback::new(move |()| keep_all(session, opened()))
                />
            </div>
        </Show>
        <Show when=move || !lake().is_empty()>
            <div class="list-lake">
                <Button
                    label="Save the lake as a zip"
                    icon=Lucide::Archive
                    weight=Weight::Quiet
                    on_press=Callback::new(move |()| session.moves.zip(&lake()))
                />
            </div>
        </Show>
    }
}

/// Where a table that was opened is kept: as in the lake that it came from, if its folders are such.
pub(super) fn kept_place(table: &TableName) -> String {
    let TableName::Path(path) = table else { return table.folder().unwrap_or_default() };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [_, catalog, schema, name] if !path.contains("://") => format!("{catalog}/{schema}/{name}"),
        _ => format!("main/default/{}", name_for(table.short())),
    }
}

fn keep_all(session: Session, mut tables: Vec<TableName>) {
    let Some(table) = tables.pop() else {
        session.toasts.say("All opened tables are kept.");
        return;
    };
    session.moves.copy(&table, kept_place(&table), move |copied| match copied {
        Ok(()) => keep_all(session, tables),
        Err(error) => session.toasts.say(error.message),
    });
}

fn sections(
    session: Session,
    tables: Vec<(TableName, bool)>,
    open: Memo<Option<TableName>>,
) -> impl IntoView {
    // Schemas of the lake first, by name; then what only lies open.
    let mut groups: BTreeMap<(u8, String), Vec<(TableName, bool)>> = BTreeMap::new();
    for (table, is_opened) in tables {
        let group = match &table {
            TableName::Named { .. } => (0, table.place()),
            TableName::Path(_) if is_opened => (1, "Opened".to_owned()),
            TableName::Path(_) if table.folder().is_none() => (2, "URLs".to_owned()),
            TableName::Path(_) => (1, "By path".to_owned()),
        };
        groups.entry(group).or_default().push((table, is_opened));
    }
    groups
        .into_iter()
        .map(|((_, heading), mut tables)| {
            tables.sort();
            view! {
                <section>
                    <h2 class="files-heading">{heading}</h2>
                    <ul>
                        {tables
                            .into_iter()
                            .map(|(table, is_opened)| row(session, table, is_opened, open))
                            .collect_view()}
                    </ul>
                </section>
            }
        })
        .collect_view()
}

fn row(session: Session, table: TableName, is_opened: bool, open: Memo<Option<TableName>>) -> impl IntoView {
    let is_named = matches!(table, TableName::Named { .. });
    let (verb, icon) = match (is_named, is_opened) {
        (true, _) => ("Delete", Lucide::Trash),
        (false, true) => ("Close", Lucide::Close),
        (false, false) if table.folder().is_none() => ("Remove", Lucide::Close),
        (false, false) => ("Delete", Lucide::Trash),
    };
    let place = if is_named { String::new() } else { table.place() };
    let hash = TableRoute::new(table.clone()).hash();
    let short = table.short().to_owned();
    let (this, removed) = (table.clone(), table);
    let remove = Callback::new(move |()| {
        if open.get_untracked().as_ref() == Some(&removed) {
            Route::Data(None).go();
        }
        session.remove_table(&removed);
    });
    view! {
        <li class="file">
            <a
                class="file-name list-name"
                href=hash
                aria-current=move || open.with(|open| open.as_ref() == Some(&this)).then_some("page")
            >
                <Icon of=if place.contains("://") { Lucide::Globe } else { Lucide::Table } />
                <span class="file-text">{short.clone()}</span>
                <span class="file-size file-place">{place}</span>
            </a>
            <span class="file-actions">
                <IconButton label=format!("{verb} {short}") icon=icon on_press=remove />
            </span>
        </li>
    }
}
