//! The operators of the shown statement, folded away until asked for.

use super::use_pad;
use crate::display;
use leptos::prelude::*;
use tarn_rpc::OperatorProgress;

/// The operators.
#[component]
pub(super) fn Plan() -> impl IntoView {
    let runs = use_pad().runs;
    let operators = move || {
        runs.statements.with(|list| {
            list.get(runs.shown.get().min(list.len().saturating_sub(1)))
                .map(|statement| statement.progress.get().operators)
                .unwrap_or_default()
        })
    };
    let has_any = Memo::new(move |_| !operators().is_empty());
    view! {
        <Show when=move || has_any.get()>
            <details class="plan">
                <summary>"Operators"</summary>
                <div class="plan-panel" tabindex="0" role="group" aria-label="Operators of the query">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Operator"</th>
                                <th scope="col">"Rows out"</th>
                                <th scope="col">"Busy"</th>
                                <th scope="col"><span class="unseen">"Share of the longest"</span></th>
                            </tr>
                        </thead>
                        <tbody>
                            {move || {
                                let operators = operators();
                                let most = operators
                                    .iter()
                                    .map(|operator| operator.busy_millis)
                                    .fold(1.0, f64::max);
                                operators.into_iter().map(|operator| row(operator, most)).collect_view()
                            }}
                        </tbody>
                    </table>
                </div>
            </details>
        </Show>
    }
}

fn row(operator: OperatorProgress, most_millis: f64) -> impl IntoView {
    let share = (operator.busy_millis / most_millis * 100.0).clamp(0.0, 100.0);
    view! {
        <tr>
            <td style:padding-left=format!("{}px", 8 + operator.depth * 12)>{operator.name}</td>
            <td>{display::count(operator.rows)}</td>
            <td>{display::duration(operator.busy_millis)}</td>
            <td><span class="plan-bar" style:width=format!("{share:.0}%")></span></td>
        </tr>
    }
}
