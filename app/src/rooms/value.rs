//! One value, whole: as text, as a tree, or as bytes. Keys go on to its neighbours.

mod tree;

use crate::clipboard;
use crate::display;
use crate::json_tree::Json;
use crate::result_view::ResultView;
use crate::session::use_session;
use crate::sql_literal::from_base64;
use crate::ui::{Active, Button, ErrorPanel, IconButton, Lucide, RowsSkeleton, Selection, Sheet, Weight};
use leptos::ev;
use leptos::prelude::*;
use tarn_rpc::{Column, ColumnKind, ErrorReport};
use tree::Tree;
use web_sys::KeyboardEvent;

/// More than this is not drawn; a copy has it all.
const MAX_CHARACTERS: usize = 200_000;
const MAX_BYTES: usize = 16_384;
/// As many bytes as a line of the sheet has room for.
const LINE_BYTES: usize = 8;

/// A cell that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Its row, from 0.
    pub(crate) row: u64,
    /// Its column, by number.
    pub(crate) column: usize,
}

/// A value as it came, or why it did not.
type Fetched = Result<Option<String>, ErrorReport>;

/// The sheet that shows it.
#[component]
pub(crate) fn ValueSheet(view: ResultView, opened: RwSignal<Option<Opened>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let value = RwSignal::new(None::<Fetched>);
    let is_tree = RwSignal::new(true);
    Effect::new(move || {
        let Some(cell) = opened.get() else { return };
        is_open.set(true);
        let rows = view.rows_untracked();
        let here = rows.row(cell.row).and_then(|cells| cells.get(cell.column).cloned());
        match here.filter(|here| !here.is_cut) {
            Some(here) => value.set(Some(Ok(here.text))),
            None => {
                value.set(None);
                rows.value(cell.row, cell.column as u32, move |fetched| {
                    if opened.try_get_untracked() == Some(Some(cell)) {
                        value.set(Some(fetched));
                    }
                });
            }
        }
    });
    Effect::new(move || {
        if !is_open.get() {
            opened.set(None);
        }
    });
    let column = move || opened.get().and_then(|cell| view.columns().get(cell.column).cloned());
    let title = Signal::derive(move || {
        let name = column().map(|column| column.name).unwrap_or_default();
        opened.get().map(|cell| format!("{name}, row {}", display::count(cell.row + 1))).unwrap_or_default()
    });
    let step = move |down: i64, right: i64| go(view, opened, down, right);
    let on_key = move |event: KeyboardEvent| {
        if !event.alt_key() || !is_open.get_untracked() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" => step(1, 0),
            "ArrowUp" => step(-1, 0),
            "ArrowRight" => step(0, 1),
            "ArrowLeft" => step(0, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    // What had the focus goes with the value that it belonged to, so keys are heard wherever they are pressed.
    let heard = window_event_listener(ev::keydown, on_key);
    on_cleanup(move || heard.remove());
    let stepper = move |label: &'static str, icon, down, right| {
        view! { <IconButton label icon on_press=Callback::new(move |()| step(down, right)) /> }
    };
    view! {
        <Sheet open=is_open title>
                <div class="value-steps" role="group" aria-label="Other cells">
                    {stepper("Row above (Alt ↑)", Lucide::ChevronUp, -1, 0)}
                    {stepper("Row below (Alt ↓)", Lucide::ChevronDown, 1, 0)}
                    {stepper("Column before (Alt ←)", Lucide::ChevronLeft, 0, -1)}
                    {stepper("Column after (Alt →)", Lucide::ChevronRight, 0, 1)}
                    <span class="quiet">{move || column().map(|column| column.type_name)}</span>
                </div>
                {move || {
                    let fetched = value.get();
                    column().map(|column| shown(&column, fetched, is_tree))
                }}
        </Sheet>
    }
}

/// Opens a neighbour of the cell, and makes it the active one of the grid.
fn go(view: ResultView, opened: RwSignal<Option<Opened>>, down: i64, right: i64) {
    let Some(cell) = opened.get_untracked() else { return };
    let shown = view.grid.layout.with_untracked(|layout| layout.shown().columns);
    let last = view.rows_untracked().total.get_untracked().saturating_sub(1);
    let row = cell.row.saturating_add_signed(down).min(last);
    let place = shown.iter().position(|column| *column == cell.column).unwrap_or_default();
    let place = place.saturating_add_signed(right as isize).min(shown.len().saturating_sub(1));
    let Some(column) = shown.get(place).copied() else { return };
    view.grid.active.set(Some(Active { row: Some(row), place }));
    view.grid.selection.set(Some(Selection::cell((row, place))));
    let next = Opened { row, column };
    if next != cell {
        opened.set(Some(next));
    }
}

fn shown(column: &Column, fetched: Option<Fetched>, is_tree: RwSignal<bool>) -> AnyView {
    let text = match fetched {
        None => return view! { <RowsSkeleton label="The value is on its way" /> }.into_any(),
        Some(Err(error)) => return view! { <ErrorPanel error /> }.into_any(),
        Some(Ok(None)) => return view! { <p class="value-null">"null"</p> }.into_any(),
        Some(Ok(Some(text))) => text,
    };
    let toasts = use_session().toasts;
    let bytes = (column.kind == ColumnKind::Binary).then(|| from_base64(&text)).flatten();
    let tree = matches!(column.kind, ColumnKind::Nested | ColumnKind::Text)
        .then(|| Json::parse_nested(&text))
        .flatten();
    let size = match (&bytes, tree.as_ref().and_then(Json::count)) {
        (Some(bytes), _) => display::counted(bytes.len() as u64, "byte"),
        (None, Some(count)) => display::counted(count as u64, "value"),
        (None, None) => display::counted(text.chars().count() as u64, "character"),
    };
    let has_tree = tree.is_some();
    let copied = text.clone();
    let body = move || match (&bytes, &tree) {
        (Some(bytes), _) => view! { <pre class="value" tabindex="0">{hex_lines(bytes)}</pre> }.into_any(),
        (None, Some(tree)) if is_tree.get() => view! { <Tree tree=tree.clone() /> }.into_any(),
        (None, Some(_)) => {
            view! { <pre class="value" tabindex="0">{display::indented_json(&text)}</pre> }.into_any()
        }
        (None, None) => view! { <pre class="value" tabindex="0">{linked(&text)}</pre> }.into_any(),
    };
    view! {
        <p class="quiet">{size}</p>
        {body}
        <div class="sheet-actions">
            <Button
                label="Copy"
                icon=Lucide::Copy
                on_press=Callback::new(move |()| {
                    clipboard::write(copied.clone());
                    toasts.say("Copied.");
                })
            />
            {has_tree
                .then(|| {
                    view! {
                        <Button
                            label=Signal::derive(move || {
                                if is_tree.get() { "As text" } else { "As a tree" }.to_owned()
                            })
                            weight=Weight::Plain
                            on_press=Callback::new(move |()| is_tree.update(|is_tree| *is_tree = !*is_tree))
                        />
                    }
                })}
        </div>
    }
    .into_any()
}

/// A text with its web addresses as links; other schemes stay text, as they could run something.
fn linked(text: &str) -> AnyView {
    let (drawn, rest) = match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => text.split_at(at),
        None => (text, ""),
    };
    let note = (!rest.is_empty()).then(|| {
        let left = display::counted(rest.chars().count() as u64, "more character");
        view! { <span class="quiet">{format!(" … {left}: copy the value to have them.")}</span> }
    });
    let pieces = pieces(drawn)
        .into_iter()
        .map(|(piece, is_link)| {
            if is_link {
                view! {
                    <a href=piece.to_owned() target="_blank" rel="noopener noreferrer">
                        {piece.to_owned()}
                    </a>
                }
                .into_any()
            } else {
                piece.to_owned().into_any()
            }
        })
        .collect_view();
    view! {
        {pieces}
        {note}
    }
    .into_any()
}

