//! Rows of which nothing but their number is asked, as in `count(*)`: the log knows it, and no file is listed or read.

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use futures::{StreamExt, stream};
use std::fmt;
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

/// Rows without columns.
#[derive(Debug)]
pub(super) struct RowCountExec {
    rows: usize,
    properties: Arc<PlanProperties>,
}

impl RowCountExec {
    /// So many rows of a schema that has no columns.
    pub(super) fn new(schema: SchemaRef, rows: usize) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { rows, properties: Arc::new(properties.with_scheduling_type(SchedulingType::NonCooperative)) }
    }
}

impl DisplayAs for RowCountExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowCountExec: rows={}", self.rows)
    }
}

impl ExecutionPlan for RowCountExec {
    fn name(&self) -> &'static str {
        "RowCountExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("a number of rows has no children"),
        }
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (schema, most) = (self.schema(), context.session_config().batch_size().max(1));
        let batches = self.rows.div_ceil(most);
        let (rows, of_batch) = (self.rows, Arc::clone(&schema));
        let batch = move |number: usize| {
            let options = RecordBatchOptions::new().with_row_count(Some((rows - number * most).min(most)));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&of_batch), vec![], &options)?)
        };
        let batches = stream::iter((0..batches).map(batch)).boxed();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let unknown = Statistics::new_unknown(&self.schema());
        Ok(Arc::new(Statistics { num_rows: Precision::Exact(self.rows), ..unknown }))
    }
}
