//! The page's side of `tarn_rpc`: sends requests to the engine worker, brings each event to whoever asked, and brings
//! the engine back when it dies.

mod neighbours;
mod port;

pub(crate) use port::describe;

use gloo_timers::callback::{Interval, Timeout};
use js_sys::Array;
use leptos::prelude::*;
use neighbours::Neighbours;
use port::{Port, Signal as PortSignal};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use tarn_rpc::{
    Envelope, ErrorKind, ErrorReport, Event, FileEntry, PROTOCOL_VERSION, Request, S3Credentials, StoreKind,
};
use web_sys::File;

/// How often an engine may die before it is ready until the page stops starting it.
const MAX_FAILED_STARTS: u32 = 3;
/// The id of the first request to each worker.
const HELLO_ID: u64 = 1;
/// Without Web Locks an engine counts as dead after this long without a word.
const SILENCE_MILLIS: f64 = 10_000.0;

/// How the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EngineStatus {
    /// It loads.
    Starting,
    /// It answers.
    Ready,
    /// It could not be started.
    Failed {
        /// Why, for a person.
        error: ErrorReport,
    },
}

/// An engine that died and was started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restart {
    /// How many there were since the page was opened.
    pub(crate) count: u32,
    /// What is known of the cause.
    pub(crate) cause: String,
}

/// The door to the engine. Copies are the same door.
#[derive(Clone, Copy)]
pub(crate) struct EngineClient {
    /// How the engine is.
    pub(crate) status: RwSignal<EngineStatus>,
    /// Where written files go, once the engine has said so.
    pub(crate) store: RwSignal<Option<StoreKind>>,
    /// The files of the tab.
    pub(crate) files: RwSignal<Vec<FileEntry>>,
    /// Memory that queries and kept results may take together.
    pub(crate) memory_limit_bytes: RwSignal<u64>,
    /// The last death, if any.
    pub(crate) restart: RwSignal<Option<Restart>>,
    inner: StoredValue<Rc<Inner>, LocalStorage>,
}

type Handler = Rc<RefCell<dyn FnMut(Event, &Array)>>;

#[derive(Default)]
struct Inner {
    port: RefCell<Option<Port>>,
    /// Counts workers: what an earlier one says no longer matters.
    generation: Cell<u32>,
    next_id: Cell<u64>,
    handlers: RefCell<HashMap<u64, Handler>>,
    waiting: RefCell<Vec<(String, Array)>>,
    failed_starts: Cell<u32>,
    heard_millis: Cell<f64>,
    /// What a new engine has to be told again.
    opened: RefCell<Vec<(String, File)>>,
    credentials: RefCell<Vec<S3Credentials>>,
    neighbours: Neighbours,
}

impl EngineClient {
    /// Starts the engine.
    pub(crate) fn start() -> Self {
        let client = Self {
            status: RwSignal::new(EngineStatus::Starting),
            store: RwSignal::new(None),
            files: RwSignal::new(Vec::new()),
            memory_limit_bytes: RwSignal::new(0),
            restart: RwSignal::new(None),
            inner: StoredValue::new_local(Rc::new(Inner {
                next_id: Cell::new(HELLO_ID + 1),
                ..Inner::default()
            })),
        };
        client.inner().neighbours.listen(move || {
            if client.status.get_untracked() == EngineStatus::Ready {
                client.tell(Request::ListFiles);
            }
        });
        client.open();
        client
    }

    /// Starts the engine again after it was given up.
    pub(crate) fn try_again(self) {
        self.inner().failed_starts.set(0);
        self.status.set(EngineStatus::Starting);
        self.open();
    }

    /// Ends the engine, from the event loop: what it was asked is not answered any more.
    pub(crate) fn close(self) {
        let inner = self.inner();
        inner.generation.set(inner.generation.get() + 1);
        inner.handlers.take();
        if let Some(port) = inner.port.take() {
            Timeout::new(0, move || drop(port)).forget();
        }
    }

