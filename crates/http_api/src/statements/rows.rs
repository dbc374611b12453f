//! The rows of a result as the text of a `data_array`, within the limits of a request.

use arrow::array::RecordBatch;
use bytes::Bytes;
use tarn_lakehouse::format::cell_text;
use tarn_lakehouse::{Error, ErrorKind, Result};

/// What Databricks returns INLINE at most.
pub(super) const INLINE_LIMIT_BYTES: u64 = 25 << 20;

/// Rows as JSON, kept in pieces so that a large answer is never copied as a whole.
#[derive(Debug)]
pub(super) struct Rows {
    /// What lies between the brackets of the array.
    pub(super) text: Vec<Bytes>,
    pub(super) count: u64,
    pub(super) bytes: u64,
    row_limit: u64,
    byte_limit: Option<u64>,
    is_truncated: bool,
}

impl Rows {
    pub(super) fn new(row_limit: Option<u64>, byte_limit: Option<u64>) -> Self {
        let row_limit = row_limit.unwrap_or(u64::MAX);
        Self { text: vec![], count: 0, bytes: 0, row_limit, byte_limit, is_truncated: false }
    }

    /// Whether a limit of the request has left rows out.
    pub(super) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Adds rows, as many as the request's limits leave room for.
    ///
    /// # Errors
    /// When they are too many for an INLINE result and the request has set no lower limit.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut text = Vec::new();
        for row in 0..batch.num_rows() {
            if self.count == self.row_limit {
                self.is_truncated = true;
                break;
            }
            let start = text.len();
            if self.count > 0 {
                text.push(b',');
            }
            write_row(batch, row, &mut text);
            let bytes = self.bytes + (text.len() - start) as u64;
            if self.byte_limit.is_some_and(|limit| bytes > limit) {
                text.truncate(start);
                self.is_truncated = true;
                break;
            }
            if bytes > INLINE_LIMIT_BYTES {
                return Err(too_large(self.count));
            }
            self.bytes = bytes;
            self.count += 1;
        }
        if !text.is_empty() {
            self.text.push(text.into());
        }
        Ok(())
    }
}

fn write_row(batch: &RecordBatch, row: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, column) in batch.columns().iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        // Text is always JSON, and so is NULL.
        out.extend(serde_json::to_vec(&cell_text(column, row)).unwrap_or_default());
    }
    out.push(b']');
}

fn too_large(rows: u64) -> Error {
    let message = format!(
        "The result is too large to return INLINE: {rows} rows fill {} MiB, and there are more",
        INLINE_LIMIT_BYTES >> 20
    );
    Error::new(ErrorKind::Invalid, message).hint(
        "Select fewer rows or columns, set row_limit or byte_limit to get a part, or write the rows to a file with \
         COPY (…) TO 'path'",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    fn batch(rows: i64) -> RecordBatch {
        let number: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        let text: ArrayRef =
            Arc::new(StringArray::from_iter((0..rows).map(|n| (n % 2 == 0).then_some("a\"b"))));
        RecordBatch::try_from_iter([("n", number), ("t", text)]).unwrap()
    }

    fn text(rows: &Rows) -> String {
        String::from_utf8(rows.text.concat()).unwrap()
    }

    #[test]
    fn rows_are_arrays_of_strings() {
        let mut rows = Rows::new(None, None);
        rows.add(&batch(2)).unwrap();
        rows.add(&batch(0)).unwrap();
        rows.add(&batch(1)).unwrap();
        assert_eq!(text(&rows), r#"["0","a\"b"],["1",null],["0","a\"b"]"#);
        assert_eq!((rows.count, rows.bytes, rows.is_truncated()), (3, text(&rows).len() as u64, false));
    }

    #[test]
    fn limits_truncate_only_when_rows_are_left_out() {
        let mut rows = Rows::new(Some(2), None);
        rows.add(&batch(2)).unwrap();
        assert!(!rows.is_truncated());
        rows.add(&batch(0)).unwrap();
        assert!(!rows.is_truncated());
        rows.add(&batch(1)).unwrap();
        assert!(rows.is_truncated());
        assert_eq!(rows.count, 2);

        let mut rows = Rows::new(None, Some(20));
        rows.add(&batch(5)).unwrap();
        assert_eq!((text(&rows).as_str(), rows.count, rows.is_truncated()), (r#"["0","a\"b"]"#, 1, true));
    }

    #[test]
    fn a_result_over_the_inline_limit_is_an_error() {
        let wide: ArrayRef = Arc::new(StringArray::from_iter_values([&"x".repeat(10 << 20)]));
        let batch = RecordBatch::try_from_iter([("w", wide)]).unwrap();
        let mut rows = Rows::new(None, None);
        rows.add(&batch).unwrap();
        rows.add(&batch).unwrap();
        let error = rows.add(&batch).unwrap_err();
        assert!(error.message.contains("25 MiB") && error.hint.unwrap().contains("row_limit"));
    }
}
