//! How a result is looked at: the engine sorts and filters it into another result, which is dropped when the next one is here.

use crate::engine_client::EngineClient;
use crate::refinement::{Field, Refinement};
use crate::rows::RowCache;
use crate::sql_type::SqlType;
use crate::ui::GridState;
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::{Column, ErrorKind, ErrorReport, Event, Over, Progress, Request};

/// A view on a result. Copies are the same. It outlives the part of the page that draws it, so nothing is lost when one looks
/// elsewhere.
#[derive(Clone, Copy)]
pub(crate) struct ResultView {
    /// The rows of the result as the statement gave them.
    pub(crate) whole: RowCache,
    /// How it is to be looked at.
    pub(crate) wanted: RwSignal<Refinement>,
    /// The query for that, while it runs.
    pub(crate) asking: RwSignal<Option<Asking>>,
    /// Why it could not be looked at so.
    pub(crate) failure: RwSignal<Option<ErrorReport>>,
    /// What a person has made of the grid.
    pub(crate) grid: GridState,
    shown: RwSignal<Option<Refined>>,
    columns: StoredValue<Arc<[Column]>>,
    turn: StoredValue<u64>,
    engine: EngineClient,
}

/// A query that runs for a view.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asking {
    id: u64,
    /// Its figures.
    pub(crate) progress: Progress,
}

#[derive(Clone)]
struct Refined {
    refinement: Refinement,
    rows: RowCache,
}

impl ResultView {
    /// A result as it is.
    pub(crate) fn new(engine: EngineClient, whole: RowCache, columns: Arc<[Column]>) -> Self {
        Self {
            whole,
            wanted: RwSignal::new(Refinement::default()),
            asking: RwSignal::new(None),
            failure: RwSignal::new(None),
            grid: GridState::new(columns.len()),
            shown: RwSignal::new(None),
            columns: StoredValue::new(columns),
            turn: StoredValue::new(0),
            engine,
        }
    }

    /// The rows that are shown.
    pub(crate) fn rows(self) -> RowCache {
        self.shown.with(|shown| shown.as_ref().map_or(self.whole, |shown| shown.rows))
    }

    /// The same, without being told when others are.
    pub(crate) fn rows_untracked(self) -> RowCache {
        self.shown.with_untracked(|shown| shown.as_ref().map_or(self.whole, |shown| shown.rows))
    }

    /// The columns: those of the result, then fields of structs.
    pub(crate) fn columns(self) -> Arc<[Column]> {
        let columns = self.columns.get_value();
        self.wanted
            .with(|wanted| if wanted.fields.is_empty() { columns.clone() } else { wanted.columns(&columns) })
    }

    /// The same, without being told when they change.
    pub(crate) fn columns_untracked(self) -> Arc<[Column]> {
        untrack(move || self.columns())
    }

    /// Looks at the result in another way.
    pub(crate) fn refine(self, change: impl FnOnce(&mut Refinement)) {
        let mut next = self.wanted.get_untracked();
        change(&mut next);
        self.look(next);
    }

    /// Shows the fields of a struct as columns.
    pub(crate) fn unfold(self, column: usize) {
        let columns = self.columns_untracked();
        let Some(of) = columns.get(column).map(|column| SqlType::parse(&column.type_name)) else { return };
        let base = self.columns.with_value(|columns| columns.len());
        let mut next = self.wanted.get_untracked();
        let mut unfolded = Vec::new();
        for (name, _) in of.fields() {
            let field = Field { parent: column, name: name.clone() };
            let at = next.fields.iter().position(|each| *each == field).unwrap_or_else(|| {
                next.fields.push(field);
                next.fields.len() - 1
            });
            unfolded.push(base + at);
        }
        self.grid.arrange(|layout| {
            for column_of_field in unfolded.iter().rev() {
                layout.add_after(*column_of_field, column);
            }
            layout.hide(column);
        });
        self.look(next);
    }

    /// Shows a struct as one column again.
    pub(crate) fn fold(self, column: usize) {
        let inside = self.fields_below(column);
        self.grid.arrange(|layout| {
            layout.show(column);
            for field in inside {
                layout.hide(field);
            }
        });
    }

    /// The struct that a column is a field of.
    pub(crate) fn parent(self, column: usize) -> Option<usize> {
        let base = self.columns.with_value(|columns| columns.len());
        self.wanted
            .with_untracked(|wanted| wanted.fields.get(column.checked_sub(base)?).map(|field| field.parent))
    }

    fn fields_below(self, column: usize) -> Vec<usize> {
        let base = self.columns.with_value(|columns| columns.len());
        let fields = self.wanted.with_untracked(|wanted| wanted.fields.clone());
        let mut found: Vec<usize> = Vec::new();
        // A parent comes before its fields.
        for (at, field) in fields.iter().enumerate() {
            if field.parent == column || found.contains(&field.parent) {
                found.push(base + at);
            }
        }
        found
    }

