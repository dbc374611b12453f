//! Variants in another form, wherever they stand within others: as texts, and as copies have them.

use super::{VariantError, bytes_at, is_variant, variant_type_in_copies};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StructArray};
use arrow::datatypes::{DataType, FieldRef};
use std::sync::Arc;

/// Makes a text of a variant's metadata and value.
pub type TextOf<'a> = dyn Fn(&[u8], &[u8]) -> Result<String, VariantError> + 'a;

/// A type with another in the place of variants.
pub fn replaced_type(data_type: &DataType, other: &DataType) -> DataType {
    match data_type {
        variant if is_variant(variant) => other.clone(),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| replaced_field(field, other)).collect())
        }
        DataType::List(element) => DataType::List(replaced_field(element, other)),
        DataType::Map(entries, is_sorted) => DataType::Map(replaced_field(entries, other), *is_sorted),
        same => same.clone(),
    }
}

/// A field with another type in the place of variants.
pub fn replaced_field(field: &FieldRef, other: &DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(replaced_type(field.data_type(), other)))
}

/// Values with texts in the place of variants.
///
/// # Errors
/// Those of `text`, and when arrays do not fit each other.
pub fn with_texts(array: &ArrayRef, text: &TextOf<'_>) -> Result<ArrayRef, VariantError> {
    replaced(array, &DataType::Utf8, &|variants| {
        let parts = variants.as_struct();
        let (metadata, value) = (parts.column_by_name("metadata"), parts.column_by_name("value"));
        let of_row = |row: usize| {
            if variants.is_null(row) {
                return Ok(None);
            }
            let metadata = metadata.and_then(|part| bytes_at(part, row));
            match metadata.zip(value.and_then(|part| bytes_at(part, row))) {
                Some((metadata, value)) => text(metadata, value).map(Some),
                None => Err(VariantError::Damaged("one of its parts is missing")),
            }
        };
        let texts = (0..variants.len()).map(of_row).collect::<Result<StringArray, VariantError>>()?;
        Ok(Arc::new(texts))
    })
}

/// Values with variants as files have them that are no table's ([`variant_type_in_copies`]).
///
/// # Errors
/// When a variant lacks a part.
pub fn in_copies(array: &ArrayRef) -> Result<ArrayRef, VariantError> {
    let form = variant_type_in_copies();
    replaced(array, &form, &|variants| {
        let (DataType::Struct(fields), parts) = (&form, variants.as_struct()) else {
            return Err(VariantError::NotVariant(variants.data_type().clone()));
        };
        let part = |field: &FieldRef| {
            let part = parts.column_by_name(field.name()).cloned();
            part.ok_or(VariantError::Damaged("one of its parts is missing"))
        };
        let columns = fields.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(StructArray::try_new(fields.clone(), columns, parts.nulls().cloned())?))
    })
}

/// Makes an array of another type of an array of variants.
type Replace<'a> = dyn Fn(&ArrayRef) -> Result<ArrayRef, VariantError> + 'a;

/// Values with variants in another form of the type `other`.
fn replaced(array: &ArrayRef, other: &DataType, each: &Replace<'_>) -> Result<ArrayRef, VariantError> {
    let nulls = array.nulls().cloned();
    Ok(match array.data_type() {
        variant if is_variant(variant) => each(array)?,
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter();
            let columns =
                columns.map(|column| replaced(column, other, each)).collect::<Result<Vec<_>, _>>()?;
            let fields = fields.iter().map(|field| replaced_field(field, other)).collect();
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, array.len())?)
        }
        DataType::List(element) => {
            let lists = array.as_list::<i32>();
            let (values, offsets) = (replaced(lists.values(), other, each)?, lists.offsets().clone());
            Arc::new(ListArray::try_new(replaced_field(element, other), offsets, values, nulls)?)
        }
        DataType::Map(entries, is_sorted) => {
            let maps = array.as_map();
            let pairs: ArrayRef = Arc::new(maps.entries().clone());
            let pairs = replaced(&pairs, other, each)?.as_struct().clone();
            let (entries, offsets) = (replaced_field(entries, other), maps.offsets().clone());
            Arc::new(MapArray::try_new(entries, offsets, pairs, nulls, *is_sorted)?)
        }
        _ => Arc::clone(array),
    })
}
