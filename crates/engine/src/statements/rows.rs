//! UPDATE and DELETE.

use super::metrics;
use super::open::TargetPlace;
use crate::delta::changes::{self, ChangeOptions, DELETE, Outcome, UPDATE};
use crate::delta::commit::commit;
use crate::delta::dml::{self, ChangeQuery, NewValue};
use crate::delta::evolve::Evolved;
use crate::delta::identity;
use crate::delta::qualifiers::TargetName;
use crate::delta::reads::Reads;
use crate::delta::rules::{DEFAULT_KEY, GENERATION_KEY, text_of};
use crate::delta::table::DeltaTable;
use crate::delta::whole_files;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, syntax};
use datafusion::sql::sqlparser::ast;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::schema::{DataType, StructField, StructType};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{AssignedValue, Assignment, ColumnPath, Delete, TruncateTable, Update};

/// DELETE FROM.
pub(super) async fn delete(run: &Run<'_>, delete: &Delete) -> Result<Query> {
    let place = TargetPlace::of(run, &delete.target.name)?;
    let snapshot = place.open(run, &delete.target.name).await?;
    let name = TargetName::of(run, &delete.target.name, delete.target.alias.as_ref())?;
    let shown = delete.condition.as_ref().map(|filter| filter.text.clone());
    let filter = delete.condition.as_ref().map(|filter| filter.expr.as_ref().clone());
    let operation = Operation::new("DELETE").with("predicate", json!(shown.into_iter().collect::<Vec<_>>()));
    let clauses = dml::only_clause(DELETE, vec![]);
    let change = Change { place: &place, snapshot, name, filter, clauses };
    let outcome = change.run(run, operation).await?;
    metrics::counts(run, &[("num_affected_rows", outcome.deleted)])
}

/// UPDATE.
pub(super) async fn update(run: &Run<'_>, update: &Update) -> Result<Query> {
    let place = TargetPlace::of(run, &update.target.name)?;
    let snapshot = place.open(run, &update.target.name).await?;
    let name = TargetName::of(run, &update.target.name, update.target.alias.as_ref())?;
    let values = assigned(snapshot.schema(), &name, &update.assignments)?;
    let shown = update.condition.as_ref().map(|filter| filter.text.clone());
    let filter = update.condition.as_ref().map(|filter| filter.expr.as_ref().clone());
    let operation = Operation::new("UPDATE").with("predicate", json!(shown.into_iter().collect::<Vec<_>>()));
    let clauses = dml::only_clause(UPDATE, values);
    let change = Change { place: &place, snapshot, name, filter, clauses };
    let outcome = change.run(run, operation).await?;
    metrics::counts(run, &[("num_affected_rows", outcome.updated)])
}

/// TRUNCATE TABLE: all files go, and no file is read.
pub(super) async fn truncate(run: &Run<'_>, truncate: &TruncateTable) -> Result<Query> {
    let place = TargetPlace::of(run, &truncate.name)?;
    let snapshot = place.open(run, &truncate.name).await?;
    let now = tarn_platform::unix_millis();
    let mut operation = Operation::new("TRUNCATE");
    operation.metrics.insert("numRemovedFiles".to_owned(), snapshot.files().len().to_string());
    let mut transaction = Transaction::new(Arc::clone(&snapshot), operation);
    transaction.read_whole_table();
    for file in snapshot.files().iter() {
        transaction.remove(file.to_add().to_remove(now, true));
    }
    if !snapshot.files().is_empty() {
        commit(transaction, snapshot.table(), &[]).await.map_err(|error| error.at(place.position))?;
    }
    Ok(super::done(run))
}

/// An UPDATE or DELETE.
struct Change<'a> {
    place: &'a TargetPlace,
    snapshot: Arc<Snapshot>,
    name: TargetName,
    filter: Option<ast::Expr>,
    clauses: Vec<dml::Clause>,
}

