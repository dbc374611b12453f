//! A grid of rows that are fetched as they are looked at: only what is in view exists on the page.

mod cells;
mod geometry;

use crate::rows::Row;
use cells::{body_rows, column_widths, head_cells};
use geometry::{HEAD_PX, Horizontal, Vertical};
use js_sys::Reflect;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tarn_rpc::Column;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent, ResizeObserver, WheelEvent};

/// Where a grid's rows come from.
#[derive(Clone, Copy)]
pub(crate) struct GridRows {
    /// How many there are so far.
    pub(crate) total: Signal<u64>,
    /// Changes whenever rows arrive.
    pub(crate) version: Signal<u32>,
    /// A row, where it is here already.
    pub(crate) row: Callback<u64, Option<Row>>,
    /// Says which rows are looked at: first and last.
    pub(crate) want: Callback<(u64, u64)>,
}

/// A cell: row and column, from 0.
pub(crate) type At = (u64, usize);

/// What is drawn and where.
#[derive(Clone, Copy)]
struct View {
    /// Where in all the rows the view begins.
    offset: RwSignal<f64>,
    scroll_top: RwSignal<f64>,
    scroll_left: RwSignal<f64>,
    /// Width and height of the element's inside.
    size: RwSignal<(f64, f64)>,
    /// Where we scrolled to ourselves: the event that follows is not news.
    expected_top: StoredValue<f64>,
}

