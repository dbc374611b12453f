//! Memory under a limit: one pool for the engine, one account in it for each query.
//!
//! DataFusion's pools know a limit but not whose turn it was: here a query's account remembers which operator was
//! refused, so that the error can name it without reading it out of a text.

use datafusion::arrow::array::RecordBatch;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use parking_lot::Mutex;
use std::fmt::{Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The memory that all queries and kept results of an engine share.
#[derive(Debug)]
pub struct EnginePool {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
}

impl EnginePool {
    /// A pool of this many bytes.
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self { limit_bytes, used_bytes: AtomicUsize::new(0) })
    }

    /// The limit in bytes.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Takes bytes, or says how many were left.
    ///
    /// # Errors
    /// The bytes that are left, when they are fewer than asked for.
    pub fn take(&self, bytes: usize) -> Result<(), usize> {
        self.used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|&used| used <= self.limit_bytes)
            })
            .map(drop)
            .map_err(|used| self.limit_bytes.saturating_sub(used))
    }

    fn take_regardless(&self, bytes: usize) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives bytes back.
    pub fn give_back(&self, bytes: usize) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The account of batches that somebody keeps. Buffers that several of them share, such as the slices of one large batch,
/// are counted once. What was taken is given back on drop.
#[derive(Debug)]
pub struct BatchAccount {
    pool: Arc<EnginePool>,
    counter: RecordBatchMemoryCounter,
    held_bytes: usize,
}

/// Memory that a batch needs and that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// What the batch adds.
    pub asked_bytes: usize,
    /// What is left.
    pub left_bytes: usize,
}

impl BatchAccount {
    /// Of no batches yet.
    pub fn new(pool: Arc<EnginePool>) -> Self {
        Self { pool, counter: RecordBatchMemoryCounter::new(), held_bytes: 0 }
    }

    /// What is held.
    pub fn bytes(&self) -> usize {
        self.held_bytes
    }

    /// The pool that it takes from.
    pub fn pool(&self) -> &EnginePool {
        &self.pool
    }

    /// Takes what a batch adds.
    ///
    /// # Errors
    /// When that is more than is left; then nothing was taken, and the account can only be dropped: it knows the batch's
    /// buffers now, and would not take them a second time.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), Shortage> {
        let asked_bytes = self.counter.count_batch(batch);
        self.pool.take(asked_bytes).map_err(|left_bytes| Shortage { asked_bytes, left_bytes })?;
        self.held_bytes += asked_bytes;
        Ok(())
    }
}

impl Drop for BatchAccount {
    fn drop(&mut self) {
        self.pool.give_back(self.held_bytes);
    }
}

/// An operator that was refused memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The operator, as DataFusion's consumers are called: `HashJoinInput`, `GroupedHashAggregateStream[0]`.
    pub operator: String,
    /// Bytes that it asked for.
    pub asked_bytes: usize,
    /// Bytes that it held already.
    pub held_bytes: usize,
    /// Bytes that were left.
    pub left_bytes: usize,
    /// The limit of the engine.
    pub limit_bytes: usize,
}

/// One query's account in the engine's pool.
#[derive(Debug)]
pub(crate) struct QueryPool {
    engine: Arc<EnginePool>,
    used_bytes: AtomicUsize,
    refused: Mutex<Option<Refusal>>,
    /// Operators that can write what they hold to temporary files, and what they hold.
    spillers: AtomicUsize,
    spillable_bytes: AtomicUsize,
    shares_out: AtomicBool,
}

