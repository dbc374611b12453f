//! The menu of a column.

use super::Around;
use super::filter_form::Edited;
use crate::clipboard;
use crate::refinement::{Refinement, Sort, can_sort};
use crate::session::Session;
use crate::source::Source;
use crate::sql_type::SqlType;
use crate::ui::{MenuItem, OpenMenu, Reach, Selection};
use leptos::prelude::*;

/// Opens it.
pub(super) fn open(around: Around, session: Session, column: usize, at: (f64, f64)) {
    let view = around.view;
    let Some(of) = view.columns_untracked().get(column).cloned() else { return };
    let grid = view.grid;
    let sort = move |is_descending: bool| {
        view.refine(|wanted: &mut Refinement| wanted.sorts = vec![Sort { column, is_descending }]);
    };
    let (is_sorted, has_sorts) = view.wanted.with_untracked(|wanted| {
        (wanted.sorts.iter().any(|sort| sort.column == column), !wanted.sorts.is_empty())
    });
    let is_pinned = grid.layout.with_untracked(|layout| layout.is_pinned(column));
    let has_others = grid.layout.with_untracked(|layout| layout.shown().columns.len() > 1);
    let can_sort = can_sort(&of);
    let mut items = vec![
        MenuItem::new("Sort ascending", move || sort(false)).keys("Enter").only_if(can_sort),
        MenuItem::new("Sort descending", move || sort(true)).only_if(can_sort),
    ];
    if has_sorts && !is_sorted && can_sort {
        items.push(
            MenuItem::new("Then sort by this", move || {
                view.refine(|wanted| wanted.turn_sort(column, true));
            })
            .keys("⇧ Enter"),
        );
    }
    if is_sorted {
        items.push(MenuItem::new("Do not sort by this", move || {
            view.refine(|wanted| wanted.sorts.retain(|sort| sort.column != column));
        }));
    }
    items.push(MenuItem::new("Filter…", move || {
        around.edited.set(Some(Edited { column, filter: None }));
        around.filter_at.set(Some(at));
    }));
    items.push(MenuItem::new("Profile", move || {
        let columns = view.columns_untracked();
        let source = Source::Result { result: view.rows_untracked().result, columns: columns.clone() };
        if let Some(profiled) = source.columns(&columns).into_iter().nth(column) {
            session.show_profile(profiled);
        }
    }));
    if !SqlType::parse(&of.type_name).fields().is_empty() {
        items.push(MenuItem::new("Unfold its fields", move || view.unfold(column)).apart());
    }
    if let Some(parent) = view.parent(column) {
        let name = view.columns_untracked().get(parent).map(|parent| parent.name.clone()).unwrap_or_default();
        items.push(MenuItem::new(format!("Fold into {name}"), move || view.fold(parent)).apart());
    }
    let pin = if is_pinned { "Unpin" } else { "Pin at the left" };
    items.push(MenuItem::new(pin, move || grid.arrange(|layout| layout.pin(column, !is_pinned))).apart());
    items.push(
        MenuItem::new("Move left", move || grid.arrange(|layout| layout.step(column, false))).keys("Alt ←"),
    );
    items.push(
        MenuItem::new("Move right", move || grid.arrange(|layout| layout.step(column, true))).keys("Alt →"),
    );
    items.push(MenuItem::new("Hide", move || grid.arrange(|layout| layout.hide(column))).only_if(has_others));
    items.push(
        MenuItem::new("Select the column", move || {
            let place = grid
                .layout
                .with_untracked(|layout| layout.shown().columns.iter().position(|each| *each == column));
            if let Some(place) = place {
                grid.selection.set(Some(Selection::new((0, place), (0, place), Reach::Columns)));
            }
        })
        .keys("Ctrl click")
        .apart(),
    );
    let name = of.name.clone();
    items.push(MenuItem::new("Copy the name", move || {
        clipboard::write(name.clone());
        session.toasts.say("Copied.");
    }));
    around.menu.set(Some(OpenMenu { label: format!("Column {}", of.name), at, items }));
}
