//! Hive partitions: folders `column=value` are columns.

use super::listing::Listing;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::common::arrow::datatypes::Date32Type;
use object_store::path::Path;
use std::sync::Arc;

/// The name that Hive gives to the folder of NULL.
const NULL_NAME: &str = "__HIVE_DEFAULT_PARTITION__";

/// The partition columns of a listing and, file by file, their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Partitions {
    pub(crate) fields: Vec<FieldRef>,
    pub(crate) values: Vec<Vec<ScalarValue>>,
}

/// Finds the partition columns: those that every file has, in the same order.
pub(crate) fn infer(listing: &Listing) -> Partitions {
    let parsed: Vec<Vec<(String, Option<String>)>> =
        listing.files.iter().map(|file| parse(&listing.root, &file.location)).collect();
    let names: Vec<&String> = parsed.first().into_iter().flatten().map(|(name, _)| name).collect();
    let all_alike = parsed.iter().all(|file| file.iter().map(|(name, _)| name).eq(names.iter().copied()));
    if names.is_empty() || !all_alike {
        return Partitions { fields: vec![], values: vec![vec![]; parsed.len()] };
    }
    let types: Vec<DataType> = (0..names.len())
        .map(|column| narrowest(parsed.iter().filter_map(|file| file[column].1.as_deref())))
        .collect();
    let fields = names
        .iter()
        .zip(&types)
        .map(|(name, data_type)| Arc::new(Field::new(name.as_str(), data_type.clone(), true)));
    let value = |text: Option<&str>, data_type: &DataType| {
        text.and_then(|text| ScalarValue::try_from_string(text.to_owned(), data_type).ok())
            .or_else(|| ScalarValue::try_new_null(data_type).ok())
            .unwrap_or(ScalarValue::Null)
    };
    let values = parsed
        .iter()
        .map(|file| file.iter().zip(&types).map(|((_, text), t)| value(text.as_deref(), t)).collect())
        .collect();
    Partitions { fields: fields.collect(), values }
}

fn parse(root: &Path, path: &Path) -> Vec<(String, Option<String>)> {
    let Some(below) = path.prefix_match(root) else { return vec![] };
    let segments: Vec<String> = below.map(|part| part.as_ref().to_owned()).collect();
    let folders = segments.len().saturating_sub(1);
    segments[..folders]
        .iter()
        .filter_map(|segment| segment.split_once('='))
        .map(|(name, value)| {
            let decode =
                |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            (decode(name), (value != NULL_NAME).then(|| decode(value)))
        })
        .collect()
}

/// The narrowest type that holds all values, as Spark infers it: INT, BIGINT, DATE, otherwise STRING.
fn narrowest<'a>(values: impl Iterator<Item = &'a str> + Clone) -> DataType {
    // "007" is a name, not a number: what would not be written back the same stays text.
    let is = |parses: &dyn Fn(&str) -> bool| values.clone().next().is_some() && values.clone().all(parses);
    if is(&|text| text.parse::<i32>().is_ok_and(|number| number.to_string() == text)) {
        DataType::Int32
    } else if is(&|text| text.parse::<i64>().is_ok_and(|number| number.to_string() == text)) {
        DataType::Int64
    } else if is(&|text| {
        use datafusion::arrow::compute::kernels::cast_utils::Parser;
        text.len() == 10 && Date32Type::parse(text).is_some()
    }) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_values() {
        assert_eq!(narrowest(["1", "2"].into_iter()), DataType::Int32);
        assert_eq!(narrowest(["1", "3000000000"].into_iter()), DataType::Int64);
        assert_eq!(narrowest(["007"].into_iter()), DataType::Utf8);
        assert_eq!(narrowest(["2024-01-31"].into_iter()), DataType::Date32);
        assert_eq!(narrowest(["2024-01-31", "x"].into_iter()), DataType::Utf8);
        assert_eq!(narrowest([].into_iter()), DataType::Utf8);
    }

    #[test]
    fn names_and_values_of_folders() {
        let parsed =
            parse(&Path::from("t"), &Path::parse("t/a=1%2F2/b=__HIVE_DEFAULT_PARTITION__/x=y.csv").unwrap());
        assert_eq!(parsed, [("a".to_owned(), Some("1/2".to_owned())), ("b".to_owned(), None)]);
    }
}
