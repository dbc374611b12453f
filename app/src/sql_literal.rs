//! Values as SQL writes them. The engine takes a backslash in a text as it stands; a quote is doubled.

use crate::json_tree::Json;
use crate::sql_type::SqlType;

/// A text.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A number as a person wrote it, for comparison with integers and decimals: exact, however long. `None` of what is no
/// such number.
pub(crate) fn exact_number(value: &str) -> Option<String> {
    let value = value.trim();
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let (precision, scale) = (whole.len() + fraction.len(), fraction.len());
    match () {
        () if scale == 0 && !unsigned.ends_with('.') && value.parse::<i64>().is_ok() => {
            Some(value.trim_start_matches('+').to_owned())
        }
        // The engine would take it for a floating point number, and compare with what is near.
        () if precision <= 38 => Some(format!("CAST('{value}' AS DECIMAL({precision},{scale}))")),
        () => None,
    }
}

/// A value of a column as the engine gave it, as a literal of the column's type. `None` where SQL has none for the type.
pub(crate) fn value(type_name: &str, raw: Option<&str>) -> Option<String> {
    let Some(raw) = raw else { return Some("NULL".to_owned()) };
    Some(match type_name {
        "STRING" => text(raw),
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => raw.to_owned(),
        "FLOAT" | "DOUBLE" | "TIME(0)" | "TIME(3)" | "TIME(6)" => {
            let bare = type_name.split('(').next().unwrap_or(type_name);
            format!("CAST({} AS {bare})", text(raw))
        }
        "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" => format!("{type_name} {}", text(raw)),
        "BINARY" => format!("X'{}'", hex(&from_base64(raw)?)),
        "VOID" => "NULL".to_owned(),
        _ if type_name.starts_with("DECIMAL(") => format!("CAST('{raw}' AS {type_name})"),
        _ => match SqlType::parse(type_name) {
            SqlType::Plain(_) => return None,
            nested => of_json(&nested, &Json::parse(raw)?)?,
        },
    })
}

fn of_json(of: &SqlType, json: &Json) -> Option<String> {
    Some(match (of, json) {
        (_, Json::Null) => "NULL".to_owned(),
        (SqlType::Array(element), Json::List(values)) => {
            let values: Option<Vec<String>> = values.iter().map(|value| of_json(element, value)).collect();
            format!("make_array({})", values?.join(", "))
        }
        (SqlType::Map(key, value), Json::Object(entries)) => {
            let entries: Option<Vec<String>> = entries
                .iter()
                .map(|(name, json)| {
                    Some(format!("{}, {}", self::value(&key.name(), Some(name))?, of_json(value, json)?))
                })
                .collect();
            format!("map({})", entries?.join(", "))
        }
        (SqlType::Struct(fields), Json::Object(entries)) => {
            let entries: Option<Vec<String>> = fields
                .iter()
                .zip(entries)
                .map(|((name, of), (_, json))| Some(format!("{}, {}", text(name), of_json(of, json)?)))
                .collect();
            format!("named_struct({})", entries?.join(", "))
        }
        (SqlType::Plain(name), Json::Number(raw) | Json::Text(raw)) => value(name, Some(raw))?,
        (SqlType::Plain(name), Json::Bool(is_so)) => {
            value(name, Some(if *is_so { "true" } else { "false" }))?
        }
        _ => return None,
    })
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// The bytes of base64, as the engine gives bytes.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        for (typed, expected) in [
            ("60", Some("60")),
            ("+7", Some("7")),
            ("-1.50", Some("CAST('-1.50' AS DECIMAL(3,2))")),
            ("99999999999999999999", Some("CAST('99999999999999999999' AS DECIMAL(20,0))")),
            ("1e5", None),
            ("ten", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(exact_number(typed).as_deref(), expected, "{typed}");
        }
    }

    #[test]
    fn values_are_typed() {
        for (type_name, raw, expected) in [
            ("STRING", Some("it's a \\"), Some("'it''s a \\'")),
            ("BIGINT", Some("9223372036854775807"), Some("9223372036854775807")),
            ("DECIMAL(10,2)", Some("1.20"), Some("CAST('1.20' AS DECIMAL(10,2))")),
            ("DOUBLE", Some("NaN"), Some("CAST('NaN' AS DOUBLE)")),
            ("TIME(6)", Some("10:00:00"), Some("CAST('10:00:00' AS TIME)")),
            ("TIMESTAMP", Some("2024-01-01T00:00:00Z"), Some("TIMESTAMP '2024-01-01T00:00:00Z'")),
            ("BINARY", Some("AP8="), Some("X'00ff'")),
            ("STRING", None, Some("NULL")),
            ("INTERVAL", Some("1 days"), None),
            ("VARIANT", Some("{}"), None),
            (
                "STRUCT<a: INT, b: ARRAY<STRING>, c: MAP<STRING, DOUBLE>>",
                Some(r#"{"a":1,"b":["x",null],"c":{"k":0.5}}"#),
                Some(
                    "named_struct('a', 1, 'b', make_array('x', NULL), 'c', map('k', CAST('0.5' AS DOUBLE)))",
                ),
            ),
        ] {
            assert_eq!(value(type_name, raw).as_deref(), expected, "{type_name}");
        }
    }

    #[test]
    fn base64_is_read() {
        assert_eq!(from_base64("AP8=").unwrap(), [0, 255]);
        assert_eq!(from_base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(from_base64("").unwrap(), b"");
        assert_eq!(from_base64("!"), None);
    }
}
