//! The bar between editor and rows: run, stop, and what will run.

use super::export_sheet::ExportButton;
use super::use_pad;
use crate::engine_client::EngineStatus;
use crate::runs::Phase;
use crate::session::use_session;
use crate::ui::{Button, Lucide, Weight};
use leptos::prelude::*;

/// The bar.
#[component]
pub(super) fn RunBar() -> impl IntoView {
    let (session, pad) = (use_session(), use_pad());
    let runs = pad.runs;
    let has_selection = Memo::new(move |_| {
        let (from, to) = pad.selection.get();
        from != to
    });
    let is_blank = Memo::new(move |_| pad.text.with(|text| text.trim().is_empty()));
    let is_failed = Memo::new(move |_| matches!(session.engine.status.get(), EngineStatus::Failed { .. }));
    let is_running = Memo::new(move |_| runs.phase.get().is_running());
    let is_stopping = Memo::new(move |_| matches!(runs.phase.get(), Phase::Stopping { .. }));
    let label = move || if has_selection.get() { "Run selection" } else { "Run" }.to_owned();
    let is_starting = Memo::new(move |_| session.engine.status.get() == EngineStatus::Starting);
    view! {
        <div class="run-bar">
            {move || {
                if is_running.get() {
                    view! {
                        <Button
                            label=Signal::derive(move || {
                                if is_stopping.get() { "Stopping…" } else { "Stop" }.to_owned()
                            })
                            icon=Lucide::Stop
                            weight=Weight::Danger
                            key_hint="Esc"
                            disabled=is_stopping
                            on_press=Callback::new(move |()| runs.stop())
                        />
                    }
                        .into_any()
                } else {
                    view! {
                        <Button
                            label=Signal::derive(label)
                            icon=Lucide::Play
                            weight=Weight::Primary
                            key_hint=run_key()
                            disabled=Signal::derive(move || is_blank.get() || is_failed.get())
                            on_press=Callback::new(move |()| session.run())
                        />
                    }
                        .into_any()
                }
            }}
            <span class="run-note quiet">
                {move || {
                    if is_running.get() && is_starting.get() {
                        "Waits for the engine to load"
                    } else if is_starting.get() {
                        "The engine is loading…"
                    } else {
                        ""
                    }
                }}
            </span>
            <ExportButton />
            <span class="run-files">
                <Button
                    label="Files"
                    icon=Lucide::Files
                    on_press=Callback::new(move |()| session.is_files_open.set(true))
                />
            </span>
        </div>
    }
}

/// The key that runs, as this system writes it.
fn run_key() -> &'static str {
    if crate::app::is_apple() { "⌘↵" } else { "Ctrl ↵" }
}
