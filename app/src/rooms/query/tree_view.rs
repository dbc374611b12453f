//! The tree on the page: lines that open, a cursor that arrows move, and what can be done with a line.
//!
//! Reference: <https://www.w3.org/WAI/ARIA/apg/patterns/treeview/>

use super::files::{act, remove};
use super::tree::{self, Branch, Line, Loaded, State, What};
use super::tree_counts::RowCounts;
use crate::display;
use crate::route::{FileRoute, Route, TableRoute};
use crate::session::{Session, use_session};
use crate::source::Source;
use crate::ui::{Icon, IconButton, Lucide};
use leptos::html;
use leptos::prelude::*;
use std::collections::HashMap;
use tarn_rpc::ColumnKind;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

const KEYS: &str = "Right opens a line, Enter writes it into the query, Alt Enter shows its profile or page, Delete takes it \
    off the list.";
/// Letters that come within this time are one word.
const TYPING_MILLIS: f64 = 600.0;

/// The tree. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Tree {
    branches: Memo<Vec<Branch>>,
    state: RwSignal<State>,
    lines: Memo<Vec<Line>>,
    by_key: Memo<HashMap<String, Line>>,
    counts: RowCounts,
    /// The key of the line that the cursor is on.
    active: RwSignal<String>,
    typed: StoredValue<(f64, String)>,
    element: NodeRef<html::Div>,
    session: Session,
}

impl Tree {
    /// A tree of branches, of which a filter leaves some.
    pub(super) fn new(session: Session, branches: Memo<Vec<Branch>>, filter: RwSignal<String>) -> Self {
        let state = RwSignal::new(State::default());
        let lines = Memo::new(move |_| {
            branches.with(|of| state.with(|state| filter.with(|text| tree::lines(of, state, text))))
        });
        let by_key = Memo::new(move |_| {
            lines.with(|lines| {
                lines.iter().map(|line| (line.key.clone(), line.clone())).collect::<HashMap<_, _>>()
            })
        });
        Self {
            branches,
            state,
            lines,
            by_key,
            counts: RowCounts::start(session, branches),
            active: RwSignal::new(String::new()),
            typed: StoredValue::new((0.0, String::new())),
            element: NodeRef::new(),
            session,
        }
    }

    /// Gives the focus to the line that the cursor is on.
    pub(super) fn focus(self) {
        if let Some(key) = self.current() {
            self.go(&key);
        }
    }

    /// The line of the cursor; the first where it is on none.
    fn current(self) -> Option<String> {
        let active = self.active.get();
        self.lines.with(|lines| {
            let found = lines.iter().find(|line| line.key == active).or(lines.first());
            found.map(|line| line.key.clone())
        })
    }

