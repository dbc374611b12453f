//! The engine's own account of what runs and what it holds, asked for while the room is open.

use crate::engine_client::{EngineClient, EngineStatus};
use gloo_timers::callback::Interval;
use leptos::prelude::*;
use tarn_rpc::{Event, Request, ResultStatus, RunStatus};

const EVERY_MILLIS: u32 = 500;

/// What the engine said last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Status {
    pub(super) used_bytes: u64,
    pub(super) limit_bytes: u64,
    pub(super) wasm_bytes: u64,
    pub(super) cache_bytes: u64,
    pub(super) runs: Vec<RunStatus>,
    pub(super) results: Vec<ResultStatus>,
}

/// The status, as long as the part of the page is there that asks.
pub(super) fn watch(engine: EngineClient) -> RwSignal<Option<Status>> {
    let status = RwSignal::new(None);
    // An engine that is busy is not asked twice.
    let is_asked = StoredValue::new(false);
    let ask = move || {
        if engine.status.get_untracked() != EngineStatus::Ready || is_asked.get_value() {
            return;
        }
        is_asked.set_value(true);
        engine.send(Request::Status, move |event| {
            is_asked.try_set_value(false);
            if let Event::Status { used_bytes, limit_bytes, wasm_bytes, cache_bytes, mut runs, results } =
                event
            {
                runs.sort_by_key(|run| run.id);
                status.try_set(Some(Status {
                    used_bytes,
                    limit_bytes,
                    wasm_bytes,
                    cache_bytes,
                    runs,
                    results,
                }));
            }
        });
    };
    Effect::new(move || {
        engine.status.track();
        ask();
    });
    let timer = StoredValue::new_local(Some(Interval::new(EVERY_MILLIS, ask)));
    on_cleanup(move || drop(timer.try_update_value(Option::take)));
    status
}
