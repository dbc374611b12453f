//! What a statement has read of its target: a commit that comes first and changes that is a conflict.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::physical_expr::PhysicalExpr;
use parking_lot::Mutex;
use std::sync::Arc;
use tarn_delta::actions::Add;
use tarn_delta::partition_values::partition_array;
use tarn_delta::schema::DataType;
use tarn_delta::transaction::Transaction;

/// The scans of a table, by the partitions that they asked for.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<Vec<Option<PartitionFilter>>>);

/// A condition on partition values.
#[derive(Debug, Clone)]
pub(crate) struct PartitionFilter {
    /// All must hold.
    pub(super) conditions: Vec<Arc<dyn PhysicalExpr>>,
    /// The partition columns, as the conditions see them.
    pub(super) schema: SchemaRef,
    /// Physical name and type of each.
    pub(super) columns: Vec<(String, DataType)>,
}

impl Reads {
    /// Notes a scan; without a filter it read everything.
    pub(super) fn note(&self, filter: Option<PartitionFilter>) {
        self.0.lock().push(filter);
    }

    /// Tells a transaction.
    pub(crate) fn tell(&self, transaction: &mut Transaction) {
        for filter in self.0.lock().iter() {
            match filter {
                Some(filter) => {
                    let filter = filter.clone();
                    transaction.read_where(Arc::new(move |add| filter.may_match(add)));
                }
                None => transaction.read_whole_table(),
            }
        }
    }
}

impl PartitionFilter {
    /// Whether a file may hold rows that the filter lets through; what cannot be evaluated may.
    fn may_match(&self, add: &Add) -> bool {
        self.evaluate(add).unwrap_or(true)
    }

    fn evaluate(&self, add: &Add) -> Option<bool> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for ((name, data_type), field) in self.columns.iter().zip(self.schema.fields()) {
            let value = add.partition_values.get(name)?.as_deref();
            let array = partition_array(std::iter::once(value), data_type).ok()?;
            columns.push(cast(&array, field.data_type()).ok()?);
        }
        let row = RecordBatch::try_new(Arc::clone(&self.schema), columns).ok()?;
        for condition in &self.conditions {
            let holds = condition.evaluate(&row).ok()?.into_array(1).ok()?;
            let holds = holds.as_boolean_opt()?;
            if holds.is_null(0) || !holds.value(0) {
                return Some(false);
            }
        }
        Some(true)
    }
}
