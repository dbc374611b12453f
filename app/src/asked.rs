//! Statements that the page runs for itself, beside the person's script.

use crate::engine_client::EngineClient;
use crate::rows::RowCache;
use futures::channel::oneshot;
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::{Cell, Column, ErrorKind, ErrorReport, Event, Over, Progress, Request};

const WINDOW_ROWS: u32 = 1_000;
/// More rows than this are for a grid, not for `ask`.
const MAX_ROWS: u64 = 20_000;

/// The rows of a statement, all here and whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The rows; `None` is NULL.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// A value by its column's name.
    pub(crate) fn value(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|candidate| candidate.name == column)?;
        self.rows.get(row)?.get(at)?.as_deref()
    }

    /// A number by its column's name.
    pub(crate) fn number(&self, row: usize, column: &str) -> Option<u64> {
        self.value(row, column)?.parse().ok()
    }
}

/// Rows that are on their way to a grid.
#[derive(Clone)]
pub(crate) enum Looked {
    /// Nothing yet.
    Waiting,
    /// They come, or are here.
    Rows {
        /// The columns.
        columns: Arc<[Column]>,
        /// The rows.
        rows: RowCache,
    },
    /// It failed.
    Failed(ErrorReport),
}

impl EngineClient {
    /// Runs a statement over the lake and brings all its rows.
    pub(crate) async fn ask(self, sql: String) -> Result<Answer, ErrorReport> {
        self.ask_over(sql, Over::Lake).await
    }

    /// Runs a statement over more than the lake, and brings all its rows.
    pub(crate) async fn ask_over(self, sql: String, over: Over) -> Result<Answer, ErrorReport> {
        self.ask_watched(sql, over, |_| {}, |_| {}).await
    }

    /// The same, for who wants to stop it, by the id that `on_start` hears, or to see how far it is.
    pub(crate) async fn ask_watched(
        self,
        sql: String,
        over: Over,
        on_start: impl FnOnce(u64),
        on_progress: impl Fn(Progress) + 'static,
    ) -> Result<Answer, ErrorReport> {
        let Some((result, columns)) = self.hold(sql, over, on_start, on_progress).await? else {
            return Ok(Answer::default());
        };
        let rows = self.all_rows(result).await;
        self.tell(Request::DropResult { result });
        Ok(Answer { columns, rows: rows? })
    }

    /// Runs a statement, and leaves its rows with the engine: further statements can be over them. They are the caller's to
    /// drop.
    pub(crate) async fn hold(
        self,
        sql: String,
        over: Over,
        on_start: impl FnOnce(u64),
        on_progress: impl Fn(Progress) + 'static,
    ) -> Result<Option<(u64, Vec<Column>)>, ErrorReport> {
        let (tell, told) = oneshot::channel();
        let (mut tell, mut begun) = (Some(tell), None);
        let id = self.send(Request::Look { sql, over }, move |event| {
            let outcome = match event {
                Event::Progress { progress, .. } => return on_progress(progress),
                Event::Schema { result, columns, .. } => {
                    begun = Some((result, columns));
                    return;
                }
                Event::Done => Ok(begun.take()),
                Event::Failed { error, .. } => {
                    if let Some((result, _)) = begun.take() {
                        self.tell(Request::DropResult { result });
                    }
                    Err(without_place(error))
                }
                _ => return,
            };
            if let Some(tell) = tell.take() {
                // Who no longer waits has left that part of the page.
                drop(tell.send(outcome));
            }
        });
        on_start(id);
        told.await.unwrap_or_else(|_| Err(lost()))
    }

    /// A request that has one answer.
    pub(crate) async fn once(self, request: Request) -> Result<Event, ErrorReport> {
        let (tell, told) = oneshot::channel();
        let mut tell = Some(tell);
        self.send(request, move |event| {
            if let Some(tell) = tell.take() {
                drop(tell.send(event));
            }
        });
        match told.await {
            Ok(Event::Failed { error, .. }) => Err(error),
            Ok(event) => Ok(event),
            Err(_) => Err(lost()),
        }
    }

    async fn all_rows(self, result: u64) -> Result<Vec<Vec<Option<String>>>, ErrorReport> {
        let mut rows = Vec::new();
        loop {
            let offset = rows.len() as u64;
            let window = self.once(Request::Window { result, offset, limit: WINDOW_ROWS }).await?;
            let Event::Window { rows: cells, total_rows, .. } = window else { return Err(lost()) };
            for (at, row) in cells.into_iter().enumerate() {
                let mut values = Vec::with_capacity(row.len());
                for (column, cell) in row.into_iter().enumerate() {
                    values.push(self.whole(result, offset + at as u64, column as u32, cell).await?);
                }
                rows.push(values);
            }
            let count = rows.len() as u64;
            if count >= total_rows.min(MAX_ROWS) || count == offset {
                return Ok(rows);
            }
        }
    }

    async fn whole(
        self,
        result: u64,
        row: u64,
        column: u32,
        cell: Cell,
    ) -> Result<Option<String>, ErrorReport> {
        if !cell.is_cut {
            return Ok(cell.text);
        }
        match self.once(Request::Value { result, row, column }).await? {
            Event::Value { text } => Ok(text),
            _ => Err(lost()),
        }
    }

    /// Runs a statement over the lake for a grid. Its rows stay with the engine until the part of the page goes that asked.
    pub(crate) fn look(self, sql: String) -> RwSignal<Looked> {
        self.look_over(sql, Over::Lake)
    }

    /// The same over more than the lake.
    pub(crate) fn look_over(self, sql: String, over: Over) -> RwSignal<Looked> {
        let looked = RwSignal::new(Looked::Waiting);
        let is_gone = StoredValue::new(false);
        let id = self.send(Request::Look { sql, over }, move |event| match event {
            Event::Schema { result, columns, .. } => {
                if is_gone.try_get_value() == Some(false) {
                    let rows = RowCache::new(self, result);
                    looked.set(Looked::Rows { columns: columns.into(), rows });
                } else {
                    self.tell(Request::DropResult { result });
                }
            }
            Event::Progress { progress, .. } => {
                with_rows(looked, |rows| rows.grow(progress.rows_returned));
            }
            Event::StatementFinished { rows: count, .. } => with_rows(looked, |rows| rows.complete(count)),
            Event::Failed { error, .. } => {
                with_rows(looked, RowCache::drop_result);
                looked.try_set(Looked::Failed(without_place(error)));
            }
            _ => {}
        });
        on_cleanup(move || {
            is_gone.try_set_value(true);
            self.tell(Request::Cancel { run: id });
            with_rows(looked, RowCache::drop_result);
        });
        looked
    }
}

fn with_rows(looked: RwSignal<Looked>, act: impl FnOnce(RowCache)) {
    if let Some(Looked::Rows { rows, .. }) = looked.try_get_untracked() {
        act(rows);
    }
}

/// A place in a statement that nobody sees helps nobody.
fn without_place(error: ErrorReport) -> ErrorReport {
    ErrorReport { position: None, fix: None, ..error }
}

/// What is said when the engine says nothing.
pub(crate) fn lost() -> ErrorReport {
    ErrorReport {
        kind: ErrorKind::Internal,
        message: "The engine gave no answer.".to_owned(),
        hint: Some("Try again, or reload the page.".to_owned()),
        position: None,
        fix: None,
        detail: None,
    }
}
