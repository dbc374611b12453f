//! Which columns are shown, in which order, how wide.

use std::collections::{BTreeMap, BTreeSet};

/// The arrangement of a grid's columns. A column keeps its number wherever it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Layout {
    /// All columns, in order.
    order: Vec<usize>,
    hidden: BTreeSet<usize>,
    pinned: BTreeSet<usize>,
    /// The widths that a person chose.
    widths: BTreeMap<usize, f64>,
}

/// The columns that are shown, from left to right: first the pinned ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ShownColumns {
    /// Their numbers.
    pub(crate) columns: Vec<usize>,
    /// How many of them, from the first on, stay where they are.
    pub(crate) pinned: usize,
}

impl Layout {
    /// Columns as they come.
    pub(crate) fn new(columns: usize) -> Self {
        Self { order: (0..columns).collect(), ..Self::default() }
    }

    /// The columns that are shown.
    pub(crate) fn shown(&self) -> ShownColumns {
        let visible = |column: &&usize| !self.hidden.contains(*column);
        let (mut columns, rest): (Vec<usize>, Vec<usize>) =
            self.order.iter().filter(visible).partition(|column| self.pinned.contains(*column));
        let pinned = columns.len();
        columns.extend(rest);
        ShownColumns { columns, pinned }
    }

    /// All columns in their order, hidden ones too.
    pub(crate) fn all(&self) -> Vec<usize> {
        let (mut columns, rest): (Vec<usize>, Vec<usize>) =
            self.order.iter().partition(|column| self.pinned.contains(*column));
        columns.extend(rest);
        columns
    }

    /// Whether a column is hidden.
    pub(crate) fn is_hidden(&self, column: usize) -> bool {
        self.hidden.contains(&column)
    }

    /// Whether a column stays at the left.
    pub(crate) fn is_pinned(&self, column: usize) -> bool {
        self.pinned.contains(&column)
    }

    /// Hides a column; the last one stays.
    pub(crate) fn hide(&mut self, column: usize) {
        if self.shown().columns.len() > 1 {
            self.hidden.insert(column);
        }
    }

    /// Shows a column again.
    pub(crate) fn show(&mut self, column: usize) {
        self.hidden.remove(&column);
    }

    /// Shows all columns.
    pub(crate) fn show_all(&mut self) {
        self.hidden.clear();
    }

    /// Keeps a column at the left, or no longer.
    pub(crate) fn pin(&mut self, column: usize, is_pinned: bool) {
        if is_pinned {
            self.pinned.insert(column);
        } else {
            self.pinned.remove(&column);
        }
    }

    /// Puts a column before another, or behind all. It is pinned as its new neighbour is.
    pub(crate) fn put_before(&mut self, column: usize, other: Option<usize>) {
        if other == Some(column) {
            return;
        }
        self.order.retain(|each| *each != column);
        let at = other.and_then(|other| self.order.iter().position(|each| *each == other));
        self.order.insert(at.unwrap_or(self.order.len()), column);
        self.pin(column, other.is_some_and(|other| self.pinned.contains(&other)));
    }

    /// Moves a column one place among those that are shown and pinned as it is.
    pub(crate) fn step(&mut self, column: usize, is_right: bool) {
        let ShownColumns { columns, .. } = self.shown();
        let group: Vec<usize> =
            columns.into_iter().filter(|each| self.is_pinned(*each) == self.is_pinned(column)).collect();
        let Some(at) = group.iter().position(|each| *each == column) else { return };
        let other = if is_right { group.get(at + 1) } else { at.checked_sub(1).and_then(|at| group.get(at)) };
        let Some(other) = other else { return };
        self.order.retain(|each| each != &column);
        if let Some(at) = self.order.iter().position(|each| each == other) {
            self.order.insert(at + usize::from(is_right), column);
        }
    }

    /// Adds a new column behind another one.
    pub(crate) fn add_after(&mut self, column: usize, other: usize) {
        if !self.order.contains(&column) {
            let at = self.order.iter().position(|each| *each == other).map_or(self.order.len(), |at| at + 1);
            self.order.insert(at, column);
            self.pin(column, self.is_pinned(other));
        }
        self.show(column);
    }

    /// The width that a person chose.
    pub(crate) fn width(&self, column: usize) -> Option<f64> {
        self.widths.get(&column).copied()
    }

    /// Gives a column a width.
    pub(crate) fn set_width(&mut self, column: usize, width_px: f64) {
        self.widths.insert(column, width_px);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(layout: &Layout, columns: &[usize], pinned: usize) {
        assert_eq!(layout.shown(), ShownColumns { columns: columns.to_vec(), pinned });
    }

    #[test]
    fn columns_move_hide_and_pin() {
        let mut layout = Layout::new(5);
        layout.put_before(4, Some(1));
        check(&layout, &[0, 4, 1, 2, 3], 0);
        layout.pin(2, true);
        check(&layout, &[2, 0, 4, 1, 3], 1);
        layout.hide(4);
        layout.step(0, true);
        check(&layout, &[2, 1, 0, 3], 1);
        layout.step(3, true);
        layout.step(2, false);
        check(&layout, &[2, 1, 0, 3], 1);
        layout.put_before(3, Some(2));
        check(&layout, &[3, 2, 1, 0], 2);
        layout.put_before(3, None);
        check(&layout, &[2, 1, 0, 3], 1);
        layout.show_all();
        assert_eq!(layout.shown().columns.len(), 5);
        layout.add_after(5, 1);
        layout.add_after(5, 1);
        assert_eq!(layout.all().iter().filter(|column| **column == 5).count(), 1);
    }

    #[test]
    fn the_last_column_stays() {
        let mut layout = Layout::new(2);
        layout.hide(0);
        layout.hide(1);
        check(&layout, &[1], 0);
    }
}