    /// Stops the query that runs for it: what is shown stays.
    pub(crate) fn stop(self) {
        if self.asking.get_untracked().is_some() {
            self.let_go();
            self.go_back();
        }
    }

    /// Lets go of what the engine keeps for it beside the result itself.
    pub(crate) fn drop_refined(self) {
        self.let_go();
        if let Some(refined) = self.shown.try_update(Option::take).flatten() {
            refined.rows.drop_result();
        }
    }

    fn look(self, next: Refinement) {
        self.failure.set(None);
        if self.wanted.with_untracked(|wanted| *wanted == next) {
            return;
        }
        let is_shown = self.shown.with_untracked(|shown| match shown {
            Some(shown) => shown.refinement == next,
            None => next.is_plain(),
        });
        if is_shown || next.is_plain() {
            self.let_go();
            self.wanted.set(next);
            if !is_shown {
                self.swap(None);
            }
            return;
        }
        if !self.whole.is_complete.get_untracked() {
            self.go_back();
            return self.failure.set(Some(failure(
                "The query still runs, so its rows cannot be sorted or filtered yet.",
                "Wait until it has ended, or stop it.",
            )));
        }
        match next.sql(&self.columns.get_value()) {
            Ok(sql) => self.ask(next, sql),
            Err(message) => self.failure.set(Some(failure(&message, "Change the condition."))),
        }
    }

    fn ask(self, next: Refinement, sql: String) {
        self.let_go();
        let turn = self.turn.get_value();
        self.wanted.set(next.clone());
        let mut begun = None::<RowCache>;
        let request = Request::Look { sql, over: Over::Result { result: self.whole.result } };
        let id = self.engine.send(request, move |event| {
            let is_awaited = self.turn.try_get_value() == Some(turn);
            match event {
                Event::Schema { result, .. } => begun = Some(RowCache::new(self.engine, result)),
                Event::Progress { progress, .. } if is_awaited => {
                    self.asking.update(|asking| {
                        if let Some(asking) = asking {
                            asking.progress = progress;
                        }
                    });
                }
                Event::StatementFinished { rows: count, .. } => {
                    if let Some(rows) = begun {
                        rows.complete(count);
                    }
                }
                Event::Done => match begun.take() {
                    Some(rows) if is_awaited => {
                        self.asking.set(None);
                        self.swap(Some(Refined { refinement: next.clone(), rows }));
                    }
                    Some(rows) => rows.drop_result(),
                    None => {}
                },
                Event::Failed { error, .. } => {
                    // What came before it failed is still kept.
                    if let Some(rows) = begun.take() {
                        rows.drop_result();
                    }
                    if is_awaited {
                        self.asking.set(None);
                        self.go_back();
                        // A place in a statement that nobody sees helps nobody.
                        self.failure.set(Some(ErrorReport { position: None, fix: None, ..error }));
                    }
                }
                _ => {}
            }
        });
        self.asking.set(Some(Asking { id, progress: Progress::default() }));
    }

    /// No longer waits for the query that runs.
    fn let_go(self) {
        self.turn.update_value(|turn| *turn += 1);
        if let Some(asking) = self.asking.try_update(Option::take).flatten() {
            self.engine.tell(Request::Cancel { run: asking.id });
        }
    }

    /// Wants again what is shown.
    fn go_back(self) {
        let shown = self.shown.with_untracked(|shown| shown.as_ref().map(|shown| shown.refinement.clone()));
        let shown = shown.unwrap_or_default();
        // Fields that are not here have no place in the grid.
        let base = self.columns.with_value(|columns| columns.len());
        let missing =
            base + shown.fields.len()..base + self.wanted.with_untracked(|wanted| wanted.fields.len());
        let parents: Vec<usize> = missing.clone().filter_map(|column| self.parent(column)).collect();
        if !missing.is_empty() {
            self.grid.arrange(|layout| {
                parents.into_iter().for_each(|parent| layout.show(parent));
                missing.for_each(|column| layout.hide(column));
            });
        }
        self.wanted.set(shown);
    }

    fn swap(self, refined: Option<Refined>) {
        // The same rows in the same order, with other fields beside them, are seen from where one was.
        let order = |refinement: Refinement| (refinement.sorts, refinement.filters);
        let next = refined.as_ref().map(|refined| refined.refinement.clone()).unwrap_or_default();
        let now = self.shown.with_untracked(|shown| shown.as_ref().map(|shown| shown.refinement.clone()));
        if order(next) != order(now.unwrap_or_default()) {
            self.grid.begin_again();
        }
        let before = self.shown.try_update(|shown| std::mem::replace(shown, refined)).flatten();
        if let Some(before) = before {
            before.rows.drop_result();
        }
    }
}

fn failure(message: &str, hint: &str) -> ErrorReport {
    ErrorReport {
        kind: ErrorKind::Invalid,
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
        position: None,
        fix: None,
        detail: None,
    }
}
