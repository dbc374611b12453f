//! Fields as Delta's own reader, Jackson, takes them: null where there is a default, and a number or a truth value where
//! a text should be, as some writers have them in `configuration` and `partitionValues`.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// The value, or its default for null.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A map of texts; what is null is left out.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let given: Option<BTreeMap<String, Option<Text>>> = Option::deserialize(deserializer)?;
    let given = given.unwrap_or_default().into_iter();
    Ok(given.filter_map(|(key, text)| Some((key, text?.0))).collect())
}

/// A map of texts and nulls.
pub(super) fn nullable_texts<'de, D>(deserializer: D) -> Result<BTreeMap<String, Option<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(optional_texts(deserializer)?.unwrap_or_default())
}

/// A map of texts and nulls that may be absent.
pub(super) fn optional_texts<'de, D>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, Option<String>>>, D::Error>
where
    D: Deserializer<'de>,
{
    let given: Option<BTreeMap<String, Option<Text>>> = Option::deserialize(deserializer)?;
    let plain = |map: BTreeMap<String, Option<Text>>| {
        map.into_iter().map(|(key, text)| (key, text.map(|text| text.0))).collect()
    };
    Ok(given.map(plain))
}

/// A text, or the text of a number or a truth value.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use crate::actions::Action;

    fn read(line: &str) -> Action {
        Action::from_line(line.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn what_is_no_text_is_taken_as_text() {
        let line = r#"{"metaData":{"id":"1","format":{"provider":"parquet","options":null},"partitionColumns":null,
            "configuration":{"a":false,"b":10,"c":null,"d":1.5,"e":"x"}}}"#;
        let Action::MetaData(metadata) = read(line) else { panic!("no metaData") };
        let configuration: Vec<(&str, &str)> =
            metadata.configuration.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(configuration, [("a", "false"), ("b", "10"), ("d", "1.5"), ("e", "x")]);
        assert!(metadata.partition_columns.is_empty() && metadata.format.options.is_empty());
        let line = r#"{"add":{"path":"p","size":1,"partitionValues":{"k":1,"n":null},"tags":{"t":true},"dataChange":null}}"#;
        let Action::Add(add) = read(line) else { panic!("no add") };
        assert_eq!(add.partition_values["k"].as_deref(), Some("1"));
        assert_eq!(add.partition_values["n"], None);
        assert_eq!(add.tags.unwrap()["t"].as_deref(), Some("true"));
        for line in [
            r#"{"add":{"path":"p","size":1,"partitionValues":null}}"#,
            r#"{"remove":{"path":"p","partitionValues":null,"dataChange":null}}"#,
            r#"{"metaData":{"id":"1","format":null,"configuration":null,"schemaString":null}}"#,
        ] {
            read(line);
        }
        assert!(Action::from_line(br#"{"add":{"path":"p","size":1,"partitionValues":{"k":[1]}}}"#).is_err());
    }

    #[test]
    fn texts_are_written_as_texts() {
        let line = r#"{"add":{"path":"p","partitionValues":{"k":1,"n":null},"size":1}}"#;
        let written = read(line).to_line().unwrap();
        assert!(written.contains(r#""partitionValues":{"k":"1","n":null}"#), "{written}");
    }
}
