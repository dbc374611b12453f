//! Files as wholes: their figures, their keys and values, their schemas.

use super::{Column, Footer, file_names, long, numbers, texts};
use datafusion::parquet::basic::{LogicalType, TimeUnit};
use datafusion::parquet::schema::types::Type;

pub(super) fn of_files(footers: &[Footer]) -> Vec<Column> {
    let of = |value: fn(&Footer) -> Option<i64>| footers.iter().map(value);
    vec![
        file_names(footers.iter()),
        texts("created_by", footers.iter().map(|footer| footer.metadata.file_metadata().created_by())),
        numbers("num_rows", of(|footer| Some(footer.metadata.file_metadata().num_rows()))),
        numbers("num_row_groups", of(|footer| long(footer.metadata.num_row_groups()))),
        numbers(
            "num_columns",
            of(|footer| long(footer.metadata.file_metadata().schema_descr().num_columns())),
        ),
        numbers("format_version", of(|footer| Some(footer.metadata.file_metadata().version().into()))),
        numbers("file_size_bytes", of(|footer| i64::try_from(footer.size_bytes).ok())),
    ]
}

pub(super) fn key_values(footers: &[Footer]) -> Vec<Column> {
    let pairs: Vec<_> = footers
        .iter()
        .flat_map(|footer| {
            let pairs = footer.metadata.file_metadata().key_value_metadata();
            pairs.into_iter().flatten().map(move |pair| (footer, pair))
        })
        .collect();
    vec![
        file_names(pairs.iter().map(|(footer, _)| *footer)),
        texts("key", pairs.iter().map(|(_, pair)| Some(pair.key.as_str()))),
        texts("value", pairs.iter().map(|(_, pair)| pair.value.as_deref())),
    ]
}

/// One row an element of a schema, its children after it.
struct Element<'a> {
    footer: &'a Footer,
    of: &'a Type,
    depth: usize,
}

pub(super) fn elements(footers: &[Footer]) -> Vec<Column> {
    let mut elements = Vec::new();
    for footer in footers {
        add(footer, footer.metadata.file_metadata().schema(), 0, &mut elements);
    }
    let all = || elements.iter();
    let leaf = |element: &Element<'_>| element.of.is_primitive();
    vec![
        file_names(all().map(|element| element.footer)),
        texts("name", all().map(|element| Some(element.of.name()))),
        numbers("depth", all().map(|element| long(element.depth))),
        texts("type", all().map(|e| leaf(e).then(|| e.of.get_physical_type().to_string()))),
        texts(
            "repetition_type",
            all().map(|element| {
                let info = element.of.get_basic_info();
                info.has_repetition().then(|| info.repetition().to_string())
            }),
        ),
        numbers("num_children", all().map(|e| (!leaf(e)).then(|| long(e.of.get_fields().len())).flatten())),
        texts(
            "logical_type",
            all().map(|element| element.of.get_basic_info().logical_type_ref().map(logical_name)),
        ),
        texts(
            "converted_type",
            all().map(|element| {
                let converted = element.of.get_basic_info().converted_type().to_string();
                (converted != "NONE").then_some(converted)
            }),
        ),
        numbers(
            "field_id",
            all().map(|element| {
                let info = element.of.get_basic_info();
                info.has_id().then(|| info.id().into())
            }),
        ),
    ]
}

fn add<'a>(footer: &'a Footer, of: &'a Type, depth: usize, elements: &mut Vec<Element<'a>>) {
    elements.push(Element { footer, of, depth });
    if of.is_group() {
        for child in of.get_fields() {
            add(footer, child, depth + 1, elements);
        }
    }
}

/// A logical type as Parquet's documents write it: `DECIMAL(10,2)`, `TIMESTAMP(MICROS, UTC)`.
fn logical_name(logical: &LogicalType) -> String {
    let time = |name: &str, unit: &TimeUnit, is_utc: bool| {
        let unit = match unit {
            TimeUnit::MILLIS => "MILLIS",
            TimeUnit::MICROS => "MICROS",
            TimeUnit::NANOS => "NANOS",
        };
        format!("{name}({unit}{})", if is_utc { ", UTC" } else { "" })
    };
    match logical {
        LogicalType::Decimal(of) => format!("DECIMAL({},{})", of.precision, of.scale),
        LogicalType::Time(of) => time("TIME", &of.unit, of.is_adjusted_to_u_t_c),
        LogicalType::Timestamp(of) => time("TIMESTAMP", &of.unit, of.is_adjusted_to_u_t_c),
        LogicalType::Integer(of) => format!("{}INT{}", if of.is_signed { "" } else { "U" }, of.bit_width),
        LogicalType::Variant(_) => "VARIANT".to_owned(),
        LogicalType::Geometry(_) => "GEOMETRY".to_owned(),
        LogicalType::Geography(_) => "GEOGRAPHY".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
