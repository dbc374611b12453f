//! Files as tables: a path and options → which files, which format, which columns.

mod csv_options;
mod float_bounds;
mod json_array;
mod listing;
mod partitions;
mod quotes;
mod sniff;
mod table;
mod text_fault;
mod text_format;
mod text_source;

pub(crate) use float_bounds::NoFloatBounds;
pub(crate) use listing::{Listing, list, parquet_fault};
pub(crate) use table::FilesTable;
pub(crate) use text_fault::TextFiles;

use crate::{Error, ErrorKind, Position, Result};
use csv_options::CsvChoices;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::execution::SessionState;
use datafusion::execution::object_store::ObjectStoreUrl;
use object_store::ObjectStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_storage::Stores;
use text_format::{Syntax, TextFormat};
use url::Url;

/// Rows that schema inference reads of text files. A later value of another type is an error that names its line.
const INFER_ROWS: usize = 100_000;

/// What a statement says about the files that it reads.
#[derive(Debug, Clone)]
pub(crate) struct FilesSpec {
    /// A path, glob or URL.
    pub(crate) path: String,
    /// `parquet`, `csv`, `json`, …; by the file's name when absent.
    pub(crate) format: Option<String>,
    /// The other options, keys in lower case.
    pub(crate) options: BTreeMap<String, String>,
    /// Where the statement names the path.
    pub(crate) position: Option<Position>,
}

/// The formats that files can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    Csv,
    Json,
}

impl Format {
    /// The format of that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "parquet" => Ok(Self::Parquet),
            "csv" | "text_csv" | "tsv" => Ok(Self::Csv),
            "json" | "ndjson" | "jsonl" => Ok(Self::Json),
            other => Err(Error::new(ErrorKind::Unsupported, format!("There is no file format {other}"))
                .hint("The formats are parquet, csv and json")),
        }
    }

    /// The format that a file's name implies, without the extension of its compression.
    pub(crate) fn of_name(path: &str) -> Option<Self> {
        let (stem, _) = listing::split_compression(path);
        match stem.rsplit_once('.')?.1.to_lowercase().as_str() {
            "parquet" | "parq" | "pq" => Some(Self::Parquet),
            "csv" | "tsv" | "tab" | "psv" | "txt" => Some(Self::Csv),
            "json" | "ndjson" | "jsonl" | "geojson" => Some(Self::Json),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// Opens files as a table: lists them, and reads as much of them as their schema needs.
pub(crate) async fn open(
    state: &SessionState,
    stores: &Stores,
    base: &Url,
    spec: &FilesSpec,
) -> Result<(Arc<FilesTable>, Option<TextFiles>)> {
    open_unplaced(state, stores, base, spec).await.map_err(|error| error.at(spec.position))
}

async fn open_unplaced(
    state: &SessionState,
    stores: &Stores,
    base: &Url,
    spec: &FilesSpec,
) -> Result<(Arc<FilesTable>, Option<TextFiles>)> {
    let listing = listing::list(stores, base, &spec.path).await?;
    open_listing(state, listing, spec).await
}

/// Opens files that were listed already.
pub(crate) async fn open_listing(
    state: &SessionState,
    mut listing: Listing,
    spec: &FilesSpec,
) -> Result<(Arc<FilesTable>, Option<TextFiles>)> {
    let format = match &spec.format {
        Some(name) => Format::named(name)?,
        None => Format::of_name(listing.files[0].location.as_ref()).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("The name of {} does not say its format", spec.path))
                .hint("Name the format: read_files('path', format => 'csv')")
        })?,
    };
    if format != Format::Parquet {
        listing.files.retain(|file| file.size > 0);
    }
    if listing.files.is_empty() {
        return Err(Error::new(ErrorKind::BadData, format!("{} is empty", spec.path))
            .hint("An empty file has no columns; write at least a header"));
    }
    let partitions = partitions::infer(&listing);
    let compression =
        if format == Format::Parquet { FileCompressionType::UNCOMPRESSED } else { listing.compression()? };
    let mut text = None;
    let store_url = listing.store_url.clone();
    let store = Arc::clone(&listing.store);
    let files = listing.files.clone();
    let file_format: Arc<dyn FileFormat> = match format {
        Format::Parquet => {
            check_options(&spec.options, &["mergeschema"])?;
            Arc::new(ParquetFormat::default())
        }
        Format::Csv => {
            let sample = sniff::sample(&store, &files[0], &compression).await?;
            let choices = CsvChoices::new(&spec.options, &sample, &listing.files[0].location)?;
            text = Some(TextFiles::csv(Arc::clone(&store), files.clone(), compression, choices.clone()));
            Arc::new(TextFormat::new(compression, Syntax::Csv(choices), &sample))
        }
        Format::Json => {
            check_options(&spec.options, &["multiline"])?;
            let sample = sniff::sample(&store, &files[0], &compression).await?;
            text = Some(TextFiles::json(Arc::clone(&store), files.clone(), compression));
            let syntax = if json_array::is_array(&sample) { Syntax::JsonArray } else { Syntax::JsonLines };
            Arc::new(TextFormat::new(compression, syntax, &sample))
        }
    };
    let inferred = infer_schema(state, &file_format, &store, &files).await;
    let file_schema = match inferred {
        Ok(schema) => schema,
        Err(error) => return Err(broken_file(error, &text, format, &listing, spec).await),
    };
    if file_schema.fields().is_empty() && partitions.fields.is_empty() {
        return Err(Error::new(ErrorKind::BadData, format!("{} has no columns", spec.path)));
    }
    let table = FilesTable::new(state, file_format, store_url, store, files, file_schema, partitions).await;
    match table {
        Ok(table) => Ok((Arc::new(table), text)),
        Err(error) => Err(broken_file(error, &text, format, &listing, spec).await),
    }
}

