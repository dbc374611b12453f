//! INSERT INTO, OVERWRITE, REPLACE WHERE, REPLACE USING; by position, by a list of columns, or by name.

use super::open::TargetPlace;
use super::rows::default_of;
use super::{metrics, replace};
use crate::delta::assign::{assign, generate};
use crate::delta::commit::{RowOptions, Written, commit, write_rows};
use crate::delta::evolve::{self, Shape};
use crate::delta::nested::{Fit, loose};
use crate::delta::rules::{GENERATION_KEY, text_of};
use crate::delta::table::engine_schema;
use crate::literals::keep_digits;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, syntax};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Ident, SelectItem, SetExpr};
use datafusion::sql::sqlparser::tokenizer::Span;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tarn_delta::schema::{StructField, StructType, to_arrow};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{Insert, InsertMode, PartitionValue};

pub(super) async fn run(run: &Run<'_>, insert: &Insert) -> Result<Query> {
    let target = TargetPlace::of(run, &insert.table)?;
    let snapshot = target.open(run, &insert.table).await?;
    let insert = &prepared(&snapshot, insert)?;
    let plan = run.plan(insert.query.clone()).await?;
    let plan = add_partition_values(run, &snapshot, plan, insert)?;
    let names = names_of(plan.schema().as_arrow(), snapshot.schema(), insert)
        .map_err(|error| error.at(target.position))?;
    // Columns that the table lacks are added first, where the statement says so.
    let evolved = match insert.schema_evolution {
        true => evolve::with_new_columns(&snapshot, &renamed(plan.schema().as_arrow(), &names))?,
        false => None,
    };
    let shape = Shape::of(&snapshot, evolved.as_ref());
    let arranged = arrange(run, plan, shape.schema, &names, insert);
    let (plan, given) = arranged.map_err(|error| error.at(target.position))?;
    let plan = generate(&run.session.state(), plan, shape.schema, &given)?;
    let mut options = RowOptions::default();
    let plan = match &insert.mode {
        InsertMode::ReplaceWhere(condition) => {
            options.condition = Some(condition.text.clone());
            replace::with_condition(run, plan, insert, condition).await?
        }
        _ => plan,
    };
    options.feeds = replace::may_split_files(insert) && shape.has_feed();
    let physical = run.physical(&plan).await?;
    let written = write_rows(run, snapshot.table(), shape, physical, &options).await?;
    let rows = written.rows;
    let committed = match &insert.mode {
        InsertMode::Append => append(&snapshot, evolved, written).await,
        _ => replace::settle(run, &snapshot, insert, evolved, written).await,
    };
    committed.map_err(|error| error.at(target.position))?;
    metrics::counts(run, &[("num_affected_rows", rows), ("num_inserted_rows", rows)])
}

async fn append(
    snapshot: &Arc<Snapshot>,
    evolved: Option<evolve::Evolved>,
    mut written: Written,
) -> Result<()> {
    if written.adds.is_empty() && evolved.is_none() {
        return Ok(());
    }
    let mut operation = Operation::new("WRITE")
        .with("mode", "Append")
        .with("partitionBy", json!(snapshot.metadata().partition_columns));
    operation.metrics = written.metrics();
    let mut transaction = Transaction::new(Arc::clone(snapshot), operation);
    if let Some(evolved) = evolved {
        evolved.tell(&mut transaction);
    }
    if let Some(metadata) = written.metadata.take() {
        transaction.set_metadata(metadata);
    }
    let new_files = written.new_files();
    written.adds.into_iter().for_each(|add| transaction.add(add));
    commit(transaction, snapshot.table(), &new_files).await?;
    Ok(())
}

/// The statement with the defaults of the table's columns in the places of DEFAULT, and rows whose columns have names of
/// their own.
fn prepared(snapshot: &Snapshot, insert: &Insert) -> Result<Insert> {
    let mut filled = insert.clone();
    let by_position = by_position(snapshot.schema(), insert);
    filled.fill_defaults(|place| {
        let field = match insert.columns.get(place.column) {
            Some(ident) => snapshot.schema().field(&ident.value),
            None if insert.columns.is_empty() => by_position.get(place.column).copied(),
            None => None,
        };
        match field {
            Some(field) => default_of(field),
            None => Err(Error::new(ErrorKind::Invalid, "This DEFAULT stands for no column of the table")
                .at(Position::of(place.span))),
        }
    })?;
    select_tables(filled.query.body.as_mut())?;
    if !insert.by_name && !insert.schema_evolution {
        name_repeated(filled.query.body.as_mut());
    }
    Ok(filled)
}

