//! `tarn sql`: runs statements and prints their rows.

use crate::output::{self, Format, Output};
use crate::{home, prompt};
use anyhow::Result;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tarn_lakehouse::{Error, Lakehouse, QueryControl, Session, StatementText, split};

/// Run SQL statements, in order, in one session. The first that fails ends the run with status 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files are tables by their path:
  tarn sql \"SELECT origin, avg(delay) FROM parquet.`flights.parquet` GROUP BY origin\"
  tarn sql \"SELECT * FROM csv.`data/*.csv.gz`\"
  tarn sql \"SELECT * FROM read_files('a.txt', format => 'csv', sep => ';')\"
  tarn sql \"COPY (SELECT * FROM json.`a.json`) TO 'a.parquet'\"

For s3:// the usual variables are read: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION,
AWS_ENDPOINT_URL.")]
pub(crate) struct Arguments {
    /// Statements, separated by semicolons. Without them, standard input is read; on a terminal a prompt opens.
    sql: Option<String>,
    /// The lake: a URL or a folder, to which paths are relative.
    #[arg(long, value_name = "URL", default_value = ".")]
    lake: String,
    /// The form of the rows.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write the rows to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Memory that queries may use, in MiB [default: three quarters of the machine's].
    #[arg(long, value_name = "MIB")]
    memory_limit: Option<usize>,
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode> {
    let lakehouse = home::open(&arguments.lake, arguments.memory_limit)?;
    let session = lakehouse.session();
    let mut output = Output::new(arguments.format, arguments.output)?;
    let script = match arguments.sql {
        Some(sql) => sql,
        None if std::io::stdin().is_terminal() => {
            return prompt::run(&lakehouse, &session, arguments.format).await;
        }
        None => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
    };
    let outcome = run_script(&lakehouse, &session, &script, &mut output).await;
    match outcome {
        Ok(()) => {
            output.finish()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure::Sql(error)) => {
            // Rows of earlier statements have been asked for, and are there.
            output.finish()?;
            Ok(output::fail(&output::describe(&error)))
        }
        Err(Failure::Output(error)) => Err(error),
    }
}

/// Why a script ended early.
pub(crate) enum Failure {
    /// A statement failed.
    Sql(Error),
    /// Its rows could not be written.
    Output(anyhow::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Output(error)
    }
}

/// Runs the statements of a script up to the first that fails.
pub(crate) async fn run_script(
    lakehouse: &Lakehouse,
    session: &Session,
    script: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    for statement in split(script) {
        let statement = statement.map_err(Error::from)?;
        let control = lakehouse.control();
        let stop = stop_on_interrupt(Arc::clone(&control));
        let ran = run_statement(session, &statement, &control, output).await;
        stop.abort();
        ran?;
    }
    Ok(())
}

async fn run_statement(
    session: &Session,
    statement: &StatementText,
    control: &Arc<QueryControl>,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut running = session.start(statement, control).await?;
    if !running.returns_rows() {
        while running.next().await?.is_some() {}
        return Ok(());
    }
    let mut rows = output.begin(running.schema());
    while let Some(batch) = running.next().await? {
        rows.push(batch)?;
    }
    rows.finish()?;
    Ok(())
}

/// Ctrl+C stops the statement, not the session.
fn stop_on_interrupt(control: Arc<QueryControl>) -> tokio::task::JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "the native binary has its own runtime")]
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            control.cancel();
        }
    })
}
