//! Variants as JSON, with the letters that Databricks and Spark have for them.

use super::VariantError;
use super::encoding::{Metadata, Unit, Value, decode};
use crate::float_text::java_float;
use arrow::temporal_conversions::{
    date32_to_datetime, time64us_to_time, timestamp_ns_to_datetime, timestamp_us_to_datetime,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{NaiveDateTime, Timelike};
use std::fmt::Write as _;

/// Objects and arrays in each other; Spark's own parser stops earlier.
const MOST_NESTED: usize = 500;

/// Appends a variant as JSON: decimals exactly and without zeros at their ends, times as texts of ISO 8601 with a space
/// between day and time, binary as base64, NaN and the infinities as texts.
///
/// # Errors
/// What is wrong with the bytes; what was appended until then stays.
pub fn write_json(metadata: &[u8], value: &[u8], out: &mut String) -> Result<(), VariantError> {
    let metadata = Metadata::parse(metadata).ok_or(VariantError::Damaged("its metadata does not parse"))?;
    write_value(&metadata, value, MOST_NESTED, out)
}

fn write_value(
    metadata: &Metadata<'_>,
    bytes: &[u8],
    levels_left: usize,
    out: &mut String,
) -> Result<(), VariantError> {
    let damaged = || VariantError::Damaged("its value does not parse");
    let levels_left = levels_left.checked_sub(1).ok_or(VariantError::Damaged("it is nested too deeply"))?;
    // Writing to a String does not fail.
    match decode(bytes).ok_or_else(damaged)? {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Integer(value) => _ = write!(out, "{value}"),
        Value::Double(value) => float(value, &format!("{value:e}"), out),
        Value::Float(value) => float(f64::from(value), &format!("{value:e}"), out),
        Value::Decimal(value, scale) => decimal(value, scale, out),
        Value::Date(days) => {
            let date = date32_to_datetime(days).ok_or(VariantError::Damaged("its date is in no calendar"))?;
            _ = write!(out, "\"{}\"", date.date());
        }
        Value::Timestamp { value, unit, is_utc } => {
            let time = match unit {
                Unit::Micros => timestamp_us_to_datetime(value),
                Unit::Nanos => timestamp_ns_to_datetime(value),
            };
            let time = time.ok_or(VariantError::Damaged("its time is in no calendar"))?;
            timestamp(time, is_utc, out);
        }
        Value::Time(micros) => {
            let time = time64us_to_time(micros).ok_or(VariantError::Damaged("its time is in no day"))?;
            _ = write!(out, "\"{}", time.format("%H:%M:%S"));
            fraction(time.nanosecond(), out);
            out.push('"');
        }
        Value::Binary(bytes) => {
            out.push('"');
            BASE64.encode_string(bytes, out);
            out.push('"');
        }
        Value::Text(text) => quoted(text, out),
        Value::Uuid(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let parts = [hex.get(..8), hex.get(8..12), hex.get(12..16), hex.get(16..20), hex.get(20..)];
            _ = write!(out, "\"{}\"", parts.map(Option::unwrap_or_default).join("-"));
        }
        Value::Object(object) => {
            out.push('{');
            for index in 0..object.len() {
                let (id, value) = object.get(index).ok_or_else(damaged)?;
                if index > 0 {
                    out.push(',');
                }
                let unknown = VariantError::Damaged("it has a field whose name its metadata lacks");
                quoted(metadata.name(id).ok_or(unknown)?, out);
                out.push(':');
                write_value(metadata, value, levels_left, out)?;
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for index in 0..items.len {
                if index > 0 {
                    out.push(',');
                }
                write_value(metadata, items.get(index).ok_or_else(damaged)?, levels_left, out)?;
            }
            out.push(']');
        }
    }
    Ok(())
}

fn quoted(text: &str, out: &mut String) {
    // Text is always JSON; the error is for other types.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// JSON has no words for what is not finite.
fn float(value: f64, scientific: &str, out: &mut String) {
    let text = java_float(value, scientific);
    match value.is_finite() {
        true => out.push_str(&text),
        false => quoted(&text, out),
    }
}

fn decimal(value: i128, scale: u8, out: &mut String) {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let rest = rest.trim_end_matches('0');
    if value < 0 {
        out.push('-');
    }
    out.push_str(whole);
    if !rest.is_empty() {
        _ = write!(out, ".{rest}");
    }
}

fn timestamp(time: NaiveDateTime, is_utc: bool, out: &mut String) {
    _ = write!(out, "\"{} {}", time.date(), time.format("%H:%M:%S"));
    fraction(time.nanosecond(), out);
    out.push_str(if is_utc { "+00:00\"" } else { "\"" });
}

fn fraction(nanos: u32, out: &mut String) {
    // A leap second has more nanoseconds than a second.
    let digits = format!("{:09}", nanos % 1_000_000_000);
    let digits = digits.trim_end_matches('0');
    if !digits.is_empty() {
        _ = write!(out, ".{digits}");
    }
}
