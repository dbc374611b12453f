//! What changed between two versions: by comparing their rows, or as the change feed tells it.

use super::history::CompareForm;
use super::look_grid::LookGrid;
use super::table::Head;
use crate::asked::Answer;
use crate::display;
use crate::engine_client::EngineClient;
use crate::route::{TableRoute, TableTab};
use crate::session::use_session;
use crate::tables::{TableName, quoted};
use crate::ui::{Button, ErrorPanel, RowsSkeleton, Weight};
use leptos::prelude::*;
use tarn_rpc::{Column, ColumnKind, ErrorReport};

const LIMIT: u64 = 10_000;

/// The statements that compare two versions.
#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    /// The rows that differ.
    rows: String,
    /// How many were added and removed.
    counts: String,
    /// Columns that only one of the two has.
    lone_columns: Vec<String>,
}

/// What changed from one version to another.
#[component]
pub(super) fn Diff(table: TableName, head: Head, route: TableRoute, from: u64, to: u64) -> impl IntoView {
    let has_feed = head.has_change_feed() && from < to;
    let by_feed = RwSignal::new(false);
    let back = route.with_tab(TableTab::History).hash();
    let newest = head.version;
    let form_route = route.clone();
    view! {
        <div class="table-page table-page-fixed">
            <CompareForm route=form_route newest from to />
            <div class="diff-note">
                <strong>
                    {format!("Changes from version {} to {}", display::count(from), display::count(to))}
                </strong>
                {has_feed
                    .then(|| {
                        view! {
                            <Button
                                label=Signal::derive(move || {
                                    if by_feed.get() { "Compare the rows" } else { "Show the change feed" }.to_owned()
                                })
                                weight=Weight::Quiet
                                on_press=Callback::new(move |()| by_feed.update(|by_feed| *by_feed = !*by_feed))
                            />
                        }
                    })}
                <a href=back>"All versions"</a>
            </div>
            {move || {
                let table = table.clone();
                if by_feed.get() {
                    view! { <Feed table from to /> }.into_any()
                } else {
                    view! { <Compared table from to /> }.into_any()
                }
            }}
        </div>
    }
}

#[component]
fn Feed(table: TableName, from: u64, to: u64) -> impl IntoView {
    let sql = format!(
        "SELECT * FROM table_changes({}, {}, {to}) ORDER BY _commit_version LIMIT {LIMIT}",
        table.sql_text(None),
        from + 1
    );
    view! { <LookGrid label="Changes of rows" sql empty="The feed has no changes between these versions." limit=LIMIT /> }
}

#[component]
fn Compared(table: TableName, from: u64, to: u64) -> impl IntoView {
    let engine = use_session().engine;
    let comparison = LocalResource::new(move || compare(engine, table.clone(), from, to));
    view! {
        {move || match comparison.get() {
            None => view! { <RowsSkeleton label="The versions are being opened" /> }.into_any(),
            Some(Err(error)) => view! { <ErrorPanel error /> }.into_any(),
            Some(Ok(comparison)) => {
                let Comparison { rows, counts, lone_columns } = comparison;
                view! {
                    <Counts counts lone_columns />
                    <LookGrid
                        label="Changes of rows"
                        sql=rows
                        empty="The two versions have the same rows."
                        limit=LIMIT
                    />
                }
                    .into_any()
            }
        }}
    }
}

/// How many rows differ, in words.
#[component]
fn Counts(counts: String, lone_columns: Vec<String>) -> impl IntoView {
    let engine = use_session().engine;
    let counted = LocalResource::new(move || engine.ask(counts.clone()));
    let lone = (!lone_columns.is_empty()).then(|| {
        format!(
            "Only one of the two versions has {}; the other counts as null there.",
            lone_columns.join(", ")
        )
    });
    view! {
        <p class="results-note" role="status">
            {move || match counted.get() {
                None => "Counting…".to_owned(),
                Some(Err(error)) => error.message,
                Some(Ok(answer)) => {
                    let of = |name: &str| answer.number(0, name).unwrap_or_default();
                    format!(
                        "{} added, {} removed. A row that changed is both.",
                        display::counted(of("added"), "row"),
                        display::counted(of("removed"), "row"),
                    )
                }
            }}
            {lone.map(|lone| view! { <span class="quiet">" " {lone}</span> })}
        </p>
    }
}

async fn compare(
    engine: EngineClient,
    table: TableName,
    from: u64,
    to: u64,
) -> Result<Comparison, ErrorReport> {
    let columns = |version: u64| engine.ask(format!("SELECT * FROM {} LIMIT 0", table.sql_at(Some(version))));
    let (before, after) = (columns(from).await?, columns(to).await?);
    Ok(comparison(&table, from, to, &before, &after))
}

/// Rows count as often as they are there: those of the one version as +1, of the other as −1, and what does not add up to 0
/// differs.
fn comparison(table: &TableName, from: u64, to: u64, before: &Answer, after: &Answer) -> Comparison {
    let has = |answer: &Answer, name: &str| answer.columns.iter().any(|column| column.name == name);
    let all: Vec<&Column> = after
        .columns
        .iter()
        .chain(before.columns.iter().filter(|column| !has(after, &column.name)))
        .collect();
    let lone_columns = all
        .iter()
        .filter(|column| has(before, &column.name) != has(after, &column.name))
        .map(|column| column.name.clone())
        .collect();
    let side = |answer: &Answer, version: u64, sign: &str| {
        let values: Vec<String> = all
            .iter()
            .map(|column| {
                let name = quoted(&column.name);
                if has(answer, &column.name) { name } else { format!("NULL AS {name}") }
            })
            .collect();
        format!("SELECT {}, {sign} AS __sign FROM {}", values.join(", "), table.sql_at(Some(version)))
    };
    let names: Vec<String> = all.iter().map(|column| quoted(&column.name)).collect();
    let names = names.join(", ");
    // Neighbours in this order are the two faces of a row that changed.
    let order: Vec<String> = all
        .iter()
        .filter(|column| column.kind != ColumnKind::Nested)
        .map(|column| quoted(&column.name))
        .chain(["_change DESC".to_owned()])
        .collect();
    let both = format!("{} UNION ALL {}", side(after, to, "1"), side(before, from, "-1"));
    let differing = format!(
        "SELECT {names}, sum(__sign) AS __times FROM ({both}) GROUP BY {names} HAVING sum(__sign) <> 0"
    );
    Comparison {
        rows: format!(
            "SELECT CASE WHEN __times > 0 THEN 'added' ELSE 'removed' END AS _change, abs(__times) AS _times, {names} \
             FROM ({differing}) ORDER BY {} LIMIT {LIMIT}",
            order.join(", ")
        ),
        counts: format!(
            "SELECT coalesce(sum(CASE WHEN __times > 0 THEN __times END), 0) AS added, \
             coalesce(sum(CASE WHEN __times < 0 THEN -__times END), 0) AS removed FROM ({differing})"
        ),
        lone_columns,
    }
}
