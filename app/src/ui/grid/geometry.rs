//! Where rows and columns lie. Browsers limit how tall an element can be, so a very long grid is drawn on a shorter
//! element, and scroll positions are scaled between the two.

use std::ops::Range;

/// Height of a row.
pub(super) const ROW_PX: f64 = 24.0;
/// Height of the head.
pub(super) const HEAD_PX: f64 = 40.0;
/// Rows drawn beyond the edges, so that quick scrolling shows no gaps.
const SPARE_ROWS: u64 = 8;
/// No element is taller than this; Firefox draws the line at 17.8 million, Chromium at 33.5 million.
const MAX_PX: f64 = 8_000_000.0;

/// The vertical layout: `offset` is where in all the rows the view begins, `scroll_top` the same on the element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Vertical {
    rows: u64,
    view_px: f64,
}

impl Vertical {
    /// For so many rows in a view of this height, without the head.
    pub(super) fn new(rows: u64, view_px: f64) -> Self {
        Self { rows, view_px: view_px.max(0.0) }
    }

    /// Height of the element that the rows are drawn on.
    pub(super) fn drawn_px(self) -> f64 {
        self.all_px().min(MAX_PX)
    }

    /// Whether the element is shorter than the rows.
    pub(super) fn is_scaled(self) -> bool {
        self.all_px() > MAX_PX
    }

    /// The offset closest to this one that exists.
    pub(super) fn clamp(self, offset: f64) -> f64 {
        offset.clamp(0.0, self.max_offset())
    }

    /// The offset at a scroll position.
    pub(super) fn offset_at(self, scroll_top: f64) -> f64 {
        if self.is_scaled() {
            self.clamp((scroll_top * self.max_offset() / self.max_scroll_top()).round())
        } else {
            scroll_top
        }
    }

    /// The scroll position of an offset.
    pub(super) fn scroll_top_at(self, offset: f64) -> f64 {
        if self.is_scaled() { (offset * self.max_scroll_top() / self.max_offset()).round() } else { offset }
    }

    /// The rows to draw at an offset.
    pub(super) fn rows_at(self, offset: f64) -> Range<u64> {
        let first = (offset / ROW_PX).floor().max(0.0) as u64;
        let count = (self.view_px / ROW_PX).ceil() as u64 + 1;
        first.saturating_sub(SPARE_ROWS)..(first + count + SPARE_ROWS).min(self.rows)
    }

    /// The offset that shows a row, closest to the present one.
    pub(super) fn offset_showing(self, row: u64, offset: f64) -> f64 {
        let (top, bottom) = (row as f64 * ROW_PX, (row + 1) as f64 * ROW_PX);
        self.clamp(if top < offset {
            top
        } else if bottom > offset + self.view_px {
            bottom - self.view_px
        } else {
            offset
        })
    }

    /// Rows that fit the view.
    pub(super) fn rows_in_view(self) -> u64 {
        ((self.view_px / ROW_PX).floor() as u64).max(1)
    }

    fn all_px(self) -> f64 {
        self.rows as f64 * ROW_PX
    }

    fn max_offset(self) -> f64 {
        (self.all_px() - self.view_px).max(0.0)
    }

    fn max_scroll_top(self) -> f64 {
        (self.drawn_px() - self.view_px).max(1.0)
    }
}

/// The columns: each column's left edge, and at the end the right edge of the last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Horizontal {
    edges: Vec<f64>,
}

impl Horizontal {
    /// Columns of these widths, right of a gutter.
    pub(super) fn new(gutter_px: f64, widths: &[f64]) -> Self {
        let mut edges = Vec::with_capacity(widths.len() + 1);
        let mut edge = gutter_px;
        edges.push(edge);
        for width in widths {
            edge += width;
            edges.push(edge);
        }
        Self { edges }
    }

    /// Width of the gutter.
    pub(super) fn gutter_px(&self) -> f64 {
        self.edges.first().copied().unwrap_or_default()
    }

    /// Width of it all.
    pub(super) fn all_px(&self) -> f64 {
        self.edges.last().copied().unwrap_or_default()
    }

    /// A column's left edge.
    pub(super) fn left(&self, column: usize) -> f64 {
        self.edges.get(column).copied().unwrap_or_default()
    }

    /// A column's width.
    pub(super) fn width(&self, column: usize) -> f64 {
        (self.left(column + 1) - self.left(column)).max(0.0)
    }

    /// The columns to draw.
    pub(super) fn columns_at(&self, scroll_left: f64, view_px: f64) -> Range<usize> {
        let count = self.edges.len() - 1;
        let first =
            self.edges.partition_point(|edge| *edge <= scroll_left + self.gutter_px()).saturating_sub(1);
        let end = self.edges.partition_point(|edge| *edge < scroll_left + view_px);
        first.saturating_sub(1).min(count)..(end + 1).min(count)
    }

    /// The scroll position that shows a column, closest to the present one.
    pub(super) fn scroll_left_showing(&self, column: usize, scroll_left: f64, view_px: f64) -> f64 {
        let (left, right) = (self.left(column) - self.gutter_px(), self.left(column + 1));
        if left < scroll_left {
            left
        } else if right > scroll_left + view_px {
            (right - view_px).min(left)
        } else {
            scroll_left
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_million_rows_scroll_to_the_end() {
        let layout = Vertical::new(10_000_000, 500.0);
        assert!(layout.is_scaled());
        let end = layout.offset_at(layout.drawn_px() - 500.0);
        assert_eq!(end, 10_000_000.0 * ROW_PX - 500.0);
        assert_eq!(layout.rows_at(end).end, 10_000_000);
        for offset in [0.0, 24.0, 1e6, 1.2e8] {
            assert!((layout.offset_at(layout.scroll_top_at(offset)) - offset).abs() <= 30.0);
        }
    }

    #[test]
    fn few_rows_are_not_scaled() {
        let layout = Vertical::new(3, 500.0);
        assert_eq!(layout.rows_at(0.0), 0..3);
        assert_eq!(layout.offset_showing(2, 0.0), 0.0);
        assert_eq!(layout.clamp(99.0), 0.0);
    }

    #[test]
    fn only_columns_in_view_are_drawn() {
        let layout = Horizontal::new(40.0, &[100.0; 50]);
        assert_eq!(layout.columns_at(0.0, 300.0), 0..4);
        assert_eq!(layout.columns_at(4740.0, 300.0).end, 50);
        assert_eq!(layout.scroll_left_showing(49, 0.0, 300.0), 4740.0);
        assert_eq!(Horizontal::new(40.0, &[]).columns_at(0.0, 300.0), 0..0);
    }
}
