//! Joins that test pairs of rows one by one: their probe side comes in slices, each no more work than a moment's.
//!
//! Such a join tests a whole batch of its probe side against its build side within one poll, and when no pair passes it
//! has nothing to return. 8,192 rows against a million would keep the thread for minutes, and with it every message.

use datafusion::arrow::array::RecordBatch;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tarn_platform::Instant;

/// Pairs that a slice may stand for: some ten milliseconds of work.
const PAIRS_A_SLICE: usize = 1 << 20;

/// Rows in the first slice where keys choose the pairs, so that nobody knows beforehand how many a row has.
const FIRST_KEYED_ROWS: usize = 16;

/// How many it may become where the clock stands still and tells nothing.
const UNTIMED_KEYED_ROWS: usize = 256;

/// Slices that took longer are followed by shorter ones, and the other way round.
const LONGEST_SLICE: Duration = Duration::from_millis(20);
const SHORTEST_SLICE: Duration = Duration::from_millis(5);

/// What pairs as many as in a slice cost, in batches of other operators.
const BATCHES_A_SLICE: u32 = 64;

/// How much of the probe side a join gets at once.
#[derive(Debug, Clone)]
pub(crate) enum Pace {
    /// By the rows of the build side, which are counted before the first row is probed.
    ByBuildRows(Arc<AtomicUsize>),
    /// By the time that the slices before took.
    ByTime,
}

impl Pace {
    /// The pace that a plan's node needs, if it is a join that tests pairs.
    pub(crate) fn of(node: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        if node.is::<NestedLoopJoinExec>() {
            return Some(Self::ByBuildRows(Arc::default()));
        }
        let join = node.downcast_ref::<HashJoinExec>()?;
        join.filter.is_some().then_some(Self::ByTime)
    }
}

/// Cuts batches of a probe side.
#[derive(Debug)]
pub(crate) struct Slicer {
    pace: Pace,
    keyed_rows: usize,
    given_at: Option<Instant>,
    rest: Option<RecordBatch>,
}

impl Slicer {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, keyed_rows: FIRST_KEYED_ROWS, given_at: None, rest: None }
    }

    /// The next slice of the batch that was cut last. Asked for when the slice before has been probed.
    pub(crate) fn next(&mut self) -> Option<RecordBatch> {
        if let Some(given_at) = self.given_at.take() {
            self.keyed_rows = paced(self.keyed_rows, given_at.elapsed());
        }
        self.rest.take().map(|rest| self.cut(rest))
    }

    /// The first slice of a batch; the others come from `next`.
    pub(crate) fn cut(&mut self, batch: RecordBatch) -> RecordBatch {
        let rows = match &self.pace {
            Pace::ByBuildRows(rows) => (PAIRS_A_SLICE / rows.load(Relaxed).max(1)).max(1),
            Pace::ByTime => {
                self.given_at = Some(Instant::now());
                self.keyed_rows
            }
        };
        if batch.num_rows() <= rows {
            return batch;
        }
        self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        // A clock that stands still does not show this work.
        tarn_platform::count_work(BATCHES_A_SLICE);
        batch.slice(0, rows)
    }
}

/// The rows of the next slice after one of so many rows took so long.
fn paced(rows: usize, took: Duration) -> usize {
    if took > LONGEST_SLICE {
        let share = LONGEST_SLICE.as_secs_f64() / took.as_secs_f64();
        return ((rows as f64 * share) as usize).max(1);
    }
    if took.is_zero() && rows >= UNTIMED_KEYED_ROWS {
        return rows;
    }
    // More than any batch has is as good as a whole batch.
    if took < SHORTEST_SLICE { (rows * 4).min(1 << 20) } else { rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, AsArray, Int32Array};
    use datafusion::arrow::datatypes::Int32Type;

    #[test]
    fn slices_follow_the_time_they_take() {
        assert_eq!(paced(16, Duration::from_millis(1)), 64);
        assert_eq!(paced(64, Duration::from_millis(10)), 64);
        assert_eq!(paced(64, Duration::from_millis(200)), 6);
        assert_eq!(paced(1, Duration::from_secs(5)), 1);
        assert_eq!(paced(64, Duration::ZERO), 256);
        assert_eq!(paced(256, Duration::ZERO), 256);
    }

    #[test]
    fn slices_are_shorter_the_longer_the_build_side() {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..8192));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        for (build_rows, first) in [(0, 8192), (100, 8192), (1 << 10, 1024), (1 << 20, 1), (1 << 24, 1)] {
            let mut slicer = Slicer::new(Pace::ByBuildRows(Arc::new(AtomicUsize::new(build_rows))));
            let mut slices = vec![slicer.cut(batch.clone())];
            slices.extend(std::iter::from_fn(|| slicer.next()));
            assert_eq!(slices[0].num_rows(), first, "{build_rows}");
            let all =
                slices.iter().flat_map(|slice| slice.column(0).as_primitive::<Int32Type>().values().to_vec());
            assert!(all.eq(0..8192), "{build_rows}");
        }
    }
}
