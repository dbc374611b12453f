//! Scans of files that a statement lists itself: those that it has just written, and those of the change feed. Each file
//! may bring constants as columns of its own, and give only some of its rows.

use super::faults::in_plan;
use super::mapping::MappedColumns;
use super::scan::{RowChoice, choose_rows, open_by_table};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectMeta;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::actions::PartitionValues;
use tarn_delta::partition_values::parse_partition_value;
use tarn_delta::snapshot::Snapshot;

/// Files that are prepared at the same time: their deletion vectors are read.
const FILES_AT_ONCE: usize = 16;

/// A file to read.
#[derive(Debug, Clone)]
pub(super) struct ListedFile {
    /// As the log names it.
    pub(super) path: String,
    pub(super) size_bytes: u64,
    /// In milliseconds since 1970.
    pub(super) modified_millis: i64,
    pub(super) partition_values: PartitionValues,
    pub(super) rows: RowChoice,
    /// The values of the scan's constants.
    pub(super) constants: Vec<ScalarValue>,
}

/// The columns of such a scan.
#[derive(Debug, Clone)]
pub(super) struct ListedColumns {
    schema: TableSchema,
    /// The columns of files that are none of the table's.
    in_files: Vec<String>,
}

impl ListedColumns {
    /// The columns of a table as `columns` has them, `in_files` that only the files have, and constants.
    pub(super) fn new(
        snapshot: &Snapshot,
        columns: &Schema,
        in_files: Vec<FieldRef>,
        constants: Vec<FieldRef>,
    ) -> Self {
        let partition_columns = &snapshot.metadata().partition_columns;
        let is_partition = |name: &str| partition_columns.iter().any(|column| column == name);
        let own = columns.fields().iter().filter(|field| !is_partition(field.name())).cloned();
        let names = in_files.iter().map(|field| field.name().clone()).collect();
        let in_files: Vec<FieldRef> = own.chain(in_files).collect();
        let of_table = partition_columns.iter().filter_map(|name| columns.field_with_name(name).ok());
        let mut folders: Vec<FieldRef> =
            of_table.map(|field| Arc::new(field.clone().with_nullable(true))).collect();
        folders.extend(constants);
        let schema = TableSchema::builder(Arc::new(Schema::new(in_files))).with_table_partition_cols(folders);
        Self { schema: schema.build(), in_files: names }
    }

    /// The places of columns in the scan.
    fn places(&self, wanted: &Schema) -> Result<Vec<usize>> {
        let all = self.schema.table_schema();
        wanted.fields().iter().map(|field| Ok(all.index_of(field.name())?)).collect()
    }

    /// The values that all rows of a file share.
    fn shared_values(&self, snapshot: &Snapshot, file: &ListedFile) -> Result<Vec<ScalarValue>> {
        let mut values = Vec::new();
        for name in &snapshot.metadata().partition_columns {
            let Some(field) = snapshot.schema().field(name) else { continue };
            let physical = field.physical_name(snapshot.column_mapping());
            let text = file.partition_values.get(physical).and_then(|value| value.as_deref());
            let value = parse_partition_value(text, &field.data_type).map_err(|error| {
                let place = format!("the partition column {name}");
                in_plan(tarn_delta::Error::damaged(&file.path, format!("{place}: {error}")))
            })?;
            let to = self.schema.table_schema().field_with_name(name)?.data_type();
            values.push(ScalarValue::try_from_array(&cast(&value, to)?, 0)?);
        }
        values.extend(file.constants.iter().cloned());
        Ok(values)
    }
}

/// Plans the scan of some files, which gives the columns `wanted`.
pub(super) async fn plan(
    state: &dyn Session,
    snapshot: &Snapshot,
    columns: &ListedColumns,
    files: Vec<ListedFile>,
    wanted: &SchemaRef,
) -> Result<Vec<Arc<dyn ExecutionPlan>>> {
    let mut stores: BTreeMap<String, Vec<PartitionedFile>> = BTreeMap::new();
    let prepared: Vec<_> = files.iter().map(|file| prepare(snapshot, columns, file)).collect();
    let prepared: Vec<_> = stream::iter(prepared).buffered(FILES_AT_ONCE).try_collect().await?;
    for (store, file) in prepared {
        stores.entry(store).or_default().push(file);
    }
    let places = columns.places(wanted)?;
    let format = ParquetFormat::default().with_options(state.table_options().parquet.clone());
    let mut scans = Vec::new();
    for (store, files) in stores {
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let source = format.file_source(columns.schema.clone());
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(store)?, source)
            .with_file_groups(groups)
            .with_projection_indices(Some(places.clone()))?
            .with_expr_adapter(MappedColumns::with_hidden(snapshot, columns.in_files.clone()));
        scans.push(open_by_table(snapshot, wanted, state, &format, config.build()).await?);
    }
    Ok(scans)
}

async fn prepare(
    snapshot: &Snapshot,
    columns: &ListedColumns,
    file: &ListedFile,
) -> Result<(String, PartitionedFile)> {
    let path = snapshot.table().data_path(&file.path).map_err(in_plan)?;
    let meta = ObjectMeta {
        location: path.path.clone(),
        last_modified: chrono::DateTime::from_timestamp_millis(file.modified_millis).unwrap_or_default(),
        size: file.size_bytes,
        e_tag: None,
        version: None,
    };
    let mut scanned = PartitionedFile::from(meta.clone());
    scanned.partition_values = columns.shared_values(snapshot, file)?;
    let store = format!("{}://{}", path.url.scheme(), path.url.authority());
    let scanned = choose_rows(scanned, &path, &meta, &file.rows, &file.path).await?;
    Ok((store, scanned))
}
