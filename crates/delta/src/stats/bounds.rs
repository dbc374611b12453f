//! Bounds of columns, typed: out of JSON, and out of the typed statistics of checkpoints. What cannot be read for sure is
//! unknown (null): a bound that is too narrow would hide rows.

use super::scan::Leaf;
use crate::Result;
use crate::partition_values::{Rounding, parse_decimal, parse_float};
use crate::schema::{DataType, type_to_arrow};
use crate::time_text::{parse_date, parse_micros};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array,
    Int64Array, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute;
use arrow::datatypes::{
    DataType as ArrowType, Decimal128Type, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType,
};
use std::sync::Arc;

/// "Per-file Statistics": timestamps are cut to milliseconds, so a value may be so many microseconds above its bound.
const CUT_MICROS: i64 = 999;

/// Which bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Min,
    Max,
}

/// The type of a column whose bounds are read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoundType {
    pub(super) data_type: DataType,
    /// "Type Widening": older files had floats, whose shortest text is another number as a double.
    pub(super) was_float: bool,
}

/// Collects the bounds of one side of one column.
pub(super) struct BoundBuilder {
    of: BoundType,
    side: Side,
    values: Values,
}

enum Values {
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f32>>),
    Doubles(Vec<Option<f64>>),
    Decimals(Vec<Option<i128>>),
    Booleans(Vec<Option<bool>>),
    Texts(Vec<Option<Box<str>>>),
    Dates(Vec<Option<i32>>),
    Times(Vec<Option<i64>>),
    /// Types without bounds.
    None(usize),
}

impl BoundBuilder {
    pub(super) fn new(of: &BoundType, side: Side) -> Self {
        let values = match of.data_type {
            DataType::Byte | DataType::Short | DataType::Integer | DataType::Long => {
                Values::Integers(Vec::new())
            }
            DataType::Float => Values::Floats(Vec::new()),
            DataType::Double => Values::Doubles(Vec::new()),
            DataType::Decimal { .. } => Values::Decimals(Vec::new()),
            DataType::Boolean => Values::Booleans(Vec::new()),
            DataType::String => Values::Texts(Vec::new()),
            DataType::Date => Values::Dates(Vec::new()),
            DataType::Timestamp | DataType::TimestampNtz => Values::Times(Vec::new()),
            DataType::Binary
            | DataType::Variant
            | DataType::Void
            | DataType::Struct(_)
            | DataType::Array(_)
            | DataType::Map(_) => Values::None(0),
        };
        Self { of: of.clone(), side, values }
    }

    /// The bound of the next file.
    pub(super) fn push(&mut self, leaf: Option<&Leaf<'_>>) {
        let side = self.side;
        let written = match leaf {
            Some(Leaf::Number(text)) => Some(*text),
            Some(Leaf::Text(text)) => Some(&**text),
            Some(Leaf::Boolean(_)) | None => None,
        };
        match &mut self.values {
            Values::Integers(values) => values.push(written.and_then(|text| text.parse().ok())),
            Values::Floats(values) => {
                values.push(written.and_then(parse_float).and_then(|value| float_bound(value, side)));
            }
            Values::Doubles(values) => {
                let value = written.and_then(parse_float);
                values.push(value.and_then(|value| double_bound(value, side, self.of.was_float)));
            }
            Values::Decimals(values) => values.push(written.and_then(|text| match self.of.data_type {
                DataType::Decimal { precision, scale } => decimal_bound(text, precision, scale, side),
                _ => None,
            })),
            Values::Booleans(values) => values.push(match leaf {
                Some(Leaf::Boolean(value)) => Some(*value),
                _ => None,
            }),
            Values::Texts(values) => values.push(match leaf {
                Some(Leaf::Text(text)) => Some(Box::from(&**text)),
                _ => None,
            }),
            Values::Dates(values) => values.push(written.and_then(parse_date)),
            Values::Times(values) => {
                let needs_zone = self.of.data_type == DataType::Timestamp;
                let micros = written.and_then(parse_micros).filter(|(_, has_zone)| *has_zone || !needs_zone);
                values.push(micros.and_then(|(micros, _)| time_bound(micros, side)));
            }
            Values::None(count) => *count += 1,
        }
    }

