//! INSERT INTO, OVERWRITE, REPLACE WHERE, REPLACE USING; by position, by a list of columns, or by name.

use super::open::TargetPlace;
use super::rows::default_of;
use super::{metrics, replace};
use crate::delta::assign::{assign, generate};
use crate::delta::commit::{Written, commit, write_rows};
use crate::delta::evolve;
use crate::delta::rules::{GENERATION_KEY, text_of};
use crate::delta::table::engine_schema;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, planner};
use datafusion::arrow::datatypes::Schema;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Ident};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tarn_delta::schema::{StructType, to_arrow};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{Insert, InsertMode};

pub(super) async fn run(run: &Run<'_>, insert: &Insert) -> Result<Query> {
    let target = TargetPlace::of(run, &insert.table)?;
    let snapshot = target.open(run, &insert.table).await?;
    let insert = &with_defaults(&snapshot, insert)?;
    let query = ast::Statement::Query(insert.query.clone());
    let plan = planner::plan(&run.session.state(), &run.session.lake, query).await?;
    let plan = add_partition_values(run, plan, insert).await?;
    // Columns that the table lacks are added first, where the statement says so.
    let metadata = match insert.schema_evolution {
        true => evolve::with_new_columns(&snapshot, plan.schema().as_arrow())?,
        false => None,
    };
    let metadata_now = metadata.as_ref().map_or_else(|| snapshot.metadata(), |evolved| &evolved.metadata);
    let schema = metadata.as_ref().map_or_else(|| snapshot.schema(), |evolved| &evolved.schema);
    let protocol =
        metadata.as_ref().map_or_else(|| snapshot.protocol(), |evolved| evolved.protocol(&snapshot));
    let (plan, given) = arrange(plan, schema, insert).map_err(|error| error.at(target.position))?;
    let plan = generate(&run.session.state(), plan, schema, &given)?;
    let physical = run.physical(&plan).await?;
    let written = write_rows(run, snapshot.table(), schema, protocol, metadata_now, physical).await?;
    let rows = written.rows;
    let committed = match &insert.mode {
        InsertMode::Append => append(&snapshot, metadata, written).await,
        _ => replace::settle(run, &snapshot, insert, metadata, written).await,
    };
    committed.map_err(|error| error.at(target.position))?;
    metrics::counts(run, &[("num_affected_rows", rows), ("num_inserted_rows", rows)])
}

async fn append(snapshot: &Arc<Snapshot>, evolved: Option<evolve::Evolved>, written: Written) -> Result<()> {
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
    let new_files: Vec<String> = written.adds.iter().map(|add| add.path.clone()).collect();
    written.adds.into_iter().for_each(|add| transaction.add(add));
    commit(transaction, snapshot.table(), &new_files).await?;
    Ok(())
}

/// The statement with the defaults of the table's columns in the places of DEFAULT.
fn with_defaults(snapshot: &Snapshot, insert: &Insert) -> Result<Insert> {
    let mut filled = insert.clone();
    filled.fill_defaults(|place| {
        let field = match insert.columns.get(place.column) {
            Some(ident) => snapshot.schema().field(&ident.value),
            None => snapshot.schema().fields.get(place.column),
        };
        match field {
            Some(field) => default_of(field),
            None => Err(Error::new(ErrorKind::Invalid, "This DEFAULT stands for no column of the table")
                .at(Position::of(place.span))),
        }
    })?;
    Ok(filled)
}

/// The values of PARTITION (column = value) as columns of the query.
async fn add_partition_values(run: &Run<'_>, plan: LogicalPlan, insert: &Insert) -> Result<LogicalPlan> {
    let mut constants = Vec::new();
    for partition in &insert.partition {
        if let Some(value) = &partition.value {
            constants.push((partition.column.value.clone(), value));
        }
    }
    if constants.is_empty() {
        return Ok(plan);
    }
    let state = run.session.state();
    let schema = plan.schema().clone();
    let mut projected: Vec<Expr> = schema.columns().into_iter().map(col).collect();
    for (name, value) in constants {
        let with_alias = ast::ExprWithAlias { expr: value.expr.as_ref().clone(), alias: None };
        let value = state.create_logical_expr_from_sql_expr(with_alias, &schema)?;
        projected.push(value.alias(name));
    }
    Ok(LogicalPlanBuilder::from(plan).project(projected)?.build()?)
}

