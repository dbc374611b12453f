//! Runs a script and tells the page how it goes.

use crate::tab::{Open, Tab};
use crate::{convert, post};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tarn_lakehouse::{
    Error, KeptResult, Parameters, QueryControl, Result, Running, Session, StatementText, split,
};
use tarn_rpc::Event;

/// The first figures come soon, so that a short wait is seen to be one; then some ten a second.
const FIRST_PROGRESS: Duration = Duration::from_millis(40);
const PROGRESS: Duration = Duration::from_millis(100);

/// Who is told of a statement.
pub(crate) struct Shown<'a> {
    pub(crate) tab: &'a Rc<Tab>,
    pub(crate) open: &'a Rc<Open>,
    pub(crate) id: u64,
}

/// Runs a script's statements in order; the first that fails ends the run.
pub(crate) async fn script(
    tab: &Rc<Tab>,
    id: u64,
    sql: &str,
    parameters: &Parameters,
    session: &Session,
) -> Result<()> {
    let open = &tab.opened()?;
    let shown = Shown { tab, open, id };
    let statements = split(sql);
    let count = narrow(statements.len());
    for (index, statement) in statements.into_iter().enumerate() {
        let index = narrow(index);
        let ran = match statement {
            Ok(statement) => {
                let control = shown.begin(&statement);
                let sql = statement.text.clone();
                post::event(id, Event::StatementStarted { statement: index, statements: count, sql });
                shown.run_statement(index, session, &statement, parameters, &control).await
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

/// Runs one statement that writes, and tells of its progress alone; the number of rows that it wrote.
pub(crate) async fn write(
    shown: &Shown<'_>,
    session: &Session,
    statement: &StatementText,
    parameters: &Parameters,
) -> Result<u64> {
    let control = shown.begin(statement);
    let collected = async {
        let mut running = session.start_with(statement, parameters, &control).await?;
        written_rows(&mut running).await
    };
    let rows = shown.reported(0, &control, collected).await;
    shown.tab.runs.borrow_mut().remove(&shown.id);
    rows
}

/// Runs one query and gives its rows, of which there may be so many, and tells of its progress alone.
pub(crate) async fn gather(
    shown: &Shown<'_>,
    session: &Session,
    statement: &StatementText,
    parameters: &Parameters,
    most: u64,
) -> Result<KeptResult> {
    let control = shown.begin(statement);
    let gathered = async {
        let mut running = session.start_with(statement, parameters, &control).await?;
        let memory = Arc::clone(shown.open.lakehouse.memory());
        let mut kept = KeptResult::new(Arc::clone(running.schema()), memory);
        while let Some(batch) = running.next().await? {
            kept.push(batch)?;
            if kept.rows() > most {
                return Err(crate::excel::too_many());
            }
        }
        Ok(kept)
    };
    let kept = shown.reported(0, &control, gathered).await;
    shown.tab.runs.borrow_mut().remove(&shown.id);
    kept
}

async fn written_rows(running: &mut Running) -> Result<u64> {
    let mut written = 0;
    while let Some(batch) = running.next().await? {
        written += tarn_lakehouse::written_rows(&batch);
    }
    Ok(written)
}

impl Shown<'_> {
    /// The control of a statement that is about to start.
    fn begin(&self, statement: &StatementText) -> Arc<QueryControl> {
        let control = self.open.lakehouse.control();
        // A cancel that came between two statements is meant for the run.
        let before =
            self.tab.runs.borrow_mut().insert(self.id, (Arc::clone(&control), statement.text.clone()));
        if before.is_some_and(|(before, _)| before.is_cancelled()) {
            control.cancel();
        }
        control
    }

    /// Drives a statement, and tells how far it is meanwhile.
    async fn reported<T>(
        &self,
        index: u32,
        control: &Arc<QueryControl>,
        statement: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let is_running = Rc::new(Cell::new(true));
        report(self.id, index, Arc::clone(control), Rc::clone(&is_running));
        let outcome = tarn_platform::drive(statement).await;
        is_running.set(false);
        outcome
    }

    async fn run_statement(
        &self,
        index: u32,
        session: &Session,
        statement: &StatementText,
        parameters: &Parameters,
        control: &Arc<QueryControl>,
    ) -> Result<()> {
        let collected = self.collect(index, session, statement, parameters, control);
        let rows = self.reported(index, control, collected).await?;
        let progress = convert::progress(control.progress());
        post::event(self.id, Event::StatementFinished { statement: index, rows, progress });
        Ok(())
    }

    /// Runs a statement and keeps its rows; returns their number, or that of the rows written.
    async fn collect(
        &self,
        index: u32,
        session: &Session,
        statement: &StatementText,
        parameters: &Parameters,
        control: &Arc<QueryControl>,
    ) -> Result<u64> {
        let mut running = session.start_with(statement, parameters, control).await?;
        let rows = match running.returns_rows() {
            true => self.keep(index, &mut running).await,
            false => written_rows(&mut running).await,
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
