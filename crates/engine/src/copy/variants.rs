//! Variants in copies: marked as such in Parquet, plain JSON in JSON, and JSON as a text in CSV.
//!
//! DataFusion knows no variants, so where a copy has some, its own writers are exchanged for these.

use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::writer::{LineDelimited, NullableEncoder};
use datafusion::arrow::json::{Encoder, EncoderFactory, EncoderOptions, WriterBuilder};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::file_options::json_writer::JsonWriterOptions;
use datafusion::common::runtime::{JoinSet, SpawnedTask};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::datasource::file_format::json::JsonSink;
use datafusion::datasource::file_format::parquet::ParquetSink;
use datafusion::datasource::physical_plan::{FileSink, FileSinkConfig};
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, col,
};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan};
use datafusion_datasource::write::demux::DemuxedStreamReceiver;
use datafusion_datasource::write::orchestration::spawn_writer_tasks_and_join;
use datafusion_datasource::write::{BatchSerializer, get_writer_schema};
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use parking_lot::Mutex;
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::properties::WriterPropertiesBuilder;
use std::fmt;
use std::sync::Arc;
use tarn_delta::variant::{
    VariantError, annotated_schema, holds_variants, in_copies, is_variant, replaced_field, replaced_type,
    variant_type_in_copies, with_texts, write_json,
};

/// What a file's columns as a whole are called in Parquet, as Arrow's writer calls them.
const SCHEMA_ROOT: &str = "arrow_schema";

/// The rows with JSON as texts in the place of variants.
pub(super) fn as_texts(input: LogicalPlan) -> Result<LogicalPlan> {
    if !input.schema().fields().iter().any(|field| holds_variants(field.data_type())) {
        return Ok(input);
    }
    let text = ScalarUDF::new_from_impl(AsTexts { signature: Signature::any(1, Volatility::Immutable) });
    let columns = input.schema().iter().map(|(qualifier, field)| {
        let column = col(datafusion::common::Column::new(qualifier.cloned(), field.name()));
        match holds_variants(field.data_type()) {
            true => text.call(vec![column]).alias(field.name()),
            false => column,
        }
    });
    let columns: Vec<_> = columns.collect();
    Ok(LogicalPlanBuilder::from(input).project(columns)?.build()?)
}

/// A copy's plan with writers that know variants, where there are some.
pub(crate) fn with_sinks(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let exchanged = plan.transform_up(|node| {
        let Some(exec) = node.downcast_ref::<DataSinkExec>() else { return Ok(Transformed::no(node)) };
        let sink = exec.sink();
        if !sink.schema().fields().iter().any(|field| holds_variants(field.data_type())) {
            return Ok(Transformed::no(node));
        }
        let exchanged: Arc<dyn DataSink> = if let Some(sink) = sink.downcast_ref::<ParquetSink>() {
            let (config, options) = (sink.config().clone(), sink.parquet_options().clone());
            Arc::new(MarkedParquet { config, options })
        } else if let Some(sink) = sink.downcast_ref::<JsonSink>() {
            Arc::new(InlineJson { config: sink.config().clone(), options: sink.writer_options().clone() })
        } else {
            return Ok(Transformed::no(node));
        };
        let exec = DataSinkExec::new(Arc::clone(exec.input()), exchanged, exec.sort_order().clone());
        Ok(Transformed::yes(Arc::new(exec) as Arc<dyn ExecutionPlan>))
    });
    Ok(exchanged.data()?)
}

fn told(error: &VariantError) -> DataFusionError {
    Error::of_sentence(ErrorKind::BadData, &error.to_string()).into()
}

fn json_text(metadata: &[u8], value: &[u8]) -> Result<String, VariantError> {
    let mut text = String::new();
    write_json(metadata, value, &mut text).map(|()| text)
}

/// JSON texts in the place of variants, as a function in a plan.
#[derive(Debug, PartialEq, Eq, Hash)]
struct AsTexts {
    signature: Signature,
}

impl ScalarUDFImpl for AsTexts {
    fn name(&self) -> &str {
        "variants_as_texts"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(replaced_type(arg_types.first().unwrap_or(&DataType::Null), &DataType::Utf8))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        match args.args.first() {
            Some(value) => {
                let texts = with_texts(&value.to_array(args.number_rows)?, &json_text);
                Ok(ColumnarValue::Array(texts.map_err(|error| told(&error))?))
            }
            None => datafusion::common::internal_err!("variants_as_texts takes a value"),
        }
    }
}

