//! MERGE INTO.

use super::metrics;
use super::open::TargetPlace;
use super::rows::{assigned, default_of, find_column, settle};
use crate::delta::changes::{self, ChangeOptions, DELETE, INSERT, UPDATE};
use crate::delta::dml::{self, ChangeQuery, Clause, NewValue};
use crate::delta::evolve::{self, Shape};
use crate::delta::identity;
use crate::delta::qualifiers::{TargetName, qualify};
use crate::delta::rules::{GENERATION_KEY, text_of};
use crate::delta::table::{DeltaTable, ROW_COLUMN};
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, syntax};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::sql::sqlparser::ast::{
    self, Ident, Join, JoinConstraint, JoinOperator, ObjectNamePart, TableFactor, TableWithJoins,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tarn_delta::schema::StructType;
use tarn_delta::transaction::Operation;
use tarn_dialect::{AssignedValue, ColumnPath, Merge, MergeAction, MergeClause, MergeKind};

/// The column that is not null where a row has one of the source.
const SOURCE_COLUMN: &str = "__tarn_source";

pub(super) async fn run(run: &Run<'_>, merge: &Merge) -> Result<Query> {
    let place = TargetPlace::of(run, &merge.target.name)?;
    let snapshot = place.open(run, &merge.target.name).await?;
    let name = TargetName::of(run, &merge.target.name, merge.target.alias.as_ref())?;
    let target = name.alias.clone();
    let source = source_name(&merge.source)?;
    if source.value.eq_ignore_ascii_case(&target.value) {
        return Err(Error::new(ErrorKind::Invalid, format!("Source and target are both called {target}"))
            .hint("Give one of the two another name: MERGE INTO table AS t USING table AS s")
            .at(place.position));
    }
    let rows = source_schema(run, &merge.source).await?;
    let evolved = match merge.schema_evolution {
        true => evolve::with_new_columns(&snapshot, &evolving(merge, &name, &rows))?,
        false => None,
    };
    let schema = Shape::of(&snapshot, evolved.as_ref()).schema;
    let table = DeltaTable::with_schema(Arc::clone(&snapshot), schema).for_changes();
    let evolves = merge.schema_evolution;
    let names = Names { evolves, name: &name, target: &target, source: &source, schema, rows: &rows };
    let clauses = merge.clauses.iter().map(|clause| names.clause(clause)).collect::<Result<Vec<_>>>()?;
    let from = join(run, &table, merge, &names)?;
    let query = ChangeQuery { name: name.clone(), from, filter: None, clauses };
    let changed = changes::Target::of(&table, evolved.as_ref());
    let plan = match dml::plan(run, changed, query).await {
        Ok(plan) => plan,
        Err(error) => return Err(of_condition(run, &table, merge, &names, error).await),
    };
    let outcome = changes::apply(run, changed, plan, options(merge)).await?;
    let mut operation = operation(merge);
    operation.metrics = outcome.metrics(&[
        ("numTargetRowsInserted", outcome.inserted),
        ("numTargetRowsUpdated", outcome.updated),
        ("numTargetRowsDeleted", outcome.deleted),
        ("numTargetRowsCopied", outcome.copied),
        ("numTargetFilesAdded", outcome.adds.len() as u64),
        ("numTargetFilesRemoved", outcome.removes.len() as u64),
        ("numOutputRows", outcome.inserted + outcome.updated + outcome.copied),
    ]);
    let outcome = settle(&snapshot, &table, evolved, operation, outcome).await;
    let outcome = outcome.map_err(|error| error.at(place.position))?;
    metrics::counts(
        run,
        &[
            ("num_affected_rows", outcome.updated + outcome.deleted + outcome.inserted),
            ("num_updated_rows", outcome.updated),
            ("num_deleted_rows", outcome.deleted),
            ("num_inserted_rows", outcome.inserted),
        ],
    )
}

/// Where all that happens to matched rows is that they go, it does not matter how often they match.
fn options(merge: &Merge) -> ChangeOptions {
    let mut matched = merge.clauses.iter().filter(|clause| clause.kind == MergeKind::Matched);
    let first = matched.next();
    let is_delete =
        first.is_some_and(|clause| clause.action == MergeAction::Delete && clause.condition.is_none());
    ChangeOptions { may_delete_twice: is_delete && matched.next().is_none() }
}

/// The source's columns that the table gets where it lacks them: all where a clause says `*`, else those that are assigned
/// by name.
fn evolving(merge: &Merge, name: &TargetName, rows: &Schema) -> Schema {
    let mut assigned: Vec<String> = Vec::new();
    for clause in &merge.clauses {
        match &clause.action {
            MergeAction::UpdateAll { .. } | MergeAction::InsertAll { .. } => return rows.clone(),
            MergeAction::Update(assignments) | MergeAction::Insert(assignments) => {
                for assignment in assignments {
                    let parts = assignment.column.names();
                    let parts = name.strip(&parts);
                    let is_alias = |part: &String| part.eq_ignore_ascii_case(&name.alias.value);
                    let column = match parts {
                        [first, column, ..] if is_alias(first) => Some(column),
                        _ => parts.first(),
                    };
                    assigned.extend(column.cloned());
                }
            }
            MergeAction::Delete => {}
        }
    }
    let is_assigned =
        |field: &&Arc<Field>| assigned.iter().any(|name| name.eq_ignore_ascii_case(field.name()));
    Schema::new(rows.fields().iter().filter(is_assigned).cloned().collect::<Vec<_>>())
}

/// What the statement calls the source.
fn source_name(source: &TableFactor) -> Result<Ident> {
    let (alias, name) = match source {
        TableFactor::Table { alias, name, .. } => {
            (alias, name.0.last().and_then(ObjectNamePart::as_ident).cloned())
        }
        TableFactor::Derived { alias, .. }
        | TableFactor::NestedJoin { alias, .. }
        | TableFactor::Function { alias, .. } => (alias, None),
        _ => (&None, None),
    };
    alias.as_ref().map(|alias| alias.name.clone()).or(name).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "The source has no name")
            .hint("Give it one: USING (SELECT …) AS source")
            .at(Position::of(ast::Spanned::span(source)))
    })
}

