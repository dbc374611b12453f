//! Runs a script and tells the page how it goes.

use crate::tab::{Open, Tab};
use crate::{convert, post};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tarn_lakehouse::{Error, KeptResult, QueryControl, Result, Running, Session, StatementText, split};
use tarn_rpc::Event;

/// The first figures come soon, so that a short wait is seen to be one; then some ten a second.
const FIRST_PROGRESS: Duration = Duration::from_millis(40);
const PROGRESS: Duration = Duration::from_millis(100);

/// Whose script runs where.
struct Script<'a> {
    tab: &'a Rc<Tab>,
    open: &'a Rc<Open>,
    session: &'a Session,
    id: u64,
}

/// Runs a script's statements in order; the first that fails ends the run.
pub(crate) async fn script(tab: &Rc<Tab>, id: u64, sql: &str, session: &Session) -> Result<()> {
    let open = &tab.opened()?;
    let script = Script { tab, open, session, id };
    let statements = split(sql);
    let count = narrow(statements.len());
    for (index, statement) in statements.into_iter().enumerate() {
        let index = narrow(index);
        let control = open.lakehouse.control();
        // A cancel that came between two statements is meant for the run.
        let was_cancelled = tab
            .runs
            .borrow_mut()
            .insert(id, Arc::clone(&control))
            .is_some_and(|before| before.is_cancelled());
        if was_cancelled {
            control.cancel();
        }
        let ran = match statement {
            Ok(statement) => {
                let sql = statement.text.clone();
                post::event(id, Event::StatementStarted { statement: index, statements: count, sql });
                script.run_statement(index, &statement, &control).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = ran {
            tab.runs.borrow_mut().remove(&id);
            post::fail(id, Some(index), convert::error(&error));
            return Ok(());
        }
    }
    tab.runs.borrow_mut().remove(&id);
    post::event(id, Event::Done);
    Ok(())
}

impl Script<'_> {
    async fn run_statement(
        &self,
        index: u32,
        statement: &StatementText,
        control: &Arc<QueryControl>,
    ) -> Result<()> {
        let is_running = Rc::new(Cell::new(true));
        report(self.id, index, Arc::clone(control), Rc::clone(&is_running));
        let rows = tarn_platform::drive(self.collect(index, statement, control)).await;
        is_running.set(false);
        let rows = rows?;
        let progress = convert::progress(control.progress());
        post::event(self.id, Event::StatementFinished { statement: index, rows, progress });
        Ok(())
    }

    /// Runs a statement and keeps its rows; returns their number, or that of the rows written.
    async fn collect(
        &self,
        index: u32,
        statement: &StatementText,
        control: &Arc<QueryControl>,
    ) -> Result<u64> {
        let mut running = self.session.start(statement, control).await?;
        let rows = if running.returns_rows() {
            self.keep(index, &mut running).await
        } else {
            let mut written = 0;
            while let Some(batch) = running.next().await? {
                written += tarn_lakehouse::written_rows(&batch);
            }
            Ok(written)
        };
        if running.may_write()
            && let Ok(files) = self.open.files.list().await
        {
            // The page did not ask, but what it shows may have changed.
            post::event(0, Event::Files { files });
        }
        rows
    }

    /// Keeps the rows for the page to ask for; returns their number.
    async fn keep(&self, index: u32, running: &mut Running) -> Result<u64> {
        let tab = self.tab;
        let result = tab.new_result();
        let kept = KeptResult::new(Arc::clone(running.schema()), Arc::clone(self.open.lakehouse.memory()));
        tab.results.borrow_mut().insert(result, kept);
        let columns = convert::columns(running.schema());
        post::event(self.id, Event::Schema { statement: index, result, columns });
        loop {
            let next = running.next().await;
            let mut results = tab.results.borrow_mut();
            // A page that drops the result while it grows has no more use for the rows.
            let Some(kept) = results.get_mut(&result) else { return Err(Error::cancelled()) };
            let pushed = match next {
                Ok(Some(batch)) => kept.push(batch),
                Ok(None) => {
                    kept.is_complete = true;
                    return Ok(kept.rows());
                }
                Err(error) => Err(error),
            };
            if let Err(error) = pushed {
                kept.is_complete = true;
                return Err(error);
            }
        }
    }
}

/// Tells the page how far a statement is, until it ends.
fn report(id: u64, index: u32, control: Arc<QueryControl>, is_running: Rc<Cell<bool>>) {
    wasm_bindgen_futures::spawn_local(async move {
        let mut wait = FIRST_PROGRESS;
        loop {
            tarn_platform::sleep(wait).await;
            if !is_running.get() {
                return;
            }
            let progress = convert::progress(control.progress());
            post::event(id, Event::Progress { statement: index, progress });
            wait = PROGRESS;
        }
    });
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
