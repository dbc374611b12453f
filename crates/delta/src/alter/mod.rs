//! Changes of a table that is there: columns, types, properties, features. Nothing is committed here.

mod columns;
mod features;
mod path;
mod properties;
mod widening;

pub use columns::ColumnPlace;
pub use path::{Missing, resolve};
pub use widening::may_widen;

use crate::actions::{Metadata, Protocol};
use crate::column_mapping::{PhysicalNames, map_columns};
use crate::definition::{CLUSTERING_DOMAIN, check_columns, clustering_columns, protocol_after};
use crate::features::check_writable;
use crate::schema::{ColumnMappingMode, StructType};
use crate::snapshot::Snapshot;
use crate::transaction::Transaction;
use crate::{Error, Result};

/// A table as it is to become.
#[derive(Debug, Clone, PartialEq)]
pub struct Alteration {
    /// Its columns; [`Alteration::finish`] puts them into the metadata.
    pub schema: StructType,
    /// Properties, partitioning and the rest.
    pub metadata: Metadata,
    /// What readers and writers must know.
    pub protocol: Protocol,
    mode: ColumnMappingMode,
    /// The columns that it is clustered by, by physical names.
    clustering: Vec<Vec<String>>,
}

/// Metadata and protocol that are ready to be committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Altered {
    /// The new metadata.
    pub metadata: Metadata,
    /// The new protocol, where it is another one.
    pub protocol: Option<Protocol>,
}

impl Alteration {
    /// A table as it is.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            schema: snapshot.schema().clone(),
            metadata: snapshot.metadata().clone(),
            protocol: snapshot.protocol().clone(),
            mode: snapshot.column_mapping(),
            clustering: snapshot.domain(CLUSTERING_DOMAIN).and_then(clustering_columns).unwrap_or_default(),
        }
    }

    /// How columns are found in data files.
    pub fn column_mapping(&self) -> ColumnMappingMode {
        self.mode
    }

    /// Checks the columns, gives new ones ids where columns are mapped, and adds the features that the table needs now.
    ///
    /// # Errors
    /// For names that a table cannot have, and features that are not known here.
    pub fn finish(mut self, before: &Snapshot) -> Result<Altered> {
        check_columns(&self.schema, self.mode)?;
        if self.schema.fields.len() == self.metadata.partition_columns.len() {
            return Err(Error::invalid("a table has at least one column that it is not partitioned by"));
        }
        map_columns(&mut self.schema, &mut self.metadata, self.mode, PhysicalNames::New);
        // The text stays as it was written where nothing of it changes.
        if self.schema != *before.schema() {
            self.metadata.schema_string = self.schema.to_json();
        }
        let protocol = protocol_after(&self.protocol, self.mode, &self.schema, &self.metadata);
        check_writable(&protocol, &self.metadata)?;
        let protocol = (protocol != *before.protocol()).then_some(protocol);
        Ok(Altered { metadata: self.metadata, protocol })
    }
}

impl Altered {
    /// Makes the change part of a transaction.
    pub fn tell(self, transaction: &mut Transaction) {
        transaction.set_metadata(self.metadata);
        if let Some(protocol) = self.protocol {
            transaction.set_protocol(protocol);
        }
    }
}
