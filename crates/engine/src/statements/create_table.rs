//! CREATE TABLE, CREATE OR REPLACE TABLE, REPLACE TABLE; AS SELECT and LIKE.

use super::open::TargetPlace;
use super::{columns, done, metrics};
use crate::delta::commit::{RowOptions, Written, commit, write_rows};
use crate::delta::evolve::Shape;
use crate::delta::nested::Fit;
use crate::delta::rules::CONSTRAINT_PREFIX;
use crate::delta::table::engine_schema;
use crate::delta::{assign, is_made_meanwhile, rules};
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tarn_delta::actions::Metadata;
use tarn_delta::definition::{DefinedTable, TableDefinition};
use tarn_delta::schema::{StructType, from_arrow, parse, to_arrow};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{ClusterBy, ConstraintKind, CreateMode, CreateTable};

pub(super) async fn run(run: &Run<'_>, create: &CreateTable) -> Result<Query> {
    let target = TargetPlace::of(run, &create.name)?;
    let there = target.find(run).await?;
    match (&there, create.mode) {
        (Some(_), CreateMode::CreateIfNotExists) => return Ok(done(run)),
        (Some(_), CreateMode::Create) => {
            return Err(Error::new(ErrorKind::Invalid, format!("There is a table {} already", create.name))
                .hint("Write CREATE OR REPLACE TABLE, or CREATE TABLE IF NOT EXISTS")
                .at(target.position));
        }
        (None, CreateMode::Replace) => {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("There is no table {} to replace", create.name),
            )
            .hint("Write CREATE OR REPLACE TABLE")
            .at(target.position));
        }
        _ => {}
    }
    check_supported(run, create, &target)?;
    let query = match &create.query {
        Some(query) => Some(run.plan(query.clone()).await?),
        None => None,
    };
    let definition = define(run, create, query.as_ref()).await.map_err(|error| error.at(target.position))?;
    let defined = definition.define().map_err(|error| Error::from(error).at(target.position))?;
    let schema = parse(&defined.metadata.schema_string)
        .map_err(|reason| Error::new(ErrorKind::Internal, format!("The new schema is damaged: {reason}")))?;
    // A rule that cannot be understood would refuse every row; it is refused here.
    rules::TableRules::of(
        &run.session.state(),
        &Arc::new(engine_schema(&to_arrow(&schema))),
        &schema,
        &defined.metadata,
    )
    .map_err(|error| error.at(target.position))?;
    let store = target.store(run)?;
    let written = match query {
        Some(plan) => {
            let plan = into_columns(run, plan, &schema)?;
            let plan = run.physical(&plan).await?;
            let shape = Shape { schema: &schema, protocol: &defined.protocol, metadata: &defined.metadata };
            write_rows(run, &store, shape, plan, &RowOptions::default()).await?
        }
        None => Written::default(),
    };
    let is_replacing = there.is_some();
    let operation = operation(create, &defined, &written, is_replacing);
    let transaction = match there {
        Some(there) => replacement(there, defined, operation),
        None => {
            let mut transaction =
                Transaction::create(store.clone(), defined.protocol, defined.metadata, operation);
            defined.domains.into_iter().for_each(|domain| transaction.set_domain(domain));
            transaction
        }
    };
    let new_files: Vec<String> = written.adds.iter().map(|add| add.path.clone()).collect();
    let rows = written.rows;
    let transaction = with_adds(transaction, written);
    match commit(transaction, &store, &new_files).await {
        Err(error) if create.mode == CreateMode::CreateIfNotExists && is_made_meanwhile(&error) => {
            return Ok(done(run));
        }
        committed => committed.map_err(|error| lost_race(create.mode, error).at(target.position))?,
    }
    match create.query {
        Some(_) => metrics::counts(run, &[("num_affected_rows", rows), ("num_inserted_rows", rows)]),
        None => Ok(done(run)),
    }
}

/// What a statement that may replace a table says where another writer made it first: there is something to replace now.
pub(super) fn lost_race(mode: CreateMode, error: Error) -> Error {
    match mode {
        CreateMode::CreateOrReplace if is_made_meanwhile(&error) => {
            let message = "ConcurrentWrite: another writer made the table first";
            Error { kind: ErrorKind::Conflict, message: message.to_owned(), ..error }
                .hint("Run the statement again")
        }
        _ => error,
    }
}

