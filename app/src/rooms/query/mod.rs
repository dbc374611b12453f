//! The query room: files at the left, SQL above, rows below.

mod code_editor;
mod export_sheet;
mod files;
mod history_sheet;
mod keys;
mod pad_tabs;
mod parameters;
mod plain_editor;
mod plan;
mod results;
mod run_bar;
mod tree;
mod tree_counts;
mod tree_view;

pub(crate) use history_sheet::HistorySheet;
pub(crate) use keys::Keys;

use crate::pads::Pad;
use crate::session::use_session;
use crate::ui::Sheet;
use code_editor::Editor;
use files::Files;
use leptos::html;
use leptos::prelude::*;
use pad_tabs::PadTabs;
use parameters::Parameters;
use results::Results;
use run_bar::RunBar;
use wasm_bindgen::JsCast;
use web_sys::{KeyboardEvent, PointerEvent};

const HEIGHT_KEY: &str = "tarn.query.editor_height";
const PLAIN_EDITOR_ID: &str = "plain-editor";
const MIN_HEIGHT_PX: f64 = 72.0;

/// The room.
#[component]
pub(crate) fn Query() -> impl IntoView {
    let session = use_session();
    let kept = crate::browser_storage::read(HEIGHT_KEY).and_then(|height| height.parse().ok());
    let height_px = RwSignal::new(kept.unwrap_or(208.0_f64).max(MIN_HEIGHT_PX));
    Effect::new(move || crate::browser_storage::write(HEIGHT_KEY, &height_px.get().to_string()));
    view! {
        <div class="query">
            <aside class="query-files" aria-label="Files">
                <Files />
            </aside>
            <div id="query-work" class="query-work" style:--editor-height=move || format!("{}px", height_px.get())>
                <PadTabs />
                <Editor />
                <Divider height_px />
                {move || {
                    let shown = session.pads.current();
                    view! { <BelowEditor pad=shown /> }
                }}
            </div>
            <Sheet open=session.is_files_open title="Files">
                <Files />
            </Sheet>
        </div>
    }
}

/// What belongs to one pad: its parameters, its run, its rows.
#[component]
fn BelowEditor(pad: Pad) -> impl IntoView {
    provide_context(pad);
    view! {
        <Parameters />
        <RunBar />
        <Results />
    }
}

/// The pad that this part of the page belongs to.
fn use_pad() -> Pad {
    expect_context()
}

/// The line between editor and rows: drag it, or move it with the arrow keys.
#[component]
fn Divider(height_px: RwSignal<f64>) -> impl IntoView {
    let line = NodeRef::<html::Div>::new();
    let start = StoredValue::new(None::<f64>);
    let clamp = |height: f64| {
        let most = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(900.0) - 240.0;
        height.clamp(MIN_HEIGHT_PX, most.max(MIN_HEIGHT_PX))
    };
    let on_down = move |event: PointerEvent| {
        event.prevent_default();
        start.set_value(Some(height_px.get_untracked() - f64::from(event.client_y())));
        if let Some(line) = line.get_untracked() {
            // Without capture the drag ends where the pointer leaves the line.
            drop(line.unchecked_ref::<web_sys::Element>().set_pointer_capture(event.pointer_id()));
        }
    };
    let on_move = move |event: PointerEvent| {
        if let Some(start) = start.get_value() {
            height_px.set(clamp(start + f64::from(event.client_y())));
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowUp" => -24.0,
            "ArrowDown" => 24.0,
            _ => return,
        };
        event.prevent_default();
        height_px.update(|height| *height = clamp(*height + step));
    };
    view! {
        <div
            node_ref=line
            class="divider"
            role="separator"
            tabindex="0"
            aria-orientation="horizontal"
            aria-label="Height of the editor"
            aria-valuenow=move || height_px.get().round().to_string()
            aria-valuemin=MIN_HEIGHT_PX.to_string()
            aria-valuemax="2000"
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=move |_| start.set_value(None)
            on:pointercancel=move |_| start.set_value(None)
            on:keydown=on_key
        ></div>
    }
}
