//! What is selected: a rectangle of cells, or whole rows or columns.

use std::ops::Range;

/// A cell by its row and its column's place on the screen, both from 0.
pub(crate) type Spot = (u64, usize);

/// Where the keys act: a cell, or without a row the head of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Active {
    /// The row; `None` is the head.
    pub(crate) row: Option<u64>,
    /// The column's place.
    pub(crate) place: usize,
}

/// How far a selection reaches beyond its two corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// No further.
    Cells,
    /// Over all columns.
    Rows,
    /// Over all rows, also those that are still to come.
    Columns,
    /// Over everything.
    All,
}

/// A selection between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Where it began.
    pub(crate) anchor: Spot,
    /// Where it ends.
    pub(crate) end: Spot,
    /// How far it reaches.
    pub(crate) reach: Reach,
}

/// A selection laid over rows and columns that there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Area {
    /// The rows.
    pub(crate) rows: Range<u64>,
    /// The places of the columns.
    pub(crate) places: Range<usize>,
}

impl Selection {
    /// One cell.
    pub(crate) fn cell(spot: Spot) -> Self {
        Self { anchor: spot, end: spot, reach: Reach::Cells }
    }

    /// Between two cells, with this reach.
    pub(crate) fn new(anchor: Spot, end: Spot, reach: Reach) -> Self {
        Self { anchor, end, reach }
    }

    /// Up to another cell.
    pub(crate) fn to(self, end: Spot) -> Self {
        Self { end, ..self }
    }

    /// What it covers of so many rows and columns.
    pub(crate) fn area(self, rows: u64, columns: usize) -> Area {
        let (from, to) = (self.anchor.0.min(self.end.0), self.anchor.0.max(self.end.0));
        let (left, right) = (self.anchor.1.min(self.end.1), self.anchor.1.max(self.end.1));
        let all_rows = matches!(self.reach, Reach::Columns | Reach::All);
        let all_columns = matches!(self.reach, Reach::Rows | Reach::All);
        Area {
            rows: if all_rows { 0..rows } else { from.min(rows)..(to + 1).min(rows) },
            places: if all_columns { 0..columns } else { left.min(columns)..(right + 1).min(columns) },
        }
    }
}

impl Area {
    /// Whether a cell is in it.
    pub(crate) fn has(&self, (row, place): Spot) -> bool {
        self.rows.contains(&row) && self.places.contains(&place)
    }

    /// How many cells it has.
    pub(crate) fn cells(&self) -> u64 {
        (self.rows.end - self.rows.start) * (self.places.end - self.places.start) as u64
    }

    /// Whether it is one row of one column, or nothing.
    pub(crate) fn is_single(&self) -> bool {
        self.cells() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_covers_what_it_reaches() {
        for (anchor, end, reach, rows, places) in [
            ((5, 2), (3, 4), Reach::Cells, 3..6, 2..5),
            ((5, 2), (3, 4), Reach::Rows, 3..6, 0..6),
            ((5, 2), (3, 4), Reach::Columns, 0..10, 2..5),
            ((5, 2), (5, 2), Reach::All, 0..10, 0..6),
            ((9, 5), (30, 9), Reach::Cells, 9..10, 5..6),
        ] {
            let area = Selection::new(anchor, end, reach).area(10, 6);
            assert_eq!((area.rows.clone(), area.places.clone()), (rows, places));
            assert_eq!(area.cells(), (area.rows.end - area.rows.start) * area.places.len() as u64);
        }
        assert!(Selection::cell((3, 3)).area(10, 6).is_single());
        assert!(Selection::cell((3, 3)).to((4, 3)).area(10, 6).has((4, 3)));
    }
}