fn with_adds(mut transaction: Transaction, written: Written) -> Transaction {
    written.adds.into_iter().for_each(|add| transaction.add(add));
    transaction
}

fn check_supported(run: &Run<'_>, create: &CreateTable, target: &TargetPlace) -> Result<()> {
    if let Some(format) = &create.using
        && !format.value.eq_ignore_ascii_case("delta")
    {
        return Err(Error::new(ErrorKind::Unsupported, format!("Tables of the format {} are not there", format.value))
            .hint("Tables are Delta tables: leave USING out; read files as parquet.`path`, csv.`path` or json.`path`")
            .at(Position::of(format.span)));
    }
    if let Some(location) = &create.location {
        let place = crate::delta::Place::of_path(run.session.engine.base(), &location.value)?;
        if place != target.place {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "A table with a name lies in the lake, under its name",
            )
            .hint(format!("Write CREATE TABLE delta.`{}` for a table at that place", location.value))
            .at(Position::of(location.span)));
        }
    }
    for constraint in &create.constraints {
        if !matches!(constraint.kind, ConstraintKind::Check(_)) {
            return Err(Error::new(ErrorKind::Unsupported, "Primary and foreign keys are not there yet")
                .hint("Leave the key out; Databricks does not enforce it either")
                .at(Position::of(constraint.span)));
        }
    }
    if matches!(create.cluster_by, Some(ClusterBy::Auto)) {
        return Err(
            Error::new(ErrorKind::Unsupported, "CLUSTER BY AUTO is not there").hint("Name the columns")
        );
    }
    Ok(())
}

/// The definition that the statement asks for.
async fn define(run: &Run<'_>, create: &CreateTable, query: Option<&LogicalPlan>) -> Result<TableDefinition> {
    let mut definition = TableDefinition { comment: create.comment.clone(), ..TableDefinition::default() };
    if let Some(source) = &create.like {
        let like = super::open::TargetPlace::of(run, source)?;
        let snapshot = like.open(run, source).await?;
        definition = like_table(&snapshot, definition);
    } else if let Some(query) = query {
        if !create.columns.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "A table is made of columns or of a query, not of both",
            )
            .hint("Write CAST and AS in the query to give columns types and names"));
        }
        definition.schema = of_query(query)?;
    } else {
        let fields = create.columns.iter().map(columns::column).collect::<Result<Vec<_>>>()?;
        if fields.is_empty() {
            return Err(Error::new(
                ErrorKind::Invalid,
                "The statement does not say what columns the table has",
            )
            .hint("Write CREATE TABLE name (column TYPE, …), or CREATE TABLE name AS SELECT …"));
        }
        definition.schema = StructType { fields };
    }
    if !create.partitioned_by.is_empty() {
        definition.partition_columns =
            create.partitioned_by.iter().map(|ident| ident.value.clone()).collect();
    }
    match &create.cluster_by {
        Some(ClusterBy::Columns(columns)) => {
            definition.cluster_by = Some(columns.iter().map(|column| column.names()).collect());
        }
        Some(ClusterBy::None) => definition.cluster_by = Some(vec![]),
        Some(ClusterBy::Auto) | None => {}
    }
    for property in &create.properties {
        definition.properties.insert(property.key.value.clone(), property.value.clone());
    }
    for (number, constraint) in create.constraints.iter().enumerate() {
        if let ConstraintKind::Check(condition) = &constraint.kind {
            let name = constraint
                .name
                .as_ref()
                .map_or_else(|| format!("check_{}", number + 1), |name| name.value.to_lowercase());
            definition.properties.insert(format!("{CONSTRAINT_PREFIX}{name}"), condition.text.clone());
        }
    }
    Ok(definition)
}

/// Properties that say where one table stands; a table like it begins anew.
const OF_ONE_TABLE: &[&str] = &[
    "delta.columnMapping.maxColumnId",
    "delta.inCommitTimestampEnablementTimestamp",
    "delta.inCommitTimestampEnablementVersion",
    "delta.rowTracking.materializedRowCommitVersionColumnName",
    "delta.rowTracking.materializedRowIdColumnName",
];