/// A grid with a head of names and types. Arrow keys move the active cell; Enter opens it, Ctrl+C copies it.
#[component]
pub(crate) fn Grid(
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// Its columns.
    columns: Arc<[Column]>,
    /// Its rows.
    rows: GridRows,
    /// Opens a cell, to see its whole value.
    on_open: Callback<At>,
    /// Copies a cell's raw value.
    on_copy: Callback<At>,
) -> impl IntoView {
    static GRIDS: AtomicU32 = AtomicU32::new(0);
    let grid_id = GRIDS.fetch_add(1, Ordering::Relaxed);
    let element = NodeRef::<html::Div>::new();
    let view = View {
        offset: RwSignal::new(0.0),
        scroll_top: RwSignal::new(0.0),
        scroll_left: RwSignal::new(0.0),
        size: RwSignal::new((0.0, 0.0)),
        expected_top: StoredValue::new(-1.0),
    };
    let active = RwSignal::new(None::<At>);
    let resized = RwSignal::new(vec![None::<f64>; columns.len()]);
    let column_count = columns.len();

    // Widths follow the first rows that come, and then stay.
    let fitted = Memo::new({
        let columns = columns.clone();
        move |before: Option<&(bool, Vec<f64>)>| {
            rows.version.track();
            match before {
                Some((true, widths)) => (true, widths.clone()),
                _ => {
                    let sample: Vec<Row> = (0..60).map_while(|row| rows.row.run(row)).collect();
                    (!sample.is_empty(), column_widths(&columns, &sample))
                }
            }
        }
    });
    let horizontal = Memo::new(move |_| {
        let digits = rows.total.get().max(1).ilog10() + 1;
        let gutter_px = f64::from(digits + digits.saturating_sub(1) / 3).mul_add(7.0, 20.0).max(40.0);
        // On a small screen no column takes more than most of it.
        let widest_px =
            Some(view.size.get().0 * 0.6).filter(|px| *px > 0.0).unwrap_or(f64::INFINITY).max(80.0);
        let widths: Vec<f64> = fitted
            .get()
            .1
            .iter()
            .zip(resized.get())
            .map(|(fitted, resized)| resized.unwrap_or(fitted.min(widest_px)))
            .collect();
        Horizontal::new(gutter_px, &widths)
    });
    let vertical = Memo::new(move |_| Vertical::new(rows.total.get(), view.size.get().1 - HEAD_PX));
    let shown_rows = Memo::new(move |_| vertical.get().rows_at(view.offset.get()));
    let shown_columns = Memo::new(move |_| {
        horizontal.with(|horizontal| horizontal.columns_at(view.scroll_left.get(), view.size.get().0))
    });
    Effect::new(move || {
        let shown = shown_rows.get();
        if !shown.is_empty() {
            rows.want.run((shown.start, shown.end - 1));
        }
    });

    observe_size(element, view.size);
    let scroll_to = move |offset: f64| {
        let vertical = vertical.get_untracked();
        let offset = vertical.clamp(offset);
        let top = vertical.scroll_top_at(offset);
        view.expected_top.set_value(top);
        view.offset.set(offset);
        view.scroll_top.set(top);
        if let Some(element) = element.get_untracked() {
            element.set_scroll_top(top as i32);
        }
    };
    let on_scroll = move |_| {
        let Some(element) = element.get_untracked() else { return };
        let top = number(&element, "scrollTop");
        view.scroll_left.set(number(&element, "scrollLeft"));
        view.scroll_top.set(top);
        let vertical = vertical.get_untracked();
        let is_ours = vertical.is_scaled() && (top - view.expected_top.get_value()).abs() < 1.5;
        if !is_ours {
            view.expected_top.set_value(-1.0);
            view.offset.set(vertical.offset_at(top));
        }
    };
    // A scaled grid would jump by hundreds of rows at a turn of the wheel.
    let on_wheel = move |event: WheelEvent| {
        if vertical.get_untracked().is_scaled() && !event.ctrl_key() && event.delta_y() != 0.0 {
            event.prevent_default();
            let unit = match event.delta_mode() {
                WheelEvent::DOM_DELTA_LINE => geometry::ROW_PX,
                WheelEvent::DOM_DELTA_PAGE => view.size.get_untracked().1,
                _ => 1.0,
            };
            scroll_to(view.offset.get_untracked() + event.delta_y() * unit);
        }
    };
    let move_to = move |(row, column): At| {
        active.set(Some((row, column)));
        let offset = view.offset.get_untracked();
        let showing = vertical.get_untracked().offset_showing(row, offset);
        if showing != offset {
            scroll_to(showing);
        }
        let left = view.scroll_left.get_untracked();
        let showing = horizontal.with_untracked(|horizontal| {
            horizontal.scroll_left_showing(column, left, view.size.get_untracked().0)
        });
        if let Some(element) = element.get_untracked()
            && showing != left
        {
            element.set_scroll_left(showing as i32);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let total = rows.total.get_untracked();
        if total == 0 || column_count == 0 {
            return;
        }
        let (last_row, last_column) = (total - 1, column_count - 1);
        let Some((row, column)) = active.get_untracked() else {
            if event.key().starts_with("Arrow") {
                event.prevent_default();
                move_to((shown_rows.get_untracked().start, 0));
            }
            return;
        };
        let page = vertical.get_untracked().rows_in_view();
        let is_far = event.ctrl_key() || event.meta_key();
        let target = match (event.key().as_str(), is_far) {
            ("ArrowDown", false) => ((row + 1).min(last_row), column),
            ("ArrowUp", false) => (row.saturating_sub(1), column),
            ("ArrowRight", false) => (row, (column + 1).min(last_column)),
            ("ArrowLeft", false) => (row, column.saturating_sub(1)),
            ("ArrowDown", true) => (last_row, column),
            ("ArrowUp", true) => (0, column),
            ("ArrowRight", true) | ("End", false) => (row, last_column),
            ("ArrowLeft", true) | ("Home", false) => (row, 0),
            ("PageDown", _) => ((row + page).min(last_row), column),
            ("PageUp", _) => (row.saturating_sub(page), column),
            ("Home", true) => (0, 0),
            ("End", true) => (last_row, last_column),
            ("Enter", false) => {
                event.prevent_default();
                on_open.run((row, column));
                return;
            }
            ("c" | "C", true) => {
                event.prevent_default();
                on_copy.run((row, column));
                return;
            }
            _ => return,
        };
        event.prevent_default();
        move_to(target);
    };
    let on_press = move |event: MouseEvent| {
        if let Some(at) = cell_of(&event) {
            active.set(Some(at));
        }
    };
    let on_click = move |event: MouseEvent| {
        if is_in(&event, ".grid-more")
            && let Some(at) = cell_of(&event)
        {
            on_open.run(at);
        }
    };
    let on_double_click = move |event: MouseEvent| {
        if let Some(at) = cell_of(&event) {
            on_open.run(at);
        }
    };
    // Dragging a column's edge makes it wider or narrower; a double click fits it again.
    let dragged = StoredValue::new(None::<(usize, f64)>);
    let on_edge_down = move |(column, event): (usize, PointerEvent)| {
        event.prevent_default();
        let width = horizontal.with_untracked(|horizontal| horizontal.width(column));
        dragged.set_value(Some((column, width - f64::from(event.client_x()))));
        if let Some(edge) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            // Without capture the drag ends at the edge of the element, no more.
            drop(edge.set_pointer_capture(event.pointer_id()));
        }
    };
    let on_edge_move = move |event: PointerEvent| {
        if let Some((column, start)) = dragged.get_value() {
            let width = (start + f64::from(event.client_x())).clamp(48.0, 1200.0);
            resized.update(|widths| {
                if let Some(slot) = widths.get_mut(column) {
                    *slot = Some(width);
                }
            });
        }
    };

    let head_columns = columns.clone();
    let head = move || {
        horizontal.with(|horizontal| {
            head_cells(&head_columns, horizontal, shown_columns.get(), Callback::new(on_edge_down))
        })
    };
    let body_columns = columns;
    let body = move || {
        rows.version.track();
        horizontal.with(|horizontal| {
            body_rows(
                grid_id,
                &body_columns,
                horizontal,
                shown_rows.get(),
                shown_columns.get(),
                active.get(),
                rows.row,
            )
        })
    };
    let top_px = move || {
        let first = shown_rows.get().start as f64 * geometry::ROW_PX;
        (view.scroll_top.get() - (view.offset.get() - first)).round()
    };
    view! {
        <div
            node_ref=element
            class="grid"
            role="grid"
            tabindex="0"
            aria-label=label
            aria-rowcount=move || (rows.total.get() + 1).to_string()
            aria-colcount=(column_count + 1).to_string()
            aria-activedescendant=move || {
                active
                    .get()
                    .filter(|(row, column)| {
                        shown_rows.get().contains(row) && shown_columns.get().contains(column)
                    })
                    .map(|at| cells::cell_id(grid_id, at))
            }
            on:scroll=on_scroll
            on:wheel=on_wheel
            on:keydown=on_key
            on:mousedown=on_press
            on:click=on_click
            on:dblclick=on_double_click
            on:pointermove=on_edge_move
            on:pointerup=move |_| dragged.set_value(None)
            on:pointercancel=move |_| dragged.set_value(None)
        >
            <div
                class="grid-head"
                role="rowgroup"
                style:width=move || px(horizontal.with(Horizontal::all_px))
            >
                {head}
            </div>
            <div
                class="grid-body"
                role="rowgroup"
                style:height=move || px(vertical.get().drawn_px())
                style:width=move || px(horizontal.with(Horizontal::all_px))
            >
                <div
                    class="grid-rows"
                    role="presentation"
                    style:transform=move || format!("translateY({}px)", top_px())
                >
                    {body}
                </div>
            </div>
        </div>
    }
}

