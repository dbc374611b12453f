//! What the parts of a grid share: what is drawn and where, and how it moves.

use super::geometry::{HEAD_PX, Horizontal, ROW_PX, Vertical};
use super::layout::ShownColumns;
use super::paint::{Slot, Slots};
use super::selection::{Active, Selection, Spot};
use super::{GridActs, GridRows, GridState, Point};
use js_sys::Reflect;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::Column;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ResizeObserver, WheelEvent};

/// What is drawn and where.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// Where in all the rows the view begins.
    pub(super) offset: RwSignal<f64>,
    pub(super) scroll_top: RwSignal<f64>,
    pub(super) scroll_left: RwSignal<f64>,
    /// Width and height of the element's inside.
    pub(super) size: RwSignal<(f64, f64)>,
    /// Where we scrolled to ourselves: the event that follows is not news.
    expected_top: StoredValue<f64>,
    /// Whether the place that the grid was left at has been gone to.
    is_placed: StoredValue<bool>,
}

impl View {
    pub(super) fn new() -> Self {
        Self {
            offset: RwSignal::new(0.0),
            scroll_top: RwSignal::new(0.0),
            scroll_left: RwSignal::new(0.0),
            size: RwSignal::new((0.0, 0.0)),
            expected_top: StoredValue::new(-1.0),
            is_placed: StoredValue::new(false),
        }
    }
}

/// A grid from within. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Inside {
    pub(super) grid_id: u32,
    pub(super) element: NodeRef<html::Div>,
    pub(super) view: View,
    pub(super) rows: GridRows,
    pub(super) state: GridState,
    pub(super) columns: Signal<Arc<[Column]>>,
    pub(super) shown: Memo<ShownColumns>,
    pub(super) horizontal: Memo<Horizontal>,
    pub(super) vertical: Memo<Vertical>,
    pub(super) acts: GridActs,
}

impl Inside {
    /// The number of the column at a place.
    pub(super) fn column_at(self, place: usize) -> Option<usize> {
        self.shown.with(|shown| shown.columns.get(place).copied())
    }

    /// The place of a column.
    pub(super) fn place_of(self, column: usize) -> Option<usize> {
        self.shown.with_untracked(|shown| shown.columns.iter().position(|each| *each == column))
    }

    pub(super) fn column_count(self) -> usize {
        self.shown.with_untracked(|shown| shown.columns.len())
    }

    /// The columns to draw.
    pub(super) fn slots(self) -> Slots {
        let shown = self.shown.get();
        let (left, width) = (self.view.scroll_left.get(), self.view.size.get().0);
        self.horizontal.with(|horizontal| {
            let places = horizontal.places_at(left, width);
            let slot = |place: usize, is_pinned: bool| {
                Some(Slot {
                    column: *shown.columns.get(place)?,
                    place,
                    width_px: horizontal.width(place),
                    pinned_px: is_pinned.then(|| horizontal.left(place)),
                })
            };
            let pinned = (0..horizontal.pinned()).filter_map(|place| slot(place, true));
            let skipped_px = horizontal.left(places.start) - horizontal.pinned_px();
            let slots = pinned.chain(places.filter_map(|place| slot(place, false))).collect();
            Slots { slots, gutter_px: horizontal.gutter_px(), skipped_px }
        })
    }

    /// Goes to an offset in all the rows.
    pub(super) fn scroll_to(self, offset: f64) {
        let vertical = self.vertical.get_untracked();
        let offset = vertical.clamp(offset);
        let top = vertical.scroll_top_at(offset);
        self.view.expected_top.set_value(top);
        self.view.offset.set(offset);
        self.view.scroll_top.set(top);
        if let Some(element) = self.element.get_untracked() {
            element.set_scroll_top(top as i32);
        }
    }

    pub(super) fn note_scroll(self) {
        let Some(element) = self.element.get_untracked() else { return };
        let top = number(&element, "scrollTop");
        self.view.scroll_left.set(number(&element, "scrollLeft"));
        self.view.scroll_top.set(top);
        let vertical = self.vertical.get_untracked();
        let is_ours = vertical.is_scaled() && (top - self.view.expected_top.get_value()).abs() < 1.5;
        if !is_ours {
            self.view.expected_top.set_value(-1.0);
            self.view.offset.set(vertical.offset_at(top));
        }
    }

    /// A scaled grid would jump by hundreds of rows at a turn of the wheel.
    pub(super) fn turn_wheel(self, event: &WheelEvent) {
        if self.vertical.get_untracked().is_scaled() && !event.ctrl_key() && event.delta_y() != 0.0 {
            event.prevent_default();
            let unit = match event.delta_mode() {
                WheelEvent::DOM_DELTA_LINE => ROW_PX,
                WheelEvent::DOM_DELTA_PAGE => self.view.size.get_untracked().1,
                _ => 1.0,
            };
            self.scroll_to(self.view.offset.get_untracked() + event.delta_y() * unit);
        }
    }

