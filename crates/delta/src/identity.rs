//! Identity columns ("Identity Columns"): which value comes next, and how far values have been given.

use crate::schema::StructField;
use crate::{Error, Result};
use serde_json::Value;

const START_KEY: &str = "delta.identity.start";
const STEP_KEY: &str = "delta.identity.step";
const HIGH_WATER_MARK_KEY: &str = "delta.identity.highWaterMark";
const ALLOW_EXPLICIT_KEY: &str = "delta.identity.allowExplicitInsert";

/// A column that gives new rows values by itself: `start`, `start + step`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The first value.
    pub start: i64,
    /// From a value to the next; never 0.
    pub step: i64,
    /// The last value that was given; none before the first.
    pub high_water_mark: Option<i64>,
    /// Whether statements may give values of their own.
    pub allows_explicit_values: bool,
}

impl Identity {
    /// What a column's metadata says; none where it is no identity column.
    ///
    /// # Errors
    /// When the metadata is damaged.
    pub fn of(field: &StructField) -> Result<Option<Self>> {
        let number = |key: &str| match field.metadata.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(Error::damaged(
                    "the table's metaData action",
                    format!("{key} of column {} is no whole number: {value}", field.name),
                )),
            },
        };
        let Some(start) = number(START_KEY)? else { return Ok(None) };
        let step = number(STEP_KEY)?.filter(|step| *step != 0).ok_or_else(|| {
            Error::damaged("the table's metaData action", format!("{STEP_KEY} of column {}", field.name))
        })?;
        let allows = field.metadata.get(ALLOW_EXPLICIT_KEY).and_then(Value::as_bool);
        Ok(Some(Self {
            start,
            step,
            high_water_mark: number(HIGH_WATER_MARK_KEY)?,
            allows_explicit_values: allows.unwrap_or(false),
        }))
    }

    /// The next value: the first of the sequence beyond the last one. None where 64 bits hold no more.
    pub fn next(&self) -> Option<i64> {
        let Some(high) = self.high_water_mark else { return Some(self.start) };
        let (start, step) = (i128::from(self.start), i128::from(self.step));
        let distance = (i128::from(high) - start) * step.signum();
        // A mark that lies before the start is no mark.
        let next = if distance < 0 { start } else { start + (distance / step.abs() + 1) * step };
        i64::try_from(next).ok()
    }

    /// The mark beyond which no value of the table lies, where that is further than the one that there is.
    ///
    /// # Errors
    /// When 64 bits do not hold it.
    pub fn synced(&self, furthest: i64) -> Result<Option<i64>> {
        let (start, step) = (i128::from(self.start), i128::from(self.step));
        let distance = (i128::from(furthest) - start) * step.signum();
        if distance < 0 {
            return Ok(None);
        }
        let size = step.abs();
        let steps = (distance + size - 1) / size;
        let mark = i64::try_from(start + steps * step)
            .map_err(|_| Error::invalid(format!("there is no identity value left beyond {furthest}")))?;
        let is_further = self.high_water_mark.is_none_or(|high| match step > 0 {
            true => mark > high,
            false => mark < high,
        });
        Ok(is_further.then_some(mark))
    }
}

/// Notes in a column's metadata how far values have been given.
pub fn set_high_water_mark(field: &mut StructField, mark: i64) {
    field.metadata.insert(HIGH_WATER_MARK_KEY.to_owned(), mark.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(start: i64, step: i64, high_water_mark: Option<i64>) -> Identity {
        Identity { start, step, high_water_mark, allows_explicit_values: false }
    }

    #[test]
    fn values_follow_each_other() {
        assert_eq!(identity(1, 1, None).next(), Some(1));
        assert_eq!(identity(1, 1, Some(1)).next(), Some(2));
        assert_eq!(identity(10, 5, Some(17)).next(), Some(20));
        assert_eq!(identity(10, 5, Some(3)).next(), Some(10));
        assert_eq!(identity(0, -10, Some(-20)).next(), Some(-30));
        assert_eq!(identity(0, -10, Some(-25)).next(), Some(-30));
        assert_eq!(identity(0, -10, Some(7)).next(), Some(0));
        assert_eq!(identity(1, 1, Some(i64::MAX)).next(), None);
        assert_eq!(identity(i64::MIN, i64::MAX, Some(i64::MIN)).next(), Some(-1));
    }

    #[test]
    fn marks_move_beyond_what_is_there_and_never_back() {
        assert_eq!(identity(1, 1, None).synced(7).unwrap(), Some(7));
        assert_eq!(identity(10, 5, None).synced(17).unwrap(), Some(20));
        assert_eq!(identity(10, 5, Some(30)).synced(17).unwrap(), None);
        assert_eq!(identity(10, 5, None).synced(3).unwrap(), None);
        assert_eq!(identity(0, -10, None).synced(-25).unwrap(), Some(-30));
        assert!(identity(i64::MAX - 1, 5, None).synced(i64::MAX).is_err());
    }
}
