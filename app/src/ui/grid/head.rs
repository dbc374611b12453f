//! The head of a grid: names and types, sorts, and the edges that make columns wider. A head that is dragged moves its column.

use super::cells::{WIDEST_PX, column_width, is_number, sample};
use super::geometry::Horizontal;
use super::inside::Inside;
use super::paint::{Slot, Slots};
use super::selection::{Active, Reach, Selection};
use super::{HeadMark, px};
use crate::ui::{Icon, Lucide};
use leptos::prelude::*;
use tarn_rpc::Column;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent, PointerEvent};

/// A head that moved less than this was clicked.
const DRAG_PX: f64 = 5.0;
const NARROWEST_PX: f64 = 48.0;

/// What the pointer holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Held {
    Nothing,
    /// The edge of a column, and its width less where the pointer was.
    Edge {
        column: usize,
        start: f64,
    },
    /// A head, and where the pointer was; once it moves, it is dragged.
    Name {
        column: usize,
        x: f64,
        is_dragged: bool,
    },
}

/// The id of a head.
pub(super) fn head_id(grid_id: u32, column: usize) -> String {
    format!("grid{grid_id}-head-{column}")
}

/// The head.
#[component]
pub(super) fn Head(inside: Inside, slots: Memo<Slots>) -> impl IntoView {
    let held = StoredValue::new(Held::Nothing);
    // Before which place a dragged column would come.
    let drop_at = RwSignal::new(None::<usize>);
    let on_move = move |event: PointerEvent| match held.get_value() {
        Held::Nothing => {}
        Held::Edge { column, start } => {
            let width = (start + f64::from(event.client_x())).clamp(NARROWEST_PX, WIDEST_PX);
            inside.state.layout.update(|layout| layout.set_width(column, width));
        }
        Held::Name { column, x, is_dragged } => {
            let at = f64::from(event.client_x());
            if is_dragged || (at - x).abs() > DRAG_PX {
                if !is_dragged {
                    capture(&event);
                    held.set_value(Held::Name { column, x, is_dragged: true });
                }
                drop_at.set(gap_under(inside, at));
            }
        }
    };
    let on_up = move |event: PointerEvent| {
        let Held::Name { column, is_dragged, .. } = held.get_value() else {
            return held.set_value(Held::Nothing);
        };
        held.set_value(Held::Nothing);
        let target = drop_at.get_untracked();
        drop_at.set(None);
        if !is_dragged {
            click(inside, column, &event);
        } else if let Some(place) = target {
            let other = inside.shown.with_untracked(|shown| shown.columns.get(place).copied());
            inside.state.arrange(|layout| layout.put_before(column, other));
        }
    };
    let on_down = move |(column, event): (usize, PointerEvent)| {
        if event.button() == 0 && !is_on(&event, "button, .grid-edge") {
            held.set_value(Held::Name { column, x: f64::from(event.client_x()), is_dragged: false });
        }
    };
    let on_edge_down = move |(column, place, event): (usize, usize, PointerEvent)| {
        event.prevent_default();
        capture(&event);
        let width = inside.horizontal.with_untracked(|horizontal| horizontal.width(place));
        held.set_value(Held::Edge { column, start: width - f64::from(event.client_x()) });
    };
    let (on_down, on_edge_down) = (Callback::new(on_down), Callback::new(on_edge_down));
    let is_selected = Memo::new(move |_| {
        let rows = inside.rows.total.get();
        let area = inside.state.area(rows)?;
        (area.rows == (0..rows) && rows > 1).then_some(area.places)
    });
    let cells = move || {
        let columns = inside.columns.get();
        slots.with(|slots| {
            let cell = |slot: &Slot| {
                let column = columns.get(slot.column)?;
                Some(name_cell(inside, slot.clone(), column, is_selected, on_down, on_edge_down))
            };
            let (pinned, others): (Vec<&Slot>, Vec<&Slot>) =
                slots.slots.iter().partition(|slot| slot.pinned_px.is_some());
            let pinned = pinned.into_iter().filter_map(cell).collect_view();
            let others = others.into_iter().filter_map(cell).collect_view();
            view! {
                <div
                    class="grid-gutter"
                    role="columnheader"
                    aria-colindex="1"
                    style:width=px(slots.gutter_px)
                >
                    <span class="unseen">"Row"</span>
                </div>
                {pinned}
                <div class="grid-skip" role="presentation" style:width=px(slots.skipped_px)></div>
                {others}
            }
        })
    };
    let drop_px = move || {
        drop_at.get().map(|place| {
            inside.horizontal.with(|horizontal| {
                let scrolled = if place < horizontal.pinned() { inside.view.scroll_left.get() } else { 0.0 };
                horizontal.left(place) + scrolled
            })
        })
    };
    view! {
        <div
            class="grid-head"
            role="rowgroup"
            style:width=move || px(inside.horizontal.with(Horizontal::all_px))
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=move |_| {
                held.set_value(Held::Nothing);
                drop_at.set(None);
            }
            on:contextmenu=move |event| {
                if let Some(column) = column_of(&event) {
                    event.prevent_default();
                    let point = (f64::from(event.client_x()), f64::from(event.client_y()));
                    inside.acts.head_menu.run((column, point));
                }
            }
        >
            <div class="grid-row grid-head-row" role="row" aria-rowindex="1">
                {cells}
            </div>
            {move || {
                drop_px()
                    .map(|left| view! { <div class="grid-drop" role="presentation" style:left=px(left)></div> })
            }}
        </div>
    }
}

