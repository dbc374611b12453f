//! Scans of text files: CSV, JSON lines and JSON arrays, packed or not, in every home.
//!
//! DataFusion's own readers parse JSON arrays on a thread of its own, which a browser does not have, refuse a number in a
//! JSON column of text, which Spark reads as text, and let a quote that nobody closes swallow the rest of a CSV file.

use super::csv_options::CsvChoices;
use super::quotes::QuoteScanner;
use super::text_format::{Syntax, TextFormat};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::{csv, json};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use std::sync::Arc;

/// What a scan of text files reads.
#[derive(Clone)]
pub(super) struct TextSource {
    format: TextFormat,
    table_schema: TableSchema,
    projection: SplitProjection,
    batch_size: usize,
    metrics: ExecutionPlanMetricsSet,
}

impl TextSource {
    /// A scan of all columns.
    pub(super) fn new(format: TextFormat, table_schema: TableSchema) -> Self {
        Self {
            format,
            projection: SplitProjection::unprojected(&table_schema),
            table_schema,
            batch_size: 8192,
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }
}

impl FileSource for TextSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        _base_config: &FileScanConfig,
        _partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let opener = TextOpener {
            format: self.format.clone(),
            file_schema: Arc::clone(self.table_schema.file_schema()),
            columns: self.projection.file_indices.clone(),
            batch_size: self.batch_size,
            store,
        };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), self.table_schema.file_schema())
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
        match self.format.syntax {
            Syntax::Csv(_) => "csv",
            Syntax::JsonLines | Syntax::JsonArray => "json",
        }
    }

    /// A file is read from its beginning: an array and packed text have no place to start at, and cutting CSV at line
    /// breaks would cut quoted values that hold them, and lose count of the lines.
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

struct TextOpener {
    format: TextFormat,
    file_schema: SchemaRef,
    /// The columns to read, by their place in the file's schema, ascending.
    columns: Vec<usize>,
    batch_size: usize,
    store: Arc<dyn ObjectStore>,
}

impl FileOpener for TextOpener {
    fn open(&self, file: PartitionedFile) -> Result<FileOpenFuture> {
        let decoder = match &self.format.syntax {
            Syntax::Csv(choices) => {
                Decoder::Csv(Box::new(self.csv_decoder(choices)), QuoteScanner::new(choices))
            }
            Syntax::JsonLines | Syntax::JsonArray => {
                let schema = Arc::new(self.file_schema.project(&self.columns)?);
                let builder = json::ReaderBuilder::new(schema)
                    .with_batch_size(self.batch_size)
                    // A number in a column of text is its digits.
                    .with_coerce_primitive(true);
                Decoder::Json(builder.build_decoder()?)
            }
        };
        let (format, store) = (self.format.clone(), Arc::clone(&self.store));
        Ok(Box::pin(async move {
            let text = format.text(&store, &file.object_meta).await?;
            Ok(batches(text, decoder, file.object_meta.location.to_string()))
        }))
    }
}

impl TextOpener {
    fn csv_decoder(&self, choices: &CsvChoices) -> csv::reader::Decoder {
        let mut builder = csv::ReaderBuilder::new(Arc::clone(&self.file_schema))
            .with_header(choices.has_header)
            .with_delimiter(choices.delimiter)
            .with_quote(choices.quote)
            .with_batch_size(self.batch_size)
            .with_projection(self.columns.clone());
        if let Some(escape) = choices.escape {
            builder = builder.with_escape(escape);
        }
        if let Some(comment) = choices.comment {
            builder = builder.with_comment(comment);
        }
        builder.build_decoder()
    }
}

enum Decoder {
    Csv(Box<csv::reader::Decoder>, QuoteScanner),
    Json(json::reader::Decoder),
}

impl Decoder {
    /// Looks at the next chunk before any of it is decoded.
    fn see(&mut self, chunk: &[u8]) {
        if let Self::Csv(_, quotes) = self {
            quotes.feed(chunk);
        }
    }

    /// Decodes text until a batch is full, and says how many bytes that took. No text is the end.
    fn decode(&mut self, text: &[u8]) -> Result<usize> {
        Ok(match self {
            Self::Csv(decoder, _) => decoder.decode(text)?,
            Self::Json(decoder) => decoder.decode(text)?,
        })
    }

    fn flush(&mut self) -> Result<Option<RecordBatch>> {
        Ok(match self {
            Self::Csv(decoder, _) => decoder.flush()?,
            Self::Json(decoder) => decoder.flush()?,
        })
    }

    /// What only the end of a file can tell.
    fn check_end(&self, file: &str) -> Result<()> {
        match self {
            Self::Csv(_, quotes) if quotes.open_at().is_some() => {
                let message = format!("{file}: a quote is opened and never closed");
                Err(Error::new(ErrorKind::BadData, message).into())
            }
            Self::Csv(..) | Self::Json(_) => Ok(()),
        }
    }
}

fn batches(
    text: BoxStream<'static, Result<Bytes>>,
    decoder: Decoder,
    file: String,
) -> BoxStream<'static, Result<RecordBatch>> {
    let state = (text, decoder, Bytes::new(), file, false);
    stream::try_unfold(state, |(mut text, mut decoder, mut rest, file, mut is_over)| async move {
        loop {
            if rest.is_empty() && !is_over {
                match text.try_next().await? {
                    Some(chunk) if chunk.is_empty() => continue,
                    Some(chunk) => {
                        decoder.see(&chunk);
                        rest = chunk;
                    }
                    None => {
                        is_over = true;
                        decoder.check_end(&file)?;
                    }
                }
            }
            let read = decoder.decode(&rest)?;
            let is_full = read < rest.len();
            rest = rest.slice(read..);
            if is_full || is_over {
                match decoder.flush()? {
                    Some(batch) => {
                        return Ok::<_, DataFusionError>(Some((batch, (text, decoder, rest, file, is_over))));
                    }
                    None if is_over && rest.is_empty() => return Ok(None),
                    None => {}
                }
            }
        }
    })
    .boxed()
}
