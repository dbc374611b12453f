//! Deletions about partition columns alone: whole files go, and none of them is read.

use super::changes::Outcome;
use super::dml::give_target;
use super::qualifiers::TargetName;
use super::table::DeltaTable;
use crate::session::Run;
use crate::{Result, syntax};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::sqlparser::ast;

/// What the deletion of the rows that pass a filter comes to, not committed; `None` where files may lose some of their rows
/// only, or the log does not say how many rows they have.
///
/// # Errors
/// When the filter cannot be planned.
pub(crate) async fn deletion(
    run: &Run<'_>,
    table: &DeltaTable,
    name: &TargetName,
    filter: Option<&ast::Expr>,
) -> Result<Option<Outcome>> {
    let mut filter = filter.cloned();
    name.shorten(&mut filter);
    let from = give_target(run, table, &name.alias)?;
    let plan = run.plan(syntax::select(vec![syntax::all()], from, filter)?).await?;
    let Some(filters) = filters_of_scan(&run.state().optimize(&plan)?)? else { return Ok(None) };
    let files = table.select(run.state(), &filters, None).await?.files;
    let Some(deleted) = files.iter().map(|file| file.live_rows).sum::<Option<u64>>() else { return Ok(None) };
    let ids: Vec<_> = files.iter().map(|file| file.id).collect();
    let now = tarn_platform::unix_millis();
    let adds = table.snapshot.adds_with_stats(&ids).await?;
    Ok(Some(Outcome {
        removes: adds.iter().map(|add| add.to_remove(now, true)).collect(),
        deleted,
        touched_files: ids.len() as u64,
        ..Outcome::default()
    }))
}

/// The filters of a plan that is a scan and nothing else: the table said that it keeps to them exactly.
fn filters_of_scan(plan: &LogicalPlan) -> Result<Option<Vec<Expr>>> {
    let mut filters = None;
    plan.apply(|node| match node {
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => Ok(TreeNodeRecursion::Continue),
        LogicalPlan::TableScan(scan) => {
            filters = Some(scan.filters.clone());
            Ok(TreeNodeRecursion::Continue)
        }
        _ => Ok(TreeNodeRecursion::Stop),
    })?;
    Ok(filters)
}
