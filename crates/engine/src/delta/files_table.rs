//! The files of a version as a table: `table_files('table')`. Rows are made while they are asked for: statistics of all
//! files at once could fill a tab.

use super::changes::num_records;
use super::faults::in_plan;
use async_trait::async_trait;
use datafusion::arrow::array::{
    ArrayRef, Int64Array, MapBuilder, RecordBatch, RecordBatchOptions, StringArray, StringBuilder,
    TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, project_schema};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::{StreamExt, stream};
use std::sync::Arc;
use tarn_delta::actions::Add;
use tarn_delta::files::FileId;
use tarn_delta::snapshot::Snapshot;

/// Files that are described at once. A file of the log is read again for each such part of it.
const FILES_AT_ONCE: usize = 16_384;

const NUM_RECORDS: &str = "num_records";
const STATS: &str = "stats";

/// One row a file: `path`, `size_bytes`, `modified`, `num_records`, `deleted_rows`, `partition_values`, `stats` (JSON, as in
/// the log).
#[derive(Debug)]
pub(crate) struct FilesTable {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
}

impl FilesTable {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        let millis = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let of_partitions = partition_values(&[]).map_or(DataType::Null, |none| none.data_type().clone());
        let fields = [
            ("path", DataType::Utf8),
            ("size_bytes", DataType::Int64),
            ("modified", millis),
            (NUM_RECORDS, DataType::Int64),
            ("deleted_rows", DataType::Int64),
            ("partition_values", of_partitions),
            (STATS, DataType::Utf8),
        ];
        let fields = fields.map(|(name, data_type)| Field::new(name, data_type, true));
        Self { snapshot, schema: Arc::new(Schema::new(fields.to_vec())) }
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = project_schema(&self.schema, projection)?;
        let most = limit.unwrap_or(usize::MAX);
        let rows = FileRows { snapshot: Arc::clone(&self.snapshot), schema: Arc::clone(&schema), most };
        let rows: Vec<Arc<dyn PartitionStream>> = vec![Arc::new(rows)];
        Ok(Arc::new(StreamingTableExec::try_new(schema, rows, None, [], false, limit)?))
    }
}

/// The rows, in some of the columns.
#[derive(Debug)]
struct FileRows {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    /// More rows than these are not asked for.
    most: usize,
}

impl PartitionStream for FileRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (snapshot, schema) = (Arc::clone(&self.snapshot), Arc::clone(&self.schema));
        let ids: Vec<FileId> = snapshot.files().iter().take(self.most).map(|file| file.id()).collect();
        let parts: Vec<Vec<FileId>> = ids.chunks(FILES_AT_ONCE).map(<[FileId]>::to_vec).collect();
        let rows = stream::iter(parts).then(move |ids| {
            let (snapshot, schema) = (Arc::clone(&snapshot), Arc::clone(&schema));
            async move { rows_of(&snapshot, &schema, &ids).await }
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows.boxed()))
    }
}

async fn rows_of(snapshot: &Snapshot, schema: &SchemaRef, ids: &[FileId]) -> Result<RecordBatch> {
    let asks_statistics = schema.fields().iter().any(|field| [NUM_RECORDS, STATS].contains(&&**field.name()));
    let adds: Vec<Add> = match asks_statistics {
        true => snapshot.adds_with_stats(ids).await.map_err(in_plan)?,
        false => ids.iter().filter_map(|id| snapshot.files().get(*id)).map(|file| file.to_add()).collect(),
    };
    let columns = schema.fields().iter().map(|field| column(field.name(), &adds));
    let options = RecordBatchOptions::new().with_row_count(Some(adds.len()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_>>()?, &options)?)
}

fn column(name: &str, adds: &[Add]) -> Result<ArrayRef> {
    let deleted = |add: &Add| add.deletion_vector.as_ref().map_or(0, |vector| vector.cardinality);
    let records = |add: &Add| num_records(add).and_then(|rows| i64::try_from(rows).ok());
    Ok(match name {
        "path" => Arc::new(adds.iter().map(|add| Some(add.path.as_str())).collect::<StringArray>()),
        "size_bytes" => Arc::new(adds.iter().map(|add| Some(add.size)).collect::<Int64Array>()),
        "modified" => {
            let times = adds.iter().map(|add| Some(add.modification_time));
            Arc::new(times.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
        }
        NUM_RECORDS => Arc::new(adds.iter().map(records).collect::<Int64Array>()),
        "deleted_rows" => Arc::new(adds.iter().map(|add| Some(deleted(add))).collect::<Int64Array>()),
        "partition_values" => partition_values(adds)?,
        _ => Arc::new(adds.iter().map(|add| add.stats.as_deref()).collect::<StringArray>()),
    })
}

fn partition_values(adds: &[Add]) -> Result<ArrayRef> {
    let mut partitions = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for add in adds {
        for (column, value) in &add.partition_values {
            partitions.keys().append_value(column);
            partitions.values().append_option(value.as_deref());
        }
        partitions.append(true)?;
    }
    Ok(Arc::new(partitions.finish()))
}
