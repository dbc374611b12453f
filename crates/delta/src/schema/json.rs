//! Schemas from and to JSON.

use super::{ArrayType, DataType, MapType, StructField, StructType};
use serde_json::{Map, Value, json};

/// Reads a schema string.
///
/// # Errors
/// What is wrong with it, and at which column; without the file that holds it.
pub fn parse(schema_string: &str) -> Result<StructType, String> {
    let value: Value =
        serde_json::from_str(schema_string).map_err(|error| format!("the schema is not JSON: {error}"))?;
    match parse_type(&value, "the schema")? {
        DataType::Struct(schema) => Ok(schema),
        _ => Err("the schema is not a struct".to_owned()),
    }
}

fn parse_type(value: &Value, place: &str) -> Result<DataType, String> {
    match value {
        Value::String(name) => {
            parse_primitive(name).ok_or_else(|| format!("{place} has the unknown type {name}"))
        }
        Value::Object(object) => parse_nested(object, place),
        _ => Err(format!("{place} has no type")),
    }
}

fn parse_nested(object: &Map<String, Value>, place: &str) -> Result<DataType, String> {
    let get = |key: &str| object.get(key).ok_or_else(|| format!("{place} lacks {key}"));
    let flag = |key: &str| object.get(key).and_then(Value::as_bool).unwrap_or(true);
    match get("type")?.as_str() {
        Some("struct") => {
            let fields =
                get("fields")?.as_array().ok_or_else(|| format!("the fields of {place} are not a list"))?;
            let fields = fields.iter().map(|field| parse_field(field, place)).collect::<Result<_, _>>()?;
            Ok(DataType::Struct(StructType { fields }))
        }
        Some("array") => Ok(DataType::Array(Box::new(ArrayType {
            element_type: parse_type(get("elementType")?, &format!("the element of {place}"))?,
            contains_null: flag("containsNull"),
        }))),
        Some("map") => Ok(DataType::Map(Box::new(MapType {
            key_type: parse_type(get("keyType")?, &format!("the key of {place}"))?,
            value_type: parse_type(get("valueType")?, &format!("the value of {place}"))?,
            value_contains_null: flag("valueContainsNull"),
        }))),
        Some(other) => Err(format!("{place} has the unknown type {other}")),
        None => Err(format!("{place} has no type")),
    }
}

fn parse_field(value: &Value, place: &str) -> Result<StructField, String> {
    let object = value.as_object().ok_or_else(|| format!("a field of {place} is not an object"))?;
    let name = object.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| format!("a field of {place} has no name"))?;
    let data_type = object.get("type").ok_or_else(|| format!("column {name} has no type"))?;
    Ok(StructField {
        name: name.to_owned(),
        data_type: parse_type(data_type, &format!("column {name}"))?,
        nullable: object.get("nullable").and_then(Value::as_bool).unwrap_or(true),
        metadata: object.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
    })
}

fn parse_primitive(name: &str) -> Option<DataType> {
    Some(match name {
        "string" => DataType::String,
        "long" => DataType::Long,
        "integer" => DataType::Integer,
        "short" => DataType::Short,
        "byte" => DataType::Byte,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp,
        "timestamp_ntz" => DataType::TimestampNtz,
        "variant" => DataType::Variant,
        "void" | "null" => DataType::Void,
        "decimal" => DataType::Decimal { precision: 10, scale: 0 },
        // Spark's types for text of a fixed or largest length are strings with a note in the metadata.
        _ if name.starts_with("varchar(") || name.starts_with("char(") => DataType::String,
        _ if name == "string" || name.starts_with("string collate ") => DataType::String,
        _ => {
            let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
            let (precision, scale): (u8, i8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
            let is_valid = (1..=38).contains(&precision) && scale >= 0 && scale.unsigned_abs() <= precision;
            is_valid.then_some(DataType::Decimal { precision, scale })?
        }
    })
}

impl StructType {
    /// The schema string of `metaData`.
    pub fn to_json(&self) -> String {
        struct_value(self).to_string()
    }
}

fn struct_value(schema: &StructType) -> Value {
    let fields: Vec<Value> = schema
        .fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name,
                "type": field.data_type.to_json_value(),
                "nullable": field.nullable,
                "metadata": field.metadata,
            })
        })
        .collect();
    json!({ "type": "struct", "fields": fields })
}

impl DataType {
    /// The type as the schema string has it.
    pub fn to_json_value(&self) -> Value {
        match self {
            Self::Struct(schema) => struct_value(schema),
            Self::Array(array) => json!({
                "type": "array",
                "elementType": array.element_type.to_json_value(),
                "containsNull": array.contains_null,
            }),
            Self::Map(map) => json!({
                "type": "map",
                "keyType": map.key_type.to_json_value(),
                "valueType": map.value_type.to_json_value(),
                "valueContainsNull": map.value_contains_null,
            }),
            primitive => Value::String(primitive.primitive_name()),
        }
    }

    fn primitive_name(&self) -> String {
        let name = match self {
            Self::String => "string",
            Self::Long => "long",
            Self::Integer => "integer",
            Self::Short => "short",
            Self::Byte => "byte",
            Self::Float => "float",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Binary => "binary",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampNtz => "timestamp_ntz",
            Self::Variant => "variant",
            Self::Void => "void",
            Self::Decimal { precision, scale } => return format!("decimal({precision},{scale})"),
            Self::Struct(_) => "struct",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
        };
        name.to_owned()
    }

    /// The type as SQL writes it: `bigint`, `decimal(10,2)`, `struct<a:int>`, as Spark's `simpleString`.
    pub fn sql_name(&self) -> String {
        match self {
            Self::Long => "bigint".to_owned(),
            Self::Integer => "int".to_owned(),
            Self::Short => "smallint".to_owned(),
            Self::Byte => "tinyint".to_owned(),
            Self::Struct(schema) => {
                let fields = schema.fields.iter();
                let fields: Vec<String> =
                    fields.map(|f| format!("{}:{}", f.name, f.data_type.sql_name())).collect();
                format!("struct<{}>", fields.join(","))
            }
            Self::Array(array) => format!("array<{}>", array.element_type.sql_name()),
            Self::Map(map) => format!("map<{},{}>", map.key_type.sql_name(), map.value_type.sql_name()),
            other => other.primitive_name(),
        }
    }
}
