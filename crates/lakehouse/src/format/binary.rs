//! Rows as an Arrow or a Parquet file.

use super::variants::{batch_with_texts, schema_with_texts};
use crate::Result;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tarn_engine::{Error, ErrorKind};

/// An Arrow IPC file.
///
/// # Errors
/// When a batch is not of the schema.
pub fn arrow_file(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>> {
    let mut writer = FileWriter::try_new(Vec::new(), &schema_with_texts(schema))?;
    for batch in batches {
        writer.write(&batch_with_texts(batch)?)?;
    }
    Ok(writer.into_inner()?)
}

/// A Parquet file, compressed with zstd.
///
/// # Errors
/// When a type has no form in Parquet.
pub fn parquet_file(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<u8>> {
    let unsupported = |error: parquet::errors::ParquetError| {
        Error::new(ErrorKind::Unsupported, format!("The rows cannot be written as Parquet: {error}"))
    };
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer =
        ArrowWriter::try_new(Vec::new(), schema_with_texts(schema), Some(properties)).map_err(unsupported)?;
    for batch in batches {
        writer.write(&batch_with_texts(batch)?).map_err(unsupported)?;
    }
    writer.into_inner().map_err(unsupported)
}
