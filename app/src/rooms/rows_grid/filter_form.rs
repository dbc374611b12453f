//! The form for a condition on a column.

use super::Around;
use crate::refinement::{Filter, Test};
use crate::ui::{Button, Weight};
use leptos::html;
use leptos::prelude::*;
use tarn_rpc::{Column, ColumnKind};

/// A condition that is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edited {
    /// The column.
    pub(super) column: usize,
    /// Which of the filters it is, if there is one already.
    pub(super) filter: Option<usize>,
}

/// The form.
#[component]
pub(super) fn FilterForm(around: Around) -> impl IntoView {
    let edited = around.edited.get_untracked();
    edited.and_then(|edited| {
        let column = around.view.columns_untracked().get(edited.column).cloned()?;
        Some(view! { <Form around edited column /> })
    })
}

#[component]
fn Form(around: Around, edited: Edited, column: Column) -> impl IntoView {
    let view = around.view;
    let before =
        edited.filter.and_then(|at| view.wanted.with_untracked(|wanted| wanted.filters.get(at).cloned()));
    let tests = Test::of(&column);
    let first = tests.first().copied().unwrap_or(Test::NotNull);
    let test = RwSignal::new(before.as_ref().map_or(first, |filter| filter.test));
    let is_truth = column.kind == ColumnKind::Boolean;
    let start = if is_truth { "true" } else { "" };
    let value = RwSignal::new(before.as_ref().map_or(start.to_owned(), |filter| filter.value.clone()));
    let to = RwSignal::new(before.map_or(String::new(), |filter| filter.to));
    let trouble = RwSignal::new(None::<String>);
    let input = NodeRef::<html::Input>::new();
    let choice = NodeRef::<html::Select>::new();
    Effect::new(move || {
        // The field to fill in has the focus; the browser gives it to the choice first.
        if let Some(input) = input.get() {
            request_animation_frame(move || {
                drop(input.focus());
                input.select();
            });
        }
    });
    let title = format!("Rows where {}", column.name);
    let example = example(&column);
    let of = StoredValue::new(column);
    let apply = move || {
        let filter = Filter {
            column: edited.column,
            test: test.get_untracked(),
            value: value.get_untracked(),
            to: to.get_untracked(),
        };
        if let Err(message) = of.with_value(|column| filter.sql("c0", column)) {
            return trouble.set(Some(message));
        }
        around.filter_at.set(None);
        view.refine(move |wanted| match edited.filter.and_then(|at| wanted.filters.get_mut(at)) {
            Some(slot) => *slot = filter,
            None => wanted.filters.push(filter),
        });
    };
    let operands = move || test.get().operands();
    view! {
        <h2>{title}</h2>
        <form
            class="filter-form"
            on:submit=move |event| {
                event.prevent_default();
                apply();
            }
        >
            <select
                node_ref=choice
                class="input"
                aria-label="Condition"
                on:change:target=move |event| {
                    let chosen = event.target().value();
                    if let Some(chosen) = tests.iter().find(|test| test.words() == chosen) {
                        trouble.set(None);
                        test.set(*chosen);
                    }
                }
            >
                {tests
                    .iter()
                    .map(|each| {
                        view! {
                            <option value=each.words() selected=move || test.get_untracked() == *each>
                                {each.words()}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <Show when=move || { operands() > 0 && is_truth }>
                <select
                    class="input"
                    aria-label="Value"
                    on:change:target=move |event| value.set(event.target().value())
                >
                    {["true", "false"]
                        .map(|word| {
                            view! {
                                <option value=word selected=move || value.get_untracked() == word>
                                    {word}
                                </option>
                            }
                        })}
                </select>
            </Show>
            <Show when=move || { operands() > 0 && !is_truth }>
                <input
                    node_ref=input
                    class="input"
                    aria-label=move || if operands() == 2 { "From" } else { "Value" }
                    placeholder=example
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=value
                    on:input:target=move |event| {
                        trouble.set(None);
                        value.set(event.target().value());
                    }
                />
            </Show>
            <Show when=move || operands() == 2>
                <input
                    class="input"
                    aria-label="To"
                    placeholder=example
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=to
                    on:input:target=move |event| {
                        trouble.set(None);
                        to.set(event.target().value());
                    }
                />
            </Show>
            <p class="field-trouble" role="alert">{move || trouble.get()}</p>
            <div class="sheet-actions">
                <button type="submit" class="button button-primary">"Filter"</button>
                <Button
                    label="Cancel"
                    weight=Weight::Plain
                    on_press=Callback::new(move |()| around.filter_at.set(None))
                />
            </div>
        </form>
    }
}

fn example(column: &Column) -> &'static str {
    match column.type_name.as_str() {
        "DATE" => "2026-01-31",
        "TIMESTAMP" => "2026-01-31T12:00:00Z",
        "TIMESTAMP_NTZ" => "2026-01-31T12:00:00",
        name if name.starts_with("TIME(") => "12:00:00",
        _ => "",
    }
}
