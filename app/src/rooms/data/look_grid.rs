//! The rows of a statement of the page's own, with every face.

use crate::asked::Looked;
use crate::result_view::ResultView;
use crate::rooms::rows_grid::RowsGrid;
use crate::session::use_session;
use crate::ui::{ErrorPanel, RowsSkeleton};
use leptos::prelude::*;

/// A grid of what a statement returns; it runs when this is shown.
#[component]
pub(super) fn LookGrid(
    /// What it shows, for screen readers.
    label: &'static str,
    /// The statement.
    sql: String,
    /// What to say when there are no rows.
    empty: &'static str,
    /// The LIMIT of the statement: when so many rows came, there may be more.
    limit: u64,
) -> impl IntoView {
    let engine = use_session().engine;
    let looked = engine.look(sql);
    view! {
        {move || match looked.get() {
            Looked::Waiting => view! { <RowsSkeleton label="The rows are on their way" /> }.into_any(),
            Looked::Failed(error) => view! { <ErrorPanel error /> }.into_any(),
            Looked::Rows { columns, rows } => {
                let view = ResultView::new(engine, rows, columns);
                on_cleanup(move || view.drop_refined());
                let is_blank = move || rows.is_complete.get() && rows.total.get() == 0;
                let is_cut = move || rows.total.get() >= limit;
                view! {
                    <Show when=is_cut>
                        <p class="results-note quiet">
                            {format!("The first {} rows; a query has the rest.", crate::display::count(limit))}
                        </p>
                    </Show>
                    <RowsGrid label view />
                    <Show when=is_blank>
                        <p class="results-blank quiet">{empty}</p>
                    </Show>
                }
                    .into_any()
            }
        }}
    }
}