/// The columns of the source.
async fn source_schema(run: &Run<'_>, source: &TableFactor) -> Result<Schema> {
    let from = vec![TableWithJoins { relation: source.clone(), joins: vec![] }];
    let plan = run.plan(syntax::select_all(from)?).await?;
    Ok(plan.schema().as_arrow().clone())
}

/// The source, each row marked, joined with the target as the clauses need it.
fn join(run: &Run<'_>, table: &DeltaTable, merge: &Merge, names: &Names<'_>) -> Result<Vec<TableWithJoins>> {
    let marked = vec![syntax::all(), syntax::named(syntax::number(1), SOURCE_COLUMN)];
    let source = vec![TableWithJoins { relation: merge.source.as_ref().clone(), joins: vec![] }];
    let mut from = syntax::from_query(syntax::select(marked, source, None)?, names.source)?;
    let target = dml::give_target(run, table, names.target)?;
    let has = |kind: MergeKind| merge.clauses.iter().any(|clause| clause.kind == kind);
    let on = JoinConstraint::On(merge.on.expr.as_ref().clone());
    let operator = match (has(MergeKind::NotMatched), has(MergeKind::NotMatchedBySource)) {
        (false, false) => JoinOperator::Inner(on),
        (true, false) => JoinOperator::LeftOuter(on),
        (false, true) => JoinOperator::RightOuter(on),
        (true, true) => JoinOperator::FullOuter(on),
    };
    if let (Some(source), Some(target)) = (from.first_mut(), target.into_iter().next()) {
        source.joins.push(Join { relation: target.relation, global: false, join_operator: operator });
    }
    Ok(from)
}

/// The error of a plan, at the condition where that cannot be planned by itself: DataFusion finds out that types do not compare
/// when it no longer knows where they stand.
async fn of_condition(
    run: &Run<'_>,
    table: &DeltaTable,
    merge: &Merge,
    names: &Names<'_>,
    error: Error,
) -> Error {
    if error.position.is_some() {
        return error;
    }
    let planned = async {
        let only = vec![syntax::named(syntax::number(1), SOURCE_COLUMN)];
        let from = join(run, table, merge, names)?;
        let plan = run.plan(syntax::select(only, from, None)?).await?;
        run.physical(&plan).await
    };
    match planned.await {
        Ok(_) => error,
        Err(_) => {
            let hint = "Cast one side of ON to the type of the other".to_owned();
            Error { hint: Some(hint), ..error.at(Position::of(merge.on.span)) }
        }
    }
}

fn operation(merge: &Merge) -> Operation {
    let of_kind = |kind: MergeKind| -> Vec<Value> {
        let clauses = merge.clauses.iter().filter(|clause| clause.kind == kind);
        clauses
            .map(|clause| {
                let action = match clause.action {
                    MergeAction::UpdateAll { .. } | MergeAction::Update(_) => "update",
                    MergeAction::Delete => "delete",
                    MergeAction::InsertAll { .. } | MergeAction::Insert(_) => "insert",
                };
                match &clause.condition {
                    Some(condition) => json!({ "predicate": condition.text, "actionType": action }),
                    None => json!({ "actionType": action }),
                }
            })
            .collect()
    };
    Operation::new("MERGE")
        .with("predicate", json!([merge.on.text]))
        .with("matchedPredicates", Value::from(of_kind(MergeKind::Matched)))
        .with("notMatchedPredicates", Value::from(of_kind(MergeKind::NotMatched)))
        .with("notMatchedBySourcePredicates", Value::from(of_kind(MergeKind::NotMatchedBySource)))
}

/// What the two sides are called, and their columns.
struct Names<'a> {
    /// Whether columns may be added: then `*` needs not all columns of the target either.
    evolves: bool,
    name: &'a TargetName,
    target: &'a Ident,
    source: &'a Ident,
    schema: &'a StructType,
    rows: &'a Schema,
}

