//! Sorts for a home with one thread: run by run, with turns for others in between.
//!
//! DataFusion's sort takes its whole input, and then sorts all of it within one poll: seconds in which no message is heard.
//! On several threads that hurts nobody, and there it can spill; so this one replaces it only where there is one.

use crate::metered::only_child;
use crate::query::QueryControl;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::sorts::sort::{SortExec, sort_batch};
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::spill::get_record_batch_memory_size;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, EmptyRecordBatchStream, ExecutionPlan, PlanProperties,
};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt::Formatter;
use std::sync::Arc;

/// Rows that are sorted at once: some ten milliseconds of work.
const RUN_ROWS: usize = 16 << 10;

/// A sort of all rows of its input.
#[derive(Debug)]
pub(crate) struct PacedSortExec {
    /// What it stands for: properties and the text of plans are its own.
    sort: Arc<SortExec>,
    control: Arc<QueryControl>,
    metrics: ExecutionPlanMetricsSet,
}

impl PacedSortExec {
    /// A sort in the place of DataFusion's. `None` for one that keeps only the first rows: that works batch by batch.
    pub(crate) fn of(node: &Arc<dyn ExecutionPlan>, control: &Arc<QueryControl>) -> Option<Self> {
        let sort = node.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_none())?;
        Some(Self::new(sort.clone(), control))
    }

    fn new(sort: SortExec, control: &Arc<QueryControl>) -> Self {
        Self { sort: Arc::new(sort), control: Arc::clone(control), metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for PacedSortExec {
    fn fmt_as(&self, format: DisplayFormatType, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.sort.fmt_as(format, f)
    }
}

impl ExecutionPlan for PacedSortExec {
    fn name(&self) -> &str {
        "SortExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.sort.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        self.sort.maintains_input_order()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![self.sort.input()]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.sort.apply_expressions(f)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = only_child(self.name(), children)?;
        let sort = SortExec::new(self.sort.expr().clone(), input)
            .with_preserve_partitioning(self.sort.preserve_partitioning());
        Ok(Arc::new(Self::new(sort, &self.control)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let work = Sort {
            input: self.sort.input().execute(partition, Arc::clone(&context))?,
            order: self.sort.expr().clone(),
            control: Arc::clone(&self.control),
            metrics: BaselineMetrics::new(&self.metrics, partition),
            reservation: MemoryConsumer::new(format!("Sort[{partition}]")).register(context.memory_pool()),
            batch_rows: context.session_config().batch_size(),
        };
        let sorted = stream::once(work.sorted()).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, sorted)))
    }
}

/// The sort of one partition.
struct Sort {
    input: SendableRecordBatchStream,
    order: LexOrdering,
    control: Arc<QueryControl>,
    metrics: BaselineMetrics,
    reservation: MemoryReservation,
    batch_rows: usize,
}

impl Sort {
    /// Reads all of the input in sorted runs, then gives them merged.
    async fn sorted(mut self) -> Result<SendableRecordBatchStream> {
        let schema = self.input.schema();
        let mut runs = Vec::new();
        let mut gathered = BatchCoalescer::new(Arc::clone(&schema), RUN_ROWS);
        while let Some(batch) = self.input.try_next().await? {
            gathered.push_batch(batch)?;
            while let Some(run) = gathered.next_completed_batch() {
                runs.push(self.run(&run).await?);
            }
        }
        gathered.finish_buffered_batch()?;
        if let Some(run) = gathered.next_completed_batch() {
            runs.push(self.run(&run).await?);
        }
        let Self { order, control, metrics, reservation, batch_rows, .. } = self;
        if runs.is_empty() {
            return Ok(Box::pin(EmptyRecordBatchStream::new(schema)));
        }
        let merged = StreamingMergeBuilder::new()
            .with_streams(runs.into_iter().map(|run| given(run, &schema, &control)).collect())
            .with_schema(Arc::clone(&schema))
            .with_expressions(&order)
            .with_metrics(metrics)
            .with_batch_size(batch_rows)
            .with_reservation(reservation.new_empty())
            .build()?;
        // The runs stay accounted for until the last row is out.
        let paced = merged.then(move |batch| {
            let (control, _held) = (Arc::clone(&control), &reservation);
            async move {
                turn(&control).await?;
                batch
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, paced)))
    }

    async fn run(&mut self, rows: &RecordBatch) -> Result<RecordBatch> {
        let run = {
            let _timer = self.metrics.elapsed_compute().timer();
            sort_batch(rows, &self.order, None)?
        };
        self.reservation.try_grow(get_record_batch_memory_size(&run))?;
        turn(&self.control).await?;
        Ok(run)
    }
}

/// A run as the merge takes it, in a turn of its own: the merge makes the keys of all runs before its first row.
fn given(run: RecordBatch, schema: &SchemaRef, control: &Arc<QueryControl>) -> SendableRecordBatchStream {
    let control = Arc::clone(control);
    let once = stream::once(async move {
        turn(&control).await?;
        Ok(run)
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::clone(schema), once))
}

/// Lets others have their turn when the slice is over; an error when the query was cancelled meanwhile.
async fn turn(control: &QueryControl) -> Result<()> {
    if tarn_platform::slice_is_over() {
        tarn_platform::yield_now().await;
    }
    if control.is_cancelled() { Err(crate::Error::cancelled().into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::EnginePool;
    use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
    use datafusion::arrow::compute::{SortOptions, concat_batches};
    use datafusion::datasource::memory::MemorySourceConfig;
    use datafusion::physical_expr::PhysicalSortExpr;
    use datafusion::physical_expr::expressions::col;
    use datafusion::physical_plan::collect;

    fn batch(first: i64, rows: i64) -> RecordBatch {
        // Many ties, and no order; the third column tells rows apart.
        let scrambled = |row: i64| (row * 7919 + first) % 10_007;
        let numbers: ArrayRef = Arc::new(
            (0..rows).map(|row| (row % 5 != 0).then(|| scrambled(row) % 50)).collect::<Int64Array>(),
        );
        let texts: ArrayRef = Arc::new(
            (0..rows).map(|row| Some(format!("t{}", scrambled(row) % 300))).collect::<StringArray>(),
        );
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + rows));
        RecordBatch::try_from_iter_with_nullable([
            ("n", numbers, true),
            ("t", texts, true),
            ("id", ids, false),
        ])
        .unwrap()
    }

    fn sort(batches: Vec<RecordBatch>, columns: &[(&str, bool)]) -> SortExec {
        let schema = batches[0].schema();
        let order = columns.iter().map(|(name, descending)| PhysicalSortExpr {
            expr: col(name, &schema).unwrap(),
            options: SortOptions { descending: *descending, nulls_first: !descending },
        });
        let input = MemorySourceConfig::try_new_exec(&[batches], Arc::clone(&schema), None).unwrap();
        SortExec::new(LexOrdering::new(order).unwrap(), input)
    }

    #[tokio::test]
    async fn rows_come_as_from_the_sort_that_it_stands_for() {
        let batches: Vec<_> =
            [0, 50_000, 50_001, 80_000].windows(2).map(|w| batch(w[0], w[1] - w[0])).collect();
        let control = QueryControl::new(EnginePool::new(1 << 30), Arc::default());
        for columns in
            [&[("n", false), ("id", true)][..], &[("t", true), ("n", false), ("id", false)], &[("id", true)]]
        {
            let plain = sort(batches.clone(), columns);
            let paced = PacedSortExec::new(plain.clone(), &control);
            let schema = paced.schema();
            let context = Arc::new(TaskContext::default());
            let expected = collect(Arc::new(plain), Arc::clone(&context)).await.unwrap();
            let found = collect(Arc::new(paced), context).await.unwrap();
            assert!(found.iter().all(|batch| batch.num_rows() <= 8192));
            assert_eq!(concat_batches(&schema, &found).unwrap(), concat_batches(&schema, &expected).unwrap());
        }
    }

    #[tokio::test]
    async fn no_rows_and_a_cancelled_query() {
        let control = QueryControl::new(EnginePool::new(1 << 30), Arc::default());
        let none = PacedSortExec::new(sort(vec![batch(0, 0)], &[("n", false)]), &control);
        assert_eq!(collect(Arc::new(none), Arc::default()).await.unwrap(), []);
        control.cancel();
        let some = PacedSortExec::new(sort(vec![batch(0, 10)], &[("n", false)]), &control);
        assert!(collect(Arc::new(some), Arc::default()).await.unwrap_err().to_string().contains("stopped"));
    }
}
