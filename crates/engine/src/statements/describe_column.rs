//! DESCRIBE table column.

use super::answer;
use super::open::TargetPlace;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, Position, Result};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::sql::sqlparser::ast::ObjectName;
use std::sync::Arc;
use tarn_delta::alter::resolve;
use tarn_delta::schema::{DataType, StructField, StructType};
use tarn_dialect::{AsOf, ColumnPath};

pub(super) async fn run(
    run: &Run<'_>,
    table: &ObjectName,
    as_of: Option<&AsOf>,
    column: &ColumnPath,
) -> Result<Query> {
    let snapshot = TargetPlace::of(run, table)?.at(run, as_of)?.open(run, table).await?;
    let schema = snapshot.schema();
    let path = resolve(schema, &column.names());
    let field = path.ok().and_then(|path| find(schema, &path)).ok_or_else(|| {
        Error::no_column(&column.names().join("."), schema.names()).at(Position::of(column.span()))
    })?;
    let comment = field.metadata.get("comment").and_then(serde_json::Value::as_str).unwrap_or("NULL");
    let kind = field.data_type.sql_name();
    let names = StringArray::from(vec!["col_name", "data_type", "comment"]);
    let values = StringArray::from(vec![field.name.as_str(), kind.as_str(), comment]);
    let columns: [(&str, ArrayRef); 2] = [("info_name", Arc::new(names)), ("info_value", Arc::new(values))];
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}

/// A column, or a field of structs.
fn find<'a>(schema: &'a StructType, path: &[String]) -> Option<&'a StructField> {
    let (first, rest) = path.split_first()?;
    let field = schema.field(first)?;
    match (&field.data_type, rest.is_empty()) {
        (_, true) => Some(field),
        (DataType::Struct(nested), false) => find(nested, rest),
        _ => None,
    }
}