    /// Sends a request; `on_event` hears every event that answers it, up to the last. Returns the request's id. Requests
    /// wait until the engine is ready.
    pub(crate) fn send(self, request: Request, on_event: impl FnMut(Event) + 'static) -> u64 {
        let mut on_event = on_event;
        self.send_with(request, &Array::new(), move |event, _| on_event(event))
    }

    /// Sends a request that no one waits for.
    pub(crate) fn tell(self, request: Request) {
        self.send(request, |_| {});
    }

    /// Opens files for reading, and again after a restart.
    pub(crate) fn add_files(self, files: Vec<(String, File)>, on_event: impl FnMut(Event) + 'static) {
        let inner = self.inner();
        {
            let mut opened = inner.opened.borrow_mut();
            opened.retain(|(path, _)| files.iter().all(|(new, _)| new != path));
            opened.extend(files.iter().cloned());
        }
        self.attach(files, on_event);
    }

    /// Forgets an opened file, or deletes a written one.
    pub(crate) fn remove_file(self, path: String, on_event: impl FnMut(Event) + 'static) {
        // A table that was opened goes with all its files, and with the zip that it came in.
        let (below, zip) = (format!("{path}/"), format!("{path}.zip"));
        self.inner()
            .opened
            .borrow_mut()
            .retain(|(opened, _)| *opened != path && *opened != zip && !opened.starts_with(&below));
        self.send(Request::RemoveFile { path }, on_event);
    }

    /// Reads a whole file; the bytes are an `ArrayBuffer`.
    pub(crate) fn read_file(
        self,
        path: String,
        on_bytes: impl FnOnce(Result<wasm_bindgen::JsValue, ErrorReport>) + 'static,
    ) {
        let mut on_bytes = Some(on_bytes);
        self.send_with(Request::ReadFile { path }, &Array::new(), move |event, attachments| {
            let outcome = match event {
                Event::FileBytes { .. } => Ok(attachments.get(0)),
                Event::Failed { error, .. } => Err(error),
                _ => return,
            };
            if let Some(on_bytes) = on_bytes.take() {
                on_bytes(outcome);
            }
        });
    }

    /// Hands over keys for a bucket, and again after a restart.
    pub(crate) fn set_credentials(self, credentials: S3Credentials, on_event: impl FnMut(Event) + 'static) {
        {
            let inner = self.inner();
            let mut kept = inner.credentials.borrow_mut();
            kept.retain(|other| other.bucket != credentials.bucket);
            kept.push(credentials.clone());
        }
        self.send(Request::SetS3Credentials { credentials }, on_event);
    }

    fn inner(self) -> Rc<Inner> {
        self.inner.get_value()
    }

    fn attach(self, files: Vec<(String, File)>, on_event: impl FnMut(Event) + 'static) {
        let attachments = Array::new();
        let mut paths = Vec::with_capacity(files.len());
        for (path, file) in files {
            attachments.push(&file);
            paths.push(path);
        }
        let mut on_event = on_event;
        self.send_with(Request::AddFiles { paths }, &attachments, move |event, _| on_event(event));
    }

    /// Sends a request with what belongs to it beside it.
    pub(crate) fn send_with(
        self,
        request: Request,
        attachments: &Array,
        on_event: impl FnMut(Event, &Array) + 'static,
    ) -> u64 {
        let inner = self.inner();
        let id = inner.next_id.get();
        inner.next_id.set(id + 1);
        inner.handlers.borrow_mut().insert(id, Rc::new(RefCell::new(on_event)));
        match (Envelope { id, message: request }).encode() {
            Ok(text) if self.status.get_untracked() == EngineStatus::Ready => {
                self.post(id, &text, attachments);
            }
            Ok(text) => inner.waiting.borrow_mut().push((text, attachments.clone())),
            Err(error) => self.fail_request(id, &error.to_string()),
        }
        id
    }

    fn post(self, id: u64, text: &str, attachments: &Array) {
        let posted = match self.inner().port.borrow().as_ref() {
            Some(port) => port.post(text, attachments),
            None => Err("it is not running".to_owned()),
        };
        if let Err(why) = posted {
            self.fail_request(id, &why);
        }
    }

