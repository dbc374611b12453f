//! Orders rows along a space-filling curve through the values of several columns, so that rows that are near each other in
//! any of them tend to be in the same file: a Z-order curve, or Hilbert's, which makes no jumps.
//!
//! Each value is replaced by its rank among quantiles of its column, and the bits of the ranks are interleaved.

use super::sample::Sample;
use crate::session::Run;
use crate::{Error, ErrorKind, Result};
use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{Result as DataFusionResult, exec_err};
use datafusion::functions::core::get_field;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility, col, lit,
};
use std::sync::Arc;

/// Bits of a rank at most: some thousand ranges a column, as in Delta.
const MOST_BITS: u32 = 10;

/// A curve through the rows of a plan.
pub(crate) struct Curve {
    ranks: CurveRank,
    columns: Vec<Expr>,
}

impl Curve {
    /// A curve through columns of a plan, by their paths. Reads these columns once to find the quantiles.
    ///
    /// # Errors
    /// When a column is not there or has no order, or there are more than 64, and what the plan fails with.
    pub(crate) async fn through(
        run: &Run<'_>,
        plan: &LogicalPlan,
        columns: &[Vec<String>],
        is_hilbert: bool,
    ) -> Result<Self> {
        let columns = columns.iter().map(|path| column(plan, path)).collect::<Result<Vec<_>>>()?;
        let bits = bits_of(columns.len()).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "Rows are ordered by at least one column and at most 64")
        })?;
        let aliased = columns.iter().enumerate().map(|(place, expr)| expr.clone().alias(format!("c{place}")));
        let keys = LogicalPlanBuilder::from(plan.clone()).project(aliased)?.build()?;
        let mut sample = Sample::default();
        let mut batches = run.batches(run.physical(&keys).await?).await?;
        while let Some(batch) = batches.next().await? {
            sample.take(&batch)?;
        }
        let bounds = match sample.finish()? {
            Some(sample) => {
                sample.columns().iter().map(|column| quantiles(column, 1 << bits)).collect::<Result<_>>()?
            }
            None => vec![vec![]; columns.len()],
        };
        let signature = Signature::any(columns.len(), Volatility::Immutable);
        Ok(Self { ranks: CurveRank { bounds: Arc::new(bounds), bits, is_hilbert, signature }, columns })
    }

    /// The place of a row on the curve.
    pub(crate) fn sort_key(self) -> Sort {
        ScalarUDF::from(self.ranks).call(self.columns).sort(true, true)
    }
}

/// Bits of each rank, so that all fit into 64.
fn bits_of(columns: usize) -> Option<u32> {
    let columns = u32::try_from(columns).ok().filter(|columns| (1..=64).contains(columns))?;
    Some((64 / columns).min(MOST_BITS))
}

/// A column, or a field in one.
fn column(plan: &LogicalPlan, path: &[String]) -> Result<Expr> {
    let missing =
        || Error::new(ErrorKind::NotFound, format!("There is no column {} to order rows by", path.join(".")));
    let (first, rest) = path.split_first().ok_or_else(missing)?;
    let columns = plan.schema().columns();
    let found = columns.into_iter().find(|column| column.name.eq_ignore_ascii_case(first));
    let start = col(found.ok_or_else(missing)?);
    Ok(rest.iter().fold(start, |expr, name| get_field().call(vec![expr, lit(name.as_str())])))
}

/// The upper bounds of ranges that hold about as many values each, as comparable bytes; fewer where values repeat.
fn quantiles(column: &ArrayRef, ranges: usize) -> Result<Vec<Box<[u8]>>> {
    let converter = converter(column.data_type())?;
    let rows = converter.convert_columns(std::slice::from_ref(column))?;
    let mut sorted: Vec<&[u8]> = (0..rows.num_rows()).map(|row| rows.row(row).data()).collect();
    sorted.sort_unstable();
    let places = (1..ranges).filter_map(|range| sorted.get(sorted.len() * range / ranges));
    let mut bounds: Vec<Box<[u8]>> = places.map(|bytes| Box::from(*bytes)).collect();
    bounds.dedup();
    // Nothing is less than the smallest value: as a bound it parts nothing.
    if let (Some(first), Some(smallest)) = (bounds.first(), sorted.first())
        && first.as_ref() == *smallest
    {
        bounds.remove(0);
    }
    Ok(bounds)
}

fn converter(data_type: &DataType) -> DataFusionResult<RowConverter> {
    Ok(RowConverter::new(vec![SortField::new(data_type.clone())])?)
}

/// The function that computes a row's place on the curve.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CurveRank {
    /// Of each column.
    bounds: Arc<Vec<Vec<Box<[u8]>>>>,
    bits: u32,
    is_hilbert: bool,
    signature: Signature,
}