/// The table's columns that rows are for by position: all but those of PARTITION (column = value).
fn by_position<'a>(schema: &'a StructType, insert: &Insert) -> Vec<&'a StructField> {
    let is_constant = |field: &StructField| {
        let mut constants = insert.partition.iter().filter(|partition| partition.value.is_some());
        constants.any(|partition| partition.column.value.eq_ignore_ascii_case(&field.name))
    };
    schema.fields.iter().filter(|field| !is_constant(field)).collect()
}

/// `TABLE t` as `SELECT * FROM t`, which DataFusion knows.
fn select_tables(body: &mut SetExpr) -> Result<()> {
    match body {
        SetExpr::Table(table) => {
            let parts = table.schema_name.iter().chain(&table.table_name);
            let name: Vec<String> = parts.map(|part| syntax::quoted(part)).collect();
            *body = *syntax::select_all(syntax::from(&name.join("."))?)?.body;
            Ok(())
        }
        SetExpr::Query(query) => select_tables(query.body.as_mut()),
        SetExpr::SetOperation { left, right, .. } => {
            select_tables(left)?;
            select_tables(right)
        }
        _ => Ok(()),
    }
}

/// Gives names to what a SELECT repeats, as in `SELECT id, 0, 0`: DataFusion wants different ones.
fn name_repeated(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            let mut seen = BTreeSet::new();
            for (place, item) in select.projection.iter_mut().enumerate() {
                if let SelectItem::UnnamedExpr(expr) = item
                    && !seen.insert(expr.to_string())
                {
                    *item = syntax::named(expr.clone(), &format!("__tarn_{place}"));
                }
            }
        }
        SetExpr::Query(query) => name_repeated(query.body.as_mut()),
        SetExpr::SetOperation { left, right, .. } => {
            name_repeated(left);
            name_repeated(right);
        }
        _ => {}
    }
}

/// The values of PARTITION (column = value) as columns of the query.
fn add_partition_values(
    run: &Run<'_>,
    snapshot: &Snapshot,
    plan: LogicalPlan,
    insert: &Insert,
) -> Result<LogicalPlan> {
    let partition_columns = &snapshot.metadata().partition_columns;
    for partition in &insert.partition {
        if !partition_columns.iter().any(|name| name.eq_ignore_ascii_case(&partition.column.value)) {
            let message = format!("The table is not partitioned by {}", partition.column);
            let error = Error::new(ErrorKind::Invalid, message).at(Position::of(partition.column.span));
            return Err(match partition_columns.is_empty() {
                true => {
                    error.hint("The table has no partitions: leave PARTITION out, or write REPLACE WHERE")
                }
                false => error.hint(format!(
                    "It is partitioned by {}",
                    names::listed(partition_columns.iter().map(String::as_str))
                )),
            });
        }
    }
    let state = run.session.state();
    let schema = plan.schema().clone();
    let mut projected: Vec<Expr> = schema.columns().into_iter().map(col).collect();
    let empty = DFSchema::empty();
    for (place, partition) in insert.partition.iter().enumerate() {
        if let Some(value) = &partition.value {
            let mut expr = value.expr.as_ref().clone();
            keep_digits(&mut expr);
            let with_alias = ast::ExprWithAlias { expr, alias: None };
            let value = state.create_logical_expr_from_sql_expr(with_alias, &empty);
            let value = value.map_err(|error| {
                Error::from(error)
                    .hint("PARTITION takes constant values")
                    .at(Position::of(value_span(partition)))
            })?;
            projected.push(value.alias(format!("__tarn_partition_{place}")));
        }
    }
    match projected.len() == schema.fields().len() {
        true => Ok(plan),
        false => Ok(LogicalPlanBuilder::from(plan).project(projected)?.build()?),
    }
}

fn value_span(partition: &PartitionValue) -> Span {
    partition.value.as_ref().map_or(partition.column.span, |value| value.span)
}