    pub(super) fn finish(self) -> Result<ArrayRef> {
        let arrow_type = type_to_arrow(&self.of.data_type);
        Ok(match self.values {
            Values::Integers(values) => compute::cast(&Int64Array::from(values), &arrow_type)?,
            Values::Floats(values) => Arc::new(Float32Array::from(values)),
            Values::Doubles(values) => Arc::new(Float64Array::from(values)),
            Values::Decimals(values) => Arc::new(Decimal128Array::from(values).with_data_type(arrow_type)),
            Values::Booleans(values) => Arc::new(BooleanArray::from(values)),
            Values::Texts(values) => Arc::new(values.into_iter().collect::<StringArray>()),
            Values::Dates(values) => Arc::new(Date32Array::from(values)),
            Values::Times(values) => {
                Arc::new(TimestampMicrosecondArray::from(values).with_data_type(arrow_type))
            }
            Values::None(count) => new_null_array(&arrow_type, count),
        })
    }
}

/// NaN bounds nothing. Where zeros are ordered by sign, the wider zero bounds both. Writers that follow the protocol
/// count NaN as the largest value, so that a file with NaN has no usable upper bound.
fn double_bound(value: f64, side: Side, was_float: bool) -> Option<f64> {
    if value.is_nan() {
        return None;
    }
    let value = match (was_float, side) {
        (false, _) => value,
        (true, Side::Min) => value.min(f64::from(value as f32)),
        (true, Side::Max) => value.max(f64::from(value as f32)),
    };
    Some(match side {
        Side::Min if value == 0.0 => -0.0,
        Side::Max if value == 0.0 => 0.0,
        _ => value,
    })
}

fn float_bound(value: f32, side: Side) -> Option<f32> {
    Some(match side {
        _ if value.is_nan() => return None,
        Side::Min if value == 0.0 => -0.0,
        Side::Max if value == 0.0 => 0.0,
        _ => value,
    })
}

/// As many digits come back from a double, whatever they are; and ten to the power of such a scale is a double.
const DOUBLE_DIGITS: u32 = 15;
const DOUBLE_SCALE: i8 = 22;
/// As many digits the shortest text of a double has at most, and as many a 64-bit integer.
const MOST_DOUBLE_DIGITS: usize = 17;
const MOST_LONG_DIGITS: usize = 19;
/// The number, the power of ten, their quotient and its text are each rounded to 53 bits: together to no fewer than these.
const SURE_BITS: u32 = 50;

/// A bound out of JSON, exact where all digits are written.
fn decimal_bound(text: &str, precision: u8, scale: i8, side: Side) -> Option<i128> {
    let rounding = match side {
        Side::Min => Rounding::Down,
        Side::Max => Rounding::Up,
    };
    let bound = parse_decimal(text, precision, scale, rounding)?;
    // Zeros at the end come where typed statistics, in which a double is a decimal, were made JSON again.
    let (digits, most) = match text.contains('.') {
        true => (text.trim_end_matches('0'), MOST_DOUBLE_DIGITS),
        false => (text, MOST_LONG_DIGITS),
    };
    let digits = digits.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if digits > most && !text.contains(['e', 'E']) {
        return Some(bound);
    }
    sure_decimal(bound, precision, scale, side)
}

