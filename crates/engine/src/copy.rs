//! `COPY … TO`: its options in the words of DuckDB and Spark, its plan in DataFusion's.

pub(crate) mod variants;

use crate::delta::assign::shown;
use crate::delta::nested::is_nested;
use crate::files::Format;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::datasource::file_format::csv::CsvFormatFactory;
use datafusion::datasource::file_format::json::JsonFormatFactory;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::datasource::file_format::{FileFormatFactory, format_as_file_type};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use std::collections::HashMap;
use std::sync::Arc;
use tarn_dialect::CopyTo;
use url::Url;

/// What the option is called by people, and by DataFusion.
const OPTIONS: &[(&str, &str)] = &[
    ("compression", "format.compression"),
    ("compression_level", "format.compression_level"),
    ("header", "format.has_header"),
    ("delimiter", "format.delimiter"),
    ("delim", "format.delimiter"),
    ("sep", "format.delimiter"),
    ("quote", "format.quote"),
    ("escape", "format.escape"),
    ("nullstr", "format.null_value"),
    ("nullvalue", "format.null_value"),
    ("row_group_size", "format.max_row_group_size"),
];

/// The plan that writes the rows of `input`.
pub(crate) fn plan(copy: &CopyTo, input: LogicalPlan, target: &Url) -> Result<LogicalPlan> {
    let position = Position::of(copy.target_span);
    let format = match &copy.format {
        Some(name) => Format::named(name)?,
        None => Format::of_name(target.path()).ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("The name {} does not say the format to write", copy.target),
            )
            .hint("Add the format: COPY … TO 'path' (FORMAT parquet)")
            .at(position)
        })?,
    };
    let columns = input.schema().clone();
    let mut partition_by = Vec::new();
    for ident in &copy.partition_by {
        let known = columns.fields().iter().map(|field| field.name().as_str());
        let found = known
            .clone()
            .find(|name| name.eq_ignore_ascii_case(&ident.value))
            .ok_or_else(|| Error::no_column(&ident.value, known).at(Position::of(ident.span)))?;
        partition_by.push(found.to_owned());
    }
    let mut options = HashMap::new();
    for (key, value) in &copy.options {
        let known = OPTIONS.iter().find(|(name, _)| name == key);
        let key = match known {
            Some((_, key)) => (*key).to_owned(),
            None if key.starts_with("format.") => key.clone(),
            None => {
                let names = || OPTIONS.iter().map(|(name, _)| *name);
                let hint = match crate::names::nearest(key, names()) {
                    Some(near) => format!("Did you mean {near}?"),
                    None => format!("The options are {}", crate::names::listed(names())),
                };
                return Err(Error::new(ErrorKind::Invalid, format!("COPY has no option {key}")).hint(hint));
            }
        };
        options.insert(key, value.clone());
    }
    let factory: Arc<dyn FileFormatFactory> = match format {
        Format::Parquet => Arc::new(ParquetFormatFactory::new()),
        Format::Csv => Arc::new(CsvFormatFactory::new()),
        Format::Json => Arc::new(JsonFormatFactory::new()),
    };
    let input = if format == Format::Csv { for_csv(input)? } else { input };
    // A partitioned copy is a folder.
    let mut target = target.to_string();
    if !partition_by.is_empty() && !target.ends_with('/') {
        target.push('/');
    }
    let plan =
        LogicalPlanBuilder::copy_to(input, target, format_as_file_type(factory), options, partition_by)?;
    Ok(plan.build()?)
}

/// The rows as CSV can hold them.
fn for_csv(input: LogicalPlan) -> Result<LogicalPlan> {
    let input = variants::as_texts(input)?;
    // Told before a file is begun.
    if let Some(field) = input.schema().fields().iter().find(|field| is_nested(field.data_type())) {
        let message = format!(
            "CSV has no form for column {} of type {}",
            crate::names::quoted(field.name()),
            shown(field.data_type())
        );
        return Err(
            Error::new(ErrorKind::Unsupported, message).hint("Leave it out, or write JSON or Parquet")
        );
    }
    Ok(input)
}
