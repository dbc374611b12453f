//! A version of a Delta table as DataFusion sees it.

use super::faults::in_plan;
use super::reads::Reads;
use super::row_count;
use super::scan::{self, Selected};
use super::skipping;
use crate::filters::pushdown;
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Statistics, project_schema};
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;
use tarn_delta::files::FileId;
use tarn_delta::row_tracking::MaterializedColumns;
use tarn_delta::schema::{StructType, to_arrow};
use tarn_delta::snapshot::Snapshot;

/// The column with a file's number, in scans that say where rows are.
pub(crate) const FILE_COLUMN: &str = "__tarn_file";
/// The column with a row's place in its file, in scans that say where rows are.
pub(crate) const ROW_COLUMN: &str = "__tarn_row";
/// The column with a file's first row id, in scans that say which row is which.
pub(crate) const BASE_ID_COLUMN: &str = "__tarn_base_row_id";
/// The column with the version that added a file, in scans that say which row is which.
pub(crate) const FILE_VERSION_COLUMN: &str = "__tarn_row_commit_version";
/// The columns that describe a row's file, in scans that do: its URL, name, bytes and time of writing.
pub(super) const FILE_FACTS: [&str; 4] =
    ["__tarn_file_path", "__tarn_file_name", "__tarn_file_size", "__tarn_file_modification_time"];

/// A version of a table.
#[derive(Debug, Clone)]
pub(crate) struct DeltaTable {
    pub(crate) snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    /// Only these files, where a statement has chosen.
    only: Option<Arc<Vec<FileId>>>,
    /// Whether each row comes with [`FILE_COLUMN`] and [`ROW_COLUMN`].
    pub(super) has_places: bool,
    /// The columns in files of rows that were moved, where each row comes with its id.
    pub(super) row_ids: Option<MaterializedColumns>,
    /// Whether each row comes with [`FILE_FACTS`].
    pub(super) has_file_facts: bool,
    /// What scans of this table have asked for.
    pub(crate) reads: Arc<Reads>,
    /// Rows that are left out beside those of the table's deletion vectors, by file.
    pub(super) left_out: Option<Arc<super::scan::LeftOut>>,
}

