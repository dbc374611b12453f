//! The types that SQL names in expressions, `CAST(… AS type)` and `type '…'`, are those that columns have.
//!
//! DataFusion's own TIMESTAMP counts nanoseconds without a zone, which end in the year 2262, and become TIMESTAMP_NTZ in a
//! table; several names of Databricks it does not know.

use datafusion::arrow::datatypes::{DataType as ArrowType, FieldRef, TimeUnit};
use datafusion::common::datatype::DataTypeExt;
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType, ExactNumberInfo, TimezoneInfo};

/// The zone of points in time.
pub(crate) const ZONE: &str = "UTC";

/// Names of types as Databricks has them; DataFusion is left the rest.
///
/// Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatypes>
#[derive(Debug)]
pub(crate) struct DatabricksTypes;

impl TypePlanner for DatabricksTypes {
    fn plan_type_field(&self, sql_type: &DataType) -> Result<Option<FieldRef>> {
        Ok(arrow_type(sql_type).map(DataTypeExt::into_nullable_field_ref))
    }
}

fn arrow_type(sql_type: &DataType) -> Option<ArrowType> {
    let instant = || ArrowType::Timestamp(TimeUnit::Microsecond, Some(ZONE.into()));
    let local = || ArrowType::Timestamp(TimeUnit::Microsecond, None);
    Some(match sql_type {
        DataType::Timestamp(None, TimezoneInfo::WithoutTimeZone) | DataType::TimestampNtz(None) => local(),
        DataType::Timestamp(None, _) => instant(),
        DataType::Binary(None) => ArrowType::Binary,
        DataType::Decimal(ExactNumberInfo::None)
        | DataType::Numeric(ExactNumberInfo::None)
        | DataType::Dec(ExactNumberInfo::None) => ArrowType::Decimal128(10, 0),
        DataType::Dec(ExactNumberInfo::Precision(precision)) => decimal(*precision, 0)?,
        DataType::Dec(ExactNumberInfo::PrecisionAndScale(precision, scale)) => decimal(*precision, *scale)?,
        DataType::Custom(name, modifiers) if modifiers.is_empty() => {
            match name.to_string().to_ascii_uppercase().as_str() {
                "TIMESTAMP_LTZ" => instant(),
                "LONG" => ArrowType::Int64,
                "SHORT" => ArrowType::Int16,
                "BYTE" => ArrowType::Int8,
                _ => return None,
            }
        }
        _ => return None,
    })
}

fn decimal(precision: u64, scale: i64) -> Option<ArrowType> {
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    let is_sound = (1..=38).contains(&precision) && (0..=precision.cast_signed()).contains(&scale);
    is_sound.then_some(ArrowType::Decimal128(precision, scale))
}
