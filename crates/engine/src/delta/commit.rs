//! Rows into files, and files into a version.

use super::rules::TableRules;
use super::table::engine_schema;
use crate::session::Run;
use crate::{Error, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::actions::{Add, Metadata, Protocol};
use tarn_delta::schema::{StructType, to_arrow};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::Transaction;
use tarn_delta::write::{DataWriter, WritePlan, remove_files};
use tarn_delta::{TableStore, maintenance};

/// What was written, not yet committed.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) adds: Vec<Add>,
    pub(crate) rows: u64,
}

impl Written {
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
    schema: &StructType,
    protocol: &Protocol,
    metadata: &Metadata,
    plan: Arc<dyn ExecutionPlan>,
) -> Result<Written> {
    let columns = Arc::new(engine_schema(&to_arrow(schema)));
    let rules = TableRules::of(&run.state(), &columns, schema, metadata)?;
    let mut writer = DataWriter::new(WritePlan::new(table.clone(), protocol, metadata)?);
    let nullable = Arc::new(all_nullable(&columns));
    let mut rows = 0u64;
    let drained = async {
        let mut stream = run.stream(plan).await?;
        while let Some(batch) = stream.next().await {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Err(run.control.explain(error).await),
            };
            // Values are checked by the writer, which says whose null may not be.
            let batch = RecordBatch::try_new(Arc::clone(&nullable), batch.columns().to_vec())?;
            rules.check(&batch)?;
            rows += batch.num_rows() as u64;
            writer.write(batch).await?;
        }
        Ok::<(), Error>(())
    };
    match drained.await {
        Ok(()) => Ok(Written { adds: writer.finish().await?, rows }),
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

/// The same columns, where null may be in each.
pub(crate) fn all_nullable(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Commits, and does what is due after a commit: checkpoints, removal of old logs.
///
/// # Errors
/// Conflicts, and what the store says. New files of a commit that failed for certain are removed.
pub(crate) async fn commit(
    transaction: Transaction,
    table: &TableStore,
    new_files: &[String],
) -> Result<Arc<Snapshot>> {
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
    let snapshot = committed.snapshot().await?;
    // The commit stands, whatever happens to its checkpoint; the next writer tries again.
    let _ = maintenance::after_commit(&snapshot, committed.version).await;
    Ok(snapshot)
}