fn like_table(snapshot: &Snapshot, definition: TableDefinition) -> TableDefinition {
    let mut schema = snapshot.schema().clone();
    // The columns are new ones, with ids of their own.
    tarn_delta::column_mapping::forget_ids(&mut schema);
    let properties = snapshot.metadata().configuration.iter();
    let properties = properties.filter(|(key, _)| !OF_ONE_TABLE.contains(&key.as_str()));
    TableDefinition {
        schema,
        partition_columns: snapshot.metadata().partition_columns.clone(),
        properties: properties.map(|(key, value)| (key.clone(), value.clone())).collect(),
        comment: definition.comment.or_else(|| snapshot.metadata().description.clone()),
        ..definition
    }
}

/// The columns of a query's rows; all may be null, as in Spark.
fn of_query(query: &LogicalPlan) -> Result<StructType> {
    let mut schema = from_arrow(query.schema().as_arrow())?;
    for field in &mut schema.fields {
        field.nullable = true;
    }
    Ok(schema)
}

/// The plan's columns as the table has them, in its order and types.
pub(super) fn into_columns(run: &Run<'_>, plan: LogicalPlan, schema: &StructType) -> Result<LogicalPlan> {
    let columns = engine_schema(&to_arrow(schema));
    let input = plan.schema().clone();
    let mut projected: Vec<Expr> = Vec::with_capacity(columns.fields().len());
    for (column, field) in input.columns().into_iter().zip(columns.fields()) {
        projected.push(assign::assign(col(column), &input, field, Fit::ByPosition)?.alias(field.name()));
    }
    let plan = LogicalPlanBuilder::from(plan).project(projected)?.build()?;
    let given: BTreeSet<usize> = (0..columns.fields().len()).collect();
    assign::generate(&run.session.state(), plan, schema, &given)
}

fn replacement(there: Arc<Snapshot>, defined: DefinedTable, operation: Operation) -> Transaction {
    let now = tarn_platform::unix_millis();
    let old = there.metadata();
    // The table stays the same one: its id and its features remain, and readers of the feed see a new schema.
    let metadata = Metadata { id: old.id.clone(), created_time: old.created_time, ..defined.metadata };
    let protocol = tarn_delta::features::upgrade(there.protocol(), &defined.features);
    let removes: Vec<_> = there.files().iter().map(|file| file.to_add().to_remove(now, true)).collect();
    let old_domains: Vec<_> = there.domains().cloned().collect();
    let mut transaction = Transaction::new(Arc::clone(&there), operation);
    transaction.read_whole_table();
    if protocol != *there.protocol() {
        transaction.set_protocol(protocol);
    }
    transaction.set_metadata(metadata);
    removes.into_iter().for_each(|remove| transaction.remove(remove));
    for old in old_domains {
        let is_kept = defined.domains.iter().any(|domain| domain.domain == old.domain);
        if !is_kept && old.domain == tarn_delta::definition::CLUSTERING_DOMAIN {
            transaction.set_domain(tarn_delta::actions::DomainMetadata { removed: true, ..old });
        }
    }
    defined.domains.into_iter().for_each(|domain| transaction.set_domain(domain));
    transaction
}

fn operation(
    create: &CreateTable,
    defined: &DefinedTable,
    written: &Written,
    is_replacing: bool,
) -> Operation {
    let name = match (create.mode, create.query.is_some()) {
        (CreateMode::CreateOrReplace, true) => "CREATE OR REPLACE TABLE AS SELECT",
        (CreateMode::CreateOrReplace, false) => "CREATE OR REPLACE TABLE",
        (CreateMode::Replace, true) => "REPLACE TABLE AS SELECT",
        (CreateMode::Replace, false) => "REPLACE TABLE",
        (_, true) => "CREATE TABLE AS SELECT",
        (_, false) => "CREATE TABLE",
    };
    let properties: BTreeMap<&String, &String> = defined.metadata.configuration.iter().collect();
    let mut operation = Operation::new(name)
        .with("partitionBy", json!(defined.metadata.partition_columns))
        .with("description", defined.metadata.description.clone().map_or(Value::Null, Value::from))
        .with("isManaged", true)
        .with("properties", json!(properties));
    if create.query.is_some() || is_replacing {
        operation.metrics = written.metrics();
    }
    operation
}
