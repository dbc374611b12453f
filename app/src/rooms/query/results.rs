//! What came of a run: rows, figures, errors.

use super::plan::{Plan, PlanTree, is_analysis};
use super::use_pad;
use crate::display;
use crate::pads::{EditorTask, Pad};
use crate::result_view::ResultView;
use crate::rooms::rows_grid::RowsGrid;
use crate::rows::RowCache;
use crate::runs::{Outcome, Runs, Statement};
use crate::session::{Session, use_session};
use crate::ui::{Button, Empty, ErrorPanel, Figure, Figures, Fold, Lucide, RowsSkeleton, Tab, Tabs, Weight};
use leptos::prelude::*;
use tarn_rpc::Position;

const PANEL_ID: &str = "results-panel";

/// The lower half of the room.
#[component]
pub(super) fn Results() -> impl IntoView {
    let (session, pad) = (use_session(), use_pad());
    let runs = pad.runs;
    let shown = Memo::new(move |_| {
        let count = runs.statements.with(Vec::len);
        runs.shown.get().min(count.saturating_sub(1))
    });
    let statement = move || runs.statements.with(|list| list.get(shown.get()).cloned());
    let outcome = Memo::new(move |_| statement().map(|statement| statement.outcome));
    // The rows to draw: those of the shown statement, or of the run before while this one has none.
    let drawn = Memo::new(move |_| match statement() {
        Some(statement) if statement.rows.is_some() => {
            statement.rows.map(|rows| (rows.result, false)).filter(|_| !statement.columns.is_empty())
        }
        Some(Statement { outcome: Outcome::Failed { .. } | Outcome::Stopped, .. }) => runs
            .previous
            .with(|list| list.iter().rev().find_map(|statement| statement.rows))
            .map(|rows| (rows.result, true)),
        _ => None,
    });
    let tabs = Signal::derive(move || {
        let tabs: Vec<Tab> = runs.statements.with(|list| list.iter().map(tab).collect());
        tabs
    });
    let has_tabs = Memo::new(move |_| runs.statement_count.get() > 1);
    let is_waiting = Memo::new(move |_| {
        runs.phase.get().is_running()
            && drawn.get().is_none()
            && matches!(outcome.get(), None | Some(Outcome::Running))
    });
    view! {
        <section class="results" aria-label="Results">
            <Show when=move || has_tabs.get()>
                <Tabs label="Statements" tabs=tabs shown=runs.shown panel_id=PANEL_ID />
            </Show>
            <div
                id=PANEL_ID
                class="results-panel"
                role=move || has_tabs.get().then_some("tabpanel")
                aria-label=move || has_tabs.get().then_some("Result of the statement")
            >
                {move || face(session, pad, outcome.get())}
                <Show when=move || is_waiting.get()>
                    <RowsSkeleton label="The query runs" />
                </Show>
                {move || drawn.get().map(|(result, is_previous)| rows_view(runs, result, is_previous))}
            </div>
            <Show when=move || outcome.get().is_some() || runs.phase.get().is_running()>
                <StatusLine />
            </Show>
            <p class="unseen" role="status">
                {move || outcome.get().map(|outcome| spoken(&outcome))}
            </p>
        </section>
    }
}

/// What is said about the statement, above its rows or in their place.
fn face(session: Session, pad: Pad, outcome: Option<Outcome>) -> Option<AnyView> {
    let runs = pad.runs;
    match outcome {
        None if runs.phase.get().is_running() => None,
        None => Some(first_steps(session, pad)),
        Some(Outcome::Running) => None,
        Some(Outcome::Finished { rows }) => {
            let has_rows = shown_rows(runs).is_some();
            (!has_rows).then(|| {
                let text = if rows == 0 {
                    "The statement returned no rows.".to_owned()
                } else {
                    format!("{} written.", display::counted(rows, "row"))
                };
                view! { <Empty title="Done" text=text /> }.into_any()
            })
        }
        Some(Outcome::Stopped) => {
            let millis = runs.elapsed_millis.get_untracked();
            let has_rows = shown_rows(runs).is_some_and(|rows| rows.total.get_untracked() > 0);
            let rest = if has_rows { " The rows that came before stay." } else { "" };
            let text = format!("Stopped after {}.{rest}", display::duration(millis));
            Some(view! { <p class="results-note">{text}</p> }.into_any())
        }
        Some(Outcome::Failed { error }) => {
            let go = Callback::new(move |position: Position| {
                pad.task.set(Some(EditorTask::Go { position }));
            });
            let fix = Callback::new(move |(position, text): (Position, String)| {
                pad.task.set(Some(EditorTask::Fix { position, text }));
            });
            Some(view! { <ErrorPanel error on_go=go on_fix=fix /> }.into_any())
        }
        Some(Outcome::Lost) => Some(
            view! {
                <Empty
                    title="These rows are gone"
                    text="They were kept by an engine that stopped. Run the statement again to get them back."
                >
                    <Button
                        label="Run again"
                        icon=Lucide::Play
                        weight=Weight::Primary
                        on_press=Callback::new(move |()| session.run())
                    />
                </Empty>
            }
            .into_any(),
        ),
    }
}

fn shown_rows(runs: Runs) -> Option<RowCache> {
    runs.statements
        .with_untracked(|list| list.get(runs.shown.get_untracked()).and_then(|statement| statement.rows))
}

