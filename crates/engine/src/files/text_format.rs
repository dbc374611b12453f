//! Text formats as DataFusion's file formats: how the columns of CSV and JSON files are inferred, and about how many rows
//! they hold.

use super::INFER_ROWS;
use super::csv_options::CsvChoices;
use super::json_array::ArrayLines;
use super::text_source::TextSource;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::reader::infer_json_schema_from_iterator;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_plan::ExecutionPlan;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// Unpacked bytes that schema inference reads of a JSON file.
const INFER_BYTES: usize = 32 << 20;
/// How much longer text gets when it is unpacked, about.
const UNPACKED_RATIO: u64 = 4;

/// How text files are read.
#[derive(Debug, Clone)]
pub(super) struct TextFormat {
    pub(super) compression: FileCompressionType,
    pub(super) syntax: Syntax,
    /// About how long a row is, unpacked.
    row_bytes: u64,
}

#[derive(Debug, Clone)]
pub(super) enum Syntax {
    Csv(CsvChoices),
    /// One value a line.
    JsonLines,
    JsonArray,
}

impl TextFormat {
    /// The format of files whose first one begins as the sample does.
    pub(super) fn new(compression: FileCompressionType, syntax: Syntax, sample: &[u8]) -> Self {
        let separator = if matches!(syntax, Syntax::JsonArray) { b'}' } else { b'\n' };
        let rows = memchr::memchr_iter(separator, sample).count().max(1);
        Self { compression, syntax, row_bytes: (sample.len() / rows).max(1) as u64 }
    }

    /// The file's text, unpacked; an array as its lines.
    pub(super) async fn text(
        &self,
        store: &Arc<dyn ObjectStore>,
        file: &ObjectMeta,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        let packed = store.get(&file.location).await?.into_stream().map_err(Into::into).boxed();
        let unpacked = self.compression.convert_stream(packed)?;
        Ok(match self.syntax {
            Syntax::Csv(_) => unpacked,
            Syntax::JsonLines => {
                // The decoder knows no byte order mark.
                let mut is_first = true;
                let unmarked = move |bytes: Bytes| {
                    let is_marked = std::mem::take(&mut is_first) && bytes.starts_with(b"\xEF\xBB\xBF");
                    if is_marked { bytes.slice(3..) } else { bytes }
                };
                unpacked.map_ok(unmarked).boxed()
            }
            Syntax::JsonArray => {
                let mut lines = ArrayLines::default();
                unpacked.map_ok(move |bytes| lines.next(&bytes)).boxed()
            }
        })
    }

    async fn infer_json(&self, store: &Arc<dyn ObjectStore>, file: &ObjectMeta) -> Result<Schema> {
        let mut lines = self.text(store, file).await?;
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
impl FileFormat for TextFormat {
    fn get_ext(&self) -> String {
        match self.syntax {
            Syntax::Csv(_) => "csv".to_owned(),
            Syntax::JsonLines | Syntax::JsonArray => "json".to_owned(),
        }
    }

    fn get_ext_with_compression(&self, _: &FileCompressionType) -> Result<String> {
        Ok(self.get_ext())
    }

    fn compression_type(&self) -> Option<FileCompressionType> {
        Some(self.compression)
    }

    async fn infer_schema(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        objects: &[ObjectMeta],
    ) -> Result<SchemaRef> {
        if let Syntax::Csv(choices) = &self.syntax {
            let options = choices.to_datafusion(&self.compression, INFER_ROWS);
            return CsvFormat::default().with_options(options).infer_schema(state, store, objects).await;
        }
        let mut schemas = Vec::with_capacity(objects.len());
        for object in objects {
            schemas.push(self.infer_json(store, object).await?);
        }
        Ok(Arc::new(Schema::try_merge(schemas)?))
    }

    /// An estimate, which lets a join keep its smaller side in memory.
    async fn infer_stats(
        &self,
        _state: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        table_schema: SchemaRef,
        object: &ObjectMeta,
    ) -> Result<Statistics> {
        let bytes = object.size * if self.compression.is_compressed() { UNPACKED_RATIO } else { 1 };
        let about = |number: u64| Precision::Inexact(usize::try_from(number).unwrap_or(usize::MAX));
        Ok(Statistics {
            num_rows: about(bytes.div_ceil(self.row_bytes)),
            total_byte_size: about(bytes),
            ..Statistics::new_unknown(&table_schema)
        })
    }

    async fn create_physical_plan(
        &self,
        _state: &dyn Session,
        conf: FileScanConfig,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(DataSourceExec::from_data_source(conf))
    }

    fn file_source(&self, table_schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(TextSource::new(self.clone(), table_schema))
    }
}
