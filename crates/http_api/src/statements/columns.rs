//! Columns in the words of the API.

use arrow::datatypes::Schema;
use serde::Serialize;
use tarn_lakehouse::type_name;

/// `ColumnInfo` of the API.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct ColumnInfo {
    name: String,
    position: usize,
    /// One of the API's names of base types.
    type_name: &'static str,
    /// The type as SQL writes it.
    type_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_precision: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_scale: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_interval_type: Option<String>,
}

/// The columns of a result.
pub(super) fn describe(schema: &Schema) -> Vec<ColumnInfo> {
    let fields = schema.fields().iter().enumerate();
    fields.map(|(position, field)| column(field.name(), position, type_name(field.data_type()))).collect()
}

fn column(name: &str, position: usize, type_text: String) -> ColumnInfo {
    let base = type_text.split(['(', '<', ' ']).next().unwrap_or_default();
    let (mut type_precision, mut type_scale) = (None, None);
    if base == "DECIMAL" {
        let arguments = type_text.trim_start_matches("DECIMAL(").trim_end_matches(')').split_once(',');
        type_precision = arguments.and_then(|(precision, _)| precision.parse().ok());
        type_scale = arguments.and_then(|(_, scale)| scale.parse().ok());
    }
    let type_interval_type = type_text.strip_prefix("INTERVAL ").map(str::to_owned);
    ColumnInfo {
        name: name.to_owned(),
        position,
        type_name: base_type(base),
        type_precision,
        type_scale,
        type_interval_type,
        type_text,
    }
}

/// The API's name of a base type, for the first word of its SQL name.
fn base_type(word: &str) -> &'static str {
    match word {
        "VOID" => "NULL",
        "BOOLEAN" => "BOOLEAN",
        "TINYINT" => "BYTE",
        "SMALLINT" => "SHORT",
        "INT" => "INT",
        "BIGINT" => "LONG",
        "FLOAT" => "FLOAT",
        "DOUBLE" => "DOUBLE",
        "DECIMAL" => "DECIMAL",
        "BINARY" => "BINARY",
        "DATE" => "DATE",
        // The API has one word for both; `type_text` tells them apart.
        "TIMESTAMP" | "TIMESTAMP_NTZ" => "TIMESTAMP",
        "INTERVAL" => "INTERVAL",
        "ARRAY" => "ARRAY",
        "STRUCT" => "STRUCT",
        "MAP" => "MAP",
        // STRING, and what the API has no word for: values come as text.
        _ => "STRING",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
    use std::sync::Arc;

    #[test]
    fn types_have_the_names_of_the_api() {
        let item = Arc::new(Field::new("item", DataType::Int32, true));
        for (data_type, name, text) in [
            (DataType::Null, "NULL", "VOID"),
            (DataType::Int8, "BYTE", "TINYINT"),
            (DataType::Int16, "SHORT", "SMALLINT"),
            (DataType::Int32, "INT", "INT"),
            (DataType::Int64, "LONG", "BIGINT"),
            (DataType::Float32, "FLOAT", "FLOAT"),
            (DataType::Utf8View, "STRING", "STRING"),
            (DataType::Date32, "DATE", "DATE"),
            (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), "TIMESTAMP", "TIMESTAMP"),
            (DataType::Timestamp(TimeUnit::Microsecond, None), "TIMESTAMP", "TIMESTAMP_NTZ"),
            (DataType::List(Arc::clone(&item)), "ARRAY", "ARRAY<INT>"),
            (DataType::Struct(vec![item].into()), "STRUCT", "STRUCT<item: INT>"),
            (DataType::Time64(TimeUnit::Microsecond), "STRING", "TIME(6)"),
        ] {
            let columns = describe(&Schema::new(vec![Field::new("c", data_type, true)]));
            assert_eq!((columns[0].type_name, columns[0].type_text.as_str()), (name, text));
        }
    }

    #[test]
    fn decimals_and_intervals_say_more() {
        let columns = describe(&Schema::new(vec![
            Field::new("d", DataType::Decimal128(38, 10), true),
            Field::new("u", DataType::UInt64, true),
            Field::new("i", DataType::Interval(IntervalUnit::YearMonth), true),
        ]));
        assert_eq!((columns[0].type_precision, columns[0].type_scale), (Some(38), Some(10)));
        assert_eq!((columns[1].type_precision, columns[1].type_scale), (Some(20), Some(0)));
        assert_eq!(
            (columns[2].type_name, columns[2].type_interval_type.as_deref()),
            ("INTERVAL", Some("YEAR TO MONTH"))
        );
        assert_eq!(columns[2].position, 2);
    }
}