    fn go(self, key: &str) {
        self.active.set(key.to_owned());
        let element = self.element.get_untracked().and_then(|tree| {
            let at = self.lines.with_untracked(|lines| lines.iter().position(|line| line.key == key))?;
            tree.children().item(u32::try_from(at).ok()?)
        });
        if let Some(element) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Without focus the arrows still work from the line before.
            drop(element.focus());
        }
    }

    fn line(self, key: &str) -> Option<Line> {
        self.by_key.with_untracked(|lines| lines.get(key).cloned())
    }

    /// Opens or closes a line.
    fn turn(self, key: &str) {
        let Some(line) = self.line(key).filter(|line| line.is_open.is_some()) else { return };
        self.state.update(|state| {
            if !state.turned.remove(key) {
                state.turned.insert(key.to_owned());
            }
        });
        if let (Some(false), What::Source(source, _)) = (line.is_open, line.what) {
            self.load(line.key, source);
        }
    }

    /// Asks for the columns of a source.
    fn load(self, key: String, source: Source) {
        self.state.update(|state| {
            state.columns.entry(key.clone()).or_insert(Loaded::Waiting);
        });
        let engine = self.session.engine;
        wasm_bindgen_futures::spawn_local(async move {
            let loaded = match engine.ask_over(source.columns_sql(), source.over()).await {
                Ok(answer) => Loaded::Columns(source.columns(&answer.columns)),
                Err(error) => Loaded::Failed(error.message),
            };
            self.state.try_update(|state| state.columns.insert(key, loaded));
        });
    }

    /// Presses a line: what has something to write is written, what has not is opened.
    fn press(self, key: &str) {
        let Some(line) = self.line(key) else { return };
        if line.what == What::Group {
            return self.turn(key);
        }
        act(self.session, &line.what);
    }

    /// Goes to the page of a source, or to the profile of a column.
    fn look(self, key: &str) {
        let Some(line) = self.line(key) else { return };
        match line.what {
            What::Column { column, is_named: true } => self.session.show_profile(column),
            What::Source(Source::Table { table, .. }, _) => Route::Data(Some(TableRoute::new(table))).go(),
            What::Source(Source::File { path, .. }, _) | What::Folder { path, .. } => {
                Route::File(FileRoute::new(&path)).go();
            }
            What::Source(source @ Source::View { .. }, _) => self.session.surveyed.set(Some(source)),
            _ => {}
        }
    }

    fn remove(self, key: &str) {
        let Some(line) = self.line(key) else { return };
        let next = self.lines.with_untracked(|lines| {
            let at = lines.iter().position(|other| other.key == line.key)?;
            let after = lines.iter().skip(at + 1).find(|other| other.level <= line.level);
            after.or(lines.get(at.checked_sub(1)?)).map(|line| line.key.clone())
        });
        if remove(self.session, &line.what)
            && let Some(next) = next
        {
            self.go(&next);
        }
    }

    fn on_key(self, event: &KeyboardEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        // The buttons of a line have keys of their own.
        if target.is_some_and(|element| element.tag_name() == "BUTTON") {
            return;
        }
        let Some(key) = self.current_untracked() else { return };
        let Some(line) = self.line(&key) else { return };
        let at_of = |lines: &[Line]| lines.iter().position(|line| line.key == key).unwrap_or_default();
        let key_at =
            |place: usize| self.lines.with_untracked(|lines| lines.get(place).map(|line| line.key.clone()));
        let at = self.lines.with_untracked(|lines| at_of(lines));
        let target = match event.key().as_str() {
            "ArrowDown" => key_at(at + 1),
            "ArrowUp" => at.checked_sub(1).and_then(key_at),
            "Home" => key_at(0),
            "End" => key_at(self.lines.with_untracked(Vec::len).saturating_sub(1)),
            "ArrowRight" => match line.is_open {
                Some(true) => key_at(at + 1),
                _ => {
                    self.turn(&key);
                    None
                }
            },
            "ArrowLeft" => match line.is_open {
                Some(true) => {
                    self.turn(&key);
                    None
                }
                _ => line.parent,
            },
            "Enter" if event.alt_key() => {
                self.look(&key);
                None
            }
            // The page's own keys, such as that of running, are not of the tree.
            _ if event.ctrl_key() || event.meta_key() || event.alt_key() => return,
            "Enter" => {
                self.press(&key);
                None
            }
            " " => {
                self.turn(&key);
                None
            }
            "Delete" => {
                self.remove(&key);
                None
            }
            letter if letter.chars().count() == 1 => self.type_ahead(letter, at),
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        if let Some(target) = target {
            self.go(&target);
        }
    }

    fn current_untracked(self) -> Option<String> {
        untrack(|| self.current())
    }

    fn type_ahead(self, letter: &str, at: usize) -> Option<String> {
        let now = js_sys::Date::now();
        let typed = self.typed.try_update_value(|(last, typed)| {
            if now - *last > TYPING_MILLIS {
                typed.clear();
            }
            *last = now;
            typed.push_str(letter);
            typed.clone()
        })?;
        self.lines.with_untracked(|lines| {
            let found = tree::typed_ahead(lines, at, &typed)?;
            lines.get(found).map(|line| line.key.clone())
        })
    }
}

