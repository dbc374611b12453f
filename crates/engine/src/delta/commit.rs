//! Rows into files, and files into a version.

use super::evolve::Shape;
use super::identity::Identities;
use super::nested::{Fit, fit_values, loose};
use super::rules::{TableRules, shown_row};
use crate::session::Run;
use crate::{Error, ErrorKind, Result};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::physical_plan::ExecutionPlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::actions::{Add, AddCdcFile, Metadata};
use tarn_delta::transaction::Transaction;
use tarn_delta::write::{CHANGE_TYPE, DataWriter, WritePlan, remove_files};
use tarn_delta::{TableStore, maintenance};

/// What was written, not yet committed.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) adds: Vec<Add>,
    /// The same rows for the change feed, where that was asked for.
    pub(crate) change_files: Vec<AddCdcFile>,
    pub(crate) rows: u64,
    /// What the table's metadata becomes in the same commit, where identity columns gave values.
    pub(crate) metadata: Option<Metadata>,
}

/// What is wanted of rows beside what their table asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowOptions {
    /// A condition that all rows must meet, as it was written. The plan's last column, after the table's, says whether
    /// they do.
    pub(crate) condition: Option<String>,
    /// Whether the rows are also written as insertions for the change feed.
    pub(crate) feeds: bool,
}

impl Written {
    /// The files that belong to nothing until they are committed, by their paths.
    pub(crate) fn new_files(&self) -> Vec<String> {
        let data = self.adds.iter().map(|add| add.path.clone());
        data.chain(self.change_files.iter().map(|file| file.path.clone())).collect()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.adds.iter().map(|add| u64::try_from(add.size).unwrap_or(0)).sum()
    }

    /// Spark's metrics of an operation WRITE.
    pub(crate) fn metrics(&self) -> BTreeMap<String, String> {
        let mut metrics = BTreeMap::new();
        for (name, value) in [
            ("numFiles", self.adds.len() as u64),
            ("numOutputRows", self.rows),
            ("numOutputBytes", self.bytes()),
        ] {
            metrics.insert(name.to_owned(), value.to_string());
        }
        metrics
    }
}

/// Writes the rows of a plan, whose columns are those of the table, into files of the table.
///
/// # Errors
/// What the plan fails with, and rows that break a rule of the table. Nothing is left behind then.
pub(crate) async fn write_rows(
    run: &Run<'_>,
    table: &TableStore,
    shape: Shape<'_>,
    plan: Arc<dyn ExecutionPlan>,
    options: &RowOptions,
) -> Result<Written> {
    let columns = Arc::new(shape.columns());
    let rules = TableRules::of(run.state(), &columns, shape.schema, shape.metadata)?;
    let write_plan = WritePlan::new(table.clone(), shape.protocol, shape.metadata)?;
    let mut feed = options.feeds.then(|| DataWriter::new(write_plan.clone().for_change_data()));
    let mut writer = DataWriter::new(write_plan);
    let mut identities = Identities::of(shape.schema)?;
    let mut rows = 0u64;
    let drained = async {
        let mut batches = run.batches(plan).await?;
        while let Some(batch) = batches.next().await? {
            if let Some(condition) = &options.condition {
                check_condition(&batch, condition)?;
            }
            // Nulls are checked by the writer, which says whose null may not be.
            let batch = identities.fill(in_columns(&columns, batch.columns())?, |_| true)?;
            let batch = rules.shorten(batch)?;
            rules.check(&batch)?;
            rows += batch.num_rows() as u64;
            if let Some(feed) = &mut feed {
                feed.write(with_change_type(&batch, "insert")?).await?;
            }
            writer.write(batch).await?;
        }
        Ok::<(), Error>(())
    };
    if let Err(error) = drained.await {
        abort(writer, feed).await;
        return Err(error);
    }
    let (adds, change_files) = finish(table, writer, feed).await?;
    Ok(Written { adds, change_files, rows, metadata: identities.metadata(shape.schema, shape.metadata) })
}

