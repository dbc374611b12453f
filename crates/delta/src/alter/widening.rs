//! Types that become wider ("Type Widening").

use super::Alteration;
use super::path::{split_trail, struct_mut, trail_mut, type_at};
use crate::properties::TableProperties;
use crate::schema::{DataType, StructType};
use crate::{Error, Result};
use serde_json::{Map, Value};

/// "Type Change Metadata".
const TYPE_CHANGES_KEY: &str = "delta.typeChanges";

/// Whether a type may become another: the list at the start of "Type Widening".
pub fn may_widen(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    let digits = |precision: &u8, scale: &i8| i16::from(*precision) - i16::from(*scale);
    match (from, to) {
        (T::Byte, T::Short | T::Integer | T::Long | T::Double)
        | (T::Short, T::Integer | T::Long | T::Double)
        | (T::Integer, T::Long | T::Double)
        | (T::Float, T::Double)
        | (T::Date, T::TimestampNtz) => true,
        (T::Byte | T::Short | T::Integer, T::Decimal { precision, scale }) => {
            *scale >= 0 && digits(precision, scale) >= 10
        }
        (T::Long, T::Decimal { precision, scale }) => *scale >= 0 && digits(precision, scale) >= 20,
        (T::Decimal { precision, scale }, T::Decimal { precision: more, scale: finer }) => {
            finer >= scale && digits(more, finer) >= digits(precision, scale)
        }
        _ => false,
    }
}

impl Alteration {
    /// Gives a column, a field, or what an array or map holds, a wider type, and notes that in the schema. False when it
    /// has the type already.
    ///
    /// # Errors
    /// When the type is not wider, when the table does not allow type widening, and when it is partitioned by the column.
    pub fn change_type(&mut self, path: &[String], to: &DataType) -> Result<bool> {
        let shown = path.join(".");
        let missing = || Error::invalid(format!("there is no column or field {shown}"));
        let from = type_at(&self.schema, path).ok_or_else(missing)?.clone();
        if is_same_type(&from, to) {
            return Ok(false);
        }
        if let (DataType::Struct(_) | DataType::Array(_) | DataType::Map(_), _) = (&from, to) {
            return Err(Error::invalid(format!(
                "the type of {shown} changes in its parts; name the part: {}",
                part_of(&from, &shown)
            )));
        }
        let (old, new) = (from.sql_name(), to.sql_name());
        if !may_widen(&from, to) {
            return Err(Error::invalid(format!(
                "column {shown} of type {old} cannot become {new}: types only become wider; add a column of the new type \
                 and fill it, or make the table anew with CREATE OR REPLACE TABLE … AS SELECT"
            )));
        }
        if self.is_partition(path) {
            return Err(Error::invalid(format!(
                "the table is partitioned by {shown}, whose type cannot change; make it anew with CREATE OR REPLACE \
                 TABLE … AS SELECT"
            )));
        }
        if !TableProperties::of(&self.metadata).has_type_widening {
            return Err(Error::invalid(format!(
                "column {shown} of type {old} can become {new} only where the table allows it; ALTER TABLE … SET \
                 TBLPROPERTIES ('delta.enableTypeWidening' = 'true') first"
            )));
        }
        let (fields, trail) = split_trail(&self.schema, path);
        let Some((name, parent)) = fields.split_last() else { return Err(missing()) };
        let field = super::path::field_mut(struct_mut(&mut self.schema, parent)?, name)?;
        let target = trail_mut(&mut field.data_type, trail).ok_or_else(missing)?;
        let mut change = Map::new();
        change.insert("fromType".to_owned(), target.to_json_value());
        change.insert("toType".to_owned(), to.to_json_value());
        if !trail.is_empty() {
            change.insert("fieldPath".to_owned(), trail.join(".").into());
        }
        *target = to.clone();
        match field.metadata.get_mut(TYPE_CHANGES_KEY) {
            Some(Value::Array(changes)) => changes.push(change.into()),
            _ => {
                field.metadata.insert(TYPE_CHANGES_KEY.to_owned(), Value::Array(vec![change.into()]));
            }
        }
        Ok(true)
    }
}

/// Types by what rows hold: names and types, without comments, ids and whether null may be.
pub(super) fn is_same_type(left: &DataType, right: &DataType) -> bool {
    match (left, right) {
        (DataType::Struct(left), DataType::Struct(right)) => is_same_struct(left, right),
        (DataType::Array(left), DataType::Array(right)) => {
            is_same_type(&left.element_type, &right.element_type)
        }
        (DataType::Map(left), DataType::Map(right)) => {
            is_same_type(&left.key_type, &right.key_type) && is_same_type(&left.value_type, &right.value_type)
        }
        _ => left == right,
    }
}

fn is_same_struct(left: &StructType, right: &StructType) -> bool {
    left.fields.len() == right.fields.len()
        && left.fields.iter().zip(&right.fields).all(|(left, right)| {
            left.name.eq_ignore_ascii_case(&right.name) && is_same_type(&left.data_type, &right.data_type)
        })
}

fn part_of(data_type: &DataType, shown: &str) -> String {
    match data_type {
        DataType::Array(_) => format!("ALTER COLUMN {shown}.element TYPE …"),
        DataType::Map(_) => format!("ALTER COLUMN {shown}.value TYPE …"),
        _ => format!("ALTER COLUMN {shown}.field TYPE …, or add and drop fields"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: i8) -> DataType {
        DataType::Decimal { precision, scale }
    }

    #[test]
    fn only_wider_types() {
        for (from, to) in [
            (DataType::Byte, DataType::Long),
            (DataType::Integer, DataType::Double),
            (DataType::Float, DataType::Double),
            (DataType::Date, DataType::TimestampNtz),
            (DataType::Short, decimal(10, 0)),
            (DataType::Long, decimal(22, 2)),
            (decimal(10, 2), decimal(12, 4)),
            (decimal(10, 2), decimal(11, 2)),
        ] {
            assert!(may_widen(&from, &to), "{from:?} {to:?}");
        }
        for (from, to) in [
            (DataType::Long, DataType::Integer),
            (DataType::Long, DataType::Double),
            (DataType::Byte, DataType::Float),
            (DataType::Short, decimal(9, 0)),
            (DataType::Integer, decimal(11, 2)),
            (DataType::Long, decimal(19, 0)),
            (decimal(10, 2), decimal(11, 4)),
            (decimal(10, 2), decimal(10, 1)),
            (DataType::Integer, DataType::String),
            (DataType::Date, DataType::Timestamp),
        ] {
            assert!(!may_widen(&from, &to), "{from:?} {to:?}");
        }
    }
}
