//! The operators of a statement as a tree, with what each put out, read and took.

use super::use_pad;
use crate::display;
use crate::runs::Statement;
use leptos::prelude::*;
use tarn_rpc::OperatorProgress;

/// The operators of the shown statement, folded away until asked for.
#[component]
pub(super) fn Plan() -> impl IntoView {
    let runs = use_pad().runs;
    let operators = Memo::new(move |_| {
        runs.statements.with(|list| {
            list.get(runs.shown.get().min(list.len().saturating_sub(1)))
                .map(|statement| statement.progress.get().operators)
                .unwrap_or_default()
        })
    });
    let has_any = Memo::new(move |_| operators.with(|operators| !operators.is_empty()));
    view! {
        <Show when=move || has_any.get()>
            <details class="plan">
                <summary>"Operators"</summary>
                <div class="plan-panel" tabindex="0" role="group" aria-label="Operators of the query">
                    <PlanTree operators=operators />
                </div>
            </details>
        </Show>
    }
}

/// Whether what a statement shows is its plan with measures.
pub(super) fn is_analysis(statement: &Statement) -> bool {
    let mut words = statement.sql.split_whitespace().map(str::to_ascii_uppercase);
    words.next().as_deref() == Some("EXPLAIN") && words.next().as_deref() == Some("ANALYZE")
}

/// A tree of operators: a row each, what it feeds on below it.
#[component]
pub(super) fn PlanTree(
    /// From the root down, each with its depth.
    #[prop(into)]
    operators: Signal<Vec<OperatorProgress>>,
) -> impl IntoView {
    view! {
        <table class="plan-tree">
            <thead>
                <tr>
                    <th scope="col">"Operator"</th>
                    <th scope="col">"Rows out"</th>
                    <th scope="col">"Bytes"</th>
                    <th scope="col">"Busy"</th>
                    <th scope="col">
                        <span class="unseen">"Share of the longest"</span>
                    </th>
                </tr>
            </thead>
            <tbody>
                {move || {
                    let operators = operators.get();
                    let most =
                        operators.iter().map(|operator| operator.busy_millis).fold(0.001, f64::max);
                    let depths: Vec<u32> = operators.iter().map(|operator| operator.depth).collect();
                    operators
                        .into_iter()
                        .enumerate()
                        .map(|(at, operator)| row(operator, branches(&depths, at), most))
                        .collect_view()
                }}
            </tbody>
        </table>
    }
}

/// The lines of the tree before an operator: for each depth above it whether a line goes on there, and at last its own.
fn branches(depths: &[u32], at: usize) -> Vec<&'static str> {
    let depth = depths.get(at).copied().unwrap_or_default();
    let goes_on = |level: u32| {
        let below = depths.get(at + 1..).unwrap_or_default();
        below.iter().find(|other| **other <= level) == Some(&level)
    };
    (1..=depth)
        .map(|level| match (level == depth, goes_on(level)) {
            (true, true) => "plan-branch",
            (true, false) => "plan-branch plan-last",
            (false, true) => "plan-line",
            (false, false) => "plan-gap",
        })
        .collect()
}

fn row(operator: OperatorProgress, branches: Vec<&'static str>, most_millis: f64) -> impl IntoView {
    let share = (operator.busy_millis / most_millis * 100.0).clamp(0.0, 100.0);
    let name = operator.name.strip_suffix("Exec").unwrap_or(&operator.name).to_owned();
    view! {
        <tr>
            <td>
                <div class="plan-operator">
                    {branches
                        .into_iter()
                        .map(|class| view! { <span class=class aria-hidden="true"></span> })
                        .collect_view()}
                    <span class="plan-name">
                        <span class="unseen">{format!("Level {}: ", operator.depth + 1)}</span>
                        {name}
                    </span>
                    <span class="plan-detail" title=operator.detail.clone()>{operator.detail.clone()}</span>
                </div>
            </td>
            <td>{display::count(operator.rows)}</td>
            <td>{(operator.bytes > 0).then(|| display::bytes(operator.bytes))}</td>
            <td>{display::duration(operator.busy_millis)}</td>
            <td>
                <span class="plan-bar" style:width=format!("{share:.0}%")></span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_to_the_last_of_those_beside() {
        // A join of a scan and a filter over a scan.
        let depths = [0, 1, 2, 1];
        assert_eq!(branches(&depths, 0), Vec::<&str>::new());
        assert_eq!(branches(&depths, 1), ["plan-branch"]);
        assert_eq!(branches(&depths, 2), ["plan-line", "plan-branch plan-last"]);
        assert_eq!(branches(&depths, 3), ["plan-branch plan-last"]);
    }
}
