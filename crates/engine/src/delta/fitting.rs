//! Whether the columns of a data file are those of its table: types may be narrower than the table's, or written in another
//! way, but a cast must never make another value of one.

use super::assign::sql_name;
use super::mapping::find;
use datafusion::arrow::datatypes::{DataType, Fields, Schema};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::schema::types::SchemaDescriptor;
use std::collections::HashSet;
use tarn_delta::schema::{ColumnMappingMode, DataType as DeltaType, StructType};
use tarn_delta::snapshot::Snapshot;

/// The columns that a scan reads out of files.
#[derive(Debug)]
pub(super) struct ReadColumns {
    schema: StructType,
    mode: ColumnMappingMode,
    names: HashSet<String>,
}

impl ReadColumns {
    /// The columns of a table that are among these; values of partition columns are not read from files.
    pub(super) fn of(snapshot: &Snapshot, columns: &Schema) -> Self {
        let partitions = &snapshot.metadata().partition_columns;
        let names = columns.fields().iter().map(|field| field.name());
        let names = names.filter(|name| !partitions.contains(name)).cloned().collect();
        Self { schema: snapshot.schema().clone(), mode: snapshot.column_mapping(), names }
    }

    /// What is wrong with a file of this schema, if anything is.
    pub(super) fn misfit(&self, file: &SchemaDescriptor) -> Option<String> {
        if self.names.is_empty() {
            return None;
        }
        // What a writer left of its own types may ask for others; what cannot be read at all is told by the scan.
        let file = parquet_to_arrow_schema(file, None).ok()?;
        let known =
            file.fields().iter().filter_map(|field| Some((field, find(field, &self.schema, self.mode)?)));
        let mut read = known.filter(|(_, column)| self.names.contains(&column.name));
        let (field, column) =
            read.find(|(field, column)| !fits(field.data_type(), &column.data_type, self.mode))?;
        let of_file = sql_name(field.data_type()).unwrap_or_else(|| field.data_type().to_string());
        let of_table = column.data_type.sql_name();
        Some(format!("column {} is {of_file} in the file, and {of_table} in the table", column.name))
    }
}

/// Whether values of a file are values of the table ("Reader Requirements for Type Widening"), however they are written:
/// with other units of time, as bytes without a mark for text.
fn fits(file: &DataType, table: &DeltaType, mode: ColumnMappingMode) -> bool {
    let is_time = matches!(file, DataType::Timestamp(_, _));
    match table {
        _ if file.is_null() => true,
        DeltaType::Void => true,
        DeltaType::String | DeltaType::Binary => {
            file.is_string() || file.is_binary() || matches!(file, DataType::FixedSizeBinary(_))
        }
        // Parquet has no narrower integers than 32 bits but by a mark, which some writers leave out.
        DeltaType::Byte | DeltaType::Short | DeltaType::Integer => {
            file.is_integer() && !is_wide_integer(file)
        }
        DeltaType::Long => file.is_integer(),
        DeltaType::Float => matches!(file, DataType::Float16 | DataType::Float32),
        // Wider integers than of 32 bits have values that a double has not.
        DeltaType::Double => file.is_floating() || (file.is_integer() && !is_wide_integer(file)),
        DeltaType::Decimal { scale, .. } => match file {
            DataType::Decimal32(_, of_file)
            | DataType::Decimal64(_, of_file)
            | DataType::Decimal128(_, of_file)
            | DataType::Decimal256(_, of_file) => of_file <= scale,
            _ => file.is_integer(),
        },
        DeltaType::Boolean => matches!(file, DataType::Boolean),
        DeltaType::Date => matches!(file, DataType::Date32 | DataType::Date64),
        DeltaType::Timestamp => is_time,
        DeltaType::TimestampNtz => is_time || matches!(file, DataType::Date32 | DataType::Date64),
        DeltaType::Variant => matches!(file, DataType::Struct(_)),
        DeltaType::Struct(schema) => match file {
            DataType::Struct(fields) => all_fit(fields, schema, mode),
            _ => false,
        },
        DeltaType::Array(array) => match file {
            DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
                fits(element.data_type(), &array.element_type, mode)
            }
            _ => false,
        },
        DeltaType::Map(map) => match file {
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => {
                    fits(fields[0].data_type(), &map.key_type, mode)
                        && fits(fields[1].data_type(), &map.value_type, mode)
                }
                _ => false,
            },
            _ => false,
        },
    }
}

fn is_wide_integer(file: &DataType) -> bool {
    matches!(file, DataType::Int64 | DataType::UInt64)
}

fn all_fit(fields: &Fields, schema: &StructType, mode: ColumnMappingMode) -> bool {
    fields.iter().all(|field| match find(field, schema, mode) {
        Some(column) => fits(field.data_type(), &column.data_type, mode),
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::TimeUnit;

    #[test]
    fn types_of_files_fit_or_do_not() {
        let decimal = |precision, scale| DeltaType::Decimal { precision, scale };
        for (file, table, expect) in [
            (DataType::Int8, DeltaType::Long, true),
            (DataType::Int64, DeltaType::Integer, false),
            (DataType::Int32, DeltaType::Byte, true),
            (DataType::Int32, DeltaType::Double, true),
            (DataType::Int64, DeltaType::Double, false),
            (DataType::Int32, DeltaType::Float, false),
            (DataType::Int32, DeltaType::String, false),
            (DataType::Utf8, DeltaType::Integer, false),
            (DataType::Binary, DeltaType::String, true),
            (DataType::Float32, DeltaType::Double, true),
            (DataType::Float64, DeltaType::Float, false),
            (DataType::Float64, DeltaType::Long, false),
            (DataType::Decimal128(5, 2), decimal(7, 3), true),
            (DataType::Decimal128(5, 3), decimal(7, 2), false),
            (DataType::Int32, decimal(10, 0), true),
            (DataType::Date32, DeltaType::TimestampNtz, true),
            (DataType::Date32, DeltaType::Timestamp, false),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), DeltaType::Timestamp, true),
            (DataType::Timestamp(TimeUnit::Nanosecond, None), DeltaType::Date, false),
            (DataType::Boolean, DeltaType::Integer, false),
        ] {
            assert_eq!(
                fits(&file, &table, ColumnMappingMode::None),
                expect,
                "{file} as {}",
                table.sql_name()
            );
        }
    }
}
