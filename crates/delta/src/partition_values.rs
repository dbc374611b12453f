//! Partition values as text, and back ("Partition Value Serialization").

use crate::float_text::java_float;
use crate::schema::{DataType, type_to_arrow};
use crate::time_text::{date_text, micros_text, parse_date, parse_micros};
use crate::{Error, Result};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int64Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute;
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use std::sync::Arc;

/// One partition value as an array of one row; `None` and an empty text are null.
///
/// # Errors
/// When the text is no value of the type.
pub fn parse_partition_value(value: Option<&str>, data_type: &DataType) -> Result<ArrayRef> {
    partition_array(std::iter::once(value), data_type)
}

/// Partition values as an array; `None` and an empty text are null.
///
/// # Errors
/// When a text is no value of the type: which.
pub fn partition_array<'a>(
    values: impl Iterator<Item = Option<&'a str>>,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let values = values.map(|value| value.filter(|text| !text.is_empty()));
    let wrong =
        |text: &str| Error::invalid(format!("the partition value {text} is no {}", data_type.sql_name()));
    macro_rules! array {
        ($array:ty, $parse:expr) => {
            values
                .map(|value| value.map(|text| $parse(text).ok_or_else(|| wrong(text))).transpose())
                .collect::<Result<$array>>()?
        };
    }
    let arrow_type = type_to_arrow(data_type);
    Ok(match data_type {
        DataType::String => Arc::new(values.collect::<StringArray>()),
        DataType::Binary => Arc::new(values.map(|value| value.map(str::as_bytes)).collect::<BinaryArray>()),
        DataType::Boolean => Arc::new(array!(BooleanArray, parse_boolean)),
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long => {
            let (least, most) = integer_range(data_type);
            let parse = |text: &str| text.trim().parse::<i64>().ok().filter(|n| (least..=most).contains(n));
            compute::cast(&array!(Int64Array, parse), &arrow_type)?
        }
        DataType::Float => Arc::new(array!(Float32Array, parse_float::<f32>)),
        DataType::Double => Arc::new(array!(Float64Array, parse_float::<f64>)),
        DataType::Date => Arc::new(array!(Date32Array, parse_date)),
        DataType::Timestamp => {
            // Without a zone the writer's own is meant, which nobody knows: UTC.
            Arc::new(
                array!(TimestampMicrosecondArray, |text| parse_micros(text).map(|(m, _)| m))
                    .with_timezone("UTC"),
            )
        }
        DataType::TimestampNtz => {
            Arc::new(array!(TimestampMicrosecondArray, |text| parse_micros(text).map(|(m, _)| m)))
        }
        DataType::Decimal { precision, scale } => {
            let parse = |text: &str| parse_decimal(text, *precision, *scale, Rounding::None);
            Arc::new(array!(Decimal128Array, parse).with_precision_and_scale(*precision, *scale)?)
        }
        DataType::Void => new_null_array(&ArrowType::Null, values.count()),
        DataType::Variant | DataType::Struct(_) | DataType::Array(_) | DataType::Map(_) => {
            return Err(Error::invalid(format!(
                "a table cannot be partitioned by a {}",
                data_type.sql_name()
            )));
        }
    })
}

fn integer_range(data_type: &DataType) -> (i64, i64) {
    match data_type {
        DataType::Byte => (i8::MIN.into(), i8::MAX.into()),
        DataType::Short => (i16::MIN.into(), i16::MAX.into()),
        DataType::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Numbers as Rust, Java and JSON write them; Rust takes `NaN` and `Infinity` too.
pub(crate) fn parse_float<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    // Java has one NaN; a sign in its bits would make it another value, for comparisons too.
    let unsigned = text.trim_start_matches(['-', '+']);
    if unsigned.eq_ignore_ascii_case("nan") { unsigned } else { text }.parse().ok()
}

/// What becomes of digits for which a decimal has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// They make the text no value of the type.
    None,
    Down,
    Up,
}

/// A decimal number, plain or with an exponent, as an integer of its scale.
pub(crate) fn parse_decimal(text: &str, precision: u8, scale: i8, rounding: Rounding) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // How many of the digits stand before the end of the scale.
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(scale);
    let (mut number, mut is_cut) = (0i128, false);
    for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
        match i64::try_from(index).ok()? < kept {
            true => number = number.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?,
            false => is_cut |= digit != b'0',
        }
    }
    let given = i64::try_from(whole.len() + fraction.len()).ok()?;
    for _ in given..kept.min(given + 80) {
        number = number.checked_mul(10)?;
    }
    number = if is_negative { -number } else { number };
    match (is_cut, rounding) {
        (true, Rounding::None) => return None,
        (true, Rounding::Down) if is_negative => number = number.checked_sub(1)?,
        (true, Rounding::Up) if !is_negative => number = number.checked_add(1)?,
        _ => {}
    }
    let limit = 10i128.checked_pow(precision.into())?;
    (number > -limit && number < limit).then_some(number)
}

