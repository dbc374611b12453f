//! Variants against another implementation of Parquet's specification, and their JSON against what Spark 4.1 shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, NullArray, StringArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use parquet_variant::{Variant, VariantBuilder, VariantDecimal4, VariantDecimal8, VariantDecimal16};
use parquet_variant_compute::{VariantArray, json_to_variant, shred_variant};
use std::sync::Arc;
use tarn_delta::variant::{VariantError, is_variant, unshred, variant_type, write_json};

fn encoded<'a>(value: impl Into<Variant<'a, 'a>>) -> (Vec<u8>, Vec<u8>) {
    let mut builder = VariantBuilder::new();
    builder.append_value(value);
    builder.finish()
}

fn json(metadata: &[u8], value: &[u8]) -> String {
    let mut text = String::new();
    write_json(metadata, value, &mut text).unwrap();
    text
}

fn shows<'a>(value: impl Into<Variant<'a, 'a>>, expect: &str) {
    let (metadata, value) = encoded(value);
    assert_eq!(json(&metadata, &value), expect);
}

#[test]
fn values_are_shown_as_spark_shows_them() {
    shows((), "null");
    shows(true, "true");
    shows(i64::MIN, "-9223372036854775808");
    shows(-5i8, "-5");
    for (value, expect) in [
        (1.0, "1.0"),
        (1e7, "1.0E7"),
        (9_999_999.5, "9999999.5"),
        (1.5e-5, "1.5E-5"),
        (0.001, "0.001"),
        (0.015, "0.015"),
        (-0.0, "-0.0"),
        (123_456.0, "123456.0"),
        (1234.5, "1234.5"),
        (-1e300, "-1.0E300"),
        (f64::NAN, "\"NaN\""),
        (f64::INFINITY, "\"Infinity\""),
        (f64::NEG_INFINITY, "\"-Infinity\""),
    ] {
        shows(value, expect);
    }
    shows(0.1f32, "0.1");
    shows(1e10f32, "1.0E10");
    shows(VariantDecimal4::try_new(150, 2).unwrap(), "1.5");
    shows(VariantDecimal4::try_new(0, 7).unwrap(), "0");
    shows(VariantDecimal8::try_new(-1, 7).unwrap(), "-0.0000001");
    shows(VariantDecimal16::try_new(10i128.pow(35), 5).unwrap(), "1000000000000000000000000000000");
    shows(Variant::from([1u8, 2, 255].as_slice()), "\"AQL/\"");
    shows("a\"b\n\u{1}é", r#""a\"b\n\u0001é""#);
    let long = "x".repeat(300);
    shows(long.as_str(), &format!("\"{long}\""));
    let time = |text: &str| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap();
    shows(time("2020-01-02 03:04:05.120").and_utc(), "\"2020-01-02 03:04:05.12+00:00\"");
    shows(time("2020-01-02 03:04:05"), "\"2020-01-02 03:04:05\"");
    shows(time("2020-01-02 03:04:05.000000001"), "\"2020-01-02 03:04:05.000000001\"");
    shows(time("2020-01-02 03:04:05").date(), "\"2020-01-02\"");
    shows(time("2020-01-02 03:04:05.5").time(), "\"03:04:05.5\"");
}

const ROWS: &[Option<&str>] = &[
    Some(r#"{"a":1,"b":[true,null,{"c":"x"}],"z":{"d":1.5,"e":null}}"#),
    None,
    Some("null"),
    Some(r#"{"b":"no list","a":"text"}"#),
    Some("[]"),
    Some("{}"),
    Some(r#"[1,"two",[3]]"#),
    Some("7"),
    Some(r#""text""#),
    Some(r#"{"z":{},"é":"ü","A":{"deep":[[1],{"x":[2]}]}}"#),
    Some(r#"{"z":{"d":"other","f":12345678901234}}"#),
];

fn shown(array: ArrayRef) -> Vec<Option<String>> {
    let array = unshred(&array).unwrap();
    assert!(is_variant(array.data_type()) && array.data_type() == &variant_type());
    let parts = array.as_struct();
    let (metadata, value) = (parts.column(0).as_binary::<i32>(), parts.column(1).as_binary::<i32>());
    (0..array.len())
        .map(|row| array.is_valid(row).then(|| json(metadata.value(row), value.value(row))))
        .collect()
}

fn fields(fields: Vec<(&str, DataType)>) -> DataType {
    let fields = fields.into_iter().map(|(name, data_type)| Field::new(name, data_type, true));
    DataType::Struct(fields.collect::<Fields>())
}

fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("element", element, true)))
}

/// Objects' fields by name, as variants have them.
fn expected() -> Vec<Option<String>> {
    let sorted = |text: &&str| serde_json::from_str::<serde_json::Value>(text).unwrap().to_string();
    ROWS.iter().map(|row| row.as_ref().map(sorted)).collect()
}

#[test]
fn shredded_values_are_put_together() {
    let texts: ArrayRef = Arc::new(StringArray::from(ROWS.to_vec()));
    let whole = json_to_variant(&texts).unwrap();
    assert_eq!(shown(Arc::new(whole.clone().into_inner())), expected());
    let kinds = [
        DataType::Int64,
        DataType::Utf8,
        list(DataType::Int64),
        list(list(DataType::Int8)),
        fields(vec![("a", DataType::Int64)]),
        fields(vec![("nowhere", DataType::Int64)]),
        fields(vec![("a", DataType::Utf8), ("b", list(DataType::Boolean))]),
        fields(vec![
            ("z", fields(vec![("d", DataType::Float64), ("f", DataType::Int64)])),
            ("A", fields(vec![("deep", list(list(DataType::Int64)))])),
            ("b", list(fields(vec![("c", DataType::Utf8)]))),
        ]),
    ];
    for kind in kinds {
        let shredded = shred_variant(&whole, &kind).unwrap();
        assert!(shredded.typed_value_column().is_some());
        let array: ArrayRef = Arc::new(shredded.into_inner());
        assert_eq!(shown(Arc::clone(&array)), expected(), "{kind}");
        assert_eq!(shown(array.slice(3, 5)), expected()[3..8], "{kind}");
    }
}

#[test]
fn each_type_that_can_be_shredded_is_read() {
    let time =
        chrono::NaiveDateTime::parse_from_str("2020-01-02 03:04:05.5", "%Y-%m-%d %H:%M:%S%.f").unwrap();
    let utc: Arc<str> = "+00:00".into();
    let cases: Vec<(Variant<'_, '_>, DataType, &str)> = vec![
        (true.into(), DataType::Boolean, "true"),
        (false.into(), DataType::Boolean, "false"),
        (1i8.into(), DataType::Int8, "1"),
        (300i16.into(), DataType::Int16, "300"),
        (70_000i32.into(), DataType::Int32, "70000"),
        (1.25f32.into(), DataType::Float32, "1.25"),
        (1.25f64.into(), DataType::Float64, "1.25"),
        (VariantDecimal4::try_new(1234, 2).unwrap().into(), DataType::Decimal32(9, 2), "12.34"),
        (VariantDecimal8::try_new(-1234, 2).unwrap().into(), DataType::Decimal64(18, 2), "-12.34"),
        (VariantDecimal16::try_new(1234, 2).unwrap().into(), DataType::Decimal128(38, 2), "12.34"),
        (time.date().into(), DataType::Date32, "\"2020-01-02\""),
        (time.time().into(), DataType::Time64(TimeUnit::Microsecond), "\"03:04:05.5\""),
        (time.into(), DataType::Timestamp(TimeUnit::Microsecond, None), "\"2020-01-02 03:04:05.5\""),
        (
            time.and_utc().into(),
            DataType::Timestamp(TimeUnit::Microsecond, Some(utc)),
            "\"2020-01-02 03:04:05.5+00:00\"",
        ),
        ("text".into(), DataType::Utf8, "\"text\""),
        ("view".into(), DataType::Utf8View, "\"view\""),
        ([1u8, 2].as_slice().into(), DataType::Binary, "\"AQI=\""),
    ];
    for (value, kind, expect) in cases {
        let mut builder = parquet_variant_compute::VariantArrayBuilder::new(2);
        builder.append_variant(value);
        builder.append_variant(Variant::Null);
        let shredded = shred_variant(&builder.build(), &kind).unwrap();
        let typed = shredded.typed_value_column().unwrap();
        assert!(typed.is_valid(0), "{kind}");
        let expect = [Some(expect.to_owned()), Some("null".to_owned())];
        assert_eq!(shown(Arc::new(shredded.into_inner())), expect, "{kind}");
    }
}

fn level(value: Option<ArrayRef>, typed: ArrayRef) -> ArrayRef {
    let mut columns = vec![(Arc::new(Field::new("typed_value", typed.data_type().clone(), true)), typed)];
    if let Some(value) = value {
        columns.push((Arc::new(Field::new("value", value.data_type().clone(), true)), value));
    }
    Arc::new(StructArray::from(columns))
}

/// What the specification lets writers leave out, and what it forbids.
#[test]
fn missing_values_and_broken_ones() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![r#"{"a":1}"#, r#"{"a":2}"#, "5"]));
    let whole = json_to_variant(&texts).unwrap().into_inner();
    let metadata = Arc::clone(whole.column_by_name("metadata").unwrap());
    let rest = Arc::clone(whole.column_by_name("value").unwrap());
    let with = |value: Option<ArrayRef>, typed: ArrayRef| -> ArrayRef {
        let shredded = level(value, typed);
        let shredded = shredded.as_struct();
        let mut columns: Vec<(Arc<Field>, ArrayRef)> =
            shredded.fields().iter().cloned().zip(shredded.columns().iter().cloned()).collect();
        columns.push((
            Arc::new(Field::new("metadata", metadata.data_type().clone(), false)),
            Arc::clone(&metadata),
        ));
        Arc::new(StructArray::from(columns))
    };
    // No `value` at all; a field that is missing, and one that is null in its group.
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    let a = level(None, Arc::clone(&numbers));
    let objects = StructArray::try_new(
        vec![Field::new("a", a.data_type().clone(), true)].into(),
        vec![a],
        Some(NullBuffer::from(vec![true, true, false])),
    );
    let array = with(None, Arc::new(objects.unwrap()));
    assert_eq!(shown(array), [Some(r#"{"a":1}"#.into()), Some("{}".into()), Some("null".into())]);
    // A value twice.
    let twice = with(Some(Arc::clone(&rest)), Arc::clone(&numbers));
    assert!(matches!(unshred(&twice), Err(VariantError::Damaged(text)) if text.contains("two values")));
    // An object and a number in one place.
    let b = level(None, Arc::clone(&numbers));
    let objects = StructArray::from(vec![(Arc::new(Field::new("a", b.data_type().clone(), true)), b)]);
    let both = with(Some(rest), Arc::new(objects));
    assert!(matches!(unshred(&both), Err(VariantError::Damaged(_))));
    // A field whose name the metadata lacks.
    let c = level(None, Arc::clone(&numbers));
    let objects = StructArray::from(vec![(Arc::new(Field::new("c", c.data_type().clone(), true)), c)]);
    assert!(matches!(unshred(&with(None, Arc::new(objects))), Err(VariantError::Damaged(_))));
    // What is no column of variants, and no type for them.
    assert!(matches!(unshred(&numbers), Err(VariantError::NotVariant(_))));
    let odd: ArrayRef = Arc::new(arrow::array::UInt64Array::from(vec![1, 2, 3]));
    assert!(matches!(unshred(&with(None, odd)), Err(VariantError::Shredded(_))));
    assert!(unshred(&(Arc::new(NullArray::new(1)) as ArrayRef)).is_err());
}

/// Each prefix, and each byte changed, of some variants: an error or a text, never a panic.
#[test]
fn damaged_bytes_are_errors() {
    for text in ROWS.iter().flatten() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![*text]));
        let array: VariantArray = json_to_variant(&texts).unwrap();
        let (metadata, value) = {
            let array = unshred(&(Arc::new(array.into_inner()) as ArrayRef)).unwrap();
            let parts = array.as_struct();
            (
                parts.column(0).as_binary::<i32>().value(0).to_vec(),
                parts.column(1).as_binary::<i32>().value(0).to_vec(),
            )
        };
        for end in 0..value.len() {
            assert!(write_json(&metadata, &value[..end], &mut String::new()).is_err() || end > 0);
        }
        for at in 0..value.len() + metadata.len() {
            for flip in [0x01, 0x02, 0x40, 0x80, 0xff] {
                let (mut metadata, mut value) = (metadata.clone(), value.clone());
                match at.checked_sub(value.len()) {
                    None => value[at] ^= flip,
                    Some(at) => metadata[at] ^= flip,
                }
                let _ = write_json(&metadata, &value, &mut String::new());
            }
        }
    }
    // An array in an array in …
    let mut nested = vec![0];
    for _ in 0..5000 {
        let len = u32::try_from(nested.len()).unwrap().to_le_bytes();
        nested = [&[0x0f, 1, 0, 0, 0, 0], len.as_slice(), &nested].concat();
    }
    let error = write_json(&[1, 0, 0], &nested, &mut String::new()).unwrap_err();
    assert!(error.to_string().contains("nested too deeply"));
}
