//! One row with structs in it, as some statements answer.

use crate::Result;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, StructArray,
};
use datafusion::arrow::datatypes::{Field, Schema};
use std::sync::Arc;

/// A value of the row.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Long(Option<u64>),
    Double(Option<f64>),
    Text(Option<String>),
    Boolean(bool),
    Struct(Vec<(&'static str, Cell)>),
}

impl Cell {
    pub(super) fn long(value: u64) -> Self {
        Self::Long(Some(value))
    }

    fn into_array(self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Long(value) => {
                Arc::new(Int64Array::from(vec![value.map(|value| i64::try_from(value).unwrap_or(i64::MAX))]))
            }
            Self::Double(value) => Arc::new(Float64Array::from(vec![value])),
            Self::Text(value) => Arc::new(StringArray::from(vec![value])),
            Self::Boolean(value) => Arc::new(BooleanArray::from(vec![value])),
            Self::Struct(cells) => {
                let (fields, arrays) = arrays(cells)?;
                Arc::new(StructArray::try_new(fields.into(), arrays, None)?)
            }
        })
    }
}

/// The row.
pub(super) fn row(cells: Vec<(&'static str, Cell)>) -> Result<RecordBatch> {
    let (fields, arrays) = arrays(cells)?;
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn arrays(cells: Vec<(&'static str, Cell)>) -> Result<(Vec<Field>, Vec<ArrayRef>)> {
    let mut fields = Vec::with_capacity(cells.len());
    let mut arrays = Vec::with_capacity(cells.len());
    for (name, cell) in cells {
        let array = cell.into_array()?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    Ok((fields, arrays))
}
