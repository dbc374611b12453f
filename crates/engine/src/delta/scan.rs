//! The plan that reads chosen files of a table: deletion vectors as row selections, columns found by the table's mapping.

use super::faults::in_plan;
use super::fitting::ReadColumns;
use super::mapping::MappedColumns;
use super::reader::{OpenedFiles, TableFiles};
use super::reads::PartitionFilter;
use super::table::{DeltaTable, ROW_COLUMN};
use crate::files::NoFloatBounds;
use crate::query::QueryControl;
use crate::{Error, ErrorKind};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{ScalarValue, Statistics, internal_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::parquet::arrow::RowNumber;
use datafusion::parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use futures::{StreamExt, stream};
use object_store::ObjectMeta;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tarn_delta::DataPath;
use tarn_delta::actions::DeletionVectorDescriptor;
use tarn_delta::deletion_vector::DeletionVector;
use tarn_delta::files::FileId;
use tarn_delta::snapshot::Snapshot;

/// Deletion vectors that are read at the same time.
const VECTORS_AT_ONCE: usize = 16;

/// Rows that a statement leaves out of a scan, by file.
pub(crate) type LeftOut = HashMap<FileId, DeletionVector>;

/// The files of a scan.
#[derive(Debug)]
pub(crate) struct Selected {
    /// In the order of the table's file list.
    pub(crate) files: Vec<SelectedFile>,
    /// Whether the files may hold rows that the scan does not put out, or fewer than all.
    pub(super) is_cut: bool,
    pub(super) projected_statistics: Statistics,
    /// What was asked of partitions.
    pub(super) partition_filter: Option<PartitionFilter>,
}

/// A file of a scan.
#[derive(Debug, Clone)]
pub(crate) struct SelectedFile {
    pub(crate) id: FileId,
    /// Its place in the table's file list, from 0.
    pub(crate) number: usize,
    /// As the log names it.
    pub(crate) path: String,
    pub(crate) size_bytes: u64,
    pub(super) modification_time_millis: i64,
    pub(super) partition_values: Vec<ScalarValue>,
    pub(crate) deletion_vector: Option<DeletionVectorDescriptor>,
    /// Rows in the file, where its statistics say so.
    pub(super) rows: Option<u64>,
    /// Rows that are not deleted.
    pub(crate) live_rows: Option<u64>,
}

/// Plans the scan.
pub(super) async fn plan(
    table: &DeltaTable,
    state: &dyn Session,
    selected: Selected,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    use datafusion::catalog::TableProvider;
    let schema = table.schema();
    let output = datafusion::common::project_schema(&schema, projection)?;
    if selected.files.is_empty() {
        return together(vec![], output);
    }
    let layout = Layout::of(table, &schema);
    let columns: Vec<usize> = match projection {
        Some(projection) => projection.iter().map(|column| layout.places[*column]).collect(),
        None => layout.places.clone(),
    };
    // One scan reads one store, and shallow clones name files of others.
    let mut stores: BTreeMap<String, Vec<PartitionedFile>> = BTreeMap::new();
    // Of hundreds of thousands of files few have rows that are left out, and only for those something is read.
    let mut choices = Vec::new();
    for file in selected.files {
        let path = table.snapshot.table().data_path(&file.path).map_err(in_plan)?;
        let scanned = partitioned_file(table, &file, &path);
        let store = format!("{}://{}", path.url.scheme(), path.url.authority());
        let files = stores.entry(store.clone()).or_default();
        if file.deletion_vector.is_some() || left_out_of(table, &file).is_some() {
            let (place, scanned) = (files.len(), scanned.clone());
            choices.push(
                async move { Ok((store, place, without_deleted(table, &file, &path, scanned).await?)) },
            );
        }
        files.push(scanned);
    }
    let choices: Vec<Result<_>> = stream::iter(choices).buffered(VECTORS_AT_ONCE).collect().await;
    for choice in choices {
        let (store, place, chosen) = choice?;
        if let Some(scanned) = stores.get_mut(&store).and_then(|files| files.get_mut(place)) {
            *scanned = chosen;
        }
    }
    let adapter = MappedColumns::of(&table.snapshot, table.row_ids.as_ref());
    let format = ParquetFormat::default().with_options(state.table_options().parquet.clone());
    let is_one = stores.len() == 1;
    let mut scans = Vec::new();
    for (store, files) in stores {
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let source = format.file_source(layout.schema.clone());
        let mut config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(store)?, source)
            .with_file_groups(groups)
            .with_projection_indices(Some(columns.clone()))?
            .with_expr_adapter(adapter.clone())
            .with_limit(limit);
        if is_one {
            config = config.with_statistics(layout.arrange(&selected.projected_statistics));
        }
        scans.push(open_by_table(&table.snapshot, &output, state, &format, config.build()).await?);
    }
    together(scans, output)
}