impl Change<'_> {
    async fn run(self, run: &Run<'_>, mut operation: Operation) -> Result<Outcome> {
        let Self { place, snapshot, name, filter, clauses } = self;
        let table = DeltaTable::new(Arc::clone(&snapshot)).for_changes();
        let query = ChangeQuery { name, from: vec![], filter, clauses };
        let outcome = outcome(run, &table, query).await?;
        let changed = match operation.name.as_str() {
            "DELETE" => ("numDeletedRows", outcome.deleted),
            _ => ("numUpdatedRows", outcome.updated),
        };
        operation.metrics = outcome.metrics(&[changed, ("numCopiedRows", outcome.copied)]);
        settle(&snapshot, &table, None, operation, outcome).await.map_err(|error| error.at(place.position))
    }
}

/// What a deletion comes to, not committed, and what it read.
pub(super) async fn deletion(
    run: &Run<'_>,
    snapshot: &Arc<Snapshot>,
    name: &TargetName,
    filter: ast::Expr,
) -> Result<(Outcome, Arc<Reads>)> {
    let table = DeltaTable::new(Arc::clone(snapshot)).for_changes();
    let clauses = dml::only_clause(DELETE, vec![]);
    let query = ChangeQuery { name: name.clone(), from: vec![], filter: Some(filter), clauses };
    let outcome = outcome(run, &table, query).await?;
    Ok((outcome, Arc::clone(&table.reads)))
}

/// What a change of a table alone comes to, not committed.
async fn outcome(run: &Run<'_>, table: &DeltaTable, mut query: ChangeQuery) -> Result<Outcome> {
    if query.clauses.iter().all(|clause| clause.action == DELETE)
        && let Some(outcome) = whole_files::deletion(run, table, &query.name, query.filter.as_ref()).await?
    {
        return Ok(outcome);
    }
    query.from = dml::give_target(run, table, &query.name.alias)?;
    let target = changes::Target::of(table, None);
    let plan = dml::plan(run, target, query).await?;
    changes::apply(run, target, plan, ChangeOptions { may_delete_twice: false }).await
}

/// Commits what a change came to; nothing where nothing changed.
pub(super) async fn settle(
    snapshot: &Arc<Snapshot>,
    table: &DeltaTable,
    evolved: Option<Evolved>,
    operation: Operation,
    mut outcome: Outcome,
) -> Result<Outcome> {
    if outcome.adds.is_empty() && outcome.removes.is_empty() && evolved.is_none() {
        return Ok(outcome);
    }
    let mut transaction = Transaction::new(Arc::clone(snapshot), operation);
    if let Some(evolved) = evolved {
        evolved.tell(&mut transaction);
    }
    if let Some(metadata) = outcome.metadata.take() {
        transaction.set_metadata(metadata);
    }
    table.reads.tell(&mut transaction);
    let new_files = outcome.new_files();
    std::mem::take(&mut outcome.adds).into_iter().for_each(|add| transaction.add(add));
    for remove in std::mem::take(&mut outcome.removes) {
        transaction.read_file(&remove.path);
        transaction.remove(remove);
    }
    std::mem::take(&mut outcome.change_files).into_iter().for_each(|file| transaction.cdc(file));
    commit(transaction, snapshot.table(), &new_files).await?;
    Ok(outcome)
}