/// delta-rs makes doubles of decimals, and of long ones without places 64-bit integers, which stay at the end of their range.
/// So the values may be beyond what was written.
fn sure_decimal(bound: i128, precision: u8, scale: i8, side: Side) -> Option<i128> {
    let is_double = bound.unsigned_abs() < 10u128.pow(DOUBLE_DIGITS) && scale <= DOUBLE_SCALE;
    if is_double {
        return Some(bound);
    }
    let end = match side {
        Side::Min => i64::MIN,
        Side::Max => i64::MAX,
    };
    if scale == 0 && bound == i128::from(end) {
        return None;
    }
    let unsure = (bound.abs() >> SURE_BITS) + 1;
    let most = 10i128.checked_pow(precision.into())? - 1;
    Some(match side {
        Side::Min => bound.saturating_sub(unsure).max(-most),
        Side::Max => bound.saturating_add(unsure).min(most),
    })
}

fn time_bound(micros: i64, side: Side) -> Option<i64> {
    match side {
        Side::Min => Some(micros),
        Side::Max => micros.checked_add(CUT_MICROS),
    }
}

/// Bounds out of typed statistics, in the type that the column has now.
pub(super) fn convert(bounds: &ArrayRef, of: &BoundType, side: Side) -> Result<ArrayRef> {
    let arrow_type = type_to_arrow(&of.data_type);
    if !is_sure(bounds.data_type(), &arrow_type) {
        return Ok(new_null_array(&arrow_type, bounds.len()));
    }
    let bounds = match bounds.data_type() == &arrow_type {
        true => Arc::clone(bounds),
        false => compute::cast(bounds, &arrow_type)?,
    };
    Ok(match of.data_type {
        DataType::Float => {
            let floats = bounds.as_primitive::<Float32Type>().iter();
            Arc::new(
                floats
                    .map(|value| value.and_then(|value| float_bound(value, side)))
                    .collect::<Float32Array>(),
            )
        }
        DataType::Double => {
            let doubles = bounds.as_primitive::<Float64Type>().iter();
            let bound = |value| double_bound(value, side, of.was_float);
            Arc::new(doubles.map(|value| value.and_then(bound)).collect::<Float64Array>())
        }
        DataType::Decimal { precision, scale } => {
            let decimals = bounds.as_primitive::<Decimal128Type>().iter();
            let bound = |value| sure_decimal(value, precision, scale, side);
            let decimals = decimals.map(|value| value.and_then(bound));
            Arc::new(decimals.collect::<Decimal128Array>().with_data_type(arrow_type))
        }
        DataType::Timestamp | DataType::TimestampNtz => {
            let times = bounds.as_primitive::<TimestampMicrosecondType>().iter();
            let times = times.map(|value| value.and_then(|micros| time_bound(micros, side)));
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_data_type(arrow_type))
        }
        _ => bounds,
    })
}

