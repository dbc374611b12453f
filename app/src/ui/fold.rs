//! The button that shows and hides what belongs to a line.

use crate::ui::{Icon, Lucide};
use leptos::prelude::*;

/// An arrow that points down while it is open.
#[component]
pub(crate) fn Fold(
    /// What it shows.
    #[prop(into)]
    label: String,
    /// Whether that is shown.
    is_open: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button fold"
            class:fold-open=is_open
            aria-label=label
            aria-expanded=move || if is_open.get() { "true" } else { "false" }
            on:click=move |_| is_open.update(|is_open| *is_open = !*is_open)
        >
            <Icon of=Lucide::ChevronRight />
        </button>
    }
}
