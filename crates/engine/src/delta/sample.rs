//! A sample of rows whose number is not known before: every n-th, where n doubles as rows come.

use crate::Result;
use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take_record_batch};

/// Rows of a sample at most.
const MOST_ROWS: usize = 1 << 16;

/// A sample that is being taken.
#[derive(Debug)]
pub(super) struct Sample {
    step: u64,
    /// Rows until the next that is taken.
    wait: u64,
    taken: Vec<RecordBatch>,
    rows: usize,
}

impl Default for Sample {
    fn default() -> Self {
        Self { step: 1, wait: 0, taken: Vec::new(), rows: 0 }
    }
}

impl Sample {
    /// Takes some of the rows.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut places: Vec<u32> = Vec::new();
        let mut place = self.wait;
        while let Some(row) = u32::try_from(place).ok().filter(|_| place < batch.num_rows() as u64) {
            places.push(row);
            place += self.step;
        }
        self.wait = place - batch.num_rows() as u64;
        if !places.is_empty() {
            self.rows += places.len();
            self.taken.push(take_record_batch(batch, &UInt32Array::from(places))?);
        }
        if self.rows > MOST_ROWS { self.thin_out() } else { Ok(()) }
    }

    fn thin_out(&mut self) -> Result<()> {
        let Some(all) = self.gather()? else { return Ok(()) };
        let rows = u32::try_from(all.num_rows()).unwrap_or(u32::MAX);
        let kept = UInt32Array::from_iter_values((0..rows).step_by(2));
        self.rows = kept.len();
        self.taken = vec![take_record_batch(&all, &kept)?];
        // Kept are the even places; where the next one would be odd, it is passed over.
        if rows % 2 == 1 {
            self.wait += self.step;
        }
        self.step = self.step.saturating_mul(2);
        Ok(())
    }

    fn gather(&mut self) -> Result<Option<RecordBatch>> {
        let Some(first) = self.taken.first() else { return Ok(None) };
        Ok(Some(concat_batches(&first.schema(), &self.taken)?))
    }

    /// The sample; `None` where there were no rows.
    pub(super) fn finish(mut self) -> Result<Option<RecordBatch>> {
        self.gather()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array};
    use datafusion::arrow::datatypes::Int64Type;
    use std::sync::Arc;

    #[test]
    fn samples_are_evenly_spaced_and_bounded() {
        let mut sample = Sample::default();
        let mut next = 0i64;
        for rows in [1i64, 7, 0, 100_000, 3, 200_000, 65_536] {
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(next..next + rows));
            next += rows;
            sample.take(&RecordBatch::try_from_iter([("c", column)]).unwrap()).unwrap();
        }
        let taken = sample.finish().unwrap().unwrap();
        assert!(taken.num_rows() <= MOST_ROWS * 2 && taken.num_rows() > 1000, "{}", taken.num_rows());
        let values = taken.column(0).as_primitive::<Int64Type>().values();
        let step = values[1] - values[0];
        assert!(values.windows(2).all(|pair| pair[1] - pair[0] == step), "{:?}", &values[..9]);
    }
}
