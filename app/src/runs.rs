//! The run of a script: its statements, their rows, and what became of them. One run at a time.

use crate::engine_client::EngineClient;
use crate::history;
use crate::result_view::ResultView;
use crate::rows::RowCache;
use crate::sql_text::{Excerpt, in_whole_text};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::{Column, ErrorKind, ErrorReport, Event, Parameter, Progress, Request};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing runs.
    Idle,
    /// The run with this request id is under way.
    Running {
        /// The id.
        id: u64,
    },
    /// The same, and it was asked to stop.
    Stopping {
        /// The id.
        id: u64,
    },
}

/// What became of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It runs.
    Running,
    /// It ended well, with this many rows returned or written.
    Finished {
        /// The rows.
        rows: u64,
    },
    /// It was stopped on request.
    Stopped,
    /// It failed.
    Failed {
        /// Why.
        error: ErrorReport,
    },
    /// Its rows went with an engine that died.
    Lost,
}

/// One statement of the script.
#[derive(Clone)]
pub(crate) struct Statement {
    /// Which, from 0.
    pub(crate) number: u32,
    /// Its text.
    pub(crate) sql: String,
    /// The columns of its rows; empty while unknown, and for a statement that returns none.
    pub(crate) columns: Arc<[Column]>,
    /// Its rows.
    pub(crate) rows: Option<RowCache>,
    /// How its rows are looked at.
    pub(crate) view: Option<ResultView>,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Its figures.
    pub(crate) progress: RwSignal<Progress>,
}

/// The run on the page, and the one before where its rows are still of use. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    /// Where the run is.
    pub(crate) phase: RwSignal<Phase>,
    /// Its statements, as far as they began.
    pub(crate) statements: RwSignal<Vec<Statement>>,
    /// The statements of the run before, until the new one has something to show.
    pub(crate) previous: RwSignal<Vec<Statement>>,
    /// Which statement is looked at.
    pub(crate) shown: RwSignal<usize>,
    /// How many statements the script has.
    pub(crate) statement_count: RwSignal<u32>,
    /// Time since the run began, in milliseconds.
    pub(crate) elapsed_millis: RwSignal<f64>,
    /// The last error, at its place in the editor's text, until that is changed.
    pub(crate) marked: RwSignal<Option<ErrorReport>>,
    engine: EngineClient,
    /// The session that it runs in, as the engine knows it.
    pub(crate) session: u64,
    excerpt: StoredValue<Option<Excerpt>>,
    began_millis: StoredValue<f64>,
    ticker: StoredValue<Option<Interval>, LocalStorage>,
}

impl Statement {
    fn new(number: u32, sql: String) -> Self {
        Self {
            number,
            sql,
            columns: Arc::from([]),
            rows: None,
            view: None,
            outcome: Outcome::Running,
            progress: RwSignal::new(Progress::default()),
        }
    }
}

/// The column in which a statement that changes a table says how many rows it changed.
const AFFECTED_ROWS: &str = "num_affected_rows";

impl Statement {
    /// How many rows of a table it changed, for a statement that does and whose answer is here.
    pub(crate) fn affected_rows(&self) -> Option<u64> {
        let at = self.columns.iter().position(|column| column.name == AFFECTED_ROWS)?;
        let rows = self.rows?;
        rows.version.track();
        rows.row(0)?.get(at)?.text.as_deref()?.parse().ok()
    }
}

impl Phase {
    /// Whether a run is under way.
    pub(crate) fn is_running(self) -> bool {
        self != Self::Idle
    }
}

impl Runs {
    /// No run yet, in the session of this number.
    pub(crate) fn new(engine: EngineClient, session: u64) -> Self {
        Self {
            phase: RwSignal::new(Phase::Idle),
            statements: RwSignal::new(Vec::new()),
            previous: RwSignal::new(Vec::new()),
            shown: RwSignal::new(0),
            statement_count: RwSignal::new(0),
            elapsed_millis: RwSignal::new(0.0),
            marked: RwSignal::new(None),
            engine,
            session,
            excerpt: StoredValue::new(None),
            began_millis: StoredValue::new(0.0),
            ticker: StoredValue::new_local(None),
        }
    }

    /// Runs a script, unless one runs already.
    pub(crate) fn run(self, excerpt: Excerpt, parameters: Vec<Parameter>) {
        if self.phase.get_untracked().is_running() || excerpt.sql.trim().is_empty() {
            return;
        }
        let kept = self.statements.get_untracked();
        if kept.iter().any(|statement| statement.rows.is_some()) {
            drop_all(self.previous.get_untracked());
            self.previous.set(kept);
        }
        let sql = excerpt.sql.clone();
        self.excerpt.set_value(Some(excerpt));
        self.statements.set(Vec::new());
        self.shown.set(0);
        self.statement_count.set(0);
        self.marked.set(None);
        self.elapsed_millis.set(0.0);
        self.began_millis.set_value(now_millis());
        let tick = Interval::new(100, move || self.note_time());
        self.ticker.set_value(Some(tick));
        let request = Request::Run { sql, session: self.session, parameters };
        let id = self.engine.send(request, move |event| self.hear(event));
        self.phase.set(Phase::Running { id });
    }

