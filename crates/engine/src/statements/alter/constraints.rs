//! ADD CONSTRAINT, DROP CONSTRAINT, DROP PRIMARY KEY and DROP FOREIGN KEY.

use super::{Altering, rows};
use crate::delta::rules::{CONSTRAINT_PREFIX, TableRules};
use crate::delta::table::engine_schema;
use crate::query::Query;
use crate::{Error, ErrorKind, Position, Result, names};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ToDFSchema;
use datafusion::logical_expr::ExprSchemable;
use datafusion::sql::sqlparser::ast::{self, Ident};
use std::sync::Arc;
use tarn_delta::actions::Metadata;
use tarn_delta::schema::to_arrow;
use tarn_delta::transaction::Operation;
use tarn_dialect::{ConstraintKind, Expression, TableConstraint};

pub(super) async fn add(table: &mut Altering<'_>, constraint: &TableConstraint) -> Result<Option<Operation>> {
    let position = Position::of(constraint.span);
    let ConstraintKind::Check(condition) = &constraint.kind else {
        return Err(Error::new(ErrorKind::Unsupported, "Primary and foreign keys are not there yet")
            .hint("Leave the key out; Databricks does not enforce it either")
            .at(position));
    };
    let name = match &constraint.name {
        Some(name) => name.value.to_lowercase(),
        None => free_name(&table.change.metadata),
    };
    if find(&table.change.metadata, &name).is_some() {
        return Err(Error::new(ErrorKind::Invalid, format!("There is a constraint {name} already"))
            .hint(format!("ALTER TABLE … DROP CONSTRAINT {name} first, or choose another name"))
            .at(position));
    }
    check_condition(table, condition)?;
    let key = format!("{CONSTRAINT_PREFIX}{name}");
    table.change.metadata.configuration.insert(key, condition.text.clone());
    let columns = Arc::new(engine_schema(&to_arrow(&table.change.schema)));
    let state = table.run.session.state();
    let metadata = &table.change.metadata;
    TableRules::of(&state, &columns, &table.change.schema, metadata)
        .map_err(|error| error.at(Position::of(condition.span)))?;
    // As in Delta, a condition that is null does not hold.
    let holds = ast::Expr::Nested(Box::new(condition.expr.as_ref().clone()));
    let broken = rows::count(table, ast::Expr::IsNotTrue(Box::new(holds))).await?;
    if broken > 0 {
        let rows =
            if broken == 1 { "1 row of the table does" } else { &format!("{broken} rows of the table do") };
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("The constraint {name} ({}) cannot be added: {rows} not satisfy it", condition.text),
        )
        .hint(format!("SELECT * FROM the table WHERE ({}) IS NOT TRUE shows them", condition.text))
        .at(position));
    }
    Ok(Some(Operation::new("ADD CONSTRAINT").with("name", name).with("expr", condition.text.clone())))
}

/// A condition over the columns of one row, that says the same each time.
fn check_condition(table: &Altering<'_>, condition: &Expression) -> Result<()> {
    let at = |error: Error| Error { position: Position::of(condition.span), ..error };
    let schema = engine_schema(&to_arrow(&table.change.schema)).to_dfschema()?;
    let expr = table.run.session.state().create_logical_expr(&condition.text, &schema);
    let expr = expr.map_err(|error| at(Error::from(error)))?;
    if expr.is_volatile() {
        return Err(at(Error::new(
            ErrorKind::Invalid,
            "A constraint must not depend on chance: it would hold of a row at one time and not at another",
        )));
    }
    match expr.get_type(&schema)? {
        DataType::Boolean => Ok(()),
        other => Err(at(Error::new(
            ErrorKind::Invalid,
            format!("A constraint is a condition, and {} is of type {other}", condition.text),
        ))),
    }
}

/// The key of a constraint; their names differ by more than case.
fn find(metadata: &Metadata, name: &str) -> Option<String> {
    let is_it = |key: &&String| {
        key.strip_prefix(CONSTRAINT_PREFIX).is_some_and(|known| known.eq_ignore_ascii_case(name))
    };
    metadata.configuration.keys().find(is_it).cloned()
}

fn free_name(metadata: &Metadata) -> String {
    let mut number = 1u64;
    while find(metadata, &format!("check_{number}")).is_some() {
        number += 1;
    }
    format!("check_{number}")
}

pub(super) fn drop(table: &mut Altering<'_>, name: &Ident, if_exists: bool) -> Result<Option<Operation>> {
    let Some(key) = find(&table.change.metadata, &name.value) else {
        if if_exists {
            return Ok(None);
        }
        let known: Vec<&str> = table
            .change
            .metadata
            .configuration
            .keys()
            .filter_map(|key| key.strip_prefix(CONSTRAINT_PREFIX))
            .collect();
        let error = Error::new(ErrorKind::NotFound, format!("There is no constraint {name}"))
            .at(Position::of(name.span));
        return Err(match (names::nearest(&name.value, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => error.hint(format!("Did you mean {}?", names::quoted(near))),
            (None, false) => error.hint(format!("There are {}", names::listed(known))),
            (None, true) => error.hint("The table has no constraints"),
        });
    };
    let expr = table.change.metadata.configuration.remove(&key).unwrap_or_default();
    let name = key.strip_prefix(CONSTRAINT_PREFIX).unwrap_or(&key);
    Ok(Some(Operation::new("DROP CONSTRAINT").with("name", name).with("expr", expr).with("existed", true)))
}

/// No table has keys, so that there is nothing to drop.
pub(super) fn drop_key(table: &Altering<'_>, is_foreign: bool, if_exists: bool) -> Result<Query> {
    if if_exists {
        return Ok(super::done(table.run));
    }
    let what = if is_foreign { "foreign key of these columns" } else { "primary key" };
    Err(Error::new(ErrorKind::NotFound, format!("The table has no {what}"))
        .hint("Write IF EXISTS to pass over that")
        .at(table.position))
}