/// What an UPDATE's assignments give each column of the table.
pub(super) fn assigned(
    schema: &StructType,
    name: &TargetName,
    assignments: &[Assignment],
) -> Result<Vec<NewValue>> {
    let mut values: Vec<NewValue> = schema
        .fields
        .iter()
        // What is generated follows from the other columns.
        .map(
            |field| if text_of(field, GENERATION_KEY).is_some() { NewValue::Nothing } else { NewValue::Keep },
        )
        .collect();
    let mut nested: BTreeMap<usize, Vec<(Vec<String>, ast::Expr)>> = BTreeMap::new();
    let mut seen: Vec<Vec<String>> = Vec::new();
    for assignment in assignments {
        let (place, path) = find_column(schema, name, &assignment.column)?;
        let position = Position::of(assignment.column.span());
        let field = &schema.fields[place];
        let mut whole = vec![field.name.clone()];
        whole.extend(path.iter().cloned());
        if seen.iter().any(|other| other.starts_with(&whole) || whole.starts_with(other)) {
            let message = format!("The column {} is set twice", whole.join("."));
            return Err(Error::new(ErrorKind::Invalid, message).at(position));
        }
        seen.push(whole);
        identity::check_update(field).map_err(|error| error.at(position))?;
        let value = match &assignment.value {
            AssignedValue::Expression(expression) => expression.expr.as_ref().clone(),
            AssignedValue::Default(_) => default_of(field)?,
        };
        if path.is_empty() {
            values[place] = NewValue::Expr(Box::new(value));
        } else {
            nested.entry(place).or_default().push((path, value));
        }
    }
    for (place, changes) in nested {
        let field = &schema.fields[place];
        let old = syntax::column(&name.alias, &field.name);
        values[place] = NewValue::Expr(Box::new(with_fields(&field.data_type, old, &changes)?));
    }
    Ok(values)
}

/// The column of an assignment, and the path of the field in it.
pub(super) fn find_column(
    schema: &StructType,
    name: &TargetName,
    column: &ColumnPath,
) -> Result<(usize, Vec<String>)> {
    let parts = column.names();
    let parts = name.strip(&parts);
    let place = |name: &str| schema.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name));
    let (start, rest) = match parts.split_first() {
        Some((first, rest)) if first.eq_ignore_ascii_case(&name.alias.value) && !rest.is_empty() => {
            match rest.split_first() {
                Some((column, rest)) if place(column).is_some() => (column, rest),
                _ => (first, rest),
            }
        }
        Some((first, rest)) => (first, rest),
        None => return Err(Error::new(ErrorKind::Invalid, "An assignment names no column")),
    };
    let Some(found) = place(start) else {
        return Err(Error::no_column(start, schema.names()).at(Position::of(column.span())));
    };
    let mut path = Vec::new();
    let mut data_type = &schema.fields[found].data_type;
    for part in rest {
        let nested = match data_type {
            DataType::Struct(nested) => nested.field(part),
            _ => None,
        };
        let Some(field) = nested else {
            return Err(Error::new(ErrorKind::NotFound, format!("There is no field {part} in {column}"))
                .at(Position::of(column.span())));
        };
        path.push(field.name.clone());
        data_type = &field.data_type;
    }
    Ok((found, path))
}

/// A struct with some of its fields replaced.
fn with_fields(
    data_type: &DataType,
    old: ast::Expr,
    changes: &[(Vec<String>, ast::Expr)],
) -> Result<ast::Expr> {
    let DataType::Struct(schema) = data_type else {
        return Err(Error::new(ErrorKind::Internal, "Only structs have fields"));
    };
    let mut parts = Vec::new();
    for field in &schema.fields {
        let of_field: Vec<(Vec<String>, ast::Expr)> = changes
            .iter()
            .filter(|(path, _)| path.first() == Some(&field.name))
            .map(|(path, value)| (path[1..].to_vec(), value.clone()))
            .collect();
        let old_field = syntax::field(old.clone(), &field.name);
        let value = match of_field.as_slice() {
            [] => old_field,
            [(path, value)] if path.is_empty() => value.clone(),
            _ => with_fields(&field.data_type, old_field, &of_field)?,
        };
        parts.push((field.name.clone(), value));
    }
    Ok(syntax::named_struct(parts))
}

/// A column's default, or null.
pub(super) fn default_of(field: &StructField) -> Result<ast::Expr> {
    match text_of(field, DEFAULT_KEY) {
        Some(text) => syntax::parse_expr(text, &format!("The default of column {}", field.name)),
        None => Ok(syntax::null()),
    }
}
