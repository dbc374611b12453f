//! The files of a table, and what the log knows of their values: by that queries skip files.

use super::facts::{map, time};
use crate::asked::Answer;
use crate::display;
use crate::json_text;
use crate::session::use_session;
use crate::tables::TableName;
use crate::ui::{ErrorPanel, Figure, Figures, Fold, RowsSkeleton};
use leptos::prelude::*;
use std::collections::BTreeMap;

const LIMIT: usize = 500;

/// Smallest and largest value of a column in a file, and how many are null.
#[derive(Debug, Clone, Default, PartialEq)]
struct Bounds {
    min: Option<String>,
    max: Option<String>,
    nulls: Option<String>,
}

/// The tab.
#[component]
pub(super) fn FilesTab(table: TableName, version: Option<u64>) -> impl IntoView {
    let engine = use_session().engine;
    let source = StoredValue::new(table.sql_text(version));
    let figures = LocalResource::new(move || {
        engine.ask(format!(
            "SELECT count(*) AS files, sum(size_bytes) AS bytes, sum(num_records) AS records, \
             sum(deleted_rows) AS deleted, min(size_bytes) AS smallest, max(size_bytes) AS largest FROM table_files({})",
            source.get_value()
        ))
    });
    let files = LocalResource::new(move || {
        engine.ask(format!("SELECT * FROM table_files({}) LIMIT {LIMIT}", source.get_value()))
    });
    view! {
        <div class="table-page">
            <div class="table-figures">
                <Figures figures=Signal::derive(move || match figures.get() {
                    Some(Ok(answer)) => totals(&answer),
                    _ => Vec::new(),
                }) />
            </div>
            {move || match files.get() {
                None => view! { <RowsSkeleton label="The files are on their way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error /> }.into_any(),
                Some(Ok(answer)) if answer.rows.is_empty() => {
                    view! { <p class="results-blank quiet">"This version has no files, so the table has no rows."</p> }
                        .into_any()
                }
                Some(Ok(answer)) => list(&answer).into_any(),
            }}
        </div>
    }
}

fn totals(answer: &Answer) -> Vec<Figure> {
    let number = |name: &str| answer.number(0, name);
    let mut figures = Vec::new();
    let mut add = |label, value: Option<String>| {
        if let Some(value) = value {
            figures.push(Figure { label, value });
        }
    };
    add("files", number("files").map(display::count));
    add("size", number("bytes").map(display::bytes));
    add("rows", number("records").map(display::count));
    add("deleted rows", number("deleted").filter(|count| *count > 0).map(display::count));
    add("smallest", number("smallest").map(display::bytes));
    add("largest", number("largest").map(display::bytes));
    figures
}

fn list(answer: &Answer) -> impl IntoView + use<> {
    let is_partitioned = (0..answer.rows.len())
        .any(|row| answer.value(row, "partition_values").is_some_and(|values| values.len() > 2));
    let is_cut = answer.rows.len() >= LIMIT;
    view! {
        {is_cut
            .then(|| {
                view! { <p class="results-note quiet">{format!("The first {LIMIT} files; table_files in a query has the rest.")}</p> }
            })}
        <table class="plain plain-wide">
            <thead>
                <tr>
                    <th scope="col"><span class="unseen">"Statistics"</span></th>
                    <th scope="col">"File"</th>
                    {is_partitioned.then(|| view! { <th scope="col">"Partition"</th> })}
                    <th scope="col" class="plain-number">"Size"</th>
                    <th scope="col" class="plain-number">"Rows"</th>
                    <th scope="col" class="plain-number">"Deleted"</th>
                    <th scope="col">"Written"</th>
                </tr>
            </thead>
            <tbody>
                {(0..answer.rows.len()).map(|row| file(answer, row, is_partitioned)).collect_view()}
            </tbody>
        </table>
    }
}

fn file(answer: &Answer, row: usize, is_partitioned: bool) -> impl IntoView + use<> {
    let is_open = RwSignal::new(false);
    let text = |name: &str| answer.value(row, name).map(str::to_owned);
    let path = text("path").unwrap_or_default();
    let short = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let count =
        |name: &str| text(name).map_or_else(|| "unknown".to_owned(), |raw| display::with_thousands(&raw));
    let partition = map(answer.value(row, "partition_values"))
        .into_iter()
        .map(|(name, value)| format!("{name} = {}", value.as_deref().unwrap_or("null")))
        .collect::<Vec<_>>()
        .join(", ");
    let stats = text("stats");
    let columns = if is_partitioned { 7 } else { 6 };
    view! {
            <tr>
                <td>
                    <Fold label=format!("Statistics of {short}") is_open />
                </td>
                <td class="plain-mono plain-long" title=path>{short}</td>
                {is_partitioned.then(|| view! { <td class="plain-mono">{partition}</td> })}
                <td class="plain-number">
                    {answer.number(row, "size_bytes").map_or_else(|| "unknown".to_owned(), display::bytes)}
                </td>
                <td class="plain-number">{count("num_records")}</td>
                <td class="plain-number">
    {count("deleted_rows")}
                </td>
                <td class="plain-time">{text("modified").as_deref().map(time)}</td>
            </tr>
            {move || {
                is_open.get().then(|| view! { <tr><td></td><td colspan=columns - 1>{statistics(stats.as_deref())}</td></tr> })
            }}
        }
}

/// The bounds of each column.
fn statistics(stats: Option<&str>) -> AnyView {
    let bounds = bounds(stats.unwrap_or_default());
    if bounds.is_empty() {
        return view! { <p class="quiet">"The log has no statistics for this file: queries cannot skip it by its values."</p> }.into_any();
    }
    let or_null = |value: Option<String>| match value {
        Some(value) => view! { <td class="plain-mono plain-long">{value}</td> }.into_any(),
        None => view! { <td class="facts-null">"none"</td> }.into_any(),
    };
    view! {
        <table class="plain plain-inner">
            <thead>
                <tr>
                    <th scope="col">"Column"</th>
                    <th scope="col">"Smallest"</th>
                    <th scope="col">"Largest"</th>
                    <th scope="col" class="plain-number">"Nulls"</th>
                </tr>
            </thead>
            <tbody>
                {bounds
                    .into_iter()
                    .map(|(column, bounds)| {
                        let nulls = bounds.nulls.map(|nulls| display::with_thousands(&nulls));
                        view! {
                            <tr>
                                <td class="plain-mono">{column}</td>
                                {or_null(bounds.min)}
                                {or_null(bounds.max)}
                                <td class="plain-number">{nulls}</td>
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
    }
    .into_any()
}

fn bounds(stats: &str) -> BTreeMap<String, Bounds> {
    let mut bounds: BTreeMap<String, Bounds> = BTreeMap::new();
    for (path, value) in json_text::leaves(stats) {
        let Some((kind, column)) = path.split_first() else { continue };
        let of = match kind.as_str() {
            "minValues" | "maxValues" | "nullCount" => bounds.entry(column.join(".")).or_default(),
            _ => continue,
        };
        match kind.as_str() {
            "minValues" => of.min = value,
            "maxValues" => of.max = value,
            _ => of.nulls = value,
        }
    }
    bounds
}