/// Scans as one, of these columns.
pub(super) fn together(
    mut scans: Vec<Arc<dyn ExecutionPlan>>,
    columns: SchemaRef,
) -> Result<Arc<dyn ExecutionPlan>> {
    match scans.len() {
        0 => Ok(Arc::new(EmptyExec::new(columns))),
        1 => Ok(scans.remove(0)),
        _ => UnionExec::try_new(scans),
    }
}

/// DataFusion's scan, whose files are opened in the table's name; `columns` are those that it puts out.
pub(super) async fn open_by_table(
    snapshot: &Snapshot,
    columns: &Schema,
    state: &dyn Session,
    format: &ParquetFormat,
    mut config: FileScanConfig,
) -> Result<Arc<dyn ExecutionPlan>> {
    let store = state.runtime_env().object_store(&config.object_store_url)?;
    // What comes out is copied, and the list of files may be long.
    let file_groups = std::mem::take(&mut config.file_groups);
    let scan = format.create_physical_plan(state, config).await?;
    let source = scan.downcast_ref::<DataSourceExec>();
    let source = source.and_then(|source| source.downcast_to_file_source::<ParquetSource>());
    let Some((config, parquet)) = source else { return internal_err!("a scan of Parquet files is another") };
    let Some(inner) = parquet.parquet_file_reader_factory() else {
        return internal_err!("a scan of Parquet files does not say how it opens them");
    };
    let opened = Arc::new(OpenedFiles::default());
    if let Some(control) = state.config().get_extension::<QueryControl>() {
        control.add_table_files(Arc::clone(&opened));
    }
    let files = TableFiles {
        inner: Arc::new(NoFloatBounds { inner: Arc::clone(inner) }),
        store,
        root: snapshot.table().root.clone(),
        version: snapshot.version(),
        columns: Arc::new(ReadColumns::of(snapshot, columns)),
        opened,
    };
    let parquet = parquet.clone().with_parquet_file_reader_factory(Arc::new(files));
    let config = FileScanConfigBuilder::from(config.clone())
        .with_source(Arc::new(parquet))
        .with_file_groups(file_groups)
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// How the columns of a table lie in DataFusion's scan: those of files first, then partition columns, then row numbers.
struct Layout {
    schema: TableSchema,
    /// Of each column of the table, its place in the scan.
    places: Vec<usize>,
}

impl Layout {
    fn of(table: &DeltaTable, schema: &Schema) -> Self {
        let partition_columns = &table.snapshot.metadata().partition_columns;
        let constants = table.constants();
        let has_rows = table.has_places || table.row_ids.is_some();
        let is_special = |name: &str| constants.contains(&name) || (has_rows && name == ROW_COLUMN);
        let is_partition = |name: &str| partition_columns.iter().any(|column| column == name);
        let in_files: Vec<FieldRef> = schema
            .fields()
            .iter()
            .filter(|field| !is_special(field.name()) && !is_partition(field.name()))
            .cloned()
            .collect();
        let mut partitions: Vec<FieldRef> = partition_columns
            .iter()
            .filter_map(|name| schema.field_with_name(name).ok())
            .map(|field| Arc::new(field.clone().with_nullable(true)))
            .collect();
        let of_files = constants.iter().filter_map(|name| schema.field_with_name(name).ok());
        partitions.extend(of_files.map(|field| Arc::new(field.clone())));
        let virtual_columns: Vec<FieldRef> = has_rows.then(|| Arc::new(row_field())).into_iter().collect();
        let schema_of_scan = TableSchema::builder(Arc::new(Schema::new(in_files)))
            .with_table_partition_cols(partitions)
            .with_virtual_columns(virtual_columns)
            .build();
        let all = schema_of_scan.table_schema();
        let places =
            schema.fields().iter().map(|field| all.index_of(field.name()).unwrap_or_default()).collect();
        Self { schema: schema_of_scan, places }
    }

    /// Statistics of the table in the order of the scan.
    fn arrange(&self, statistics: &Statistics) -> Statistics {
        let mut arranged = statistics.clone();
        for (column, place) in self.places.iter().enumerate() {
            if let (Some(from), Some(to)) =
                (statistics.column_statistics.get(column), arranged.column_statistics.get_mut(*place))
            {
                *to = from.clone();
            }
        }
        arranged
    }
}

/// The column of row numbers as DataFusion's Parquet scan makes it.
pub(super) fn row_field() -> Field {
    Field::new(ROW_COLUMN, DataType::Int64, false).with_extension_type(RowNumber)
}

/// The scan of all rows of a file.
fn partitioned_file(table: &DeltaTable, file: &SelectedFile, path: &DataPath) -> PartitionedFile {
    let last_modified =
        chrono::DateTime::from_timestamp_millis(file.modification_time_millis).unwrap_or_default();
    let mut scanned = PartitionedFile::from(ObjectMeta {
        location: path.path.clone(),
        last_modified,
        size: file.size_bytes,
        e_tag: None,
        version: None,
    });
    scanned.partition_values.clone_from(&file.partition_values);
    if table.has_places {
        let number = i64::try_from(file.number).unwrap_or(i64::MAX);
        scanned.partition_values.push(ScalarValue::Int64(Some(number)));
    }
    if table.row_ids.is_some() {
        let known = table.snapshot.files().get(file.id);
        let (base, version) =
            known.map_or((None, None), |known| (known.base_row_id(), known.default_row_commit_version()));
        scanned.partition_values.extend([ScalarValue::Int64(base), ScalarValue::Int64(version)]);
    }
    if table.has_file_facts {
        let url = path.url.as_str();
        let micros = file.modification_time_millis.checked_mul(1000);
        scanned.partition_values.extend([
            ScalarValue::Utf8View(Some(url.to_owned())),
            ScalarValue::Utf8View(Some(url.rsplit('/').next().unwrap_or(url).to_owned())),
            ScalarValue::Int64(i64::try_from(file.size_bytes).ok()),
            ScalarValue::TimestampMicrosecond(micros, Some("UTC".into())),
        ]);
    }
    scanned
}

fn left_out_of<'a>(table: &'a DeltaTable, file: &SelectedFile) -> Option<&'a DeletionVector> {
    table.left_out.as_ref()?.get(&file.id)
}