/// Ends the files of rows and of the feed; when that fails, both are removed.
pub(crate) async fn finish(
    table: &TableStore,
    writer: DataWriter,
    feed: Option<DataWriter>,
) -> Result<(Vec<Add>, Vec<AddCdcFile>)> {
    let Some(feed) = feed else { return Ok((writer.finish().await?, vec![])) };
    let adds = match writer.finish().await {
        Ok(adds) => adds,
        Err(error) => {
            feed.abort().await;
            return Err(error.into());
        }
    };
    match feed.finish_change_data().await {
        Ok(change_files) => Ok((adds, change_files)),
        Err(error) => {
            remove_files(table, adds.iter().map(|add| add.path.as_str())).await;
            Err(error.into())
        }
    }
}

/// Removes what was written.
pub(crate) async fn abort(writer: DataWriter, feed: Option<DataWriter>) {
    writer.abort().await;
    if let Some(feed) = feed {
        feed.abort().await;
    }
}

/// Rows in the columns of a table; what comes after them is left out.
pub(crate) fn in_columns(columns: &SchemaRef, arrays: &[ArrayRef]) -> Result<RecordBatch> {
    let arrays = arrays.iter().zip(columns.fields());
    // Types differ in where null may be, at most.
    let arrays = arrays.map(|(array, field)| fit_values(array, field.data_type(), Fit::ByPosition));
    Ok(RecordBatch::try_new(Arc::clone(columns), arrays.collect::<Result<Vec<_>>>()?)?)
}

/// Rows with a last column that says what happened to them.
pub(crate) fn with_change_type(rows: &RecordBatch, change: &str) -> Result<RecordBatch> {
    let mut fields: Vec<Arc<Field>> = rows.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(CHANGE_TYPE, DataType::Utf8, true)));
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(StringArray::from(vec![change; rows.num_rows()])));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Whether all rows meet the condition that a statement names, by their last column.
fn check_condition(batch: &RecordBatch, condition: &str) -> Result<()> {
    let holds = batch.columns().last().and_then(|column| column.as_boolean_opt());
    let holds = holds.ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("REPLACE WHERE {condition} is not a condition"))
    })?;
    let Some(row) = (0..holds.len()).find(|row| holds.is_null(*row) || !holds.value(*row)) else {
        return Ok(());
    };
    let values = batch.columns().split_last().map_or(&[][..], |(_, values)| values);
    let shown = shown_row(&batch.schema(), values, row);
    Err(Error::new(
        ErrorKind::Execution,
        format!("A new row is not among those that REPLACE WHERE ({condition}) replaces: {shown}"),
    )
    .hint("Filter the query by the same condition, or change the condition"))
}

/// The same columns, where null may be in each, and in what they hold.
pub(crate) fn all_nullable(schema: &Schema) -> Schema {
    let fields = schema
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_data_type(loose(field.data_type())).with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Commits, and does what is due after a commit: checkpoints, removal of old logs.
///
/// # Errors
/// Conflicts, and what the store says. New files of a commit that failed for certain are removed.
pub(crate) async fn commit(transaction: Transaction, table: &TableStore, new_files: &[String]) -> Result<()> {
    let committed = match transaction.commit().await {
        Ok(committed) => committed,
        Err(error) => {
            // Where the outcome is not known, the files may be part of the table.
            if !matches!(error, tarn_delta::Error::UnknownOutcome { .. }) {
                remove_files(table, new_files.iter().map(String::as_str)).await;
            }
            return Err(error.into());
        }
    };
    // The commit stands, whatever happens now: who is told of an error would run the statement once more. Checkpoints
    // come with a later commit.
    if let Ok(snapshot) = committed.snapshot().await {
        let _ = maintenance::after_commit(&snapshot, committed.version).await;
    }
    Ok(())
}
