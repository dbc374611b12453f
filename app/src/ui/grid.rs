//! A grid of rows that are fetched as they are looked at: only what is in view exists on the page.

mod cells;
mod geometry;
mod head;
mod inside;
mod keys;
mod layout;
mod paint;
mod pointer;
mod selection;
mod state;

pub(crate) use layout::Layout;
pub(crate) use selection::{Active, Area, Reach, Selection};
pub(crate) use state::GridState;

use crate::rows::Row;
use cells::{USUAL_WIDTH_PX, column_width, sample};
use geometry::{HEAD_PX, Horizontal, Vertical};
use head::Head;
use inside::{Inside, View, observe_size};
use leptos::html;
use leptos::prelude::*;
use paint::{Painter, Picture, Slots};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tarn_rpc::Column;

/// Where a grid's rows come from.
#[derive(Clone, Copy)]
pub(crate) struct GridRows {
    /// How many there are so far.
    pub(crate) total: Signal<u64>,
    /// Which rows these are, and a number that changes whenever some arrive.
    pub(crate) version: Signal<(u64, u32)>,
    /// A row, where it is here already.
    pub(crate) row: Callback<u64, Option<Row>>,
    /// Says which rows are looked at: first and last.
    pub(crate) want: Callback<(u64, u64)>,
}

/// A cell: row and column, from 0.
pub(crate) type At = (u64, usize);

/// A point of the window, in pixels.
pub(crate) type Point = (f64, f64);

/// What a column's head says beside its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HeadMark {
    /// Whether rows can be sorted by it.
    pub(crate) can_sort: bool,
    /// How they are: whether the greatest come first.
    pub(crate) is_descending: Option<bool>,
    /// Which of several sorts this is, from 1; 0 of only one.
    pub(crate) rank: usize,
    /// Whether some of its values are left out.
    pub(crate) is_filtered: bool,
}

/// What a grid asks of the part of the page around it.
#[derive(Clone, Copy)]
pub(crate) struct GridActs {
    /// What a head says.
    pub(crate) mark: Callback<usize, HeadMark>,
    /// Opens a cell, to see its whole value.
    pub(crate) open: Callback<At>,
    /// Copies what is selected.
    pub(crate) copy: Callback<()>,
    /// Turns the sort of a column; `true` keeps the other sorts.
    pub(crate) sort: Callback<(usize, bool)>,
    /// Opens the menu of a column.
    pub(crate) head_menu: Callback<(usize, Point)>,
    /// Opens the menu of what is selected.
    pub(crate) cell_menu: Callback<Point>,
}

