//! The query pads: each a text with its parameters, and the run of it.
//!
//! Each pad is kept under a key of its own, so that a long text is not written again for a change in another. Tabs of the
//! browser that have the same pad open see each other's changes as they are made.

mod kept;

pub(crate) use kept::KeptPad as SharedPad;

use crate::engine_client::EngineClient;
use crate::runs::Runs;
use crate::sql_text::{self, Excerpt};
use gloo_timers::callback::Timeout;
use kept::KeptPad;
use leptos::ev;
use leptos::prelude::*;
use tarn_rpc::{ErrorReport, Event, Parameter, Position, Request};

/// A text is written down when its person has paused for so long.
const WRITE_MILLIS: u32 = 300;
/// Who wrote in a pad within this time is writing in it.
const WRITING_MILLIS: f64 = 2_000.0;

/// Something for the editor to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EditorTask {
    /// Adds a statement at the end and selects it, so that it runs next.
    Add {
        /// The statement.
        statement: String,
    },
    /// Shows a place.
    Go {
        /// The place.
        position: Position,
    },
    /// Puts a text in the place of a fault.
    Fix {
        /// The place.
        position: Position,
        /// The text.
        text: String,
    },
    /// Writes a text at the cursor, in the place of what is selected.
    Insert {
        /// The text.
        text: String,
    },
    /// Puts a whole text in the place of this one.
    Replace {
        /// The text.
        text: String,
    },
    /// Lays the text out, or what is selected of it.
    Format,
    /// Takes the focus.
    Focus,
}

/// A pad. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Pad {
    /// Its number, and that of its session in the engine.
    pub(crate) id: u64,
    /// The name that a person gave it; empty until then.
    pub(crate) name: RwSignal<String>,
    /// Its text.
    pub(crate) text: RwSignal<String>,
    /// What is selected of it, in UTF-16 units.
    pub(crate) selection: RwSignal<(u32, u32)>,
    /// What the editor is to do next.
    pub(crate) task: RwSignal<Option<EditorTask>>,
    /// The parameters that its text names, and what was last given to others.
    pub(crate) parameters: RwSignal<Vec<Parameter>>,
    /// The names of the parameters in its text.
    pub(crate) named: RwSignal<Vec<String>>,
    /// What is no SQL in its text.
    pub(crate) faults: RwSignal<Vec<ErrorReport>>,
    /// Its run.
    pub(crate) runs: Runs,
    /// When it was last written in here, by the page's clock.
    written_millis: StoredValue<f64>,
}

/// The pads that are open. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Pads {
    /// All of them, in order.
    pub(crate) list: RwSignal<Vec<Pad>>,
    /// The number of the one that is shown.
    pub(crate) shown: RwSignal<u64>,
    engine: EngineClient,
    /// Outlives whoever opens a pad.
    owner: StoredValue<Owner>,
}

impl Pads {
    /// The pads that were open when the page was left, or a new one.
    pub(crate) fn start(engine: EngineClient) -> Self {
        let owner = StoredValue::new(Owner::current().unwrap_or_default());
        let pads = Self { list: RwSignal::new(Vec::new()), shown: RwSignal::new(0), engine, owner };
        let (ids, shown) = kept::open_pads();
        for id in ids {
            if let Some(kept) = kept::read(id) {
                pads.add(id, kept);
            }
        }
        match pads
            .list
            .with_untracked(|list| list.iter().find(|pad| pad.id == shown).or(list.first()).copied())
        {
            Some(pad) => pads.shown.set(pad.id),
            None => drop(pads.open(KeptPad::default())),
        }
        Effect::new(move || {
            let ids: Vec<u64> = pads.list.with(|list| list.iter().map(|pad| pad.id).collect());
            kept::write_open_pads(&ids, pads.shown.get());
        });
        let heard = window_event_listener(ev::storage, move |event| {
            let id = event.key().and_then(|key| kept::id_of_key(&key));
            let pad = id.and_then(|id| {
                pads.list.with_untracked(|list| list.iter().find(|pad| pad.id == id).copied())
            });
            if let (Some(pad), Some(text)) = (pad, event.new_value()) {
                pad.take_over(&text);
            }
        });
        on_cleanup(move || heard.remove());
        // A page that is left in the middle of a word keeps it.
        let left = window_event_listener(ev::pagehide, move |_| {
            pads.list.with_untracked(|list| list.iter().for_each(|pad| pad.write()));
        });
        on_cleanup(move || left.remove());
        pads
    }

