//! The empty face of a panel: what would be here, and the next step.

use leptos::prelude::*;

/// An empty panel. Children are the next steps.
#[component]
pub(crate) fn Empty(
    /// What would be here.
    title: &'static str,
    /// A sentence more.
    #[prop(into)]
    text: Signal<String>,
    /// The next steps.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="empty-steps">{children()}</div> })}
        </div>
    }
}
