//! Takes away what Parquet files say of the bounds of floating-point columns.
//!
//! Those leave NaN out, which is above all numbers here, as in Spark. DataFusion would leave out row groups and pages that hold
//! it: by filters, and by what it finds out while it sorts (ORDER BY … LIMIT) and joins.

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::basic::{LogicalType, Type};
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::ops::Range;
use std::sync::Arc;

/// A scan of Parquet files that knows no bounds of floats; other plans are as they were.
pub(crate) fn without_float_bounds(scan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    let source = scan.downcast_ref::<DataSourceExec>();
    let Some((config, parquet)) = source.and_then(|source| source.downcast_to_file_source::<ParquetSource>())
    else {
        return scan;
    };
    let Some(inner) = parquet.parquet_file_reader_factory() else { return scan };
    let files = NoFloatBounds { inner: Arc::clone(inner) };
    let parquet = parquet.clone().with_parquet_file_reader_factory(Arc::new(files));
    let config = FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(parquet)).build();
    DataSourceExec::from_data_source(config)
}

/// Opens files whose footers say nothing of the bounds of floats.
#[derive(Debug)]
pub(crate) struct NoFloatBounds {
    pub(crate) inner: Arc<dyn ParquetFileReaderFactory>,
}

impl ParquetFileReaderFactory for NoFloatBounds {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let inner = self.inner.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(Reader { inner }))
    }
}

struct Reader {
    inner: Box<dyn AsyncFileReader + Send>,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.inner.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.inner.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move { mended(self.inner.get_metadata(options).await?) }.boxed()
    }
}

fn mended(metadata: Arc<ParquetMetaData>) -> ParquetResult<Arc<ParquetMetaData>> {
    let columns = metadata.file_metadata().schema_descr().columns();
    let is_float = |of: &Type, logical: Option<&LogicalType>| {
        matches!(of, Type::FLOAT | Type::DOUBLE) || matches!(logical, Some(LogicalType::Float16))
    };
    if !columns.iter().any(|column| is_float(&column.physical_type(), column.logical_type_ref())) {
        return Ok(metadata);
    }
    let without_bounds = |column: &ColumnChunkMetaData| {
        let of = column.column_descr();
        match is_float(&of.physical_type(), of.logical_type_ref()) {
            // Without a place of its index, its pages have no bounds either.
            true => (column.clone().into_builder().clear_statistics())
                .set_column_index_offset(None)
                .set_column_index_length(None)
                .build(),
            false => Ok(column.clone()),
        }
    };
    let row_group = |group: &RowGroupMetaData| {
        let columns = group.columns().iter().map(without_bounds).collect::<ParquetResult<Vec<_>>>()?;
        group.clone().into_builder().set_column_metadata(columns).build()
    };
    let groups = metadata.row_groups().iter().map(row_group).collect::<ParquetResult<Vec<_>>>()?;
    let builder = ParquetMetaData::clone(&metadata).into_builder().set_row_groups(groups);
    // If the index is needed, it is read again.
    Ok(Arc::new(builder.set_column_index(None).build()))
}