/// A value as the log has it, as Spark writes it; null and empty texts are `None`.
///
/// # Errors
/// When the type is none to partition by, and when bytes are not UTF-8.
pub fn format_partition_value(array: &dyn Array, row: usize) -> Result<Option<String>> {
    if array.is_null(row) {
        return Ok(None);
    }
    let text = match array.data_type() {
        ArrowType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        ArrowType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
        ArrowType::Utf8View => array.as_string_view().value(row).to_owned(),
        ArrowType::Boolean => array.as_boolean().value(row).to_string(),
        ArrowType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        ArrowType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        ArrowType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        ArrowType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        ArrowType::Float32 => {
            let value = array.as_primitive::<Float32Type>().value(row);
            java_float(f64::from(value), &format!("{value:e}"))
        }
        ArrowType::Float64 => {
            let value = array.as_primitive::<Float64Type>().value(row);
            java_float(value, &format!("{value:e}"))
        }
        ArrowType::Decimal128(_, _) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        ArrowType::Date32 => date_text(array.as_primitive::<Date32Type>().value(row)),
        ArrowType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let text = micros_text(micros, zone.is_some());
            text.ok_or_else(|| Error::invalid(format!("the time {micros} µs since 1970 is out of range")))?
        }
        ArrowType::Timestamp(_, zone) => {
            let micros = compute::cast(
                &array.slice(row, 1),
                &ArrowType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            )?;
            return format_partition_value(&micros, 0);
        }
        ArrowType::Binary => {
            let text = std::str::from_utf8(array.as_binary::<i32>().value(row));
            text.map_err(|_| {
                Error::invalid("a partition value of bytes is not UTF-8, and the log holds text")
            })?
            .to_owned()
        }
        ArrowType::Dictionary(_, value) => {
            return format_partition_value(&compute::cast(&array.slice(row, 1), value)?, 0);
        }
        other => return Err(Error::invalid(format!("a table cannot be partitioned by a {other}"))),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_their_text() {
        let check = |text: &str, data_type: DataType| {
            let array = parse_partition_value(Some(text), &data_type).unwrap();
            assert_eq!(*array.data_type(), type_to_arrow(&data_type));
            assert_eq!(format_partition_value(&array, 0).unwrap().as_deref(), Some(text), "{data_type:?}");
        };
        check("a=b/c d", DataType::String);
        check("-128", DataType::Byte);
        check("9223372036854775807", DataType::Long);
        check("1.0", DataType::Double);
        check("-0.0", DataType::Double);
        check("0.1", DataType::Float);
        check("0.001", DataType::Double);
        check("1.0E-4", DataType::Double);
        check("9999999.0", DataType::Double);
        check("1.2345E10", DataType::Double);
        check("NaN", DataType::Float);
        check("-Infinity", DataType::Double);
        check("true", DataType::Boolean);
        check("1969-12-31", DataType::Date);
        check("0001-01-01", DataType::Date);
        check("1970-01-01T00:00:00.123456Z", DataType::Timestamp);
        check("1970-01-01 00:00:00.123", DataType::TimestampNtz);
        check("1970-01-01 00:00:00", DataType::TimestampNtz);
        check("-12.30", DataType::Decimal { precision: 10, scale: 2 });
        check("\u{1}\u{2}", DataType::Binary);
    }

    #[test]
    fn there_is_one_nan() {
        for text in ["NaN", "-NaN", "+nan"] {
            let array = parse_partition_value(Some(text), &DataType::Double).unwrap();
            assert_eq!(array.as_primitive::<Float64Type>().value(0).to_bits(), f64::NAN.to_bits());
        }
    }

    #[test]
    fn nothing_is_null() {
        for value in [None, Some("")] {
            let array = parse_partition_value(value, &DataType::Date).unwrap();
            assert!(array.is_null(0));
            assert_eq!(format_partition_value(&array, 0).unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        for (text, data_type) in [
            ("128", DataType::Byte),
            ("x", DataType::Long),
            ("2021-02-30", DataType::Date),
            ("yes", DataType::Boolean),
            ("1.234", DataType::Decimal { precision: 5, scale: 2 }),
            ("1234.00", DataType::Decimal { precision: 5, scale: 2 }),
            ("noon", DataType::Timestamp),
        ] {
            assert!(parse_partition_value(Some(text), &data_type).is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_read_exactly() {
        let check =
            |text, rounding, expected| assert_eq!(parse_decimal(text, 38, 2, rounding), expected, "{text}");
        check("12345678901234567890.12", Rounding::None, Some(1_234_567_890_123_456_789_012));
        check("1.5e3", Rounding::None, Some(150_000));
        check("15E-1", Rounding::None, Some(150));
        check("-0.001", Rounding::Down, Some(-1));
        check("-0.001", Rounding::Up, Some(0));
        check("0.001", Rounding::Up, Some(1));
        check("1e99", Rounding::None, None);
        check("0e99", Rounding::None, Some(0));
        check("1e-99", Rounding::Down, Some(0));
        check(".", Rounding::None, None);
        check("--1", Rounding::None, None);
    }
}
