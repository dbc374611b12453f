//! Questions about the rows that are there, asked before a rule is made for them.

use super::Altering;
use crate::delta::table::DeltaTable;
use crate::lake::GIVEN_SCHEMA;
use crate::{Error, ErrorKind, Result, syntax};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::sql::sqlparser::ast::Expr;
use std::sync::Arc;

/// How many rows pass a filter.
pub(super) async fn count(table: &mut Altering<'_>, filter: Expr) -> Result<u64> {
    let count = syntax::parse_expr("count(*)", "A count")?;
    let count = number(table, count, Some(filter)).await?.unwrap_or_default();
    u64::try_from(count).map_err(|_| Error::new(ErrorKind::Internal, "A count is negative"))
}

/// An aggregate of whole numbers over the rows that pass a filter.
pub(super) async fn number(
    table: &mut Altering<'_>,
    aggregate: Expr,
    filter: Option<Expr>,
) -> Result<Option<i64>> {
    let run = table.run;
    let scanned = DeltaTable::new(Arc::clone(&table.snapshot));
    table.reads.push(Arc::clone(&scanned.reads));
    run.session.lake.give("target", Arc::new(scanned));
    let from = syntax::from(&format!("{GIVEN_SCHEMA}.target"))?;
    let query = syntax::select(vec![syntax::named(aggregate, "number")], from, filter)?;
    let plan = run.plan(query).await?;
    let mut batches = run.batches(run.physical(&plan).await?).await?;
    let mut found = None;
    while let Some(batch) = batches.next().await? {
        let numbers = batch.columns().first().and_then(|column| column.as_primitive_opt::<Int64Type>());
        let numbers =
            numbers.ok_or_else(|| Error::new(ErrorKind::Internal, "A count of rows is no whole number"))?;
        if !numbers.is_empty() && numbers.is_valid(0) {
            found = Some(numbers.value(0));
        }
    }
    Ok(found)
}
