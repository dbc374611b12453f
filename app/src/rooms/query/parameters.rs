//! The values of the parameters that a pad's text names: `:name`.

use super::use_pad;
use crate::pads::Pad;
use leptos::prelude::*;
use tarn_rpc::Parameter;

/// The types that a value can have, in Databricks' words.
const TYPES: &[&str] = &["STRING", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"];

/// A field for each parameter; nothing where the text has none.
#[component]
pub(super) fn Parameters() -> impl IntoView {
    let pad = use_pad();
    let named = Memo::new(move |_| pad.named.get());
    view! {
        <Show when=move || named.with(|named| !named.is_empty())>
            <div class="parameters" role="group" aria-label="Parameters">
                <For each=move || named.get() key=String::clone let:name>
                    <ParameterField pad name />
                </For>
            </div>
        </Show>
    }
}

#[component]
fn ParameterField(pad: Pad, name: String) -> impl IntoView {
    let of_pad = {
        let name = name.clone();
        move || {
            pad.parameters.with(|all| all.iter().find(|one| one.name.eq_ignore_ascii_case(&name)).cloned())
        }
    };
    let current = Memo::new({
        let name = name.clone();
        move |_| of_pad().unwrap_or_else(|| empty(&name))
    });
    // What the fields show is what runs: a parameter that nobody has touched is an empty text.
    if !pad.parameters.with_untracked(|all| all.iter().any(|one| one.name.eq_ignore_ascii_case(&name))) {
        change(pad, &name, |_| {});
    }
    let (of_type, of_value, of_null) = (name.clone(), name.clone(), name.clone());
    let id = format!("parameter-{}-{name}", pad.id);
    let is_null = Memo::new(move |_| current.get().value.is_none());
    let input_type = move || match current.get().type_name.as_str() {
        "DATE" => "date",
        _ => "text",
    };
    view! {
        <span class="parameter">
            <label for=id.clone()>{format!(":{name}")}</label>
            <input
                id=id
                class="input"
                type=input_type
                disabled=is_null
                placeholder=move || if is_null.get() { "NULL" } else { "" }
                prop:value=move || current.get().value.unwrap_or_default()
                on:input:target=move |event| {
                    let value = event.target().value();
                    change(pad, &of_value, |one| one.value = Some(value));
                }
            />
            <select
                class="input"
                aria-label=format!("Type of {name}")
                prop:value=move || {
                    let current = current.get();
                    if current.value.is_none() { "NULL".to_owned() } else { current.type_name }
                }
                on:change:target=move |event| {
                    let chosen = event.target().value();
                    change(pad, &of_type, |one| match chosen.as_str() {
                        "NULL" => one.value = None,
                        type_name => {
                            one.type_name = type_name.to_owned();
                            one.value.get_or_insert_default();
                        }
                    });
                }
            >
                {TYPES
                    .iter()
                    .chain(&["NULL"])
                    .map(|of| {
                        let of_null = of_null.clone();
                        let is_chosen = move || {
                            let current = pad.parameters.with(|all| all.iter().find(|one| one.name.eq_ignore_ascii_case(&of_null)).cloned());
                            current.is_some_and(|one| match one.value {
                                None => *of == "NULL",
                                Some(_) => one.type_name == *of,
                            })
                        };
                        view! { <option value=*of selected=is_chosen>{*of}</option> }
                    })
                    .collect_view()}
            </select>
        </span>
    }
}

fn empty(name: &str) -> Parameter {
    Parameter { name: name.to_owned(), type_name: "STRING".to_owned(), value: Some(String::new()) }
}

fn change(pad: Pad, name: &str, change: impl FnOnce(&mut Parameter)) {
    pad.parameters.update(|all| {
        let at = all.iter().position(|one| one.name.eq_ignore_ascii_case(name)).unwrap_or_else(|| {
            all.push(empty(name));
            all.len() - 1
        });
        if let Some(one) = all.get_mut(at) {
            change(one);
        }
    });
}
