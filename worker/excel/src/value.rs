//! What a text of the engine is in Excel. A number that Excel would round, or a time that it has no number for, stays text.

use rust_xlsxwriter::ExcelDateTime;

/// What the values of a column are.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Integer,
    Decimal,
    Double,
    Boolean,
    Date,
    Timestamp,
    Other,
}

/// A value of Excel.
pub(crate) enum Value {
    Number(f64),
    Boolean(bool),
    Date(ExcelDateTime),
    Timestamp(ExcelDateTime),
    /// The text itself.
    Text,
}

/// Whole numbers up to here are exact.
const MAX_EXACT: i64 = 1 << 53;
/// So many digits of a decimal number are exact.
const EXACT_DIGITS: usize = 15;

impl Kind {
    /// By the type's name in Databricks' words.
    pub(crate) fn of(type_name: &str) -> Self {
        match type_name.split('(').next().unwrap_or_default() {
            "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => Self::Integer,
            "DECIMAL" => Self::Decimal,
            "FLOAT" | "DOUBLE" => Self::Double,
            "BOOLEAN" => Self::Boolean,
            "DATE" => Self::Date,
            "TIMESTAMP" | "TIMESTAMP_NTZ" => Self::Timestamp,
            _ => Self::Other,
        }
    }
}

impl Value {
    pub(crate) fn of(kind: Kind, text: &str) -> Self {
        let value = match kind {
            Kind::Integer => {
                text.parse::<i64>().ok().filter(|n| n.abs() <= MAX_EXACT).map(|n| Self::Number(n as f64))
            }
            Kind::Decimal => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                text.parse().ok().filter(|_| digits <= EXACT_DIGITS).map(Self::Number)
            }
            Kind::Double => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Self::Number),
            Kind::Boolean => text.parse().ok().map(Self::Boolean),
            Kind::Date => date(text).map(Self::Date),
            Kind::Timestamp => timestamp(text).map(Self::Timestamp),
            Kind::Other => None,
        };
        value.unwrap_or(Self::Text)
    }
}

/// Excel's days begin with 1900, whose 29th of February it has and the calendar has not.
fn date(text: &str) -> Option<ExcelDateTime> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    if year == 1900 && month < 3 {
        return None;
    }
    ExcelDateTime::from_ymd(year, month, day).ok()
}

fn timestamp(text: &str) -> Option<ExcelDateTime> {
    let (day, time) = text.trim_end_matches('Z').split_once(['T', ' '])?;
    let mut parts = time.splitn(3, ':');
    let (hour, minute) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (seconds, fraction) = match parts.next()? {
        seconds if seconds.contains('.') => seconds.split_once('.')?,
        seconds => (seconds, ""),
    };
    // Excel counts in milliseconds.
    let (millis, rest) = fraction.split_at_checked(3).unwrap_or((fraction, ""));
    if rest.chars().any(|digit| digit != '0') {
        return None;
    }
    let millis: u16 = format!("{millis:0<3}").parse().ok()?;
    date(day)?.and_hms_milli(hour, minute, seconds.parse().ok()?, millis).ok()
}
