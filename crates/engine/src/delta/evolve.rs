//! Schema evolution: columns that the rows have and the table lacks are added to it.

use super::commit::all_nullable;
use super::table::engine_schema;
use crate::Result;
use datafusion::arrow::datatypes::Schema;
use tarn_delta::actions::{Metadata, Protocol};
use tarn_delta::column_mapping::{PhysicalNames, map_columns};
use tarn_delta::definition::protocol_after;
use tarn_delta::properties::TableProperties;
use tarn_delta::schema::{DataType, StructType, from_arrow, to_arrow};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::Transaction;

/// A table with more columns.
#[derive(Debug, Clone)]
pub(crate) struct Evolved {
    metadata: Metadata,
    schema: StructType,
    protocol: Option<Protocol>,
}

impl Evolved {
    /// A table with this schema.
    pub(crate) fn of(snapshot: &Snapshot, mut schema: StructType) -> Self {
        let mut metadata = snapshot.metadata().clone();
        map_columns(&mut schema, &mut metadata, snapshot.column_mapping(), PhysicalNames::New);
        metadata.schema_string = schema.to_json();
        let protocol = protocol_after(snapshot.protocol(), snapshot.column_mapping(), &schema, &metadata);
        let protocol = (protocol != *snapshot.protocol()).then_some(protocol);
        Self { metadata, schema, protocol }
    }

    /// Makes the change part of a transaction.
    pub(crate) fn tell(self, transaction: &mut Transaction) {
        transaction.set_metadata(self.metadata);
        if let Some(protocol) = self.protocol {
            transaction.set_protocol(protocol);
        }
    }
}

/// What a table is once a statement is through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    pub(crate) schema: &'a StructType,
    pub(crate) protocol: &'a Protocol,
    pub(crate) metadata: &'a Metadata,
}

impl<'a> Shape<'a> {
    /// A table that keeps its columns, or gets those that a statement adds.
    pub(crate) fn of(snapshot: &'a Snapshot, evolved: Option<&'a Evolved>) -> Self {
        match evolved {
            Some(evolved) => Self {
                schema: &evolved.schema,
                protocol: evolved.protocol.as_ref().unwrap_or_else(|| snapshot.protocol()),
                metadata: &evolved.metadata,
            },
            None => Self {
                schema: snapshot.schema(),
                protocol: snapshot.protocol(),
                metadata: snapshot.metadata(),
            },
        }
    }

    /// The columns in plans: null may be in each.
    pub(crate) fn columns(&self) -> Schema {
        all_nullable(&engine_schema(&to_arrow(self.schema)))
    }

    pub(crate) fn has_feed(&self) -> bool {
        TableProperties::of(self.metadata).has_change_feed
    }
}

/// The table with the columns of some rows, where it lacks any of them; nested fields too. New columns come last, and may
/// be null.
///
/// # Errors
/// When a column has a type that tables do not know.
pub(crate) fn with_new_columns(snapshot: &Snapshot, rows: &Schema) -> Result<Option<Evolved>> {
    let mut schema = snapshot.schema().clone();
    let of_rows = from_arrow(rows)?;
    match merge(&mut schema, &of_rows) {
        true => Ok(Some(Evolved::of(snapshot, schema))),
        false => Ok(None),
    }
}

fn merge(into: &mut StructType, from: &StructType) -> bool {
    let mut is_changed = false;
    for field in &from.fields {
        let known = into.fields.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&field.name));
        match known {
            Some(known) => is_changed |= merge_types(&mut known.data_type, &field.data_type),
            None => {
                let mut added = field.clone();
                added.nullable = true;
                into.fields.push(added);
                is_changed = true;
            }
        }
    }
    is_changed
}

fn merge_types(into: &mut DataType, from: &DataType) -> bool {
    match (into, from) {
        (DataType::Struct(into), DataType::Struct(from)) => merge(into, from),
        (DataType::Array(into), DataType::Array(from)) => {
            merge_types(&mut into.element_type, &from.element_type)
        }
        (DataType::Map(into), DataType::Map(from)) => merge_types(&mut into.value_type, &from.value_type),
        _ => false,
    }
}
