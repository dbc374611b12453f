//! Rows as one JSON array of objects, written batch by batch.

use super::value::write_json_value;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

/// Writes an array of objects: keys in the order of the select list, nulls written, `[]` for no rows.
#[derive(Debug)]
pub struct JsonArrayWriter {
    keys: Vec<String>,
    has_rows: bool,
}

impl JsonArrayWriter {
    /// A writer for rows of these columns.
    pub fn new(schema: &Schema) -> Self {
        // A name is always JSON text.
        let keys = schema.fields().iter().map(|f| serde_json::to_string(f.name()).unwrap_or_default());
        Self { keys: keys.collect(), has_rows: false }
    }

    /// The text of the next rows.
    pub fn rows(&mut self, batch: &RecordBatch) -> String {
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            text.push_str(if self.has_rows { ",\n" } else { "[" });
            self.has_rows = true;
            text.push('{');
            for (index, (key, column)) in self.keys.iter().zip(batch.columns()).enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(key);
                text.push(':');
                write_json_value(column, row, &mut text);
            }
            text.push('}');
        }
        text
    }

    /// The text after the last row.
    pub fn finish(self) -> &'static str {
        if self.has_rows { "]\n" } else { "[]\n" }
    }
}
