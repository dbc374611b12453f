//! Table features that are taken away again.

use super::Alteration;
use crate::actions::Protocol;
use crate::definition::features_of;
use crate::features::{
    ALLOW_COLUMN_DEFAULTS, APPEND_ONLY, CHANGE_DATA_FEED, CHECK_CONSTRAINTS, CLUSTERING, COLUMN_MAPPING,
    DOMAIN_METADATA, GENERATED_COLUMNS, IDENTITY_COLUMNS, INVARIANTS, ROW_TRACKING, VACUUM_PROTOCOL_CHECK,
    WRITER_VERSION, supports,
};
use crate::{Error, Result};

/// The features that came with versions.
const LEGACY: [&str; 7] = [
    APPEND_ONLY,
    INVARIANTS,
    CHECK_CONSTRAINTS,
    CHANGE_DATA_FEED,
    GENERATED_COLUMNS,
    COLUMN_MAPPING,
    IDENTITY_COLUMNS,
];

/// Features that leave nothing behind, neither in files nor in the log: what is in the metadata tells whether they are
/// in use.
const TRACELESS: [(&str, &str); 10] = [
    (APPEND_ONLY, "set delta.appendOnly to false"),
    (INVARIANTS, "DROP NOT NULL of all columns"),
    (CHECK_CONSTRAINTS, "DROP CONSTRAINT for each of them"),
    (CHANGE_DATA_FEED, "set delta.enableChangeDataFeed to false"),
    (GENERATED_COLUMNS, "make the table anew without generated columns"),
    (IDENTITY_COLUMNS, "make the table anew without identity columns"),
    (ALLOW_COLUMN_DEFAULTS, "DROP DEFAULT of all columns"),
    (CLUSTERING, "make the table anew without CLUSTER BY"),
    (DOMAIN_METADATA, "take away what keeps domains: clustering, row tracking"),
    (VACUUM_PROTOCOL_CHECK, "drop it again"),
];

impl Alteration {
    /// Drops a feature that nothing of the table uses. `domains` are the names of its metadata domains. False when the
    /// feature leaves traces in files or older versions, which would have to be rewritten first: that is not done here.
    ///
    /// # Errors
    /// When the table does not have the feature, or uses it.
    pub fn drop_feature(&mut self, feature: &str, domains: &[&str]) -> Result<bool> {
        let protocol = named(&self.protocol);
        let all = protocol.writer_features.iter().chain(&protocol.reader_features).flatten();
        let found = all.clone().find(|name| name.eq_ignore_ascii_case(feature)).cloned();
        let Some(feature) = found else {
            return Err(Error::invalid(format!(
                "the table does not have the feature {feature}; DESCRIBE DETAIL lists those that it has"
            )));
        };
        let Some((_, advice)) = TRACELESS.iter().find(|(name, _)| *name == feature) else { return Ok(false) };
        let is_needed = match feature.as_str() {
            CLUSTERING => domains.contains(&crate::definition::CLUSTERING_DOMAIN),
            DOMAIN_METADATA => {
                !domains.is_empty() || supports(&protocol, CLUSTERING) || supports(&protocol, ROW_TRACKING)
            }
            name => features_of(&self.schema, &self.metadata).contains(name),
        };
        if is_needed {
            return Err(Error::invalid(format!("the table uses the feature {feature}; {advice} first")));
        }
        self.protocol = without(protocol, &feature);
        Ok(true)
    }
}

fn without(mut protocol: Protocol, feature: &str) -> Protocol {
    for features in [&mut protocol.reader_features, &mut protocol.writer_features].into_iter().flatten() {
        features.retain(|name| name != feature);
    }
    if protocol.reader_features.as_ref().is_some_and(Vec::is_empty) {
        protocol.reader_features = None;
        protocol.min_reader_version = 1;
    }
    protocol
}

/// The protocol with the names of the features that its versions imply.
pub(super) fn named(protocol: &Protocol) -> Protocol {
    if protocol.min_writer_version >= WRITER_VERSION {
        return protocol.clone();
    }
    let implied = LEGACY.iter().filter(|feature| supports(protocol, feature));
    Protocol {
        min_writer_version: WRITER_VERSION,
        writer_features: Some(implied.map(|feature| (*feature).to_owned()).collect()),
        ..protocol.clone()
    }
}
