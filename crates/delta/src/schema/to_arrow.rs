//! Schemas from and to Arrow's.

use super::{ArrayType, ColumnMappingMode, DataType, MapType, StructField, StructType};
use crate::variant::{is_variant, variant_type, variant_type_in_files};
use crate::{Error, Result};
use arrow::datatypes::{DataType as ArrowType, Field, Fields, Schema, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Key of a Parquet field id in a field's metadata, as the parquet crate has it.
pub const FIELD_ID_KEY: &str = "PARQUET:field_id";

/// The Arrow schema that queries see: logical names. Variants have [`variant_type`].
pub fn to_arrow(schema: &StructType) -> Schema {
    Schema::new(schema.fields.iter().map(|field| to_field(field, Form::Logical)).collect::<Fields>())
}

impl StructType {
    /// The Arrow schema of data files: physical names, and field ids where columns are mapped.
    pub fn to_physical_arrow(&self, mode: ColumnMappingMode) -> Schema {
        Schema::new(self.fields.iter().map(|field| to_field(field, Form::InFiles(mode))).collect::<Fields>())
    }
}

/// What an Arrow type is for.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Queries: logical names, and variants that can be told from structs.
    Logical,
    /// Data files.
    InFiles(ColumnMappingMode),
}

fn to_field(field: &StructField, form: Form) -> Field {
    let mode = match form {
        Form::Logical => ColumnMappingMode::None,
        Form::InFiles(mode) => mode,
    };
    let arrow = Field::new(field.physical_name(mode), to_type(&field.data_type, form), field.nullable);
    match (mode, field.column_id()) {
        (ColumnMappingMode::None, _) | (_, None) => arrow,
        (_, Some(id)) => arrow.with_metadata(HashMap::from([(FIELD_ID_KEY.to_owned(), id.to_string())])),
    }
}

/// The Arrow type of a column, with logical names within.
pub fn type_to_arrow(data_type: &DataType) -> ArrowType {
    to_type(data_type, Form::Logical)
}

fn to_type(data_type: &DataType, form: Form) -> ArrowType {
    match data_type {
        DataType::String => ArrowType::Utf8,
        DataType::Long => ArrowType::Int64,
        DataType::Integer => ArrowType::Int32,
        DataType::Short => ArrowType::Int16,
        DataType::Byte => ArrowType::Int8,
        DataType::Float => ArrowType::Float32,
        DataType::Double => ArrowType::Float64,
        DataType::Decimal { precision, scale } => ArrowType::Decimal128(*precision, *scale),
        DataType::Boolean => ArrowType::Boolean,
        DataType::Binary => ArrowType::Binary,
        DataType::Date => ArrowType::Date32,
        DataType::Timestamp => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::TimestampNtz => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Variant => match form {
            Form::Logical => variant_type(),
            Form::InFiles(_) => variant_type_in_files(),
        },
        DataType::Void => ArrowType::Null,
        DataType::Struct(schema) => {
            ArrowType::Struct(schema.fields.iter().map(|field| to_field(field, form)).collect())
        }
        DataType::Array(array) => {
            let element = to_type(&array.element_type, form);
            ArrowType::List(Arc::new(Field::new("element", element, array.contains_null)))
        }
        DataType::Map(map) => {
            let key = Field::new("key", to_type(&map.key_type, form), false);
            let value = Field::new("value", to_type(&map.value_type, form), map.value_contains_null);
            let entries = Field::new("key_value", ArrowType::Struct(vec![key, value].into()), false);
            ArrowType::Map(Arc::new(entries), false)
        }
    }
}

/// The schema of a table with these columns. Types that Delta lacks become the narrowest that holds their values:
/// unsigned integers the next larger signed one, large and view types the plain ones, other units microseconds.
///
/// # Errors
/// For a type without an equal: which column, and what to cast to.
pub fn from_arrow(schema: &Schema) -> Result<StructType> {
    let fields =
        schema.fields().iter().map(|field| from_field(field, field.name())).collect::<Result<_>>()?;
    Ok(StructType { fields })
}

fn from_field(field: &Field, place: &str) -> Result<StructField> {
    Ok(StructField::new(field.name(), from_type(field.data_type(), place)?, field.is_nullable()))
}

fn from_type(arrow: &ArrowType, place: &str) -> Result<DataType> {
    Ok(match arrow {
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::String,
        ArrowType::Int64 | ArrowType::UInt32 => DataType::Long,
        ArrowType::Int32 | ArrowType::UInt16 => DataType::Integer,
        ArrowType::Int16 | ArrowType::UInt8 => DataType::Short,
        ArrowType::Int8 => DataType::Byte,
        ArrowType::UInt64 => DataType::Decimal { precision: 20, scale: 0 },
        ArrowType::Float16 | ArrowType::Float32 => DataType::Float,
        ArrowType::Float64 => DataType::Double,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale)
            if *precision <= 38 && *scale >= 0 =>
        {
            DataType::Decimal { precision: *precision, scale: *scale }
        }
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_) => DataType::Binary,
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Timestamp(_, Some(_)) => DataType::Timestamp,
        ArrowType::Timestamp(_, None) => DataType::TimestampNtz,
        ArrowType::Null => DataType::Void,
        ArrowType::Dictionary(_, value) => from_type(value, place)?,
        ArrowType::RunEndEncoded(_, value) => from_type(value.data_type(), place)?,
        variant if is_variant(variant) => DataType::Variant,
        ArrowType::Struct(fields) => {
            let nested = |field: &Arc<Field>| from_field(field, &format!("{place}.{}", field.name()));
            DataType::Struct(StructType { fields: fields.iter().map(nested).collect::<Result<_>>()? })
        }
        ArrowType::List(element)
        | ArrowType::LargeList(element)
        | ArrowType::ListView(element)
        | ArrowType::LargeListView(element)
        | ArrowType::FixedSizeList(element, _) => DataType::Array(Box::new(ArrayType {
            element_type: from_type(element.data_type(), &format!("{place}.element"))?,
            contains_null: element.is_nullable(),
        })),
        ArrowType::Map(entries, _) => match entries.data_type() {
            ArrowType::Struct(fields) if fields.len() == 2 => DataType::Map(Box::new(MapType {
                key_type: from_type(fields[0].data_type(), &format!("{place}.key"))?,
                value_type: from_type(fields[1].data_type(), &format!("{place}.value"))?,
                value_contains_null: fields[1].is_nullable(),
            })),
            _ => return Err(unknown(arrow, place)),
        },
        _ => return Err(unknown(arrow, place)),
    })
}

fn unknown(arrow: &ArrowType, place: &str) -> Error {
    Error::invalid(format!(
        "column {place} has the type {arrow}, which Delta tables do not know; cast it to another type, such as STRING"
    ))
}
