//! Rows that go out as a file: to a place that the person chose, or as a blob that the page saves.

use crate::run::{self, Shown};
use crate::tab::Tab;
use crate::{convert, post};
use std::rc::Rc;
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, Result, Schema, StatementText, split};
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
    let open = tab.opened()?;
    let out = Arc::new(match handle {
        Some(handle) => OutStore::to_file(
            handle
                .dyn_into::<FileSystemFileHandle>()
                .map_err(|_| Error::new(ErrorKind::Internal, "The page sent no file to write to"))?,
        ),
        None => OutStore::to_blob(),
    });
    let (session, query, parameters) = match rows {
        ExportRows::Result { result } => {
            let session = open.lakehouse.session();
            let query = tab.with_result(result, |kept| {
                session.add_rows(RESULT, kept).map(|()| select_named(kept.schema()))
            })??;
            (session, query, Vec::new())
        }
        ExportRows::Query { sql, session, parameters } => {
            (tab.session(session)?.sibling(), one_query(&sql)?, parameters)
        }
    };
    let url = out_url(id)?;
    open.lakehouse.stores().register(&url, Arc::clone(&out) as _);
    let statement = copy_statement(&query, &url, name, format)?;
    let written = match convert::parameters(parameters) {
        Ok(parameters) => {
            let shown = Shown { tab, open: &open, id };
            run::write(&shown, &session, &statement, &parameters).await
        }
        Err(error) => Err(error),
    };
    open.lakehouse.stores().forget(&url);
    let rows = written?;
    let event = Event::Exported { rows, size_bytes: out.size_bytes() };
    match out.blob()? {
        Some(blob) => post::blob(id, event, &blob),
        None => post::event(id, event),
    }
    Ok(())
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

/// The text of the one statement that a query is.
fn one_query(sql: &str) -> Result<String> {
    let mut statements = split(sql);
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement?.text),
        _ => Err(Error::new(ErrorKind::Invalid, "Only one query at a time is written to a file")
            .hint("Select one query in the editor")),
    }
}

fn copy_statement(query: &str, url: &Url, name: &str, format: &str) -> Result<StatementText> {
    // On lines of its own: the query may end with a comment.
    let quoted = name.replace('\'', "''").replace(['/', '?', '#', '%'], "_");
    let sql = format!("COPY (\n{query}\n) TO '{url}{quoted}' (FORMAT {format})");
    let mut statements = split(&sql);
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement?),
        _ => {
            Err(Error::new(ErrorKind::Internal, "The rows cannot be written: the query is not one statement"))
        }
    }
}
