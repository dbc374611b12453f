//! Wraps the leaves and the joins of a plan: counts the rows of the leaves, stops when the query is cancelled, and gives
//! the thread back when its slice of time is over. Keeps errors from a sink.
//!
//! A browser has one thread: a scan that always has a batch ready would keep it, and no message would be heard.

use crate::query::QueryControl;
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::sink::DataSinkExec;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{Stream, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Batches that a stream gives before it lets other tasks have a turn.
const BATCHES_A_TURN: usize = 64;

/// Wraps every leaf of a plan, and every operator that makes many batches of one.
pub(crate) fn meter(
    plan: Arc<dyn ExecutionPlan>,
    control: &Arc<QueryControl>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let role = match node.name() {
            _ if node.children().is_empty() => Role::Leaf,
            name if name.contains("Join") || name.contains("Unnest") => Role::Multiplier,
            _ => return Ok(Transformed::no(node)),
        };
        Ok(Transformed::yes(Arc::new(MeteredExec::new(node, Arc::clone(control), role)) as _))
    })
    .map(|transformed| transformed.data)
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
        let held = node.children().into_iter().map(|child| {
            Arc::new(MeteredExec::new(Arc::clone(child), Arc::clone(control), Role::SinkInput)) as _
        });
        let held = held.collect();
        Ok(Transformed::yes(
            node.replace_children(held, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))?,
        ))
    })
    .map(|transformed| transformed.data)
}

/// What is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Leaf,
    /// A join can put out batches for minutes without asking a leaf for more.
    Multiplier,
    SinkInput,
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
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(input, Arc::clone(&self.control), self.role))),
            _ => datafusion::common::internal_err!("MeteredExec has one child"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        Ok(Box::pin(MeteredStream { input, control: Arc::clone(&self.control), role: self.role, batches: 0 }))
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
    batches: usize,
}

impl Stream for MeteredStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.role == Role::SinkInput {
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
        let is_turn_over = self.batches >= BATCHES_A_TURN;
        if is_turn_over || tarn_platform::slice_is_over() {
            self.batches = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.input.poll_next_unpin(cx);
        if let Poll::Ready(Some(Ok(batch))) = &polled {
            self.batches += 1;
            if self.role == Role::Leaf {
                self.control.add_rows_read(batch.num_rows());
            }
        }
        polled
    }
}

impl RecordBatchStream for MeteredStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