impl ScalarUDFImpl for CurveRank {
    fn name(&self) -> &str {
        "curve_rank"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        if args.args.len() != self.bounds.len() {
            return exec_err!("a curve through {} columns is given {}", self.bounds.len(), args.args.len());
        }
        let mut ranks: Vec<Vec<u64>> = Vec::with_capacity(self.bounds.len());
        for (value, bounds) in args.args.into_iter().zip(self.bounds.iter()) {
            ranks.push(ranks_of(&value.into_array(args.number_rows)?, bounds, self.bits)?);
        }
        let mut axes = vec![0u64; ranks.len()];
        let places = (0..args.number_rows).map(|row| {
            for (axis, ranks) in axes.iter_mut().zip(&ranks) {
                *axis = ranks.get(row).copied().unwrap_or(0);
            }
            if self.is_hilbert {
                to_hilbert(&mut axes, self.bits);
            }
            interleave(&axes, self.bits)
        });
        let places: UInt64Array = places.collect::<Vec<u64>>().into();
        Ok(ColumnarValue::Array(Arc::new(places)))
    }
}

/// The range of each value, spread over all bits: a column of few values has as much say as one of many.
fn ranks_of(column: &ArrayRef, bounds: &[Box<[u8]>], bits: u32) -> DataFusionResult<Vec<u64>> {
    let rows = converter(column.data_type())?.convert_columns(std::slice::from_ref(column))?;
    let needed = usize::BITS - bounds.len().leading_zeros();
    let shift = bits.saturating_sub(needed);
    let rank = |row: usize| {
        let value = rows.row(row);
        let rank = bounds.partition_point(|bound| bound.as_ref() <= value.data());
        (rank as u64) << shift
    };
    Ok((0..rows.num_rows()).map(rank).collect())
}

/// One number out of the bits of several: the highest of each first.
fn interleave(axes: &[u64], bits: u32) -> u64 {
    let mut place = 0u64;
    for bit in (0..bits).rev() {
        for axis in axes {
            place = (place << 1) | ((axis >> bit) & 1);
        }
    }
    place
}

/// Turns coordinates into ones whose interleaved bits are the place on Hilbert's curve (Skilling, "Programming the Hilbert
/// curve", AIP Conference Proceedings 707, 2004).
fn to_hilbert(axes: &mut [u64], bits: u32) {
    let Some((&first, _)) = axes.split_first() else { return };
    let mut head = first;
    for bit in (1..bits).rev() {
        let (high, low) = (1u64 << bit, (1u64 << bit) - 1);
        for (place, axis) in axes.iter_mut().enumerate() {
            let value = if place == 0 { head } else { *axis };
            if value & high != 0 {
                head ^= low;
            } else if place > 0 {
                let swapped = (head ^ value) & low;
                head ^= swapped;
                *axis ^= swapped;
            }
        }
    }
    axes[0] = head;
    // Gray code.
    for place in 1..axes.len() {
        axes[place] ^= axes[place - 1];
    }
    let last = axes[axes.len() - 1];
    let flips =
        (1..bits).filter(|bit| last >> bit & 1 == 1).fold(0u64, |flips, bit| flips ^ ((1 << bit) - 1));
    axes.iter_mut().for_each(|axis| *axis ^= flips);
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Int64Array, StringArray};

    #[test]
    fn ranks_fit_into_64_bits() {
        assert_eq!(
            [0, 1, 2, 6, 7, 64, 65].map(bits_of),
            [None, Some(10), Some(10), Some(10), Some(9), Some(1), None]
        );
    }

    #[test]
    fn z_order_interleaves() {
        assert_eq!(interleave(&[0b11, 0b00], 2), 0b1010);
        assert_eq!(interleave(&[0b01, 0b10], 2), 0b0110);
        assert_eq!(interleave(&[5], 10), 5);
    }

    #[test]
    fn hilbert_makes_steps_of_one() {
        for (dimensions, bits) in [(1u32, 4u32), (2, 4), (3, 3), (4, 2)] {
            let side = 1u64 << bits;
            let count = side.pow(dimensions);
            let mut by_place = vec![vec![]; usize::try_from(count).unwrap()];
            for cell in 0..count {
                let axes: Vec<u64> = (0..dimensions).map(|axis| cell / side.pow(axis) % side).collect();
                let mut turned = axes.clone();
                to_hilbert(&mut turned, bits);
                by_place[usize::try_from(interleave(&turned, bits)).unwrap()] = axes;
            }
            for pair in by_place.windows(2) {
                let steps: u64 = pair[0].iter().zip(&pair[1]).map(|(a, b)| a.abs_diff(*b)).sum();
                assert_eq!(steps, 1, "{dimensions} dimensions: {:?} to {:?}", pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn values_get_the_rank_of_their_range() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter((0..100).map(Some)));
        let bounds = quantiles(&numbers, 4).unwrap();
        let probes: ArrayRef =
            Arc::new(Int64Array::from(vec![None, Some(-5), Some(25), Some(60), Some(1000)]));
        assert_eq!(ranks_of(&probes, &bounds, 2).unwrap(), [0, 0, 1, 2, 3]);
        // Two values, ten bits: the highest bit tells.
        let flags: ArrayRef = Arc::new(StringArray::from(vec!["a", "a", "b", "b"]));
        let bounds = quantiles(&flags, 1024).unwrap();
        assert_eq!(ranks_of(&flags, &bounds, 10).unwrap(), [0, 0, 512, 512]);
        let same: ArrayRef = Arc::new(StringArray::from(vec!["a"; 9]));
        assert_eq!(ranks_of(&same, &quantiles(&same, 1024).unwrap(), 10).unwrap(), [0; 9]);
    }
}
