//! The rows of a result: a grid of them, a sheet with one value whole, and what went wrong in fetching them.

use super::value::{Opened, ValueSheet};
use crate::clipboard;
use crate::rows::RowCache;
use crate::session::use_session;
use crate::ui::{ErrorPanel, Grid, GridRows};
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::Column;

/// A grid over the rows of a result.
#[component]
pub(super) fn RowsGrid(
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// Its columns.
    columns: Arc<[Column]>,
    /// Its rows.
    rows: RowCache,
) -> impl IntoView {
    let session = use_session();
    let opened = RwSignal::new(None::<Opened>);
    let source = GridRows {
        total: rows.total.into(),
        version: rows.version.into(),
        row: Callback::new(move |row| rows.row(row)),
        want: Callback::new(move |(first, last)| rows.want(first, last)),
    };
    let of_cell = columns.clone();
    let on_open = Callback::new(move |(row, column): (u64, usize)| {
        if let Some(column_of) = of_cell.get(column) {
            opened.set(Some(Opened::new(rows, row, column, column_of)));
        }
    });
    let on_copy = Callback::new(move |(row, column): (u64, usize)| {
        let cell = rows.row(row).and_then(|row| row.get(column).cloned());
        match cell {
            Some(cell) if !cell.is_cut => {
                clipboard::write(cell.text.unwrap_or_default());
                session.toasts.say("Copied.");
            }
            _ => rows.value(row, column as u32, move |value| match value {
                Ok(text) => {
                    clipboard::write(text.unwrap_or_default());
                    session.toasts.say("Copied.");
                }
                Err(error) => session.toasts.say(error.message),
            }),
        }
    });
    view! {
        {move || rows.failure.get().map(|error| view! { <ErrorPanel error /> })}
        <Grid label columns rows=source on_open on_copy />
        <ValueSheet opened />
    }
}
