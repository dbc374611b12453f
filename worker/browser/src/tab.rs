//! The tab's lakehouse, and the answer to each request.

use crate::files::Files;
use crate::{convert, export, moves, post, run};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use tarn_lakehouse::{
    Error, ErrorKind, KeptResult, Lakehouse, Options, Parameters, QueryControl, Result, Session, split,
};
use tarn_rpc::{ErrorReport, Event, Over, PROTOCOL_VERSION, Request, ResultStatus, RunStatus};
use tarn_storage::{S3Config, Stores};
use wasm_bindgen::{JsCast, JsValue};

/// A 32-bit program has 4 GiB at most, and what Arrow decodes is not all accounted for.
const MEMORY_LIMIT_BYTES: u64 = 1536 << 20;
/// What the cache of remote files keeps.
const CACHE_LIMIT_BYTES: u64 = 128 << 20;
/// One thread runs all partitions in turn. More of them cut the work that cannot yield (building a hash table, say)
/// into shorter pieces, at the price of exchanging rows between them.
const PARTITIONS: usize = 4;

/// What the worker holds. Everything runs on one thread, so cells are enough; no borrow is held across an await.
#[derive(Default)]
pub(crate) struct Tab {
    pub(crate) open: RefCell<Option<Rc<Open>>>,
    pub(crate) results: RefCell<HashMap<u64, KeptResult>>,
    /// What runs, with the statement that does.
    pub(crate) runs: RefCell<HashMap<u64, (Arc<QueryControl>, String)>>,
    sessions: RefCell<HashMap<u64, Rc<Session>>>,
    next_result: Cell<u64>,
}

/// The lakehouse once the page has said hello.
pub(crate) struct Open {
    pub(crate) lakehouse: Lakehouse,
    /// Holds the views of all sessions.
    first_session: Session,
    pub(crate) files: Files,
}

impl Tab {
    pub(crate) fn opened(&self) -> Result<Rc<Open>> {
        self.open.borrow().clone().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "The page asked before it said hello").hint("Reload the page")
        })
    }

    pub(crate) fn new_result(&self) -> u64 {
        self.next_result.replace(self.next_result.get() + 1)
    }

    /// A session that the page has named; one that it names for the first time begins.
    pub(crate) fn session(&self, session: u64) -> Result<Rc<Session>> {
        let open = self.opened()?;
        let mut sessions = self.sessions.borrow_mut();
        let session = sessions.entry(session).or_insert_with(|| Rc::new(open.first_session.sibling()));
        Ok(Rc::clone(session))
    }

    /// Looks at a result that is kept.
    pub(crate) fn with_result<T>(&self, result: u64, look: impl FnOnce(&KeptResult) -> T) -> Result<T> {
        self.results.borrow().get(&result).map(look).ok_or_else(no_result)
    }

    /// A session for a script of the page's own.
    fn look_session(&self, over: Over) -> Result<Session> {
        match over {
            Over::Lake => Ok(self.opened()?.lakehouse.session()),
            Over::Session { session } => Ok(self.session(session)?.sibling()),
            Over::Result { result } => {
                let session = self.opened()?.lakehouse.session();
                self.with_result(result, |kept| session.add_rows(export::RESULT, kept))??;
                Ok(session)
            }
        }
    }

    fn status(&self) -> Result<Event> {
        let open = self.opened()?;
        let (memory, stores) = (open.lakehouse.memory(), open.lakehouse.stores());
        let runs = self.runs.borrow();
        let runs = runs.iter().map(|(id, (control, sql))| {
            let progress = control.progress();
            RunStatus {
                id: *id,
                sql: sql.clone(),
                memory_bytes: progress.memory_bytes,
                elapsed_millis: progress.elapsed_millis,
            }
        });
        let results = self.results.borrow();
        let results = results.iter().map(|(result, kept)| ResultStatus {
            result: *result,
            rows: kept.rows(),
            memory_bytes: kept.memory_bytes() as u64,
        });
        Ok(Event::Status {
            used_bytes: memory.used_bytes() as u64,
            limit_bytes: memory.limit_bytes() as u64,
            wasm_bytes: wasm_bytes(),
            cache_bytes: stores.cache().size_bytes(),
            runs: runs.collect(),
            results: results.collect(),
        })
    }
}

/// Answers a request.
pub(crate) async fn answer(tab: &Rc<Tab>, id: u64, request: Request, attachments: Vec<JsValue>) {
    if let Err(error) = try_answer(tab, id, request, attachments).await {
        post::fail(id, None, convert::error(&error));
    }
}