/// The columns of a query in the order and types of the table, and which of the table's were given.
fn arrange(
    run: &Run<'_>,
    plan: LogicalPlan,
    schema: &StructType,
    names: &[String],
    insert: &Insert,
) -> Result<(LogicalPlan, BTreeSet<usize>)> {
    let columns = engine_schema(&to_arrow(schema));
    let input = plan.schema().clone();
    let fit = if insert.by_name { Fit::ByName } else { Fit::ByPosition };
    let mut projected = Vec::with_capacity(columns.fields().len());
    let mut given = BTreeSet::new();
    for (place, (field, column)) in columns.fields().iter().zip(&schema.fields).enumerate() {
        let source = names.iter().position(|name| name.eq_ignore_ascii_case(field.name()));
        let value = match source.and_then(|source| input.columns().get(source).cloned()) {
            Some(source) => {
                given.insert(place);
                assign(col(source), &input, field, fit)?
            }
            None => missing(run, field, column)?,
        };
        projected.push(value.alias(field.name()));
    }
    Ok((LogicalPlanBuilder::from(plan).project(projected)?.build()?, given))
}

/// A column that the statement does not give: its default, or null.
fn missing(run: &Run<'_>, field: &Field, column: &StructField) -> Result<Expr> {
    let null = lit(ScalarValue::try_new_null(&loose(field.data_type()))?);
    if text_of(column, GENERATION_KEY).is_some() {
        return Ok(null);
    }
    match default_of(column)? {
        ast::Expr::Value(value) if value.value == ast::Value::Null => Ok(null),
        default => {
            let with_alias = ast::ExprWithAlias { expr: default, alias: None };
            let empty = DFSchema::empty();
            let value = run.session.state().create_logical_expr_from_sql_expr(with_alias, &empty)?;
            assign(value, &empty, field, Fit::ByPosition)
        }
    }
}

/// Of each column of the rows, the name of the column that it is for.
fn names_of(input: &Schema, schema: &StructType, insert: &Insert) -> Result<Vec<String>> {
    let constants = insert.partition.iter().filter(|partition| partition.value.is_some());
    let constants: Vec<&Ident> = constants.map(|partition| &partition.column).collect();
    let from_query = input.fields().len() - constants.len();
    let find = |name: &str, ident: Option<&Ident>| match schema.field(name) {
        Some(field) => Ok(field.name.clone()),
        None if insert.schema_evolution => Ok(name.to_owned()),
        None => {
            Err(Error::no_column(name, schema.names()).at(ident.and_then(|ident| Position::of(ident.span))))
        }
    };
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
    let own = input.fields().iter().take(from_query);
    let mut names = Vec::with_capacity(input.fields().len());
    if insert.by_name {
        for field in own {
            names.push(find(field.name(), None)?);
        }
    } else if !insert.columns.is_empty() {
        if insert.columns.len() != from_query {
            let message = format!(
                "The statement names {} columns, and its rows have {from_query}",
                insert.columns.len()
            );
            return Err(invalid(message));
        }
        for ident in &insert.columns {
            names.push(find(&ident.value, Some(ident))?);
        }
    } else {
        let wanted = by_position(schema, insert);
        if from_query < wanted.len() || (from_query > wanted.len() && !insert.schema_evolution) {
            let message = format!("The table has {} columns, and the rows have {from_query}", wanted.len());
            return Err(invalid(message).hint(
                "Name the columns that the rows are for: INSERT INTO table (column, …), or write BY NAME",
            ));
        }
        names.extend(wanted.iter().map(|field| field.name.clone()));
        names.extend(own.skip(wanted.len()).map(|field| field.name().clone()));
    }
    for ident in constants {
        names.push(find(&ident.value, Some(ident))?);
    }
    for (place, name) in names.iter().enumerate() {
        if names.iter().take(place).any(|other| other.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!("Column {} is given twice", crate::names::quoted(name))));
        }
    }
    Ok(names)
}

/// The rows' columns under the names of those that they are for.
fn renamed(input: &Schema, names: &[String]) -> Schema {
    let fields = input.fields().iter().zip(names);
    Schema::new(fields.map(|(field, name)| field.as_ref().clone().with_name(name)).collect::<Vec<_>>())
}
