//! The smallest and largest value of a column, as JSON that no reader can take for narrower than they are.

use arrow::array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow::array::{Array, ArrayRef, ArrowNumericType, AsArray, PrimitiveArray};
use arrow::compute;
use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};

/// Characters of a string that are kept.
const PREFIX_CHARS: usize = 32;

/// The bounds of a column.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    bounds: Option<(Bound, Bound)>,
    /// A NaN is greater than all numbers to some, less or neither to others: with one, there are no bounds.
    has_nan: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Bound {
    Long(i64),
    Double(f64),
    Decimal(i128, i8),
    Text(String),
    Days(i32),
    Micros { micros: i64, is_utc: bool },
}

impl Bounds {
    /// Takes values into account. Arrays of types without an order here are none.
    pub(super) fn update(&mut self, array: &ArrayRef) {
        let new = match array.data_type() {
            DataType::Int8 => longs::<Int8Type>(array),
            DataType::Int16 => longs::<Int16Type>(array),
            DataType::Int32 => longs::<Int32Type>(array),
            DataType::Int64 => longs::<Int64Type>(array),
            DataType::Float32 => {
                let values = array.as_primitive::<Float32Type>();
                self.doubles(values.iter().flatten().map(f64::from))
            }
            DataType::Float64 => self.doubles(array.as_primitive::<Float64Type>().iter().flatten()),
            DataType::Decimal128(_, scale) => {
                both(array.as_primitive::<Decimal128Type>(), |value| Bound::Decimal(value, *scale))
            }
            DataType::Utf8 => {
                let texts = array.as_string::<i32>();
                let text = |text: &str| Bound::Text(text.to_owned());
                compute::min_string(texts).map(text).zip(compute::max_string(texts).map(text))
            }
            DataType::Date32 => both(array.as_primitive::<Date32Type>(), Bound::Days),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let is_utc = zone.is_some();
                both(array.as_primitive::<TimestampMicrosecondType>(), |micros| Bound::Micros {
                    micros,
                    is_utc,
                })
            }
            _ => None,
        };
        let Some((min, max)) = new else { return };
        self.bounds = match self.bounds.take() {
            None => Some((min, max)),
            Some((old_min, old_max)) => Some((
                if min.is_less(&old_min) { min } else { old_min },
                if old_max.is_less(&max) { max } else { old_max },
            )),
        };
    }

    fn doubles(&mut self, values: impl Iterator<Item = f64>) -> Option<(Bound, Bound)> {
        let mut bounds: Option<(f64, f64)> = None;
        for value in values {
            if value.is_nan() {
                self.has_nan = true;
                continue;
            }
            let (min, max) = bounds.unwrap_or((value, value));
            bounds = Some((min.min(value), max.max(value)));
        }
        bounds.map(|(min, max)| (Bound::Double(min), Bound::Double(max)))
    }

    /// The lower bound as JSON, where there is one.
    pub(super) fn min_json(&self) -> Option<String> {
        if self.has_nan {
            return None;
        }
        match &self.bounds.as_ref()?.0 {
            // -0.0 and 0.0 are one value to some readers and two to others.
            Bound::Double(0.0) => Some("-0.0".to_owned()),
            Bound::Text(text) => Some(json_string(&text.chars().take(PREFIX_CHARS).collect::<String>())),
            Bound::Micros { micros, is_utc } => time_json(micros.div_euclid(1000), *is_utc),
            other => other.plain_json(),
        }
    }

    /// The upper bound as JSON, where there is one.
    pub(super) fn max_json(&self) -> Option<String> {
        if self.has_nan {
            return None;
        }
        match &self.bounds.as_ref()?.1 {
            Bound::Double(0.0) => Some("0.0".to_owned()),
            Bound::Text(text) => max_prefix(text).map(|prefix| json_string(&prefix)),
            // The log's times have milliseconds. Cut down, as Spark does, the bound would be less than the value, and
            // right only for readers that know; rounded up it is right for all.
            Bound::Micros { micros, is_utc } => {
                let cut = i64::from(micros.rem_euclid(1000) != 0);
                time_json(micros.div_euclid(1000).checked_add(cut)?, *is_utc)
            }
            other => other.plain_json(),
        }
    }
}

impl Bound {
    fn is_less(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Long(a), Self::Long(b)) => a < b,
            (Self::Double(a), Self::Double(b)) => a < b,
            (Self::Decimal(a, _), Self::Decimal(b, _)) => a < b,
            (Self::Text(a), Self::Text(b)) => a < b,
            (Self::Days(a), Self::Days(b)) => a < b,
            (Self::Micros { micros: a, .. }, Self::Micros { micros: b, .. }) => a < b,
            _ => false,
        }
    }

    fn plain_json(&self) -> Option<String> {
        match self {
            Self::Long(value) => Some(value.to_string()),
            // JSON has no infinities.
            Self::Double(value) => value.is_finite().then(|| serde_json::Value::from(*value).to_string()),
            Self::Decimal(value, scale) => decimal_json(*value, *scale),
            Self::Text(text) => Some(json_string(text)),
            Self::Days(days) => {
                let date = NaiveDate::from_ymd_opt(1970, 1, 1)?
                    .checked_add_signed(TimeDelta::try_days(i64::from(*days))?)?;
                // Beyond four digits readers disagree on how a year is written.
                (0..=9999).contains(&date.year()).then(|| date.format("\"%Y-%m-%d\"").to_string())
            }
            Self::Micros { micros, is_utc } => time_json(micros.div_euclid(1000), *is_utc),
        }
    }
}

