//! A statement whose joins were refused memory runs once more with joins that spill.
//!
//! A hash join holds one of its sides in memory, and is the faster one while it can. A sort-merge join writes what does not
//! fit to temporary files. Which of the two is needed shows only as rows come, so it is found out by trying, while nothing
//! was committed or shown yet.

use crate::query::QueryControl;
use crate::{Error, ErrorKind, Result, metered};
use datafusion::common::tree_node::TreeNode;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::physical_plan::joins::HashJoinExec;
use std::sync::Arc;

/// Smaller batches cost more than they save.
const LEAST_BATCH_ROWS: usize = 256;

/// How joins on equal values are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joins {
    /// By hash, in memory.
    Hashed,
    /// By order, with temporary files.
    Sorted,
}

impl Joins {
    /// The settings with which plans have such joins.
    pub(crate) fn plan_with(self, mut state: SessionState, memory_limit_bytes: usize) -> SessionState {
        if self == Self::Sorted {
            let options = state.config_mut().options_mut();
            options.optimizer.prefer_hash_join = false;
            // DataFusion sorts for a join of several partitions only.
            let partitions = options.execution.target_partitions.max(2);
            options.execution.target_partitions = partitions;
            // Each sort has a share of the memory, of which it keeps a part for its merge, and holds a few batches at least.
            let share_bytes = memory_limit_bytes / (8 * partitions);
            let reserved = &mut options.execution.sort_spill_reservation_bytes;
            *reserved = (*reserved).min(share_bytes / 2);
            let rows = state.config().batch_size().min((share_bytes >> 12).max(LEAST_BATCH_ROWS));
            let config = state.config().clone().with_batch_size(rows);
            *state.config_mut() = config;
        }
        state
    }
}

/// Whether the plan that failed may succeed with other joins: it was refused memory, and has joins by hash.
///
/// Not where floating-point numbers are compared: sorted, `-0.0` stands before `0.0`, and is equal to it.
pub(crate) fn may_help(control: &QueryControl, error: &Error) -> bool {
    if error.kind != ErrorKind::OutOfMemory {
        return false;
    }
    let Some(plan) = control.plan() else { return false };
    let (mut has_joins, mut has_floats) = (false, false);
    let looked = plan.apply(|node| {
        if let Some(join) = node.downcast_ref::<HashJoinExec>() {
            has_joins = true;
            let schema = join.left().schema();
            has_floats |= join.on().iter().any(|(left, _)| {
                left.data_type(&schema)
                    .map_or(true, |data_type| data_type.is_floating() || data_type.is_nested())
            });
        }
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    });
    looked.is_ok() && has_joins && !has_floats
}

/// Of two errors of one statement the one to tell: the first, unless the second try went further.
pub(crate) fn worse(first: Error, second: Error) -> Error {
    match second.kind {
        ErrorKind::OutOfMemory | ErrorKind::Unsupported | ErrorKind::Internal => first,
        _ => second,
    }
}

/// A query that may be started once more.
pub(crate) struct Again {
    pub(crate) plan: LogicalPlan,
    pub(crate) state: SessionState,
}

impl Again {
    pub(crate) async fn start(self, control: &Arc<QueryControl>) -> Result<SendableRecordBatchStream> {
        let limit_bytes = control.pool.limit_bytes();
        let state = Joins::Sorted.plan_with(self.state, limit_bytes);
        let plan = metered::meter(state.create_physical_plan(&self.plan).await?, control)?;
        control.set_plan(Arc::clone(&plan));
        Ok(execute_stream(plan, state.task_ctx())?)
    }
}
