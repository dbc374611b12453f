//! `COPY … TO`: its options in the words of DuckDB and Spark, its plan in DataFusion's.

pub(crate) mod variants;

use crate::delta::assign::shown;
use crate::delta::nested::is_nested;
use crate::files::Format;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::arrow::datatypes::DataType;
use datafusion::datasource::file_format::arrow::ArrowFormatFactory;
use datafusion::datasource::file_format::csv::CsvFormatFactory;
use datafusion::datasource::file_format::json::JsonFormatFactory;
use datafusion::datasource::file_format::parquet::ParquetFormatFactory;
use datafusion::datasource::file_format::{FileFormatFactory, format_as_file_type};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};
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
        Some(name) => Written::named(name)?,
        None => Written::of_name(target.path()).ok_or_else(|| {
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
        Written::Arrow => Arc::new(ArrowFormatFactory::new()),
        Written::As(Format::Parquet) => Arc::new(ParquetFormatFactory::new()),
        Written::As(Format::Csv) => Arc::new(CsvFormatFactory::new()),
        Written::As(Format::Json) => Arc::new(JsonFormatFactory::new()),
    };
    let input = match format {
        Written::As(Format::Csv) => for_csv(input)?,
        Written::Arrow => for_arrow(input)?,
        Written::As(_) => input,
    };
    // A partitioned copy is a folder.
    let mut target = target.to_string();
    if !partition_by.is_empty() && !target.ends_with('/') {
        target.push('/');
    }
    let plan =
        LogicalPlanBuilder::copy_to(input, target, format_as_file_type(factory), options, partition_by)?;
    Ok(plan.build()?)
}

/// A format that rows are written in.
#[derive(Clone, Copy)]
enum Written {
    As(Format),
    /// Arrow's IPC file format, which is written only.
    Arrow,
}

impl Written {
    fn named(name: &str) -> Result<Self> {
        match name.to_lowercase().as_str() {
            "arrow" | "feather" => Ok(Self::Arrow),
            _ => Format::named(name)
                .map(Self::As)
                .map_err(|error| error.hint("The formats are parquet, csv, json and arrow")),
        }
    }

    fn of_name(path: &str) -> Option<Self> {
        let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        match extension.as_deref() {
            Some("arrow" | "feather") => Some(Self::Arrow),
            _ => Format::of_name(path).map(Self::As),
        }
    }
}

/// The rows as every reader of Arrow knows them: views of texts came late to the format.
fn for_arrow(input: LogicalPlan) -> Result<LogicalPlan> {
    let input = variants::as_texts(input)?;
    let columns = input.schema().columns().into_iter().zip(input.schema().fields().iter());
    let columns = columns.map(|(column, field)| match field.data_type() {
        DataType::Utf8View => cast(Expr::Column(column), DataType::Utf8).alias(field.name()),
        DataType::BinaryView => cast(Expr::Column(column), DataType::Binary).alias(field.name()),
        _ => Expr::Column(column),
    });
    let columns: Vec<Expr> = columns.collect();
    Ok(LogicalPlanBuilder::from(input).project(columns)?.build()?)
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
