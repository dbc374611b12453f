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

    /// The row under a point below the head; the nearest one, if there is none.
    pub(super) fn row_under(self, y: f64, offset: f64) -> u64 {
        (((offset + y) / ROW_PX).floor().max(0.0) as u64).min(self.rows.saturating_sub(1))
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

/// The columns: each place's left edge, and at the end the right edge of the last. The first places may be pinned: they stay
/// where they are, and the others pass beneath them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Horizontal {
    edges: Vec<f64>,
    pinned: usize,
}

impl Horizontal {
    /// Columns of these widths, right of a gutter.
    pub(super) fn new(gutter_px: f64, widths: &[f64], pinned: usize) -> Self {
        let mut edges = Vec::with_capacity(widths.len() + 1);
        let mut edge = gutter_px;
        edges.push(edge);
        for width in widths {
            edge += width;
            edges.push(edge);
        }
        Self { edges, pinned: pinned.min(widths.len()) }
    }

    /// Width of the gutter.
    pub(super) fn gutter_px(&self) -> f64 {
        self.edges.first().copied().unwrap_or_default()
    }

    /// Width of it all.
    pub(super) fn all_px(&self) -> f64 {
        self.edges.last().copied().unwrap_or_default()
    }

    /// How many places are pinned.
    pub(super) fn pinned(&self) -> usize {
        self.pinned
    }

    /// The right edge of what stays where it is.
    pub(super) fn pinned_px(&self) -> f64 {
        self.left(self.pinned)
    }

    /// A place's left edge.
    pub(super) fn left(&self, place: usize) -> f64 {
        self.edges.get(place).copied().unwrap_or_default()
    }

    /// A place's width.
    pub(super) fn width(&self, place: usize) -> f64 {
        (self.left(place + 1) - self.left(place)).max(0.0)
    }

    /// The places to draw beside the pinned ones.
    pub(super) fn places_at(&self, scroll_left: f64, view_px: f64) -> Range<usize> {
        let count = self.edges.len() - 1;
        let first =
            self.edges.partition_point(|edge| *edge <= scroll_left + self.pinned_px()).saturating_sub(1);
        let end = self.edges.partition_point(|edge| *edge < scroll_left + view_px);
        let first = first.saturating_sub(1).clamp(self.pinned, count);
        first..(end + 1).clamp(first, count)
    }

    /// The place under a point of the view; the nearest one, if there is none.
    pub(super) fn place_under(&self, x: f64, scroll_left: f64) -> usize {
        let x = if x < self.pinned_px() { x } else { x + scroll_left };
        let last = self.edges.len().saturating_sub(2);
        self.edges.partition_point(|edge| *edge <= x).saturating_sub(1).min(last)
    }

    /// The scroll position that shows a place, closest to the present one.
    pub(super) fn scroll_left_showing(&self, place: usize, scroll_left: f64, view_px: f64) -> f64 {
        let (left, right) = (self.left(place) - self.pinned_px(), self.left(place + 1));
        if place < self.pinned {
            scroll_left
        } else if left < scroll_left {
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
        let layout = Horizontal::new(40.0, &[100.0; 50], 0);
        assert_eq!(layout.places_at(0.0, 300.0), 0..4);
        assert_eq!(layout.places_at(4740.0, 300.0).end, 50);
        assert_eq!(layout.scroll_left_showing(49, 0.0, 300.0), 4740.0);
        assert_eq!(layout.place_under(145.0, 200.0), 3);
        assert_eq!(Horizontal::new(40.0, &[], 0).places_at(0.0, 300.0), 0..0);
    }

    #[test]
    fn pinned_columns_stay() {
        let layout = Horizontal::new(40.0, &[100.0; 50], 2);
        assert_eq!(layout.places_at(0.0, 440.0), 2..5);
        assert_eq!(layout.places_at(4640.0, 440.0).start, 47);
        assert_eq!(layout.scroll_left_showing(1, 900.0, 440.0), 900.0);
        assert_eq!(layout.scroll_left_showing(5, 900.0, 440.0), 300.0);
        assert_eq!(layout.place_under(145.0, 900.0), 1);
        assert_eq!(layout.place_under(245.0, 900.0), 11);
    }
}
