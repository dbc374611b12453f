//! The rows of a result: a grid of them, sorted and filtered by the engine, with a sheet for one value whole.

mod cell_menu;
mod columns_list;
mod copying;
mod filter_form;
mod head_menu;
mod refine_bar;
mod sums;

use super::value::{Opened, ValueSheet};
use crate::result_view::ResultView;
use crate::session::use_session;
use crate::ui::{
    ErrorPanel, Grid, GridActs, GridRows, HeadMark, IconButton, Lucide, Menu, OpenMenu, Popover,
};
use crate::{copy_text::CopyFormat, refinement::can_sort};
use columns_list::ColumnsList;
use filter_form::{Edited, FilterForm};
use leptos::prelude::*;
use refine_bar::RefineBar;
use sums::SelectionLine;

/// What the parts around the grid share.
#[derive(Clone, Copy)]
struct Around {
    view: ResultView,
    menu: RwSignal<Option<OpenMenu>>,
    /// The filter that is made or changed, and where its form is.
    edited: RwSignal<Option<Edited>>,
    filter_at: RwSignal<Option<(f64, f64)>>,
    columns_at: RwSignal<Option<(f64, f64)>>,
    opened: RwSignal<Option<Opened>>,
}

/// A grid over the rows of a result.
#[component]
pub(super) fn RowsGrid(
    /// What it shows, for screen readers.
    #[prop(into)]
    label: String,
    /// The result.
    view: ResultView,
) -> impl IntoView {
    let session = use_session();
    let around = Around {
        view,
        menu: RwSignal::new(None),
        edited: RwSignal::new(None),
        filter_at: RwSignal::new(None),
        columns_at: RwSignal::new(None),
        opened: RwSignal::new(None),
    };
    let source = GridRows {
        total: Signal::derive(move || view.rows().total.get()),
        version: Signal::derive(move || {
            let rows = view.rows();
            (rows.result, rows.version.get())
        }),
        row: Callback::new(move |row| view.rows_untracked().row(row)),
        want: Callback::new(move |(first, last)| view.rows_untracked().want(first, last)),
    };
    let acts = GridActs {
        mark: Callback::new(move |column| mark(view, column)),
        open: Callback::new(move |(row, column)| around.opened.set(Some(Opened { row, column }))),
        copy: Callback::new(move |()| copying::copy(view, session.toasts, CopyFormat::Tsv)),
        sort: Callback::new(move |(column, adds): (usize, bool)| {
            if view.columns_untracked().get(column).is_some_and(can_sort) {
                view.refine(|wanted| wanted.turn_sort(column, adds));
            }
        }),
        head_menu: Callback::new(move |(column, at)| head_menu::open(around, session, column, at)),
        cell_menu: Callback::new(move |at| cell_menu::open(around, session, at)),
    };
    let columns = Signal::derive(move || view.columns());
    let is_old = Signal::derive(move || view.asking.get().is_some());
    let is_blank = move || {
        let rows = view.rows();
        let is_refined = view.wanted.with(|wanted| !wanted.filters.is_empty());
        is_refined && rows.is_complete.get() && rows.total.get() == 0 && view.asking.get().is_none()
    };
    view! {
        {move || view.rows().failure.get().map(|error| view! { <ErrorPanel error /> })}
        {move || {
            view.failure
                .get()
                .map(|error| {
                    view! {
                        <div class="rows-failure">
                            <ErrorPanel error />
                            <IconButton
                                label="Close"
                                icon=Lucide::Close
                                on_press=Callback::new(move |()| view.failure.set(None))
                            />
                        </div>
                    }
                })
        }}
        <RefineBar around />
        <Grid label columns rows=source state=view.grid acts is_old />
        <Show when=is_blank>
            <p class="rows-blank quiet">"No row fits these conditions."</p>
        </Show>
        <SelectionLine view />
        <Menu open=around.menu />
        <Popover open=around.filter_at label="Filter">
            <FilterForm around />
        </Popover>
        <Popover open=around.columns_at label="Columns">
            <ColumnsList view />
        </Popover>
        <ValueSheet view opened=around.opened />
    }
}

fn mark(view: ResultView, column: usize) -> HeadMark {
    let can_sort = view.columns().get(column).is_some_and(can_sort);
    view.wanted.with(|wanted| {
        let at = wanted.sorts.iter().position(|sort| sort.column == column);
        HeadMark {
            can_sort,
            is_descending: at.and_then(|at| wanted.sorts.get(at)).map(|sort| sort.is_descending),
            rank: at.filter(|_| wanted.sorts.len() > 1).map_or(0, |at| at + 1),
            is_filtered: wanted.filters.iter().any(|filter| filter.column == column),
        }
    })
}
