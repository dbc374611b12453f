//! `/api/2.0/sql/statements`: Databricks' statement execution API, answered in one go.
//!
//! Every request waits for its statement's end, so there is nothing to poll for: `wait_timeout` counts only together with
//! `on_wait_timeout: CANCEL`. Results are INLINE JSON_ARRAY in one chunk.
//!
//! Source: <https://docs.databricks.com/api/workspace/statementexecution/executestatement>

mod columns;
mod request;
mod response;
mod rows;

use crate::error::ApiError;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use columns::ColumnInfo;
use futures::future::{Either, select};
use request::Execution;
use rows::Rows;
use std::pin::pin;
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, Lakehouse, Result, split};

/// POST: runs one statement and answers with its rows, or with what is wrong with it.
pub(crate) async fn execute(State(lakehouse): State<Arc<Lakehouse>>, body: Bytes) -> Response {
    let execution = match Execution::parse(&body) {
        Ok(execution) => execution,
        Err(error) => return error.into_response(),
    };
    let run = run(&lakehouse, &execution);
    let ended = match execution.cancel_after {
        None => run.await,
        Some(limit) => match select(pin!(run), pin!(tarn_platform::sleep(limit))).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Err(Error::cancelled()),
        },
    };
    match ended {
        Ok((columns, rows)) => response::succeeded(columns, rows),
        Err(error) if error.kind == ErrorKind::Cancelled => response::canceled(),
        Err(error) => response::failed(&error),
    }
}

async fn run(lakehouse: &Lakehouse, execution: &Execution) -> Result<(Vec<ColumnInfo>, Rows)> {
    let mut statements = split(&execution.statement);
    if statements.len() > 1 && statements.iter().all(std::result::Result::is_ok) {
        let message = format!("A request takes one statement, and here are {}", statements.len());
        return Err(
            Error::new(ErrorKind::Invalid, message).hint("Send each statement in a request of its own")
        );
    }
    // The last one is the one that does not end, if any.
    let Some(statement) = statements.pop() else {
        return Err(
            Error::new(ErrorKind::Invalid, "The statement is empty").hint("Write one, such as SELECT 1")
        );
    };
    let session = lakehouse.session();
    let mut running = session.start(&statement?, &lakehouse.control()).await?;
    let columns = columns::describe(running.schema());
    let mut rows = Rows::new(execution.row_limit, execution.byte_limit);
    while let Some(batch) = running.next().await? {
        rows.add(&batch)?;
        if rows.is_truncated() {
            break;
        }
    }
    Ok((columns, rows))
}

/// A refusal, for the parts of this module.
type Accepted<T> = std::result::Result<T, ApiError>;
