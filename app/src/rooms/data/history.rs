//! The versions of a table, the newest first: each a click away, and what changed between two of them.

use super::diff::Diff;
use super::facts::{Facts, map, metric, time};
use super::table::Head;
use crate::asked::Answer;
use crate::display;
use crate::route::{Route, TableRoute};
use crate::session::use_session;
use crate::tables::TableName;
use crate::ui::{Button, ErrorPanel, Fold, RowsSkeleton, Weight};
use leptos::prelude::*;

const FIRST_VERSIONS: u64 = 200;

/// One version.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    version: u64,
    time: String,
    operation: String,
    summary: String,
    details: Vec<(String, Option<String>)>,
    metrics: Vec<(String, Option<String>)>,
}

/// The tab.
#[component]
pub(super) fn HistoryTab(table: TableName, head: Head, route: TableRoute) -> impl IntoView {
    if let Some((from, to)) = route.compared {
        return view! { <Diff table head route from to /> }.into_any();
    }
    let engine = use_session().engine;
    let is_all = RwSignal::new(false);
    let asked = LocalResource::new(move || {
        let limit = if is_all.get() { String::new() } else { format!(" LIMIT {FIRST_VERSIONS}") };
        engine.ask(format!("DESCRIBE HISTORY {}{limit}", table.sql()))
    });
    let newest = head.version;
    view! {
        <div class="table-page">
            {(newest > 0).then(|| view! { <CompareForm route=route.clone() newest from={newest - 1} to=newest /> })}
            {move || match asked.get() {
                None => view! { <RowsSkeleton label="The history is on its way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error /> }.into_any(),
                Some(Ok(answer)) => {
                    let has_more = !is_all.get_untracked() && answer.rows.len() as u64 >= FIRST_VERSIONS;
                    view! {
                        {versions(&route, &answer)}
                        {has_more
                            .then(|| {
                                view! {
                                    <div class="table-retry">
                                        <Button
                                            label="Show all versions"
                                            on_press=Callback::new(move |()| is_all.set(true))
                                        />
                                    </div>
                                }
                            })}
                    }
                        .into_any()
                }
            }}
        </div>
    }
    .into_any()
}

fn versions(route: &TableRoute, answer: &Answer) -> impl IntoView + use<> {
    let oldest = answer.number(answer.rows.len().saturating_sub(1), "version").unwrap_or_default();
    let route = route.clone();
    view! {
        <ol class="versions" aria-label="Versions">
            {(0..answer.rows.len())
                .filter_map(|row| entry(answer, row))
                .map(|entry| version(&route, entry, oldest))
                .collect_view()}
        </ol>
    }
}

fn version(route: &TableRoute, entry: Entry, oldest: u64) -> impl IntoView + use<> {
    let is_open = RwSignal::new(false);
    let number = entry.version;
    let before = number.checked_sub(1).filter(|before| *before >= oldest);
    let changes = before.map(|before| route.comparing(before, number).hash());
    view! {
        <li class="version">
            <div class="version-line">
                <Fold label=format!("Details of version {number}") is_open />
                <a
                    class="version-number"
                    href=route.at(Some(number)).hash()
                    title=format!("Rows at version {number}")
                >
                    {display::count(number)}
                </a>
                <span class="version-operation">{entry.operation}</span>
                <span class="version-summary quiet">{entry.summary}</span>
                <span class="version-time quiet">{entry.time}</span>
                <span class="version-changes">
                    {changes.map(|hash| view! { <a href=hash aria-label=format!("Changes of version {number}")>"Changes"</a> })}
                </span>
            </div>
            {move || {
                is_open
                    .get()
                    .then(|| {
                        view! {
                            <div class="version-more">
                                <Facts title="Operation" facts=entry.details.clone() />
                                <Facts title="Metrics" facts=entry.metrics.clone() />
                            </div>
                        }
                    })
            }}
        </li>
    }
}

fn entry(answer: &Answer, row: usize) -> Option<Entry> {
    let text = |name: &str| answer.value(row, name).map(str::to_owned);
    let metrics = map(answer.value(row, "operationMetrics"));
    let mut details = map(answer.value(row, "operationParameters"));
    for (label, name) in [
        ("read version", "readVersion"),
        ("isolation", "isolationLevel"),
        ("blind append", "isBlindAppend"),
        ("user", "userName"),
        ("message", "userMetadata"),
        ("engine", "engineInfo"),
    ] {
        if let Some(value) = text(name) {
            details.push((label.to_owned(), Some(value)));
        }
    }
    Some(Entry {
        version: answer.number(row, "version")?,
        time: answer.value(row, "timestamp").map(time).unwrap_or_default(),
        operation: text("operation").unwrap_or_else(|| "unknown".to_owned()),
        summary: summary(&metrics),
        details,
        metrics: metrics
            .into_iter()
            .map(|(name, value)| {
                let value = value.map(|value| metric(&name, &value));
                (name, value)
            })
            .collect(),
    })
}

/// What an operation did to rows and files, in a few words.
fn summary(metrics: &[(String, Option<String>)]) -> String {
    let of = |names: &[&str]| -> u64 {
        let value = |name: &&str| {
            let found = metrics.iter().find(|(metric, _)| metric == name)?;
            found.1.as_deref()?.parse().ok()
        };
        names.iter().find_map(value).unwrap_or(0)
    };
    let is_merge = metrics.iter().any(|(name, _)| name.starts_with("numTarget"));
    let inserted = if is_merge {
        of(&["numTargetRowsInserted"])
    } else if metrics.iter().any(|(name, _)| matches!(name.as_str(), "numUpdatedRows" | "numDeletedRows")) {
        0
    } else {
        of(&["numOutputRows"])
    };
    let parts = [
        (inserted, "added"),
        (of(&["numTargetRowsUpdated", "numUpdatedRows"]), "updated"),
        (of(&["numTargetRowsDeleted", "numDeletedRows"]), "deleted"),
    ];
    let words = parts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        words.map(|(count, verb)| format!("{} {verb}", display::counted(*count, "row"))).collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    let files = of(&["numFiles", "numAddedFiles"]);
    if files > 0 { format!("{} written", display::counted(files, "file")) } else { String::new() }
}

/// Chooses two versions to compare.
#[component]
pub(super) fn CompareForm(route: TableRoute, newest: u64, from: u64, to: u64) -> impl IntoView {
    let (from, to) = (RwSignal::new(from.to_string()), RwSignal::new(to.to_string()));
    let trouble = RwSignal::new(None::<String>);
    let compare = Callback::new(move |()| {
        let version =
            |text: RwSignal<String>| text.get_untracked().trim().parse().ok().filter(|at| *at <= newest);
        match version(from).zip(version(to)) {
            Some((from, to)) => Route::Data(Some(route.comparing(from, to))).go(),
            None => trouble.set(Some(format!("A version is a number from 0 to {newest}."))),
        }
    });
    let field = |label: &'static str, value: RwSignal<String>| {
        view! {
            <label class="compare-field">
                <span>{label}</span>
                <input
                    class="input"
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    prop:value=value
                    on:input:target=move |event| {
                        trouble.set(None);
                        value.set(event.target().value());
                    }
                />
            </label>
        }
    };
    view! {
        <form
            class="compare"
            aria-label="Compare versions"
            on:submit=move |event| {
                event.prevent_default();
                compare.run(());
            }
        >
            {field("From version", from)}
            {field("to", to)}
            <button type="submit" hidden></button>
            <Button label="Compare" weight=Weight::Plain on_press=compare />
            <p role="alert" class="field-trouble">{trouble}</p>
        </form>
    }
}
