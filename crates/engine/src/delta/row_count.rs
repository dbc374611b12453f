//! Rows of which nothing but their number is asked, as in `count(*)`: the log knows it, and no file is listed or read.

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;
use tarn_delta::Result as DeltaResult;
use tarn_delta::snapshot::Snapshot;

/// How many rows a table has; `None` where the statistics of a file do not say.
pub(super) async fn live_rows(snapshot: &Snapshot) -> DeltaResult<Option<usize>> {
    let records = snapshot.statistics(&[]).await?.num_records;
    let rows = snapshot.files().iter().zip(records.iter()).map(|(file, records)| {
        let deleted = file.deletion_vector_ref().map_or(0, |vector| vector.cardinality);
        usize::try_from(records?.checked_sub(deleted)?).ok()
    });
    Ok(rows.sum())
}

/// So many rows of a schema that has no columns. They take no memory, and DataFusion splits them into batches.
pub(super) fn plan(schema: SchemaRef, rows: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let rows = RecordBatch::try_new_with_options(Arc::clone(&schema), vec![], &options)?;
    Ok(MemorySourceConfig::try_new_exec(&[vec![rows]], schema, None)?)
}
