//! Columns as statements define them → columns as tables have them.

use crate::delta::rules::{CHAR_VARCHAR_KEY, DEFAULT_KEY, GENERATION_KEY};
use crate::{Error, ErrorKind, Position, Result};
use serde_json::Value;
use tarn_delta::schema::{ArrayType, DataType, MapType, StructField, StructType};
use tarn_dialect::{ColumnDefinition, ColumnType, Generated, TypeField};

const COMMENT_KEY: &str = "comment";

/// A column of a new table.
pub(super) fn column(definition: &ColumnDefinition) -> Result<StructField> {
    let mut field =
        StructField::new(&definition.name.value, data_type(&definition.column_type), !definition.not_null);
    let mut set = |key: &str, value: Value| {
        field.metadata.insert(key.to_owned(), value);
    };
    if let Some(text) = char_varchar(&definition.column_type) {
        set(CHAR_VARCHAR_KEY, text.into());
    }
    if let Some(comment) = &definition.comment {
        set(COMMENT_KEY, comment.clone().into());
    }
    if let Some(default) = &definition.default {
        set(DEFAULT_KEY, default.text.clone().into());
        // What rows had that were there before the column; of a new table there are none.
        set("EXISTS_DEFAULT", default.text.clone().into());
    }
    match &definition.generated {
        Some(Generated::Expression(expression)) => set(GENERATION_KEY, expression.text.clone().into()),
        Some(Generated::Identity(identity)) => {
            if definition.column_type != ColumnType::Long {
                return Err(Error::new(ErrorKind::Invalid, "An identity column is of type BIGINT")
                    .at(Position::of(definition.type_span)));
            }
            set("delta.identity.start", identity.start.into());
            set("delta.identity.step", identity.step.into());
            set("delta.identity.allowExplicitInsert", identity.allows_explicit_values.into());
        }
        None => {}
    }
    Ok(field)
}

/// A type of the language as the log has it.
pub(super) fn data_type(column_type: &ColumnType) -> DataType {
    match column_type {
        ColumnType::String | ColumnType::Char(_) | ColumnType::Varchar(_) => DataType::String,
        ColumnType::Long => DataType::Long,
        ColumnType::Integer => DataType::Integer,
        ColumnType::Short => DataType::Short,
        ColumnType::Byte => DataType::Byte,
        ColumnType::Float => DataType::Float,
        ColumnType::Double => DataType::Double,
        ColumnType::Decimal { precision, scale } => {
            DataType::Decimal { precision: *precision, scale: i8::try_from(*scale).unwrap_or(i8::MAX) }
        }
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Binary => DataType::Binary,
        ColumnType::Date => DataType::Date,
        ColumnType::Timestamp => DataType::Timestamp,
        ColumnType::TimestampNtz => DataType::TimestampNtz,
        ColumnType::Variant => DataType::Variant,
        ColumnType::Void => DataType::Void,
        ColumnType::Array(element) => {
            DataType::Array(Box::new(ArrayType { element_type: data_type(element), contains_null: true }))
        }
        ColumnType::Map(key, value) => DataType::Map(Box::new(MapType {
            key_type: data_type(key),
            value_type: data_type(value),
            value_contains_null: true,
        })),
        ColumnType::Struct(fields) => {
            DataType::Struct(StructType { fields: fields.iter().map(type_field).collect() })
        }
    }
}

fn type_field(field: &TypeField) -> StructField {
    let mut built = StructField::new(&field.name.value, data_type(&field.field_type), !field.not_null);
    if let Some(comment) = &field.comment {
        built.metadata.insert(COMMENT_KEY.to_owned(), comment.clone().into());
    }
    built
}

/// `CHAR(n)` and `VARCHAR(n)` as Spark keeps them beside the type string.
pub(super) fn char_varchar(column_type: &ColumnType) -> Option<String> {
    match column_type {
        ColumnType::Char(length) => Some(format!("char({length})")),
        ColumnType::Varchar(length) => Some(format!("varchar({length})")),
        _ => None,
    }
}
