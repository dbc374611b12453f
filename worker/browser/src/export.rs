//! Rows that go out as a file: to a place that the person chose, or as a blob that the page saves.

use crate::run::{self, Shown};
use crate::tab::Tab;
use crate::{convert, excel, post};
use std::rc::Rc;
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, Result, Schema, Session, StatementText, split};
use tarn_rpc::{Event, ExportRows};
use tarn_storage_opfs::OutStore;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::FileSystemFileHandle;

/// The name under which an export finds the rows of a result.
pub(crate) const RESULT: &str = "result";

/// Writes rows to a file.
pub(crate) async fn export(
    tab: &Rc<Tab>,
    id: u64,
    rows: ExportRows,
    name: &str,
    format: &str,
    handle: Option<JsValue>,
) -> Result<()> {
    let out = Arc::new(match handle {
        Some(handle) => OutStore::to_file(
            handle
                .dyn_into::<FileSystemFileHandle>()
                .map_err(|_| Error::new(ErrorKind::Internal, "The page sent no file to write to"))?,
        ),
        None => OutStore::to_blob(),
    });
    let rows = match format {
        excel::FORMAT => excel::export(tab, id, rows, name, &out).await?,
        _ => copy(tab, id, rows, name, format, &out).await?,
    };
    let event = Event::Exported { rows, size_bytes: out.size_bytes() };
    match out.blob()? {
        Some(blob) => post::blob(id, event, &blob),
        None => post::event(id, event),
    }
    Ok(())
}

/// Writes rows by a COPY into a store of one file.
async fn copy(
    tab: &Rc<Tab>,
    id: u64,
    rows: ExportRows,
    name: &str,
    format: &str,
    out: &Arc<OutStore>,
) -> Result<u64> {
    let open = tab.opened()?;
    let (session, query, parameters) = match rows {
        ExportRows::Result { result } => {
            let session = open.lakehouse.session();
            let query = tab.with_result(result, |kept| {
                session.add_rows(RESULT, kept).map(|()| select_named(kept.schema()))
            })??;
            (session, query, Vec::new())
        }
        ExportRows::Query { sql, session, parameters } => {
            (wanted_session(tab, session)?, one_query(&sql)?.text, parameters)
        }
    };
    let url = out_url(id)?;
    let statement = copy_statement(&query, &url, name, format)?;
    let parameters = convert::parameters(parameters)?;
    open.lakehouse.stores().register(&url, Arc::clone(out) as _);
    let shown = Shown { tab, open: &open, id };
    let written = run::write(&shown, &session, &statement, &parameters).await;
    open.lakehouse.stores().forget(&url);
    written
}

/// A session that can run beside the one that was named.
pub(crate) fn wanted_session(tab: &Rc<Tab>, session: u64) -> Result<Session> {
    Ok(tab.session(session)?.sibling())
}

/// The rows of a result under the names that they had. A name that occurs again gets a number, as files want them all to
/// differ.
fn select_named(schema: &Schema) -> String {
    let mut names: Vec<String> = Vec::new();
    for field in schema.fields() {
        let is_taken = |name: &String| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        let candidates = (1..).map(|n| format!("{}_{n}", field.name()));
        let name = std::iter::once(field.name().clone()).chain(candidates).find(|name| !is_taken(name));
        names.push(name.unwrap_or_default());
    }
    let columns =
        names.iter().enumerate().map(|(at, name)| format!("c{at} AS `{}`", name.replace('`', "``")));
    format!("SELECT {} FROM __tarn.{RESULT}", columns.collect::<Vec<_>>().join(", "))
}

/// Where the one file of an export is.
fn out_url(id: u64) -> Result<Url> {
    Url::parse(&format!("export://{id}/"))
        .map_err(|error| Error::new(ErrorKind::Internal, format!("An export has no place: {error}")))
}

/// The one statement that a query is.
pub(crate) fn one_query(sql: &str) -> Result<StatementText> {
    only_statement(sql)?.ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "Only one query at a time is written to a file")
            .hint("Select one query in the editor")
    })
}

fn copy_statement(query: &str, url: &Url, name: &str, format: &str) -> Result<StatementText> {
    // On lines of its own: the query may end with a comment.
    let quoted = name.replace('\'', "''").replace(['/', '?', '#', '%'], "_");
    let sql = format!("COPY (\n{query}\n) TO '{url}{quoted}' (FORMAT {format})");
    only_statement(&sql)?.ok_or_else(|| {
        Error::new(ErrorKind::Internal, "The rows cannot be written: the query is not one statement")
    })
}

/// The statement of a script that has one.
fn only_statement(sql: &str) -> Result<Option<StatementText>> {
    let mut statements = split(sql);
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(Some(statement?)),
        _ => Ok(None),
    }
}
