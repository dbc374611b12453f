//! The files of a version as a table: `table_files('table')`.

use crate::Result;
use datafusion::arrow::array::{
    ArrayRef, Int64Array, MapBuilder, RecordBatch, StringArray, StringBuilder, TimestampMillisecondArray,
};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use std::sync::Arc;
use tarn_delta::files::FileId;
use tarn_delta::snapshot::Snapshot;

/// One row a file: `path`, `size_bytes`, `modified`, `num_records`, `deleted_rows`, `partition_values`, `stats` (JSON, as in
/// the log).
///
/// # Errors
/// When the statistics cannot be read.
pub(crate) async fn files_table(snapshot: &Snapshot) -> Result<Arc<dyn TableProvider>> {
    let ids: Vec<FileId> = snapshot.files().iter().map(|file| file.id()).collect();
    let adds = snapshot.adds_with_stats(&ids).await?;
    let rows = |add| super::changes::num_records(add).and_then(|rows| i64::try_from(rows).ok());
    let deleted = |vector: &tarn_delta::actions::DeletionVectorDescriptor| vector.cardinality;
    let mut partitions = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for add in &adds {
        for (column, value) in &add.partition_values {
            partitions.keys().append_value(column);
            partitions.values().append_option(value.as_deref());
        }
        partitions.append(true)?;
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("path", Arc::new(adds.iter().map(|add| Some(add.path.as_str())).collect::<StringArray>())),
        ("size_bytes", Arc::new(adds.iter().map(|add| Some(add.size)).collect::<Int64Array>())),
        (
            "modified",
            Arc::new(
                adds.iter()
                    .map(|add| Some(add.modification_time))
                    .collect::<TimestampMillisecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        ("num_records", Arc::new(adds.iter().map(rows).collect::<Int64Array>())),
        (
            "deleted_rows",
            Arc::new(
                adds.iter()
                    .map(|add| Some(add.deletion_vector.as_ref().map_or(0, deleted)))
                    .collect::<Int64Array>(),
            ),
        ),
        ("partition_values", Arc::new(partitions.finish())),
        ("stats", Arc::new(adds.iter().map(|add| add.stats.as_deref()).collect::<StringArray>())),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