    /// Fails a request from the event loop, so that a caller never hears back before its call returns.
    fn fail_request(self, id: u64, why: &str) {
        let error = ErrorReport {
            kind: ErrorKind::Internal,
            message: format!("The engine could not be asked: {why}."),
            hint: Some("Reload the page.".to_owned()),
            position: None,
            fix: None,
            detail: None,
        };
        Timeout::new(0, move || self.route(id, Event::Failed { statement: None, error }, &Array::new()))
            .forget();
    }

    fn open(self) {
        let inner = self.inner();
        let generation = inner.generation.get() + 1;
        inner.generation.set(generation);
        let opened = Port::open(move |signal| {
            if self.inner().generation.get() == generation {
                self.hear(signal);
            }
        });
        match opened {
            Ok(port) => {
                *inner.port.borrow_mut() = Some(port);
                self.greet();
            }
            Err(cause) => {
                inner.failed_starts.set(MAX_FAILED_STARTS);
                Timeout::new(0, move || self.died(&cause)).forget();
            }
        }
    }

    /// Says hello; a worker listens from its first moment, and answers when it is up.
    fn greet(self) {
        let hello = Envelope {
            id: HELLO_ID,
            message: Request::Hello { version: PROTOCOL_VERSION, memory_limit_bytes: None },
        };
        match hello.encode() {
            Ok(text) => self.post(HELLO_ID, &text, &Array::new()),
            Err(error) => self.fail_request(HELLO_ID, &error.to_string()),
        }
    }

    fn hear(self, signal: PortSignal) {
        self.inner().heard_millis.set(js_sys::Date::now());
        match signal {
            PortSignal::Died { cause } => self.died(&cause),
            PortSignal::Message { text, attachments } => match Envelope::<Event>::decode(&text) {
                Ok(Envelope { id, message }) => self.route(id, message, &attachments),
                Err(error) => {
                    leptos::logging::warn!("The engine sent a message that does not decode: {error}")
                }
            },
        }
    }

    fn route(self, id: u64, event: Event, attachments: &Array) {
        match (id, event) {
            (HELLO_ID, event) => self.hear_greeting(event),
            (0, Event::Files { files }) => {
                self.files.set(files);
                self.inner().neighbours.tell();
            }
            (0, Event::Failed { error, .. }) => self.give_up(error),
            (id, event) => self.deliver(id, event, attachments),
        }
    }

    fn hear_greeting(self, event: Event) {
        match event {
            Event::Ready { version, store, memory_limit_bytes, files, engine_version: _ } => {
                if self.status.get_untracked() == EngineStatus::Ready {
                    return;
                }
                if version != PROTOCOL_VERSION {
                    self.give_up(version_mismatch());
                    return;
                }
                self.ready(store, memory_limit_bytes, files);
            }
            Event::Failed { error, .. } => self.give_up(error),
            _ => {}
        }
    }

    fn ready(self, store: StoreKind, memory_limit_bytes: u64, files: Vec<FileEntry>) {
        let inner = self.inner();
        inner.failed_starts.set(0);
        self.store.set(Some(store));
        self.memory_limit_bytes.set(memory_limit_bytes);
        self.files.set(files);
        self.status.set(EngineStatus::Ready);
        let watched = inner.port.borrow().as_ref().is_some_and(Port::watch);
        if !watched {
            self.listen_for_silence(inner.generation.get());
        }
        if self.restart.get_untracked().is_some() {
            let opened = inner.opened.borrow().clone();
            if !opened.is_empty() {
                self.attach(opened, |_| {});
            }
            for credentials in inner.credentials.borrow().clone() {
                self.tell(Request::SetS3Credentials { credentials });
            }
        }
        for (text, attachments) in inner.waiting.take() {
            if let Ok(Envelope { id, .. }) = Envelope::<Request>::decode(&text) {
                self.post(id, &text, &attachments);
            }
        }
    }

