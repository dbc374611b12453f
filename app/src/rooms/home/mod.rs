//! The home room: what to open, samples, and what was worked on last.

mod samples;

use crate::display;
use crate::history;
use crate::pads::EditorTask;
use crate::rooms::opening::{OpenLine, UrlField};
use crate::route::{Route, TableRoute};
use crate::session::{Session, use_session};
use crate::ui::{Button, Icon, Lucide, Weight};
use leptos::prelude::*;
use samples::Samples;

/// Of what was done last, so much is shown.
const RECENT: usize = 8;

/// The room.
#[component]
pub(crate) fn Home() -> impl IntoView {
    let session = use_session();
    view! {
        <div class="home">
            <section class="home-open" aria-labelledby="home-open">
                <h2 id="home-open">"Open your data"</h2>
                <p class="quiet">
                    "Drop Parquet, CSV or JSON files, or a folder, anywhere on this page. They stay on this machine and are read where they lie."
                </p>
                <OpenLine>
                    <Button
                        label="Open files"
                        icon=Lucide::Upload
                        weight=Weight::Primary
                        on_press=Callback::new(move |()| session.choose_files.set(Some(false)))
                    />
                    <Button
                        label="Folder"
                        icon=Lucide::FolderOpen
                        on_press=Callback::new(move |()| session.choose_files.set(Some(true)))
                    />
                    <Button
                        label="New query"
                        icon=Lucide::Terminal
                        key_hint="Alt N"
                        on_press=Callback::new(move |()| session.new_pad("", ""))
                    />
                </OpenLine>
                <UrlField
                    label="URL of a file or folder"
                    add_label="Query this URL"
                    on_add=Callback::new(move |url: String| {
                        let added = session.add_source(&url);
                        if added.is_ok() {
                            Route::Query.go();
                        }
                        added
                    })
                />
            </section>
            <Samples />
            <Recent />
        </div>
    }
}

/// Queries, tables and statements of late.
#[component]
fn Recent() -> impl IntoView {
    let session = use_session();
    let pads = move || {
        let list = session.pads.list.get().into_iter().rev();
        list.filter(|pad| pad.text.with(|text| !text.trim().is_empty())).take(RECENT).collect::<Vec<_>>()
    };
    let tables = move || session.tables().into_iter().take(RECENT).collect::<Vec<_>>();
    let ran: Vec<history::Entry> = history::entries().into_iter().take(RECENT).collect();
    view! {
        <div class="home-recent">
            {move || {
                let pads = pads();
                (!pads.is_empty())
                    .then(|| {
                        let rows = pads
                            .into_iter()
                            .map(|pad| {
                                let open = move || {
                                    session.pads.shown.set(pad.id);
                                    pad.task.set(Some(EditorTask::Focus));
                                    Route::Query.go();
                                };
                                recent_row(Lucide::Terminal, pad.shown_name(), String::new(), open)
                            })
                            .collect_view();
                        view! {
                            <section>
                                <h2>"Open queries"</h2>
                                <ul>{rows}</ul>
                            </section>
                        }
                    })
            }}
            {move || {
                let tables = tables();
                (!tables.is_empty())
                    .then(|| {
                        let rows = tables
                            .into_iter()
                            .map(|(table, _)| {
                                let (name, place) = (table.short().to_owned(), table.place());
                                let open = move || Route::Data(Some(TableRoute::new(table.clone()))).go();
                                recent_row(Lucide::Table, Signal::stored(name), place, open)
                            })
                            .collect_view();
                        view! {
                            <section>
                                <h2>"Tables"</h2>
                                <ul>{rows}</ul>
                            </section>
                        }
                    })
            }}
            {(!ran.is_empty())
                .then(|| {
                    view! {
                        <section>
                            <h2>"Ran last"</h2>
                            <ul>{ran.into_iter().map(|entry| ran_row(session, entry)).collect_view()}</ul>
                        </section>
                    }
                })}
        </div>
    }
}

fn ran_row(session: Session, entry: history::Entry) -> impl IntoView {
    let note = match entry.rows {
        Some(rows) => display::counted(rows, "row"),
        None => "failed".to_owned(),
    };
    let line = entry.sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let open = move || session.new_pad("", &entry.sql);
    recent_row(Lucide::History, Signal::stored(line), note, open)
}

fn recent_row(icon: Lucide, name: Signal<String>, note: String, open: impl Fn() + 'static) -> impl IntoView {
    view! {
        <li>
            <button type="button" class="home-row" on:click=move |_| open()>
                <Icon of=icon />
                <span class="home-row-name">{name}</span>
                <span class="quiet">{note}</span>
            </button>
        </li>
    }
}
