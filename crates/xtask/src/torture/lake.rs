//! The native binary over a folder: children that run scripts, and what they answer.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::model::Rows;

/// A folder of tables, and the binary that changes them.
#[derive(Clone, Copy)]
pub(super) struct Lake<'a> {
    pub(super) tarn: &'a Path,
    pub(super) folder: &'a Path,
}

impl Lake<'_> {
    /// A child that has been given a script.
    pub(super) fn start(&self, script: &str) -> Result<Child> {
        let mut tarn = Command::new(self.tarn);
        tarn.args(["sql", "--format", "json", "--lake"]).arg(self.folder);
        tarn.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = tarn.spawn().with_context(|| format!("cannot start {}", self.tarn.display()))?;
        // A pipe holds more than a script, so this does not wait for the child.
        child.stdin.take().context("the child has no standard input")?.write_all(script.as_bytes())?;
        Ok(child)
    }

    /// The answers of a script that is left alone, one a statement that has one.
    pub(super) fn answers(&self, script: &str) -> Result<Vec<Value>> {
        let output = self.start(script)?.wait_with_output()?;
        ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        let answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        answers.collect::<Result<_, _>>().with_context(|| format!("{script}: no JSON"))
    }

    /// A table of the columns that changes are of; `kind` follows them.
    pub(super) fn create_table(&self, name: &str, kind: &str) -> Result<()> {
        self.answers(&format!("CREATE TABLE {name} (batch INT, n INT, x BIGINT) USING delta {kind}"))
            .map(drop)
    }

    /// How many versions a table says that it has.
    pub(super) fn versions(&self, table: &str) -> Result<u64> {
        let answers = self.answers(&format!("DESCRIBE HISTORY {table}"))?;
        let history = answers.first().and_then(Value::as_array).context("there is no history")?;
        let versions: Vec<u64> = history.iter().filter_map(|entry| entry.get("version")?.as_u64()).collect();
        ensure!(
            versions.iter().rev().copied().eq(0..history.len() as u64),
            "the history has a gap: {versions:?}"
        );
        Ok(history.len() as u64)
    }
}

/// Counts answers, and tells of each. One begins in a line of its own with a bracket.
pub(super) fn count_answers(mut output: impl BufRead, mut tell: impl FnMut()) -> Result<usize> {
    let mut count = 0;
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        if line.starts_with(b"[") {
            count += 1;
            tell();
        }
        line.clear();
    }
    Ok(count)
}

/// The rows of an answer.
pub(super) fn rows_of(answer: &Value) -> Result<Rows> {
    let answer = answer.as_array().context("the answer is no array")?;
    let mut rows = Rows::new();
    for row in answer {
        let field = |name: &str| row.get(name).and_then(Value::as_i64).with_context(|| format!("{row}"));
        let key = (u32::try_from(field("batch")?)?, u32::try_from(field("n")?)?);
        ensure!(rows.insert(key, field("x")?).is_none(), "a row is there twice: {row}");
    }
    Ok(rows)
}
