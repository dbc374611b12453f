//! Buttons.

use crate::ui::{Icon, Lucide};
use leptos::prelude::*;

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The one thing to do here.
    Primary,
    /// One of several.
    Plain,
    /// Beside others, without a border.
    Quiet,
    /// Ends something.
    Danger,
}

impl Weight {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Plain => "button",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button with words.
#[component]
pub(crate) fn Button(
    /// What it does, in a word or two.
    #[prop(into)]
    label: Signal<String>,
    /// Its icon.
    #[prop(optional)]
    icon: Option<Lucide>,
    /// How loud it is.
    #[prop(default = Weight::Plain)]
    weight: Weight,
    /// Its key, as written on it.
    #[prop(default = "")]
    key_hint: &'static str,
    /// Whether it can be pressed not now.
    #[prop(into, default = Signal::stored(false))]
    disabled: Signal<bool>,
    /// What it does.
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button type="button" class=weight.class() disabled=disabled on:click=move |_| on_press.run(())>
            {icon.map(|icon| view! { <Icon of=icon /> })}
            <span>{label}</span>
            {(!key_hint.is_empty()).then(|| view! { <kbd aria-hidden="true">{key_hint}</kbd> })}
        </button>
    }
}

/// A button that is an icon only; its label is its tooltip and what a screen reader says.
#[component]
pub(crate) fn IconButton(
    /// What it does.
    #[prop(into)]
    label: Signal<String>,
    /// Its icon.
    icon: Lucide,
    /// What it does.
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=label
            title=label
            on:click=move |event| {
                event.stop_propagation();
                on_press.run(());
            }
        >
            <Icon of=icon />
        </button>
    }
}
