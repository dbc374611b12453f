//! How values are drawn, and how wide columns are for it.

use crate::display;
use crate::json_tree::Json;
use crate::rows::Row;
use tarn_rpc::{Cell, Column, ColumnKind};

/// Width of a character of the grid's fonts, some more than it is.
const CHAR_PX: f64 = 7.4;
const PADDING_PX: f64 = 20.0;
/// Room for the mark of a sort and the button of the menu.
const HEAD_ROOM_PX: f64 = 24.0;
const MIN_WIDTH_PX: f64 = 64.0;
/// As wide as a column gets by itself, and as wide as one that is fitted on request.
pub(super) const USUAL_WIDTH_PX: f64 = 340.0;
pub(super) const WIDEST_PX: f64 = 1_200.0;
/// Where values contain line breaks, one line shows them.
const LINE_BREAK: &str = "↵";

/// The width that fits a column and these of its values.
pub(super) fn column_width<'a>(
    column: &Column,
    values: impl Iterator<Item = &'a Cell>,
    widest_px: f64,
) -> f64 {
    let head = column.name.chars().count().max(column.type_name.chars().count());
    let head_px = (head as f64).mul_add(CHAR_PX, PADDING_PX + HEAD_ROOM_PX - 8.0);
    let widest = values.filter_map(|cell| Some(shown_length(column.kind, cell.text.as_deref()?))).max();
    let values_px = (widest.unwrap_or_default() as f64).mul_add(CHAR_PX, PADDING_PX);
    head_px.max(values_px).clamp(MIN_WIDTH_PX, widest_px).round()
}

/// The first of the rows that there are.
pub(super) fn sample(row: impl Fn(u64) -> Option<Row>) -> Vec<Row> {
    (0..60).map_while(row).collect()
}

/// A value as it is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) text: String,
    /// Whether there is more than can be seen.
    pub(super) is_cut: bool,
    pub(super) is_null: bool,
    pub(super) is_awaited: bool,
    /// How many values it holds.
    pub(super) count: Option<String>,
}

impl Drawn {
    pub(super) fn new(column: &Column, cell: Option<&Cell>, width_px: f64) -> Self {
        let mut drawn = Self::default();
        match cell {
            None => drawn.is_awaited = true,
            Some(Cell { text: None, .. }) => {
                drawn.is_null = true;
                drawn.text.push_str("null");
            }
            Some(Cell { text: Some(raw), is_cut }) => {
                drawn.text = shown(column.kind, raw);
                drawn.count = count(column, raw, *is_cut);
                let length =
                    drawn.text.chars().count() + drawn.count.as_ref().map_or(0, |count| count.len() + 1);
                drawn.is_cut = *is_cut
                    || raw.contains('\n')
                    || (length as f64).mul_add(CHAR_PX, PADDING_PX - 4.0) > width_px;
            }
        }
        drawn
    }
}

pub(super) fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Integer | ColumnKind::Number)
}

/// How many values a list or map holds; of one whose text is cut, how many at least.
fn count(column: &Column, raw: &str, is_cut: bool) -> Option<String> {
    if column.kind != ColumnKind::Nested || !column.type_name.starts_with(['A', 'M']) {
        return None;
    }
    if is_cut {
        return Some(format!("{}+", begun_values(raw)));
    }
    Json::parse(raw)?.count().map(|count| count.to_string())
}

/// How many values of a list or map begin in a text.
fn begun_values(raw: &str) -> usize {
    let (mut depth, mut in_string, mut escaped, mut count) = (0_usize, false, false, 1);
    for char in raw.chars() {
        match char {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 1 => count += 1,
            _ => {}
        }
    }
    count
}

fn shown(kind: ColumnKind, raw: &str) -> String {
    if is_number(kind) {
        display::with_thousands(raw)
    } else if raw.contains(['\n', '\r']) {
        raw.replace("\r\n", LINE_BREAK).replace(['\n', '\r'], LINE_BREAK)
    } else {
        raw.to_owned()
    }
}

fn shown_length(kind: ColumnKind, raw: &str) -> usize {
    let length = raw.chars().count();
    match kind {
        ColumnKind::Integer | ColumnKind::Number => length + length.saturating_sub(1) / 3,
        ColumnKind::Nested => length + 3,
        _ => length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ColumnKind, type_name: &str, raw: &str, text: &str, count: Option<&str>) {
        let column = Column { name: "c".to_owned(), type_name: type_name.to_owned(), kind, nullable: true };
        let cell = Cell { text: Some(raw.to_owned()), is_cut: false };
        let drawn = Drawn::new(&column, Some(&cell), 400.0);
        assert_eq!((drawn.text.as_str(), drawn.count.as_deref()), (text, count));
    }

    #[test]
    fn values_are_drawn_by_their_kind() {
        check(ColumnKind::Integer, "BIGINT", "-1234567", "-1,234,567", None);
        check(ColumnKind::Text, "STRING", "a\r\nb\nc", "a↵b↵c", None);
        check(ColumnKind::Nested, "ARRAY<INT>", "[1,[2,3]]", "[1,[2,3]]", Some("2"));
        check(ColumnKind::Nested, "MAP<STRING, INT>", "{}", "{}", Some("0"));
        check(ColumnKind::Nested, "STRUCT<a: INT>", "{\"a\":1}", "{\"a\":1}", None);
        assert_eq!(begun_values(r#"[{"a":[1,2]},"x,\"y,",[3,4"#), 3);
    }
}