/// Whether a cast keeps bounds: it must not round, and what stands for times must not have overflown before.
fn is_sure(from: &ArrowType, to: &ArrowType) -> bool {
    match (from, to) {
        // INT96 becomes nanoseconds, which wrap for years before 1677 and after 2262.
        (ArrowType::Timestamp(TimeUnit::Nanosecond, _), _) => false,
        (ArrowType::Timestamp(_, _) | ArrowType::Date32, ArrowType::Timestamp(_, _)) => true,
        (ArrowType::Date32, ArrowType::Date32) => true,
        (ArrowType::Decimal128(_, old), ArrowType::Decimal128(_, new)) => old <= new,
        (_, ArrowType::Decimal128(_, _)) => from.is_integer(),
        (ArrowType::Float32, ArrowType::Float64) => true,
        _ if from.is_integer() => to.is_integer() || *to == ArrowType::Float64,
        (ArrowType::LargeUtf8 | ArrowType::Utf8View, ArrowType::Utf8) => true,
        (ArrowType::Utf8 | ArrowType::Boolean | ArrowType::Float32 | ArrowType::Float64, _) => from == to,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(leaf: Leaf<'_>, data_type: DataType, side: Side) -> ArrayRef {
        let mut builder = BoundBuilder::new(&BoundType { data_type, was_float: false }, side);
        builder.push(Some(&leaf));
        builder.finish().unwrap()
    }

    #[test]
    fn times_are_cut_to_milliseconds() {
        let micros = |text, side| {
            let array = bound(Leaf::Text(text), DataType::Timestamp, side);
            array.as_primitive::<TimestampMicrosecondType>().iter().next().unwrap()
        };
        assert_eq!(micros("1970-01-01T00:00:00.001Z".into(), Side::Min), Some(1000));
        assert_eq!(micros("1970-01-01T00:00:00.001Z".into(), Side::Max), Some(1999));
        // Without a zone nobody knows which instant is meant.
        assert_eq!(micros("1970-01-01T00:00:00.001".into(), Side::Min), None);
    }

    #[test]
    fn floats_bound_zeros_of_both_signs_and_no_nan() {
        let double = |text: &'static str, side| {
            bound(Leaf::Number(text), DataType::Double, side)
                .as_primitive::<Float64Type>()
                .iter()
                .next()
                .unwrap()
        };
        assert_eq!(double("0.0", Side::Min).map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(double("-0.0", Side::Max).map(f64::to_bits), Some(0.0f64.to_bits()));
        assert_eq!(double("NaN", Side::Max), None);
        let widened = |side| double_bound(1.1, side, true).unwrap();
        assert!(widened(Side::Min) <= 1.1 && widened(Side::Max) >= f64::from(1.1f32));
    }

    #[test]
    fn decimals_that_went_through_doubles_are_widened() {
        let check = |text: &str, (precision, scale), value: i128| {
            let bound = |side| decimal_bound(text, precision, scale, side);
            assert!(bound(Side::Min).is_none_or(|bound| bound <= value), "{text}");
            assert!(bound(Side::Max).is_none_or(|bound| bound >= value), "{text}");
        };
        check("123456789012345680", (38, 0), 123_456_789_012_345_678);
        // As delta-rs writes them.
        check("9007199254740992", (38, 0), 9_007_199_254_740_993);
        check("0.1", (38, 19), 1_000_000_000_000_000_001);
        check("0.09999999999999999", (38, 37), 10i128.pow(36));
        check("3.333333333333333", (38, 37), 33_333_333_333_333_333_333_333_333_333_333_333_333);
        check("-9.9999999999999960000000000000000000000", (38, 37), 1 - 10i128.pow(38));
        check("-9.999999999999998e+19", (38, 18), -99_999_999_999_999_999_999_999_999_999_999_999_999);
        check("9223372036854775807", (38, 0), 9_223_372_036_854_775_800);
        check("9223372036854775807", (38, 0), 10i128.pow(38) - 1);
        check("-9223372036854775808", (38, 0), 1 - 10i128.pow(38));
    }

    #[test]
    fn decimals_that_were_written_with_all_digits_are_exact() {
        for side in [Side::Min, Side::Max] {
            let check = |text: &str, (precision, scale), value: i128| {
                assert_eq!(decimal_bound(text, precision, scale, side), Some(value), "{text}");
            };
            check("1.25", (10, 2), 125);
            check("12.50", (38, 2), 1250);
            check("999999999999999", (38, 0), 999_999_999_999_999);
            check("1.000000000000000001", (38, 18), 1_000_000_000_000_000_001);
            check("99999999999999999999999999999999999999", (38, 0), 10i128.pow(38) - 1);
            check("-99999999999999999999.999999999999999999", (38, 18), 1 - 10i128.pow(38));
        }
    }

    #[test]
    fn what_does_not_fit_is_unknown() {
        for (leaf, data_type) in [
            (Leaf::Number("128"), DataType::Byte),
            (Leaf::Number("1.5"), DataType::Long),
            (Leaf::Number("1"), DataType::String),
            (Leaf::Text("x".into()), DataType::Date),
            (Leaf::Boolean(true), DataType::Double),
            (Leaf::Text("AAAA".into()), DataType::Binary),
        ] {
            assert_eq!(bound(leaf.clone(), data_type, Side::Min).null_count(), 1, "{leaf:?}");
        }
    }
}