impl Names<'_> {
    fn clause(&self, clause: &MergeClause) -> Result<Clause> {
        let at = |error: Error| error.at(Position::of(clause.span));
        let in_target = syntax::column(self.target, ROW_COLUMN);
        let in_source = syntax::column(self.source, SOURCE_COLUMN);
        let kind = match clause.kind {
            MergeKind::Matched => vec![syntax::is_not_null(in_target), syntax::is_not_null(in_source)],
            MergeKind::NotMatched => vec![syntax::is_null(in_target)],
            MergeKind::NotMatchedBySource => vec![syntax::is_null(in_source)],
        };
        let condition = clause.condition.as_ref().map(|c| self.seen_by(clause.kind, &c.expr));
        let when = syntax::all_of(kind.into_iter().chain(condition));
        let (action, values) = match &clause.action {
            MergeAction::Delete => (DELETE, vec![]),
            MergeAction::Update(assignments) => (UPDATE, assigned(self.schema, self.name, assignments)?),
            MergeAction::UpdateAll { except } => (UPDATE, self.all(except, true).map_err(at)?),
            MergeAction::InsertAll { except } => (INSERT, self.all(except, false).map_err(at)?),
            MergeAction::Insert(assignments) => {
                let mut values = self.absent()?;
                let mut seen = Vec::new();
                for assignment in assignments {
                    let place = self.place(&assignment.column)?;
                    if seen.contains(&place) {
                        let message = format!("The column {} is set twice", assignment.column);
                        return Err(Error::new(ErrorKind::Invalid, message)
                            .at(Position::of(assignment.column.span())));
                    }
                    seen.push(place);
                    values[place] = match &assignment.value {
                        AssignedValue::Expression(expression) => {
                            NewValue::Expr(Box::new(self.seen_by(clause.kind, &expression.expr)))
                        }
                        AssignedValue::Default(_) => {
                            NewValue::Expr(Box::new(default_of(&self.schema.fields[place])?))
                        }
                    };
                }
                (INSERT, values)
            }
        };
        Ok(Clause { action, when, values })
    }

    /// An expression of a clause: rows without one of the other table have no columns of it.
    fn seen_by(&self, kind: MergeKind, expr: &ast::Expr) -> ast::Expr {
        let mut expr = expr.clone();
        match kind {
            MergeKind::Matched => {}
            MergeKind::NotMatched => {
                let columns: Vec<&str> =
                    self.rows.fields().iter().map(|field| field.name().as_str()).collect();
                qualify(&mut expr, self.source, &columns);
            }
            MergeKind::NotMatchedBySource => {
                let columns: Vec<&str> = self.schema.fields.iter().map(|field| field.name.as_str()).collect();
                qualify(&mut expr, self.target, &columns);
            }
        }
        expr
    }

    /// What columns get that an insertion leaves out.
    fn absent(&self) -> Result<Vec<NewValue>> {
        let value = |field| {
            if text_of(field, GENERATION_KEY).is_some() {
                return Ok(NewValue::Nothing);
            }
            Ok(match default_of(field)? {
                ast::Expr::Value(value) if value.value == ast::Value::Null => NewValue::Nothing,
                default => NewValue::Expr(Box::new(default)),
            })
        };
        self.schema.fields.iter().map(value).collect()
    }

    fn place(&self, column: &ColumnPath) -> Result<usize> {
        match find_column(self.schema, self.name, column)? {
            (place, path) if path.is_empty() => Ok(place),
            _ => Err(Error::new(ErrorKind::Invalid, format!("{column} is a field, not a column"))
                .hint("Name the whole column, and give it named_struct('field', value, …)")
                .at(Position::of(column.span()))),
        }
    }

    /// `SET *` and `INSERT *`: each column gets the source's of the same name.
    fn all(&self, except: &[ColumnPath], is_update: bool) -> Result<Vec<NewValue>> {
        let left_out = except.iter().map(|column| self.place(column)).collect::<Result<Vec<_>>>()?;
        let absent = self.absent()?;
        let mut values = Vec::with_capacity(self.schema.fields.len());
        for (place, (field, absent)) in self.schema.fields.iter().zip(absent).enumerate() {
            let found =
                self.rows.fields().iter().find(|found| found.name().eq_ignore_ascii_case(&field.name));
            values.push(match found {
                Some(found) if !left_out.contains(&place) => {
                    if is_update {
                        identity::check_update(field)?;
                    }
                    NewValue::Expr(Box::new(syntax::column(self.source, found.name())))
                }
                _ if is_update && text_of(field, GENERATION_KEY).is_some() => NewValue::Nothing,
                _ if is_update && left_out.contains(&place) => NewValue::Keep,
                _ if is_update && identity::is_identity(field) => NewValue::Keep,
                _ if identity::is_identity(field) => absent,
                _ if is_update && self.evolves => NewValue::Keep,
                _ if left_out.contains(&place) || text_of(field, GENERATION_KEY).is_some() => absent,
                _ if self.evolves => absent,
                _ => {
                    let error = Error::new(
                        ErrorKind::Invalid,
                        format!("The source has no column {}, which * asks for", names::quoted(&field.name)),
                    );
                    return Err(
                        error.hint("Name the columns instead of *, or leave it out with * EXCEPT (column)")
                    );
                }
            });
        }
        Ok(values)
    }
}
