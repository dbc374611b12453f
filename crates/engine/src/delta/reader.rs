//! Opens a table's data files for scans, and says of one that does not open what is wrong with the table.

use crate::{Error, ErrorKind};
use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::Result;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::ops::Range;
use std::sync::Arc;

/// Makes DataFusion's readers, and looks after those that fail.
#[derive(Debug)]
pub(super) struct TableFiles {
    pub(super) inner: Arc<dyn ParquetFileReaderFactory>,
    pub(super) store: Arc<dyn ObjectStore>,
    /// The table's folder, which messages leave out.
    pub(super) root: Path,
    pub(super) version: u64,
}

impl ParquetFileReaderFactory for TableFiles {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let path = file.path().clone();
        let inner = self.inner.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        let (store, version) = (Arc::clone(&self.store), self.version);
        let shown = match path.prefix_match(&self.root) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"),
            None => path.to_string(),
        };
        Ok(Box::new(TableFile { inner, store, path, shown, version }))
    }
}

struct TableFile {
    inner: Box<dyn AsyncFileReader + Send>,
    store: Arc<dyn ObjectStore>,
    path: Path,
    shown: String,
    version: u64,
}

impl AsyncFileReader for TableFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            match self.inner.get_bytes(range).await {
                Ok(bytes) => Ok(bytes),
                Err(error) => Err(explain(error, &self.store, &self.path, &self.shown, self.version).await),
            }
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            match self.inner.get_byte_ranges(ranges).await {
                Ok(bytes) => Ok(bytes),
                Err(error) => Err(explain(error, &self.store, &self.path, &self.shown, self.version).await),
            }
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            match self.inner.get_metadata(options).await {
                Ok(metadata) => Ok(metadata),
                Err(error) => Err(explain(error, &self.store, &self.path, &self.shown, self.version).await),
            }
        }
        .boxed()
    }
}

/// DataFusion's error is a text: what is wrong is found out by asking the store once more.
async fn explain(
    error: ParquetError,
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    shown: &str,
    version: u64,
) -> ParquetError {
    let told = match store.head(path).await {
        Err(object_store::Error::NotFound { .. }) => {
            Error::from(tarn_delta::Error::MissingFile { file: shown.to_owned(), version })
        }
        Err(other) => Error::from(other),
        // The store failed, and answers again: what it said then is what happened.
        Ok(_) if matches!(error, ParquetError::External(_)) => return error,
        Ok(_) => {
            let text = error.to_string();
            let reason = text.rsplit("Parquet error: ").next().unwrap_or(&text);
            Error::new(
                ErrorKind::BadData,
                format!("{shown}, which version {version} of the table names, is damaged: {reason}"),
            )
            .hint("Restore the file, or RESTORE the table to a version without it")
        }
    };
    ParquetError::External(Box::new(told))
}