    /// Stops the run, if one is under way.
    pub(crate) fn stop(self) {
        if let Phase::Running { id } = self.phase.get_untracked() {
            self.phase.set(Phase::Stopping { id });
            self.engine.tell(Request::Cancel { run: id });
        }
    }

    /// Lets go of all rows.
    pub(crate) fn drop_results(self) {
        drop_all(self.statements.get_untracked());
        drop_all(self.previous.get_untracked());
    }

    /// Says that the engine died: rows that it kept are gone.
    pub(crate) fn lose_results(self) {
        for signal in [self.statements, self.previous] {
            signal.update(|statements| {
                for statement in statements {
                    if let Some(rows) = statement.rows.take() {
                        rows.close();
                        statement.view = None;
                        if matches!(statement.outcome, Outcome::Finished { .. } | Outcome::Stopped) {
                            statement.outcome = Outcome::Lost;
                        }
                    }
                }
            });
        }
        self.previous.set(Vec::new());
    }

    fn hear(self, event: Event) {
        match event {
            Event::StatementStarted { statement, statements, sql } => {
                self.statement_count.set(statements);
                self.statements.update(|list| list.push(Statement::new(statement, sql)));
                // The tab follows the run until a person looks elsewhere.
                let count = self.statements.with_untracked(Vec::len);
                if self.shown.get_untracked() + 2 >= count {
                    self.shown.set(count.saturating_sub(1));
                }
            }
            Event::Schema { statement, result, columns } => {
                self.forget_previous();
                let rows = RowCache::new(self.engine, result);
                self.change(statement, move |target| {
                    target.columns = columns.into();
                    target.rows = Some(rows);
                    target.view = Some(ResultView::new(self.engine, rows, target.columns.clone()));
                });
            }
            Event::Progress { statement, progress } => self.note_progress(statement, progress),
            Event::StatementFinished { statement, rows, progress } => {
                self.forget_previous();
                self.note_progress(statement, progress);
                self.change(statement, move |target| {
                    target.outcome = Outcome::Finished { rows };
                    if let Some(cache) = target.rows {
                        cache.complete(rows);
                    }
                    history::note(target);
                });
            }
            Event::Done => self.end(),
            Event::Failed { statement, error } => {
                self.fail(statement, error);
                self.end();
            }
            _ => {}
        }
    }

    fn note_time(self) {
        self.elapsed_millis.set(now_millis() - self.began_millis.get_value());
    }

    fn fail(self, statement: Option<u32>, mut error: ErrorReport) {
        self.note_time();
        let excerpt = self.excerpt.get_value();
        if let (Some(position), Some(excerpt)) = (error.position, &excerpt) {
            error.position = Some(in_whole_text(position, excerpt));
        }
        let outcome = if error.kind == ErrorKind::Cancelled {
            Outcome::Stopped
        } else {
            self.marked.set(Some(error.clone()));
            Outcome::Failed { error }
        };
        let elapsed_millis = self.elapsed_millis.get_untracked();
        self.statements.update(|list| {
            let at = list
                .iter()
                .position(|candidate| Some(candidate.number) == statement)
                .or_else(|| list.iter().position(|candidate| candidate.outcome == Outcome::Running));
            let at = at.unwrap_or_else(|| {
                let number = statement.unwrap_or(list.len() as u32);
                list.push(Statement::new(number, excerpt.map(|excerpt| excerpt.sql).unwrap_or_default()));
                list.len() - 1
            });
            if let Some(target) = list.get_mut(at) {
                target.outcome = outcome;
                if let Some(rows) = target.rows {
                    rows.end_early();
                }
                target.progress.update(|progress| {
                    if progress.elapsed_millis == 0.0 {
                        progress.elapsed_millis = elapsed_millis;
                    }
                });
                history::note(target);
                self.shown.set(at);
            }
        });
    }

    fn note_progress(self, statement: u32, progress: Progress) {
        let target = self.statements.with_untracked(|list| {
            list.iter()
                .find(|candidate| candidate.number == statement)
                .map(|found| (found.progress, found.rows))
        });
        if let Some((signal, rows)) = target {
            if let Some(rows) = rows {
                rows.grow(progress.rows_returned);
            }
            signal.set(progress);
        }
    }

    fn change(self, statement: u32, change: impl FnOnce(&mut Statement)) {
        self.statements.update(|list| {
            if let Some(target) = list.iter_mut().find(|candidate| candidate.number == statement) {
                change(target);
            }
        });
    }

    fn forget_previous(self) {
        if self.previous.with_untracked(|list| !list.is_empty()) {
            drop_all(self.previous.get_untracked());
            self.previous.set(Vec::new());
        }
    }

    fn end(self) {
        self.phase.set(Phase::Idle);
        // The ticker may be what runs now: it is dropped from the event loop.
        let ticker = self.ticker.try_update_value(Option::take).flatten();
        gloo_timers::callback::Timeout::new(0, move || drop(ticker)).forget();
    }
}

fn drop_all(statements: Vec<Statement>) {
    for statement in statements {
        if let Some(view) = statement.view {
            view.drop_refined();
        }
        if let Some(rows) = statement.rows {
            rows.drop_result();
        }
    }
}

fn now_millis() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |clock| clock.now())
}
