//! The prompt: statements over several lines, run at their semicolon, with history.

use crate::output::{self, Format, Output};
use crate::sql::{Failure, run_script};
use anyhow::Result;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::process::ExitCode;
use tarn_lakehouse::{Lakehouse, Session, split};

/// Reads and runs statements until the end of input.
pub(crate) async fn run(lakehouse: &Lakehouse, session: &Session, format: Format) -> Result<ExitCode> {
    let mut editor = DefaultEditor::new()?;
    let mut script = String::new();
    loop {
        let prompt = if script.is_empty() { "tarn> " } else { "    > " };
        match editor.readline(prompt) {
            Ok(line) => {
                script.push_str(&line);
                script.push('\n');
            }
            // Ctrl+C throws away what was typed; Ctrl+D ends.
            Err(ReadlineError::Interrupted) => script.clear(),
            Err(ReadlineError::Eof) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(error.into()),
        }
        if !is_finished(&script) {
            continue;
        }
        let statement = std::mem::take(&mut script);
        if statement.trim().is_empty() {
            continue;
        }
        let _ = editor.add_history_entry(statement.trim());
        let mut output = Output::new(format, None)?;
        match run_script(lakehouse, session, &statement, &mut output).await {
            Ok(()) => {}
            Err(Failure::Sql(error)) => drop(output::fail(&output::describe(&error))),
            Err(Failure::Output(error)) => return Err(error),
        }
        output.finish()?;
    }
}

/// Whether the text ends with a semicolon that ends a statement, not one within quotes or a comment.
fn is_finished(script: &str) -> bool {
    script.trim().is_empty() || (script.trim_end().ends_with(';') && split(script).iter().all(Result::is_ok))
}
