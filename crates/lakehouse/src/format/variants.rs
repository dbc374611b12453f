//! Variants as texts, for forms of rows that have no variants of their own.

use super::value::cell_text;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use std::sync::Arc;
use tarn_engine::variant::is_variant;

/// The columns with texts in the place of variants.
pub(super) fn schema_with_texts(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(field_with_texts).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// The rows with texts in the place of variants.
pub(super) fn batch_with_texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = schema_with_texts(&batch.schema());
    if schema == batch.schema() {
        return Ok(batch.clone());
    }
    let columns = batch.columns().iter().map(with_texts).collect::<Result<Vec<_>, ArrowError>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options)
}

fn field_with_texts(field: &FieldRef) -> FieldRef {
    let nested = |field: &FieldRef| field_with_texts(field);
    let data_type = match field.data_type() {
        variant if is_variant(variant) => DataType::Utf8,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nested).collect()),
        DataType::List(element) => DataType::List(nested(element)),
        DataType::Map(entries, is_sorted) => DataType::Map(nested(entries), *is_sorted),
        other => other.clone(),
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn with_texts(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = array.nulls().cloned();
    Ok(match array.data_type() {
        variant if is_variant(variant) => {
            Arc::new((0..array.len()).map(|row| cell_text(array, row)).collect::<StringArray>())
        }
        DataType::Struct(fields) => {
            let columns =
                array.as_struct().columns().iter().map(with_texts).collect::<Result<Vec<_>, ArrowError>>()?;
            let fields = fields.iter().map(field_with_texts).collect();
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, array.len())?)
        }
        DataType::List(element) => {
            let lists = array.as_list::<i32>();
            let (values, offsets) = (with_texts(lists.values())?, lists.offsets().clone());
            Arc::new(ListArray::try_new(field_with_texts(element), offsets, values, nulls)?)
        }
        DataType::Map(entries, is_sorted) => {
            let maps = array.as_map();
            let pairs = with_texts(&(Arc::new(maps.entries().clone()) as ArrayRef))?.as_struct().clone();
            let (entries, offsets) = (field_with_texts(entries), maps.offsets().clone());
            Arc::new(MapArray::try_new(entries, offsets, pairs, nulls, *is_sorted)?)
        }
        _ => Arc::clone(array),
    })
}
