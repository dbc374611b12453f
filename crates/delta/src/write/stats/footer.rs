//! Statistics of a file that somebody else wrote, out of its Parquet footer.

use super::{ColumnStats, IndexedColumn, StatsCollector};
use crate::schema::{DataType, StructType, type_to_arrow};
use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::compute;
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::RowGroupMetaData;

impl StatsCollector {
    /// The statistics that a footer has; columns without a count of nulls have none.
    pub(crate) fn of_footer(
        columns: &[IndexedColumn],
        schema: &StructType,
        footer: &ArrowReaderMetadata,
    ) -> Self {
        let rows = u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0);
        let of_column =
            |column: &IndexedColumn| Some((column.clone(), column_stats(column, schema, footer)?));
        Self { num_records: rows, columns: columns.iter().filter_map(of_column).collect() }
    }
}

fn column_stats(
    column: &IndexedColumn,
    schema: &StructType,
    footer: &ArrowReaderMetadata,
) -> Option<ColumnStats> {
    // A list's leaf has another path than the list: its nulls are not those of the list.
    let leaves = footer.parquet_schema().columns();
    let leaf = leaves.iter().position(|leaf| leaf.path().parts() == column.path)?;
    let field = field_of(footer.schema(), &column.path)?;
    let converter = StatisticsConverter::from_column_index(leaf, field, footer.parquet_schema()).ok()?;
    let converter = converter.with_missing_null_counts_as_zero(false);
    let groups = footer.metadata().row_groups();
    let nulls = converter.row_group_null_counts(groups).ok()?;
    if nulls.null_count() > 0 {
        return None;
    }
    let mut stats = ColumnStats { null_count: nulls.values().iter().sum(), ..ColumnStats::default() };
    let wanted = type_to_arrow(type_of(schema, &column.path)?);
    if column.has_bounds && is_sure(field.data_type(), &wanted) {
        let min = converter.row_group_mins(groups).ok()?;
        let max = converter.row_group_maxes(groups).ok()?;
        if is_whole(&min, groups, &nulls) && is_whole(&max, groups, &nulls) {
            stats.bounds.update(&compute::cast(&min, &wanted).ok()?);
            stats.bounds.update(&compute::cast(&max, &wanted).ok()?);
        }
    }
    Some(stats)
}

/// Types whose bounds in footers can be trusted: floats may hold a NaN that no bound shows, and other units of time lose
/// digits.
fn is_sure(found: &ArrowType, wanted: &ArrowType) -> bool {
    match (found, wanted) {
        (ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64, _) => false,
        _ => found == wanted || (found.is_signed_integer() && wanted.is_signed_integer()),
    }
}

/// Whether each row group that has values has a bound.
fn is_whole(bounds: &ArrayRef, groups: &[RowGroupMetaData], nulls: &UInt64Array) -> bool {
    groups.iter().zip(nulls.values()).enumerate().all(|(group, (metadata, nulls))| {
        bounds.is_valid(group) || u64::try_from(metadata.num_rows()).is_ok_and(|rows| rows == *nulls)
    })
}

fn field_of<'a>(schema: &'a Schema, path: &[String]) -> Option<&'a Field> {
    let (first, rest) = path.split_first()?;
    let mut field = schema.field_with_name(first).ok()?;
    for name in rest {
        field = match field.data_type() {
            ArrowType::Struct(fields) => fields.iter().find(|field| field.name() == name)?,
            _ => return None,
        };
    }
    Some(field)
}

fn type_of<'a>(schema: &'a StructType, path: &[String]) -> Option<&'a DataType> {
    let (first, rest) = path.split_first()?;
    let mut data_type = &schema.field(first)?.data_type;
    for name in rest {
        data_type = match data_type {
            DataType::Struct(nested) => &nested.field(name)?.data_type,
            _ => return None,
        };
    }
    Some(data_type)
}
