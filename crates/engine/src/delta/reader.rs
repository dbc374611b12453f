//! Opens a table's data files for scans, and says of one that does not open what is wrong with the table.

use super::faults::what_to_do;
use super::fitting::ReadColumns;
use crate::{Error, ErrorKind};
use bytes::Bytes;
use datafusion::common::DataFusionError;
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
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use tarn_delta::damage::{ReadFile, read_through};

/// Makes DataFusion's readers, and looks after those that fail.
#[derive(Debug)]
pub(super) struct TableFiles {
    pub(super) inner: Arc<dyn ParquetFileReaderFactory>,
    pub(super) store: Arc<dyn ObjectStore>,
    /// The table's folder, which messages leave out.
    pub(super) root: Path,
    pub(super) version: u64,
    /// What is read of them.
    pub(super) columns: Arc<ReadColumns>,
    pub(super) opened: Arc<OpenedFiles>,
}

/// The files that each partition of a scan has opened last: it is one of them where rows cannot be decoded.
#[derive(Debug, Default)]
pub(crate) struct OpenedFiles(Mutex<BTreeMap<usize, VecDeque<ReadFile>>>);

/// The file that is read, the one that is opened while it is, and one that may still be in a buffer.
const FILES_IN_USE: usize = 3;

impl OpenedFiles {
    fn note(&self, partition: usize, file: ReadFile) {
        let mut partitions = self.0.lock();
        let files = partitions.entry(partition).or_default();
        files.push_back(file);
        if files.len() > FILES_IN_USE {
            files.pop_front();
        }
    }

    /// Reads the files once more, to find the one that is damaged.
    pub(crate) async fn first_fault(&self) -> Option<Error> {
        let files: Vec<ReadFile> = self.0.lock().values().flatten().cloned().collect();
        for file in files {
            if let Err(tarn_delta::Error::Damaged { reason, .. }) = read_through(&file).await {
                return Some(damaged(&file.shown, file.version, &reason));
            }
        }
        None
    }
}

impl ParquetFileReaderFactory for TableFiles {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let (path, size_bytes) = (file.path().clone(), file.object_meta.size);
        let inner = self.inner.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        let store = Arc::clone(&self.store);
        let shown = match path.prefix_match(&self.root) {
            Some(parts) => parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"),
            None => path.to_string(),
        };
        let columns = Arc::clone(&self.columns);
        let file = ReadFile { store, path, size_bytes, shown, version: self.version };
        self.opened.note(partition_index, file.clone());
        Ok(Box::new(TableFile { inner, file, columns }))
    }
}

struct TableFile {
    inner: Box<dyn AsyncFileReader + Send>,
    file: ReadFile,
    columns: Arc<ReadColumns>,
}

impl AsyncFileReader for TableFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            match self.inner.get_bytes(range).await {
                Ok(bytes) => Ok(bytes),
                Err(error) => Err(explain(error, &self.file).await),
            }
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            match self.inner.get_byte_ranges(ranges).await {
                Ok(bytes) => Ok(bytes),
                Err(error) => Err(explain(error, &self.file).await),
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
                Ok(metadata) => match self.columns.misfit(metadata.file_metadata().schema_descr()) {
                    None => Ok(metadata),
                    Some(reason) => {
                        let error = damaged(&self.file.shown, self.file.version, &reason);
                        Err(ParquetError::External(Box::new(error)))
                    }
                },
                Err(error) => Err(explain(error, &self.file).await),
            }
        }
        .boxed()
    }
}

/// DataFusion's error is a text: what is wrong is found out by asking the store once more.
async fn explain(error: ParquetError, file: &ReadFile) -> ParquetError {
    let ReadFile { store, path, size_bytes, shown, version } = file;
    let told = match store.head(path).await {
        Err(object_store::Error::NotFound { .. }) => {
            Error::from(tarn_delta::Error::MissingFile { file: shown.clone(), version: *version })
        }
        Err(other) => Error::from(other),
        Ok(there) if there.size != *size_bytes => {
            damaged(shown, *version, &format!("it has {} bytes, and the log says {size_bytes}", there.size))
        }
        // The store failed, and answers again: what it said then is what happened.
        Ok(_) if is_of_store(&error) => return error,
        Ok(_) => {
            let text = match &error {
                ParquetError::External(inner) => inner.to_string(),
                other => other.to_string(),
            };
            let reason = text.rsplit("Parquet error: ").next().unwrap_or(&text);
            damaged(shown, *version, reason)
        }
    };
    ParquetError::External(Box::new(told))
}

fn is_of_store(error: &ParquetError) -> bool {
    let ParquetError::External(inner) = error else { return false };
    inner.is::<object_store::Error>()
        || inner
            .downcast_ref::<DataFusionError>()
            .is_some_and(|inner| matches!(inner.find_root(), DataFusionError::ObjectStore(_)))
}

fn damaged(shown: &str, version: u64, reason: &str) -> Error {
    let message = format!("{shown}, which version {version} of the table names, is damaged: {reason}");
    Error::new(ErrorKind::BadData, message).hint(what_to_do(shown))
}
