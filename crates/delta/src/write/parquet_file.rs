//! One Parquet file that is encoded and uploaded while it is written.

use super::upload::Upload;
use crate::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Encoded bytes of a row group: what a file holds in memory at most.
const ROW_GROUP_BYTES: usize = 32 << 20;
/// Rows of a row group of data files at most.
pub(super) const ROW_GROUP_ROWS: usize = 1 << 20;
/// Rows that are encoded between two looks at the sizes.
const ROWS_AT_ONCE: usize = 8192;

/// How pages are compressed (table property `delta.parquet.compression.codec`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Uncompressed,
    /// Snappy, which every reader knows.
    Snappy,
    /// Gzip.
    Gzip,
    /// LZ4 in Parquet's block format; its older framing was never the same in any two writers.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl Codec {
    /// The codec that a table asks for; Snappy where it asks for none.
    ///
    /// # Errors
    /// When the property names a codec that is not known.
    pub fn of(configuration: &BTreeMap<String, String>) -> Result<Self> {
        let Some(name) = configuration.get("delta.parquet.compression.codec") else {
            return Ok(Self::Snappy);
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "snappy" => Ok(Self::Snappy),
            "zstd" => Ok(Self::Zstd),
            "gzip" => Ok(Self::Gzip),
            "lz4" | "lz4_raw" => Ok(Self::Lz4),
            "none" | "uncompressed" => Ok(Self::Uncompressed),
            _ => Err(Error::invalid(format!(
                "the table property delta.parquet.compression.codec is {name}; use snappy, zstd, gzip, lz4 or uncompressed"
            ))),
        }
    }

    /// How the names of its files end.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Uncompressed => ".parquet",
            Self::Snappy => ".snappy.parquet",
            Self::Gzip => ".gz.parquet",
            Self::Lz4 => ".lz4raw.parquet",
            Self::Zstd => ".zstd.parquet",
        }
    }

    fn compression(self) -> Compression {
        match self {
            Self::Uncompressed => Compression::UNCOMPRESSED,
            Self::Snappy => Compression::SNAPPY,
            Self::Gzip => Compression::GZIP(GzipLevel::default()),
            Self::Lz4 => Compression::LZ4_RAW,
            Self::Zstd => Compression::ZSTD(ZstdLevel::default()),
        }
    }
}

/// A Parquet file that is being written.
pub struct ParquetFile {
    writer: ArrowWriter<Vec<u8>>,
    upload: Upload,
    num_records: u64,
}

impl ParquetFile {
    /// A new file, with so many rows in a row group at most. Nothing is sent before there is a part's worth of bytes.
    ///
    /// # Errors
    /// When Parquet cannot hold the schema.
    pub fn create(
        store: Arc<dyn ObjectStore>,
        path: Path,
        schema: SchemaRef,
        codec: Codec,
        group_rows: usize,
    ) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(codec.compression())
            .set_max_row_group_row_count(Some(group_rows.max(1)))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        // Readers of Delta take the types from the log: Arrow's own schema would only be weight in every file.
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true)
            .with_schema_root("spark_schema".to_owned());
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options)
            .map_err(|source| Error::Parquet { file: path.to_string(), source })?;
        Ok(Self { writer, upload: Upload::new(store, path), num_records: 0 })
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        self.upload.path()
    }

    /// Rows so far.
    pub fn num_records(&self) -> u64 {
        self.num_records
    }

    /// Bytes that it has in memory, about.
    pub fn memory_bytes(&self) -> usize {
        self.writer.memory_size().saturating_add(self.upload.waiting_bytes())
    }

    /// Bytes that it would have if it ended now, about.
    pub fn size_bytes(&self) -> u64 {
        (self.writer.bytes_written() as u64).saturating_add(self.writer.in_progress_size() as u64)
    }

    /// Appends rows, which must have the file's schema.
    ///
    /// # Errors
    /// When the rows do not fit the schema, or the store fails.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = batch.slice(start, ROWS_AT_ONCE.min(batch.num_rows() - start));
            start += rows.num_rows();
            self.num_records += rows.num_rows() as u64;
            let groups = self.writer.flushed_row_groups().len();
            self.writer.write(&rows).map_err(|source| self.error(source))?;
            if self.writer.flushed_row_groups().len() != groups {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        let encoded = std::mem::take(self.writer.inner_mut());
        self.upload.write(encoded).await
    }

    fn error(&self, source: parquet::errors::ParquetError) -> Error {
        Error::Parquet { file: self.upload.path().to_string(), source }
    }

    /// Ends the file and gives its size in bytes. When that fails, nothing of it is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<u64> {
        let ended = match self.writer.finish() {
            Ok(_) => self.send().await,
            Err(source) => Err(self.error(source)),
        };
        match ended {
            Ok(()) => self.upload.complete().await,
            Err(error) => {
                self.upload.abort().await;
                Err(error)
            }
        }
    }

    /// Gives the file up.
    pub async fn abort(self) {
        self.upload.abort().await;
    }
}

impl std::fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetFile").field("path", self.path()).field("rows", &self.num_records).finish()
    }
}
