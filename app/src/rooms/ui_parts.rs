//! The hidden page `#/ui`: all parts of the interface together, for the eye and for screenshots.

use crate::rows::Row;
use crate::ui::{
    Banner, Button, Check, Empty, ErrorPanel, Field, Figure, Figures, Fold, Grid, GridActs, GridRows,
    GridState, HeadMark, IconButton, Lucide, RowsSkeleton, Tab, Tabs, Tone, Weight,
};
use leptos::prelude::*;
use std::sync::Arc;
use tarn_rpc::{Cell, Column, ColumnKind, ErrorKind, ErrorReport, Position};

/// The page.
#[component]
pub(crate) fn UiParts() -> impl IntoView {
    let nothing = Callback::new(|()| {});
    let name = RwSignal::new("my-bucket".to_owned());
    let is_checked = RwSignal::new(true);
    let is_unfolded = RwSignal::new(false);
    let shown_tab = RwSignal::new(0);
    let tab = |label: &str, note: &str, is_failed| Tab {
        label: label.to_owned(),
        note: note.to_owned(),
        is_failed,
    };
    let tabs = vec![
        tab("1 SELECT", "100 rows", false),
        tab("2 COPY", "done", false),
        tab("3 SELECT", "failed", true),
    ];
    let figure = |label, value: &str| Figure { label, value: value.to_owned() };
    let figures = vec![figure("rows", "3,000,000"), figure("elapsed", "0.31 s"), figure("read", "13.5 MB")];
    let error = ErrorReport {
        kind: ErrorKind::NotFound,
        message: "There is no column “nmae”.".to_owned(),
        hint: Some("Did you mean “name”?".to_owned()),
        position: Some(Position { line: 2, column: 8, length: 4 }),
        fix: None,
        detail: Some("Schema error: No field named nmae. Valid fields are t.name, t.age.".to_owned()),
    };
    view! {
        <div class="parts">
            <h2>"Buttons"</h2>
            <div class="parts-line">
                <Button label="Run" icon=Lucide::Play weight=Weight::Primary key_hint="Ctrl ↵" on_press=nothing />
                <Button label="Open files" icon=Lucide::Upload weight=Weight::Plain on_press=nothing />
                <Button label="Keys for S3" icon=Lucide::Key weight=Weight::Quiet on_press=nothing />
                <Button label="Stop" icon=Lucide::Stop weight=Weight::Danger key_hint="Esc" on_press=nothing />
                <Button label="Not now" weight=Weight::Plain disabled=true on_press=nothing />
                <IconButton label="Close" icon=Lucide::Close on_press=nothing />
                <Fold label="More" is_open=is_unfolded />
            </div>
            <h2>"Fields"</h2>
            <div class="parts-narrow">
                <Field label="Bucket" value=name note="Its name, without s3://." />
                <Check label="Path style" value=is_checked />
            </div>
            <h2>"Banners"</h2>
            <div>
                <Banner tone=Tone::Info text="Something good to know." />
                <Banner tone=Tone::Warning text="The engine stopped and was restarted." on_close=nothing />
            </div>
            <h2>"Tabs and figures"</h2>
            <div id="parts-panel">
                <Tabs label="Examples" tabs=tabs shown=shown_tab panel_id="parts-panel" />
                <div class="parts-line"><Figures figures /></div>
            </div>
            <h2>"Faces: empty, loading, failed"</h2>
            <Empty title="Rows appear here" text="Drop a file anywhere on this page.">
                <Button label="Open files" icon=Lucide::Upload weight=Weight::Primary on_press=nothing />
            </Empty>
            <div class="parts-frame"><RowsSkeleton label="An example of loading" /></div>
            <ErrorPanel error />
            <h2>"Grid"</h2>
            <div class="parts-frame parts-grid"><SampleGrid /></div>
        </div>
    }
}

/// A grid of ten million made-up rows.
#[component]
fn SampleGrid() -> impl IntoView {
    let column = |name: &str, type_name: &str, kind| Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        kind,
        nullable: true,
    };
    let columns: Arc<[Column]> = Arc::from([
        column("number", "BIGINT", ColumnKind::Integer),
        column("square", "DECIMAL(38,2)", ColumnKind::Number),
        column("word", "STRING", ColumnKind::Text),
        column("is_even", "BOOLEAN", ColumnKind::Boolean),
        column("parts", "STRUCT<a: INT, b: ARRAY<STRING>>", ColumnKind::Nested),
    ]);
    let row = |number: u64| -> Option<Row> {
        let text = |text: String| Cell { text: Some(text), is_cut: false };
        let square = number.checked_mul(number)?;
        let word =
            if number % 7 == 3 { Cell { text: None, is_cut: false } } else { text(format!("word {number}")) };
        Some(Row::from([
            text(number.to_string()),
            text(format!("{square}.25")),
            word,
            text(number.is_multiple_of(2).to_string()),
            text(format!("{{\"a\":{number},\"b\":[\"one\",\"two\",\"a longer text that does not fit\"]}}")),
        ]))
    };
    let rows = GridRows {
        total: Signal::stored(10_000_000),
        version: Signal::stored((0, 0)),
        row: Callback::new(row),
        want: Callback::new(|_| {}),
    };
    let acts = GridActs {
        mark: Callback::new(|column| HeadMark {
            can_sort: column < 4,
            is_descending: [Some(true), None, Some(false)].get(column).copied().flatten(),
            rank: [1, 0, 2].get(column).copied().unwrap_or_default(),
            is_filtered: column == 1,
        }),
        open: Callback::new(|_| {}),
        copy: Callback::new(|()| {}),
        sort: Callback::new(|_| {}),
        head_menu: Callback::new(|_| {}),
        cell_menu: Callback::new(|_| {}),
    };
    let state = GridState::new(columns.len());
    let columns = Signal::stored(columns);
    view! { <Grid label="Sample rows" columns rows state acts /> }
}