fn name_cell(
    inside: Inside,
    slot: Slot,
    column: &Column,
    selected: Memo<Option<std::ops::Range<usize>>>,
    on_down: Callback<(usize, PointerEvent)>,
    on_edge_down: Callback<(usize, usize, PointerEvent)>,
) -> impl IntoView + use<> {
    let Slot { column: number, place, width_px, pinned_px } = slot;
    let mark = Memo::new(move |_| inside.acts.mark.run(number));
    let is_active = Memo::new(move |_| inside.state.active.get() == Some(Active { row: None, place }));
    let is_selected =
        move || selected.with(|selected| selected.as_ref().is_some_and(|places| places.contains(&place)));
    let open_menu = move |event: MouseEvent| {
        event.stop_propagation();
        inside.state.active.set(Some(Active { row: None, place }));
        // What the menu closes on is the grid, where the keys are.
        if let Some(grid) = inside.element.get_untracked() {
            drop(grid.focus());
        }
        inside.acts.head_menu.run((number, inside.point_of(Active { row: None, place })));
    };
    view! {
        <div
            role="columnheader"
            id=head_id(inside.grid_id, number)
            class=if is_number(column.kind) { "grid-name grid-right" } else { "grid-name" }
            class:grid-active=is_active
            class:grid-selected=is_selected
            class:grid-pinned=pinned_px.is_some()
            class:grid-sortable=move || mark.get().can_sort
            aria-colindex=(place + 2).to_string()
            aria-sort=move || sort_word(mark.get())
            data-head=number.to_string()
            title=format!("{} {}", column.name, column.type_name)
            style:width=px(width_px)
            style:left=pinned_px.map(px)
            on:pointerdown=move |event| on_down.run((number, event))
        >
            <span class="grid-name-line">
                <span class="grid-name-text">{column.name.clone()}</span>
                {move || sort_mark(mark.get())}
            </span>
            <span class="grid-type">{column.type_name.clone()}</span>
            <button
                type="button"
                class="grid-head-menu"
                tabindex="-1"
                aria-haspopup="menu"
                aria-label=format!("Menu of {}", column.name)
                on:click=open_menu
            >
                <Icon of=Lucide::ChevronDown />
            </button>
            <span
                class="grid-edge"
                aria-hidden="true"
                on:pointerdown=move |event| on_edge_down.run((number, place, event))
                on:dblclick=move |event: MouseEvent| {
                    event.stop_propagation();
                    fit(inside, number);
                }
            ></span>
        </div>
    }
}

fn sort_word(mark: HeadMark) -> Option<&'static str> {
    match mark.is_descending {
        Some(true) => Some("descending"),
        Some(false) => Some("ascending"),
        None => mark.can_sort.then_some("none"),
    }
}

fn sort_mark(mark: HeadMark) -> impl IntoView {
    let arrow = mark.is_descending.map(|is_descending| if is_descending { "↓" } else { "↑" });
    let rank = if mark.rank > 0 { mark.rank.to_string() } else { String::new() };
    view! {
        {arrow.map(|arrow| view! { <span class="grid-sort" aria-hidden="true">{arrow} {rank}</span> })}
        {mark
            .is_filtered
            .then(|| {
                view! {
                    <span class="grid-filtered">
                        <Icon of=Lucide::Filter />
                        <span class="unseen">"filtered"</span>
                    </span>
                }
            })}
    }
}

/// A click sorts, with Shift by one more column; with Ctrl it selects.
fn click(inside: Inside, column: usize, event: &PointerEvent) {
    let Some(place) = inside.place_of(column) else { return };
    let state = inside.state;
    state.active.set(Some(Active { row: None, place }));
    if event.ctrl_key() || event.meta_key() {
        let before = state.selection.get_untracked().filter(|before| before.reach == Reach::Columns);
        let anchor = before.filter(|_| event.shift_key()).map_or((0, place), |before| before.anchor);
        state.selection.set(Some(Selection::new(anchor, (0, place), Reach::Columns)));
    } else {
        inside.acts.sort.run((column, event.shift_key()));
    }
}

/// Makes a column as wide as what is in view of it.
fn fit(inside: Inside, column: usize) {
    let columns = inside.columns.get_untracked();
    let Some(of) = columns.get(column) else { return };
    let rows = inside.rows;
    let in_view = inside.vertical.get_untracked().rows_at(inside.view.offset.get_untracked());
    let mut rows_here = sample(|row| rows.row.run(row));
    rows_here.extend(in_view.filter_map(|row| rows.row.run(row)));
    let values = rows_here.iter().filter_map(|row| row.get(column));
    let width = column_width(of, values, WIDEST_PX);
    inside.state.layout.update(|layout| layout.set_width(column, width));
}

/// The gap between columns that is nearest to a point.
fn gap_under(inside: Inside, x: f64) -> Option<usize> {
    let left = inside.element.get_untracked()?.get_bounding_client_rect().left();
    let scrolled = inside.view.scroll_left.get_untracked();
    inside.horizontal.with_untracked(|horizontal| {
        let place = horizontal.place_under(x - left, scrolled);
        let at = if place < horizontal.pinned() { x - left } else { x - left + scrolled };
        let is_right_half = at > horizontal.left(place) + horizontal.width(place) / 2.0;
        Some(place + usize::from(is_right_half))
    })
}

fn column_of(event: &MouseEvent) -> Option<usize> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest("[data-head]").ok()??.get_attribute("data-head")?.parse().ok()
}

fn is_on(event: &PointerEvent, selector: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| matches!(element.closest(selector), Ok(Some(_))))
}

/// Without capture a drag ends at the edge of the element, no more.
fn capture(event: &PointerEvent) {
    if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
        drop(element.set_pointer_capture(event.pointer_id()));
    }
}
