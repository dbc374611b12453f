//! JSON files: lines or one array, packed or not, in every home.
//!
//! DataFusion's own reader parses arrays on a thread of its own, which a browser does not have, and refuses a number in a
//! column of text, which Spark reads as text.

use super::INFER_ROWS;
use super::json_array::ArrayLines;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::{Decoder, infer_json_schema_from_iterator};
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// Unpacked bytes that schema inference reads of a file.
const INFER_BYTES: usize = 32 << 20;

/// A JSON file's form.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonText {
    pub(super) compression: FileCompressionType,
    /// Whether the file is one array rather than lines.
    pub(super) is_array: bool,
}

impl JsonText {
    /// The file's lines, unpacked.
    async fn lines(
        self,
        store: &Arc<dyn ObjectStore>,
        file: &ObjectMeta,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let packed = store.get(&file.location).await?.into_stream().map_err(Into::into).boxed();
        let unpacked = self.compression.convert_stream(packed)?;
        if !self.is_array {
            // The decoder knows no byte order mark.
            let mut is_first = true;
            return Ok(unpacked
                .map_ok(move |bytes| {
                    let marked = std::mem::take(&mut is_first) && bytes.starts_with(b"\xEF\xBB\xBF");
                    if marked { bytes.slice(3..) } else { bytes }
                })
                .boxed());
        }
        let mut lines = ArrayLines::default();
        Ok(unpacked.map_ok(move |bytes| lines.next(&bytes)).boxed())
    }

    async fn infer(self, store: &Arc<dyn ObjectStore>, file: &ObjectMeta) -> Result<Schema> {
        let mut lines = self.lines(store, file).await?;
        let mut text = Vec::new();
        let mut is_whole = true;
        while let Some(bytes) = lines.try_next().await? {
            text.extend_from_slice(&bytes);
            if text.len() >= INFER_BYTES {
                is_whole = false;
                break;
            }
        }
        if !is_whole {
            let end = text.iter().rposition(|&byte| byte == b'\n').unwrap_or(text.len());
            text.truncate(end);
        }
        let values = serde_json::Deserializer::from_slice(&text)
            .into_iter::<serde_json::Value>()
            .take(INFER_ROWS)
            .map(|value| value.map_err(|error| ArrowError::JsonError(error.to_string())));
        Ok(infer_json_schema_from_iterator(values)?)
    }
}

#[async_trait]
impl FileFormat for JsonText {
    fn get_ext(&self) -> String {
        "json".to_owned()
    }

    fn get_ext_with_compression(&self, _: &FileCompressionType) -> Result<String> {
        Ok(self.get_ext())
    }

    fn compression_type(&self) -> Option<FileCompressionType> {
        Some(self.compression)
    }

    async fn infer_schema(
        &self,
        _state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        objects: &[ObjectMeta],
    ) -> Result<SchemaRef> {
        let mut schemas = Vec::with_capacity(objects.len());
        for object in objects {
            schemas.push(self.infer(store, object).await?);
        }
        Ok(Arc::new(Schema::try_merge(schemas)?))
    }

    async fn infer_stats(
        &self,
        _state: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        table_schema: SchemaRef,
        _object: &ObjectMeta,
    ) -> Result<Statistics> {
        Ok(Statistics::new_unknown(&table_schema))
    }

    async fn create_physical_plan(
        &self,
        _state: &dyn Session,
        conf: FileScanConfig,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(DataSourceExec::from_data_source(conf))
    }

    fn file_source(&self, table_schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(JsonSource {
            text: *self,
            projection: SplitProjection::unprojected(&table_schema),
            table_schema,
            batch_size: 8192,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

#[derive(Clone)]
struct JsonSource {
    text: JsonText,
    table_schema: TableSchema,
    projection: SplitProjection,
    batch_size: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl FileSource for JsonSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        _base_config: &FileScanConfig,
        _partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let file_schema = self.table_schema.file_schema();
        let schema = Arc::new(file_schema.project(&self.projection.file_indices)?);
        let opener = JsonOpener { text: self.text, schema, batch_size: self.batch_size, store };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), file_schema)
    }

    fn table_schema(&self) -> &TableSchema {
        &self.table_schema
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { batch_size, ..self.clone() })
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        let projection = SplitProjection::new(self.table_schema.file_schema(), &merged);
        Ok(Some(Arc::new(Self { projection, ..self.clone() })))
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        "json"
    }

    /// A file is read from its beginning: an array has no place to start at, and packed text neither.
    fn supports_repartitioning(&self) -> bool {
        false
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        datafusion::physical_plan::apply_expression_roots(self.projection.source.iter(), f)
    }
}

struct JsonOpener {
    text: JsonText,
    schema: SchemaRef,
    batch_size: usize,
    store: Arc<dyn ObjectStore>,
}

impl FileOpener for JsonOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let decoder = ReaderBuilder::new(Arc::clone(&self.schema))
            .with_batch_size(self.batch_size)
            // A number in a column of text is its digits.
            .with_coerce_primitive(true)
            .build_decoder()?;
        let (text, store) = (self.text, Arc::clone(&self.store));
        Ok(Box::pin(async move {
            let lines = text.lines(&store, &file.object_meta).await?;
            Ok(batches(lines, decoder))
        }))
    }
}

fn batches(
    lines: BoxStream<'static, Result<Bytes>>,
    decoder: Decoder,
) -> BoxStream<'static, Result<datafusion::arrow::array::RecordBatch>> {
    let state = (lines, decoder, Bytes::new(), false);
    stream::try_unfold(state, |(mut lines, mut decoder, mut rest, mut is_over)| async move {
        loop {
            if rest.is_empty() && !is_over {
                match lines.try_next().await? {
                    Some(bytes) => rest = bytes,
                    None => is_over = true,
                }
            }
            let read = decoder.decode(&rest)?;
            let is_full = read < rest.len();
            rest = rest.slice(read..);
            if is_full || is_over {
                let batch = decoder.flush()?;
                match batch {
                    Some(batch) => {
                        return Ok::<_, DataFusionError>(Some((batch, (lines, decoder, rest, is_over))));
                    }
                    None if is_over && rest.is_empty() => return Ok(None),
                    None => {}
                }
            }
        }
    })
    .boxed()
}
