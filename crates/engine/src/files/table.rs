//! A table of files that were listed once: every scan of a statement sees the same ones.
//!
//! DataFusion's ListingTable lists again at each scan and reads whatever ends in the right letters; here the list is a
//! value, chosen by Spark's rules.

use super::float_bounds::without_float_bounds;
use super::partitions::Partitions;
use crate::Result;
use crate::filters::{is_about_partitions, pushdown, unqualify};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Statistics, ToDFSchema};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SessionState;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore};
use std::sync::Arc;

/// Statistics are read from at most this many footers before a plan is made.
const MAX_STATISTICS_FILES: usize = 256;
/// Footers that are read at the same time.
const FOOTERS_AT_ONCE: usize = 8;

/// Files with one schema.
#[derive(Debug)]
pub(crate) struct FilesTable {
    format: Arc<dyn FileFormat>,
    store_url: ObjectStoreUrl,
    schema: TableSchema,
    files: Vec<PartitionedFile>,
}

impl FilesTable {
    pub(crate) async fn new(
        state: &SessionState,
        format: Arc<dyn FileFormat>,
        store_url: ObjectStoreUrl,
        store: Arc<dyn ObjectStore>,
        metas: Vec<ObjectMeta>,
        file_schema: SchemaRef,
        partitions: Partitions,
    ) -> Result<Self> {
        // A partition column that the files hold too takes its values from the folders.
        let is_partition = |name: &str| partitions.fields.iter().any(|field| field.name() == name);
        let kept: Vec<_> = file_schema.fields().iter().filter(|f| !is_partition(f.name())).cloned().collect();
        let file_schema = Arc::new(Schema::new_with_metadata(kept, file_schema.metadata().clone()));
        let with_statistics = metas.len() <= MAX_STATISTICS_FILES;
        let files = stream::iter(metas.into_iter().zip(partitions.values))
            .map(|(meta, values)| {
                let (format, store, schema) = (&format, &store, &file_schema);
                async move {
                    let statistics = match with_statistics {
                        true => {
                            let found = format.infer_stats(state, store, Arc::clone(schema), &meta).await?;
                            without_bounds(found, schema)
                        }
                        false => Statistics::new_unknown(schema),
                    };
                    let mut file = PartitionedFile::from(meta);
                    file.partition_values = values;
                    Ok::<_, crate::Error>(file.with_statistics(Arc::new(statistics)))
                }
            })
            .buffered(FOOTERS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self {
            format,
            store_url,
            schema: TableSchema::builder(file_schema).with_table_partition_cols(partitions.fields).build(),
            files,
        })
    }

    fn is_partition(&self, name: &str) -> bool {
        self.schema.table_partition_cols().iter().any(|field| field.name() == name)
    }

    /// Whether the partition values of a file let it hold rows that pass the filters.
    fn may_match(
        &self,
        state: &dyn Session,
        file: &PartitionedFile,
        filters: &[&Expr],
    ) -> DataFusionResult<bool> {
        use datafusion::arrow::array::{Array, AsArray, RecordBatch};
        let partitions = self.schema.table_partition_cols();
        let schema = Arc::new(Schema::new(partitions.iter().cloned().collect::<Vec<_>>()));
        let columns =
            file.partition_values.iter().map(|v| v.to_array()).collect::<DataFusionResult<Vec<_>>>()?;
        let row = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let df_schema: DFSchema = Arc::clone(&schema).to_dfschema()?;
        for filter in filters {
            let unqualified = unqualify((*filter).clone())?;
            let value = state.create_physical_expr(unqualified, &df_schema)?.evaluate(&row)?.into_array(1)?;
            let passes = value.as_boolean_opt().is_some_and(|value| value.is_valid(0) && value.value(0));
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Bounds in Parquet files leave NaN out: a column with one that seems constant is not, nor is its greatest value known.
fn without_bounds(mut statistics: Statistics, schema: &Schema) -> Statistics {
    for (field, column) in schema.fields().iter().zip(&mut statistics.column_statistics) {
        if field.data_type().is_floating() {
            column.min_value = Precision::Absent;
            column.max_value = Precision::Absent;
        }
    }
    statistics
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(pushdown(filters, |name| self.is_partition(name)))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let chooses = |filter: &&Expr| is_about_partitions(filter, |name| self.is_partition(name));
        let about_partitions: Vec<&Expr> = filters.iter().filter(chooses).collect();
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            if about_partitions.is_empty() || self.may_match(state, file, &about_partitions)? {
                files.push(file.clone());
            }
        }
        if files.is_empty() {
            let schema = datafusion::common::project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let (groups, statistics) =
            datafusion_datasource::compute_all_files_statistics(groups, self.schema(), true, false)?;
        let source = self.format.file_source(self.schema.clone());
        let config = FileScanConfigBuilder::new(self.store_url.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(without_float_bounds(self.format.create_physical_plan(state, config).await?))
    }
}
