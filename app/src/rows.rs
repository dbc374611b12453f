//! The rows of a result that the page holds for now: pages of rows around what is looked at, fetched from the engine.

use crate::engine_client::EngineClient;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use tarn_rpc::{Cell, ErrorReport, Event, Request};

/// As many as a page reads from a message, and draws, without a person noticing.
const PAGE_ROWS: u64 = 50;
const MAX_PAGES: usize = 160;
const MAX_IN_FLIGHT: usize = 3;
/// Rows, and values that the engine had cut, that are fetched at once to be whole.
const WHOLE_ROWS: u64 = 500;
const WHOLE_AT_ONCE: usize = 64;

/// One row.
pub(crate) type Row = Arc<[Cell]>;

/// A view on the rows of one result. Copies are the same view.
#[derive(Clone, Copy)]
pub(crate) struct RowCache {
    /// Rows that the result has so far.
    pub(crate) total: RwSignal<u64>,
    /// Whether no more will come.
    pub(crate) is_complete: RwSignal<bool>,
    /// Changes whenever rows arrive.
    pub(crate) version: RwSignal<u32>,
    /// Why rows could not be fetched.
    pub(crate) failure: RwSignal<Option<ErrorReport>>,
    /// The result, as the engine names it.
    pub(crate) result: u64,
    engine: EngineClient,
    pages: StoredValue<Pages>,
}

#[derive(Default)]
struct Pages {
    held: HashMap<u64, Page>,
    in_flight: HashSet<u64>,
    /// The pages that are looked at: first and last.
    wanted: (u64, u64),
    clock: u64,
    is_closed: bool,
}

struct Page {
    rows: Vec<Row>,
    /// How many rows the result had when this page was fetched: a page at the end of a growing result is fetched again.
    total_then: u64,
    used: u64,
}

impl RowCache {
    /// A view on a result that the engine has just begun.
    pub(crate) fn new(engine: EngineClient, result: u64) -> Self {
        Self {
            total: RwSignal::new(0),
            is_complete: RwSignal::new(false),
            version: RwSignal::new(0),
            failure: RwSignal::new(None),
            result,
            engine,
            pages: StoredValue::new(Pages::default()),
        }
    }

    /// A row, where it is here already.
    pub(crate) fn row(self, row: u64) -> Option<Row> {
        self.pages.with_value(|pages| {
            let page = pages.held.get(&(row / PAGE_ROWS))?;
            page.rows.get(usize::try_from(row % PAGE_ROWS).ok()?).cloned()
        })
    }

    /// Says which rows are looked at, so that they are fetched.
    pub(crate) fn want(self, first: u64, last: u64) {
        self.pages.update_value(|pages| {
            pages.wanted = (first / PAGE_ROWS, last / PAGE_ROWS);
            pages.clock += 1;
            let clock = pages.clock;
            for page in pages.wanted.0..=pages.wanted.1 {
                if let Some(page) = pages.held.get_mut(&page) {
                    page.used = clock;
                }
            }
        });
        self.fetch();
    }

    /// Says that the result has grown to `total` rows.
    pub(crate) fn grow(self, total: u64) {
        if total > self.total.get_untracked() {
            self.total.set(total);
            self.fetch();
        }
    }

    /// Says that the result has all its rows.
    pub(crate) fn complete(self, total: u64) {
        self.total.set(total);
        self.is_complete.set(true);
        self.fetch();
    }

    /// Says that the result ended early: how many rows it has, the engine knows.
    pub(crate) fn end_early(self) {
        let request = Request::Window { result: self.result, offset: 0, limit: 1 };
        self.engine.send(request, move |event| {
            if let Event::Window { total_rows, .. } = event {
                self.complete(total_rows);
            }
        });
    }

    /// Asks for the whole text of one value.
    pub(crate) fn value(
        self,
        row: u64,
        column: u32,
        on_value: impl Fn(Result<Option<String>, ErrorReport>) + 'static,
    ) {
        let request = Request::Value { result: self.result, row, column };
        self.engine.send(request, move |event| match event {
            Event::Value { text } => on_value(Ok(text)),
            Event::Failed { error, .. } => on_value(Err(error)),
            _ => {}
        });
    }

