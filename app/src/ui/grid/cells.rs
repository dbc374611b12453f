//! The cells of a grid: head and body.

use super::geometry::{Horizontal, ROW_PX};
use super::{At, px};
use crate::display;
use crate::rows::Row;
use leptos::prelude::*;
use std::ops::Range;
use tarn_rpc::{Cell, Column, ColumnKind};
use web_sys::PointerEvent;

/// Width of a character of the grid's fonts, some more than it is.
const CHAR_PX: f64 = 7.4;
const PADDING_PX: f64 = 20.0;
const MIN_WIDTH_PX: f64 = 64.0;
const MAX_WIDTH_PX: f64 = 340.0;
/// Where values contain line breaks, one line shows them.
const LINE_BREAK: &str = "↵";

/// The widths that fit these columns and the first of their rows.
pub(super) fn column_widths(columns: &[Column], sample: &[Row]) -> Vec<f64> {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let widest = sample
                .iter()
                .filter_map(|row| row.get(at)?.text.as_deref())
                .map(|text| shown_length(column.kind, text))
                .chain([column.name.chars().count() + 1, column.type_name.chars().count() + 1])
                .max()
                .unwrap_or_default();
            (widest as f64).mul_add(CHAR_PX, PADDING_PX).clamp(MIN_WIDTH_PX, MAX_WIDTH_PX).round()
        })
        .collect()
}

/// The id of a cell's element.
pub(super) fn cell_id(grid_id: u32, (row, column): At) -> String {
    format!("grid{grid_id}-{row}-{column}")
}

/// The head: names and types.
pub(super) fn head_cells(
    columns: &[Column],
    horizontal: &Horizontal,
    shown: Range<usize>,
    on_edge_down: Callback<(usize, PointerEvent)>,
) -> impl IntoView + use<> {
    let gutter_px = horizontal.gutter_px();
    let skipped_px = horizontal.left(shown.start) - gutter_px;
    let cells = columns
        .iter()
        .enumerate()
        .skip(shown.start)
        .take(shown.len())
        .map(|(at, column)| {
            view! {
                <div
                    role="columnheader"
                    class=if is_number(column.kind) { "grid-name grid-right" } else { "grid-name" }
                    aria-colindex=(at + 2).to_string()
                    title=format!("{} {}", column.name, column.type_name)
                    style:width=px(horizontal.width(at))
                >
                    <span class="grid-name-text">{column.name.clone()}</span>
                    <span class="grid-type">{column.type_name.clone()}</span>
                    <span
                        class="grid-edge"
                        aria-hidden="true"
                        on:pointerdown=move |event| on_edge_down.run((at, event))
                    ></span>
                </div>
            }
        })
        .collect_view();
    view! {
        <div class="grid-row grid-head-row" role="row" aria-rowindex="1">
            <div class="grid-gutter" role="columnheader" aria-colindex="1" style:width=px(gutter_px)>
                <span class="unseen">"Row"</span>
            </div>
            <div class="grid-skip" role="presentation" style:width=px(skipped_px)></div>
            {cells}
        </div>
    }
}

/// The rows in view.
pub(super) fn body_rows(
    grid_id: u32,
    columns: &[Column],
    horizontal: &Horizontal,
    rows: Range<u64>,
    shown: Range<usize>,
    active: Option<At>,
    row: Callback<u64, Option<Row>>,
) -> impl IntoView + use<> {
    let gutter_px = horizontal.gutter_px();
    let skipped_px = horizontal.left(shown.start) - gutter_px;
    rows.map(|number| {
        let cells = row.run(number);
        let cells = columns
            .iter()
            .enumerate()
            .skip(shown.start)
            .take(shown.len())
            .map(|(at, column)| {
                let is_active = active == Some((number, at));
                let (text, is_cut, class) =
                    Drawn::new(column.kind, cells.as_ref().and_then(|row| row.get(at)), horizontal.width(at))
                        .parts(is_active);
                view! {
                    <div
                        role="gridcell"
                        id=cell_id(grid_id, (number, at))
                        class=class
                        aria-colindex=(at + 2).to_string()
                        aria-selected=if is_active { "true" } else { "false" }
                        data-row=number.to_string()
                        data-column=at.to_string()
                        style:width=px(horizontal.width(at))
                    >
                        <span class="grid-text">{text}</span>
                        {is_cut
                            .then(|| {
                                view! {
                                    <button
                                        type="button"
                                        class="grid-more"
                                        tabindex="-1"
                                        aria-label="Show the whole value"
                                    >
                                        "…"
                                    </button>
                                }
                            })}
                    </div>
                }
            })
            .collect_view();
        view! {
            <div
                class="grid-row"
                role="row"
                aria-rowindex=(number + 2).to_string()
                style:height=px(ROW_PX)
            >
                <div class="grid-gutter" role="rowheader" aria-colindex="1" style:width=px(gutter_px)>
                    {display::count(number + 1)}
                </div>
                <div class="grid-skip" role="presentation" style:width=px(skipped_px)></div>
                {cells}
            </div>
        }
    })
    .collect_view()
}

/// A value as it is drawn.
struct Drawn {
    text: String,
    is_cut: bool,
    is_number: bool,
    is_null: bool,
    is_awaited: bool,
}

impl Drawn {
    fn new(kind: ColumnKind, cell: Option<&Cell>, width_px: f64) -> Self {
        let is_number = is_number(kind);
        let mut drawn =
            Self { text: String::new(), is_cut: false, is_number, is_null: false, is_awaited: false };
        match cell {
            None => drawn.is_awaited = true,
            Some(Cell { text: None, .. }) => {
                drawn.is_null = true;
                drawn.text.push_str("null");
            }
            Some(Cell { text: Some(raw), is_cut }) => {
                drawn.text = shown(kind, raw);
                drawn.is_cut = *is_cut
                    || raw.contains('\n')
                    || (drawn.text.chars().count() as f64).mul_add(CHAR_PX, PADDING_PX - 4.0) > width_px;
            }
        }
        drawn
    }

    /// Its text, whether that is cut, and the class of its element.
    fn parts(self, is_active: bool) -> (String, bool, String) {
        let mut class = "grid-cell".to_owned();
        for (applies, name) in [
            (self.is_number, " grid-right"),
            (self.is_null, " grid-null"),
            (self.is_awaited, " grid-awaited"),
            (is_active, " grid-active"),
        ] {
            if applies {
                class.push_str(name);
            }
        }
        (self.text, self.is_cut, class)
    }
}

fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Integer | ColumnKind::Number)
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
    if is_number(kind) { length + length.saturating_sub(1) / 3 } else { length }
}
