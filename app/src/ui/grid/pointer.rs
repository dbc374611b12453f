//! The mouse in a grid: it selects cells, rows and columns, and drags the selection over the edge of the view.

use super::At;
use super::geometry::HEAD_PX;
use super::inside::Inside;
use super::selection::{Active, Reach, Selection};
use gloo_timers::callback::Interval;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, MouseEvent};

const PRIMARY: i16 = 0;
const SCROLL_MILLIS: u32 = 40;

thread_local! {
    /// The drag of a selection that is under way: there is one mouse.
    static DRAG: std::cell::RefCell<Option<Drag>> = const { std::cell::RefCell::new(None) };
}

struct Drag {
    grid_id: u32,
    point: (f64, f64),
    _scroller: Interval,
}

/// Listens for the rest of a drag, which may leave the grid.
pub(super) fn listen(inside: Inside) {
    let moved = window_event_listener(ev::mousemove, move |event| {
        let is_ours = DRAG.with_borrow_mut(|drag| match drag {
            Some(drag) if drag.grid_id == inside.grid_id => {
                drag.point = point(&event);
                true
            }
            _ => false,
        });
        if !is_ours {
            return;
        }
        if event.buttons() & 1 == 0 {
            end();
        } else {
            reach(inside, point(&event));
        }
    });
    let released = window_event_listener(ev::mouseup, |_| end());
    on_cleanup(move || {
        moved.remove();
        released.remove();
    });
}

fn end() {
    // The timer may be what runs now: it is dropped when that is over.
    let drag = DRAG.with_borrow_mut(Option::take);
    if drag.is_some() {
        gloo_timers::callback::Timeout::new(0, move || drop(drag)).forget();
    }
}

fn begin(inside: Inside, event: &MouseEvent) {
    let scroller = Interval::new(SCROLL_MILLIS, move || scroll(inside));
    let drag = Drag { grid_id: inside.grid_id, point: point(event), _scroller: scroller };
    DRAG.set(Some(drag));
}

/// Scrolls while the mouse is held beyond the edge, faster the further it is.
fn scroll(inside: Inside) {
    let Some(held) = DRAG.with_borrow(|drag| drag.as_ref().map(|drag| drag.point)) else { return };
    let Some(element) = inside.element.try_get_untracked().flatten() else { return end() };
    let bounds = element.get_bounding_client_rect();
    let beyond = |at: f64, from: f64, to: f64| (at - to).max(0.0) - (from - at).max(0.0);
    let down = beyond(held.1, bounds.top() + HEAD_PX, bounds.bottom());
    let right = beyond(held.0, bounds.left(), bounds.right());
    if down != 0.0 {
        inside.scroll_to(inside.view.offset.get_untracked() + down * 2.0);
    }
    if right != 0.0 {
        element.set_scroll_left(element.scroll_left() + (right * 0.5) as i32);
    }
    if down != 0.0 || right != 0.0 {
        reach(inside, held);
    }
}

fn reach(inside: Inside, to: (f64, f64)) {
    if let Some(spot) = inside.spot_under(to) {
        let moved = inside.state.selection.get_untracked().map(|selection| selection.to(spot));
        if moved != inside.state.selection.get_untracked() {
            inside.state.selection.set(moved);
        }
    }
}

/// A button went down.
pub(super) fn press(inside: Inside, event: &MouseEvent) {
    let Some(target) = element_of(event) else { return };
    if matches!(target.closest(".grid-head"), Ok(Some(_))) {
        return;
    }
    let state = inside.state;
    let row = target
        .closest("[data-gutter]")
        .ok()
        .flatten()
        .and_then(|gutter| gutter.get_attribute("data-gutter")?.parse::<u64>().ok());
    let cell = cell_of(event).and_then(|(row, column)| Some((row, inside.place_of(column)?)));
    let (spot, extent) = match (row, cell) {
        (Some(row), _) => ((row, 0), Reach::Rows),
        (None, Some(spot)) => (spot, Reach::Cells),
        (None, None) => return,
    };
    let before = state.selection.get_untracked();
    if event.button() != PRIMARY {
        let area = state.area(inside.rows.total.get_untracked());
        if area.is_some_and(|area| area.has(spot)) {
            return;
        }
    }
    match before {
        Some(before) if event.shift_key() && event.button() == PRIMARY => {
            state.selection.set(Some(Selection::new(before.anchor, spot, extent)));
        }
        _ => {
            state.selection.set(Some(Selection::new(spot, spot, extent)));
            state.active.set(Some(Active { row: Some(spot.0), place: spot.1 }));
        }
    }
    if event.button() == PRIMARY {
        begin(inside, event);
    }
}

/// A click opens what is cut.
pub(super) fn click(inside: Inside, event: &MouseEvent) {
    if element_of(event).is_some_and(|target| matches!(target.closest(".grid-more"), Ok(Some(_))))
        && let Some(at) = cell_of(event)
    {
        inside.acts.open.run(at);
    }
}

/// A double click opens a cell.
pub(super) fn double_click(inside: Inside, event: &MouseEvent) {
    if let Some(at) = cell_of(event) {
        inside.acts.open.run(at);
    }
}

/// The menu is asked for.
pub(super) fn menu(inside: Inside, event: &MouseEvent) {
    if cell_of(event).is_some() || is_gutter(event) {
        event.prevent_default();
        end();
        inside.acts.cell_menu.run(point(event));
    }
}

fn is_gutter(event: &MouseEvent) -> bool {
    element_of(event).is_some_and(|target| matches!(target.closest("[data-gutter]"), Ok(Some(_))))
}

/// The cell that an event happened in.
fn cell_of(event: &MouseEvent) -> Option<At> {
    let cell = element_of(event)?.closest("[data-row][data-column]").ok()??;
    let row = cell.get_attribute("data-row")?.parse().ok()?;
    let column = cell.get_attribute("data-column")?.parse().ok()?;
    Some((row, column))
}

fn element_of(event: &MouseEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn point(event: &MouseEvent) -> (f64, f64) {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}