async fn try_answer(tab: &Rc<Tab>, id: u64, request: Request, attachments: Vec<JsValue>) -> Result<()> {
    match request {
        Request::Hello { version, memory_limit_bytes } => {
            if version != PROTOCOL_VERSION {
                post::fail(id, None, other_version(version));
                return Ok(());
            }
            let open = open(memory_limit_bytes.unwrap_or(MEMORY_LIMIT_BYTES)).await?;
            let files = open.files.list().await?;
            let event = Event::Ready {
                version: PROTOCOL_VERSION,
                engine_version: env!("CARGO_PKG_VERSION").to_owned(),
                store: open.files.kind().clone(),
                memory_limit_bytes: open.lakehouse.memory().limit_bytes() as u64,
                files,
            };
            *tab.open.borrow_mut() = Some(Rc::new(open));
            post::event(id, event);
        }
        Request::AddFiles { paths } => {
            let open = tab.opened()?;
            open.files.add(&paths, attachments).await?;
            post::event(id, Event::Files { files: open.files.list().await? });
        }
        Request::ListFiles => {
            let files = tab.opened()?.files.list().await?;
            post::event(id, Event::Files { files });
        }
        Request::RemoveFile { path } => {
            let open = tab.opened()?;
            open.files.remove(&path).await?;
            post::event(id, Event::Files { files: open.files.list().await? });
        }
        Request::ReadFile { path } => {
            let bytes = tab.opened()?.files.read(&path).await?;
            post::bytes(id, Event::FileBytes { path }, &bytes);
        }
        Request::SetS3Credentials { credentials } => {
            tab.opened()?.lakehouse.stores().set_s3(S3Config {
                bucket: credentials.bucket,
                endpoint: credentials.endpoint,
                region: credentials.region,
                access_key_id: credentials.access_key_id,
                secret_access_key: credentials.secret_access_key,
                session_token: credentials.session_token,
                path_style: credentials.path_style,
            });
            post::event(id, Event::Done);
        }
        Request::Run { sql, session, parameters } => {
            let parameters = convert::parameters(parameters)?;
            run::script(tab, id, &sql, &parameters, &*tab.session(session)?).await?;
        }
        Request::Look { sql, over } => {
            run::script(tab, id, &sql, &Parameters::new(), &tab.look_session(over)?).await?;
        }
        Request::Check { sql } => post::event(id, check(&sql)),
        Request::CloseSession { session } => {
            tab.sessions.borrow_mut().remove(&session);
            post::event(id, Event::Done);
        }
        Request::Functions => {
            let functions = tab.opened()?.first_session.functions();
            let functions = functions.into_iter().map(convert::function).collect();
            post::event(id, Event::Functions { functions });
        }
        Request::Export { rows, name, format } => {
            export::export(tab, id, rows, &name, &format, attachments.into_iter().next()).await?;
        }
        Request::Status => post::event(id, tab.status()?),
        Request::ClearFiles => {
            let open = tab.opened()?;
            open.files.clear().await?;
            post::event(id, Event::Files { files: open.files.list().await? });
        }
        Request::CopyTable { from, to } => moves::copy(tab, id, &from, &to).await?,
        Request::ZipTables { paths } => moves::zip(tab, id, &paths).await?,
        Request::SaveTables { paths } => moves::save(tab, id, &paths, attachments.into_iter().next()).await?,
        Request::Cancel { run } => {
            if let Some((control, _)) = tab.runs.borrow().get(&run) {
                control.cancel();
            }
            post::event(id, Event::Done);
        }
        Request::Window { result, offset, limit } => {
            let event = tab.with_result(result, |kept| {
                let rows = kept.window(offset, limit).into_iter().map(convert::row).collect();
                Event::Window { result, offset, rows, total_rows: kept.rows(), complete: kept.is_complete }
            })?;
            post::event(id, event);
        }
        Request::Value { result, row, column } => {
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            let text = tab.with_result(result, |kept| kept.value(row, column))?;
            post::event(id, Event::Value { text });
        }
        Request::DropResult { result } => {
            tab.results.borrow_mut().remove(&result);
            post::event(id, Event::Done);
        }
        Request::Ping => post::event(id, Event::Done),
    }
    Ok(())
}

async fn open(memory_limit_bytes: u64) -> Result<Open> {
    let stores = Arc::new(Stores::new(CACHE_LIMIT_BYTES));
    let files = Files::open(&stores).await?;
    let options = Options {
        base: files.base().clone(),
        memory_limit_bytes: usize::try_from(memory_limit_bytes).unwrap_or(usize::MAX),
        partitions: PARTITIONS,
        spills: false,
    };
    let lakehouse = Lakehouse::open(stores, options)?;
    let first_session = lakehouse.session();
    Ok(Open { lakehouse, first_session, files })
}

/// What is no SQL in a script, and the parameters that it names.
fn check(sql: &str) -> Event {
    let (mut parameters, mut faults) = (Vec::<String>::new(), Vec::new());
    for statement in split(sql) {
        let fault = match statement {
            Ok(statement) => {
                for name in statement.parameters() {
                    if !parameters.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                        parameters.push(name);
                    }
                }
                tarn_lakehouse::syntax_fault(&statement)
            }
            Err(fault) => Some(fault),
        };
        faults.extend(fault.map(|fault| convert::error(&fault.into())));
    }
    Event::Checked { parameters, faults }
}

/// The memory of this program.
fn wasm_bytes() -> u64 {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length().into()
}

fn no_result() -> Error {
    Error::new(ErrorKind::NotFound, "The rows of this result are no longer kept")
        .hint("Run the statement again")
}

fn other_version(version: u32) -> ErrorReport {
    ErrorReport {
        kind: tarn_rpc::ErrorKind::VersionMismatch,
        message: format!(
            "The page speaks version {version} of the protocol, the engine version {PROTOCOL_VERSION}"
        ),
        hint: Some("Reload the page".to_owned()),
        position: None,
        fix: None,
        detail: None,
    }
}