/// The lines of a tree.
#[component]
pub(super) fn TreeView(tree: Tree) -> impl IntoView {
    let is_blank = Memo::new(move |_| tree.lines.with(Vec::is_empty));
    view! {
        <div
            node_ref=tree.element
            role="tree"
            aria-label="What can be queried"
            aria-description=KEYS
            on:keydown=move |event| tree.on_key(&event)
        >
            <For each=move || tree.lines.get() key=|line| line.key.clone() let:line>
                <LineView tree first=line />
            </For>
        </div>
        <Show when=move || is_blank.get()>
            <p class="files-empty quiet" role="status">"Nothing has that in its name."</p>
        </Show>
    }
}

/// A line. What it is stays; what is shown of it may change.
#[component]
fn LineView(tree: Tree, first: Line) -> impl IntoView {
    let session = use_session();
    let key = StoredValue::new(first.key.clone());
    let line = Memo::new(move |_| {
        key.with_value(|key| tree.by_key.with(|lines| lines.get(key).cloned()))
            .unwrap_or_else(|| first.clone())
    });
    let is_active =
        Memo::new(move |_| tree.current().is_some_and(|current| key.with_value(|key| *key == current)));
    let tabindex = move || if is_active.get() { "0" } else { "-1" };
    let whole = Memo::new(move |_| line.with(|line| note(tree, line, |rows| display::counted(rows, "row"))));
    let note = Memo::new(move |_| {
        line.with(|line| {
            note(tree, line, |rows| {
                if rows == 1 { "1 row".to_owned() } else { format!("{} rows", display::rough_count(rows)) }
            })
        })
    });
    let turn = move || key.with_value(|key| tree.turn(key));
    view! {
        <div
            role="treeitem"
            class="file"
            class:file-group=move || line.with(|line| line.what == What::Group)
            class:file-note=move || line.with(|line| line.what == What::Note)
            style:--level=move || line.with(|line| line.level.to_string())
            tabindex=tabindex
            attr:aria-level=move || line.with(|line| line.level.to_string())
            aria-posinset=move || line.with(|line| line.position.0.to_string())
            aria-setsize=move || line.with(|line| line.position.1.to_string())
            aria-expanded=move || line.with(|line| line.is_open.map(|is_open| is_open.to_string()))
            aria-selected=move || is_active.get().to_string()
            aria-label=move || line.with(|line| spoken(line, &whole.get()))
            on:focus=move |_| key.with_value(|key| tree.active.set(key.clone()))
            on:click=move |_| key.with_value(|key| tree.press(key))
        >
            <span
                class="file-fold"
                class:file-fold-open=move || line.with(|line| line.is_open == Some(true))
                on:click=move |event| {
                    if line.with_untracked(|line| line.is_open.is_some()) {
                        event.stop_propagation();
                        turn();
                    }
                }
            >
                {move || line.with(|line| line.is_open.is_some()).then(|| view! { <Icon of=Lucide::ChevronRight /> })}
            </span>
            <span class="file-name" title=move || line.with(|line| titled(line, &whole.get()))>
                {move || line.with(icon).map(|of| view! { <Icon of /> })}
                <span class="file-text">{move || line.with(|line| line.label.clone())}</span>
                // What it says is in the label.
                <span class="file-size" class:file-place=move || line.with(is_type) data-note=note></span>
            </span>
            <span class="file-actions">
                {move || line.with(|line| actions(session, tree, line))}
            </span>
        </div>
    }
}

