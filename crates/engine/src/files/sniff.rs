//! The beginning of a text file, and what it tells: delimiter and header of CSV.

use crate::Result;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// Bytes of the beginning that are looked at.
pub(super) const SAMPLE_BYTES: usize = 64 * 1024;

/// Delimiters that are tried, the likelier first.
const DELIMITERS: [u8; 4] = *b",\t;|";

/// The first bytes of a file, unpacked.
pub(super) async fn sample(
    store: &Arc<dyn ObjectStore>,
    file: &ObjectMeta,
    compression: &FileCompressionType,
) -> Result<Vec<u8>> {
    if !compression.is_compressed() {
        let end = file.size.min(SAMPLE_BYTES as u64);
        return Ok(store.get_range(&file.location, 0..end).await?.to_vec());
    }
    let packed = store.get(&file.location).await?.into_stream().map_err(Into::into).boxed();
    let mut unpacked = compression.convert_stream(packed)?;
    let mut sample = Vec::new();
    while sample.len() < SAMPLE_BYTES
        && let Some(bytes) = unpacked.try_next().await?
    {
        sample.extend_from_slice(&bytes);
    }
    sample.truncate(SAMPLE_BYTES);
    Ok(sample)
}

/// What the beginning of a CSV file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CsvShape {
    pub(super) delimiter: u8,
    pub(super) has_header: bool,
}

/// Guesses the delimiter that cuts the most records into the same number of fields, more than one, and whether the first
/// record names the columns: it does unless one of its fields is a number or a date, is empty, or occurs twice.
pub(super) fn csv_shape(sample: &[u8], delimiter: Option<u8>, quote: u8) -> CsvShape {
    let candidates = delimiter.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let best = candidates
        .iter()
        .map(|&delimiter| {
            let records = records(sample, delimiter, quote);
            let width = records.first().map_or(0, Vec::len);
            let alike = records.iter().filter(|record| record.len() == width).count();
            // Of two that cut evenly, the one with more fields; `max_by_key` keeps the last, so count backwards.
            let score = if width > 1 { (alike * 1000 / records.len().max(1), width) } else { (0, 0) };
            (score, delimiter, records)
        })
        .rev()
        .max_by_key(|(score, _, _)| *score);
    let Some((_, delimiter, records)) = best else { return CsvShape { delimiter: b',', has_header: true } };
    CsvShape { delimiter, has_header: has_header(&records) }
}

fn records(sample: &[u8], delimiter: u8, quote: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(sample);
    let mut records: Vec<Vec<String>> = reader
        .byte_records()
        .map_while(Result::ok)
        .take(200)
        .map(|record| record.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())
        .collect();
    // The sample may end in the middle of a record.
    if sample.len() >= SAMPLE_BYTES && records.len() > 1 {
        records.pop();
    }
    records
}

fn has_header(records: &[Vec<String>]) -> bool {
    let Some(first) = records.first() else { return true };
    let is_value = |text: &str| text.trim().parse::<f64>().is_ok() || is_date(text);
    if first.iter().any(|field| is_value(field)) {
        return false;
    }
    // Text above text is taken as names.
    let mut names: Vec<&String> = first.iter().collect();
    names.sort_unstable();
    names.dedup();
    names.len() == first.len() && first.iter().all(|field| !field.trim().is_empty())
}

fn is_date(text: &str) -> bool {
    let digits = text.bytes().take(10).filter(u8::is_ascii_digit).count();
    text.len() >= 10 && digits == 8 && text.as_bytes()[4] == text.as_bytes()[7]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sample: &str) -> (char, bool) {
        let shape = csv_shape(sample.as_bytes(), None, b'"');
        (char::from(shape.delimiter), shape.has_header)
    }

    #[test]
    fn delimiters_and_headers() {
        assert_eq!(shape("a,b,c\n1,2,3\n"), (',', true));
        assert_eq!(shape("a;b;c\n1,5;2,5;3,5\n"), (';', true));
        assert_eq!(shape("a\tb\nx, y\tz\n"), ('\t', true));
        assert_eq!(shape("a|b|c\n1|2|3"), ('|', true));
        assert_eq!(shape("1,2,3\n4,5,6\n"), (',', false));
        assert_eq!(shape("2024-01-01,a\n2024-01-02,b\n"), (',', false));
        assert_eq!(shape("name\nanna\n"), (',', true));
        assert_eq!(shape("a,b\n\"x\ny\",2\n"), (',', true));
    }
}
