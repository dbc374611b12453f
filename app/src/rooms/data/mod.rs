//! The data room: the Delta tables at the left, what there is to know of one beside them.

mod copy_sheet;
mod diff;
mod facts;
mod file;
mod file_list;
mod files;
mod history;
mod list;
mod look_grid;
mod parquet;
mod properties;
mod rows;
mod schema;
mod storage;
mod table;

pub(in crate::rooms) use storage::StorageNote;

use crate::route::{FileRoute, Route, TableRoute};
use crate::session::{Session, use_session};
use crate::ui::{Button, Empty, Lucide, Weight};
use file::FileView;
use leptos::prelude::*;
use list::TableList;
use table::TableView;

/// A statement that makes a table to look at.
const FIRST_TABLE: &str = "CREATE TABLE orders (id BIGINT, customer STRING, amount DECIMAL(10,2));
INSERT INTO orders VALUES (1, 'Ada', 12.50), (2, 'Grace', 7.25), (3, 'Edith', 19.00)";

/// What the empty room says.
const FIRST_STEPS: &str = "A Delta table has rows, a schema, a history of versions, and files. Make one with SQL, drop the \
    folder of one (or a zip) anywhere on this page, or give its URL. Tables are kept in this browser: nothing is sent anywhere.";

/// The room.
#[component]
pub(crate) fn Data() -> impl IntoView {
    let session = use_session();
    let route = Memo::new(move |_| match session.route.get() {
        Route::Data(route) => route,
        _ => None,
    });
    let file_route = Memo::new(move |_| match session.route.get() {
        Route::File(route) => Some(route),
        _ => None,
    });
    let file = Memo::new(move |_| file_route.get().map(|route| route.path));
    let table = Memo::new(move |_| route.get().map(|route| route.table));
    view! {
        <div class="data" class:data-open=move || table.get().is_some() || file.get().is_some()>
            <aside class="data-list" aria-label="Tables and files">
                <TableList open=table file />
            </aside>
            <section
                class="data-table"
                aria-label=move || if file.get().is_some() { "File" } else { "Table" }
            >
                {move || match (table.get(), file.get()) {
                    (_, Some(path)) => {
                        let fallback = FileRoute::new(&path);
                        let route = Memo::new(move |_| {
                            file_route
                                .get()
                                .filter(|route| route.path == fallback.path)
                                .unwrap_or(fallback.clone())
                        });
                        view! { <FileView path route /> }.into_any()
                    }
                    (None, None) => first_steps(session),
                    (Some(table), None) => {
                        let fallback = TableRoute::new(table.clone());
                        let route = Memo::new(move |_| {
                            route.get().filter(|route| route.table == fallback.table).unwrap_or(fallback.clone())
                        });
                        view! { <TableView table route /> }.into_any()
                    }
                }}
            </section>
        </div>
    }
}

fn first_steps(session: Session) -> AnyView {
    let has_tables = Memo::new(move |_| !session.tables().is_empty());
    view! {
        {move || {
            if has_tables.get() {
                return view! { <Empty title="No table is open" text="Choose one from the list." /> }.into_any();
            }
            view! {
                <Empty
                    title="Tables appear here"
                    text=FIRST_STEPS
                >
                    <Button
                        label="Write a first table"
                        icon=Lucide::Terminal
                        weight=Weight::Primary
                        on_press=Callback::new(move |()| session.write_statement(FIRST_TABLE))
                    />
                    <Button
                        label="Open a folder"
                        icon=Lucide::FolderOpen
                        on_press=Callback::new(move |()| session.choose_files.set(Some(true)))
                    />
                </Empty>
            }
                .into_any()
        }}
    }
    .into_any()
}
