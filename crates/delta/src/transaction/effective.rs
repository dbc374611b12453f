//! Protocol and metadata as a commit leaves them, and what they forbid it.

use super::Changes;
use super::row_tracking::num_records;
use crate::actions::{Add, Metadata, Protocol};
use crate::features::{self, check_writable, supports_column_mapping};
use crate::properties::TableProperties;
use crate::schema::{ColumnMappingMode, parse};
use crate::{Error, Result};
use std::collections::{BTreeSet, HashSet};

/// The rules that hold for a commit.
#[derive(Debug)]
pub(super) struct Effective<'a> {
    pub(super) protocol: &'a Protocol,
    pub(super) metadata: &'a Metadata,
    pub(super) properties: TableProperties,
}

impl<'a> Effective<'a> {
    pub(super) fn new(protocol: &'a Protocol, metadata: &'a Metadata) -> Self {
        Self { protocol, metadata, properties: TableProperties::of(metadata) }
    }

    /// Whether writers must know the feature.
    pub(super) fn supports(&self, feature: &str) -> bool {
        features::supports(self.protocol, feature)
    }

    /// "In-Commit Timestamps": supported and enabled.
    pub(super) fn has_in_commit_timestamps(&self) -> bool {
        self.supports(features::IN_COMMIT_TIMESTAMP) && self.properties.has_in_commit_timestamps
    }

    /// Refuses what a commit of these changes must not hold.
    pub(super) fn check(&self, changes: &Changes) -> Result<()> {
        check_writable(self.protocol, self.metadata)?;
        let partition_names = self.partition_names()?;
        self.check_removes(changes)?;
        let mut paths = HashSet::new();
        for add in &changes.adds {
            if !paths.insert(add.path.as_str()) {
                return Err(Error::invalid(format!("{} is added twice in one commit", add.path)));
            }
            self.check_add(add, &partition_names)?;
        }
        let has_feed = self.properties.has_change_feed && self.supports(features::CHANGE_DATA_FEED);
        if !changes.change_files.is_empty() && !has_feed {
            return Err(Error::invalid(
                "change data files need the table property delta.enableChangeDataFeed",
            ));
        }
        if !changes.domains.is_empty() && !self.supports(features::DOMAIN_METADATA) {
            return Err(Error::invalid("metadata domains need the table feature domainMetadata"));
        }
        Ok(())
    }

    /// Physical names of the partition columns.
    fn partition_names(&self) -> Result<BTreeSet<String>> {
        let schema = parse(&self.metadata.schema_string).map_err(Error::invalid)?;
        let mode = match supports_column_mapping(self.protocol) {
            true => self.properties.column_mapping,
            false => ColumnMappingMode::None,
        };
        let name = |column: &String| match schema.field(column) {
            Some(field) => Ok(field.physical_name(mode).to_owned()),
            None => {
                Err(Error::invalid(format!("the partition column {column} is not in the table's schema")))
            }
        };
        self.metadata.partition_columns.iter().map(name).collect()
    }

    fn check_removes(&self, changes: &Changes) -> Result<()> {
        let is_append_only = self.properties.append_only && self.supports(features::APPEND_ONLY);
        let mut paths = HashSet::new();
        for remove in &changes.removes {
            if is_append_only && remove.data_change {
                return Err(Error::invalid(
                    "the table is append-only: rows cannot be changed or deleted; set the table property delta.appendOnly to false first",
                ));
            }
            if !paths.insert(remove.path.as_str()) {
                return Err(Error::invalid(format!("{} is removed twice in one commit", remove.path)));
            }
        }
        Ok(())
    }

    fn check_add(&self, add: &Add, partition_names: &BTreeSet<String>) -> Result<()> {
        let path = &add.path;
        // "Consistency Between Table Metadata and Data Files": each file has a value for each partition column.
        if !add.partition_values.keys().eq(partition_names) {
            return Err(Error::invalid(format!(
                "{path} has values for other partition columns than the table's"
            )));
        }
        if path.is_empty() || add.size < 0 {
            return Err(Error::invalid(format!("the file {path:?} of {} bytes cannot be added", add.size)));
        }
        if add.deletion_vector.is_some() {
            if !self.supports(features::DELETION_VECTORS) {
                return Err(Error::invalid(format!(
                    "{path} has a deletion vector, which needs the table feature deletionVectors"
                )));
            }
            // "Per-file Statistics": without it, readers could not tell how many rows are left.
            if num_records(add).is_none() {
                return Err(Error::invalid(format!(
                    "{path} has a deletion vector but no numRecords in its statistics"
                )));
            }
        }
        Ok(())
    }
}
