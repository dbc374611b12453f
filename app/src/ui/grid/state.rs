//! What a person has made of a grid. Whoever keeps it brings the grid back as it was.

use super::layout::Layout;
use super::selection::{Active, Area, Selection};
use leptos::prelude::*;

/// The state of a grid. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct GridState {
    /// The arrangement of its columns.
    pub(crate) layout: RwSignal<Layout>,
    /// Where the keys act.
    pub(crate) active: RwSignal<Option<Active>>,
    /// What is selected.
    pub(crate) selection: RwSignal<Option<Selection>>,
    /// Where it is scrolled to: the offset in all its rows, and from the left.
    pub(super) scrolled: StoredValue<(f64, f64)>,
}

impl GridState {
    /// A grid with its columns as they come.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            layout: RwSignal::new(Layout::new(columns)),
            active: RwSignal::new(None),
            selection: RwSignal::new(None),
            scrolled: StoredValue::new((0.0, 0.0)),
        }
    }

    /// What is selected of so many rows.
    pub(crate) fn area(self, rows: u64) -> Option<Area> {
        let columns = self.layout.with(|layout| layout.shown().columns.len());
        self.selection.get().map(|selection| selection.area(rows, columns))
    }

    /// Changes the columns: a selection of places would then be one of other columns.
    pub(crate) fn arrange(self, change: impl FnOnce(&mut Layout)) {
        let active = self.active.get_untracked();
        let before = self.layout.with_untracked(Layout::shown);
        self.layout.update(change);
        let after = self.layout.with_untracked(Layout::shown);
        if before == after {
            return;
        }
        self.selection.set(None);
        if let Some(active) = active {
            let column = before.columns.get(active.place);
            let place = column.and_then(|column| after.columns.iter().position(|each| each == column));
            let place = place.unwrap_or(active.place.min(after.columns.len().saturating_sub(1)));
            self.active.set(Some(Active { place, ..active }));
        }
    }

    /// Forgets what belongs to rows that are no longer there: new ones are seen from the first.
    pub(crate) fn begin_again(self) {
        self.selection.set(None);
        self.active.update(|active| {
            if let Some(active) = active {
                active.row = active.row.map(|_| 0);
            }
        });
        self.scrolled.update_value(|scrolled| scrolled.0 = 0.0);
    }
}
