//! What a table asks of its rows, in SQL: CHECK constraints and invariants, generated columns, lengths of text.

use crate::{Error, ErrorKind, Result, syntax};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringViewArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::cmp::distinct;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::{DFSchema, ToDFSchema};
use datafusion::execution::SessionState;
use datafusion::physical_expr::PhysicalExpr;
use serde_json::Value;
use std::sync::Arc;
use tarn_delta::actions::Metadata;
use tarn_delta::schema::{StructField, StructType};
use tarn_delta::variant::holds_variants;

/// Key of a column's generation expression ("Generated Columns").
pub(crate) const GENERATION_KEY: &str = "delta.generationExpression";
/// Key of a column's default ("Default Columns").
pub(crate) const DEFAULT_KEY: &str = "CURRENT_DEFAULT";
/// Key of a column's invariant ("Column Invariants").
const INVARIANT_KEY: &str = "delta.invariants";
/// Key under which Spark keeps CHAR(n) and VARCHAR(n), whose Delta type is string.
pub(crate) const CHAR_VARCHAR_KEY: &str = "__CHAR_VARCHAR_TYPE_STRING";
/// Prefix of the properties that hold CHECK constraints.
pub(crate) const CONSTRAINT_PREFIX: &str = "delta.constraints.";

/// The rules of a table, ready to be checked on batches of its columns.
#[derive(Debug)]
pub(crate) struct TableRules {
    schema: SchemaRef,
    checks: Vec<Check>,
    generated: Vec<Generated>,
    lengths: Vec<Length>,
}

#[derive(Debug)]
struct Check {
    name: String,
    text: String,
    expr: Arc<dyn PhysicalExpr>,
}

#[derive(Debug)]
struct Generated {
    column: usize,
    text: String,
    expr: Arc<dyn PhysicalExpr>,
}

#[derive(Debug)]
struct Length {
    column: usize,
    type_name: String,
    most_chars: usize,
}

