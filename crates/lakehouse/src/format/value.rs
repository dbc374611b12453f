//! One value as JSON, or as the text of a cell.
//!
//! Integers and decimals are exact numbers; NaN and the infinities, which JSON does not have, are strings; dates and
//! timestamps are ISO 8601, binary is base64.

use super::variants::json_text;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;
use tarn_engine::variant::is_variant;

/// The text of a cell; `None` is NULL. Strings stand as they are, nested values as JSON.
pub fn cell_text(array: &dyn Array, row: usize) -> Option<String> {
    if is_null(array, row) {
        return None;
    }
    let mut text = String::new();
    write_json_value(array, row, &mut text);
    // A variant is JSON even where it is a text.
    let is_quoted = text.starts_with('"') && !is_variant(array.data_type());
    match is_quoted.then(|| serde_json::from_str(&text)) {
        Some(Ok(raw)) => Some(raw),
        _ => Some(text),
    }
}

fn is_null(array: &dyn Array, row: usize) -> bool {
    match array.data_type() {
        DataType::Null => true,
        // NULL may stand in the dictionary rather than in the keys.
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            array.is_null(row) || {
                let key = dictionary.normalized_keys().get(row).copied().unwrap_or(0);
                dictionary.values().is_null(key)
            }
        }
        _ => array.is_null(row),
    }
}

/// Appends a value as JSON.
pub fn write_json_value(array: &dyn Array, row: usize, out: &mut String) {
    if is_null(array, row) {
        out.push_str("null");
        return;
    }
    macro_rules! plain {
        ($type:ty) => {{
            // Writing to a String does not fail.
            let _ = write!(out, "{}", array.as_primitive::<$type>().value(row));
        }};
    }
    macro_rules! decimal {
        ($type:ty) => {
            out.push_str(&array.as_primitive::<$type>().value_as_string(row))
        };
    }
    match array.data_type() {
        DataType::Boolean => out.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Int8 => plain!(Int8Type),
        DataType::Int16 => plain!(Int16Type),
        DataType::Int32 => plain!(Int32Type),
        DataType::Int64 => plain!(Int64Type),
        DataType::UInt8 => plain!(UInt8Type),
        DataType::UInt16 => plain!(UInt16Type),
        DataType::UInt32 => plain!(UInt32Type),
        DataType::UInt64 => plain!(UInt64Type),
        DataType::Decimal32(_, _) => decimal!(Decimal32Type),
        DataType::Decimal64(_, _) => decimal!(Decimal64Type),
        DataType::Decimal128(_, _) => decimal!(Decimal128Type),
        DataType::Decimal256(_, _) => decimal!(Decimal256Type),
        DataType::Float16 => float32(array.as_primitive::<Float16Type>().value(row).to_f32(), out),
        DataType::Float32 => float32(array.as_primitive::<Float32Type>().value(row), out),
        DataType::Float64 => float64(array.as_primitive::<Float64Type>().value(row), out),
        DataType::Utf8 => string(array.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => string(array.as_string::<i64>().value(row), out),
        DataType::Utf8View => string(array.as_string_view().value(row), out),
        DataType::Binary => string(&BASE64.encode(array.as_binary::<i32>().value(row)), out),
        DataType::LargeBinary => string(&BASE64.encode(array.as_binary::<i64>().value(row)), out),
        DataType::BinaryView => string(&BASE64.encode(array.as_binary_view().value(row)), out),
        DataType::FixedSizeBinary(_) => string(&BASE64.encode(array.as_fixed_size_binary().value(row)), out),
        DataType::List(_) => list(&array.as_list::<i32>().value(row), out),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row), out),
        DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row), out),
        DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row), out),
        DataType::FixedSizeList(_, _) => list(&array.as_fixed_size_list().value(row), out),
        variant if is_variant(variant) => write_variant(array, row, out),
        DataType::Struct(fields) => {
            out.push('{');
            for (index, (field, column)) in fields.iter().zip(array.as_struct().columns()).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(field.name(), out);
                out.push(':');
                write_json_value(column, row, out);
            }
            out.push('}');
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            out.push('{');
            for entry in 0..entries.len() {
                if entry > 0 {
                    out.push(',');
                }
                string(&cell_text(entries.column(0), entry).unwrap_or_default(), out);
                out.push(':');
                write_json_value(entries.column(1), entry, out);
            }
            out.push('}');
        }
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let key = dictionary.normalized_keys().get(row).copied().unwrap_or(0);
            write_json_value(dictionary.values(), key, out);
        }
        // Dates, times, timestamps, intervals, and what Arrow may yet add.
        _ => match ArrayFormatter::try_new(array, &FormatOptions::default()) {
            Ok(formatter) => match formatter.value(row).try_to_string() {
                Ok(text) => string(&text, out),
                Err(error) => string(&error.to_string(), out),
            },
            Err(error) => string(&error.to_string(), out),
        },
    }
}

