//! The loading face of a panel: the shape of what comes.

use leptos::prelude::*;

/// Rows of a grid that are on their way.
#[component]
pub(crate) fn RowsSkeleton(
    /// What is awaited, for screen readers.
    label: &'static str,
) -> impl IntoView {
    let row = |widths: [u32; 5]| {
        view! {
            <div class="skeleton-row">
                {widths.map(|width| view! { <span style:width=format!("{width}px")></span> }).collect_view()}
            </div>
        }
    };
    view! {
        <div class="skeleton" role="status">
            <span class="unseen">{label}</span>
            {(0..12_u32)
                .map(|line| row([20, 120 - line * 37 % 50, 64 + line * 23 % 40, 140 - line * 31 % 70, 72]))
                .collect_view()}
        </div>
    }
}
