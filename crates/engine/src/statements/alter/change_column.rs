//! ALTER COLUMN: types, NOT NULL, defaults, comments, places, identity values; and COMMENT ON COLUMN.

use super::super::columns::{char_varchar, data_type};
use super::{Altering, described, mentions, place_of, rows, shown_place};
use crate::delta::assign::assign;
use crate::delta::nested::Fit;
use crate::delta::rules::{CHAR_VARCHAR_KEY, DEFAULT_KEY, GENERATION_KEY, text_of};
use crate::delta::table::engine_schema;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, syntax};
use datafusion::common::DFSchema;
use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName};
use serde_json::{Value, json};
use tarn_delta::identity::{Identity, set_high_water_mark};
use tarn_delta::schema::{DataType, StructField, StructType, to_arrow};
use tarn_delta::transaction::Operation;
use tarn_dialect::{AlterColumn, ColumnChange, ColumnPath, ColumnType, Expression};

const COMMENT_KEY: &str = "comment";

pub(super) async fn change(table: &mut Altering<'_>, columns: &[AlterColumn]) -> Result<Option<Operation>> {
    let mut changed = Vec::new();
    for column in columns {
        let path = table.column(&column.column)?;
        let position = Position::of(column.column.span());
        let mut place = None;
        for change in &column.changes {
            if let ColumnChange::Move(position) = change {
                place = Some(shown_place(position));
            }
            apply(table, &path, change).await.map_err(|error| error.at(position))?;
        }
        let mut entry = json!({ "column": shown(table, &path) });
        if let (Some(place), Some(entry)) = (place, entry.as_object_mut()) {
            entry.insert("position".to_owned(), place.into());
        }
        changed.push(entry);
    }
    Ok(Some(operation(changed)))
}

fn operation(mut changed: Vec<Value>) -> Operation {
    match (changed.pop(), changed.is_empty()) {
        (Some(Value::Object(one)), true) => {
            let mut operation = Operation::new("CHANGE COLUMN");
            operation.parameters.extend(one);
            operation
        }
        (last, _) => {
            changed.extend(last);
            Operation::new("CHANGE COLUMNS").with("columns", Value::from(changed))
        }
    }
}

/// The field that a path leads to, or the last one on its way, as history has it.
fn shown(table: &Altering<'_>, path: &[String]) -> Value {
    let mut fields: Option<&StructType> = Some(&table.change.schema);
    let mut found = None;
    let mut names = Vec::new();
    for name in path {
        let Some(field) = fields.and_then(|fields| fields.field(name)) else { break };
        if let Some(before) = found.replace(field) {
            names.push(before.name.clone());
        }
        fields = match &field.data_type {
            DataType::Struct(nested) => Some(nested),
            _ => None,
        };
    }
    found.map_or_else(|| json!({ "name": path.join(".") }), |field| described(&names, field))
}

async fn apply(table: &mut Altering<'_>, path: &[String], change: &ColumnChange) -> Result<()> {
    match change {
        ColumnChange::Type { column_type, span } => {
            change_type(table, path, column_type).map_err(|error| error.at(Position::of(*span)))
        }
        ColumnChange::NotNull => not_null(table, path).await,
        ColumnChange::Nullable => {
            if table.change.field_mut(path)?.nullable {
                return Ok(());
            }
            table.change.field_mut(path)?.nullable = true;
            Ok(())
        }
        ColumnChange::SetDefault(default) => set_default(table, path, default),
        ColumnChange::DropDefault => {
            table.change.field_mut(path)?.metadata.remove(DEFAULT_KEY);
            Ok(())
        }
        ColumnChange::Comment(text) => {
            comment(table.change.field_mut(path)?, Some(text));
            Ok(())
        }
        ColumnChange::Move(position) => Ok(table.change.move_column(path, &place_of(Some(position)))?),
        ColumnChange::SyncIdentity => sync_identity(table, path).await,
    }
}

fn comment(field: &mut StructField, text: Option<&String>) {
    match text {
        Some(text) => field.metadata.insert(COMMENT_KEY.to_owned(), text.clone().into()),
        None => field.metadata.remove(COMMENT_KEY),
    };
}

/// COMMENT ON COLUMN.
pub(in super::super) async fn comment_on_column(
    run: &Run<'_>,
    name: &ObjectName,
    column: &Ident,
    text: Option<&String>,
) -> Result<Query> {
    let mut table = Altering::open(run, name).await?;
    let path = table.column(&ColumnPath { parts: vec![column.clone()] })?;
    comment(table.change.field_mut(&path)?, text);
    let operation = Operation::new("CHANGE COLUMN").with("column", shown(&table, &path));
    table.commit(Some(operation)).await
}