/// The scan of a file without its deleted rows and those that a statement leaves out.
async fn without_deleted(
    table: &DeltaTable,
    file: &SelectedFile,
    path: &DataPath,
    scanned: PartitionedFile,
) -> Result<PartitionedFile> {
    let mut deleted = match &file.deletion_vector {
        Some(vector) => {
            let snapshot = &table.snapshot;
            DeletionVector::load_of(snapshot.table(), snapshot.version(), &file.path, vector)
                .await
                .map_err(in_plan)?
        }
        None => DeletionVector::default(),
    };
    if let Some(left_out) = left_out_of(table, file) {
        deleted.union(left_out);
    }
    let meta = scanned.object_meta.clone();
    let rows = RowChoice::Without { deleted, rows_in_file: file.rows };
    choose_rows(scanned, path, &meta, &rows, &file.path).await
}

/// Which rows of a file a scan gives.
#[derive(Debug, Clone)]
pub(super) enum RowChoice {
    All,
    /// All but these.
    Without {
        deleted: DeletionVector,
        /// How many rows the file has, where that is known.
        rows_in_file: Option<u64>,
    },
    /// These alone.
    Only(DeletionVector),
}

/// The scan of a file that gives some of its rows. `name` is the file's in messages.
pub(super) async fn choose_rows(
    scanned: PartitionedFile,
    path: &DataPath,
    meta: &ObjectMeta,
    rows: &RowChoice,
    name: &str,
) -> Result<PartitionedFile> {
    let selection = match rows {
        RowChoice::All => return Ok(scanned),
        RowChoice::Without { deleted, rows_in_file: Some(rows) } => selection(deleted, *rows, name, false)?,
        RowChoice::Without { deleted, rows_in_file: None } => {
            selection(deleted, rows_in_file(path, meta).await?, name, false)?
        }
        RowChoice::Only(chosen) => selection(chosen, rows_in_file(path, meta).await?, name, true)?,
    };
    Ok(scanned.with_extension(ParquetRowSelection::new(selection)))
}

async fn rows_in_file(path: &DataPath, meta: &ObjectMeta) -> Result<u64> {
    let metadata = DFParquetMetadata::new(path.store.as_ref(), meta).fetch_metadata().await?;
    Ok(u64::try_from(metadata.file_metadata().num_rows()).unwrap_or_default())
}

/// The rows of a vector, or the others.
fn selection(vector: &DeletionVector, rows: u64, name: &str, takes_listed: bool) -> Result<RowSelection> {
    let beyond = |row: u64| {
        Error::new(
            ErrorKind::BadData,
            format!("The deletion vector of {name} deletes row {row}, but the file has {rows} rows"),
        )
        .hint("Restore the file or the vector, or RESTORE the table to an earlier version")
    };
    let narrow = |count: u64| usize::try_from(count).map_err(|_| beyond(count));
    let run_of = |count: usize, is_listed: bool| match is_listed == takes_listed {
        true => RowSelector::select(count),
        false => RowSelector::skip(count),
    };
    let mut selectors: Vec<RowSelector> = Vec::new();
    let mut next = 0u64;
    let mut listed = 0usize;
    for row in vector.iter() {
        if row >= rows {
            return Err(beyond(row).into());
        }
        if row > next {
            if listed > 0 {
                selectors.push(run_of(listed, true));
                listed = 0;
            }
            selectors.push(run_of(narrow(row - next)?, false));
        }
        listed += 1;
        next = row + 1;
    }
    if listed > 0 {
        selectors.push(run_of(listed, true));
    }
    if rows > next {
        selectors.push(run_of(narrow(rows - next)?, false));
    }
    Ok(RowSelection::from(selectors))
}
