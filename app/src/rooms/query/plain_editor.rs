//! The plain editor: a text area with line numbers, and a mark where the last error is. It stands in until the large one has
//! come, and for good where that does not come.

use crate::pads::{EditorTask, Pad};
use crate::sql_text;
use leptos::html;
use leptos::prelude::*;
use tarn_rpc::Position;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlTextAreaElement, KeyboardEvent};

const LINE_PX: i32 = 20;

/// The editor of a pad.
#[component]
pub(super) fn PlainEditor(
    /// The pad.
    pad: Pad,
) -> impl IntoView {
    let (text, marked) = (pad.text, pad.runs.marked);
    let area = NodeRef::<html::Textarea>::new();
    let scroll = RwSignal::new((0, 0));
    // After Esc the next Tab leaves the editor, as it does everywhere else.
    let tab_leaves = StoredValue::new(false);

    Effect::new(move || {
        if let (Some(area), Some(task)) = (area.get(), pad.task.get()) {
            pad.task.set(None);
            carry_out(&area, &task, text);
            note_selection(&area, pad.selection);
        }
    });
    let on_key = move |event: KeyboardEvent| {
        let Some(area) = area.get_untracked() else { return };
        // The browser tells of a selection that a script made in a later task; the key may be the one that runs it.
        note_selection(&area, pad.selection);
        let is_far = event.ctrl_key() || event.meta_key() || event.alt_key();
        match event.key().as_str() {
            "Escape" => tab_leaves.set_value(true),
            "Tab" if !is_far && !tab_leaves.get_value() => {
                event.prevent_default();
                indent(&area, event.shift_key());
            }
            "Shift" | "Tab" => {}
            _ => tab_leaves.set_value(false),
        }
    };
    let line_count = Memo::new(move |_| text.with(|text| text.matches('\n').count() + 1));
    let numbers = move || {
        let bad_line = marked.get().and_then(|error| error.position).map(|position| position.line as usize);
        (1..=line_count.get())
            .map(|line| {
                view! { <span class:editor-bad-line=bad_line == Some(line)>{line.to_string()}</span> }
            })
            .collect_view()
    };
    let mark = move || {
        let position = marked.get()?.position?;
        text.with(|text| {
            let (from, to) = sql_text::byte_range(text, position);
            // At the very end there is nothing to underline but the place itself.
            let bad = if from == to { " ".to_owned() } else { text.get(from..to)?.to_owned() };
            Some(view! { {text.get(..from)?.to_owned()} <mark>{bad}</mark> })
        })
    };
    view! {
        <div class="editor">
            <div class="editor-numbers" aria-hidden="true">
                <div style:transform=move || format!("translateY({}px)", -scroll.get().1)>{numbers}</div>
            </div>
            <div class="editor-page">
                <pre
                    class="editor-marks"
                    aria-hidden="true"
                    style:transform=move || {
                        let (left, top) = scroll.get();
                        format!("translate({}px, {}px)", -left, -top)
                    }
                >
                    {mark}
                </pre>
                <textarea
                    node_ref=area
                    id=super::PLAIN_EDITOR_ID
                    class="editor-text"
                    aria-label="SQL"
                    aria-invalid=move || marked.get().is_some().then_some("true")
                    placeholder="SELECT …"
                    wrap="off"
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    prop:value=text
                    on:input:target=move |event| {
                        pad.write_here(event.target().value());
                        note_selection(&event.target(), pad.selection);
                    }
                    on:keydown=on_key
                    on:blur=move |_| tab_leaves.set_value(false)
                    on:select:target=move |event| note_selection(&event.target(), pad.selection)
                    on:keyup:target=move |event| note_selection(&event.target(), pad.selection)
                    on:mouseup:target=move |event| note_selection(&event.target(), pad.selection)
                    on:scroll:target=move |event| {
                        scroll.set((event.target().scroll_left(), event.target().scroll_top()));
                    }
                ></textarea>
            </div>
        </div>
    }
}

fn note_selection(area: &HtmlTextAreaElement, selection: RwSignal<(u32, u32)>) {
    if let (Ok(Some(from)), Ok(Some(to))) = (area.selection_start(), area.selection_end())
        && selection.get_untracked() != (from, to)
    {
        selection.set((from, to));
    }
}