fn longs<T>(array: &ArrayRef) -> Option<(Bound, Bound)>
where
    T: ArrowNumericType,
    T::Native: Into<i64>,
{
    both(array.as_primitive::<T>(), |value| Bound::Long(value.into()))
}

fn both<T: ArrowNumericType>(
    array: &PrimitiveArray<T>,
    bound: impl Fn(T::Native) -> Bound,
) -> Option<(Bound, Bound)> {
    compute::min(array).map(&bound).zip(compute::max(array).map(&bound))
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text of about 32 characters that is not less than the given one, in the order of UTF-8's bytes.
///
/// The prefix is followed by a character that is greater than the first one that was left out: as in Delta the last of
/// ASCII if it will do, or else the last of Unicode. `None` where the prefix would have to be too long.
fn max_prefix(text: &str) -> Option<String> {
    let mut prefix = String::new();
    for (count, c) in text.chars().enumerate() {
        if count >= 2 * PREFIX_CHARS {
            return None;
        }
        if count >= PREFIX_CHARS {
            if c < '\u{7f}' {
                prefix.push('\u{7f}');
                return Some(prefix);
            }
            if c < char::MAX {
                prefix.push(char::MAX);
                return Some(prefix);
            }
        }
        prefix.push(c);
    }
    Some(prefix)
}

/// The exact digits: 12.50 of scale 2.
fn decimal_json(value: i128, scale: i8) -> Option<String> {
    let scale = usize::try_from(scale).ok()?;
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale)?;
    let sign = if value < 0 { "-" } else { "" };
    Some(match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

fn time_json(millis: i64, is_utc: bool) -> Option<String> {
    let time = DateTime::from_timestamp_millis(millis)?;
    let zone = if is_utc { "Z" } else { "" };
    (0..=9999)
        .contains(&time.year())
        .then(|| format!("\"{}{zone}\"", time.naive_utc().format("%Y-%m-%dT%H:%M:%S%.3f")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, StringArray,
        TimestampMicrosecondArray,
    };
    use std::sync::Arc;

    fn check(array: impl Array + 'static, min: Option<&str>, max: Option<&str>) {
        let mut bounds = Bounds::default();
        bounds.update(&(Arc::new(array) as ArrayRef));
        assert_eq!((bounds.min_json().as_deref(), bounds.max_json().as_deref()), (min, max));
    }

    #[test]
    fn numbers() {
        check(Int8Array::from(vec![Some(-128), None, Some(3)]), Some("-128"), Some("3"));
        check(Int8Array::from(vec![None::<i8>]), None, None);
        check(Float64Array::from(vec![0.0, 2.5]), Some("-0.0"), Some("2.5"));
        check(Float64Array::from(vec![-0.0]), Some("-0.0"), Some("0.0"));
        check(Float64Array::from(vec![1.0, f64::NAN]), None, None);
        check(Float64Array::from(vec![f64::NEG_INFINITY, 1e300]), None, Some("1e+300"));
        check(Float32Array::from(vec![0.1]), Some("0.10000000149011612"), Some("0.10000000149011612"));
    }

    #[test]
    fn decimals_keep_their_digits() {
        let decimals = |values: Vec<i128>, scale| {
            Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap()
        };
        check(
            decimals(vec![-5, 12_345_678_901_234_567_890_123_456_789], 2),
            Some("-0.05"),
            Some("123456789012345678901234567.89"),
        );
        check(decimals(vec![7], 0), Some("7"), Some("7"));
    }

    #[test]
    fn times_are_never_narrower_than_the_values() {
        let times = TimestampMicrosecondArray::from(vec![1_609_459_200_123_456, -1]);
        check(times.clone(), Some("\"1969-12-31T23:59:59.999\""), Some("\"2021-01-01T00:00:00.124\""));
        check(
            times.with_timezone("UTC"),
            Some("\"1969-12-31T23:59:59.999Z\""),
            Some("\"2021-01-01T00:00:00.124Z\""),
        );
        check(TimestampMicrosecondArray::from(vec![i64::MAX]), None, None);
        check(Date32Array::from(vec![0, 18_628]), Some("\"1970-01-01\""), Some("\"2021-01-01\""));
        check(Date32Array::from(vec![i32::MIN, i32::MAX]), None, None);
    }

    #[test]
    fn long_texts_are_cut() {
        let a32 = "a".repeat(32);
        let check_text = |text: String, max: Option<String>| {
            check(
                StringArray::from(vec![text.clone()]),
                Some(&json_string(&text.chars().take(32).collect::<String>())),
                max.map(|max| json_string(&max)).as_deref(),
            );
        };
        check_text(a32.clone(), Some(a32.clone()));
        check_text(format!("{a32}b"), Some(format!("{a32}\u{7f}")));
        check_text(format!("{a32}é"), Some(format!("{a32}{}", char::MAX)));
        check_text(format!("{a32}{}b", char::MAX), Some(format!("{a32}{}\u{7f}", char::MAX)));
        check_text(
            format!("{a32}{}", char::MAX.to_string().repeat(3)),
            Some(format!("{a32}{}", char::MAX.to_string().repeat(3))),
        );
        check_text(format!("{a32}{}", char::MAX.to_string().repeat(40)), None);
    }
}
