//! The top bar: where the lake lives, what runs, the palette, the theme.

use crate::display;
use crate::engine_client::EngineStatus;
use crate::runs::Phase;
use crate::session::use_session;
use crate::ui::{Icon, IconButton, Lucide};
use leptos::prelude::*;
use tarn_rpc::StoreKind;

/// The top bar.
#[component]
pub(super) fn TopBar() -> impl IntoView {
    let session = use_session();
    let engine = session.engine;
    let place = Memo::new(move |_| match (engine.status.get(), engine.store.get()) {
        (EngineStatus::Failed { .. }, _) => ("no engine".to_owned(), true),
        (EngineStatus::Starting, None) => ("loading…".to_owned(), false),
        (_, Some(StoreKind::Opfs)) => ("in this browser".to_owned(), false),
        (_, Some(StoreKind::Memory { reason })) => (format!("in memory — {reason}"), true),
        (EngineStatus::Ready, None) => (String::new(), false),
    });
    let theme = session.theme;
    view! {
        <header class="top-bar">
            <h1 class="top-name">"Tarn"</h1>
            <p
                class="top-place"
                class:top-place-limited=move || place.get().1
                title=move || place.get().0
            >
                {move || place.get().0}
            </p>
            <Moving />
            <Writing />
            <MakingTpch />
            <Running />
            <button
                type="button"
                class="top-find"
                aria-keyshortcuts="Control+K Meta+K"
                on:click=move |_| session.is_palette_open.set(true)
            >
                <Icon of=Lucide::Search />
                <span>"Commands"</span>
                <kbd aria-hidden="true">{if super::is_apple() { "⌘K" } else { "Ctrl K" }}</kbd>
            </button>
            {move || {
                let choice = theme.get();
                view! {
                    <IconButton
                        label=format!("Theme: {}", choice.name())
                        icon=choice.icon()
                        on_press=Callback::new(move |()| theme.set(choice.next()))
                    />
                }
            }}
        </header>
    }
}

/// A table that is copied, packed or saved, with how far it is and an end.
#[component]
fn Moving() -> impl IntoView {
    let moves = use_session().moves;
    view! {
        {move || {
            moves
                .now
                .get()
                .map(|now| {
                    let text = match now.total_bytes {
                        0 => now.label,
                        total => {
                            let share = now.done_bytes.min(total) as f64 / total as f64 * 100.0;
                            format!("{} {share:.0} %", now.label)
                        }
                    };
                    view! {
                        <div class="top-running">
                            <span class="top-pulse" aria-hidden="true"></span>
                            <span>{text}</span>
                            <IconButton
                                label="Stop the copy"
                                icon=Lucide::Stop
                                on_press=Callback::new(move |()| moves.stop())
                            />
                        </div>
                    }
                })
        }}
    }
}

/// A file that is being written, with how far it is and an end.
#[component]
fn Writing() -> impl IntoView {
    let exports = use_session().exports;
    view! {
        {move || {
            exports
                .now
                .get()
                .map(|now| {
                    let rows = display::counted(now.progress.rows_read, "row");
                    view! {
                        <div class="top-running">
                            <span class="top-pulse" aria-hidden="true"></span>
                            <span>{format!("Writing {}: {rows} read", now.name)}</span>
                            <IconButton
                                label="Stop writing"
                                icon=Lucide::Stop
                                on_press=Callback::new(move |()| exports.stop())
                            />
                        </div>
                    }
                })
        }}
    }
}

/// Tables of TPC-H that are made, with how far they are and an end.
#[component]
fn MakingTpch() -> impl IntoView {
    let session = use_session();
    view! {
        {move || {
            session
                .tpch
                .now
                .get()
                .map(|making| {
                    view! {
                        <div class="top-running">
                            <span class="top-pulse" aria-hidden="true"></span>
                            <span>{making.words()}</span>
                            <IconButton
                                label="Stop making TPC-H"
                                icon=Lucide::Stop
                                on_press=Callback::new(move |()| session.tpch.stop(session))
                            />
                        </div>
                    }
                })
        }}
    }
}

/// What runs, with its time and an end.
#[component]
fn Running() -> impl IntoView {
    let pads = use_session().pads;
    let running = Memo::new(move |_| pads.running().map(|pad| pad.id));
    view! {
        <div class="top-running">
            {move || {
                running.get()?;
                let runs = pads.running()?.runs;
                Some(
                    view! {
                        <span class="top-pulse" aria-hidden="true"></span>
                        <span class="top-elapsed">
                            {move || {
                                let word = match runs.phase.get() {
                                    Phase::Stopping { .. } => "Stopping",
                                    Phase::Idle | Phase::Running { .. } => "Running",
                                };
                                format!("{word} {}", display::duration(runs.elapsed_millis.get()))
                            }}
                        </span>
                        <IconButton
                            label="Stop the query"
                            icon=Lucide::Stop
                            on_press=Callback::new(move |()| runs.stop())
                        />
                    },
                )
            }}
        </div>
    }
}