/// A grid with a head of names and types. It has one active cell, which keys move, and a selection.
#[component]
pub(crate) fn Grid(
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// Its columns.
    #[prop(into)]
    columns: Signal<Arc<[Column]>>,
    /// Its rows.
    rows: GridRows,
    /// What its person has made of it.
    state: GridState,
    /// What it asks for.
    acts: GridActs,
    /// Whether other rows are on their way.
    #[prop(into, default = Signal::stored(false))]
    is_old: Signal<bool>,
) -> impl IntoView {
    static GRIDS: AtomicU32 = AtomicU32::new(0);
    let grid_id = GRIDS.fetch_add(1, Ordering::Relaxed);
    let element = NodeRef::<html::Div>::new();
    let holder = NodeRef::<html::Div>::new();
    let view = View::new();
    let shown = Memo::new(move |_| state.layout.with(Layout::shown));
    let fitted = fitted_widths(columns, rows);
    let horizontal = Memo::new(move |_| {
        let digits = rows.total.get().max(1).ilog10() + 1;
        let gutter_px = f64::from(digits + digits.saturating_sub(1) / 3).mul_add(7.0, 20.0).max(40.0);
        let view_px = view.size.get().0;
        // On a small screen no column takes more than most of it.
        let widest_px = Some(view_px * 0.6).filter(|px| *px > 0.0).unwrap_or(f64::INFINITY).max(80.0);
        let fitted = fitted.get();
        let shown = shown.get();
        let widths: Vec<f64> = state.layout.with(|layout| {
            let fitted = |column: usize| fitted.get(column).map_or(80.0, |(_, width)| width.min(widest_px));
            shown
                .columns
                .iter()
                .map(|column| layout.width(*column).unwrap_or_else(|| fitted(*column)))
                .collect()
        });
        // Pinned columns leave room for others, or are not pinned.
        let pinned_px: f64 = widths.iter().take(shown.pinned).sum();
        let has_room = view_px == 0.0 || gutter_px + pinned_px < view_px * 0.7;
        Horizontal::new(gutter_px, &widths, if has_room { shown.pinned } else { 0 })
    });
    let vertical = Memo::new(move |_| Vertical::new(rows.total.get(), view.size.get().1 - HEAD_PX));
    let inside = Inside { grid_id, element, view, rows, state, columns, shown, horizontal, vertical, acts };
    let shown_rows = Memo::new(move |_| vertical.get().rows_at(view.offset.get()));
    let slots = Memo::new(move |_| inside.slots());
    Effect::new(move || {
        rows.version.track();
        let shown = shown_rows.get();
        if !shown.is_empty() {
            rows.want.run((shown.start, shown.end - 1));
        }
    });
    observe_size(element, view.size);
    inside.keep_place();
    paint_on_change(inside, holder, shown_rows, slots);
    pointer::listen(inside);
    let on_key = move |event| keys::press(inside, &event);
    let top_px = move || {
        let first = shown_rows.get().start as f64 * geometry::ROW_PX;
        (view.scroll_top.get() - (view.offset.get() - first)).round()
    };
    let active_id = move || {
        let active = state.active.get()?;
        let column = inside.column_at(active.place)?;
        match active.row {
            None => Some(head::head_id(grid_id, column)),
            Some(row) if shown_rows.get().contains(&row) => {
                let is_drawn = slots.with(|slots| slots.slots.iter().any(|slot| slot.place == active.place));
                is_drawn.then(|| paint::cell_id(grid_id, row, column))
            }
            Some(_) => None,
        }
    };
    view! {
        <div class="grid-frame">
        <div
            node_ref=element
            class="grid"
            class:grid-old=is_old
            role="grid"
            tabindex="0"
            aria-label=label
            aria-multiselectable="true"
            aria-busy=move || if is_old.get() { "true" } else { "false" }
            aria-rowcount=move || (rows.total.get() + 1).to_string()
            aria-colcount=move || (shown.with(|shown| shown.columns.len()) + 1).to_string()
            aria-activedescendant=active_id
            on:scroll=move |_| inside.note_scroll()
            on:wheel=move |event| inside.turn_wheel(&event)
            on:keydown=on_key
            on:focus=move |_| inside.note_focus()
            on:mousedown=move |event| pointer::press(inside, &event)
            on:click=move |event| pointer::click(inside, &event)
            on:dblclick=move |event| pointer::double_click(inside, &event)
            on:contextmenu=move |event| pointer::menu(inside, &event)
        >
            <Head inside slots />
            <div
                class="grid-body"
                role="rowgroup"
                style:height=move || px(vertical.get().drawn_px())
                style:width=move || px(horizontal.with(Horizontal::all_px))
            >
                <div
                    node_ref=holder
                    class="grid-rows"
                    role="presentation"
                    style:transform=move || format!("translateY({}px)", top_px())
                ></div>
            </div>
        </div>
        </div>
    }
}

/// Widths follow the first rows that come, and then stay.
fn fitted_widths(columns: Signal<Arc<[Column]>>, rows: GridRows) -> Memo<Vec<(bool, f64)>> {
    Memo::new(move |before: Option<&Vec<(bool, f64)>>| {
        rows.version.track();
        let columns = columns.get();
        let is_settled = |at: usize| before.and_then(|before| before.get(at)).is_some_and(|(is, _)| *is);
        if (0..columns.len()).all(is_settled) {
            return before.cloned().unwrap_or_default();
        }
        let sample = sample(|row| rows.row.run(row));
        columns
            .iter()
            .enumerate()
            .map(|(at, column)| match before.and_then(|before| before.get(at)) {
                Some((true, width)) => (true, *width),
                _ => {
                    let values = sample.iter().filter_map(|row| row.get(at));
                    let has_values = sample.iter().any(|row| row.len() > at);
                    (has_values, column_width(column, values, USUAL_WIDTH_PX))
                }
            })
            .collect()
    })
}

fn paint_on_change(
    inside: Inside,
    holder: NodeRef<html::Div>,
    shown_rows: Memo<std::ops::Range<u64>>,
    slots: Memo<Slots>,
) {
    let painter = StoredValue::new_local(None::<Painter>);
    let Inside { grid_id, rows, state, columns, .. } = inside;
    Effect::new(move || {
        let Some(holder) = holder.get() else { return };
        rows.version.track();
        let columns = columns.get();
        let active = state.active.get().and_then(|active| Some((active.row?, active.place)));
        let area = state.area(rows.total.get());
        slots.with(|slots| {
            let picture = Picture { grid_id, rows: shown_rows.get(), slots, columns: &columns, active, area };
            painter.update_value(|painter| {
                if painter.is_none() {
                    *painter = Painter::new(holder.into());
                }
                if let Some(painter) = painter {
                    // The browser refuses to change its own elements only when it is out of memory.
                    drop(painter.paint(&picture, |row| rows.row.run(row)));
                }
            });
        });
    });
}

/// A length for CSS.
fn px(length: f64) -> String {
    format!("{length}px")
}
