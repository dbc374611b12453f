//! UPDATE, DELETE and MERGE as queries: for each row of the target and the source, which clause applies and what the new
//! values are. The syntax tree of what the person wrote is planned by DataFusion like any other, so names, functions and
//! places of errors are as everywhere.

use super::assign::{assign, generate};
use super::changes::{ACTION_COLUMN, DELETE, INSERT, KEEP, OLD_PREFIX, Target, UPDATE};
use super::nested::Fit;
use super::qualifiers::TargetName;
use super::row_ids::{self, ROW_ID_COLUMN};
use super::table::{DeltaTable, FILE_COLUMN, ROW_COLUMN};
use crate::session::Run;
use crate::{Result, syntax};
use datafusion::arrow::datatypes::Schema;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, ident, lit, when};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Ident, TableWithJoins};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The column that says which clause applies to a row, counted from 1.
const CLAUSE_COLUMN: &str = "__tarn_clause";

/// What a clause gives a column.
#[derive(Debug, Clone)]
pub(crate) enum NewValue {
    /// What the target's row has.
    Keep,
    /// The value of an expression over source and target.
    Expr(Box<ast::Expr>),
    /// Null, or what the column is generated as.
    Nothing,
}

/// A clause: what happens to rows that no earlier clause took.
#[derive(Debug, Clone)]
pub(crate) struct Clause {
    /// `UPDATE`, `DELETE` or `INSERT` of [`super::changes`].
    pub(crate) action: i64,
    /// When it applies; always where absent.
    pub(crate) when: Option<ast::Expr>,
    /// One a column of the table; empty for DELETE.
    pub(crate) values: Vec<NewValue>,
}

/// A statement that changes rows, as a query.
pub(crate) struct ChangeQuery {
    /// What the statement calls the target.
    pub(crate) name: TargetName,
    /// The target alone, or joined with the source.
    pub(crate) from: Vec<TableWithJoins>,
    pub(crate) filter: Option<ast::Expr>,
    pub(crate) clauses: Vec<Clause>,
}

impl ChangeQuery {
    fn shorten_names(&mut self) {
        self.name.shorten(&mut self.from);
        self.name.shorten(&mut self.filter);
        for clause in &mut self.clauses {
            self.name.shorten(&mut clause.when);
            for value in &mut clause.values {
                if let NewValue::Expr(value) = value {
                    self.name.shorten(value.as_mut());
                }
            }
        }
    }
}

/// Hands the target to the statement's plan; what FROM calls it.
pub(crate) fn give_target(run: &Run<'_>, table: &DeltaTable, alias: &Ident) -> Result<Vec<TableWithJoins>> {
    run.session.lake.give("target", Arc::new(table.clone()));
    syntax::from(&format!("{}.target AS {}", crate::lake::GIVEN_SCHEMA, syntax::quoted(&alias.value)))
}

/// Plans the changes, in the columns that [`super::changes::apply`] wants.
pub(crate) async fn plan(
    run: &Run<'_>,
    target: Target<'_>,
    query: ChangeQuery,
) -> Result<Arc<dyn ExecutionPlan>> {
    let logical = plan_logical(run, target, query).await?;
    run.physical(&logical).await
}

async fn plan_logical(run: &Run<'_>, target: Target<'_>, mut query: ChangeQuery) -> Result<LogicalPlan> {
    let columns = target.shape.columns();
    query.shorten_names();
    let mut projection = Vec::new();
    for field in columns.fields() {
        let old = syntax::column(&query.name.alias, field.name());
        projection.push(syntax::named(old, &format!("{OLD_PREFIX}{}", field.name())));
    }
    for place in [FILE_COLUMN, ROW_COLUMN] {
        projection.push(syntax::named(syntax::column(&query.name.alias, place), place));
    }
    let tracked = target.table.row_ids.as_ref().filter(|_| updates(&query.clauses));
    if let Some(names) = tracked {
        projection.push(syntax::named(row_ids::id_in(&query.name.alias, names), ROW_ID_COLUMN));
    }
    projection.push(syntax::named(clause_number(&query.clauses), CLAUSE_COLUMN));
    for (number, clause) in query.clauses.iter().enumerate() {
        for (place, value) in clause.values.iter().enumerate() {
            if let NewValue::Expr(value) = value {
                let value = only_in(&query.clauses, number, value.as_ref().clone());
                projection.push(syntax::named(value, &value_name(number, place)));
            }
        }
    }
    let select = syntax::select(projection, query.from, query.filter)?;
    let joined = run.plan(select).await?;
    let joined = match query.clauses.iter().any(|clause| clause.when.is_some()) {
        true => LogicalPlanBuilder::from(joined).filter(ident(CLAUSE_COLUMN).gt(lit(0i64)))?.build()?,
        false => joined,
    };
    project_changes(run, target, &columns, joined, &query.clauses)
}