/// The columns of a query in the order and types of the table, and which of the table's were given.
fn arrange(
    plan: LogicalPlan,
    schema: &StructType,
    insert: &Insert,
) -> Result<(LogicalPlan, BTreeSet<usize>)> {
    let columns = engine_schema(&to_arrow(schema));
    let input = plan.schema().clone();
    let places = places(&input.as_arrow().clone(), &columns, schema, insert)?;
    let mut projected = Vec::with_capacity(columns.fields().len());
    let mut given = BTreeSet::new();
    for (place, field) in columns.fields().iter().enumerate() {
        let source = places.iter().position(|target| *target == place);
        let value = match source.and_then(|source| input.columns().get(source).cloned()) {
            Some(column) => {
                given.insert(place);
                assign(col(column), &input, field)?
            }
            None => missing(field, &schema.fields[place])?,
        };
        projected.push(value.alias(field.name()));
    }
    Ok((LogicalPlanBuilder::from(plan).project(projected)?.build()?, given))
}

/// A column that the statement does not give: its default, or null.
fn missing(
    field: &datafusion::arrow::datatypes::Field,
    column: &tarn_delta::schema::StructField,
) -> Result<Expr> {
    let null = lit(ScalarValue::try_new_null(field.data_type())?);
    if text_of(column, GENERATION_KEY).is_some() {
        return Ok(null);
    }
    match default_of(column)? {
        ast::Expr::Value(value) if value.value == ast::Value::Null => Ok(null),
        default => {
            let state = datafusion::execution::SessionStateBuilder::new().with_default_features().build();
            let with_alias = ast::ExprWithAlias { expr: default, alias: None };
            let empty = datafusion::common::DFSchema::empty();
            let value = state.create_logical_expr_from_sql_expr(with_alias, &empty)?;
            assign(value, &empty, field)
        }
    }
}

/// Of each column of the query, its place in the table.
fn places(input: &Schema, columns: &Schema, schema: &StructType, insert: &Insert) -> Result<Vec<usize>> {
    let find = |name: &str, ident: Option<&Ident>| {
        let place = columns.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name));
        place.ok_or_else(|| {
            let known = columns.fields().iter().map(|field| field.name().as_str());
            let error = Error::new(
                ErrorKind::NotFound,
                format!("There is no column {} in the table", names::quoted(name)),
            )
            .at(ident.and_then(|ident| Position::of(ident.span)));
            match names::nearest(name, known.clone()) {
                Some(near) => error.hint(format!("Did you mean {}?", names::quoted(near))),
                None => error.hint(format!("There are the columns {}", names::listed(known))),
            }
        })
    };
    let constants: Vec<&str> = insert
        .partition
        .iter()
        .filter(|partition| partition.value.is_some())
        .map(|partition| partition.column.value.as_str())
        .collect();
    let from_query = input.fields().len() - constants.len();
    let mut places = Vec::with_capacity(input.fields().len());
    if insert.by_name || insert.schema_evolution {
        for field in input.fields().iter().take(from_query) {
            places.push(find(field.name(), None)?);
        }
    } else if !insert.columns.is_empty() {
        if insert.columns.len() != from_query {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "The statement names {} columns, and its rows have {from_query}",
                    insert.columns.len()
                ),
            ));
        }
        for ident in &insert.columns {
            places.push(find(&ident.value, Some(ident))?);
        }
    } else {
        let wanted: Vec<usize> = (0..schema.fields.len())
            .filter(|place| {
                !constants.iter().any(|name| name.eq_ignore_ascii_case(&schema.fields[*place].name))
            })
            .collect();
        if wanted.len() != from_query {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("The table has {} columns, and the rows have {from_query}", wanted.len()),
            )
            .hint(
                "Name the columns that the rows are for: INSERT INTO table (column, …), or write BY NAME",
            ));
        }
        places.extend(wanted);
    }
    for name in constants {
        places.push(find(name, None)?);
    }
    let mut seen = BTreeSet::new();
    for place in &places {
        if !seen.insert(*place) {
            let name = columns.field(*place).name();
            return Err(Error::new(ErrorKind::Invalid, format!("Column {name} is given twice")));
        }
    }
    Ok(places)
}
