//! COPY INTO: loads files that have not been loaded yet.
//!
//! What was loaded is remembered by the table itself, as "Transaction Identifiers": a `txn` action for each file, in the
//! commit that adds its rows. So rows and memory come together or not at all; two statements that load the same file at
//! once are in conflict; each commit tells of new files only, where a domain of metadata would be written anew with all of
//! them; and no table feature is needed, so every writer of Delta keeps it. The application is [`APP_PREFIX`] and the
//! file's path, its version the time at which the file was changed. As in Databricks, a file that was loaded is not
//! loaded again when it has changed.

use super::open::TargetPlace;
use super::rows::default_of;
use super::{answer, metrics};
use crate::delta::assign::{assign, generate, may_assign};
use crate::delta::commit::{RowOptions, commit, in_columns, write_rows};
use crate::delta::evolve::{self, Shape};
use crate::delta::nested::{Fit, loose};
use crate::delta::rules::{GENERATION_KEY, TableRules, text_of};
use crate::delta::table::engine_schema;
use crate::files::{self, FilesSpec, Listing};
use crate::lake::GIVEN_SCHEMA;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, names, syntax};
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, col, lit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName, SetExpr, TableFactor};
use object_store::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tarn_delta::actions::SetTransaction;
use tarn_delta::schema::{StructField, StructType, to_arrow};
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{CopyInto, Property, Text, Validate};

/// What the names of applications begin with that stand for loaded files.
const APP_PREFIX: &str = "tarn.copyInto:";
/// The rows that VALIDATE shows.
const PREVIEW_ROWS: usize = 50;

pub(super) async fn run(run: &Run<'_>, copy: &CopyInto) -> Result<Query> {
    let target = TargetPlace::of(run, &copy.target)?;
    let snapshot = target.open(run, &copy.target).await?;
    let options = CopyOptions::of(&copy.copy_options)?;
    let at_path = |error: Error| error.at(Position::of(copy.path.span));
    let mut listing = chosen(run, copy).await.map_err(at_path)?;
    let app_ids = AppIds::of(run, &listing)?;
    if !options.force {
        listing.files.retain(|file| snapshot.transaction(&app_ids.of_file(file)).is_none());
    }
    if listing.files.is_empty() {
        return loaded(run, copy, 0);
    }
    let now = tarn_platform::unix_millis();
    let transactions: Vec<SetTransaction> = (listing.files.iter())
        .map(|file| SetTransaction {
            app_id: app_ids.of_file(file),
            version: file.last_modified.timestamp_millis(),
            last_updated: Some(now),
        })
        .collect();
    let plan = rows_of(run, copy, listing).await?;
    let names = names_of(plan.schema().as_arrow(), snapshot.schema(), copy, options)
        .map_err(|error| error.at(target.position))?;
    let evolved = match options.merge_schema {
        true => evolve::with_new_columns(&snapshot, &renamed(plan.schema().as_arrow(), &names))?,
        false => None,
    };
    let shape = Shape::of(&snapshot, evolved.as_ref());
    let arranged = arrange(run, plan, shape.schema, &names);
    let plan = arranged.map_err(|error| error.at(target.position))?;
    if let Some(validate) = copy.validate {
        return validated(run, plan, shape, validate).await;
    }
    let physical = run.physical(&plan).await?;
    let options = RowOptions::default();
    let mut written = write_rows(run, snapshot.table(), shape, physical, &options).await?;
    let mut operation = Operation::new("COPY INTO").with("path", copy.path.value.as_str());
    operation.metrics = written.metrics();
    operation.metrics.insert("numSourceFiles".to_owned(), transactions.len().to_string());
    let mut transaction = Transaction::new(Arc::clone(&snapshot), operation);
    if let Some(evolved) = evolved {
        evolved.tell(&mut transaction);
    }
    if let Some(metadata) = written.metadata.take() {
        transaction.set_metadata(metadata);
    }
    let (count, new_files) = (written.rows, written.new_files());
    written.adds.into_iter().for_each(|add| transaction.add(add));
    transactions.into_iter().for_each(|loaded| transaction.set_transaction(loaded));
    commit(transaction, snapshot.table(), &new_files).await.map_err(|error| error.at(target.position))?;
    loaded(run, copy, count)
}

fn loaded(run: &Run<'_>, copy: &CopyInto, rows: u64) -> Result<Query> {
    match copy.validate {
        // Nothing is left to be validated.
        Some(_) => Ok(answer(run, RecordBatch::new_empty(Arc::new(Schema::empty())))),
        None => metrics::counts(
            run,
            &[("num_affected_rows", rows), ("num_inserted_rows", rows), ("num_skipped_corrupt_files", 0)],
        ),
    }
}

/// COPY_OPTIONS.
#[derive(Debug, Clone, Copy, Default)]
struct CopyOptions {
    /// Files are loaded that were loaded before.
    force: bool,
    /// Columns that the table lacks are added.
    merge_schema: bool,
}

