//! Parquet's mark of a group that is a variant (VariantEncoding.md, "Variant in Parquet"): who reads the file without a
//! table's schema can tell it from a struct.

use super::is_variant;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::LogicalType;
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use std::sync::Arc;

/// The version of the encoding that is written.
const ENCODING_VERSION: i8 = 1;

/// The Parquet schema of these columns with the groups of variants marked, or none where there are no variants.
///
/// # Errors
/// When Parquet cannot hold the schema.
pub fn annotated_schema(schema: &Schema, root: &str) -> Result<Option<SchemaDescriptor>> {
    if !schema.fields().iter().any(|field| super::holds_variants(field.data_type())) {
        return Ok(None);
    }
    let plain = ArrowSchemaConverter::new().schema_root(root).convert(schema)?;
    let fields = annotated_fields(plain.root_schema(), schema.fields())?;
    let root = Type::group_type_builder(root).with_fields(fields).build()?;
    Ok(Some(SchemaDescriptor::new(Arc::new(root))))
}

fn annotated_fields(group: &Type, fields: &Fields) -> Result<Vec<TypePtr>> {
    group.get_fields().iter().zip(fields).map(|(parquet, field)| annotated(parquet, field)).collect()
}

fn annotated(parquet: &TypePtr, field: &Field) -> Result<TypePtr> {
    match field.data_type() {
        other if !super::holds_variants(other) => Ok(Arc::clone(parquet)),
        variant if is_variant(variant) => {
            let mark = LogicalType::variant(Some(ENCODING_VERSION));
            with_fields(parquet, parquet.get_fields().to_vec(), Some(mark))
        }
        DataType::Struct(fields) => with_fields(parquet, annotated_fields(parquet, fields)?, None),
        // A list is a group of one repeated group, and a map too.
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            annotated_within(parquet, &vec![Arc::clone(element)].into())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => annotated_within(parquet, fields),
            _ => Ok(Arc::clone(parquet)),
        },
        other => Err(ParquetError::NYI(format!("variants in {other}"))),
    }
}

fn annotated_within(parquet: &TypePtr, fields: &Fields) -> Result<TypePtr> {
    let repeated = parquet.get_fields().first();
    let repeated = repeated.ok_or_else(|| ParquetError::General("a list has no elements".to_owned()))?;
    let repeated = with_fields(repeated, annotated_fields(repeated, fields)?, None)?;
    with_fields(parquet, vec![repeated], None)
}

/// A group with other fields, and with another mark where one is given.
fn with_fields(group: &TypePtr, fields: Vec<TypePtr>, mark: Option<LogicalType>) -> Result<TypePtr> {
    let info = group.get_basic_info();
    let mut builder = Type::group_type_builder(info.name())
        .with_fields(fields)
        .with_converted_type(info.converted_type())
        .with_logical_type(mark.or_else(|| info.logical_type_ref().cloned()))
        .with_id(info.has_id().then(|| info.id()));
    if info.has_repetition() {
        builder = builder.with_repetition(info.repetition());
    }
    Ok(Arc::new(builder.build()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{
        ArrayType, ColumnMappingMode, DataType as DeltaType, MapType, StructField, StructType,
    };
    use parquet::schema::printer::print_schema;

    fn printed(fields: Vec<StructField>) -> Option<String> {
        let schema = StructType { fields }.to_physical_arrow(ColumnMappingMode::Id);
        let annotated = annotated_schema(&schema, "spark_schema").unwrap()?;
        let mut text = Vec::new();
        print_schema(&mut text, annotated.root_schema());
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn variants_are_marked_wherever_they_are() {
        let list = ArrayType { element_type: DeltaType::Variant, contains_null: true };
        let map = MapType {
            key_type: DeltaType::String,
            value_type: DeltaType::Variant,
            value_contains_null: true,
        };
        let inner = StructType { fields: vec![StructField::new("x", DeltaType::Variant, true)] };
        let mut v = StructField::new("v", DeltaType::Variant, true);
        v.metadata.insert(crate::schema::COLUMN_ID_KEY.to_owned(), 7.into());
        let fields = vec![
            StructField::new("id", DeltaType::Long, true),
            v,
            StructField::new("l", DeltaType::Array(Box::new(list)), true),
            StructField::new("m", DeltaType::Map(Box::new(map)), true),
            StructField::new("s", DeltaType::Struct(inner), true),
        ];
        let expected = "message spark_schema {
  OPTIONAL INT64 id;
  OPTIONAL group v [7] (VARIANT(Some(1))) {
    REQUIRED BYTE_ARRAY value;
    REQUIRED BYTE_ARRAY metadata;
  }
  OPTIONAL group l (LIST) {
    REPEATED group list {
      OPTIONAL group element (VARIANT(Some(1))) {
        REQUIRED BYTE_ARRAY value;
        REQUIRED BYTE_ARRAY metadata;
      }
    }
  }
  OPTIONAL group m (MAP) {
    REPEATED group key_value {
      REQUIRED BYTE_ARRAY key (STRING);
      OPTIONAL group value (VARIANT(Some(1))) {
        REQUIRED BYTE_ARRAY value;
        REQUIRED BYTE_ARRAY metadata;
      }
    }
  }
  OPTIONAL group s {
    OPTIONAL group x (VARIANT(Some(1))) {
      REQUIRED BYTE_ARRAY value;
      REQUIRED BYTE_ARRAY metadata;
    }
  }
}
";
        assert_eq!(printed(fields).unwrap(), expected);
        assert_eq!(printed(vec![StructField::new("id", DeltaType::Long, true)]), None);
    }
}
