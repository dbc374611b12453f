//! The pages of a chunk, from the page index of its file.

use super::bound;
use super::bytes::ColumnBytes;
use crate::asked::Answer;
use crate::display;
use crate::rooms::profile::Share;
use crate::session::use_session;
use crate::sql_literal;
use crate::ui::{ErrorPanel, RowsSkeleton, Sheet};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

/// More pages than this are for a query.
const MAX_PAGES: usize = 2_000;

/// A chunk: a column of a row group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChunkOf {
    /// The file's name, as the footers say it.
    pub(super) file: String,
    /// The row group.
    pub(super) group: u64,
    /// The column's number.
    pub(super) column: u64,
    /// The column's path.
    pub(super) name: String,
    /// Its physical type.
    pub(super) physical: String,
}

/// The sheet with the pages of the chunk that was opened.
#[component]
pub(super) fn PagesSheet(
    path: StoredValue<String>,
    opened: RwSignal<Option<ChunkOf>>,
    /// The columns by their numbers, to go from one to the next.
    columns: StoredValue<Vec<ColumnBytes>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || open.set(opened.with(Option::is_some)));
    Effect::new(move || {
        if !open.get() && opened.with_untracked(Option::is_some) {
            opened.set(None);
        }
    });
    let title = Signal::derive(move || {
        opened
            .with(|chunk| chunk.as_ref().map(|chunk| format!("Pages of {}", chunk.name)))
            .unwrap_or_default()
    });
    view! {
        <Sheet open title>
            {move || {
                let chunk = opened.get()?;
                Some(view! { <Chooser chunk=chunk.clone() opened columns /> <Pages path chunk /> })
            }}
        </Sheet>
    }
}

/// Which column's pages are shown.
#[component]
fn Chooser(
    chunk: ChunkOf,
    opened: RwSignal<Option<ChunkOf>>,
    columns: StoredValue<Vec<ColumnBytes>>,
) -> impl IntoView {
    let shown = chunk.column;
    let group = chunk.group;
    let options = columns.with_value(|columns| {
        let option = |column: &ColumnBytes| {
            view! { <option value=column.id.to_string() selected=column.id == shown>{column.path.clone()}</option> }
        };
        columns.iter().map(option).collect_view()
    });
    view! {
        <label class="field">
            <span class="field-label">{format!("Column, in row group {group}")}</span>
            <select
                class="input"
                on:change:target=move |event| {
                    let id = event.target().value().parse::<u64>().ok();
                    let found = columns
                        .with_value(|columns| columns.iter().find(|column| Some(column.id) == id).cloned());
                    if let Some(ColumnBytes { id: column, path: name, physical, .. }) = found {
                        opened.set(Some(ChunkOf { column, name, physical, ..chunk.clone() }));
                    }
                }
            >
                {options}
            </select>
        </label>
    }
}

#[component]
fn Pages(path: StoredValue<String>, chunk: ChunkOf) -> impl IntoView {
    let engine = use_session().engine;
    let sql = format!(
        "SELECT * FROM parquet_pages({}) WHERE row_group_id = {} AND column_id = {} AND file_name = {} \
         ORDER BY page_id LIMIT {MAX_PAGES}",
        path.with_value(|path| sql_literal::text(path)),
        chunk.group,
        chunk.column,
        sql_literal::text(&chunk.file)
    );
    let asked = LocalResource::new(move || engine.ask(sql.clone()));
    move || match asked.get() {
        None => view! { <RowsSkeleton label="The pages are on their way" /> }.into_any(),
        Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
        Some(Ok(answer)) if answer.rows.is_empty() => {
            view! { <p class="quiet">"The file has no page index for this column."</p> }.into_any()
        }
        Some(Ok(answer)) => table(&answer, &chunk.physical).into_any(),
    }
}

fn table(answer: &Answer, physical: &str) -> impl IntoView + use<> {
    let count = answer.rows.len() as u64;
    let most = (0..answer.rows.len()).filter_map(|row| answer.number(row, "compressed_size")).max();
    let rows = (0..answer.rows.len())
        .map(|row| {
            let number = |name: &str| answer.number(row, name).unwrap_or_default();
            let text = |name: &str| answer.value(row, name).map(str::to_owned);
            let nulls = answer.number(row, "null_count").map_or_else(|| "unknown".to_owned(), display::count);
            view! {
                <tr>
                    <td class="plain-number">{number("page_id").to_string()}</td>
                    <td class="plain-number">{display::count(number("first_row"))}</td>
                    <td class="plain-number">{display::count(number("num_rows"))}</td>
                    <td class="parquet-bytes">
                        <Share part=number("compressed_size") whole=most.unwrap_or_default() />
                        <span>{display::bytes(number("compressed_size"))}</span>
                    </td>
                    <td class="plain-number">{nulls}</td>
                    <td class="plain-mono">{bound(physical, text("min_value"))}</td>
                    <td class="plain-mono">{bound(physical, text("max_value"))}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <p class="quiet" role="status">{display::counted(count, "page")}</p>
        <div class="columns-scroll" tabindex="0" role="group" aria-label="Pages">
            <table class="plain plain-wide">
                <thead>
                    <tr>
                        <th scope="col" class="plain-number">"Page"</th>
                        <th scope="col" class="plain-number">"From row"</th>
                        <th scope="col" class="plain-number">"Rows"</th>
                        <th scope="col">"Bytes"</th>
                        <th scope="col" class="plain-number">"Nulls"</th>
                        <th scope="col">"Least"</th>
                        <th scope="col">"Greatest"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
