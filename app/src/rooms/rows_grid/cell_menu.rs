//! The menu of what is selected: copies, filters by the active cell, the whole value.

use super::{Around, Opened, copying};
use crate::copy_text::CopyFormat;
use crate::refinement::{Filter, Test};
use crate::session::Session;
use crate::ui::{MenuItem, OpenMenu};
use leptos::prelude::*;

/// Opens it.
pub(super) fn open(around: Around, session: Session, at: (f64, f64)) {
    let view = around.view;
    let toasts = session.toasts;
    let mut items: Vec<MenuItem> = CopyFormat::ALL
        .into_iter()
        .map(|format| {
            let keys = if format == CopyFormat::Tsv { "Ctrl C" } else { "" };
            MenuItem::new(format.label(), move || copying::copy(view, toasts, format)).keys(keys)
        })
        .collect();
    if let Some((row, column)) = copying::active_cell(view) {
        let can_compare =
            view.columns_untracked().get(column).is_some_and(|of| Test::of(of).contains(&Test::Equals));
        let value = view.rows_untracked().row(row).and_then(|cells| cells.get(column).cloned());
        // What is cut is fetched whole before it is compared.
        let can_filter = value.as_ref().is_some_and(|value| can_compare || value.text.is_none());
        let filter = move |make: fn(usize, Option<String>) -> Filter| {
            let value = value.clone();
            move || {
                let Some(value) = value.clone() else { return };
                let add = move |text| view.refine(|wanted| wanted.filters.push(make(column, text)));
                if !value.is_cut {
                    return add(value.text);
                }
                view.rows_untracked().value(row, column as u32, move |whole| match whole {
                    Ok(text) => add(text),
                    Err(error) => toasts.say(error.message),
                });
            }
        };
        items.push(MenuItem::new("Only this value", filter(Filter::only)).only_if(can_filter).apart());
        items.push(MenuItem::new("Without this value", filter(Filter::without)).only_if(can_filter));
        items.push(
            MenuItem::new("Show the whole value", move || around.opened.set(Some(Opened { row, column })))
                .keys("Enter")
                .apart(),
        );
    }
    around.menu.set(Some(OpenMenu { label: "Selection".to_owned(), at, items }));
}
