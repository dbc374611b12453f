//! The compute room: where work runs and what it takes. What runs, memory, storage, the GPU.

mod clear;
mod gpu;
mod status;

use crate::display;
use crate::engine_client::EngineStatus;
use crate::rooms::data::StorageNote;
use crate::session::use_session;
use crate::ui::{Button, Empty, Lucide, RowsSkeleton, Weight};
use clear::ClearData;
use gpu::Gpu;
use leptos::prelude::*;
use status::{Status, watch};
use tarn_rpc::{Request, RunStatus};

/// The room.
#[component]
pub(crate) fn Compute() -> impl IntoView {
    let session = use_session();
    let status = watch(session.engine);
    let name = move || match session.engine.status.get() {
        EngineStatus::Starting => "This tab: the engine is loading",
        EngineStatus::Ready => "This tab, one thread",
        EngineStatus::Failed { .. } => "This tab: the engine does not run",
    };
    view! {
        <div class="compute">
            <section aria-labelledby="compute-runs">
                <h2 id="compute-runs">{name}</h2>
                {move || match status.get() {
                    None => view! { <RowsSkeleton label="Asking the engine" /> }.into_any(),
                    Some(status) => view! { <Runs runs=status.runs /> }.into_any(),
                }}
            </section>
            <section aria-labelledby="compute-memory">
                <h2 id="compute-memory">"Memory"</h2>
                {move || status.get().map(|status| view! { <Memory status /> })}
            </section>
            <section aria-labelledby="compute-storage">
                <h2 id="compute-storage">"Storage of this browser"</h2>
                <StorageNote />
                <ClearData />
            </section>
            <section aria-labelledby="compute-gpu">
                <h2 id="compute-gpu">"GPU"</h2>
                <Gpu />
            </section>
        </div>
    }
}

/// What runs, each with an end.
#[component]
fn Runs(runs: Vec<RunStatus>) -> impl IntoView {
    let engine = use_session().engine;
    if runs.is_empty() {
        return view! { <Empty title="Nothing runs" text="A statement that runs is listed here, with its memory and a stop." /> }
            .into_any();
    }
    let rows = runs
        .into_iter()
        .map(|run| {
            let sql = run.sql.split_whitespace().collect::<Vec<_>>().join(" ");
            view! {
                <li class="compute-run">
                    <code title=run.sql>{sql}</code>
                    <span>{display::bytes(run.memory_bytes)}</span>
                    <span>{display::duration(run.elapsed_millis)}</span>
                    <Button
                        label="Stop"
                        icon=Lucide::Stop
                        weight=Weight::Danger
                        on_press=Callback::new(move |()| engine.tell(Request::Cancel { run: run.id }))
                    />
                </li>
            }
        })
        .collect_view();
    view! { <ul>{rows}</ul> }.into_any()
}

#[component]
fn Memory(status: Status) -> impl IntoView {
    let of_results: u64 = status.results.iter().map(|result| result.memory_bytes).sum();
    let of_runs: u64 = status.runs.iter().map(|run| run.memory_bytes).sum();
    let rows: u64 = status.results.iter().map(|result| result.rows).sum();
    let share = |bytes: u64| format!("{:.2}%", bytes as f64 / status.limit_bytes.max(1) as f64 * 100.0);
    let line = |name: &'static str, bytes: u64, note: String| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{display::bytes(bytes)}</td>
                <td class="quiet">{note}</td>
            </tr>
        }
    };
    let results = display::counted(status.results.len() as u64, "result");
    view! {
        <div class="storage-bar" aria-hidden="true">
            <span style:width=share(status.used_bytes)></span>
        </div>
        <table class="compute-figures">
            <tbody>
                {line("In use", status.used_bytes, format!("of {} that queries and results may take", display::bytes(status.limit_bytes)))}
                {line("Queries", of_runs, display::counted(status.runs.len() as u64, "statement"))}
                {line("Results", of_results, format!("{results} with {}", display::counted(rows, "row")))}
                {line("Cache", status.cache_bytes, "of files that were read over the network".to_owned())}
                {line("The engine as a whole", status.wasm_bytes, "taken from the browser; it grows and never shrinks".to_owned())}
            </tbody>
        </table>
    }
}