    /// The pad that is shown. There is always one.
    pub(crate) fn current(self) -> Pad {
        self.list.with(|list| self.find(list, self.shown.get()))
    }

    /// The same, without being told when it changes.
    pub(crate) fn current_untracked(self) -> Pad {
        self.list.with_untracked(|list| self.find(list, self.shown.get_untracked()))
    }

    fn find(self, list: &[Pad], id: u64) -> Pad {
        let found = list.iter().find(|pad| pad.id == id).or(list.first()).copied();
        found.unwrap_or_else(|| self.owner.get_value().with(|| Pad::new(self.engine, id, KeptPad::default())))
    }

    /// Opens a new pad and shows it.
    pub(crate) fn open_with(self, name: &str, text: &str) -> Pad {
        self.open(KeptPad { name: name.to_owned(), text: text.to_owned(), parameters: Vec::new() })
    }

    /// Opens a pad with what another had.
    pub(crate) fn open(self, kept: KeptPad) -> Pad {
        let id = (js_sys::Date::now() as u64) * 1_000 + (js_sys::Math::random() * 1_000.0) as u64;
        let pad = self.add(id, kept);
        self.shown.set(pad.id);
        pad.write();
        pad
    }

    fn add(self, id: u64, kept: KeptPad) -> Pad {
        let pad = self.owner.get_value().with(|| Pad::new(self.engine, id, kept));
        self.list.update(|list| list.push(pad));
        pad
    }

    /// Takes a pad off the list. Returns its place, for [`Self::put_back`].
    pub(crate) fn close(self, id: u64) -> Option<(usize, Pad)> {
        let at = self.list.with_untracked(|list| list.iter().position(|pad| pad.id == id))?;
        let pad = self.list.try_update(|list| list.remove(at))?;
        let next = self.list.with_untracked(|list| list.get(at).or(list.last()).copied());
        match next {
            None => drop(self.open(KeptPad::default())),
            Some(next) if self.shown.get_untracked() == id => self.shown.set(next.id),
            Some(_) => {}
        }
        Some((at, pad))
    }

    /// Puts a closed pad back where it was.
    pub(crate) fn put_back(self, at: usize, pad: Pad) {
        self.list.update(|list| list.insert(at.min(list.len()), pad));
        self.shown.set(pad.id);
        pad.write();
    }

    /// Forgets a closed pad for good.
    pub(crate) fn forget(self, pad: Pad) {
        pad.runs.stop();
        pad.runs.drop_results();
        self.engine.tell(Request::CloseSession { session: pad.id });
        kept::remove(pad.id);
    }

    /// Whether anything is written in any of them.
    pub(crate) fn has_text(self) -> bool {
        self.list.with_untracked(|list| {
            list.iter().any(|pad| pad.text.with_untracked(|text| !text.trim().is_empty()))
        })
    }

    /// Shows the pad after or before the present one.
    pub(crate) fn step(self, by: isize) {
        let ids: Vec<u64> = self.list.with_untracked(|list| list.iter().map(|pad| pad.id).collect());
        let at = ids.iter().position(|id| *id == self.shown.get_untracked()).unwrap_or_default();
        let count = ids.len().max(1) as isize;
        let next = (at as isize + by).rem_euclid(count) as usize;
        if let Some(id) = ids.get(next) {
            self.shown.set(*id);
        }
    }

    /// Says that the engine died: rows that it kept are gone.
    pub(crate) fn lose_results(self) {
        self.list.with_untracked(|list| list.iter().for_each(|pad| pad.runs.lose_results()));
    }