    /// The heartbeat for browsers without Web Locks.
    fn listen_for_silence(self, generation: u32) {
        let inner = self.inner();
        inner.heard_millis.set(js_sys::Date::now());
        let beat: Rc<RefCell<Option<Interval>>> = Rc::default();
        let kept = beat.clone();
        *beat.borrow_mut() = Some(Interval::new(2_000, move || {
            let inner = self.inner();
            if inner.generation.get() != generation {
                if let Some(interval) = kept.take() {
                    Timeout::new(0, move || drop(interval)).forget();
                }
            } else if js_sys::Date::now() - inner.heard_millis.get() > SILENCE_MILLIS {
                self.died("it has been silent for ten seconds");
            } else {
                self.tell(Request::Ping);
            }
        }));
    }

    fn deliver(self, id: u64, event: Event, attachments: &Array) {
        let inner = self.inner();
        let more_will_come = matches!(
            event,
            Event::StatementStarted { .. }
                | Event::Schema { .. }
                | Event::Progress { .. }
                | Event::StatementFinished { .. }
                | Event::Moved { .. }
        );
        if let Event::Files { files } = &event {
            self.files.set(files.clone());
        }
        let handler = if more_will_come {
            inner.handlers.borrow().get(&id).cloned()
        } else {
            inner.handlers.borrow_mut().remove(&id)
        };
        if let Some(handler) = handler {
            (handler.borrow_mut())(event, attachments);
        }
    }

    fn died(self, cause: &str) {
        let inner = self.inner();
        inner.generation.set(inner.generation.get() + 1);
        inner.port.take();
        let was_ready = self.status.get_untracked() == EngineStatus::Ready;
        self.status.set(EngineStatus::Starting);
        if was_ready {
            let count = self.restart.get_untracked().map_or(0, |restart| restart.count) + 1;
            self.restart.set(Some(Restart { count, cause: cause.to_owned() }));
            let error = ErrorReport {
                kind: ErrorKind::Internal,
                message: "The engine stopped before it could answer.".to_owned(),
                hint: Some("It was started again: run the statement once more. If it stops again, ask for less at once.".to_owned()),
                position: None,
                fix: None,
                detail: Some(cause.to_owned()),
            };
            for handler in inner.handlers.take().into_values() {
                (handler.borrow_mut())(
                    Event::Failed { statement: None, error: error.clone() },
                    &Array::new(),
                );
            }
        } else {
            inner.failed_starts.set(inner.failed_starts.get() + 1);
        }
        let failed_starts = inner.failed_starts.get();
        if failed_starts >= MAX_FAILED_STARTS {
            self.give_up(ErrorReport {
                kind: ErrorKind::Internal,
                message: format!("The engine does not start: {}.", cause.trim_end_matches('.')),
                hint: Some(
                    "Reload the page; if that does not help, try a current Chrome, Firefox or Safari."
                        .to_owned(),
                ),
                position: None,
                fix: None,
                detail: Some(cause.to_owned()),
            });
        } else {
            Timeout::new(200 * failed_starts, move || self.open()).forget();
        }
    }

    fn give_up(self, error: ErrorReport) {
        let inner = self.inner();
        inner.generation.set(inner.generation.get() + 1);
        // The port may be the caller's caller: it is dropped from the event loop.
        if let Some(port) = inner.port.take() {
            Timeout::new(0, move || drop(port)).forget();
        }
        inner.waiting.take();
        for handler in inner.handlers.take().into_values() {
            (handler.borrow_mut())(Event::Failed { statement: None, error: error.clone() }, &Array::new());
        }
        self.status.set(EngineStatus::Failed { error });
    }
}

fn version_mismatch() -> ErrorReport {
    ErrorReport {
        kind: ErrorKind::VersionMismatch,
        message: "The page and its engine are of different versions.".to_owned(),
        hint: Some("Reload the page to get both anew.".to_owned()),
        position: None,
        fix: None,
        detail: None,
    }
}
