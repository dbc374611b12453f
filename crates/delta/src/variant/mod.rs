//! Variants ("Variant Data Type", "Variant Shredding"): values that carry their own types, in Parquet's Variant encoding.
//!
//! In memory a variant is a struct of its two binary parts, marked so that it is told from a struct that a person made. In
//! data files it may be shredded: parts of the values are columns of their own, which [`unshred`] puts together again.

mod annotation;
mod encoding;
mod forms;
mod json;
mod unshred;

pub use annotation::annotated_schema;
pub use forms::{TextOf, in_copies, replaced_field, replaced_type, with_texts};
pub use json::write_json;
pub use unshred::unshred;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use std::collections::HashMap;

/// Why a variant cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VariantError {
    /// Its bytes are not in the encoding.
    #[error("a variant is damaged: {0}")]
    Damaged(&'static str),
    /// A data file has a part of variants in a column of a type that the protocol does not allow.
    #[error("variants are shredded into {0}, which they cannot be")]
    Shredded(DataType),
    /// A data file's column is not one of variants.
    #[error("a column of variants is {0} in the file")]
    NotVariant(DataType),
    /// Arrays do not fit each other.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

/// Marks the first part of a variant. A mark on the column itself would be lost where an expression makes a new column.
const MARK: &str = "tarn.variant";

/// The type of a variant in memory.
pub fn variant_type() -> DataType {
    let metadata = marked(Field::new("metadata", DataType::Binary, true));
    DataType::Struct(vec![metadata, Field::new("value", DataType::Binary, true)].into())
}

/// The type of a variant in data files ("Variant data in Parquet"): both parts are there in each variant, and in this
/// order, as Spark 4.0 reads no other.
pub fn variant_type_in_files() -> DataType {
    let metadata = marked(Field::new("metadata", DataType::Binary, false));
    DataType::Struct(vec![Field::new("value", DataType::Binary, false), metadata].into())
}

/// The type of a variant in files that are no table's: as in memory, with both parts in each variant.
pub fn variant_type_in_copies() -> DataType {
    let metadata = marked(Field::new("metadata", DataType::Binary, false));
    DataType::Struct(vec![metadata, Field::new("value", DataType::Binary, false)].into())
}

fn marked(field: Field) -> Field {
    field.with_metadata(HashMap::from([(MARK.to_owned(), "1".to_owned())]))
}

/// Whether a type is that of variants.
pub fn is_variant(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => {
            fields.len() == 2 && fields.iter().any(|field| field.metadata().contains_key(MARK))
        }
        _ => false,
    }
}

/// Whether a type is that of variants, or has some within.
pub fn holds_variants(data_type: &DataType) -> bool {
    match data_type {
        variant if is_variant(variant) => true,
        DataType::Struct(fields) => fields.iter().any(|field| holds_variants(field.data_type())),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => holds_variants(field.data_type()),
        DataType::Dictionary(_, values) => holds_variants(values),
        _ => false,
    }
}

/// The bytes at a row of any array of bytes, or none for null and for other arrays.
fn bytes_at(array: &ArrayRef, row: usize) -> Option<&[u8]> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Binary => Some(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => Some(array.as_fixed_size_binary().value(row)),
        _ => None,
    }
}
