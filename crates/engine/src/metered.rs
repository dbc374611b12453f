//! Wraps the leaves and the joins of a plan: counts the rows of the leaves, stops when the query is cancelled, and gives
//! the thread back when its slice of time is over. Gives joins their probe side in slices, and keeps errors from a sink.
//!
//! A browser has one thread: a scan that always has a batch ready would keep it, and no message would be heard.

use crate::pace::{Pace, Slicer};
use crate::paced_sort::PacedSortExec;
use crate::query::QueryControl;
use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::sink::DataSinkExec;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tarn_platform::Instant;

/// Batches that a stream gives before it lets other tasks have a turn, and how long it may take over fewer.
const BATCHES_A_TURN: usize = 64;
const LONGEST_TURN: Duration = Duration::from_millis(10);

/// Wraps every leaf of a plan, and every operator that makes many batches of one.
pub(crate) fn meter(
    plan: Arc<dyn ExecutionPlan>,
    control: &Arc<QueryControl>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        if !tarn_platform::HAS_THREADS
            && let Some(sort) = PacedSortExec::of(&node, control)
        {
            return Ok(Transformed::yes(Arc::new(sort)));
        }
        if control.pool.shares_out() && node.is::<SortExec>() {
            let inputs = node.children().into_iter().map(|child| wrap(child, control, Role::SortInput));
            return Ok(Transformed::yes(with_children(&node, inputs.collect())?));
        }
        let role = match node.name() {
            _ if node.children().is_empty() => Role::Leaf,
            name if name.contains("Join") || name.contains("Unnest") => Role::Multiplier,
            _ => return Ok(Transformed::no(node)),
        };
        let node = match Pace::of(&node) {
            Some(pace) => with_pace(&node, control, &pace)?,
            None => node,
        };
        Ok(Transformed::yes(wrap(&node, control, role)))
    })
    .map(|transformed| transformed.data)
}

fn wrap(node: &Arc<dyn ExecutionPlan>, control: &Arc<QueryControl>, role: Role) -> Arc<dyn ExecutionPlan> {
    Arc::new(MeteredExec::new(Arc::clone(node), Arc::clone(control), role))
}

fn with_children(
    node: &Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    Arc::clone(node)
        .replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
}

/// The new child of an operator that has one.
pub(crate) fn only_child(
    name: &str,
    mut children: Vec<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    match (children.pop(), children.is_empty()) {
        (Some(child), true) => Ok(child),
        _ => datafusion::common::internal_err!("{name} has one child"),
    }
}

/// A join whose probe side comes in slices. It builds from its first child and probes with its second.
fn with_pace(
    join: &Arc<dyn ExecutionPlan>,
    control: &Arc<QueryControl>,
    pace: &Pace,
) -> Result<Arc<dyn ExecutionPlan>> {
    let [build, probe] = join.children()[..] else {
        return datafusion::common::internal_err!("a join has two children");
    };
    let build = match pace {
        Pace::ByBuildRows(rows) => wrap(build, control, Role::Build(Arc::clone(rows))),
        Pace::ByTime => Arc::clone(build),
    };
    with_children(join, vec![build, wrap(probe, control, Role::Probe(pace.clone()))])
}

/// Wraps the input of a sink, so that an error never reaches the sink.
///
/// DataFusion's file sinks take an error of their input for its end, and finish the file with the rows so far. Here the
/// error goes to the query's control, and the sink waits until it is dropped: then its file was never finished.
pub(crate) fn hold_errors(
    plan: Arc<dyn ExecutionPlan>,
    control: &Arc<QueryControl>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        if !node.is::<DataSinkExec>() {
            return Ok(Transformed::no(node));
        }
        let held = node.children().into_iter().map(|child| wrap(child, control, Role::SinkInput)).collect();
        Ok(Transformed::yes(with_children(&node, held)?))
    })
    .map(|transformed| transformed.data)
}

