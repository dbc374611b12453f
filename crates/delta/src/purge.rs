//! Which data files hold what their table no longer has (REORG TABLE … APPLY (PURGE)): columns that were dropped.

use crate::Result;
use crate::TableStore;
use crate::log::ParquetFile;
use crate::row_tracking::MaterializedColumns;
use crate::schema::{ColumnMappingMode, DataType, StructType};
use crate::snapshot::Snapshot;
use arrow::datatypes::{DataType as ArrowType, Fields};

/// Whether a data file, by its path in the log, has columns that are none of the table's. Only tables that map columns
/// drop any ("Column Mapping"); of others nothing is read.
///
/// # Errors
/// When the file is missing or no Parquet file.
pub async fn has_dropped_columns(snapshot: &Snapshot, path: &str, size_bytes: u64) -> Result<bool> {
    let mode = snapshot.column_mapping();
    if mode == ColumnMappingMode::None {
        return Ok(false);
    }
    let table: &TableStore = snapshot.table();
    let place = table.data_path(path)?;
    let file = ParquetFile::open(&place.store, &place.path, size_bytes, path, snapshot.version()).await?;
    let hidden = MaterializedColumns::of(snapshot.metadata());
    let is_hidden = |name: &str| {
        hidden.as_ref().is_some_and(|hidden| hidden.row_id == name || hidden.row_commit_version == name)
    };
    let fields: Fields =
        file.schema().fields().iter().filter(|field| !is_hidden(field.name())).cloned().collect();
    Ok(has_unknown(&fields, snapshot.schema(), mode))
}

fn has_unknown(fields: &Fields, schema: &StructType, mode: ColumnMappingMode) -> bool {
    fields.iter().any(|field| {
        let known = schema.fields.iter().find(|known| known.physical_name(mode) == field.name());
        known.is_none_or(|known| has_unknown_in(field.data_type(), &known.data_type, mode))
    })
}

fn has_unknown_in(arrow: &ArrowType, delta: &DataType, mode: ColumnMappingMode) -> bool {
    match (arrow, delta) {
        (ArrowType::Struct(fields), DataType::Struct(schema)) => has_unknown(fields, schema, mode),
        (ArrowType::List(element) | ArrowType::LargeList(element), DataType::Array(array)) => {
            has_unknown_in(element.data_type(), &array.element_type, mode)
        }
        (ArrowType::Map(entries, _), DataType::Map(map)) => match entries.data_type() {
            ArrowType::Struct(fields) => {
                let values = fields.iter().zip([&map.key_type, &map.value_type]);
                values.into_iter().any(|(field, of)| has_unknown_in(field.data_type(), of, mode))
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::StructField;
    use arrow::datatypes::Field;

    #[test]
    fn dropped_columns_are_found_within_structs_too() {
        let inner = StructType { fields: vec![StructField::new("x", DataType::Long, true)] };
        let fields = vec![
            StructField::new("a", DataType::Long, true),
            StructField::new("s", DataType::Struct(inner), true),
        ];
        let schema = StructType { fields };
        let long = |name: &str| Field::new(name, ArrowType::Int64, true);
        let nested = |fields: Vec<Field>| Field::new("s", ArrowType::Struct(fields.into()), true);
        let check = |fields: Vec<Field>, expect: bool| {
            assert_eq!(has_unknown(&fields.into(), &schema, ColumnMappingMode::Name), expect);
        };
        check(vec![long("a")], false);
        check(vec![long("a"), nested(vec![long("x")])], false);
        check(vec![long("a"), long("b")], true);
        check(vec![nested(vec![long("x"), long("y")])], true);
    }
}