impl QueryPool {
    pub(crate) fn new(engine: Arc<EnginePool>) -> Arc<Self> {
        Arc::new(Self {
            engine,
            used_bytes: AtomicUsize::new(0),
            refused: Mutex::new(None),
            spillers: AtomicUsize::new(0),
            spillable_bytes: AtomicUsize::new(0),
            shares_out: AtomicBool::new(false),
        })
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// From now on each operator that can spill gets an equal share: whoever comes last would else find nothing left, and
    /// can spill nothing before it holds something.
    pub(crate) fn share_out(&self) {
        self.shares_out.store(true, Ordering::Relaxed);
    }

    pub(crate) fn shares_out(&self) -> bool {
        self.shares_out.load(Ordering::Relaxed)
    }

    /// What an operator that can spill may hold, where they share.
    fn share_bytes(&self) -> Option<usize> {
        if !self.shares_out() {
            return None;
        }
        let of_others = self.engine.used_bytes().saturating_sub(self.spillable_bytes.load(Ordering::Relaxed));
        let spillers = self.spillers.load(Ordering::Relaxed).max(1);
        Some(self.engine.limit_bytes.saturating_sub(of_others) / spillers)
    }

    fn take(&self, reservation: &MemoryReservation, additional: usize) -> Result<(), usize> {
        let can_spill = reservation.consumer().can_spill();
        if let Some(share) = self.share_bytes().filter(|_| can_spill)
            && reservation.size().saturating_add(additional) > share
        {
            return Err(share.saturating_sub(reservation.size()));
        }
        self.engine.take(additional)?;
        self.count(reservation, additional);
        Ok(())
    }

    fn count(&self, reservation: &MemoryReservation, additional: usize) {
        self.used_bytes.fetch_add(additional, Ordering::Relaxed);
        if reservation.consumer().can_spill() {
            self.spillable_bytes.fetch_add(additional, Ordering::Relaxed);
        }
    }

    pub(crate) fn limit_bytes(&self) -> usize {
        self.engine.limit_bytes
    }

    /// The last operator that was refused. One that can spill goes on after a refusal, so this alone is no failure.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        self.refused.lock().clone()
    }
}

impl Display for QueryPool {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "query({} of {} bytes)", self.used_bytes(), self.engine.limit_bytes)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.spillers.fetch_add(usize::from(consumer.can_spill()), Ordering::Relaxed);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.spillers.fetch_sub(usize::from(consumer.can_spill()), Ordering::Relaxed);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.engine.take_regardless(additional);
        self.count(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.engine.give_back(shrink);
        self.used_bytes.fetch_sub(shrink, Ordering::Relaxed);
        if reservation.consumer().can_spill() {
            self.spillable_bytes.fetch_sub(shrink, Ordering::Relaxed);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if let Err(left_bytes) = self.take(reservation, additional) {
            let refusal = Refusal {
                operator: reservation.consumer().name().to_owned(),
                asked_bytes: additional,
                held_bytes: reservation.size(),
                left_bytes,
                limit_bytes: self.engine.limit_bytes,
            };
            let message = format!("{} was refused {additional} bytes", refusal.operator);
            *self.refused.lock() = Some(refusal);
            return Err(DataFusionError::ResourcesExhausted(message));
        }
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.used_bytes()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.engine.limit_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_operator_that_asked_and_what_was_left() {
        let engine = EnginePool::new(100);
        let query = QueryPool::new(Arc::clone(&engine));
        let pool = Arc::clone(&query) as Arc<dyn MemoryPool>;
        let build = MemoryConsumer::new("HashJoinInput").register(&pool);
        let groups = MemoryConsumer::new("GroupedHashAggregateStream[0]").register(&pool);
        build.try_grow(60).unwrap();
        groups.try_grow(10).unwrap();
        assert_eq!(query.refused(), None);
        assert!(groups.try_grow(31).is_err());
        let refusal = Refusal {
            operator: "GroupedHashAggregateStream[0]".to_owned(),
            asked_bytes: 31,
            held_bytes: 10,
            left_bytes: 30,
            limit_bytes: 100,
        };
        assert_eq!(query.refused(), Some(refusal));
        // What was refused was not taken, and what is dropped is given back to all queries.
        assert_eq!((query.used_bytes(), engine.used_bytes()), (70, 70));
        drop((build, groups));
        assert_eq!((query.used_bytes(), engine.used_bytes()), (0, 0));
    }

    #[test]
    fn what_can_spill_shares_what_the_others_leave() {
        let engine = EnginePool::new(100);
        let query = QueryPool::new(Arc::clone(&engine));
        let pool = Arc::clone(&query) as Arc<dyn MemoryPool>;
        let sorts: Vec<_> =
            (0..2).map(|_| MemoryConsumer::new("Sort").with_can_spill(true).register(&pool)).collect();
        let build = MemoryConsumer::new("Build").register(&pool);
        build.try_grow(20).unwrap();
        sorts[0].try_grow(80).unwrap();
        sorts[0].free();
        query.share_out();
        sorts[0].try_grow(40).unwrap();
        assert!(sorts[0].try_grow(1).is_err());
        sorts[1].try_grow(40).unwrap();
        drop(sorts);
        let alone = MemoryConsumer::new("Sort").with_can_spill(true).register(&pool);
        alone.try_grow(80).unwrap();
        assert!(alone.try_grow(1).is_err());
        drop((alone, build));
        assert_eq!((query.used_bytes(), engine.used_bytes()), (0, 0));
    }
}
