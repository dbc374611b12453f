//! A line of figures: what a thing did, and what it cost.

use leptos::prelude::*;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What it counts.
    pub(crate) label: &'static str,
    /// The figure, as shown.
    pub(crate) value: String,
}

/// A line of figures.
#[component]
pub(crate) fn Figures(
    /// The figures.
    #[prop(into)]
    figures: Signal<Vec<Figure>>,
) -> impl IntoView {
    view! {
        <dl class="figures">
            {move || {
                figures
                    .get()
                    .into_iter()
                    .map(|figure| {
                        view! {
                            <div>
                                <dt>{figure.label}</dt>
                                <dd>{figure.value}</dd>
                            </div>
                        }
                    })
                    .collect_view()
            }}
        </dl>
    }
}