pub(super) fn change_type(table: &mut Altering<'_>, path: &[String], column_type: &ColumnType) -> Result<()> {
    let to = data_type(column_type);
    let length = char_varchar(column_type);
    if to == DataType::String
        && let Ok(field) = table.change.field_mut(path)
        && field.data_type == DataType::String
    {
        return change_length(field, length);
    }
    if let Some(length) = length {
        let message =
            format!("Column {} cannot become {}: it is no text", path.join("."), length.to_uppercase());
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    if let Ok(field) = table.change.field_mut(path)
        && field.data_type != to
        && Identity::of(field)?.is_some()
    {
        let message = format!("Column {} is an identity column, which stays BIGINT", field.name);
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    if table.change.change_type(path, &to)? {
        mentions::refuse(table, path, "given another type")?;
    }
    Ok(())
}

/// Text may become longer, as a CHAR(n) or VARCHAR(n) does; a length that was not there cannot be told of old rows.
fn change_length(field: &mut StructField, to: Option<String>) -> Result<()> {
    let from = text_of(field, CHAR_VARCHAR_KEY).map(str::to_owned);
    let is_wider = match (&from, &to) {
        (from, to) if from == to => return Ok(()),
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => {
            let (old, new) = (kind_and_length(from), kind_and_length(to));
            new.0 == "varchar" && new.1 >= old.1
        }
    };
    if !is_wider {
        let shown = |text: Option<String>| text.map_or_else(|| "STRING".to_owned(), |t| t.to_uppercase());
        let message = format!("Column {} of type {} cannot become {}", field.name, shown(from), shown(to));
        return Err(Error::new(ErrorKind::Invalid, message).hint(
            "Text only becomes longer; ADD CONSTRAINT … CHECK (length(column) <= n) checks what is there",
        ));
    }
    match to {
        Some(text) => field.metadata.insert(CHAR_VARCHAR_KEY.to_owned(), text.into()),
        None => field.metadata.remove(CHAR_VARCHAR_KEY),
    };
    Ok(())
}

fn kind_and_length(text: &str) -> (&str, u32) {
    let (kind, rest) = text.split_once('(').unwrap_or((text, ""));
    (kind.trim(), rest.trim_end_matches(')').trim().parse().unwrap_or(0))
}

async fn not_null(table: &mut Altering<'_>, path: &[String]) -> Result<()> {
    let shown = path.join(".");
    if !table.change.field_mut(path)?.nullable {
        return Ok(());
    }
    let Some(is_null) = null_where_structs_are_not(&table.change.schema, path) else {
        let message = format!("{shown} lies within an array or map, and cannot be made NOT NULL");
        return Err(
            Error::new(ErrorKind::Unsupported, message).hint("Only columns, and fields of structs, can")
        );
    };
    let nulls = rows::count(table, is_null).await?;
    if nulls > 0 {
        let rows = if nulls == 1 { "1 row has".to_owned() } else { format!("{nulls} rows have") };
        let message = format!("Column {shown} cannot be NOT NULL: {rows} null in it");
        return Err(Error::new(ErrorKind::Invalid, message)
            .hint(format!("UPDATE the table SET {shown} = … WHERE {shown} IS NULL first")));
    }
    table.change.field_mut(path)?.nullable = false;
    Ok(())
}

/// `a IS NOT NULL AND a.b IS NULL`, for a field of a struct: where the struct is null, its fields are not asked.
fn null_where_structs_are_not(schema: &StructType, path: &[String]) -> Option<Expr> {
    let (first, rest) = path.split_first()?;
    let mut value = Expr::Identifier(syntax::ident(first));
    let mut data_type = &schema.field(first)?.data_type;
    let mut conditions = Vec::new();
    for name in rest {
        let DataType::Struct(nested) = data_type else { return None };
        conditions.push(syntax::is_not_null(value.clone()));
        value = syntax::field(value, name);
        data_type = &nested.field(name)?.data_type;
    }
    conditions.push(syntax::is_null(value));
    syntax::all_of(conditions)
}

fn set_default(table: &mut Altering<'_>, path: &[String], default: &Expression) -> Result<()> {
    let at = |error: Error| Error { position: Position::of(default.span), ..error };
    let invalid = |message: String| Err(at(Error::new(ErrorKind::Invalid, message)));
    let [name] = path else {
        return invalid(format!("{} is within a column; only whole columns have defaults", path.join(".")));
    };
    let field = table.change.field_mut(path)?;
    if text_of(field, GENERATION_KEY).is_some() || Identity::of(field)?.is_some() {
        return invalid(format!("Column {name} is generated, and cannot have a default"));
    }
    let only = StructType { fields: vec![field.clone()] };
    let columns = engine_schema(&to_arrow(&only));
    let empty = DFSchema::empty();
    let state = table.run.session.state();
    let value = state.create_logical_expr(&default.text, &empty).map_err(|error| {
        let error = at(Error::from(error));
        let message = format!("{} cannot be a default: {}", default.text, error.message);
        Error { message, hint: Some("A default says nothing of other columns".to_owned()), ..error }
    })?;
    assign(value, &empty, columns.field(0), Fit::ByPosition).map_err(at)?;
    table.change.field_mut(path)?.metadata.insert(DEFAULT_KEY.to_owned(), default.text.clone().into());
    Ok(())
}

async fn sync_identity(table: &mut Altering<'_>, path: &[String]) -> Result<()> {
    let field = table.change.field_mut(path)?.clone();
    let Some(identity) = Identity::of(&field)? else {
        let message = format!("Column {} is not an identity column", field.name);
        return Err(Error::new(ErrorKind::Invalid, message)
            .hint("CREATE TABLE makes them: column BIGINT GENERATED BY DEFAULT AS IDENTITY"));
    };
    let function = if identity.step > 0 { "max" } else { "min" };
    let furthest = format!("{function}({})", syntax::quoted(&field.name));
    let furthest = rows::number(table, syntax::parse_expr(&furthest, "The furthest value")?, None).await?;
    let Some(furthest) = furthest else { return Ok(()) };
    if let Some(mark) = identity.synced(furthest)? {
        set_high_water_mark(table.change.field_mut(path)?, mark);
    }
    Ok(())
}