fn write_variant(array: &dyn Array, row: usize, out: &mut String) {
    let parts = array.as_struct();
    let part = |name: &str| parts.column_by_name(name).and_then(|part| part.as_binary_opt::<i32>());
    match part("metadata").zip(part("value")) {
        Some((metadata, value)) => out.push_str(&json_text(metadata.value(row), value.value(row))),
        None => out.push_str("null"),
    }
}

fn list(values: &dyn Array, out: &mut String) {
    out.push('[');
    for row in 0..values.len() {
        if row > 0 {
            out.push(',');
        }
        write_json_value(values, row, out);
    }
    out.push(']');
}

fn string(text: &str, out: &mut String) {
    // Text is always JSON; the error is for other types.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn float64(value: f64, out: &mut String) {
    match serde_json::Number::from_f64(value) {
        Some(number) => out.push_str(&number.to_string()),
        None => odd_float(value, out),
    }
}

fn float32(value: f32, out: &mut String) {
    if value.is_finite() {
        // The shortest digits that give this value back among 32-bit numbers: 0.1, not 0.10000000149011612.
        out.push_str(&serde_json::to_string(&value).unwrap_or_default());
    } else {
        odd_float(f64::from(value), out);
    }
}

/// Spark's words for what is no number.
fn odd_float(value: f64, out: &mut String) {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    string(text, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        Decimal128Array, Float64Array, Int64Array, ListArray, StringArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int32Type;
    use std::sync::Arc;

    fn json(array: &dyn Array) -> Vec<String> {
        (0..array.len())
            .map(|row| {
                let mut text = String::new();
                write_json_value(array, row, &mut text);
                text
            })
            .collect()
    }

    #[test]
    fn numbers_are_exact_and_odd_ones_are_strings() {
        assert_eq!(
            json(&Int64Array::from(vec![i64::MAX, i64::MIN])),
            ["9223372036854775807", "-9223372036854775808"]
        );
        let decimals = Decimal128Array::from(vec![12345678901234567890123456789012345678])
            .with_precision_and_scale(38, 2);
        assert_eq!(json(&decimals.unwrap()), ["123456789012345678901234567890123456.78"]);
        let floats = Float64Array::from(vec![0.1, 1.0, f64::NAN, f64::NEG_INFINITY, 1e300]);
        assert_eq!(json(&floats), ["0.1", "1.0", "\"NaN\"", "\"-Infinity\"", "1e+300"]);
    }

    #[test]
    fn text_times_and_nested_values() {
        assert_eq!(json(&StringArray::from(vec![Some("a\"\n"), None])), ["\"a\\\"\\n\"", "null"]);
        let zoned = TimestampMicrosecondArray::from(vec![1_500_000]).with_timezone("UTC");
        assert_eq!(json(&zoned), ["\"1970-01-01T00:00:01.500Z\""]);
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
        assert_eq!(json(&list), ["[1,null]", "null"]);
        assert_eq!(cell_text(&list, 0).unwrap(), "[1,null]");
        assert_eq!(cell_text(&StringArray::from(vec!["\"quoted\""]), 0).unwrap(), "\"quoted\"");
        let dictionary: arrow::array::DictionaryArray<Int32Type> =
            vec![Some("x"), None, Some("x")].into_iter().collect();
        assert_eq!(json(&dictionary), ["\"x\"", "null", "\"x\""]);
        assert_eq!(cell_text(&(Arc::new(dictionary) as arrow::array::ArrayRef), 1), None);
    }
}