fn first_steps(session: Session, pad: Pad) -> AnyView {
    view! {
        <Empty
            title="Rows appear here"
            text="Drop a Parquet, CSV or JSON file anywhere on this page, or give a URL; then write SQL above and run it. Files stay on this machine: nothing is sent anywhere."
        >
            <Button
                label="Open files"
                icon=Lucide::Upload
                weight=Weight::Primary
                on_press=Callback::new(move |()| session.choose_files.set(Some(false)))
            />
            <Button
                label="Try a query without files"
                weight=Weight::Plain
                on_press=Callback::new(move |()| {
                    let statement = "SELECT value AS n, value * value AS square FROM generate_series(1, 1000)";
                    pad.task.set(Some(EditorTask::Add { statement: statement.to_owned() }));
                })
            />
        </Empty>
    }
    .into_any()
}

fn rows_view(runs: Runs, result: u64, is_previous: bool) -> Option<AnyView> {
    let list = if is_previous { runs.previous } else { runs.statements };
    let statement = list.with_untracked(|list| {
        list.iter().find(|statement| statement.rows.is_some_and(|rows| rows.result == result)).cloned()
    })?;
    let (rows, view) = (statement.rows?, statement.view?);
    if !is_previous && is_analysis(&statement) {
        return Some(analysis(&statement, view));
    }
    let is_blank = move || rows.is_complete.get() && rows.total.get() == 0;
    Some(
        view! {
            {is_previous.then(|| view! { <p class="results-note quiet">"Rows of the run before"</p> })}
            <RowsGrid label="Rows" view />
            <Show when=is_blank>
                <p class="results-blank quiet">"No rows: the query ran, and nothing matched."</p>
            </Show>
        }
        .into_any(),
    )
}

/// What EXPLAIN ANALYZE found out, as a tree; the rows that it returned are its text.
fn analysis(statement: &Statement, view: ResultView) -> AnyView {
    let progress = statement.progress;
    let operators = Signal::derive(move || progress.get().operators);
    let is_text = RwSignal::new(false);
    view! {
        <div class="plan-analysis">
            <PlanTree operators />
            <div class="plan-text">
                <Fold label="The plan as text" is_open=is_text />
                <span>"As text"</span>
            </div>
            <Show when=move || is_text.get()>
                <div class="plan-rows">
                    <RowsGrid label="Rows" view />
                </div>
            </Show>
        </div>
    }
    .into_any()
}

/// The figures of the shown statement.
#[component]
fn StatusLine() -> impl IntoView {
    let runs = use_pad().runs;
    let statement = move || {
        runs.statements.with(|list| list.get(runs.shown.get().min(list.len().saturating_sub(1))).cloned())
    };
    let figures = Signal::derive(move || {
        let mut figures = Vec::new();
        let mut add = |label, value| figures.push(Figure { label, value });
        let Some(statement) = statement() else {
            add("elapsed", display::duration(runs.elapsed_millis.get()));
            return figures;
        };
        let progress = statement.progress.get();
        let rows = match (&statement.outcome, statement.rows) {
            (Outcome::Finished { rows }, _) => *rows,
            (_, Some(rows)) => rows.total.get(),
            _ => progress.rows_returned,
        };
        let elapsed_millis = match statement.outcome {
            Outcome::Running => progress.elapsed_millis.max(runs.elapsed_millis.get()),
            _ => progress.elapsed_millis,
        };
        let returns_rows = statement.rows.is_some() || rows == 0;
        match statement.affected_rows() {
            Some(affected) => add("rows changed", display::count(affected)),
            None => add(if returns_rows { "rows" } else { "rows written" }, display::count(rows)),
        }
        add("elapsed", display::duration(elapsed_millis));
        add("rows read", display::count(progress.rows_read));
        add("read", display::bytes(progress.bytes_read));
        if progress.memory_bytes > 0 {
            add("memory", display::bytes(progress.memory_bytes));
        }
        figures
    });
    let is_running = Memo::new(move |_| runs.phase.get().is_running());
    view! {
        <footer class="status-line">
            <span class="status-state" class:status-running=is_running>
                {move || statement().map_or("Running", |statement| state_word(&statement.outcome))}
            </span>
            <Figures figures />
            <span class="status-where quiet">
                {move || if is_running.get() { "runs in this tab on the CPU" } else { "ran in this tab on the CPU" }}
            </span>
            <Plan />
        </footer>
    }
}

fn tab(statement: &Statement) -> Tab {
    let affected = statement.affected_rows();
    let note = match &statement.outcome {
        Outcome::Finished { .. } if affected.is_some() => {
            format!("{} changed", display::counted(affected.unwrap_or_default(), "row"))
        }
        Outcome::Running => "…".to_owned(),
        Outcome::Finished { rows } if statement.rows.is_some() => display::counted(*rows, "row"),
        Outcome::Finished { .. } => "done".to_owned(),
        Outcome::Stopped => "stopped".to_owned(),
        Outcome::Failed { .. } => "failed".to_owned(),
        Outcome::Lost => "gone".to_owned(),
    };
    let verb: String = statement
        .sql
        .split_whitespace()
        .next()
        .unwrap_or("Statement")
        .chars()
        .take(12)
        .collect::<String>()
        .to_uppercase();
    Tab {
        label: format!("{} {verb}", statement.number + 1),
        note,
        is_failed: matches!(statement.outcome, Outcome::Failed { .. }),
    }
}

fn state_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "Running",
        Outcome::Finished { .. } => "Finished",
        Outcome::Stopped => "Stopped",
        Outcome::Failed { .. } => "Failed",
        Outcome::Lost => "Gone",
    }
}

/// What a screen reader hears; errors speak for themselves.
fn spoken(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Running => "The query runs.".to_owned(),
        Outcome::Finished { rows } => format!("Finished: {}.", display::counted(*rows, "row")),
        Outcome::Stopped => "Stopped.".to_owned(),
        Outcome::Failed { .. } | Outcome::Lost => String::new(),
    }
}
