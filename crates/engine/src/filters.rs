//! Filters that queries push into tables.

use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};

/// Whether a filter chooses whole partitions: it is about partition columns alone, and holds for all rows of one or none.
pub(crate) fn is_about_partitions(filter: &Expr, is_partition: impl Fn(&str) -> bool) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| is_partition(&column.name)) && !filter.is_volatile()
}

/// What scans do with filters: partitions are chosen exactly, of other rows some are left out.
pub(crate) fn pushdown(
    filters: &[&Expr],
    is_partition: impl Fn(&str) -> bool,
) -> Vec<TableProviderFilterPushDown> {
    let pushdown = |filter: &&Expr| match is_about_partitions(filter, &is_partition) {
        true => TableProviderFilterPushDown::Exact,
        false => TableProviderFilterPushDown::Inexact,
    };
    filters.iter().map(pushdown).collect()
}

/// A filter whose columns are found in a schema without table names.
pub(crate) fn unqualify(filter: Expr) -> Result<Expr> {
    let unqualified = filter.transform(|expr| match expr {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::from_name(column.name)))),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(unqualified.data)
}
