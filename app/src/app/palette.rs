//! The command palette: every action by its name.

use crate::pads::EditorTask;
use crate::route::{Route, TableRoute};
use crate::session::{Session, use_session};
use crate::source::Source;
use crate::tables::TableName;
use crate::theme::Theme;
use crate::ui::dialog;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use web_sys::KeyboardEvent;

/// Something that can be done.
#[derive(Clone)]
struct Command {
    name: String,
    keys: &'static str,
    /// Not a `Callback`: it has to outlive the list that it was found in.
    act: Arc<dyn Fn() + Send + Sync>,
}

/// The palette.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let session = use_session();
    let is_open = session.is_palette_open;
    let dialog = NodeRef::<html::Dialog>::new();
    let typed = RwSignal::new(String::new());
    let at = RwSignal::new(0_usize);
    let found = Memo::new(move |_| {
        if !is_open.get() {
            return Found(Vec::new());
        }
        let typed = typed.get().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let all = commands(session);
        Found(
            all.into_iter()
                .filter(|command| {
                    let name = command.name.to_lowercase();
                    words.iter().all(|word| name.contains(word))
                })
                .collect(),
        )
    });
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if is_open.get() && !dialog.open() {
            typed.set(String::new());
            at.set(0);
            dialog::open(&dialog);
        } else if !is_open.get() && dialog.open() {
            dialog.close();
        }
    });
    let act = move |place: usize| {
        let command = found.with_untracked(|found| found.0.get(place).cloned());
        if let Some(command) = command {
            is_open.set(false);
            // The dialog must be closed before the command may want the focus.
            gloo_timers::callback::Timeout::new(0, move || (command.act)()).forget();
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let count = found.with_untracked(|found| found.0.len());
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1).min(count.saturating_sub(1))),
            "ArrowUp" => at.update(|at| *at = at.saturating_sub(1)),
            "Enter" => act(at.get_untracked()),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <dialog
            node_ref=dialog
            class="palette"
            aria-label="Commands"
            on:close=move |_| is_open.set(false)
            on:click=move |event| {
                if dialog::is_beside(dialog, &event) {
                    is_open.set(false);
                }
            }
        >
            <input
                class="palette-input"
                type="text"
                role="combobox"
                aria-label="Command"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", at.get())
                placeholder="What to do?"
                autocomplete="off"
                spellcheck="false"
                prop:value=typed
                on:input:target=move |event| {
                    at.set(0);
                    typed.set(event.target().value());
                }
                on:keydown=on_key
            />
            <ul id="palette-list" class="palette-list" role="listbox" aria-label="Commands">
                {move || {
                    found
                        .get()
                        .0
                        .into_iter()
                        .enumerate()
                        .map(|(place, command)| {
                            view! {
                                <li
                                    id=format!("palette-{place}")
                                    role="option"
                                    class="palette-item"
                                    aria-selected=move || if at.get() == place { "true" } else { "false" }
                                    on:mousemove=move |_| at.set(place)
                                    on:click=move |_| act(place)
                                >
                                    <span>{command.name}</span>
                                    <kbd>{command.keys}</kbd>
                                </li>
                            }
                        })
                        .collect_view()
                }}
            </ul>
            <Show when=move || found.with(|found| found.0.is_empty())>
                <p class="palette-none quiet">"No command has that name."</p>
            </Show>
        </dialog>
    }
}

/// Commands, equal when their names are.
#[derive(Clone)]
struct Found(Vec<Command>);

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(one, two)| one.name == two.name)
    }
}

fn commands(session: Session) -> Vec<Command> {
    let run_keys = if super::is_apple() { "⌘↵" } else { "Ctrl ↵" };
    let mut commands = Vec::new();
    let mut add = |name: &str, keys: &'static str, act: Arc<dyn Fn() + Send + Sync>| {
        commands.push(Command { name: name.to_owned(), keys, act });
    };
    if let Some(pad) = session.pads.running() {
        add("Stop the query", "Esc", Arc::new(move || pad.runs.stop()));
    } else {
        add("Run", run_keys, Arc::new(move || session.run()));
    }
    let pads = session.pads;
    add("New query", "Alt N", Arc::new(move || session.new_pad("", "")));
    add("Close the query", "", Arc::new(move || session.close_pad(pads.shown.get_untracked())));
    add("Next query", "", Arc::new(move || pads.step(1)));
    add("Previous query", "", Arc::new(move || pads.step(-1)));
    add(
        "Format the SQL",
        "Shift Alt F",
        Arc::new(move || pads.current_untracked().task.set(Some(EditorTask::Format))),
    );
    add("History of queries", "", Arc::new(move || session.is_history_open.set(true)));
    add("Copy a link to this query", "", Arc::new(move || session.copy_link()));
    add("Open files", "", Arc::new(move || session.choose_files.set(Some(false))));
    add("Open a folder", "", Arc::new(move || session.choose_files.set(Some(true))));
    let handles = session.handles;
    for kept in handles.list.get().into_iter().filter(|kept| kept.is_waiting) {
        let name = kept.name;
        add(&format!("Open {name} again"), "", Arc::new(move || handles.open(session, &name)));
    }
    if handles.list.with(|list| !list.is_empty()) {
        add("Forget files of earlier visits", "", Arc::new(move || handles.forget_all(session)));
    }
    let rows = pads.current().runs;
    let shown = rows.statements.with(|list| {
        let statement = list.get(rows.shown.get().min(list.len().saturating_sub(1)))?;
        let rows = statement.rows.filter(|_| !statement.columns.is_empty())?;
        Some(Source::Result { result: rows.result, columns: statement.columns.clone() })
    });
    if let Some(source) = shown {
        add("Profile of the rows", "", Arc::new(move || session.surveyed.set(Some(source.clone()))));
    }
    add(
        "Paste data",
        if super::is_apple() { "⌘V" } else { "Ctrl V" },
        Arc::new(move || super::paste::ask(session)),
    );
    add("Keys for S3", "", Arc::new(move || session.is_keys_open.set(true)));
    add("Go to Home", "", Arc::new(|| Route::Home.go()));
    add("Go to Compute", "", Arc::new(|| Route::Compute.go()));
    add("Go to Data", "", Arc::new(|| Route::Data(None).go()));
    add("Go to Query", "", Arc::new(|| Route::Query.go()));
    let tables = session.tables();
    for (table, _) in &tables {
        let (name, table) = (format!("Open {}", table.key()), table.clone());
        add(&name, "", Arc::new(move || Route::Data(Some(TableRoute::new(table.clone()))).go()));
    }
    let lake: Vec<TableName> = tables
        .into_iter()
        .map(|(table, _)| table)
        .filter(|table| matches!(table, TableName::Named { .. }))
        .collect();
    if !lake.is_empty() {
        add("Save the lake as a zip", "", Arc::new(move || session.moves.zip(&lake)));
    }
    if session.moves.now.get().is_some() {
        add("Stop the copy", "Esc", Arc::new(move || session.moves.stop()));
    }
    for theme in Theme::ALL {
        let name = format!("Theme: {}", theme.name());
        add(&name, "", Arc::new(move || session.theme.set(theme)));
    }
    for file in session.engine.files.get() {
        if TableName::of_entry(&file).is_some() {
            continue;
        }
        let name = format!("Query {}", file.path);
        add(&name, "", Arc::new(move || session.query_path(&file.path, file.format.as_deref())));
    }
    commands
}
