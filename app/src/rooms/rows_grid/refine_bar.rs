//! The line above a grid: how many rows there are of how many, what they are filtered and sorted by, each with a way out.

use super::filter_form::Edited;
use super::{Around, copying};
use crate::copy_text::CopyFormat;
use crate::display;
use crate::session::use_session;
use crate::ui::{Button, Icon, IconButton, Lucide, Menu, MenuItem, OpenMenu, Weight};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::MouseEvent;

/// The line.
#[component]
pub(super) fn RefineBar(around: Around) -> impl IntoView {
    let view = around.view;
    let toasts = use_session().toasts;
    let copy_menu = RwSignal::new(None::<OpenMenu>);
    let counted = move || {
        let rows = view.rows();
        let total = rows.total.get();
        // What is wanted is shown when it is here.
        let is_filtered =
            view.asking.get().is_none() && view.wanted.with(|wanted| !wanted.filters.is_empty());
        if is_filtered {
            format!("{} of {}", display::count(total), display::counted(view.whole.total.get(), "row"))
        } else {
            display::counted(total, "row")
        }
    };
    let has_refinement =
        move || view.wanted.with(|wanted| !wanted.filters.is_empty() || !wanted.sorts.is_empty());
    let clear = Callback::new(move |()| {
        view.refine(|wanted| {
            wanted.filters.clear();
            wanted.sorts.clear();
        });
    });
    let hidden = move || {
        let columns = view.columns().len();
        let shown = view.grid.layout.with(|layout| layout.shown().columns.len());
        if shown == columns {
            display::counted(columns as u64, "column")
        } else {
            format!("{shown} of {} columns", display::count(columns as u64))
        }
    };
    let open_copy = move |event: MouseEvent| {
        let items = CopyFormat::ALL
            .into_iter()
            .map(|format| MenuItem::new(format.label(), move || copying::copy(view, toasts, format)))
            .collect();
        copy_menu.set(Some(OpenMenu { label: "Copy as".to_owned(), at: below(&event), items }));
    };
    view! {
        <div class="refine-bar" role="group" aria-label="How the rows are shown">
            <span class="refine-count">{counted}</span>
            {move || filters(around)}
            {move || sorts(around)}
            <Show when=has_refinement>
                <Button label="Clear" weight=Weight::Quiet on_press=clear />
            </Show>
            {move || {
                view.asking
                    .get()
                    .map(|asking| {
                        let millis = asking.progress.elapsed_millis;
                        view! {
                            <span class="refine-asking">
                                <span class="top-pulse" aria-hidden="true"></span>
                                {format!(
                                    "{} read, {}",
                                    display::counted(asking.progress.rows_read, "row"),
                                    display::duration(millis),
                                )}
                                <Button
                                    label="Stop"
                                    icon=Lucide::Stop
                                    weight=Weight::Quiet
                                    on_press=Callback::new(move |()| view.stop())
                                />
                            </span>
                        }
                    })
            }}
            <span class="refine-room"></span>
            <button
                type="button"
                class="refine-button"
                aria-haspopup="dialog"
                on:click=move |event| around.columns_at.set(Some(below(&event)))
            >
                <Icon of=Lucide::Columns />
                <span>{hidden}</span>
            </button>
            <button
                type="button"
                class="refine-button"
                aria-haspopup="menu"
                aria-label="Copy as…"
                on:click=open_copy
            >
                <Icon of=Lucide::Copy />
                <span>"Copy"</span>
            </button>
            <Menu open=copy_menu />
            <p class="unseen" role="status">
                {move || if view.asking.get().is_none() && has_refinement() { spoken(around, &counted()) } else { String::new() }}
            </p>
        </div>
    }
}

fn filters(around: Around) -> impl IntoView {
    let view = around.view;
    let columns = view.columns();
    let filters = view.wanted.with(|wanted| wanted.filters.clone());
    filters
        .into_iter()
        .enumerate()
        .filter_map(|(at, filter)| {
            let words = filter.words(columns.get(filter.column)?);
            let label = format!("Remove the condition {words}");
            let edit = move |event: MouseEvent| {
                around.edited.set(Some(Edited { column: filter.column, filter: Some(at) }));
                around.filter_at.set(Some(below(&event)));
            };
            Some(view! {
                <span class="refine-part">
                    <button
                        type="button"
                        class="refine-words"
                        aria-haspopup="dialog"
                        title="Change this condition"
                        on:click=edit
                    >
                        {words}
                    </button>
                    <IconButton
                        label=label
                        icon=Lucide::Close
                        on_press=Callback::new(move |()| view.refine(|wanted| wanted.remove_filter(at)))
                    />
                </span>
            })
        })
        .collect_view()
}

fn sorts(around: Around) -> impl IntoView {
    let view = around.view;
    let columns = view.columns();
    let sorts = view.wanted.with(|wanted| wanted.sorts.clone());
    sorts
        .into_iter()
        .enumerate()
        .filter_map(|(at, sort)| {
            let name = columns.get(sort.column)?.name.clone();
            let arrow = if sort.is_descending { "↓" } else { "↑" };
            let words = format!("{} {name} {arrow}", if at == 0 { "sorted by" } else { "then" });
            Some(view! {
                <span class="refine-part">
                    <button
                        type="button"
                        class="refine-words"
                        title="Turn the sort around"
                        on:click=move |_| {
                            view.refine(|wanted| {
                                if let Some(sort) = wanted.sorts.get_mut(at) {
                                    sort.is_descending = !sort.is_descending;
                                }
                            });
                        }
                    >
                        {words}
                    </button>
                    <IconButton
                        label=format!("No longer sort by {name}")
                        icon=Lucide::Close
                        on_press=Callback::new(move |()| view.refine(|wanted| wanted.remove_sort(at)))
                    />
                </span>
            })
        })
        .collect_view()
}

/// What a screen reader hears when other rows are shown.
fn spoken(around: Around, counted: &str) -> String {
    let columns = around.view.columns();
    let sorts = around.view.wanted.with(|wanted| wanted.sorts.clone());
    let sorts: Vec<String> = sorts
        .iter()
        .filter_map(|sort| {
            let word = if sort.is_descending { "descending" } else { "ascending" };
            Some(format!("{} {word}", columns.get(sort.column)?.name))
        })
        .collect();
    let sorted = if sorts.is_empty() { String::new() } else { format!(", sorted by {}", sorts.join(", ")) };
    format!("{counted}{sorted}.")
}

/// The point below a button that was pressed.
fn below(event: &MouseEvent) -> (f64, f64) {
    let button = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    button.map_or((0.0, 0.0), |button| {
        let bounds = button.get_bounding_client_rect();
        (bounds.left(), bounds.bottom() + 4.0)
    })
}
