//! The columns of a result, to show and to hide.

use crate::result_view::ResultView;
use crate::ui::{Button, Weight};
use leptos::prelude::*;

/// The list, with a search.
#[component]
pub(super) fn ColumnsList(view: ResultView) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let state = view.grid;
    let found = Memo::new(move |_| {
        let typed = typed.get().to_lowercase();
        let columns = view.columns();
        state.layout.with(|layout| {
            let named = |column: &usize| {
                columns.get(*column).is_some_and(|of| of.name.to_lowercase().contains(&typed))
            };
            layout.all().into_iter().filter(named).collect::<Vec<_>>()
        })
    });
    view! {
        <h2>"Columns"</h2>
        <input
            class="input"
            type="search"
            aria-label="Find a column"
            placeholder="Find a column"
            autocomplete="off"
            spellcheck="false"
            prop:value=typed
            on:input:target=move |event| typed.set(event.target().value())
        />
        <ul class="columns-list" aria-label="Columns">
            <For each=move || found.get() key=|column| *column let:column>
                <ColumnLine view column />
            </For>
        </ul>
        <Show when=move || found.with(Vec::is_empty)>
            <p class="quiet">"No column has that name."</p>
        </Show>
        <div class="sheet-actions">
            <Button
                label="Show all"
                weight=Weight::Plain
                on_press=Callback::new(move |()| state.arrange(crate::ui::Layout::show_all))
            />
            <Button
                label="Hide these"
                weight=Weight::Plain
                on_press=Callback::new(move |()| {
                    let found = found.get_untracked();
                    state.arrange(|layout| found.into_iter().for_each(|column| layout.hide(column)));
                })
            />
        </div>
    }
}

#[component]
fn ColumnLine(view: ResultView, column: usize) -> impl IntoView {
    let state = view.grid;
    let of = view.columns_untracked().get(column).cloned();
    let (name, type_name) = of.map(|of| (of.name, of.type_name)).unwrap_or_default();
    let is_shown = Memo::new(move |_| state.layout.with(|layout| !layout.is_hidden(column)));
    view! {
        <li>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=is_shown
                    on:change:target=move |event| {
                        let is_checked = event.target().checked();
                        state
                            .arrange(|layout| {
                                if is_checked { layout.show(column) } else { layout.hide(column) }
                            });
                        // The last one stays.
                        event.target().set_checked(is_shown.get_untracked());
                    }
                />
                <span class="columns-name">{name}</span>
                <span class="columns-type quiet">{type_name}</span>
            </label>
        </li>
    }
}
