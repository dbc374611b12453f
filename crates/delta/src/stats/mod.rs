//! Statistics of files ("Per-file Statistics"), typed, for skipping files.

mod adds;
mod bounds;
mod scan;
mod source_stats;

pub(crate) use adds::of_files as adds;
pub(crate) use source_stats::SourceStats;

use crate::log::SIDECAR_READS;
use crate::schema::{ColumnMappingMode, DataType, StructField, StructType, type_to_arrow};
use crate::snapshot::Snapshot;
use crate::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, new_empty_array, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType as ArrowType, Int64Type};
use bounds::BoundType;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;
use source_stats::Column;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Statistics of files, a row each.
#[derive(Debug, Clone)]
pub struct FileStatistics {
    /// Rows in the data file, deleted ones too; null is unknown.
    pub num_records: Int64Array,
    /// In the order in which the columns were asked for.
    pub columns: Vec<ColumnStatistics>,
}

/// Statistics of one column.
///
/// No value of the file is outside of the bounds, but the bounds need not be values of it: they may be wider. NaN is
/// above all bounds that a file has; files of writers that count it have no upper bound then.
#[derive(Debug, Clone)]
pub struct ColumnStatistics {
    /// Lower bounds in the column's type; null is unknown.
    pub min: ArrayRef,
    /// Upper bounds in the column's type; null is unknown.
    pub max: ArrayRef,
    /// How many values are null; null is unknown.
    pub null_count: Int64Array,
}

/// A column that was asked for.
enum Asked {
    Partition(StructField),
    Data(Column),
}

/// The statistics of all files, in their order. A partition column is bounded by its value.
pub(crate) async fn of_files(snapshot: &Snapshot, columns: &[Vec<String>]) -> Result<FileStatistics> {
    let asked = columns.iter().map(|path| resolve(snapshot, path)).collect::<Result<Vec<_>>>()?;
    let data: Arc<[Column]> = (asked.iter())
        .filter_map(|asked| match asked {
            Asked::Data(column) => Some(column.clone()),
            Asked::Partition(_) => None,
        })
        .collect();
    let mut sources = BTreeMap::new();
    for file in snapshot.files().iter() {
        let next = sources.len();
        sources.entry(file.source().0).or_insert(next);
    }
    let mut ordered: Vec<(u32, usize)> = sources.iter().map(|(source, at)| (*source, *at)).collect();
    ordered.sort_unstable_by_key(|(_, at)| *at);
    let reads: Vec<_> = (ordered.iter())
        .filter_map(|(source, _)| snapshot.files().sources().get(usize::try_from(*source).ok()?))
        .map(|source| {
            let (table, source, data) = (snapshot.table().clone(), Arc::clone(source), Arc::clone(&data));
            let version = snapshot.version();
            async move { source_stats::load(&table, &source, &data, version).await }
        })
        .collect();
    let loaded: Vec<Arc<SourceStats>> = stream::iter(reads).buffered(SIDECAR_READS).try_collect().await?;
    let places: Vec<(usize, usize)> = (snapshot.files().iter())
        .map(|file| {
            let (source, row) = file.source();
            let at = sources.get(&source).copied().unwrap_or(loaded.len());
            let row = loaded.get(at).and_then(|stats| stats.row(row));
            // Past the last source there is one row of null.
            row.map_or((loaded.len(), 0), |row| (at, row))
        })
        .collect();
    let records = loaded.iter().map(|stats| stats.num_records().map(|records| records as &dyn Array));
    let num_records = gathered(records, &ArrowType::Int64, &places)?.as_primitive::<Int64Type>().clone();
    let mut statistics = Vec::with_capacity(asked.len());
    for asked in &asked {
        statistics.push(match asked {
            Asked::Partition(field) => of_partition(snapshot, field, &num_records)?,
            Asked::Data(column) => of_column(&loaded, column, &places)?,
        });
    }
    Ok(FileStatistics { num_records, columns: statistics })
}