impl CopyOptions {
    fn of(properties: &[Property]) -> Result<Self> {
        let mut options = Self::default();
        for property in properties {
            let at = |error: Error| Err(error.at(Position::of(property.key.span)));
            let place = match property.key.value.to_lowercase().as_str() {
                "force" => &mut options.force,
                "mergeschema" => &mut options.merge_schema,
                other => {
                    let error =
                        Error::new(ErrorKind::Invalid, format!("COPY INTO has no copy option {other}"));
                    return at(error.hint("The copy options are force and mergeSchema"));
                }
            };
            *place = match property.value.to_lowercase().as_str() {
                "true" => true,
                "false" => false,
                other => {
                    let key = &property.key.value;
                    let message = format!("The copy option {key} is 'true' or 'false', not '{other}'");
                    return at(Error::new(ErrorKind::Invalid, message));
                }
            };
        }
        Ok(options)
    }
}

/// How the memory of the table calls files: by their path below the lake, or by their URL.
struct AppIds {
    store: String,
    lake: String,
}

impl AppIds {
    fn of(run: &Run<'_>, listing: &Listing) -> Result<Self> {
        let engine = &run.session.engine;
        let lake =
            engine.stores().mount(engine.base()).map_err(|error| crate::stores::from_storage(&error))?;
        Ok(Self { store: listing.store_url.as_str().to_owned(), lake: lake.to_string() })
    }

    fn of_file(&self, file: &ObjectMeta) -> String {
        let slash = if self.store.ends_with('/') { "" } else { "/" };
        let url = format!("{}{slash}{}", self.store, file.location);
        format!("{APP_PREFIX}{}", url.strip_prefix(&self.lake).unwrap_or(&url))
    }
}

/// The files that the statement names.
async fn chosen(run: &Run<'_>, copy: &CopyInto) -> Result<Listing> {
    let engine = &run.session.engine;
    let path = copy.path.value.as_str();
    if let Some(pattern) = &copy.pattern {
        let pattern = format!("{}/{}", path.trim_end_matches('/'), pattern.value);
        return files::list(engine.stores(), engine.base(), &pattern).await;
    }
    let mut listing = files::list(engine.stores(), engine.base(), path).await?;
    if !copy.files.is_empty() {
        let below = |file: &ObjectMeta| {
            let parts = file.location.prefix_match(&listing.root)?;
            Some(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
        };
        let found: BTreeSet<String> = listing.files.iter().filter_map(below).collect();
        let wanted = |name: &Text| name.value.trim_start_matches("./").to_owned();
        for name in &copy.files {
            if !found.contains(&wanted(name)) {
                let message = format!("There is no file {} in {path}", name.value);
                let error = Error::new(ErrorKind::NotFound, message).at(Position::of(name.span));
                return Err(match names::nearest(&name.value, found.iter().map(String::as_str)) {
                    Some(near) => error.hint(format!("Did you mean {near}?")),
                    None => error,
                });
            }
        }
        let names: BTreeSet<String> = copy.files.iter().map(wanted).collect();
        let root = listing.root.clone();
        listing.files.retain(|file| {
            let parts = file.location.prefix_match(&root);
            let name =
                parts.map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
            name.is_some_and(|name| names.contains(&name))
        });
    }
    Ok(listing)
}

/// The rows of the files, or of the query over them.
async fn rows_of(run: &Run<'_>, copy: &CopyInto, listing: Listing) -> Result<LogicalPlan> {
    let mut options = BTreeMap::new();
    for option in &copy.format_options {
        options.insert(option.key.value.to_lowercase(), option.value.clone());
    }
    let spec = FilesSpec {
        path: copy.path.value.clone(),
        format: Some(copy.format.value.clone()),
        options,
        position: Position::of(copy.path.span),
    };
    let state = run.session.state();
    let opened = files::open_listing(&state, listing, &spec).await;
    let (table, text) = opened.map_err(|error| error.at(spec.position))?;
    if let Some(text) = text {
        run.control.add_text_files(text);
    }
    run.session.lake.give("copied", table);
    let from = syntax::from(&format!("{GIVEN_SCHEMA}.copied"))?;
    let query = match &copy.query {
        Some(query) => {
            let mut query = query.clone();
            let given = from.into_iter().next().map(|table| table.relation);
            if let (SetExpr::Select(select), Some(TableFactor::Table { name: given, .. })) =
                (query.body.as_mut(), given)
            {
                for table in &mut select.from {
                    replace_relation(&mut table.relation, &given);
                }
            }
            query
        }
        None => syntax::select_all(from)?,
    };
    run.plan(query).await
}

fn replace_relation(relation: &mut TableFactor, given: &ObjectName) {
    if let TableFactor::Table { name, .. } = relation {
        *name = given.clone();
    }
}

/// Of each column of the rows, the name of the column that it is for.
fn names_of(
    input: &Schema,
    schema: &StructType,
    copy: &CopyInto,
    options: CopyOptions,
) -> Result<Vec<String>> {
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
    let count = input.fields().len();
    if copy.by_position || !copy.columns.is_empty() {
        let wanted: Vec<String> = match copy.columns.is_empty() {
            true => schema.fields.iter().map(|field| field.name.clone()).collect(),
            false => copy.columns.iter().map(|ident| named(schema, ident)).collect::<Result<_>>()?,
        };
        if wanted.len() != count {
            let message = format!("The files have {count} columns, and {} are to be filled", wanted.len());
            return Err(invalid(message).hint("Name as many columns: COPY INTO table (column, …) FROM …"));
        }
        return Ok(wanted);
    }
    let mut found = Vec::with_capacity(count);
    for field in input.fields() {
        match schema.field(field.name()) {
            Some(known) => found.push(known.name.clone()),
            None if options.merge_schema => found.push(field.name().clone()),
            None => {
                let name = names::quoted(field.name());
                let message = format!("The files have a column {name}, which the table lacks");
                return Err(invalid(message).hint(
                    "Add it with COPY_OPTIONS ('mergeSchema' = 'true'), or name columns: FROM (SELECT … FROM 'path')",
                ));
            }
        }
    }
    for (place, name) in found.iter().enumerate() {
        if found.iter().take(place).any(|other| other.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!("The files have two columns for {}", names::quoted(name))));
        }
    }
    Ok(found)
}