async fn infer_schema(
    state: &SessionState,
    format: &Arc<dyn FileFormat>,
    store: &Arc<dyn ObjectStore>,
    files: &[object_store::ObjectMeta],
) -> Result<SchemaRef> {
    let schema = format.infer_schema(state, store, files).await?;
    // A column that was never anything but NULL has no type yet: text holds whatever comes.
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Null => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    });
    Ok(Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())))
}

/// What is wrong with a file that does not open, and what to do.
async fn broken_file(
    error: Error,
    text: &Option<TextFiles>,
    format: Format,
    listing: &Listing,
    spec: &FilesSpec,
) -> Error {
    match error.kind {
        ErrorKind::BadData | ErrorKind::Execution | ErrorKind::Internal | ErrorKind::Unavailable => {}
        _ => return error,
    }
    if let Some(text) = text
        && let Some(fault) = text.first_fault().await
    {
        return Error { source: error.source, ..fault };
    }
    if error.kind == ErrorKind::Unavailable {
        return error;
    }
    if format == Format::Parquet
        && let Some(fault) = parquet_fault(listing).await
    {
        return Error { source: error.source, ..fault };
    }
    Error {
        kind: ErrorKind::BadData,
        message: format!("{} cannot be read as {}: {}", spec.path, format.name(), error.message),
        ..error
    }
}

/// Refuses options that nobody reads, so that a misspelt one is not silently without effect.
fn check_options(options: &BTreeMap<String, String>, known: &[&str]) -> Result<()> {
    for key in options.keys() {
        if !known.contains(&key.as_str()) {
            let error = Error::new(ErrorKind::Invalid, format!("There is no option {key} for this format"));
            return Err(match crate::names::nearest(key, known.iter().copied()) {
                Some(near) => error.hint(format!("Did you mean {near}?")),
                None => {
                    error.hint(format!("The options are {}", crate::names::listed(known.iter().copied())))
                }
            });
        }
    }
    Ok(())
}

/// The URL of the store in which a file lies, for DataFusion's registry.
fn store_url(url: &Url) -> Result<ObjectStoreUrl> {
    Ok(ObjectStoreUrl::parse(format!("{}://{}", url.scheme(), url.authority()))?)
}
