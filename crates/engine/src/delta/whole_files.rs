//! Conditions that choose whole files, since they are about partition columns alone: such a DELETE reads no file, and OPTIMIZE
//! and REORG take no others.

use super::changes::Outcome;
use super::dml::give_target;
use super::qualifiers::TargetName;
use super::scan::SelectedFile;
use super::table::DeltaTable;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, syntax};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::sql::sqlparser::ast::{self, Ident};
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
    let position = condition.and_then(|condition| Position::of(condition.span));
    let filter = condition.map(|condition| condition.expr.as_ref().clone());
    match select(run, table, alias, filter).await {
        Ok(Some(files)) => Ok(files),
        Ok(None) => Err(not_about_partitions(table).at(position)),
        Err(error) => Err(error.at(position)),
    }
}

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
    let Some(files) = select(run, table, &name.alias, filter).await? else { return Ok(None) };
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

/// The files all of whose rows pass a filter, where all others have none that does; `None` where some may have both.
async fn select(
    run: &Run<'_>,
    table: &DeltaTable,
    alias: &Ident,
    filter: Option<ast::Expr>,
) -> Result<Option<Vec<SelectedFile>>> {
    let from = give_target(run, table, alias)?;
    let plan = run.plan(syntax::select(vec![syntax::all()], from, filter)?).await?;
    // As optimized: constants are computed, and the table has said which filters it keeps to exactly.
    match chosen(&run.state().optimize(&plan)?)? {
        Chosen::By(filters) => Ok(Some(table.select(run.state(), &filters, None).await?.files)),
        Chosen::Nothing => Ok(Some(vec![])),
        Chosen::Rows => Ok(None),
    }
}

/// What a plan reads of a table.
enum Chosen {
    /// The whole files that pass.
    By(Vec<Expr>),
    Nothing,
    /// Some rows of some files.
    Rows,
}

fn chosen(plan: &LogicalPlan) -> Result<Chosen> {
    let mut chosen = Chosen::Rows;
    plan.apply(|node| match node {
        LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) => Ok(TreeNodeRecursion::Continue),
        LogicalPlan::TableScan(scan) => {
            chosen = Chosen::By(scan.filters.clone());
            Ok(TreeNodeRecursion::Continue)
        }
        LogicalPlan::EmptyRelation(empty) if !empty.produce_one_row => {
            chosen = Chosen::Nothing;
            Ok(TreeNodeRecursion::Continue)
        }
        _ => Ok(TreeNodeRecursion::Stop),
    })?;
    Ok(chosen)
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
