//! Where new files lie: partition folders as Hive and Spark name them, and paths as the log has them.

use crate::uuid::new_uuid;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What Hive writes for a null in the name of a folder.
pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// The folder of a partition: `a=1/b=x%2Fy`. Empty for a table without partitions.
pub fn partition_folder(values: &[(String, Option<String>)]) -> String {
    let folders = values.iter().map(|(column, value)| {
        let value = match value.as_deref() {
            None | Some("") => NULL_PARTITION.to_owned(),
            Some(value) => escape(value),
        };
        format!("{}={value}", escape(column))
    });
    folders.collect::<Vec<_>>().join("/")
}

/// Escapes what a folder's name may not hold, as Spark's `ExternalCatalogUtils.escapePathName` does.
pub fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        let is_special = matches!(
            c,
            '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '{' | '[' | ']' | '^' | '\u{7f}'
        );
        if is_special || c < ' ' {
            escaped.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A path below the table's folder as `add.path` has it: percent-encoded once more.
pub fn to_reference(path: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'/')
        .remove(b'=')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'~')
        .remove(b'!')
        .remove(b'$')
        .remove(b'&')
        .remove(b'(')
        .remove(b')')
        .remove(b'+')
        .remove(b',')
        .remove(b'@');
    utf8_percent_encode(path, ENCODED).to_string()
}

/// A file's name, as Spark's: `part-00000-<uuid>.c000.snappy.parquet`.
pub fn file_name(prefix: &str, number: usize, suffix: &str) -> String {
    format!("{prefix}-{number:05}-{}.c000{suffix}", new_uuid())
}

/// A random folder of so many letters and digits, which spreads files over a store's key range.
pub fn random_folder(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut bytes = vec![0; length];
    tarn_platform::random_bytes(&mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(column: &str, value: Option<&str>, folder: &str) {
        assert_eq!(partition_folder(&[(column.to_owned(), value.map(str::to_owned))]), folder);
    }

    #[test]
    fn folders_are_escaped_as_in_hive() {
        check("day", Some("2021-01-01"), "day=2021-01-01");
        check("a", None, "a=__HIVE_DEFAULT_PARTITION__");
        check("a", Some(""), "a=__HIVE_DEFAULT_PARTITION__");
        check("a", Some("x/y"), "a=x%2Fy");
        check("a", Some("2021-01-01 00:00:00"), "a=2021-01-01 00%3A00%3A00");
        check("a b", Some("50%=\u{1}"), "a b=50%25%3D%01");
        check("ä", Some("}ö]"), "ä=}ö%5D");
    }

    #[test]
    fn references_are_encoded_once_more() {
        assert_eq!(to_reference("a=x%2Fy z/part-0.parquet"), "a=x%252Fy%20z/part-0.parquet");
        assert_eq!(to_reference("a=ö"), "a=%C3%B6");
    }

    #[test]
    fn names_are_those_of_spark() {
        let name = file_name("part", 7, ".snappy.parquet");
        assert!(name.starts_with("part-00007-") && name.ends_with(".c000.snappy.parquet"), "{name}");
        assert_eq!(random_folder(2).len(), 2);
    }
}