    /// Brings the grid back to where it was left, and notes where it goes; other rows are seen from the first.
    pub(super) fn keep_place(self) {
        let Self { view, rows, state, .. } = self;
        Effect::new(move || {
            let is_drawn = view.size.get().1 > 0.0 && rows.total.get() > 0;
            if is_drawn && !view.is_placed.get_value() {
                view.is_placed.set_value(true);
                let (offset, left) = state.scrolled.get_value();
                // The element must be as high and wide as its rows first. It may have been scrolled as that of another grid.
                request_animation_frame(move || {
                    let Some(element) = self.element.try_get_untracked().flatten() else { return };
                    self.scroll_to(offset);
                    element.set_scroll_left(left as i32);
                });
            }
        });
        Effect::new(move || {
            let place = (view.offset.get(), view.scroll_left.get());
            if view.is_placed.get_value() && view.size.get_untracked().1 > 0.0 {
                state.scrolled.set_value(place);
            }
        });
        Effect::new(move |before: Option<u64>| {
            let (source, _) = rows.version.get();
            if before.is_some_and(|before| before != source) {
                self.scroll_to(state.scrolled.get_value().0);
            }
            source
        });
    }

    /// Scrolls as little as shows a cell; without a row only its column.
    pub(super) fn show(self, row: Option<u64>, place: usize) {
        let view = self.view;
        if let Some(row) = row {
            let offset = view.offset.get_untracked();
            let showing = self.vertical.get_untracked().offset_showing(row, offset);
            if showing != offset {
                self.scroll_to(showing);
            }
        }
        let left = view.scroll_left.get_untracked();
        let showing = self.horizontal.with_untracked(|horizontal| {
            horizontal.scroll_left_showing(place, left, view.size.get_untracked().0)
        });
        if let Some(element) = self.element.get_untracked()
            && showing != left
        {
            element.set_scroll_left(showing as i32);
        }
    }

    /// Makes a cell the active one, and the selection.
    pub(super) fn go(self, row: Option<u64>, place: usize) {
        self.state.active.set(Some(Active { row, place }));
        self.state.selection.set(row.map(|row| Selection::cell((row, place))));
        self.show(row, place);
    }

    /// Moves the end of the selection, which begins at the active cell where there is none.
    pub(super) fn extend(self, end: Spot) {
        let active = self.state.active.get_untracked();
        self.state.selection.update(|selection| {
            let anchor = active.and_then(|active| Some((active.row?, active.place))).unwrap_or(end);
            *selection = Some(selection.unwrap_or_else(|| Selection::cell(anchor)).to(end));
        });
        self.show(Some(end.0), end.1);
    }

    /// Tab brings one to a cell, not to a frame without a mark.
    pub(super) fn note_focus(self) {
        if self.state.active.get_untracked().is_none() && self.column_count() > 0 {
            let first = self.vertical.get_untracked().row_under(0.0, self.view.offset.get_untracked());
            let row = (self.rows.total.get_untracked() > 0).then_some(first);
            self.state.active.set(Some(Active { row, place: 0 }));
        }
    }

    /// The cell under a point of the window; the nearest one, if there is none.
    pub(super) fn spot_under(self, (x, y): Point) -> Option<Spot> {
        if self.rows.total.get_untracked() == 0 || self.column_count() == 0 {
            return None;
        }
        let bounds = self.element.get_untracked()?.get_bounding_client_rect();
        let (x, y) = (x - bounds.left(), (y - bounds.top() - HEAD_PX).max(0.0));
        let row = self.vertical.get_untracked().row_under(y, self.view.offset.get_untracked());
        let left = self.view.scroll_left.get_untracked();
        Some((row, self.horizontal.with_untracked(|horizontal| horizontal.place_under(x.max(0.0), left))))
    }

    /// A point of the window below a cell, for its menu.
    pub(super) fn point_of(self, active: Active) -> Point {
        let Some(element) = self.element.get_untracked() else { return (0.0, 0.0) };
        let bounds = element.get_bounding_client_rect();
        let scrolled = self.view.scroll_left.get_untracked();
        let left = self.horizontal.with_untracked(|horizontal| {
            let left = horizontal.left(active.place);
            if active.place < horizontal.pinned() { left } else { left - scrolled }
        });
        let top = match active.row {
            None => HEAD_PX,
            Some(row) => HEAD_PX + (row + 1) as f64 * ROW_PX - self.view.offset.get_untracked(),
        };
        (bounds.left() + left.clamp(0.0, bounds.width()), bounds.top() + top.clamp(0.0, bounds.height()))
    }
}

/// A number of an element, with the fraction that `web_sys` cuts off.
fn number(element: &HtmlElement, name: &str) -> f64 {
    Reflect::get(element, &name.into()).ok().and_then(|value| value.as_f64()).unwrap_or_default()
}

pub(super) fn observe_size(element: NodeRef<html::Div>, size: RwSignal<(f64, f64)>) {
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
