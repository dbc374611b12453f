//! SHOW CREATE TABLE: the statement that makes a table like one that is there.

use super::answer;
use super::open::TargetPlace;
use crate::delta::rules::{CHAR_VARCHAR_KEY, CONSTRAINT_PREFIX, DEFAULT_KEY, GENERATION_KEY, text_of};
use crate::query::Query;
use crate::session::Run;
use crate::target::Target;
use crate::{Result, syntax};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::sql::sqlparser::ast::ObjectName;
use std::sync::Arc;
use tarn_delta::definition::CLUSTERING_DOMAIN;
use tarn_delta::identity::Identity;
use tarn_delta::schema::{DataType, StructField, StructType};
use tarn_delta::snapshot::Snapshot;

/// Properties that a table keeps itself; of another table they are others.
const OWN: &[&str] = &[
    "delta.columnMapping.maxColumnId",
    "delta.rowTracking.materialized",
    "delta.inCommitTimestampEnablement",
];

pub(super) async fn run(run: &Run<'_>, table: &ObjectName) -> Result<Query> {
    let snapshot = TargetPlace::of(run, table)?.open(run, table).await?;
    let name = match Target::of(&run.session.state(), table)? {
        Target::Named { catalog, schema, name } => [catalog, schema, name].map(|part| shown(&part)).join("."),
        Target::Path { format, path } => format!("{format}.{}", syntax::quoted(&path)),
    };
    let text = statement(&name, &snapshot)?;
    let columns: [(&str, ArrayRef); 1] = [("createtab_stmt", Arc::new(StringArray::from(vec![text])))];
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}

fn statement(name: &str, snapshot: &Snapshot) -> Result<String> {
    let metadata = snapshot.metadata();
    let mut definitions = snapshot.schema().fields.iter().map(column).collect::<Result<Vec<String>>>()?;
    for (key, condition) in &metadata.configuration {
        if let Some(name) = key.strip_prefix(CONSTRAINT_PREFIX) {
            definitions.push(format!("CONSTRAINT {} CHECK ({condition})", shown(name)));
        }
    }
    let mut lines =
        vec![format!("CREATE TABLE {name} (\n  {})", definitions.join(",\n  ")), "USING delta".to_owned()];
    if !metadata.partition_columns.is_empty() {
        let columns: Vec<String> = metadata.partition_columns.iter().map(|name| shown(name)).collect();
        lines.push(format!("PARTITIONED BY ({})", columns.join(", ")));
    }
    if snapshot.domain(CLUSTERING_DOMAIN).is_some() {
        let columns = super::describe::clustering(snapshot);
        lines.push(match columns.is_empty() {
            true => "CLUSTER BY NONE".to_owned(),
            false => format!("CLUSTER BY ({})", columns.join(", ")),
        });
    }
    if let Some(comment) = &metadata.description {
        lines.push(format!("COMMENT {}", literal(comment)));
    }
    let is_own = |key: &str| key.starts_with(CONSTRAINT_PREFIX) || OWN.iter().any(|own| key.starts_with(own));
    let properties = metadata.configuration.iter().filter(|(key, _)| !is_own(key));
    let properties: Vec<String> =
        properties.map(|(key, value)| format!("{} = {}", literal(key), literal(value))).collect();
    if !properties.is_empty() {
        lines.push(format!("TBLPROPERTIES (\n  {})", properties.join(",\n  ")));
    }
    Ok(lines.join("\n"))
}

fn column(field: &StructField) -> Result<String> {
    let kind = match text_of(field, CHAR_VARCHAR_KEY) {
        Some(length) => length.to_uppercase(),
        None => type_name(&field.data_type),
    };
    let mut text = format!("{} {kind}", shown(&field.name));
    if !field.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = text_of(field, DEFAULT_KEY) {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(expression) = text_of(field, GENERATION_KEY) {
        text.push_str(&format!(" GENERATED ALWAYS AS ({expression})"));
    }
    if let Some(identity) = Identity::of(field)? {
        let when = if identity.allows_explicit_values { "BY DEFAULT" } else { "ALWAYS" };
        text.push_str(&format!(
            " GENERATED {when} AS IDENTITY (START WITH {} INCREMENT BY {})",
            identity.start, identity.step
        ));
    }
    text.push_str(&comment(field));
    Ok(text)
}

fn comment(field: &StructField) -> String {
    text_of(field, "comment").map(|comment| format!(" COMMENT {}", literal(comment))).unwrap_or_default()
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => format!("STRUCT<{}>", nested(fields)),
        DataType::Array(array) => format!("ARRAY<{}>", type_name(&array.element_type)),
        DataType::Map(map) => format!("MAP<{}, {}>", type_name(&map.key_type), type_name(&map.value_type)),
        other => other.sql_name().to_uppercase(),
    }
}

fn nested(schema: &StructType) -> String {
    let field = |field: &StructField| {
        let null = if field.nullable { "" } else { " NOT NULL" };
        format!("{}: {}{null}{}", shown(&field.name), type_name(&field.data_type), comment(field))
    };
    schema.fields.iter().map(field).collect::<Vec<_>>().join(", ")
}

/// A name that may be any word of the language: in backticks unless it is plain.
fn shown(name: &str) -> String {
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if is_plain { name.to_owned() } else { syntax::quoted(name) }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
