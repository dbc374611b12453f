//! What Parquet files say of themselves, as tables: `parquet_file_metadata(path)`, `parquet_kv_metadata(path)`,
//! `parquet_schema(path)`, `parquet_metadata(path)` and `parquet_pages(path)`. Names and columns are those of DuckDB, where
//! it has them: <https://duckdb.org/docs/stable/data/parquet/metadata>.
//!
//! Only footers are read, and for pages the page indexes.

mod bounds;
mod chunks;
mod pages;
mod schema;

use crate::files::{self, Listing};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::parquet::arrow::async_reader::MetadataFetch;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::ops::Range;
use std::sync::Arc;
use tarn_storage::Stores;
use url::Url;

/// Footers that are read at the same time.
const FILES_AT_ONCE: usize = 8;
/// A folder with more files than this has too much to say.
const MAX_FILES: usize = 10_000;

/// What of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facts {
    File,
    KeyValues,
    Schema,
    Chunks,
    Pages,
}

/// The functions.
pub(crate) const FUNCTIONS: &[(&str, Facts)] = &[
    ("parquet_file_metadata", Facts::File),
    ("parquet_kv_metadata", Facts::KeyValues),
    ("parquet_schema", Facts::Schema),
    ("parquet_metadata", Facts::Chunks),
    ("parquet_pages", Facts::Pages),
];

/// A file and its footer.
struct Footer {
    name: String,
    size_bytes: u64,
    metadata: ParquetMetaData,
}

/// The table of a call.
///
/// # Errors
/// When there is no file, or one that is not Parquet.
pub(crate) async fn open(
    stores: &Stores,
    base: &Url,
    path: &str,
    facts: Facts,
) -> Result<Arc<dyn TableProvider>> {
    let listing = files::list(stores, base, path).await?;
    if listing.files.len() > MAX_FILES {
        let message = format!("{path} has {} files, more than {MAX_FILES}", listing.files.len());
        return Err(Error::new(ErrorKind::Invalid, message).hint("Name a folder or a pattern with fewer"));
    }
    let files = listing.files.clone().into_iter();
    let reads: Vec<_> =
        files.map(|file| read(Ranges { store: Arc::clone(&listing.store), file }, facts)).collect();
    let footers: Vec<Footer> = match stream::iter(reads).buffered(FILES_AT_ONCE).try_collect().await {
        Ok(footers) => footers,
        Err(error) => return Err(fault(&listing, error).await),
    };
    let columns = match facts {
        Facts::File => schema::of_files(&footers),
        Facts::KeyValues => schema::key_values(&footers),
        Facts::Schema => schema::elements(&footers),
        Facts::Chunks => chunks::rows(&footers)?,
        Facts::Pages => pages::rows(&footers)?,
    };
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

/// Reads ranges of a file.
struct Ranges {
    store: Arc<dyn ObjectStore>,
    file: ObjectMeta,
}

impl MetadataFetch for &Ranges {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let read = self.store.get_range(&self.file.location, range);
        read.map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }
}

async fn read(file: Ranges, facts: Facts) -> Result<Footer, ParquetError> {
    let policy = if facts == Facts::Pages { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
    let size_bytes = file.file.size;
    let reader = ParquetMetaDataReader::new().with_page_index_policy(policy);
    let metadata = reader.load_and_finish(&file, size_bytes).await?;
    Ok(Footer { name: file.file.location.to_string(), size_bytes, metadata })
}

async fn fault(listing: &Listing, error: ParquetError) -> Error {
    match files::parquet_fault(listing).await {
        Some(fault) => Error { source: Some(Arc::new(error)), ..fault },
        None => Error::from(datafusion::common::DataFusionError::from(error)),
    }
}

/// A column of such a table.
type Column = (&'static str, ArrayRef);

/// The names of the files, one for each row.
fn file_names<'a>(names: impl Iterator<Item = &'a Footer>) -> Column {
    ("file_name", Arc::new(names.map(|footer| Some(footer.name.as_str())).collect::<StringArray>()))
}

/// A column of texts.
fn texts<T: AsRef<str>>(name: &'static str, values: impl Iterator<Item = Option<T>>) -> Column {
    (name, Arc::new(values.collect::<StringArray>()))
}

fn numbers(name: &'static str, values: impl Iterator<Item = Option<i64>>) -> Column {
    (name, Arc::new(values.collect::<datafusion::arrow::array::Int64Array>()))
}

/// A count or place as SQL's BIGINT.
fn long(number: usize) -> Option<i64> {
    i64::try_from(number).ok()
}
