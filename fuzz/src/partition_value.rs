//! Whatever a partition value says, it is a value of its type or an error; a value is written as it is read.

use tarn_delta::partition_values::{format_partition_value, parse_partition_value};
use tarn_delta::schema::DataType;

/// The bytes are a value's text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for data_type in [
        DataType::String,
        DataType::Long,
        DataType::Integer,
        DataType::Short,
        DataType::Byte,
        DataType::Float,
        DataType::Double,
        DataType::Decimal { precision: 10, scale: 2 },
        DataType::Decimal { precision: 38, scale: 0 },
        DataType::Boolean,
        DataType::Binary,
        DataType::Date,
        DataType::Timestamp,
        DataType::TimestampNtz,
    ] {
        let Ok(value) = parse_partition_value(Some(text), &data_type) else { continue };
        let Ok(written) = format_partition_value(value.as_ref(), 0) else { continue };
        let again =
            parse_partition_value(written.as_deref(), &data_type).expect("what was written can be read");
        assert_eq!(&value, &again, "{data_type:?} {text:?} {written:?}");
    }
}
