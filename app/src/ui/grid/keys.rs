//! The keys of a grid, as the ARIA pattern for grids has them.

use super::inside::Inside;
use super::selection::{Active, Reach, Selection};
use leptos::prelude::*;
use web_sys::KeyboardEvent;

/// A key was pressed.
pub(super) fn press(inside: Inside, event: &KeyboardEvent) {
    let columns = inside.column_count();
    if columns == 0 {
        return;
    }
    let Some(active) = inside.state.active.get_untracked() else {
        if event.key().starts_with("Arrow") {
            event.prevent_default();
            inside.note_focus();
        }
        return;
    };
    let active = Active { place: active.place.min(columns - 1), ..active };
    let is_done = match active.row {
        _ if event.alt_key() => move_column(inside, event, active),
        None => in_head(inside, event, active),
        Some(row) => in_rows(inside, event, row, active.place),
    };
    if is_done {
        event.prevent_default();
        event.stop_propagation();
    }
}

/// Alt and an arrow move the column.
fn move_column(inside: Inside, event: &KeyboardEvent, active: Active) -> bool {
    let is_right = match event.key().as_str() {
        "ArrowRight" => true,
        "ArrowLeft" => false,
        _ => return false,
    };
    if let Some(column) = inside.column_at(active.place) {
        inside.state.arrange(|layout| layout.step(column, is_right));
        if let Some(active) = inside.state.active.get_untracked() {
            inside.show(active.row, active.place);
        }
    }
    true
}

fn in_head(inside: Inside, event: &KeyboardEvent, active: Active) -> bool {
    let place = active.place;
    let Some(column) = inside.column_at(place) else { return false };
    let last = inside.column_count() - 1;
    let is_far = event.ctrl_key() || event.meta_key();
    match (event.key().as_str(), is_far) {
        ("ArrowRight", false) => inside.go(None, (place + 1).min(last)),
        ("ArrowLeft", false) => inside.go(None, place.saturating_sub(1)),
        ("End", _) | ("ArrowRight", true) => inside.go(None, last),
        ("Home", _) | ("ArrowLeft", true) => inside.go(None, 0),
        ("ArrowDown", _) if inside.rows.total.get_untracked() > 0 => {
            let first = inside.vertical.get_untracked().row_under(0.0, inside.view.offset.get_untracked());
            inside.go(Some(first), place);
        }
        ("Enter", _) => inside.acts.sort.run((column, event.shift_key())),
        (" ", true) => select_column(inside, place),
        ("F10", _) if event.shift_key() => open_head_menu(inside, column, active),
        ("ContextMenu", _) => open_head_menu(inside, column, active),
        _ => return false,
    }
    true
}

fn open_head_menu(inside: Inside, column: usize, active: Active) {
    inside.acts.head_menu.run((column, inside.point_of(active)));
}

fn in_rows(inside: Inside, event: &KeyboardEvent, row: u64, place: usize) -> bool {
    let total = inside.rows.total.get_untracked();
    let (last_row, last_place) = (total.saturating_sub(1), inside.column_count() - 1);
    let page = inside.vertical.get_untracked().rows_in_view();
    let is_far = event.ctrl_key() || event.meta_key();
    let is_shift = event.shift_key();
    let selection = inside.state.selection.get_untracked();
    match (event.key().as_str(), is_far) {
        ("Enter", false) => {
            if let Some(column) = inside.column_at(place) {
                inside.acts.open.run((row, column));
            }
            return true;
        }
        ("c" | "C", true) => {
            inside.acts.copy.run(());
            return true;
        }
        ("a" | "A", true) => {
            inside.state.selection.set(Some(Selection::new((0, 0), (last_row, last_place), Reach::All)));
            return true;
        }
        (" ", true) => {
            select_column(inside, place);
            return true;
        }
        (" ", false) if is_shift => {
            inside.state.selection.set(Some(Selection::new((row, 0), (row, last_place), Reach::Rows)));
            return true;
        }
        ("F10", _) if is_shift => {
            open_cell_menu(inside, row, place);
            return true;
        }
        ("ContextMenu", _) => {
            open_cell_menu(inside, row, place);
            return true;
        }
        // Esc stops a query, unless there is something nearer to let go of.
        ("Escape", _) => {
            let is_wide =
                selection.is_some_and(|selection| !selection.area(total, last_place + 1).is_single());
            if is_wide {
                inside.state.selection.set(Some(Selection::cell((row, place))));
            }
            return is_wide;
        }
        ("ArrowUp", _) if row == 0 && !is_shift => {
            inside.go(None, place);
            return true;
        }
        _ => {}
    }
    // With Shift the end of the selection moves, else the active cell.
    let (from_row, from_place) =
        selection.filter(|_| is_shift).map_or((row, place), |selection| selection.end);
    let target = match (event.key().as_str(), is_far) {
        ("ArrowDown", false) => ((from_row + 1).min(last_row), from_place),
        ("ArrowUp", false) => (from_row.saturating_sub(1), from_place),
        ("ArrowRight", false) => (from_row, (from_place + 1).min(last_place)),
        ("ArrowLeft", false) => (from_row, from_place.saturating_sub(1)),
        ("ArrowDown", true) => (last_row, from_place),
        ("ArrowUp", true) => (0, from_place),
        ("ArrowRight", true) | ("End", false) => (from_row, last_place),
        ("ArrowLeft", true) | ("Home", false) => (from_row, 0),
        ("PageDown", _) => ((from_row + page).min(last_row), from_place),
        ("PageUp", _) => (from_row.saturating_sub(page), from_place),
        ("Home", true) => (0, 0),
        ("End", true) => (last_row, last_place),
        _ => return false,
    };
    if is_shift {
        inside.extend(target);
    } else {
        inside.go(Some(target.0), target.1);
    }
    true
}

fn select_column(inside: Inside, place: usize) {
    inside.state.selection.set(Some(Selection::new((0, place), (0, place), Reach::Columns)));
}

fn open_cell_menu(inside: Inside, row: u64, place: usize) {
    if inside.state.selection.get_untracked().is_none() {
        inside.state.selection.set(Some(Selection::cell((row, place))));
    }
    inside.show(Some(row), place);
    inside.acts.cell_menu.run(inside.point_of(Active { row: Some(row), place }));
}