/// What is wrapped.
#[derive(Debug, Clone)]
enum Role {
    Leaf,
    /// A join can put out batches for minutes without asking a leaf for more.
    Multiplier,
    /// What a join holds in memory: its rows are counted here.
    Build(Arc<AtomicUsize>),
    /// What a join tests against it.
    Probe(Pace),
    SinkInput,
    /// What a sort holds where memory is short: no batch may hold pages of which it shows a few rows.
    SortInput,
}

#[derive(Debug)]
struct MeteredExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    control: Arc<QueryControl>,
    role: Role,
}

impl MeteredExec {
    fn new(input: Arc<dyn ExecutionPlan>, control: Arc<QueryControl>, role: Role) -> Self {
        let properties = PlanProperties::clone(input.properties())
            .with_scheduling_type(SchedulingType::Cooperative)
            .into();
        Self { input, properties, control, role }
    }
}

impl DisplayAs for MeteredExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MeteredExec")
    }
}

#[async_trait]
impl ExecutionPlan for MeteredExec {
    fn name(&self) -> &str {
        "MeteredExec"
    }

    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = only_child(self.name(), children)?;
        Ok(Arc::new(Self::new(input, Arc::clone(&self.control), self.role.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let slicer = match &self.role {
            Role::Probe(pace) => Some(Slicer::new(pace.clone())),
            _ => None,
        };
        Ok(Box::pin(MeteredStream {
            input,
            control: Arc::clone(&self.control),
            role: self.role.clone(),
            slicer,
            batches: 0,
            turn_began: None,
        }))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        #[expect(deprecated, reason = "the wrapper passes on whatever its input answers")]
        self.input.partition_statistics(partition)
    }
}

struct MeteredStream {
    input: SendableRecordBatchStream,
    control: Arc<QueryControl>,
    role: Role,
    slicer: Option<Slicer>,
    batches: usize,
    turn_began: Option<Instant>,
}

impl Stream for MeteredStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if matches!(self.role, Role::SinkInput) {
            return match self.input.poll_next_unpin(cx) {
                Poll::Ready(Some(Err(error))) => {
                    self.control.fail(error);
                    Poll::Pending
                }
                other => other,
            };
        }
        if self.control.is_cancelled() {
            return Poll::Ready(Some(Err(crate::Error::cancelled().into())));
        }
        // Whoever polls in a loop gives other tasks of its thread a turn now and then.
        let now = Instant::now();
        let turn_began = *self.turn_began.get_or_insert(now);
        let is_turn_over = self.batches >= BATCHES_A_TURN || now.duration_since(turn_began) >= LONGEST_TURN;
        if is_turn_over || tarn_platform::slice_is_over() {
            self.batches = 0;
            self.turn_began = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(slice) = self.slicer.as_mut().and_then(Slicer::next) {
            self.batches += 1;
            return Poll::Ready(Some(Ok(slice)));
        }
        let polled = self.input.poll_next_unpin(cx);
        let Poll::Ready(Some(Ok(batch))) = polled else {
            // Waiting is a turn for the others as well.
            self.turn_began = None;
            return polled;
        };
        self.batches += 1;
        match &self.role {
            Role::Leaf => self.control.add_rows_read(batch.num_rows()),
            Role::SortInput => return Poll::Ready(Some(compact(&batch))),
            Role::Build(rows) => {
                rows.fetch_add(batch.num_rows(), Ordering::Relaxed);
            }
            Role::Multiplier | Role::Probe(_) | Role::SinkInput => {}
        }
        let given = match &mut self.slicer {
            Some(slicer) => slicer.cut(batch),
            None => batch,
        };
        Poll::Ready(Some(Ok(given)))
    }
}

/// The same rows, in buffers that hold nothing else.
fn compact(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => Arc::new(column.as_string_view().gc()),
            DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
            _ => Arc::clone(column),
        }
    });
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns.collect(), &options)?)
}

impl RecordBatchStream for MeteredStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
