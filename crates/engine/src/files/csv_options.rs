//! The options of CSV files, in the names of Spark and Databricks, over what the file itself tells.

use super::sniff::{self, CsvShape};
use crate::{Error, ErrorKind, Result};
use datafusion::common::config::CsvOptions;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use object_store::path::Path;
use std::collections::BTreeMap;

const KNOWN: &[&str] =
    &["header", "sep", "delimiter", "quote", "escape", "comment", "multiline", "inferschema", "mode"];

/// How CSV files are read.
#[derive(Debug, Clone)]
pub(crate) struct CsvChoices {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) has_header: bool,
    infers_types: bool,
}

impl CsvChoices {
    /// The options that were given, and for the rest what the sample looks like.
    pub(crate) fn new(options: &BTreeMap<String, String>, sample: &[u8], path: &Path) -> Result<Self> {
        super::check_options(options, KNOWN)?;
        let get = |key: &str| options.get(key).map(String::as_str);
        if let Some(mode) = get("mode")
            && !mode.eq_ignore_ascii_case("failfast")
        {
            return Err(Error::new(ErrorKind::Unsupported, format!("The mode {mode} is not there yet"))
                .hint("Leave mode out: a row that does not fit is an error that names its line (FAILFAST)"));
        }
        let delimiter = get("sep").or(get("delimiter")).map(|text| byte("sep", text)).transpose()?;
        let is_tsv = super::listing::split_compression(path.as_ref()).0.to_lowercase().ends_with(".tsv");
        let delimiter = delimiter.or(is_tsv.then_some(b'\t'));
        let quote = get("quote").map(|text| byte("quote", text)).transpose()?.unwrap_or(b'"');
        let CsvShape { delimiter, has_header } = sniff::csv_shape(sample, delimiter, quote);
        Ok(Self {
            delimiter,
            quote,
            escape: get("escape")
                .filter(|text| *text != "\"")
                .map(|text| byte("escape", text))
                .transpose()?,
            comment: get("comment").map(|text| byte("comment", text)).transpose()?,
            has_header: get("header").map(|text| truth("header", text)).transpose()?.unwrap_or(has_header),
            infers_types: get("inferschema")
                .map(|text| truth("inferSchema", text))
                .transpose()?
                .unwrap_or(true),
        })
    }

    pub(crate) fn to_datafusion(&self, compression: &FileCompressionType, infer_rows: usize) -> CsvOptions {
        CsvOptions {
            has_header: Some(self.has_header),
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape,
            comment: self.comment,
            compression: *compression.get_variant(),
            // Cutting a file at line breaks would cut quoted values that hold them, and lose count of the lines.
            newlines_in_values: Some(true),
            schema_infer_max_rec: Some(if self.infers_types { infer_rows } else { 0 }),
            ..CsvOptions::default()
        }
    }
}

/// One byte, as `,`, `\t` or `tab`.
fn byte(option: &str, text: &str) -> Result<u8> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        "\\\\" => Ok(b'\\'),
        _ => match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(Error::new(
                ErrorKind::Invalid,
                format!("The option {option} must be one character, not {text:?}"),
            )),
        },
    }
}

fn truth(option: &str, text: &str) -> Result<bool> {
    match text.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            Err(Error::new(ErrorKind::Invalid, format!("The option {option} is true or false, not {text:?}")))
        }
    }
}
