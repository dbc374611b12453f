//! Dates and times as partition values and statistics have them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};

/// Days since 1970 of `year-month-day`.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let date = date(text.trim())?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

fn date(text: &str) -> Option<NaiveDate> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = digits.splitn(3, '-');
    let mut number = || {
        let part = parts.next()?;
        let is_number = !part.is_empty() && part.len() <= 7 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (year, month, day) = (number()?, number()?, number()?);
    let year = if is_negative { -year } else { year };
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// Microseconds since 1970, and whether the text names a time zone; without one, UTC is taken. A date alone is its
/// midnight. Digits after the microseconds are cut.
pub(crate) fn parse_micros(text: &str) -> Option<(i64, bool)> {
    let text = text.trim();
    // A year may have a sign; the date ends at the first separator.
    let Some(split) = text.find(['T', ' ']) else {
        let midnight = date(text)?.and_time(NaiveTime::MIN);
        return Some((midnight.and_utc().timestamp_micros(), false));
    };
    let (day, time) = (text.get(..split)?, text.get(split + 1..)?);
    let (time, offset) = zone(time)?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M"))
        .ok()?;
    let local = NaiveDateTime::new(date(day)?, time);
    let utc = local.checked_sub_offset(offset.unwrap_or(FixedOffset::east_opt(0)?))?;
    Some((utc.and_utc().timestamp_micros(), offset.is_some()))
}

/// Cuts `Z`, `UTC` or an offset such as `-08:00` from the end of a time.
fn zone(time: &str) -> Option<(&str, Option<FixedOffset>)> {
    for name in ["Z", "z", "UTC"] {
        if let Some(time) = time.strip_suffix(name) {
            return Some((time.trim_end(), Some(FixedOffset::east_opt(0)?)));
        }
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, None)) };
    let (time, offset) = (time.get(..at)?, time.get(at..)?);
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| match digits.get(range) {
        Some(part) => part.parse::<i32>().ok(),
        None => Some(0),
    };
    if digits.len() < 2 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let seconds = number(0..2)? * 3600 + number(2..4)? * 60 + number(4..6)?;
    let seconds = if offset.starts_with('-') { -seconds } else { seconds };
    Some((time.trim_end(), Some(FixedOffset::east_opt(seconds)?)))
}

/// `year-month-day`.
pub(crate) fn date_text(days: i32) -> String {
    let date = NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(days.into()));
    date.map_or_else(|| days.to_string(), |date| date.to_string())
}

/// With a zone as in ISO 8601 in UTC with six digits; without one as Spark casts it, and no zeros at the end.
pub(crate) fn micros_text(micros: i64, has_zone: bool) -> Option<String> {
    let time = DateTime::from_timestamp_micros(micros)?;
    if has_zone {
        return Some(time.to_rfc3339_opts(SecondsFormat::Micros, true));
    }
    let seconds = time.format("%Y-%m-%d %H:%M:%S").to_string();
    let fraction = format!("{:06}", micros.rem_euclid(1_000_000));
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() { seconds } else { format!("{seconds}.{fraction}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_writers_write_them() {
        let check = |text: &str, expected| assert_eq!(parse_micros(text), expected, "{text}");
        check("1970-01-01 00:00:00", Some((0, false)));
        check("1970-01-01T00:00:00.000Z", Some((0, true)));
        check("1970-01-01T00:00:00.123456Z", Some((123_456, true)));
        check("1969-12-31T16:00:00.000-08:00", Some((0, true)));
        check("1970-01-01 05:30:00+0530", Some((0, true)));
        check("1970-01-02", Some((86_400_000_000, false)));
        check("+10000-01-01T00:00:00Z", Some((253_402_300_800_000_000, true)));
        check("1970-01-01 25:00:00", None);
        check("", None);
        check("ä", None);
    }

    #[test]
    fn edges_of_time_are_no_panic() {
        assert!(
            date_text(i32::MAX).ends_with("5881580-07-11") || date_text(i32::MAX) == i32::MAX.to_string()
        );
        assert_eq!(
            micros_text(i64::MAX, true),
            DateTime::from_timestamp_micros(i64::MAX).map(|t| t.to_rfc3339_opts(SecondsFormat::Micros, true))
        );
        assert_eq!(micros_text(-1, false).as_deref(), Some("1969-12-31 23:59:59.999999"));
    }
}
