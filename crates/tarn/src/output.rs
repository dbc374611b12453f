//! What is printed: rows on standard output, errors as one line on standard error.

use anyhow::{Context, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use clap::ValueEnum;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tarn_lakehouse::Error;
use tarn_lakehouse::format::{self, CsvWriter, JsonArrayWriter};

/// The forms in which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table with lines, for people.
    Table,
    /// One array of objects a statement.
    Json,
    /// With a header.
    Csv,
    /// A Parquet file, to --output: the last statement's rows.
    Parquet,
    /// An Arrow IPC file, to --output: the last statement's rows.
    Arrow,
}

impl Format {
    /// Whether the form is a file of its own rather than a stream of text.
    pub(crate) fn is_file(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }
}

/// Where rows go.
pub(crate) struct Output {
    format: Format,
    path: Option<PathBuf>,
    sink: Option<Box<dyn Write>>,
    last: Option<(SchemaRef, Vec<RecordBatch>)>,
}

impl Output {
    pub(crate) fn new(format: Format, path: Option<PathBuf>) -> Result<Self> {
        anyhow::ensure!(
            path.is_some() || !format.is_file(),
            "--format parquet and arrow write a file: add --output FILE"
        );
        Ok(Self { format, path, sink: None, last: None })
    }

    /// The rows of one statement, batch by batch.
    pub(crate) fn begin(&mut self, schema: &SchemaRef) -> Rows<'_> {
        let writer = match self.format {
            Format::Json => Writer::Json(JsonArrayWriter::new(schema)),
            Format::Csv => Writer::Csv(CsvWriter::new(schema)),
            Format::Table | Format::Parquet | Format::Arrow => Writer::Whole(vec![]),
        };
        Rows { output: self, schema: SchemaRef::clone(schema), writer }
    }

    /// Writes what waits for the end: the last statement's rows as a file.
    pub(crate) fn finish(mut self) -> Result<()> {
        if let (Some(path), Some((schema, batches))) = (&self.path, self.last.take()) {
            let bytes = match self.format {
                Format::Arrow => format::arrow_file(&schema, &batches)?,
                _ => format::parquet_file(&schema, &batches)?,
            };
            let mut file = create(path)?;
            file.write_all(&bytes).and_then(|()| file.flush()).with_context(|| unwritable(path))?;
        }
        if let Some(sink) = self.sink.as_mut() {
            ignore_closed(sink.flush())?;
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let sink = match self.sink.take() {
            Some(sink) => self.sink.insert(sink),
            None => self.sink.insert(match &self.path {
                Some(path) => Box::new(create(path)?),
                None => Box::new(BufWriter::new(io::stdout())),
            }),
        };
        ignore_closed(sink.write_all(text.as_bytes()))
    }

    fn flush(&mut self) -> Result<()> {
        self.sink.as_mut().map_or(Ok(()), |sink| ignore_closed(sink.flush()))
    }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    #[expect(clippy::disallowed_methods, reason = "the file that --output names, not one of a lake")]
    let file = File::create(path).with_context(|| unwritable(path))?;
    Ok(BufWriter::new(file))
}

fn unwritable(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

/// `tarn … | head` closes the pipe early: that is an end, not a fault.
fn ignore_closed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other.context("cannot write to standard output")?),
    }
}

enum Writer {
    Json(JsonArrayWriter),
    Csv(CsvWriter),
    Whole(Vec<RecordBatch>),
}

/// The rows of one statement on their way out.
pub(crate) struct Rows<'a> {
    output: &'a mut Output,
    schema: SchemaRef,
    writer: Writer,
}

impl Rows<'_> {
    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let text = match &mut self.writer {
            Writer::Json(writer) => writer.rows(&batch),
            Writer::Csv(writer) => writer.rows(&batch),
            Writer::Whole(batches) => {
                batches.push(batch);
                return Ok(());
            }
        };
        self.output.write(&text)
    }

    pub(crate) fn finish(self) -> Result<()> {
        let text = match self.writer {
            Writer::Json(writer) => writer.finish().to_owned(),
            Writer::Csv(writer) => writer.finish(),
            Writer::Whole(mut batches) => {
                if self.output.format.is_file() {
                    self.output.last = Some((self.schema, batches));
                    return Ok(());
                }
                if batches.is_empty() {
                    batches.push(RecordBatch::new_empty(SchemaRef::clone(&self.schema)));
                }
                format::table(&batches)? + "\n"
            }
        };
        self.output.write(&text)?;
        self.output.flush()
    }
}

/// One line: what, where, what to do.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = error.message.trim_end_matches('.').replace('\n', " ");
    if let Some(position) = error.position {
        text.push_str(&format!(" (line {}, column {})", position.line, position.column));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!(". {}", hint.replace('\n', " ")));
    }
    text
}

/// Prints an error and gives the exit status for it.
#[expect(clippy::print_stderr, reason = "this is the binary's one place for errors")]
pub(crate) fn fail(message: &str) -> ExitCode {
    eprintln!("tarn: {message}");
    ExitCode::FAILURE
}
