//! Fields of forms.

use leptos::prelude::*;

/// A line of text with its label above.
#[component]
pub(crate) fn Field(
    /// What to fill in.
    label: &'static str,
    /// Its text.
    value: RwSignal<String>,
    /// An example.
    #[prop(default = "")]
    example: &'static str,
    /// `text`, `password` or `url`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What to know before filling it in.
    #[prop(default = "")]
    note: &'static str,
) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            <input
                type=kind
                placeholder=example
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                prop:value=value
                on:input:target=move |event| value.set(event.target().value())
            />
            {(!note.is_empty()).then(|| view! { <span class="field-note">{note}</span> })}
        </label>
    }
}

/// Something that is so or not.
#[component]
pub(crate) fn Check(
    /// What is so.
    label: &'static str,
    /// Whether it is.
    value: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                prop:checked=value
                on:change:target=move |event| value.set(event.target().checked())
            />
            <span>{label}</span>
        </label>
    }
}