fn of_column(
    loaded: &[Arc<SourceStats>],
    column: &Column,
    places: &[(usize, usize)],
) -> Result<ColumnStatistics> {
    let arrow_type = type_to_arrow(&column.bound_type.data_type);
    let found: Vec<_> = loaded.iter().map(|stats| stats.column(column)).collect();
    let side = |side: fn(&ColumnStatistics) -> &dyn Array, arrow_type: &ArrowType| {
        gathered(found.iter().map(|found| found.map(side)), arrow_type, places)
    };
    Ok(ColumnStatistics {
        min: side(|found| &*found.min, &arrow_type)?,
        max: side(|found| &*found.max, &arrow_type)?,
        null_count: side(|found| &found.null_count, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone(),
    })
}

/// The rows at these places of arrays, with a row of null after the last.
fn gathered<'a>(
    arrays: impl Iterator<Item = Option<&'a dyn Array>>,
    arrow_type: &ArrowType,
    places: &[(usize, usize)],
) -> Result<ArrayRef> {
    if places.is_empty() {
        return Ok(new_empty_array(arrow_type));
    }
    let null = new_null_array(arrow_type, 1);
    // What a source lacks altogether is null too.
    let arrays: Vec<Option<&dyn Array>> = arrays.collect();
    let is_there = |(array, row): &(usize, usize)| {
        arrays.get(*array).copied().flatten().is_some_and(|array| *row < array.len())
    };
    let places: Vec<(usize, usize)> =
        places.iter().map(|place| if is_there(place) { *place } else { (arrays.len(), 0) }).collect();
    let mut arrays: Vec<&dyn Array> = arrays.into_iter().map(|array| array.unwrap_or(&*null)).collect();
    arrays.push(&*null);
    Ok(interleave(&arrays, &places)?)
}

fn of_partition(
    snapshot: &Snapshot,
    field: &StructField,
    num_records: &Int64Array,
) -> Result<ColumnStatistics> {
    let values = snapshot.partition_values(field)?;
    let null_count = (0..values.len()).map(|row| match values.is_null(row) {
        true => num_records.is_valid(row).then(|| num_records.value(row)),
        false => Some(0),
    });
    let null_count = null_count.collect();
    // Nothing is cut here, but zeros and NaN bound as little as elsewhere.
    let bound_type = BoundType { data_type: field.data_type.clone(), was_float: false };
    let (min, max) = match field.data_type {
        DataType::Float | DataType::Double => (
            bounds::convert(&values, &bound_type, bounds::Side::Min)?,
            bounds::convert(&values, &bound_type, bounds::Side::Max)?,
        ),
        _ => (Arc::clone(&values), values),
    };
    Ok(ColumnStatistics { min, max, null_count })
}

/// The column at a path of logical names.
fn resolve(snapshot: &Snapshot, path: &[String]) -> Result<Asked> {
    let unknown = || Error::invalid(format!("the table has no column {}", path.join(".")));
    let (first, rest) = path.split_first().ok_or_else(unknown)?;
    let mut field = snapshot.schema().field(first).ok_or_else(unknown)?;
    let is_partition = |name: &String| name.eq_ignore_ascii_case(&field.name);
    if rest.is_empty() && snapshot.metadata().partition_columns.iter().any(is_partition) {
        return Ok(Asked::Partition(field.clone()));
    }
    let mode: ColumnMappingMode = snapshot.column_mapping();
    let mut physical = vec![field.physical_name(mode).to_owned()];
    for name in rest {
        let DataType::Struct(inner) = &field.data_type else { return Err(unknown()) };
        field = StructType::field(inner, name).ok_or_else(unknown)?;
        physical.push(field.physical_name(mode).to_owned());
    }
    let bound_type = BoundType { data_type: field.data_type.clone(), was_float: was_float(field) };
    Ok(Asked::Data(Column { path: physical, bound_type }))
}

fn was_float(field: &StructField) -> bool {
    let changes = field.metadata.get("delta.typeChanges").and_then(Value::as_array);
    let is_float = |change: &Value| change.get("fromType").and_then(Value::as_str) == Some("float");
    changes.is_some_and(|changes| changes.iter().any(is_float))
}
