//! The row groups of a file, and the chunks in each.

use super::bytes::ColumnBytes;
use super::pages::{ChunkOf, PagesSheet};
use super::{bound, ratio};
use crate::asked::Answer;
use crate::display;
use crate::rooms::profile::Share;
use crate::session::use_session;
use crate::sql_literal;
use crate::ui::{ErrorPanel, Fold, RowsSkeleton};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

/// More row groups than this are for a query.
const MAX_GROUPS: usize = 500;

/// The row groups.
#[component]
pub(super) fn Groups(
    /// The file or folder.
    path: String,
    /// Its columns.
    columns: Vec<ColumnBytes>,
    /// Whether there are several files.
    several: bool,
) -> impl IntoView {
    let engine = use_session().engine;
    let opened = RwSignal::new(None::<ChunkOf>);
    let of = sql_literal::text(&path);
    let asked = LocalResource::new(move || {
        engine.ask(format!(
            "SELECT file_name, row_group_id, max(row_group_num_rows) AS rows, sum(total_compressed_size) AS compressed, \
             sum(total_uncompressed_size) AS plain FROM parquet_metadata({of}) \
             GROUP BY file_name, row_group_id ORDER BY file_name, row_group_id LIMIT {MAX_GROUPS}"
        ))
    });
    let columns = StoredValue::new(columns);
    let path = StoredValue::new(path);
    view! {
        <section class="parquet-part">
            <h3>"Row groups"</h3>
            {move || match asked.get() {
                None => view! { <RowsSkeleton label="The row groups are on their way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
                Some(Ok(answer)) => table(&answer, path, several, opened).into_any(),
            }}
        </section>
        <PagesSheet path opened columns />
    }
}

fn table(
    answer: &Answer,
    path: StoredValue<String>,
    several: bool,
    opened: RwSignal<Option<ChunkOf>>,
) -> impl IntoView + use<> {
    let most =
        (0..answer.rows.len()).filter_map(|row| answer.number(row, "compressed")).max().unwrap_or_default();
    let is_cut = answer.rows.len() >= MAX_GROUPS;
    let note = format!("The first {MAX_GROUPS} row groups; parquet_metadata in a query has the rest.");
    view! {
        {is_cut.then(|| view! { <p class="results-note quiet">{note}</p> })}
        <div class="columns-scroll" tabindex="0" role="group" aria-label="Row groups">
            <table class="plain">
                <thead>
                    <tr>
                        <th scope="col"><span class="unseen">"Chunks"</span></th>
                        <th scope="col" class="plain-number">"Group"</th>
                        {several.then(|| view! { <th scope="col">"File"</th> })}
                        <th scope="col" class="plain-number">"Rows"</th>
                        <th scope="col">"Bytes"</th>
                        <th scope="col" class="plain-number">"Before compression"</th>
                        <th scope="col" class="plain-number">"Compression"</th>
                    </tr>
                </thead>
                <tbody>
                    {(0..answer.rows.len())
                        .map(|row| group(answer, row, most, path, several, opened))
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
}

fn group(
    answer: &Answer,
    row: usize,
    most: u64,
    path: StoredValue<String>,
    several: bool,
    opened: RwSignal<Option<ChunkOf>>,
) -> impl IntoView + use<> {
    let number = |name: &str| answer.number(row, name).unwrap_or_default();
    let (id, compressed, plain) = (number("row_group_id"), number("compressed"), number("plain"));
    let file = answer.value(row, "file_name").unwrap_or_default().to_owned();
    let short = file.rsplit('/').next().unwrap_or(&file).to_owned();
    let is_open = RwSignal::new(false);
    let columns = if several { 6 } else { 5 };
    let title = file.clone();
    view! {
        <tr>
            <td>
                <Fold label=format!("Chunks of row group {id}") is_open />
            </td>
            <td class="plain-number">{id.to_string()}</td>
            {several.then(|| view! { <td class="plain-mono" title=title>{short}</td> })}
            <td class="plain-number">{display::count(number("rows"))}</td>
            <td class="parquet-bytes">
                <Share part=compressed whole=most />
                <span>{display::bytes(compressed)}</span>
            </td>
            <td class="plain-number">{display::bytes(plain)}</td>
            <td class="plain-number">{ratio(plain, compressed)}</td>
        </tr>
        {move || {
            is_open
                .get()
                .then(|| {
                    view! {
                        <tr>
                            <td></td>
                            <td colspan=columns>
                                <Chunks path file=file.clone() group=id opened />
                            </td>
                        </tr>
                    }
                })
        }}
    }
}

/// The chunks of a row group.
#[component]
fn Chunks(
    path: StoredValue<String>,
    file: String,
    group: u64,
    opened: RwSignal<Option<ChunkOf>>,
) -> impl IntoView {
    let engine = use_session().engine;
    let sql = format!(
        "SELECT * FROM parquet_metadata({}) WHERE row_group_id = {group} AND file_name = {} ORDER BY column_id",
        path.with_value(|path| sql_literal::text(path)),
        sql_literal::text(&file)
    );
    let asked = LocalResource::new(move || engine.ask(sql.clone()));
    move || match asked.get() {
        None => view! { <p class="quiet" role="status">"The chunks are on their way"</p> }.into_any(),
        Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
        Some(Ok(answer)) => chunks(&answer, &file, group, opened).into_any(),
    }
}

fn chunks(
    answer: &Answer,
    file: &str,
    group: u64,
    opened: RwSignal<Option<ChunkOf>>,
) -> impl IntoView + use<> {
    let rows = (0..answer.rows.len())
        .map(|row| {
            let number = |name: &str| answer.number(row, name);
            let text = |name: &str| answer.value(row, name).map(str::to_owned);
            let (compressed, plain) =
                (number("total_compressed_size").unwrap_or_default(), number("total_uncompressed_size").unwrap_or_default());
            let chunk = ChunkOf {
                file: file.to_owned(),
                group,
                column: number("column_id").unwrap_or_default(),
                name: text("path_in_schema").unwrap_or_default(),
                physical: text("type").unwrap_or_default(),
            };
            let physical = chunk.physical.clone();
            let has_bloom = if number("bloom_filter_offset").is_some() { "yes" } else { "no" };
            let bloom = number("bloom_filter_length").map_or_else(|| has_bloom.to_owned(), display::bytes);
            let encodings = text("encodings").unwrap_or_default();
            let has_dictionary = number("dictionary_page_offset").is_some() || encodings.contains("DICTIONARY");
            let unknown = || "unknown".to_owned();
            let (name, has_pages) = (chunk.name.clone(), number("offset_index_offset").is_some());
            let label = format!("Pages of {name} in row group {group}");
            let pages = match has_pages {
                true => view! {
                    <button
                        type="button"
                        class="columns-name"
                        aria-label=label
                        on:click=move |_| opened.set(Some(chunk.clone()))
                    >
                        "Pages"
                    </button>
                }
                .into_any(),
                false => view! { <span class="quiet">"no page index"</span> }.into_any(),
            };
            view! {
                <tr>
                    <td class="plain-mono">{name}</td>
                    <td>{pages}</td>
                    <td class="plain-number">{display::bytes(compressed)}</td>
                    <td class="plain-number">{ratio(plain, compressed)}</td>
                    <td>{text("compression")}</td>
                    <td>{encodings}</td>
                    <td class="plain-number">{number("stats_null_count").map_or_else(unknown, display::count)}</td>
                    <td class="plain-mono">{bound(&physical, text("stats_min_value"))}</td>
                    <td class="plain-mono">{bound(&physical, text("stats_max_value"))}</td>
                    <td>{if has_dictionary { "yes" } else { "no" }}</td>
                    <td>{bloom}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="plain plain-inner">
            <thead>
                <tr>
                    <th scope="col">"Column"</th>
                    <th scope="col"><span class="unseen">"Pages"</span></th>
                    <th scope="col" class="plain-number">"Bytes"</th>
                    <th scope="col" class="plain-number">"Compression"</th>
                    <th scope="col">"Codec"</th>
                    <th scope="col">"Encodings"</th>
                    <th scope="col" class="plain-number">"Nulls"</th>
                    <th scope="col">"Least"</th>
                    <th scope="col">"Greatest"</th>
                    <th scope="col">"Dictionary"</th>
                    <th scope="col">"Bloom filter"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}
