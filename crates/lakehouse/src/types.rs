//! Arrow's types in Databricks' words.

use arrow::datatypes::{DataType, TimeUnit};
use tarn_engine::variant::is_variant;

/// The SQL name of a type, as Databricks writes it: `BIGINT`, `DECIMAL(10,2)`, `ARRAY<STRING>`.
///
/// Types that Databricks does not have keep a name of the same style (`UINT BIGINT` is `DECIMAL(20,0)` there).
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "VOID".into(),
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 | DataType::UInt8 => "SMALLINT".into(),
        DataType::Int32 | DataType::UInt16 => "INT".into(),
        DataType::Int64 | DataType::UInt32 => "BIGINT".into(),
        DataType::UInt64 => "DECIMAL(20,0)".into(),
        DataType::Float16 | DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Decimal32(p, s)
        | DataType::Decimal64(p, s)
        | DataType::Decimal128(p, s)
        | DataType::Decimal256(p, s) => format!("DECIMAL({p},{s})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "STRING".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BINARY".into()
        }
        DataType::Date32 | DataType::Date64 => "DATE".into(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP".into(),
        DataType::Timestamp(_, None) => "TIMESTAMP_NTZ".into(),
        DataType::Time32(TimeUnit::Second) => "TIME(0)".into(),
        DataType::Time32(_) => "TIME(3)".into(),
        DataType::Time64(_) => "TIME(6)".into(),
        DataType::Duration(_) => "INTERVAL DAY TO SECOND".into(),
        DataType::Interval(arrow::datatypes::IntervalUnit::YearMonth) => "INTERVAL YEAR TO MONTH".into(),
        DataType::Interval(_) => "INTERVAL".into(),
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => format!("ARRAY<{}>", type_name(field.data_type())),
        variant if is_variant(variant) => "VARIANT".into(),
        DataType::Struct(fields) => {
            let fields = fields.iter().map(|f| format!("{}: {}", f.name(), type_name(f.data_type())));
            format!("STRUCT<{}>", fields.collect::<Vec<_>>().join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!("MAP<{}, {}>", type_name(fields[0].data_type()), type_name(fields[1].data_type()))
            }
            _ => "MAP".into(),
        },
        DataType::Dictionary(_, values) => type_name(values),
        DataType::RunEndEncoded(_, values) => type_name(values.data_type()),
        DataType::Union(_, _) => "VARIANT".into(),
    }
}

/// How a column's values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Integers.
    Integer,
    /// Floating point and decimal numbers.
    Number,
    /// Text.
    Text,
    /// True and false.
    Boolean,
    /// Dates, times, timestamps, intervals.
    Temporal,
    /// Bytes.
    Binary,
    /// Arrays, maps, structs.
    Nested,
}

/// The kind of a type.
pub fn column_kind(data_type: &DataType) -> ColumnKind {
    match data_type {
        DataType::Dictionary(_, values) => column_kind(values),
        DataType::RunEndEncoded(_, values) => column_kind(values.data_type()),
        DataType::Boolean => ColumnKind::Boolean,
        t if t.is_integer() => ColumnKind::Integer,
        t if t.is_floating() || t.is_decimal() => ColumnKind::Number,
        t if t.is_temporal() => ColumnKind::Temporal,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            ColumnKind::Binary
        }
        t if t.is_nested() => ColumnKind::Nested,
        _ => ColumnKind::Text,
    }
}
