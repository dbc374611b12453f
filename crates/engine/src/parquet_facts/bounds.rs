//! The least and greatest values that a file's statistics name, as texts.
//!
//! Columns that are not nested are shown in their logical type; of the rest, the physical value is shown.

use crate::Result;
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::Schema;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::DataFusionError;
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::statistics::Statistics;

/// Bounds of the parts of a column: its chunks, or its pages.
pub(super) enum Bounds {
    Logical(ArrayRef, ArrayRef),
    Texts(Vec<(Option<String>, Option<String>)>),
}

pub(super) fn arrow_schema(metadata: &ParquetMetaData) -> Result<Schema> {
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata());
    Ok(schema.map_err(DataFusionError::from)?)
}

/// The converter of a column that is not nested.
fn converter<'a>(
    metadata: &'a ParquetMetaData,
    arrow: &'a Schema,
    column: usize,
) -> Option<StatisticsConverter<'a>> {
    let descriptor = metadata.file_metadata().schema_descr();
    let leaf = descriptor.columns().get(column)?;
    let [name] = leaf.path().parts() else { return None };
    StatisticsConverter::try_new(name, arrow, descriptor).ok()
}

impl Bounds {
    /// Of the chunks of a column.
    pub(super) fn of_groups(metadata: &ParquetMetaData, arrow: &Schema, column: usize) -> Self {
        let logical = converter(metadata, arrow, column).and_then(|converter| {
            let groups = metadata.row_groups();
            Some(Self::Logical(
                converter.row_group_mins(groups).ok()?,
                converter.row_group_maxes(groups).ok()?,
            ))
        });
        logical.unwrap_or_else(|| {
            let chunks = metadata.row_groups().iter().map(|group| group.columns().get(column));
            let statistics = chunks.map(|chunk| chunk.and_then(|chunk| chunk.statistics()));
            Self::Texts(statistics.map(|found| found.map(physical).unwrap_or_default()).collect())
        })
    }

    /// Of the pages of a chunk.
    pub(super) fn of_pages(metadata: &ParquetMetaData, arrow: &Schema, group: usize, column: usize) -> Self {
        let logical = converter(metadata, arrow, column).and_then(|converter| {
            let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
            let group = &group;
            let mins = converter.data_page_mins(columns, offsets, [group]).ok()?;
            let maxes = converter.data_page_maxes(columns, offsets, [group]).ok()?;
            Some(Self::Logical(mins, maxes))
        });
        logical.unwrap_or_else(|| Self::Texts(Vec::new()))
    }

    /// Least and greatest value of a part.
    pub(super) fn texts(&self, part: usize) -> (Option<String>, Option<String>) {
        let text = |array: &ArrayRef| {
            let is_there = part < array.len() && array.is_valid(part);
            is_there.then(|| array_value_to_string(array, part).ok()).flatten()
        };
        match self {
            Self::Logical(mins, maxes) => (text(mins), text(maxes)),
            Self::Texts(texts) => texts.get(part).cloned().unwrap_or_default(),
        }
    }
}

fn physical(statistics: &Statistics) -> (Option<String>, Option<String>) {
    fn of<T: ToString>(min: Option<&T>, max: Option<&T>) -> (Option<String>, Option<String>) {
        (min.map(T::to_string), max.map(T::to_string))
    }
    match statistics {
        Statistics::Boolean(values) => of(values.min_opt(), values.max_opt()),
        Statistics::Int32(values) => of(values.min_opt(), values.max_opt()),
        Statistics::Int64(values) => of(values.min_opt(), values.max_opt()),
        Statistics::Float(values) => of(values.min_opt(), values.max_opt()),
        Statistics::Double(values) => of(values.min_opt(), values.max_opt()),
        Statistics::Int96(_) => (None, None),
        Statistics::ByteArray(_) | Statistics::FixedLenByteArray(_) => {
            (statistics.min_bytes_opt().map(bytes), statistics.max_bytes_opt().map(bytes))
        }
    }
}

/// A text where it is one, else the bytes in hexadecimal.
fn bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