/// The new values of each row, by its clause.
fn project_changes(
    run: &Run<'_>,
    target: Target<'_>,
    columns: &Schema,
    joined: LogicalPlan,
    clauses: &[Clause],
) -> Result<LogicalPlan> {
    let input = joined.schema().clone();
    let mut olds = Vec::with_capacity(columns.fields().len());
    for field in columns.fields() {
        let old = ident(format!("{OLD_PREFIX}{}", field.name()));
        olds.push(assign(old, &input, field, Fit::ByName)?);
    }
    let mut projected = Vec::new();
    let writing = clauses.iter().filter(|clause| clause.action != DELETE).count();
    let mut given: BTreeSet<usize> = BTreeSet::new();
    for ((place, field), old) in columns.fields().iter().enumerate().zip(&olds) {
        let mut choices: Vec<(i64, Expr)> = Vec::new();
        let mut givers = 0;
        for (number, clause) in clauses.iter().enumerate() {
            let value = match clause.values.get(place) {
                Some(NewValue::Expr(_)) => {
                    givers += 1;
                    assign(ident(value_name(number, place)), &input, field, Fit::ByName)?
                }
                Some(NewValue::Keep) => old.clone(),
                Some(NewValue::Nothing) | None => lit(ScalarValue::try_new_null(field.data_type())?),
            };
            choices.push((clause_label(number), value));
        }
        // What only some clauses give is generated for all: it is the same where it was right.
        if givers == writing {
            given.insert(place);
        }
        let value = match choices.as_slice() {
            // One clause: no choice to make for each row.
            [(_, value)] => value.clone(),
            _ => choose(&choices)?,
        };
        projected.push(value.alias(field.name()));
    }
    if target.shape.has_feed() {
        let names = columns.fields().iter().map(|field| format!("{OLD_PREFIX}{}", field.name()));
        projected.extend(olds.into_iter().zip(names).map(|(old, name)| old.alias(name)));
    }
    projected.extend([FILE_COLUMN, ROW_COLUMN].map(ident));
    if target.table.row_ids.is_some() && updates(clauses) {
        projected.push(ident(ROW_ID_COLUMN));
    }
    let actions: Vec<(i64, Expr)> = clauses
        .iter()
        .enumerate()
        .map(|(number, clause)| (clause_label(number), lit(clause.action)))
        .collect();
    projected.push(choose(&actions)?.alias(ACTION_COLUMN));
    let plan = LogicalPlanBuilder::from(joined).project(projected)?.build()?;
    match clauses.iter().any(|clause| clause.action != DELETE) {
        true => generate(&run.session.state(), plan, target.shape.schema, &given),
        false => Ok(plan),
    }
}

/// Whether rows may be replaced by new values, so that their ids must be known.
fn updates(clauses: &[Clause]) -> bool {
    clauses.iter().any(|clause| clause.action == UPDATE)
}

fn choose(choices: &[(i64, Expr)]) -> Result<Expr> {
    let Some(((first, value), rest)) = choices.split_first() else { return Ok(lit(KEEP)) };
    let clause = || col(CLAUSE_COLUMN);
    let mut case = when(clause().eq(lit(*first)), value.clone());
    for (number, value) in rest {
        case = case.when(clause().eq(lit(*number)), value.clone());
    }
    Ok(case.end()?)
}

fn clause_label(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX - 1) + 1
}

fn value_name(clause: usize, column: usize) -> String {
    format!("__tarn_value_{clause}_{column}")
}

/// Which clause applies: the first whose condition holds.
fn clause_number(clauses: &[Clause]) -> ast::Expr {
    let mut conditions = Vec::new();
    for (number, clause) in clauses.iter().enumerate() {
        let label = syntax::number(clause_label(number));
        match &clause.when {
            Some(when) => conditions.push((when.clone(), label)),
            None if conditions.is_empty() => return label,
            None => return syntax::case(conditions, Some(label)),
        }
    }
    syntax::case(conditions, Some(syntax::number(KEEP)))
}

/// A clause's value, computed for no row of another clause: it may fail there.
fn only_in(clauses: &[Clause], number: usize, value: ast::Expr) -> ast::Expr {
    let mut conditions = Vec::new();
    for clause in clauses.iter().take(number) {
        match &clause.when {
            Some(when) => conditions.push((when.clone(), syntax::null())),
            // Nothing gets past a clause without a condition.
            None => return syntax::null(),
        }
    }
    match clauses.get(number).and_then(|clause| clause.when.clone()) {
        Some(when) => conditions.push((when, value)),
        None if conditions.is_empty() => return value,
        None => return syntax::case(conditions, Some(value)),
    }
    syntax::case(conditions, None)
}

/// The clauses of an UPDATE or DELETE: one, for all rows that pass the filter.
pub(crate) fn only_clause(action: i64, values: Vec<NewValue>) -> Vec<Clause> {
    debug_assert!([UPDATE, DELETE, INSERT].contains(&action));
    vec![Clause { action, when: None, values }]
}
