//! Reading a Parquet file of the log: chosen leaf columns, chosen rows.

use crate::{Error, Result};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use std::ops::Range;
use std::sync::Arc;

/// Smaller files are read whole: one request instead of three.
const SMALL_BYTES: u64 = 512 * 1024;
/// Bytes that are read from the end at first, in the hope that the footer is in them.
const FOOTER_BYTES: usize = 64 * 1024;
const BATCH_ROWS: usize = 16 * 1024;

/// A Parquet file of the log, opened.
pub(crate) struct ParquetFile {
    reader: Reader,
    metadata: ArrowReaderMetadata,
    file: String,
}

impl ParquetFile {
    /// Opens a file; `file` is its name in errors, `version` the version that names it.
    pub(crate) async fn open(
        store: &Arc<dyn ObjectStore>,
        path: &Path,
        size_bytes: u64,
        file: &str,
        version: u64,
    ) -> Result<Self> {
        let mut reader = Reader { store: Arc::clone(store), path: path.clone(), size_bytes, whole: None };
        let missing = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => Error::MissingFile { file: file.to_owned(), version },
            error => error.into(),
        };
        if size_bytes <= SMALL_BYTES {
            let answer = store.get(path).await.map_err(missing)?;
            let whole = answer.bytes().await?;
            reader.size_bytes = whole.len() as u64;
            reader.whole = Some(whole);
        }
        // The file's own Arrow schema, where a writer left one, may ask for other types of the same columns.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = match ArrowReaderMetadata::load_async(&mut reader, options).await {
            Ok(metadata) => metadata,
            Err(source) => match not_found(&source) {
                true => return Err(Error::MissingFile { file: file.to_owned(), version }),
                false => return Err(broken(file, source)),
            },
        };
        Ok(Self { reader, metadata, file: file.to_owned() })
    }

    /// The Arrow schema of the whole file.
    pub(crate) fn schema(&self) -> &arrow::datatypes::Schema {
        self.metadata.schema()
    }

    /// Its footer.
    pub(crate) fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> usize {
        usize::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Whether it has leaf columns that are wanted; a leaf is given as its path.
    pub(crate) fn has(&self, wanted: impl Fn(&[String]) -> bool) -> bool {
        self.metadata.parquet_schema().columns().iter().any(|column| wanted(column.path().parts()))
    }

    /// The rows, all or the selected, with the wanted leaf columns.
    pub(crate) fn read(
        &self,
        wanted: impl Fn(&[String]) -> bool,
        selection: Option<RowSelection>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let file = self.file.clone();
        let failed = move |source| broken(&file, source);
        let schema = self.metadata.parquet_schema();
        let leaves = schema.columns().iter().enumerate();
        let leaves = leaves.filter(|(_, column)| wanted(column.path().parts())).map(|(leaf, _)| leaf);
        let mask = ProjectionMask::leaves(schema, leaves);
        let mut builder =
            ParquetRecordBatchStreamBuilder::new_with_metadata(self.reader.clone(), self.metadata.clone())
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS);
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let stream = builder.build().map_err(&failed)?;
        Ok(stream.map_err(failed).boxed())
    }
}

fn not_found(error: &ParquetError) -> bool {
    matches!(of_store(error), Some(object_store::Error::NotFound { .. }))
}

fn of_store(error: &ParquetError) -> Option<&object_store::Error> {
    match error {
        ParquetError::External(source) => source.downcast_ref(),
        _ => None,
    }
}

/// What a store fails with says nothing of the file; all else does.
fn broken(file: &str, source: ParquetError) -> Error {
    match (&source, of_store(&source)) {
        (_, Some(_)) => Error::Parquet { file: file.to_owned(), source },
        (ParquetError::General(reason) | ParquetError::EOF(reason), None) => Error::damaged(file, reason),
        (other, None) => Error::damaged(file, other),
    }
}

#[derive(Clone)]
struct Reader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
    whole: Option<Bytes>,
}

impl Reader {
    fn cached(&self, range: &Range<u64>) -> Option<Result<Bytes, ParquetError>> {
        let whole = self.whole.as_ref()?;
        let bounds = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
        let slice = bounds.filter(|(start, end)| start <= end && *end <= whole.len());
        Some(match slice {
            Some((start, end)) => Ok(whole.slice(start..end)),
            None => Err(ParquetError::EOF(format!("bytes {range:?} of {}", whole.len()))),
        })
    }
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        match self.cached(&range) {
            Some(bytes) => futures::future::ready(bytes).boxed(),
            None => self.store.get_range(&self.path, range).map_err(external).boxed(),
        }
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        if self.whole.is_some() {
            let slices: Result<Vec<Bytes>, ParquetError> =
                ranges.iter().filter_map(|range| self.cached(range)).collect();
            return futures::future::ready(slices).boxed();
        }
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        async move {
            let size_bytes = self.size_bytes;
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, size_bytes).await?))
        }
        .boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
