//! Ids and physical names of columns ("Column Mapping", "Writer Requirements for Column Mapping").

use crate::actions::Metadata;
use crate::schema::{COLUMN_ID_KEY, ColumnMappingMode, DataType, PHYSICAL_NAME_KEY, StructField, StructType};
use crate::uuid::new_uuid;
use serde_json::Value;

/// The property with the highest id that was ever given.
pub const MAX_COLUMN_ID_KEY: &str = "delta.columnMapping.maxColumnId";

/// How fields without a physical name get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhysicalNames {
    /// Their own: the table has files with these names already.
    AsTheyAre,
    /// New ones that nothing else has.
    New,
}

/// Gives an id and a physical name to each field that has none, nested ones too, and keeps count in the metadata's
/// properties. Does nothing where columns are not mapped.
pub fn map_columns(
    schema: &mut StructType,
    metadata: &mut Metadata,
    mode: ColumnMappingMode,
    names: PhysicalNames,
) {
    if mode == ColumnMappingMode::None {
        return;
    }
    let kept = metadata.configuration.get(MAX_COLUMN_ID_KEY).and_then(|text| text.parse::<i64>().ok());
    let mut highest = kept.unwrap_or(0).max(highest_id(schema));
    map_struct(schema, &mut highest, names);
    metadata.configuration.insert(MAX_COLUMN_ID_KEY.to_owned(), highest.to_string());
}

fn highest_id(schema: &StructType) -> i64 {
    let of_field = |field: &StructField| {
        let own = field.column_id().map_or(0, i64::from);
        own.max(highest_in(&field.data_type))
    };
    schema.fields.iter().map(of_field).max().unwrap_or(0)
}

fn highest_in(data_type: &DataType) -> i64 {
    match data_type {
        DataType::Struct(schema) => highest_id(schema),
        DataType::Array(array) => highest_in(&array.element_type),
        DataType::Map(map) => highest_in(&map.key_type).max(highest_in(&map.value_type)),
        _ => 0,
    }
}

fn map_struct(schema: &mut StructType, highest: &mut i64, names: PhysicalNames) {
    for field in &mut schema.fields {
        if field.column_id().is_none() {
            *highest += 1;
            field.metadata.insert(COLUMN_ID_KEY.to_owned(), Value::from(*highest));
        }
        if !field.metadata.contains_key(PHYSICAL_NAME_KEY) {
            let name = match names {
                PhysicalNames::AsTheyAre => field.name.clone(),
                PhysicalNames::New => format!("col-{}", new_uuid()),
            };
            field.metadata.insert(PHYSICAL_NAME_KEY.to_owned(), Value::from(name));
        }
        map_type(&mut field.data_type, highest, names);
    }
}

fn map_type(data_type: &mut DataType, highest: &mut i64, names: PhysicalNames) {
    match data_type {
        DataType::Struct(schema) => map_struct(schema, highest, names),
        DataType::Array(array) => map_type(&mut array.element_type, highest, names),
        DataType::Map(map) => {
            map_type(&mut map.key_type, highest, names);
            map_type(&mut map.value_type, highest, names);
        }
        _ => {}
    }
}

/// Takes ids and physical names away: the columns become those of another table.
pub fn forget_ids(schema: &mut StructType) {
    for field in &mut schema.fields {
        field.metadata.remove(COLUMN_ID_KEY);
        field.metadata.remove(PHYSICAL_NAME_KEY);
        forget_in(&mut field.data_type);
    }
}

fn forget_in(data_type: &mut DataType) {
    match data_type {
        DataType::Struct(schema) => forget_ids(schema),
        DataType::Array(array) => forget_in(&mut array.element_type),
        DataType::Map(map) => {
            forget_in(&mut map.key_type);
            forget_in(&mut map.value_type);
        }
        _ => {}
    }
}
