//! Conditions that choose whole partitions: those of OPTIMIZE and REORG.

use super::DeltaTable;
use super::dml::give_target;
use super::scan::SelectedFile;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, syntax};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::sqlparser::ast::Ident;
use tarn_dialect::Expression;

/// The files of the partitions for which a condition holds; all where there is none.
///
/// # Errors
/// When the condition cannot be planned, or is about anything but partition columns.
pub(crate) async fn files_where(
    run: &Run<'_>,
    table: &DeltaTable,
    alias: &Ident,
    condition: Option<&Expression>,
) -> Result<Vec<SelectedFile>> {
    let filters = match condition {
        Some(condition) => filters(run, table, alias, condition)
            .await
            .map_err(|error| error.at(Position::of(condition.span)))?,
        None => vec![],
    };
    Ok(table.select(run.state(), &filters, None).await?.files)
}

async fn filters(
    run: &Run<'_>,
    table: &DeltaTable,
    alias: &Ident,
    condition: &Expression,
) -> Result<Vec<Expr>> {
    let from = give_target(run, table, alias)?;
    let select = syntax::select(vec![syntax::all()], from, Some(condition.expr.as_ref().clone()))?;
    let plan = run.plan(select).await?;
    let mut predicate = None;
    plan.apply(|node| match node {
        LogicalPlan::Filter(filter) => {
            predicate = Some(filter.predicate.clone());
            Ok(TreeNodeRecursion::Stop)
        }
        _ => Ok(TreeNodeRecursion::Continue),
    })?;
    let predicate = predicate.ok_or_else(|| not_about_partitions(table))?;
    let partitions = &table.snapshot.metadata().partition_columns;
    let columns = predicate.column_refs();
    let are_partitions = columns.iter().all(|column| partitions.contains(&column.name));
    let has_subquery = predicate
        .exists(|expr| Ok(matches!(expr, Expr::InSubquery(_) | Expr::Exists(_) | Expr::ScalarSubquery(_))))?;
    if columns.is_empty() || !are_partitions || has_subquery || predicate.is_volatile() {
        return Err(not_about_partitions(table));
    }
    Ok(split_conjunction_owned(predicate))
}

fn not_about_partitions(table: &DeltaTable) -> Error {
    let partitions = &table.snapshot.metadata().partition_columns;
    let error = Error::new(ErrorKind::Invalid, "The condition is not about partition columns alone");
    match partitions.is_empty() {
        true => error.hint("The table is not partitioned: leave WHERE out"),
        false => error.hint(format!(
            "The table is partitioned by {}; other columns and subqueries cannot choose whole files",
            names::listed(partitions.iter().map(String::as_str))
        )),
    }
}
