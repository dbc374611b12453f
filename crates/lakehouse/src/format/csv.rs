//! Rows as CSV with a header (RFC 4180): NULL is an empty field, empty text is `""`.

use super::value::cell_text;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

/// Writes CSV batch by batch.
#[derive(Debug)]
pub struct CsvWriter {
    header: Option<String>,
}

impl CsvWriter {
    /// A writer for rows of these columns.
    pub fn new(schema: &Schema) -> Self {
        let names = schema.fields().iter().map(|field| Some(field.name().clone()));
        Self { header: Some(line(names)) }
    }

    /// The text of the next rows; before the first stands the header.
    pub fn rows(&mut self, batch: &RecordBatch) -> String {
        let mut text = self.header.take().unwrap_or_default();
        for row in 0..batch.num_rows() {
            text.push_str(&line(batch.columns().iter().map(|column| cell_text(column, row))));
        }
        text
    }

    /// What is still to be written: the header, when there were no rows.
    pub fn finish(mut self) -> String {
        self.header.take().unwrap_or_default()
    }
}

fn line(fields: impl Iterator<Item = Option<String>>) -> String {
    let fields: Vec<String> = fields
        .map(|field| match field {
            None => String::new(),
            Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Some(text) => text,
        })
        .collect();
    fields.join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn quotes_nulls_and_headers() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![Some("a,\"b\""), None, Some("")]));
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(2), None]));
        let batch = RecordBatch::try_from_iter([("t", text), ("n,m", numbers)]).unwrap();
        let mut writer = CsvWriter::new(&batch.schema());
        assert_eq!(writer.rows(&batch), "t,\"n,m\"\n\"a,\"\"b\"\"\",1\n,2\n\"\",\n");
        assert_eq!(writer.finish(), "");
        assert_eq!(CsvWriter::new(&batch.schema()).finish(), "t,\"n,m\"\n");
    }
}
