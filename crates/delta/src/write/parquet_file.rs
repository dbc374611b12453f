//! One Parquet file that is encoded and uploaded while it is written.

use super::blocks::Blocks;
use super::row_group::RowGroup;
use super::upload::Upload;
use crate::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, ArrowWriterOptions};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Encoded bytes of a row group: what a file holds in memory at most, and as much again while the group is put into the file.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Rows of a row group of data files at most.
pub(super) const ROW_GROUP_ROWS: usize = 1 << 20;
/// Rows that are encoded between two looks at the sizes.
pub(super) const ROWS_AT_ONCE: usize = 8192;

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
    file: SerializedFileWriter<Blocks>,
    schema: SchemaRef,
    groups: ArrowRowGroupWriterFactory,
    group: Option<RowGroup>,
    group_rows: usize,
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
        let properties = WriterProperties::builder().set_compression(codec.compression()).build();
        // Readers of Delta take the types from the log: Arrow's own schema would only be weight in every file.
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_skip_arrow_metadata(true)
            .with_schema_root("spark_schema".to_owned());
        let (file, groups) =
            ArrowWriter::try_new_with_options(Blocks::default(), Arc::clone(&schema), options)
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(|source| Error::Parquet { file: path.to_string(), source })?;
        Ok(Self {
            file,
            schema,
            groups,
            group: None,
            group_rows: group_rows.max(1),
            upload: Upload::new(store, path),
            num_records: 0,
        })
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
        let group = self.group.as_ref().map_or(0, RowGroup::memory_bytes);
        group.saturating_add(self.upload.waiting_bytes())
    }

    /// Bytes that it would have if it ended now, about.
    pub fn size_bytes(&self) -> u64 {
        let group = self.group.as_ref().map_or(0, RowGroup::encoded_bytes);
        (self.file.bytes_written() as u64).saturating_add(group as u64)
    }

    /// Appends rows, which must have the file's schema.
    ///
    /// # Errors
    /// When the rows do not fit the schema, or the store fails.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut start = 0;
        while start < batch.num_rows() {
            let mut group = match self.group.take() {
                Some(group) => group,
                None => self.new_group().map_err(|source| self.error(source))?,
            };
            let most = ROWS_AT_ONCE.min(self.group_rows - group.num_rows());
            let rows = batch.slice(start, most.min(batch.num_rows() - start));
            start += rows.num_rows();
            self.num_records += rows.num_rows() as u64;
            group.write(&rows).await.map_err(|source| self.error(source))?;
            if group.num_rows() >= self.group_rows || group.encoded_bytes() >= ROW_GROUP_BYTES {
                self.end_group(group).await?;
            } else {
                self.group = Some(group);
            }
        }
        Ok(())
    }

    fn new_group(&self) -> Result<RowGroup, ParquetError> {
        let columns = self.groups.create_column_writers(self.file.flushed_row_groups().len())?;
        RowGroup::new(&self.schema, self.file.schema_descr(), columns)
    }

    async fn end_group(&mut self, group: RowGroup) -> Result<()> {
        let chunks = group.close().await.map_err(|source| self.error(source))?;
        let append = || {
            let mut group = self.file.next_row_group()?;
            for chunk in chunks {
                chunk.append_to_row_group(&mut group)?;
            }
            group.close().map(drop)
        };
        append().map_err(|source| self.error(source))?;
        self.send().await
    }

    async fn send(&mut self) -> Result<()> {
        for block in self.file.inner_mut().take() {
            self.upload.write(block).await?;
        }
        Ok(())
    }

    fn error(&self, source: ParquetError) -> Error {
        Error::Parquet { file: self.upload.path().to_string(), source }
    }

    /// Ends the file and gives its size in bytes. When that fails, nothing of it is left.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<u64> {
        match self.end().await {
            Ok(()) => self.upload.complete().await,
            Err(error) => {
                self.upload.abort().await;
                Err(error)
            }
        }
    }

    async fn end(&mut self) -> Result<()> {
        if let Some(group) = self.group.take() {
            self.end_group(group).await?;
        }
        self.file.finish().map_err(|source| self.error(source))?;
        self.send().await
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