    /// Fetches values whole: of these rows, the columns with these numbers.
    pub(crate) async fn values(
        self,
        rows: Range<u64>,
        columns: &[usize],
    ) -> Result<Vec<Vec<Option<String>>>, ErrorReport> {
        let mut values: Vec<Vec<Option<String>>> = Vec::new();
        let mut offset = rows.start;
        while offset < rows.end {
            let limit = (rows.end - offset).min(WHOLE_ROWS) as u32;
            let request = Request::Window { result: self.result, offset, limit };
            let Event::Window { rows: fetched, .. } = self.engine.once(request).await? else { break };
            if fetched.is_empty() {
                break;
            }
            let mut cut = Vec::new();
            for (at, row) in fetched.into_iter().enumerate() {
                let mut chosen = Vec::with_capacity(columns.len());
                for (place, column) in columns.iter().enumerate() {
                    let cell = row.get(*column);
                    if cell.is_some_and(|cell| cell.is_cut) {
                        cut.push((values.len(), place, offset + at as u64, *column as u32));
                    }
                    chosen.push(cell.and_then(|cell| cell.text.clone()));
                }
                values.push(chosen);
            }
            for some in cut.chunks(WHOLE_AT_ONCE) {
                let asked = some.iter().map(|(_, _, row, column)| {
                    self.engine.once(Request::Value { result: self.result, row: *row, column: *column })
                });
                let answers = futures::future::join_all(asked).await;
                for ((at, place, _, _), answer) in some.iter().zip(answers) {
                    if let Event::Value { text } = answer?
                        && let Some(slot) = values.get_mut(*at).and_then(|row| row.get_mut(*place))
                    {
                        *slot = text;
                    }
                }
            }
            offset += u64::from(limit);
        }
        Ok(values)
    }

    /// Lets go of the rows, here and in the engine.
    pub(crate) fn drop_result(self) {
        self.close();
        self.engine.tell(Request::DropResult { result: self.result });
    }

    /// Fetches nothing more: the engine that had the result is gone.
    pub(crate) fn close(self) {
        self.pages.update_value(|pages| pages.is_closed = true);
    }

    fn fetch(self) {
        let total = self.total.get_untracked();
        let mut missing = Vec::new();
        self.pages.update_value(|pages| {
            if pages.is_closed || total == 0 {
                return;
            }
            let last_page = (total - 1) / PAGE_ROWS;
            let (first, last) = pages.wanted;
            // What is seen comes first, then its neighbours.
            let nearby = (first..=last.min(last_page))
                .chain(std::iter::once(last + 1))
                .chain(first.checked_sub(1))
                .filter(|page| *page <= last_page);
            for page in nearby {
                if pages.in_flight.len() >= MAX_IN_FLIGHT {
                    break;
                }
                let has_all = pages.held.get(&page).is_some_and(|held| {
                    held.rows.len() as u64 >= PAGE_ROWS.min(total - page * PAGE_ROWS)
                        || held.total_then >= total
                });
                if !has_all && pages.in_flight.insert(page) {
                    missing.push(page);
                }
            }
        });
        for page in missing {
            let request =
                Request::Window { result: self.result, offset: page * PAGE_ROWS, limit: PAGE_ROWS as u32 };
            self.engine.send(request, move |event| self.receive(page, event));
        }
    }

    fn receive(self, page: u64, event: Event) {
        match event {
            Event::Window { rows, total_rows, complete, .. } => {
                self.pages.update_value(|pages| {
                    pages.in_flight.remove(&page);
                    pages.clock += 1;
                    let rows = rows.into_iter().map(Row::from).collect();
                    pages.held.insert(page, Page { rows, total_then: total_rows, used: pages.clock });
                    pages.forget_oldest();
                });
                if total_rows > self.total.get_untracked() || complete {
                    self.total.set(total_rows);
                }
                if complete {
                    self.is_complete.set(true);
                }
                self.version.update(|version| *version = version.wrapping_add(1));
                self.fetch();
            }
            Event::Failed { error, .. } => {
                let was_closed = self.pages.try_update_value(|pages| {
                    pages.in_flight.remove(&page);
                    std::mem::replace(&mut pages.is_closed, true)
                });
                if was_closed == Some(false) {
                    self.failure.set(Some(error));
                }
            }
            _ => {}
        }
    }
}

impl Pages {
    fn forget_oldest(&mut self) {
        while self.held.len() > MAX_PAGES {
            let Some(oldest) = self.held.iter().min_by_key(|(_, page)| page.used).map(|(number, _)| *number)
            else {
                return;
            };
            self.held.remove(&oldest);
        }
    }
}
