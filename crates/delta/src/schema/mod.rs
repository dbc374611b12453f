//! Schemas as the log has them ("Schema Serialization Format").

mod json;
mod to_arrow;

pub use json::parse;
pub use to_arrow::{FIELD_ID_KEY, from_arrow, to_arrow, type_to_arrow};

use serde_json::{Map, Value};
use std::collections::HashSet;

/// A struct; the whole schema of a table is one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StructType {
    /// In order.
    pub fields: Vec<StructField>,
}

/// A field of a struct, or a column.
#[derive(Debug, Clone, PartialEq)]
pub struct StructField {
    /// The logical name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
    /// "Column Metadata": comments, invariants, column mapping, identity, defaults, …
    pub metadata: Map<String, Value>,
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum DataType {
    /// A UTF-8 string.
    String,
    /// 64 bits, signed.
    Long,
    /// 32 bits, signed.
    Integer,
    /// 16 bits, signed.
    Short,
    /// 8 bits, signed.
    Byte,
    /// 32 bits of IEEE 754.
    Float,
    /// 64 bits of IEEE 754.
    Double,
    /// A decimal number.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: i8,
    },
    /// True or false.
    Boolean,
    /// Bytes.
    Binary,
    /// A day.
    Date,
    /// Microseconds since 1970 in UTC.
    Timestamp,
    /// Microseconds since 1970 without a time zone.
    TimestampNtz,
    /// "Variant Data Type".
    Variant,
    /// Spark's `void`: a column of nothing but nulls, absent from data files.
    Void,
    /// Fields by name.
    Struct(StructType),
    /// A list.
    Array(Box<ArrayType>),
    /// Keys and values.
    Map(Box<MapType>),
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayType {
    /// The type of its elements.
    pub element_type: DataType,
    /// Whether elements may be null.
    pub contains_null: bool,
}

/// Keys and values.
#[derive(Debug, Clone, PartialEq)]
pub struct MapType {
    /// The type of the keys; keys are never null.
    pub key_type: DataType,
    /// The type of the values.
    pub value_type: DataType,
    /// Whether values may be null.
    pub value_contains_null: bool,
}

/// "Column Mapping": how columns are found in data files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnMappingMode {
    /// By their logical names.
    #[default]
    None,
    /// By field ids.
    Id,
    /// By physical names.
    Name,
}

/// Key of a column's id in its metadata.
pub const COLUMN_ID_KEY: &str = "delta.columnMapping.id";
/// Key of a column's physical name in its metadata.
pub const PHYSICAL_NAME_KEY: &str = "delta.columnMapping.physicalName";

impl StructType {
    /// The field of this name, compared without case, as Spark does.
    pub fn field(&self, name: &str) -> Option<&StructField> {
        (self.fields.iter().find(|field| field.name == name))
            .or_else(|| self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)))
    }

    /// A name that two fields of one struct have, here or within.
    pub(crate) fn repeated_name(&self) -> Option<&str> {
        let mut seen = HashSet::new();
        let here = self.fields.iter().find(|field| !seen.insert(field.name.as_str()));
        let within = || self.fields.iter().find_map(|field| field.data_type.repeated_name());
        here.map(|field| field.name.as_str()).or_else(within)
    }

    /// The fields' names.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| field.name.as_str())
    }
}

impl DataType {
    fn repeated_name(&self) -> Option<&str> {
        match self {
            Self::Struct(inner) => inner.repeated_name(),
            Self::Array(array) => array.element_type.repeated_name(),
            Self::Map(map) => map.key_type.repeated_name().or_else(|| map.value_type.repeated_name()),
            _ => None,
        }
    }
}

impl StructField {
    /// A field without metadata.
    pub fn new(name: impl Into<String>, data_type: DataType, nullable: bool) -> Self {
        Self { name: name.into(), data_type, nullable, metadata: Map::new() }
    }

    /// The name of the column in data files, statistics and partition values.
    pub fn physical_name(&self, mode: ColumnMappingMode) -> &str {
        match mode {
            ColumnMappingMode::None => &self.name,
            ColumnMappingMode::Id | ColumnMappingMode::Name => {
                self.metadata.get(PHYSICAL_NAME_KEY).and_then(Value::as_str).unwrap_or(&self.name)
            }
        }
    }

    /// The id of the column where columns are mapped.
    pub fn column_id(&self) -> Option<i32> {
        self.metadata.get(COLUMN_ID_KEY).and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok())
    }
}
