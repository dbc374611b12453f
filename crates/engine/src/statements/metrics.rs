//! The rows with which statements that change tables answer, as Databricks has them.

use super::answer;
use crate::Result;
use crate::query::Query;
use crate::session::Run;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use std::sync::Arc;

/// One row of counts, by name.
pub(super) fn counts(run: &Run<'_>, counts: &[(&str, u64)]) -> Result<Query> {
    let columns = counts.iter().map(|(name, count)| {
        let value: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(*count).unwrap_or(i64::MAX)]));
        (*name, value)
    });
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}
