//! Variants as texts, for forms of rows that have no variants of their own.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;
use tarn_engine::variant::{VariantError, replaced_field, with_texts, write_json};

/// The columns with texts in the place of variants.
pub(super) fn schema_with_texts(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(|field| replaced_field(field, &DataType::Utf8)).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The rows with texts in the place of variants.
pub(super) fn batch_with_texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = schema_with_texts(&batch.schema());
    if schema == batch.schema() {
        return Ok(batch.clone());
    }
    let text = |metadata: &[u8], value: &[u8]| Ok::<_, VariantError>(json_text(metadata, value));
    let columns = batch.columns().iter().map(|column| with_texts(column, &text));
    let columns = columns.collect::<Result<Vec<_>, VariantError>>().map_err(|error| match error {
        VariantError::Arrow(error) => error,
        other => ArrowError::ExternalError(Box::new(other)),
    })?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options)
}

/// A variant as JSON; a damaged one as a JSON text that says so.
pub(super) fn json_text(metadata: &[u8], value: &[u8]) -> String {
    let mut text = String::new();
    match write_json(metadata, value, &mut text) {
        Ok(()) => text,
        // Text is always JSON.
        Err(error) => serde_json::to_string(&error.to_string()).unwrap_or_default(),
    }
}