impl TableRules {
    /// The rules of a table with these columns.
    ///
    /// # Errors
    /// When an expression of the table cannot be understood: then nothing may be written.
    pub(crate) fn of(
        state: &SessionState,
        columns: &SchemaRef,
        schema: &StructType,
        metadata: &Metadata,
    ) -> Result<Self> {
        let df_schema: DFSchema = Arc::clone(columns).to_dfschema()?;
        let compile = |text: &str, what: &str| compile(state, &df_schema, text, what);
        let mut rules =
            Self { schema: Arc::clone(columns), checks: vec![], generated: vec![], lengths: vec![] };
        for (key, text) in &metadata.configuration {
            if let Some(name) = key.strip_prefix(CONSTRAINT_PREFIX) {
                let expr = compile(text, &format!("The constraint {name}"))?;
                rules.checks.push(Check { name: name.to_owned(), text: text.clone(), expr });
            }
        }
        for (place, field) in schema.fields.iter().enumerate() {
            if let Some(text) = invariant(field) {
                let expr = compile(&text, &format!("The invariant of column {}", field.name))?;
                rules.checks.push(Check { name: format!("invariant of {}", field.name), text, expr });
            }
            if let Some(text) = text_of(field, GENERATION_KEY) {
                // "Variant Data Type": no result of a generated column.
                if holds_variants(columns.field(place).data_type()) {
                    let message = format!("The generated column {} cannot be of type VARIANT", field.name);
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
                let expr = compile(text, &format!("The generated column {}", field.name))?;
                rules.generated.push(Generated { column: place, text: text.to_owned(), expr });
            }
            if let Some((type_name, most_chars)) = text_of(field, CHAR_VARCHAR_KEY).and_then(length_of) {
                rules.lengths.push(Length { column: place, type_name, most_chars });
            }
        }
        Ok(rules)
    }

    /// Checks rows that are about to be written.
    ///
    /// # Errors
    /// The first rule that a row breaks, with that row's values.
    pub(crate) fn check(&self, batch: &RecordBatch) -> Result<()> {
        for check in &self.checks {
            let holds = evaluate(&check.expr, batch)?;
            let holds = holds.as_boolean_opt().ok_or_else(|| {
                Error::new(ErrorKind::Invalid, format!("The constraint {} is not a condition", check.name))
            })?;
            // As in Delta, a condition that is null does not hold.
            let broken = (0..holds.len()).find(|row| holds.is_null(*row) || !holds.value(*row));
            if let Some(row) = broken {
                return Err(Error::new(
                    ErrorKind::Execution,
                    format!(
                        "A row breaks the constraint {} ({}): {}",
                        check.name,
                        check.text,
                        shown_row(&self.schema, batch.columns(), row)
                    ),
                )
                .hint("Change the row, or drop the constraint with ALTER TABLE … DROP CONSTRAINT"));
            }
        }
        for generated in &self.generated {
            let right = evaluate(&generated.expr, batch)?;
            let column = batch.column(generated.column);
            let right = cast(&right, column.data_type())?;
            let differs: BooleanArray = distinct(column, &right)?;
            if let Some(row) = (0..differs.len()).find(|row| differs.value(*row)) {
                let name = self.schema.field(generated.column).name();
                return Err(Error::new(
                    ErrorKind::Execution,
                    format!(
                        "Column {name} is generated as {}, which is {} here, not {}",
                        generated.text,
                        array_value_to_string(&right, row)?,
                        array_value_to_string(column, row)?
                    ),
                )
                .hint(format!("Leave {name} out of the statement")));
            }
        }
        Ok(())
    }

    /// The rows with texts of CHAR(n) and VARCHAR(n) columns as these keep them: blanks at the end go that are too many,
    /// as in Spark.
    ///
    /// # Errors
    /// When a text is too long without them.
    pub(crate) fn shorten(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if self.lengths.is_empty() {
            return Ok(batch);
        }
        let mut columns = batch.columns().to_vec();
        for length in &self.lengths {
            if let Some(column) = columns.get_mut(length.column) {
                *column = self.shortened(length, column)?;
            }
        }
        Ok(RecordBatch::try_new(batch.schema(), columns)?)
    }

    fn shortened(&self, length: &Length, column: &ArrayRef) -> Result<ArrayRef> {
        let views = cast(column, &DataType::Utf8View)?;
        let texts = views.as_string_view();
        let is_long = |text: &str| text.chars().count() > length.most_chars;
        if !texts.iter().flatten().any(is_long) {
            return Ok(Arc::clone(column));
        }
        let mut shortened: Vec<Option<&str>> = Vec::with_capacity(texts.len());
        for text in texts {
            shortened.push(match text.filter(|text| is_long(text)) {
                Some(text) => {
                    let (end, _) = text.char_indices().nth(length.most_chars).unwrap_or((text.len(), ' '));
                    let (kept, rest) = text.split_at(end);
                    if !rest.bytes().all(|byte| byte == b' ') {
                        return Err(self.too_long(length, text));
                    }
                    Some(kept)
                }
                None => text,
            });
        }
        Ok(cast(&StringViewArray::from(shortened), column.data_type())?)
    }

    fn too_long(&self, length: &Length, text: &str) -> Error {
        let name = self.schema.field(length.column).name();
        let message = format!("{text:?} is too long for column {name} of type {}", length.type_name);
        Error::new(ErrorKind::Execution, message).hint("Shorten it, or make the column a STRING")
    }
}

/// The first values of a row, for a message.
pub(super) fn shown_row(schema: &Schema, columns: &[ArrayRef], row: usize) -> String {
    const SHOWN_COLUMNS: usize = 8;
    let value = |column: &ArrayRef| array_value_to_string(column, row).unwrap_or_default();
    let fields = schema.fields().iter().zip(columns).take(SHOWN_COLUMNS);
    let shown: Vec<String> =
        fields.map(|(field, column)| format!("{} = {}", field.name(), value(column))).collect();
    let more = if columns.len() > SHOWN_COLUMNS { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn evaluate(expr: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    Ok(expr.evaluate(batch)?.into_array(batch.num_rows())?)
}

/// An expression of the table over its columns.
fn compile(state: &SessionState, schema: &DFSchema, text: &str, what: &str) -> Result<Arc<dyn PhysicalExpr>> {
    let planned = syntax::kept_expr(state, text, what, schema)
        .and_then(|expr| Ok(state.create_physical_expr(expr, schema)?));
    planned.map_err(|inner| Error {
        message: format!("{what} ({text}) cannot be evaluated: {}", inner.message),
        position: None,
        ..inner
    })
}

/// The text of a column's metadata under a key.
pub(crate) fn text_of<'a>(field: &'a StructField, key: &str) -> Option<&'a str> {
    field.metadata.get(key).and_then(Value::as_str)
}

/// `{"expression": {"expression": "x > 3"}}` → `x > 3`.
fn invariant(field: &StructField) -> Option<String> {
    let value: Value = serde_json::from_str(text_of(field, INVARIANT_KEY)?).ok()?;
    value.get("expression")?.get("expression")?.as_str().map(str::to_owned)
}

/// `varchar(10)` → its name and 10.
fn length_of(text: &str) -> Option<(String, usize)> {
    let lower = text.trim().to_lowercase();
    let inner = lower.strip_prefix("varchar(").or_else(|| lower.strip_prefix("char("))?;
    let most = inner.strip_suffix(')')?.trim().parse().ok()?;
    Some((lower.clone(), most))
}