/// Writes Parquet files in which the groups of variants are marked.
struct MarkedParquet {
    config: FileSinkConfig,
    options: TableParquetOptions,
}

impl MarkedParquet {
    fn writer(
        &self,
        store: Arc<dyn ObjectStore>,
        path: object_store::path::Path,
        schema: &SchemaRef,
    ) -> DataFusionResult<AsyncArrowWriter<BufWriter>> {
        let mut options = self.options.clone();
        if !options.global.skip_arrow_metadata {
            options.arrow_schema(schema);
        }
        let properties = WriterPropertiesBuilder::try_from(&options)?.build();
        let mut writer = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(options.global.skip_arrow_metadata);
        if let Some(annotated) = annotated_schema(schema, SCHEMA_ROOT)? {
            writer = writer.with_parquet_schema(annotated);
        }
        let file = BufWriter::new(store, path);
        Ok(AsyncArrowWriter::try_new_with_options(file, Arc::clone(schema), writer)?)
    }
}

#[async_trait]
impl FileSink for MarkedParquet {
    fn config(&self) -> &FileSinkConfig {
        &self.config
    }

    async fn spawn_writer_tasks_and_join(
        &self,
        _context: &Arc<TaskContext>,
        demux: SpawnedTask<DataFusionResult<()>>,
        mut files: DemuxedStreamReceiver,
        store: Arc<dyn ObjectStore>,
    ) -> DataFusionResult<u64> {
        let form = variant_type_in_copies();
        let fields = get_writer_schema(&self.config);
        let fields: Fields = fields.fields().iter().map(|field| replaced_field(field, &form)).collect();
        let schema = Arc::new(Schema::new(fields));
        let mut writing: JoinSet<DataFusionResult<u64>> = JoinSet::new();
        while let Some((path, mut batches)) = files.recv().await {
            let mut writer = self.writer(Arc::clone(&store), path, &schema)?;
            let schema = Arc::clone(&schema);
            writing.spawn(async move {
                let mut rows = 0;
                while let Some(batch) = batches.recv().await {
                    rows += batch.num_rows() as u64;
                    writer.write(&batch_in_copies(&batch, &schema)?).await?;
                }
                writer.close().await?;
                Ok(rows)
            });
        }
        let mut rows = 0;
        while let Some(written) = writing.join_next().await {
            rows += written.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        }
        demux.join_unwind().await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        Ok(rows)
    }
}

fn batch_in_copies(batch: &RecordBatch, schema: &SchemaRef) -> DataFusionResult<RecordBatch> {
    let columns = batch.columns().iter().map(in_copies).collect::<Result<Vec<_>, VariantError>>();
    let columns = columns.map_err(|error| told(&error))?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

/// Writes lines of JSON in which variants are what they hold.
struct InlineJson {
    config: FileSinkConfig,
    options: JsonWriterOptions,
}

#[async_trait]
impl FileSink for InlineJson {
    fn config(&self) -> &FileSinkConfig {
        &self.config
    }

    async fn spawn_writer_tasks_and_join(
        &self,
        context: &Arc<TaskContext>,
        demux: SpawnedTask<DataFusionResult<()>>,
        files: DemuxedStreamReceiver,
        store: Arc<dyn ObjectStore>,
    ) -> DataFusionResult<u64> {
        let (compression, level) = (self.options.compression.into(), self.options.compression_level);
        spawn_writer_tasks_and_join(context, Arc::new(Lines), compression, level, store, demux, files).await
    }
}

/// Batches as lines of JSON.
struct Lines;

impl BatchSerializer for Lines {
    fn serialize(&self, batch: RecordBatch, _initial: bool) -> DataFusionResult<Bytes> {
        let variants = Arc::new(VariantEncoders::default());
        let builder = WriterBuilder::new().with_encoder_factory(Arc::clone(&variants) as _);
        let mut writer = builder.build::<_, LineDelimited>(Vec::with_capacity(4096));
        writer.write(&batch)?;
        let text = writer.into_inner();
        match variants.failure.lock().take() {
            Some(error) => Err(told(&error)),
            None => Ok(text.into()),
        }
    }
}

/// Writes variants as what they hold; encoders cannot fail, so the first failure is kept here.
#[derive(Debug, Default)]
struct VariantEncoders {
    failure: Arc<Mutex<Option<VariantError>>>,
}

impl EncoderFactory for VariantEncoders {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if !is_variant(array.data_type()) {
            return Ok(None);
        }
        let parts = array.as_struct();
        let part = |name: &str| {
            let part = parts.column_by_name(name).and_then(|part| part.as_binary_opt::<i32>());
            part.ok_or_else(|| ArrowError::SchemaError(format!("a variant has no {name}")))
        };
        let (metadata, value) = (part("metadata")?, part("value")?);
        let failure = Arc::clone(&self.failure);
        let encoder = VariantEncoder { metadata, value, text: String::new(), failure };
        Ok(Some(NullableEncoder::new(Box::new(encoder), array.nulls().cloned())))
    }
}