    /// A pad that runs, with the one that is shown first.
    pub(crate) fn running(self) -> Option<Pad> {
        let shown = self.shown.get();
        self.list.with(|list| {
            let mut running = list.iter().filter(|pad| pad.runs.phase.get().is_running());
            let first = running.next().copied()?;
            if first.id == shown {
                Some(first)
            } else {
                running.find(|pad| pad.id == shown).copied().or(Some(first))
            }
        })
    }
}

impl Pad {
    fn new(engine: EngineClient, id: u64, kept: KeptPad) -> Self {
        let pad = Self {
            id,
            name: RwSignal::new(kept.name),
            text: RwSignal::new(kept.text),
            selection: RwSignal::new((0, 0)),
            task: RwSignal::new(None),
            parameters: RwSignal::new(kept.parameters),
            named: RwSignal::new(Vec::new()),
            faults: RwSignal::new(Vec::new()),
            runs: Runs::new(engine, id),
            written_millis: StoredValue::new(f64::NEG_INFINITY),
        };
        pad.write_on_change();
        pad.check_on_change(engine);
        pad
    }

    fn write_on_change(self) {
        let timer = StoredValue::new_local(None::<Timeout>);
        Effect::new(move |before: Option<()>| {
            self.name.track();
            self.text.track();
            self.parameters.track();
            if before.is_some() {
                timer.set_value(Some(Timeout::new(WRITE_MILLIS, move || self.write())));
            }
        });
    }

    /// Has its text checked by the engine when its person pauses.
    fn check_on_change(self, engine: EngineClient) {
        let timer = StoredValue::new_local(None::<Timeout>);
        Effect::new(move || {
            self.text.track();
            timer.set_value(Some(Timeout::new(WRITE_MILLIS, move || {
                let sql = self.text.get_untracked();
                engine.send(Request::Check { sql: sql.clone() }, move |event| {
                    if let Event::Checked { parameters, faults } = event
                        && self.text.try_with_untracked(|text| *text == sql) == Some(true)
                    {
                        self.named.set(parameters);
                        self.faults.set(faults);
                    }
                });
            })));
        });
    }

    fn write(self) {
        kept::write(self.id, &self.content());
    }

    /// What of it is kept, and goes into links.
    pub(crate) fn content(self) -> KeptPad {
        KeptPad {
            name: self.name.get_untracked(),
            text: self.text.get_untracked(),
            parameters: self.parameters.get_untracked(),
        }
    }

    /// Takes a text that a person wrote here.
    pub(crate) fn write_here(self, text: String) {
        self.written_millis.set_value(js_sys::Date::now());
        self.runs.marked.set(None);
        self.text.set(text);
    }

    /// Takes what another tab of the browser wrote, but never from under the hands of who writes here.
    fn take_over(self, text: &str) {
        let Some(kept) = kept::parse(text) else { return };
        if js_sys::Date::now() - self.written_millis.get_value() < WRITING_MILLIS {
            return;
        }
        if self.name.get_untracked() != kept.name {
            self.name.set(kept.name);
        }
        if self.text.get_untracked() != kept.text {
            self.task.set(Some(EditorTask::Replace { text: kept.text }));
        }
        if self.parameters.get_untracked() != kept.parameters {
            self.parameters.set(kept.parameters);
        }
    }

    /// The name that it is shown under: its own, or what its text begins with.
    pub(crate) fn shown_name(self) -> Signal<String> {
        Signal::derive(move || {
            let name = self.name.get();
            if name.trim().is_empty() { self.text.with(|text| sql_text::title(text)) } else { name }
        })
    }

    /// What would run: the selection, or all.
    pub(crate) fn query(self) -> Excerpt {
        let selection = self.selection.get_untracked();
        self.text.with_untracked(|text| sql_text::excerpt(text, selection))
    }

    /// Runs the selection, or all.
    pub(crate) fn run(self) {
        self.runs.run(self.query(), self.parameters.get_untracked());
    }
}