fn carry_out(area: &HtmlTextAreaElement, task: &EditorTask, text: RwSignal<String>) {
    let (from, to) = match task {
        EditorTask::Add { statement } => {
            let before = text.get_untracked();
            let (after, (from, to)) = sql_text::with_statement(&before, statement);
            let kept = sql_text::utf16_at_byte(&before, before.trim_end().len());
            let all = sql_text::utf16_at_byte(&before, before.len());
            let added = after.get(before.trim_end().len()..).unwrap_or_default();
            focus(area);
            select(area, kept, all);
            type_text(area, added);
            if area.value() != after {
                area.set_value(&after);
            }
            text.set(after.clone());
            (sql_text::utf16_at_byte(&after, from), sql_text::utf16_at_byte(&after, to))
        }
        EditorTask::Go { position } => range(&text.get_untracked(), *position),
        EditorTask::Fix { position, text: fix } => {
            let (from, to) = range(&text.get_untracked(), *position);
            focus(area);
            select(area, from, to);
            type_text(area, fix);
            (from, from + units(fix))
        }
        EditorTask::Insert { text: added } => {
            focus(area);
            type_text(area, added);
            let end = area.selection_end().ok().flatten().unwrap_or_default();
            (end, end)
        }
        EditorTask::Replace { text: whole } => {
            if text.get_untracked() != *whole {
                text.set(whole.clone());
            }
            return;
        }
        // The plain editor has no formatter.
        EditorTask::Format | EditorTask::Focus => return focus(area),
    };
    focus(area);
    select(area, from, to);
    // Browsers do not scroll to a selection that a script made.
    let value = area.value();
    let line = value.get(..sql_text::byte_at_utf16(&value, from)).unwrap_or_default().matches('\n').count();
    let top = i32::try_from(line).unwrap_or_default() * LINE_PX;
    if top < area.scroll_top() || top + 2 * LINE_PX > area.scroll_top() + area.client_height() {
        area.set_scroll_top((top - 2 * LINE_PX).max(0));
    }
    area.set_scroll_left(0);
}

fn range(text: &str, position: Position) -> (u32, u32) {
    let (from, to) = sql_text::byte_range(text, position);
    (sql_text::utf16_at_byte(text, from), sql_text::utf16_at_byte(text, to))
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// Indents at the cursor, or all the lines that are selected; or takes an indent away.
fn indent(area: &HtmlTextAreaElement, is_outward: bool) {
    const INDENT: &str = "  ";
    let (Ok(Some(from)), Ok(Some(to))) = (area.selection_start(), area.selection_end()) else { return };
    if from == to && !is_outward {
        type_text(area, INDENT);
        return;
    }
    let value = area.value();
    let (from, to) = (sql_text::byte_at_utf16(&value, from), sql_text::byte_at_utf16(&value, to));
    let start = value.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let Some(lines) = value.get(start..to) else { return };
    let changed: Vec<String> = lines
        .split('\n')
        .map(|line| {
            if is_outward {
                line.strip_prefix(INDENT).or_else(|| line.strip_prefix(' ')).unwrap_or(line).to_owned()
            } else {
                format!("{INDENT}{line}")
            }
        })
        .collect();
    let changed = changed.join("\n");
    if changed == lines {
        return;
    }
    let start_units = sql_text::utf16_at_byte(&value, start);
    select(area, start_units, sql_text::utf16_at_byte(&value, to));
    type_text(area, &changed);
    let end_units = start_units + units(&changed);
    select(area, if from == to { end_units } else { start_units }, end_units);
}

/// Puts text in place of the selection as if it were typed, so that undo knows of it.
fn type_text(area: &HtmlTextAreaElement, text: &str) {
    let document = document();
    let typed = document
        .dyn_ref::<HtmlDocument>()
        .and_then(|document| document.exec_command_with_show_ui_and_value("insertText", false, text).ok());
    if typed != Some(true) && area.set_range_text(text).is_ok() {
        let event = web_sys::Event::new("input");
        if let Ok(event) = event {
            // Nobody cancels this event.
            drop(area.dispatch_event(&event));
        }
    }
}

fn focus(area: &HtmlTextAreaElement) {
    // An area that cannot take the focus keeps its text all the same.
    drop(area.focus());
}

fn select(area: &HtmlTextAreaElement, from: u32, to: u32) {
    // Positions beyond the end are taken as the end.
    drop(area.set_selection_range(from, to));
}