/// A length for CSS.
fn px(length: f64) -> String {
    format!("{length}px")
}

/// The cell that an event happened in.
fn cell_of(event: &MouseEvent) -> Option<At> {
    let cell = event.target()?.dyn_into::<Element>().ok()?.closest("[data-column]").ok()??;
    let row = cell.get_attribute("data-row")?.parse().ok()?;
    let column = cell.get_attribute("data-column")?.parse().ok()?;
    Some((row, column))
}

fn is_in(event: &MouseEvent, selector: &str) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| matches!(element.closest(selector), Ok(Some(_))))
}

/// A number of an element, with the fraction that `web_sys` cuts off.
fn number(element: &HtmlElement, name: &str) -> f64 {
    Reflect::get(element, &name.into()).ok().and_then(|value| value.as_f64()).unwrap_or_default()
}

fn observe_size(element: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
    let observer = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
    Effect::new(move || {
        let Some(element) = element.get() else { return };
        let measured = element.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            size.try_set((f64::from(measured.client_width()), f64::from(measured.client_height())));
        });
        if let Ok(created) = ResizeObserver::new(on_resize.as_ref().unchecked_ref()) {
            created.observe(&element);
            observer.set_value(Some((created, on_resize)));
        }
    });
    on_cleanup(move || {
        if let Some((observer, _closure)) = observer.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}
