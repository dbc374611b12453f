//! What a Parquet file says of itself: where its bytes are, its row groups, its schema, its writer. Only its footer is read.

mod bytes;
mod groups;
mod pages;
mod schema;

use super::facts::Facts;
use crate::asked::Answer;
use crate::display;
use crate::engine_client::EngineClient;
use crate::profile::{Known, read_known};
use crate::session::use_session;
use crate::source::Source;
use crate::sql_literal;
use crate::ui::{ErrorPanel, Figure, Figures, RowsSkeleton};
use bytes::{Bytes, ColumnBytes};
use groups::Groups;
use leptos::prelude::*;
use schema::SchemaTree;
use std::collections::HashMap;
use tarn_rpc::ErrorReport;

/// More keys and values than this are for a query.
const MAX_PAIRS: usize = 200;

/// What the footer says, of all files where there are several.
#[derive(Debug, Clone, PartialEq)]
struct Footer {
    files: Answer,
    pairs: Answer,
    schema: Answer,
    columns: Vec<ColumnBytes>,
}

/// The tab.
#[component]
pub(super) fn ParquetTab(path: String) -> impl IntoView {
    let engine = use_session().engine;
    let footer = LocalResource::new({
        let path = path.clone();
        move || read(engine, path.clone())
    });
    let path = StoredValue::new(path);
    view! {
        <div class="table-page parquet">
            {move || match footer.get() {
                None => view! { <RowsSkeleton label="The footer is on its way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
                Some(Ok(footer)) => shown(path.get_value(), footer).into_any(),
            }}
        </div>
    }
}

async fn read(engine: EngineClient, path: String) -> Result<Footer, ErrorReport> {
    let of = sql_literal::text(&path);
    let files = engine.ask(format!("SELECT * FROM parquet_file_metadata({of}) LIMIT {MAX_PAIRS}")).await?;
    let columns = engine.ask(bytes::statement(&of)).await?;
    let schema = engine.ask(schema::statement(&of)).await?;
    let pairs = engine.ask(format!("SELECT * FROM parquet_kv_metadata({of}) LIMIT {MAX_PAIRS}")).await?;
    let known = bounds(engine, path).await;
    Ok(Footer { files, pairs, schema, columns: bytes::read(&columns, &known) })
}

/// Bounds of columns, compared as what they are: the footer has them as texts, and of each row group by itself. Where that
/// fails, as for columns of a type that the engine does not read, the rest is still worth seeing.
async fn bounds(engine: EngineClient, path: String) -> HashMap<String, Known> {
    let source = Source::File { path, format: "parquet".to_owned() };
    let Ok(answer) = engine.ask(source.columns_sql()).await else { return HashMap::new() };
    let columns = source.columns(&answer.columns);
    let known = read_known(engine, &columns).await.unwrap_or_default();
    columns.iter().map(|column| column.title()).zip(known).collect()
}

fn shown(path: String, footer: Footer) -> impl IntoView {
    let several = footer.files.rows.len() > 1;
    let rows: u64 = (0..footer.files.rows.len()).filter_map(|row| footer.files.number(row, "num_rows")).sum();
    view! {
        <div class="table-figures">
            <Figures figures=Signal::stored(figures(&footer, rows)) />
        </div>
        <Bytes columns=footer.columns.clone() />
        <Groups path columns=footer.columns several />
        <SchemaTree schema=footer.schema />
        {(!several).then(|| view! { <Facts title="File" facts=facts(&footer.files) /> })}
        {pairs(&footer.pairs)}
    }
}

fn figures(footer: &Footer, rows: u64) -> Vec<Figure> {
    let sum = |name: &str| -> u64 {
        (0..footer.files.rows.len()).filter_map(|row| footer.files.number(row, name)).sum()
    };
    let compressed: u64 = footer.columns.iter().map(|column| column.compressed_bytes).sum();
    let plain: u64 = footer.columns.iter().map(|column| column.plain_bytes).sum();
    let mut figures = vec![
        Figure { label: "rows", value: display::count(rows) },
        Figure { label: "row groups", value: display::count(sum("num_row_groups")) },
        Figure { label: "columns", value: display::count(footer.columns.len() as u64) },
        Figure { label: "data", value: display::bytes(compressed) },
        Figure { label: "compression", value: ratio(plain, compressed) },
    ];
    if rows > 0 {
        figures
            .push(Figure { label: "bytes a row", value: format!("{:.1}", compressed as f64 / rows as f64) });
    }
    figures
}

fn facts(files: &Answer) -> Vec<(String, Option<String>)> {
    let text = |name: &str| files.value(0, name).map(str::to_owned);
    let exact = |name: &str| files.value(0, name).map(display::with_thousands);
    vec![
        ("written by".to_owned(), text("created_by")),
        ("format version".to_owned(), text("format_version")),
        ("bytes".to_owned(), exact("file_size_bytes")),
        ("rows".to_owned(), exact("num_rows")),
        ("row groups".to_owned(), exact("num_row_groups")),
    ]
}

fn pairs(pairs: &Answer) -> impl IntoView + use<> {
    let of = |row: usize| {
        let key = pairs.value(row, "key").unwrap_or_default().to_owned();
        (key, pairs.value(row, "value").map(str::to_owned))
    };
    let pairs: Vec<_> = (0..pairs.rows.len()).map(of).collect();
    (!pairs.is_empty()).then(|| {
        view! {
            <section class="facts">
                <h3>"Keys and values"</h3>
                <dl>
                    {pairs
                        .into_iter()
                        .map(|(key, value)| {
                            view! {
                                <div>
                                    <dt>{key}</dt>
                                    <dd class="parquet-value" tabindex="0">{value.unwrap_or_else(|| "null".to_owned())}</dd>
                                </div>
                            }
                        })
                        .collect_view()}
                </dl>
            </section>
        }
    })
}

/// How much smaller compression makes bytes: `1.9 ×`.
fn ratio(plain_bytes: u64, compressed_bytes: u64) -> String {
    match compressed_bytes {
        0 => "none".to_owned(),
        _ => format!("{:.2} ×", plain_bytes as f64 / compressed_bytes as f64),
    }
}

/// A least or greatest value, cut where it is long. Numbers get separators; texts that look like numbers do not.
fn bound(physical: &str, raw: Option<String>) -> AnyView {
    let Some(raw) = raw else { return view! { <span class="facts-null">"unknown"</span> }.into_any() };
    let shown = if physical.ends_with("BYTE_ARRAY") { raw.clone() } else { display::with_thousands(&raw) };
    view! { <span class="columns-text" title=raw>{shown}</span> }.into_any()
}