impl DeltaTable {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        let schema = Arc::new(engine_schema(&to_arrow(snapshot.schema())));
        Self {
            snapshot,
            schema,
            only: None,
            has_places: false,
            row_ids: None,
            has_file_facts: false,
            left_out: None,
            reads: Arc::default(),
        }
    }

    /// The table with columns that it is about to get: no file has them yet.
    pub(crate) fn with_schema(snapshot: Arc<Snapshot>, schema: &StructType) -> Self {
        let arrow = Arc::new(engine_schema(&to_arrow(schema)));
        Self { schema: arrow, ..Self::new(snapshot) }
    }

    /// The same table, whose rows say where they are: two more columns, a file's number in `FileList::iter` order, and
    /// the row's place in that file, both from 0.
    pub(crate) fn with_places(mut self) -> Self {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(FILE_COLUMN, DataType::Int64, true)));
        fields.push(Arc::new(super::scan::row_field()));
        self.schema = Arc::new(Schema::new(fields));
        self.has_places = true;
        self
    }

    /// The same table, whose rows say which they are ("Row Tracking"): four more columns beside [`ROW_COLUMN`], from
    /// which [`row_ids`] makes their ids and versions. Where rows also say where they are, that comes first.
    ///
    /// [`row_ids`]: super::row_ids
    pub(crate) fn with_row_ids(mut self, columns: &MaterializedColumns) -> Self {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        for name in [&columns.row_id, &columns.row_commit_version] {
            fields.push(Arc::new(Field::new(name, DataType::Int64, true)));
        }
        for name in [BASE_ID_COLUMN, FILE_VERSION_COLUMN] {
            fields.push(Arc::new(Field::new(name, DataType::Int64, true)));
        }
        if !self.has_places {
            fields.push(Arc::new(super::scan::row_field()));
        }
        self.schema = Arc::new(Schema::new(fields));
        self.row_ids = Some(columns.clone());
        self
    }

    /// The same table, whose rows come with what is known of their files.
    pub(super) fn with_file_facts(mut self) -> Self {
        let [path, name, size, time] = FILE_FACTS;
        let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let of_file =
            [(path, DataType::Utf8View), (name, DataType::Utf8View), (size, DataType::Int64), (time, micros)];
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        fields.extend(of_file.map(|(name, data_type)| Arc::new(Field::new(name, data_type, true))));
        self.schema = Arc::new(Schema::new(fields));
        self.has_file_facts = true;
        self
    }

    /// The columns that are not the table's own and have one value a file, in the order of the scan.
    pub(super) fn constants(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if self.has_places {
            names.push(FILE_COLUMN);
        }
        if self.row_ids.is_some() {
            names.extend([BASE_ID_COLUMN, FILE_VERSION_COLUMN]);
        }
        if self.has_file_facts {
            names.extend(FILE_FACTS);
        }
        names
    }

    /// The same table as a statement reads it that changes rows: they say where they are, and which, where the table
    /// tracks its rows.
    pub(crate) fn for_changes(self) -> Self {
        let tracked = MaterializedColumns::of(self.snapshot.metadata());
        let table = self.with_places();
        match tracked {
            Some(columns) => table.with_row_ids(&columns),
            None => table,
        }
    }

    /// The same table with some of its files only, and without some of their rows.
    pub(crate) fn with_only(
        mut self,
        files: Vec<FileId>,
        left_out: Option<Arc<super::scan::LeftOut>>,
    ) -> Self {
        self.only = Some(Arc::new(files));
        self.left_out = left_out;
        self
    }

    /// The files that may hold rows that pass the filters.
    pub(crate) async fn select(
        &self,
        state: &dyn Session,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Selected> {
        let mut selected =
            skipping::select(state, &self.snapshot, &self.schema, filters, limit, self.only.as_deref())
                .await?;
        selected.projected_statistics = self.statistics_of(&selected);
        self.reads.note(std::mem::take(&mut selected.partition_filter));
        Ok(selected)
    }

    fn statistics_of(&self, selected: &Selected) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        let rows = selected.files.iter().map(|file| file.live_rows).sum::<Option<u64>>();
        let bytes: u64 = selected.files.iter().map(|file| file.size_bytes).sum();
        let is_whole = self.left_out.is_none();
        statistics.num_rows = match rows.and_then(|rows| usize::try_from(rows).ok()) {
            Some(rows) if is_whole && !selected.is_cut => Precision::Exact(rows),
            Some(rows) => Precision::Inexact(rows),
            None => Precision::Absent,
        };
        statistics.total_byte_size = usize::try_from(bytes).map_or(Precision::Absent, Precision::Inexact);
        statistics
    }
}

/// The schema that queries see: texts and bytes as views, which scans of Parquet fill without copies.
pub(crate) fn engine_schema(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        DataType::Binary => Arc::new(field.as_ref().clone().with_data_type(DataType::BinaryView)),
        _ => Arc::clone(field),
    });
    Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
}

#[async_trait]
impl TableProvider for DeltaTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        let partitions = &self.snapshot.metadata().partition_columns;
        Ok(pushdown(filters, |name| partitions.iter().any(|partition| partition == name)))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        if let (Some([]), []) = (projection.map(Vec::as_slice), filters)
            && self.only.is_none()
            && self.left_out.is_none()
            && let Some(rows) = row_count::live_rows(&self.snapshot).await.map_err(in_plan)?
        {
            self.reads.note(None);
            let rows = limit.map_or(rows, |limit| limit.min(rows));
            let none = project_schema(&self.schema, projection)?;
            return row_count::plan(none, rows);
        }
        let selected = self.select(state, filters, limit).await?;
        scan::plan(self, state, selected, projection, limit).await
    }
}