/// A text in pieces: those that are web addresses, and what is between.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("http")) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        let host = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://")).unwrap_or_default();
        if !host.starts_with(|first: char| first.is_alphanumeric() || first == '[') {
            at = start + 4;
            continue;
        }
        let end =
            rest.find(|char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>' | '\'' | '`'));
        let url = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        // A full stop after an address ends a sentence.
        let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        if start > from {
            pieces.push((text.get(from..start).unwrap_or_default(), false));
        }
        pieces.push((url, true));
        from = start + url.len();
        at = from;
    }
    if from < text.len() || pieces.is_empty() {
        pieces.push((text.get(from..).unwrap_or_default(), false));
    }
    pieces
}

/// Bytes as programmers read them: where they are, their digits, and the characters that they are.
fn hex_lines(bytes: &[u8]) -> String {
    let mut lines: Vec<String> = bytes
        .chunks(LINE_BYTES)
        .take(MAX_BYTES / LINE_BYTES)
        .enumerate()
        .map(|(line, chunk)| {
            let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let text: String = chunk
                .iter()
                .map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '·' })
                .collect();
            format!("{:08x}  {:<23}  {text}", line * LINE_BYTES, hex.join(" "))
        })
        .collect();
    if bytes.len() > MAX_BYTES {
        lines.push(format!("… {} more", display::counted((bytes.len() - MAX_BYTES) as u64, "byte")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_links() {
        for (text, links) in [
            (
                "see https://a.example/x?y=1, and http://b.example.",
                vec!["https://a.example/x?y=1", "http://b.example"],
            ),
            ("javascript:alert(1) ftp://x data:text/html,http", vec![]),
            ("http:// https://\"", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<&str> =
                pieces(text).into_iter().filter(|(_, is)| *is).map(|(url, _)| url).collect();
            assert_eq!(found, links, "{text}");
            let whole: String = pieces(text).into_iter().map(|(piece, _)| piece).collect();
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn bytes_are_read_in_lines() {
        assert_eq!(
            hex_lines(b"hello\x00\xff 12345"),
            "00000000  68 65 6c 6c 6f 00 ff 20  hello·· \n00000008  31 32 33 34 35           12345"
        );
    }
}
