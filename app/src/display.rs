//! How figures are written for people: thousands separators, sizes and times. Copies use the raw text instead.

/// Puts a separator between each three digits before the decimal point; text that is not a plain number stays as it is.
pub(crate) fn with_thousands(raw: &str) -> String {
    let (sign, rest) = match raw.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", raw),
    };
    let (whole, fraction) = match rest.find(['.', 'e', 'E']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if whole.len() < 4 || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return raw.to_owned();
    }
    let mut text = String::with_capacity(raw.len() + whole.len() / 3);
    text.push_str(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(fraction);
    text
}

/// A count with thousands separators.
pub(crate) fn count(number: u64) -> String {
    with_thousands(&number.to_string())
}

/// A count with its noun: `1 row`, `2,000 rows`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A count in three figures, where there is no room for all of them: `3M`, `12.5k`.
pub(crate) fn rough_count(number: u64) -> String {
    let (value, unit) = match number {
        0..10_000 => return count(number),
        10_000..999_500 => (number as f64 / 1e3, "k"),
        999_500..999_500_000 => (number as f64 / 1e6, "M"),
        _ => (number as f64 / 1e9, "G"),
    };
    let digits = if value >= 99.95 || (value - value.round()).abs() < 0.05 { 0 } else { 1 };
    format!("{value:.digits$}{unit}")
}

/// A size in decimal units: `13.5 MB`.
pub(crate) fn bytes(size_bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = size_bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 99.95 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A duration: `4 ms`, `0.31 s`, `12.4 s`, `3 min 04 s`.
pub(crate) fn duration(millis: f64) -> String {
    let millis = millis.max(0.0);
    if millis < 99.5 {
        format!("{millis:.0} ms")
    } else if millis < 9_995.0 {
        format!("{:.2} s", millis / 1000.0)
    } else if millis < 59_950.0 {
        format!("{:.1} s", millis / 1000.0)
    } else {
        let seconds = (millis / 1000.0).round() as u64;
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// Lays out JSON text over several lines without touching its values (a parser would round large numbers). Text that
/// is not JSON comes back much as it was.
pub(crate) fn indented_json(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        if in_string {
            text.push(char);
            in_string = escaped || char != '"';
            escaped = !escaped && char == '\\';
            continue;
        }
        match char {
            '"' => {
                in_string = true;
                text.push(char);
            }
            '{' | '[' => {
                text.push(char);
                while chars.peek().is_some_and(|next| next.is_whitespace()) {
                    chars.next();
                }
                if chars.peek().is_some_and(|next| matches!(next, '}' | ']')) {
                    text.extend(chars.next());
                } else {
                    depth += 1;
                    break_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut text, depth);
                text.push(char);
            }
            ',' => {
                text.push(char);
                break_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            space if space.is_whitespace() => {}
            other => text.push(other),
        }
    }
    text
}

fn break_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_separators_and_nothing_else_does() {
        for (raw, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("-1000", "-1,000"),
            ("3000000", "3,000,000"),
            ("1234567.8901", "1,234,567.8901"),
            ("1234e10", "1,234e10"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
        ] {
            assert_eq!(with_thousands(raw), shown);
        }
    }

    #[test]
    fn sizes_and_times_keep_three_figures() {
        assert_eq!(
            [9_999, 12_345, 100_400, 3_000_000, 1_250_000_000].map(rough_count),
            ["9,999", "12.3k", "100k", "3M", "1.2G"]
        );
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(13_493_022), "13.5 MB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(5_000_000_000), "5.0 GB");
        assert_eq!(duration(4.2), "4 ms");
        assert_eq!(duration(310.0), "0.31 s");
        assert_eq!(duration(12_400.0), "12.4 s");
        assert_eq!(duration(184_000.0), "3 min 04 s");
    }

    #[test]
    fn json_is_laid_out_without_rounding() {
        assert_eq!(
            indented_json(r#"{"a":[1,12345678901234567890],"b":"x, {\"y\"}","c":{}}"#),
            "{\n  \"a\": [\n    1,\n    12345678901234567890\n  ],\n  \"b\": \"x, {\\\"y\\\"}\",\n  \"c\": {}\n}"
        );
    }
}