fn named(schema: &StructType, ident: &Ident) -> Result<String> {
    match schema.field(&ident.value) {
        Some(field) => Ok(field.name.clone()),
        None => Err(Error::no_column(&ident.value, schema.names()).at(Position::of(ident.span))),
    }
}

fn renamed(input: &Schema, names: &[String]) -> Schema {
    let fields = input.fields().iter().zip(names);
    Schema::new(fields.map(|(field, name)| field.as_ref().clone().with_name(name)).collect::<Vec<_>>())
}

/// The rows in the columns of the table. Texts are read as what the column holds, as files of texts have nothing else.
fn arrange(run: &Run<'_>, plan: LogicalPlan, schema: &StructType, names: &[String]) -> Result<LogicalPlan> {
    let columns = engine_schema(&to_arrow(schema));
    let input = plan.schema().clone();
    let state = run.session.state();
    let mut projected = Vec::with_capacity(columns.fields().len());
    let mut given = BTreeSet::new();
    for (place, (field, column)) in columns.fields().iter().zip(&schema.fields).enumerate() {
        let source = names.iter().position(|name| *name == column.name);
        let value = match source.and_then(|source| input.columns().get(source).cloned()) {
            Some(source) => {
                given.insert(place);
                let value = col(source);
                let from = value.get_type(input.as_ref())?;
                match from.is_string() && !may_assign(&from, field.data_type(), Fit::ByName) {
                    true => cast(value, field.data_type().clone()),
                    false => assign(value, &input, field, Fit::ByName)?,
                }
            }
            None => match absent(column)? {
                Some(default) => {
                    let with_alias = ast::ExprWithAlias { expr: default, alias: None };
                    let empty = DFSchema::empty();
                    let value = state.create_logical_expr_from_sql_expr(with_alias, &empty)?;
                    assign(value, &empty, field, Fit::ByName)?
                }
                None => lit(ScalarValue::try_new_null(&loose(field.data_type()))?),
            },
        };
        projected.push(value.alias(field.name()));
    }
    let plan = LogicalPlanBuilder::from(plan).project(projected)?.build()?;
    generate(&state, plan, schema, &given)
}

/// The default of a column that the files lack, where it has one.
fn absent(column: &StructField) -> Result<Option<ast::Expr>> {
    if text_of(column, GENERATION_KEY).is_some() {
        return Ok(None);
    }
    Ok(match default_of(column)? {
        ast::Expr::Value(value) if value.value == ast::Value::Null => None,
        default => Some(default),
    })
}

/// VALIDATE: the rows are read and checked, and the first of them shown.
async fn validated(run: &Run<'_>, plan: LogicalPlan, shape: Shape<'_>, validate: Validate) -> Result<Query> {
    let (plan, shown) = match validate {
        Validate::All => (plan, PREVIEW_ROWS),
        Validate::Rows(rows) => {
            let rows = usize::try_from(rows).unwrap_or(usize::MAX);
            let limited = LogicalPlanBuilder::from(plan).limit(0, Some(rows))?.build()?;
            (limited, rows.min(PREVIEW_ROWS))
        }
    };
    let columns = Arc::new(shape.columns());
    let rules = TableRules::of(run.state(), &columns, shape.schema, shape.metadata)?;
    let mut batches = run.batches(run.physical(&plan).await?).await?;
    let mut preview: Vec<RecordBatch> = Vec::new();
    let mut count = 0usize;
    while let Some(batch) = batches.next().await? {
        let batch = rules.shorten(in_columns(&columns, batch.columns())?)?;
        rules.check(&batch)?;
        for (field, column) in shape.schema.fields.iter().zip(batch.columns()) {
            if !field.nullable && column.null_count() > 0 {
                let message = format!("Column {} is NOT NULL, and a row has no value for it", field.name);
                return Err(Error::new(ErrorKind::Execution, message));
            }
        }
        if count < shown {
            preview.push(batch.slice(0, batch.num_rows().min(shown - count)));
            count += batch.num_rows();
        }
    }
    Ok(answer(run, concat_batches(&columns, &preview)?))
}
