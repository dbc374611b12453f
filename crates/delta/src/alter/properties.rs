//! Table properties that are set and taken away, and the features that follow.

use super::Alteration;
use super::features::named;
use crate::actions::Protocol;
use crate::column_mapping::{MAX_COLUMN_ID_KEY, PhysicalNames, forget_ids, map_columns};
use crate::definition::{check_properties, take_protocol_properties};
use crate::features::{COLUMN_MAPPING, READER_VERSION, WRITER_VERSION, upgrade, upgraded};
use crate::properties::TableProperties;
use crate::row_tracking::{ROW_COMMIT_VERSION_COLUMN_KEY, ROW_ID_COLUMN_KEY, name_materialized_columns};
use crate::schema::ColumnMappingMode;
use crate::{Error, Result};
use std::collections::BTreeMap;

const MODE_KEY: &str = "delta.columnMapping.mode";
/// Properties that a table keeps by itself.
const OWN: &[&str] = &[
    MAX_COLUMN_ID_KEY,
    ROW_ID_COLUMN_KEY,
    ROW_COMMIT_VERSION_COLUMN_KEY,
    "delta.inCommitTimestampEnablementVersion",
    "delta.inCommitTimestampEnablementTimestamp",
];

impl Alteration {
    /// Sets properties. `delta.feature.…`, `delta.minReaderVersion` and `delta.minWriterVersion` change the protocol.
    ///
    /// # Errors
    /// For values that a property cannot have, for changes of the column mapping mode other than from none to name, and
    /// for properties that the table keeps itself.
    pub fn set_properties(&mut self, mut properties: BTreeMap<String, String>) -> Result<()> {
        for key in properties.keys() {
            check_key(key)?;
        }
        check_properties(&properties)?;
        let (asked, features) = take_protocol_properties(&mut properties)?;
        let told = match properties.contains_key(MODE_KEY) {
            true => self.mode,
            false => TableProperties::of(&self.metadata).column_mapping,
        };
        self.metadata.configuration.extend(properties);
        self.protocol = upgrade(&raised(&self.protocol, &asked)?, &features);
        self.change_mapping(told)?;
        name_materialized_columns(&mut self.metadata)
    }

    /// Takes properties away.
    ///
    /// # Errors
    /// For properties that cannot be taken away; and for one that is not set, which is named.
    pub fn unset_properties(&mut self, keys: &[String], if_exists: bool) -> Result<()> {
        let told = TableProperties::of(&self.metadata).column_mapping;
        for key in keys {
            check_key(key)?;
            if key.starts_with("delta.feature.") {
                return Err(Error::invalid(format!(
                    "{key} is a feature, not a property; ALTER TABLE … DROP FEATURE takes features away"
                )));
            }
            if self.metadata.configuration.remove(key).is_none() && !if_exists {
                return Err(Error::invalid(format!(
                    "the property {key} is not set; SHOW TBLPROPERTIES lists those that are, and UNSET TBLPROPERTIES IF \
                     EXISTS passes over the others"
                )));
            }
        }
        self.change_mapping(told)
    }

    /// Whether the change turns row tracking on: files without row ids must be committed again with it.
    pub fn turns_row_tracking_on(&self, before: &TableProperties) -> bool {
        TableProperties::of(&self.metadata).has_row_tracking && !before.has_row_tracking
    }

    /// "Writer Requirements for Column Mapping": ids and names are given once. `told` is what the property was before, which
    /// counts for nothing where the protocol lacks the feature (delta-rs makes such tables): then it stays as it is.
    fn change_mapping(&mut self, told: ColumnMappingMode) -> Result<()> {
        let wanted = TableProperties::of(&self.metadata).column_mapping;
        match (self.mode, wanted) {
            (before, after) if before == after || told == after => Ok(()),
            (ColumnMappingMode::None, ColumnMappingMode::Name) => {
                forget_ids(&mut self.schema);
                // Files have the columns under the names that they have now.
                map_columns(&mut self.schema, &mut self.metadata, wanted, PhysicalNames::AsTheyAre);
                self.mode = wanted;
                Ok(())
            }
            (before, after) => Err(Error::invalid(format!(
                "{MODE_KEY} cannot change from {} to {}, since files name their columns as they do; a table that is \
                 there can go from none to name only",
                mode_name(before),
                mode_name(after)
            ))),
        }
    }
}

fn check_key(key: &str) -> Result<()> {
    if OWN.iter().any(|own| own.eq_ignore_ascii_case(key)) {
        return Err(Error::invalid(format!("the property {key} is kept by the table itself; leave it out")));
    }
    match key.to_lowercase().starts_with("delta.constraints.") {
        true => Err(Error::invalid(format!(
            "the property {key} is a constraint; write ALTER TABLE … ADD CONSTRAINT or DROP CONSTRAINT"
        ))),
        false => Ok(()),
    }
}

fn mode_name(mode: ColumnMappingMode) -> &'static str {
    match mode {
        ColumnMappingMode::None => "none",
        ColumnMappingMode::Id => "id",
        ColumnMappingMode::Name => "name",
    }
}

/// The protocol with the versions that properties ask for, where they are higher.
fn raised(protocol: &Protocol, asked: &Protocol) -> Result<Protocol> {
    let (reader, writer) = (asked.min_reader_version, asked.min_writer_version);
    if reader > READER_VERSION || writer > WRITER_VERSION {
        return Err(Error::invalid(format!(
            "there is no protocol of reader version {reader} and writer version {writer}; the highest are \
             {READER_VERSION} and {WRITER_VERSION}"
        )));
    }
    let mut raised = protocol.clone();
    if reader >= READER_VERSION || writer >= WRITER_VERSION {
        raised = named(protocol);
        if reader >= READER_VERSION && raised.min_reader_version < READER_VERSION {
            let is_mapped = raised.min_reader_version == 2;
            raised.min_reader_version = READER_VERSION;
            raised.reader_features =
                Some(if is_mapped { vec![COLUMN_MAPPING.to_owned()] } else { Vec::new() });
        }
        return Ok(raised);
    }
    if protocol.min_writer_version >= WRITER_VERSION {
        // Reader version 2 has come with nothing but mapped columns.
        let is_higher = reader > protocol.min_reader_version;
        return Ok(if is_higher { upgraded(protocol, &[COLUMN_MAPPING]) } else { raised });
    }
    raised.min_reader_version = protocol.min_reader_version.max(reader);
    raised.min_writer_version = protocol.min_writer_version.max(writer);
    Ok(raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(reader: i32, writer: i32) -> Protocol {
        Protocol { min_reader_version: reader, min_writer_version: writer, ..Protocol::default() }
    }

    #[test]
    fn versions_rise_and_name_features_at_the_top() {
        assert_eq!(raised(&protocol(1, 2), &protocol(1, 4)).unwrap(), protocol(1, 4));
        assert_eq!(raised(&protocol(2, 5), &protocol(1, 4)).unwrap(), protocol(2, 5));
        let top = raised(&protocol(2, 5), &protocol(3, 7)).unwrap();
        assert_eq!(top.reader_features.unwrap(), ["columnMapping"]);
        assert!(top.writer_features.unwrap().contains(&"generatedColumns".to_owned()));
        assert!(raised(&protocol(1, 2), &protocol(4, 7)).is_err());
    }
}
