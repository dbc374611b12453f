//! One value, whole.

use crate::clipboard;
use crate::display;
use crate::rows::RowCache;
use crate::session::use_session;
use crate::ui::{Button, ErrorPanel, Lucide, RowsSkeleton, Sheet};
use leptos::prelude::*;
use tarn_rpc::{Column, ColumnKind, ErrorReport};

/// A cell that was opened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opened {
    title: String,
    type_name: String,
    is_nested: bool,
    /// The value: still to come, or here, or why it is not.
    value: Option<Result<Option<String>, ErrorReport>>,
    fetch: Option<Fetch>,
}

#[derive(Clone, Copy)]
struct Fetch {
    rows: RowCache,
    row: u64,
    column: u32,
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch").field("row", &self.row).field("column", &self.column).finish_non_exhaustive()
    }
}

impl PartialEq for Fetch {
    fn eq(&self, other: &Self) -> bool {
        (self.rows.result, self.row, self.column) == (other.rows.result, other.row, other.column)
    }
}

impl Opened {
    /// A cell of a result; its value is fetched when the page holds only part of it.
    pub(crate) fn new(rows: RowCache, row: u64, column: usize, column_of: &Column) -> Self {
        let cell = rows.row(row).and_then(|cells| cells.get(column).cloned());
        let value = cell.filter(|cell| !cell.is_cut).map(|cell| Ok(cell.text));
        let fetch = value.is_none().then_some(Fetch { rows, row, column: column as u32 });
        Self {
            title: format!("{}, row {}", column_of.name, display::count(row + 1)),
            type_name: column_of.type_name.clone(),
            is_nested: column_of.kind == ColumnKind::Nested,
            value,
            fetch,
        }
    }
}

/// The sheet that shows it.
#[component]
pub(crate) fn ValueSheet(opened: RwSignal<Option<Opened>>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    Effect::new(move || {
        let fetch = opened.with(|opened| opened.as_ref().map(|opened| opened.fetch));
        let Some(fetch) = fetch else { return };
        is_open.set(true);
        if let Some(fetch) = fetch {
            fetch.rows.value(fetch.row, fetch.column, move |value| {
                opened.try_update(|opened| {
                    if let Some(opened) = opened.as_mut().filter(|opened| opened.fetch == Some(fetch)) {
                        opened.value = Some(value);
                        opened.fetch = None;
                    }
                });
            });
        }
    });
    let title = Signal::derive(move || {
        opened.with(|opened| opened.as_ref().map(|opened| opened.title.clone())).unwrap_or_default()
    });
    view! {
        <Sheet open=is_open title>
            {move || opened.get().map(shown)}
        </Sheet>
    }
}

fn shown(opened: Opened) -> AnyView {
    let text = match opened.value {
        None => return view! { <RowsSkeleton label="The value is on its way" /> }.into_any(),
        Some(Err(error)) => return view! { <ErrorPanel error /> }.into_any(),
        Some(Ok(None)) => {
            return view! {
                <p class="quiet">{opened.type_name}</p>
                <p class="value-null">"null"</p>
            }
            .into_any();
        }
        Some(Ok(Some(text))) => text,
    };
    let size = display::counted(text.chars().count() as u64, "character");
    let laid_out = if opened.is_nested { display::indented_json(&text) } else { text.clone() };
    let toasts = use_session().toasts;
    view! {
        <p class="quiet">{format!("{}, {size}", opened.type_name)}</p>
        <pre class="value" tabindex="0">{laid_out}</pre>
        <div class="sheet-actions">
            <Button
                label="Copy"
                icon=Lucide::Copy
                on_press=Callback::new(move |()| {
                    clipboard::write(text.clone());
                    toasts.say("Copied.");
                })
            />
        </div>
    }
    .into_any()
}
