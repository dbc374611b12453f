//! Rows by partition.

use super::conform::cast;
use crate::partition_values::format_partition_value;
use crate::schema::{StructField, type_to_arrow};
use crate::{Error, Result};
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, SortField};
use std::collections::{BTreeMap, HashMap};

/// The partition columns' physical names and values, in the order of the folders.
pub(super) type PartitionKey = Vec<(String, Option<String>)>;

/// Splits batches by the values of the partition columns.
#[derive(Debug)]
pub(super) struct Splitter {
    columns: Vec<PartitionColumn>,
}

#[derive(Debug)]
struct PartitionColumn {
    position: usize,
    field: StructField,
    physical_name: String,
}

impl Splitter {
    /// By these columns: (position in the batches, column, physical name).
    pub(super) fn new(columns: Vec<(usize, StructField, String)>) -> Self {
        let column = |(position, field, physical_name)| PartitionColumn { position, field, physical_name };
        Self { columns: columns.into_iter().map(column).collect() }
    }

    /// The rows of each partition, each partition once. `batch` has the partition columns, `rows` the same rows as files hold them.
    pub(super) fn split(
        &self,
        batch: &RecordBatch,
        rows: &RecordBatch,
    ) -> Result<BTreeMap<PartitionKey, RecordBatch>> {
        if batch.num_rows() == 0 {
            return Ok(BTreeMap::new());
        }
        if self.columns.is_empty() {
            return Ok(BTreeMap::from([(Vec::new(), rows.clone())]));
        }
        let values = self.values(batch)?;
        let fields = values.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let converter = RowConverter::new(fields)?;
        let keys = converter.convert_columns(&values)?;
        let mut groups: HashMap<&[u8], usize> = HashMap::new();
        let mut members: Vec<Vec<u32>> = Vec::new();
        for row in 0..batch.num_rows() {
            let index = u32::try_from(row).map_err(|_| Error::invalid("a batch has too many rows"))?;
            let group = *groups.entry(keys.row(row).data()).or_insert_with(|| {
                members.push(Vec::new());
                members.len() - 1
            });
            if let Some(member) = members.get_mut(group) {
                member.push(index);
            }
        }
        let mut partitions: BTreeMap<PartitionKey, Vec<u32>> = BTreeMap::new();
        for member in members {
            let Some(first) = member.first().copied() else { continue };
            let key = self.key(&values, usize::try_from(first).unwrap_or_default())?;
            // Values that differ may be one partition: an empty text and a null.
            partitions.entry(key).or_default().extend(member);
        }
        let is_one = partitions.len() == 1;
        let taken = |(key, member): (PartitionKey, Vec<u32>)| match is_one {
            true => Ok((key, rows.clone())),
            false => Ok((key, take_record_batch(rows, &UInt32Array::from(member))?)),
        };
        partitions.into_iter().map(taken).collect()
    }

    fn values(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let value = |column: &PartitionColumn| {
            let name = &column.field.name;
            let array = (batch.columns().get(column.position))
                .ok_or_else(|| Error::invalid(format!("the rows lack the column {name}")))?;
            cast(array, &type_to_arrow(&column.field.data_type), name)
        };
        self.columns.iter().map(value).collect()
    }

    fn key(&self, values: &[ArrayRef], row: usize) -> Result<PartitionKey> {
        let mut key = Vec::with_capacity(values.len());
        for (column, array) in self.columns.iter().zip(values) {
            // The log cannot tell an empty text from a null.
            let value = format_partition_value(array.as_ref() as &dyn Array, row)?;
            let value = value.filter(|value| !value.is_empty());
            if value.is_none() && !column.field.nullable {
                return Err(Error::invalid(format!(
                    "NULL in column {}, which is NOT NULL",
                    column.field.name
                )));
            }
            key.push((column.physical_name.clone(), value));
        }
        Ok(key)
    }
}
