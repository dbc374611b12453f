//! Batches as text and bytes, the same in every home.

mod binary;
mod csv;
mod json;
mod value;
mod variants;

pub use self::csv::CsvWriter;
pub use binary::{arrow_file, parquet_file};
pub use json::JsonArrayWriter;
pub use value::{cell_text, write_json_value};

use arrow::array::RecordBatch;
use arrow::util::display::FormatOptions;

/// A table drawn with lines, for people.
///
/// # Errors
/// When a value cannot be written as text.
pub fn table(batches: &[RecordBatch]) -> Result<String, arrow::error::ArrowError> {
    let options = FormatOptions::default().with_null("NULL");
    let batches = batches.iter().map(variants::batch_with_texts).collect::<Result<Vec<_>, _>>()?;
    Ok(arrow::util::pretty::pretty_format_batches_with_options(&batches, &options)?.to_string())
}