struct VariantEncoder<'a> {
    metadata: &'a datafusion::arrow::array::BinaryArray,
    value: &'a datafusion::arrow::array::BinaryArray,
    text: String,
    failure: Arc<Mutex<Option<VariantError>>>,
}

impl Encoder for VariantEncoder<'_> {
    fn encode(&mut self, row: usize, out: &mut Vec<u8>) {
        self.text.clear();
        match write_json(self.metadata.value(row), self.value.value(row), &mut self.text) {
            Ok(()) => out.extend(self.text.as_bytes()),
            Err(error) => _ = self.failure.lock().get_or_insert(error),
        }
    }
}

macro_rules! file_sink {
    ($sink:ident, $name:literal) => {
        impl fmt::Debug for $sink {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($name)
            }
        }

        impl DisplayAs for $sink {
            fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($name)
            }
        }

        #[async_trait]
        impl DataSink for $sink {
            fn schema(&self) -> &SchemaRef {
                self.config.output_schema()
            }

            async fn write_all(
                &self,
                data: SendableRecordBatchStream,
                context: &Arc<TaskContext>,
            ) -> DataFusionResult<u64> {
                FileSink::write_all(self, data, context).await
            }
        }
    };
}

file_sink!(MarkedParquet, "MarkedParquet");
file_sink!(InlineJson, "InlineJson");

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, BinaryArray, StructArray};
    use object_store::memory::InMemory;
    use object_store::{ObjectStoreExt, path::Path};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::schema::printer::print_schema;
    use tarn_delta::variant::variant_type;

    #[tokio::test]
    async fn variants_are_marked_in_parquet() {
        let DataType::Struct(fields) = variant_type() else { panic!("a variant is a struct") };
        let parts: Vec<ArrayRef> = vec![
            Arc::new(BinaryArray::from(vec![&[1u8, 0, 0][..]])),
            Arc::new(BinaryArray::from(vec![&[0u8][..]])),
        ];
        let variants: ArrayRef = Arc::new(StructArray::new(fields, parts, None));
        let batch = RecordBatch::try_from_iter([("v", variants)]).unwrap();
        let form = variant_type_in_copies();
        let fields: Fields =
            batch.schema().fields().iter().map(|field| replaced_field(field, &form)).collect();
        let schema = Arc::new(Schema::new(fields));
        let store = Arc::new(InMemory::new());
        let config = FileSinkConfig {
            original_url: String::new(),
            object_store_url: datafusion::execution::object_store::ObjectStoreUrl::local_filesystem(),
            file_group: datafusion::datasource::physical_plan::FileGroup::default(),
            table_paths: vec![],
            output_schema: batch.schema(),
            table_partition_cols: vec![],
            insert_op: datafusion::logical_expr::dml::InsertOp::Append,
            keep_partition_by_columns: false,
            file_extension: "parquet".to_owned(),
            file_output_mode: Default::default(),
        };
        let sink = MarkedParquet { config, options: TableParquetOptions::default() };
        let path = Path::from("a.parquet");
        let mut writer = sink.writer(Arc::clone(&store) as _, path.clone(), &schema).unwrap();
        writer.write(&batch_in_copies(&batch, &schema).unwrap()).await.unwrap();
        writer.close().await.unwrap();
        let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
        let file = SerializedFileReader::new(bytes).unwrap();
        let mut text = Vec::new();
        print_schema(&mut text, file.metadata().file_metadata().schema());
        let expected = "message arrow_schema {
  REQUIRED group v (VARIANT(Some(1))) {
    REQUIRED BYTE_ARRAY metadata;
    REQUIRED BYTE_ARRAY value;
  }
}
";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