/// What is said at the end of a line: of a column its type, of a file its rows and size.
fn note(tree: Tree, line: &Line, rows_said: impl Fn(u64) -> String) -> String {
    if let What::Column { column, .. } = &line.what {
        return column.type_name.to_lowercase();
    }
    let rows = tree.counts.rows(&line.key).map(rows_said);
    let size = tree.counts.size_bytes(&line.key).or_else(|| line.size(&tree.branches.read()));
    let size = size.map(display::bytes);
    let place = (!line.place.is_empty()).then(|| line.place.clone());
    [place, rows, size].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn is_type(line: &Line) -> bool {
    matches!(line.what, What::Column { .. }) || !line.place.is_empty()
}

fn spoken(line: &Line, note: &str) -> String {
    let word = match &line.what {
        What::Source(Source::Table { .. }, _) => ", table",
        What::Source(Source::View { .. }, _) => ", view",
        What::Column { .. } => ", column",
        _ => "",
    };
    let note = if note.is_empty() { String::new() } else { format!(", {}", note.replace(" · ", ", ")) };
    format!("{}{word}{note}", line.label)
}

fn titled(line: &Line, note: &str) -> String {
    match line.what {
        What::Source(..) if !note.is_empty() => format!("{} ({note})", title(line)),
        _ => title(line),
    }
}

fn title(line: &Line) -> String {
    match &line.what {
        What::Folder { path, .. } => format!("Query all of {path}"),
        What::Source(source, _) => format!("Query {}", source.sql()),
        What::Other(file) => format!("Query {}", file.path),
        What::Column { column, .. } => format!("Write {} at the cursor ({})", column.sql(), column.type_name),
        What::Group | What::Note => line.label.clone(),
    }
}

fn icon(line: &Line) -> Option<Lucide> {
    Some(match &line.what {
        What::Group | What::Note => return None,
        What::Folder { .. } => Lucide::Files,
        What::Other(_) => Lucide::File,
        What::Source(Source::Table { .. }, _) => Lucide::Database,
        What::Source(Source::View { .. }, _) => Lucide::View,
        What::Source(Source::File { path, .. }, _) if path.contains("://") => Lucide::Globe,
        What::Source(Source::File { format, .. }, _) => match format.as_str() {
            "parquet" => Lucide::Table,
            "json" => Lucide::Braces,
            _ => Lucide::Text,
        },
        What::Source(Source::Result { .. }, _) => Lucide::Table,
        What::Column { column, .. } => match column.kind {
            ColumnKind::Integer | ColumnKind::Number => Lucide::Number,
            ColumnKind::Text => Lucide::Letters,
            ColumnKind::Boolean => Lucide::Toggle,
            ColumnKind::Temporal => Lucide::Calendar,
            ColumnKind::Binary => Lucide::Binary,
            ColumnKind::Nested => Lucide::Braces,
        },
    })
}

fn actions(session: Session, tree: Tree, line: &Line) -> Vec<AnyView> {
    let mut list = Vec::new();
    let mut add = |label: String, icon: Lucide, act: Callback<()>| {
        list.push(view! { <IconButton label icon on_press=act /> }.into_any());
    };
    let key = StoredValue::new(line.key.clone());
    let look = Callback::new(move |()| key.with_value(|key| tree.look(key)));
    match &line.what {
        What::Column { column, is_named: true } => {
            add(format!("Profile of {}", column.title()), Lucide::Chart, look)
        }
        What::Source(Source::Table { .. }, _) => {
            add(format!("Open {} in Data", line.label), Lucide::Info, look)
        }
        What::Source(_, Some(file)) | What::Other(file) if !file.is_opened => {
            let path = file.path.clone();
            let save = Callback::new(move |()| session.download(path.clone()));
            add(format!("Save {} to the disk", file.path), Lucide::Download, save);
        }
        _ => {}
    }
    let verb = match &line.what {
        What::Source(Source::Table { .. }, _) => return list,
        What::Source(_, Some(file)) | What::Other(file) if file.is_opened => Some(("Close", Lucide::Close)),
        What::Source(_, Some(_)) | What::Other(_) => Some(("Delete", Lucide::Trash)),
        What::Source(Source::File { .. }, None) => Some(("Remove", Lucide::Close)),
        _ => None,
    };
    if let Some((verb, icon)) = verb {
        let name = match &line.what {
            What::Source(_, Some(file)) | What::Other(file) => file.path.clone(),
            _ => line.label.clone(),
        };
        let remove = Callback::new(move |()| key.with_value(|key| tree.remove(key)));
        list.push(view! { <IconButton label=format!("{verb} {name}") icon on_press=remove /> }.into_any());
    }
    list
}
