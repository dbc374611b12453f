//! Finds the first line of a text file that is wrong.
//!
//! The readers of Arrow say what is wrong but count lines from where they began, or not at all. When one has failed, the
//! files are read once more, line by line, to say where.

use super::csv_options::CsvChoices;
use super::quotes::QuoteScanner;
use crate::{Error, ErrorKind};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// Files beyond this size are not searched: the error stays as the reader gave it.
const MAX_SEARCHED_BYTES: usize = 256 << 20;

/// The text files of a table.
#[derive(Debug, Clone)]
pub(crate) struct TextFiles {
    store: Arc<dyn ObjectStore>,
    files: Vec<ObjectMeta>,
    compression: FileCompressionType,
    csv: Option<CsvChoices>,
}

impl TextFiles {
    pub(crate) fn csv(
        store: Arc<dyn ObjectStore>,
        files: Vec<ObjectMeta>,
        compression: FileCompressionType,
        choices: CsvChoices,
    ) -> Self {
        Self { store, files, compression, csv: Some(choices) }
    }

    pub(crate) fn json(
        store: Arc<dyn ObjectStore>,
        files: Vec<ObjectMeta>,
        compression: FileCompressionType,
    ) -> Self {
        Self { store, files, compression, csv: None }
    }

    /// The first fault of the files, or `None` when their lines are all well formed.
    pub(crate) async fn first_fault(&self) -> Option<Error> {
        for file in &self.files {
            let text = self.read(file).await?;
            let name = file.location.as_ref();
            let fault = match &self.csv {
                Some(choices) => csv_fault(&text, choices, name),
                None if super::json_array::is_array(&text) => json_array_fault(&text, name),
                None => json_lines_fault(&text, name),
            };
            if fault.is_some() {
                return fault;
            }
        }
        None
    }

    async fn read(&self, file: &ObjectMeta) -> Option<Vec<u8>> {
        let packed = self.store.get(&file.location).await.ok()?.into_stream().map_err(Into::into).boxed();
        let mut unpacked = self.compression.convert_stream(packed).ok()?;
        let mut text = Vec::new();
        while let Some(bytes) = unpacked.try_next().await.ok()? {
            text.extend_from_slice(&bytes);
            if text.len() > MAX_SEARCHED_BYTES {
                return None;
            }
        }
        Some(text)
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadData, message)
}

/// The first fault of a CSV text.
pub(super) fn csv_fault(text: &[u8], choices: &CsvChoices, name: &str) -> Option<Error> {
    if let Some(fault) = encoding_fault(text, name) {
        return Some(fault);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(choices.delimiter)
        .quote(choices.quote)
        .escape(choices.escape)
        .comment(choices.comment)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut quotes = QuoteScanner::new(choices);
    quotes.feed(text);
    let open_line = quotes.open_at().and_then(|at| usize::try_from(at).ok()).map(|at| line_at(text, at));
    let mut record = csv::ByteRecord::new();
    let mut width = None;
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Some(bad(format!("{name}, line {line}: {error}"))),
        }
        let line = record.position().map_or(line, csv::Position::line);
        // The record of an open quote goes to the end of the file, whatever its fields look like.
        if open_line.is_some_and(|open| reader.position().line() > open as u64) {
            break;
        }
        let expected = *width.get_or_insert(record.len());
        if record.len() != expected {
            return Some(
                bad(format!(
                    "{name}, line {line}: the row has {} fields, the first row has {expected}",
                    record.len()
                ))
                .hint("Mend the line; if the delimiter was guessed wrongly, pass sep => '…' to read_files"),
            );
        }
    }
    let line = open_line?;
    Some(
        bad(format!("{name}, line {line}: a quote is opened there and never closed"))
            .hint("Close the quote in the file, or pass quote => '…' if the character means something else"),
    )
}

/// The first byte that is not UTF-8.
fn encoding_fault(text: &[u8], name: &str) -> Option<Error> {
    let error = std::str::from_utf8(text).err()?;
    let at = error.valid_up_to();
    let line = line_at(text, at);
    let byte = text[at];
    Some(bad(format!("{name}, line {line}: the byte 0x{byte:02X} is not UTF-8")).hint(
        "The file is in another encoding, such as Latin-1: save it as UTF-8 (iconv -f LATIN1 -t UTF-8)",
    ))
}

fn json_lines_fault(text: &[u8], name: &str) -> Option<Error> {
    if let Some(fault) = encoding_fault(text, name) {
        return Some(fault);
    }
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    // An object may go over several lines: values follow each other, whatever the space between them.
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>();
    loop {
        let before = values.byte_offset();
        match values.next()? {
            Ok(value) if value.is_object() => {}
            Ok(_) => {
                let line = line_of(text, before);
                return Some(
                    bad(format!("{name}, line {line}: the value is not an object"))
                        .hint("Each line must be an object: {\"column\": value, …}"),
                );
            }
            Err(error) => {
                return Some(
                    bad(format!("{name}, line {}: {}", error.line(), json_message(&error)))
                        .hint("Mend or remove that line; each line must be one JSON object"),
                );
            }
        }
    }
}

fn json_array_fault(text: &[u8], name: &str) -> Option<Error> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    match serde_json::from_slice::<Vec<serde_json::Value>>(text) {
        Ok(values) => {
            let odd = values.iter().position(|value| !value.is_object())?;
            Some(bad(format!("{name}: element {} of the array is not an object", odd + 1)))
        }
        Err(error) => Some(
            bad(format!("{name}, line {}: {}", error.line(), json_message(&error)))
                .hint("Mend the file: it must be one JSON array of objects"),
        ),
    }
}

/// serde_json's message without the place, which is said otherwise.
fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The line of the first value from an offset on.
fn line_of(text: &[u8], offset: usize) -> usize {
    let skipped = text[offset..].iter().take_while(|byte| byte.is_ascii_whitespace());
    line_at(text, offset + skipped.count())
}

/// The line of an offset, from 1.
fn line_at(text: &[u8], offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text[..offset]).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn csv(text: &[u8]) -> Option<String> {
        let choices = CsvChoices::new(&BTreeMap::new(), text, &"a.csv".into()).unwrap();
        csv_fault(text, &choices, "a.csv").map(|error| error.message)
    }

    #[test]
    fn csv_faults_name_their_line() {
        assert_eq!(csv(b"a,b\n1,2\n3,4\n"), None);
        assert_eq!(
            csv(b"a,b\n\"x\ny\",2\n3,4,5\n").unwrap(),
            "a.csv, line 4: the row has 3 fields, the first row has 2"
        );
        assert_eq!(csv(b"a,b\n1,2\nM\xFCnchen,2\n").unwrap(), "a.csv, line 3: the byte 0xFC is not UTF-8");
        let open = csv(b"a,b\n1,\"x\n2,y\n3,z\n").unwrap();
        assert_eq!(open, "a.csv, line 2: a quote is opened there and never closed");
        let open = csv(b"a,b\n1,2\n\"x,2\n3,z\n").unwrap();
        assert_eq!(open, "a.csv, line 3: a quote is opened there and never closed");
    }

    #[test]
    fn json_faults_name_their_line() {
        let fault = |text: &[u8]| json_lines_fault(text, "a.json").map(|error| error.message);
        assert_eq!(fault(b"{\"a\":1}\n{\"a\":2}\n"), None);
        assert_eq!(fault(b"{\"a\":1}\n{\"a\":}\n").unwrap(), "a.json, line 2: expected value");
        assert_eq!(fault(b"{\"a\":1}\n\n7\n").unwrap(), "a.json, line 3: the value is not an object");
    }
}
