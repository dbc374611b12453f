//! Results that are kept, for those who look at windows of their rows.

use crate::Result;
use crate::format::cell_text;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;
use tarn_engine::{BatchAccount, EnginePool, Error, ErrorKind};

/// Characters of a cell that a window shows; the whole text is asked for by itself.
const CELL_CHARACTERS: usize = 300;

/// One value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The text, or `None` for NULL.
    pub text: Option<String>,
    /// Whether the text was cut.
    pub is_cut: bool,
}

/// The rows of a statement, in memory. They count against the lakehouse's memory limit until they are dropped.
#[derive(Debug)]
pub struct KeptResult {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The number of the first row of each batch.
    starts: Vec<u64>,
    rows: u64,
    memory: BatchAccount,
    /// Whether no more rows will come.
    pub is_complete: bool,
}

impl KeptResult {
    /// No rows yet.
    pub fn new(schema: SchemaRef, memory: Arc<EnginePool>) -> Self {
        let memory = BatchAccount::new(memory);
        Self { schema, batches: vec![], starts: vec![], rows: 0, memory, is_complete: false }
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Memory that the rows take.
    pub fn memory_bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// The batches so far.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Keeps more rows.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfMemory`] when they do not fit; what was kept before stays.
    pub fn push(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if let Err(shortage) = self.memory.add(&batch) {
            let (mib, limit) = (1usize << 20, self.memory.pool().limit_bytes());
            let message = format!(
                "The result is too large to keep: after {} rows, {} MiB more are needed and {} MiB of {} MiB are left",
                self.rows,
                shortage.asked_bytes.div_ceil(mib),
                shortage.left_bytes / mib,
                limit / mib
            );
            return Err(Error::new(ErrorKind::OutOfMemory, message).hint(
                "Select fewer columns, add a LIMIT, or write the rows to a file with COPY (…) TO 'path'",
            ));
        }
        self.starts.push(self.rows);
        self.rows += batch.num_rows() as u64;
        self.batches.push(batch);
        Ok(())
    }

    /// The rows from `offset` on, at most `limit` of them.
    pub fn window(&self, offset: u64, limit: u32) -> Vec<Vec<Cell>> {
        self.rows_from(offset, limit, cut)
    }

    /// The same with the whole texts; `None` is NULL.
    pub fn texts(&self, offset: u64, limit: u32) -> Vec<Vec<Option<String>>> {
        self.rows_from(offset, limit, |text| text)
    }

    fn rows_from<T>(&self, offset: u64, limit: u32, of: impl Fn(Option<String>) -> T) -> Vec<Vec<T>> {
        let end = offset.saturating_add(u64::from(limit)).min(self.rows);
        (offset..end)
            .filter_map(|row| self.place(row))
            .map(|(batch, row)| batch.columns().iter().map(|column| of(cell_text(column, row))).collect())
            .collect()
    }

    /// The whole text of one value; `None` is NULL, or a place that the result does not have.
    pub fn value(&self, row: u64, column: usize) -> Option<String> {
        let (batch, row) = self.place(row)?;
        cell_text(batch.columns().get(column)?, row)
    }

    fn place(&self, row: u64) -> Option<(&RecordBatch, usize)> {
        let index = self.starts.partition_point(|&start| start <= row).checked_sub(1)?;
        let batch = &self.batches[index];
        let within = usize::try_from(row - self.starts[index]).ok()?;
        (within < batch.num_rows()).then_some((batch, within))
    }
}

fn cut(text: Option<String>) -> Cell {
    match text {
        Some(mut text) => match text.char_indices().nth(CELL_CHARACTERS) {
            Some((at, _)) => {
                text.truncate(at);
                Cell { text: Some(text), is_cut: true }
            }
            None => Cell { text: Some(text), is_cut: false },
        },
        None => Cell { text: None, is_cut: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    fn batch(numbers: std::ops::Range<i64>) -> RecordBatch {
        let text: ArrayRef =
            Arc::new(StringArray::from_iter_values(numbers.clone().map(|n| "é".repeat(n as usize))));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
        RecordBatch::try_from_iter([("n", numbers), ("t", text)]).unwrap()
    }

    #[test]
    fn windows_cross_batches() {
        let pool = EnginePool::new(1 << 20);
        let mut kept = KeptResult::new(batch(0..0).schema(), Arc::clone(&pool));
        kept.push(batch(0..3)).unwrap();
        kept.push(batch(0..0)).unwrap();
        kept.push(batch(3..5)).unwrap();
        let texts = |offset, limit| -> Vec<String> {
            kept.window(offset, limit).into_iter().map(|row| row[0].text.clone().unwrap()).collect()
        };
        assert_eq!(texts(0, 10), ["0", "1", "2", "3", "4"]);
        assert_eq!(texts(2, 2), ["2", "3"]);
        assert_eq!(texts(4, 9), ["4"]);
        assert!(texts(5, 1).is_empty() && texts(u64::MAX, 1).is_empty());
        assert!(pool.used_bytes() > 0);
        drop(kept);
        assert_eq!(pool.used_bytes(), 0);
    }

    /// Aggregates give their rows as slices of one batch, and each slice holds all of it.
    #[test]
    fn slices_of_one_batch_count_once() {
        let whole = batch(0..1000);
        let mut once = KeptResult::new(whole.schema(), EnginePool::new(1 << 30));
        once.push(whole.clone()).unwrap();
        let limit = once.memory.pool().used_bytes();
        let mut sliced = KeptResult::new(whole.schema(), EnginePool::new(limit));
        for start in (0..1000).step_by(10) {
            sliced.push(whole.slice(start, 10)).unwrap();
        }
        assert_eq!(sliced.rows(), 1000);
        assert!(sliced.push(batch(0..10)).is_err());
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let mut kept = KeptResult::new(batch(0..0).schema(), EnginePool::new(1 << 20));
        kept.push(batch(400..401)).unwrap();
        let cell = &kept.window(0, 1)[0][1];
        assert!(cell.is_cut && cell.text.as_ref().unwrap().chars().count() == CELL_CHARACTERS);
        assert_eq!(kept.value(0, 1).unwrap().chars().count(), 400);
    }

    #[test]
    fn a_result_over_the_limit_is_an_error_that_says_so() {
        let mut kept = KeptResult::new(batch(0..0).schema(), EnginePool::new(100));
        let error = kept.push(batch(0..50)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::OutOfMemory);
        assert_eq!(kept.rows(), 0);
    }
}
