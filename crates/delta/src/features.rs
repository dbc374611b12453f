//! Table features ("Table Features", "Valid Feature Names in Table Features"): what this crate can read and write.

use crate::actions::{Metadata, Protocol};
use crate::schema::{DataType, StructField, StructType};
use crate::{Error, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// "Column Mapping".
pub const COLUMN_MAPPING: &str = "columnMapping";
/// "Deletion Vectors".
pub const DELETION_VECTORS: &str = "deletionVectors";
/// "Timestamp without timezone (TimestampNtz)".
pub const TIMESTAMP_NTZ: &str = "timestampNtz";
/// "Type Widening".
pub const TYPE_WIDENING: &str = "typeWidening";
/// "Type Widening", before it was final.
pub const TYPE_WIDENING_PREVIEW: &str = "typeWidening-preview";
/// "V2 Checkpoint Table Feature".
pub const V2_CHECKPOINT: &str = "v2Checkpoint";
/// "VACUUM Protocol Check".
pub const VACUUM_PROTOCOL_CHECK: &str = "vacuumProtocolCheck";
/// "Variant Data Type".
pub const VARIANT_TYPE: &str = "variantType";
/// "Variant Data Type", before it was final.
pub const VARIANT_TYPE_PREVIEW: &str = "variantType-preview";
/// "Variant Shredding".
pub const VARIANT_SHREDDING: &str = "variantShredding";
/// "Variant Shredding", before it was final.
pub const VARIANT_SHREDDING_PREVIEW: &str = "variantShredding-preview";
/// "Append-only Tables".
pub const APPEND_ONLY: &str = "appendOnly";
/// "Column Invariants".
pub const INVARIANTS: &str = "invariants";
/// "CHECK Constraints".
pub const CHECK_CONSTRAINTS: &str = "checkConstraints";
/// "Add CDC File".
pub const CHANGE_DATA_FEED: &str = "changeDataFeed";
/// "Generated Columns".
pub const GENERATED_COLUMNS: &str = "generatedColumns";
/// "Identity Columns".
pub const IDENTITY_COLUMNS: &str = "identityColumns";
/// "Default Columns".
pub const ALLOW_COLUMN_DEFAULTS: &str = "allowColumnDefaults";
/// "Domain Metadata".
pub const DOMAIN_METADATA: &str = "domainMetadata";
/// "Row Tracking".
pub const ROW_TRACKING: &str = "rowTracking";
/// "In-Commit Timestamps".
pub const IN_COMMIT_TIMESTAMP: &str = "inCommitTimestamp";
/// "Clustered Table".
pub const CLUSTERING: &str = "clustering";
/// "Checkpoint Protection" (an RFC of the protocol): what of the log may be cleaned away.
pub const CHECKPOINT_PROTECTION: &str = "checkpointProtection";

/// The highest reader version: from here on features are named.
pub const READER_VERSION: i32 = 3;
/// The highest writer version: from here on features are named.
pub const WRITER_VERSION: i32 = 7;

/// Features that readers must know, all known here.
const READER_FEATURES: [&str; 11] = [
    COLUMN_MAPPING,
    DELETION_VECTORS,
    TIMESTAMP_NTZ,
    TYPE_WIDENING,
    TYPE_WIDENING_PREVIEW,
    V2_CHECKPOINT,
    VACUUM_PROTOCOL_CHECK,
    VARIANT_TYPE,
    VARIANT_TYPE_PREVIEW,
    VARIANT_SHREDDING,
    VARIANT_SHREDDING_PREVIEW,
];

/// Features that only writers must know, all known here.
const WRITER_FEATURES: [&str; 12] = [
    APPEND_ONLY,
    INVARIANTS,
    CHECK_CONSTRAINTS,
    CHANGE_DATA_FEED,
    GENERATED_COLUMNS,
    IDENTITY_COLUMNS,
    ALLOW_COLUMN_DEFAULTS,
    DOMAIN_METADATA,
    ROW_TRACKING,
    IN_COMMIT_TIMESTAMP,
    CLUSTERING,
    CHECKPOINT_PROTECTION,
];

/// Writer versions and the features that came with them ("Writer Version Requirements"). Readers must know only
/// [`COLUMN_MAPPING`], which came with their version 2.
const LEGACY: [(i32, &str); 7] = [
    (2, APPEND_ONLY),
    (2, INVARIANTS),
    (3, CHECK_CONSTRAINTS),
    (4, CHANGE_DATA_FEED),
    (4, GENERATED_COLUMNS),
    (5, COLUMN_MAPPING),
    (6, IDENTITY_COLUMNS),
];

/// Whether readers must know the feature too.
pub fn is_reader_feature(feature: &str) -> bool {
    READER_FEATURES.contains(&feature)
}

/// Checks that a table with this protocol can be read.
///
/// # Errors
/// [`Error::UnsupportedReader`] with what is not known here.
pub fn check_readable(protocol: &Protocol) -> Result<()> {
    let unsupported = |features: Vec<String>| Err(Error::UnsupportedReader { features });
    let version = protocol.min_reader_version;
    if !(1..=READER_VERSION).contains(&version) {
        return unsupported(vec![format!(
            "reader version {version}, and versions 1 to {READER_VERSION} are known"
        )]);
    }
    if version < READER_VERSION {
        return Ok(());
    }
    let Some(features) = &protocol.reader_features else {
        return unsupported(vec!["reader version 3, but its protocol names no reader features".to_owned()]);
    };
    let unknown: Vec<String> =
        features.iter().filter(|feature| !is_reader_feature(feature)).cloned().collect();
    if unknown.is_empty() { Ok(()) } else { unsupported(unknown) }
}

/// Checks that a table can be written.
///
/// # Errors
/// [`Error::UnsupportedReader`] and [`Error::UnsupportedWriter`] with what is not known here.
pub fn check_writable(protocol: &Protocol, metadata: &Metadata) -> Result<()> {
    check_readable(protocol)?;
    let unsupported = |features: Vec<String>| Err(Error::UnsupportedWriter { features });
    let version = protocol.min_writer_version;
    if !(1..=WRITER_VERSION).contains(&version) {
        return unsupported(vec![format!(
            "writer version {version}, and versions 1 to {WRITER_VERSION} are known"
        )]);
    }
    if !metadata.format.provider.eq_ignore_ascii_case("parquet") {
        return unsupported(vec![format!("data files in the format {}", metadata.format.provider)]);
    }
    if version < WRITER_VERSION {
        return Ok(());
    }
    let Some(features) = &protocol.writer_features else {
        return unsupported(vec!["writer version 7, but its protocol names no writer features".to_owned()]);
    };
    let is_known = |feature: &str| is_reader_feature(feature) || WRITER_FEATURES.contains(&feature);
    let unknown: Vec<String> = features.iter().filter(|feature| !is_known(feature)).cloned().collect();
    if unknown.is_empty() { Ok(()) } else { unsupported(unknown) }
}

/// Whether the protocol supports a feature ("Supported Features"), by name or by a version that came with it.
pub fn supports(protocol: &Protocol, feature: &str) -> bool {
    let is_named = |features: &Option<Vec<String>>| {
        features.as_ref().is_some_and(|features| features.iter().any(|name| name == feature))
    };
    if protocol.min_writer_version >= WRITER_VERSION {
        return is_named(&protocol.writer_features)
            || (protocol.min_reader_version >= READER_VERSION && is_named(&protocol.reader_features));
    }
    LEGACY.iter().any(|(version, name)| *name == feature && protocol.min_writer_version >= *version)
}

/// Whether a feature need not be added: it is supported, or its preview is, which says the same to those who know it.
fn is_served(protocol: &Protocol, feature: &str) -> bool {
    supports(protocol, feature) || supports(protocol, &format!("{feature}-preview"))
}

/// All features that the protocol supports, by name or by a version that came with them.
pub fn all_of(protocol: &Protocol) -> Vec<&str> {
    let named = [&protocol.reader_features, &protocol.writer_features];
    let named = named.into_iter().flatten().flatten().map(String::as_str);
    let implied = LEGACY.iter().map(|(_, feature)| *feature).filter(|feature| supports(protocol, feature));
    let mut features: Vec<&str> = named.chain(implied).collect();
    features.sort_unstable();
    features.dedup();
    features
}

/// Whether readers must look at `delta.columnMapping.mode` ("Reader Requirements for Column Mapping").
pub fn supports_column_mapping(protocol: &Protocol) -> bool {
    match protocol.min_reader_version {
        2 => true,
        READER_VERSION => (protocol.reader_features.as_ref())
            .is_some_and(|names| names.iter().any(|name| name == COLUMN_MAPPING)),
        _ => false,
    }
}

/// The protocol with more features: the same where it has them already, a higher legacy version where one has them all,
/// else feature by feature.
pub fn upgrade(protocol: &Protocol, features: &BTreeSet<String>) -> Protocol {
    let missing: Vec<&str> =
        features.iter().map(String::as_str).filter(|feature| !is_served(protocol, feature)).collect();
    let legacy =
        |feature: &&str| LEGACY.iter().find(|(_, name)| name == feature).map(|(version, _)| *version);
    let versions: Option<Vec<i32>> = missing.iter().map(legacy).collect();
    match versions {
        Some(versions) if protocol.min_writer_version < WRITER_VERSION => {
            let reader = if missing.contains(&COLUMN_MAPPING) { 2 } else { 1 };
            let writer = versions.into_iter().max().unwrap_or_default();
            Protocol {
                min_reader_version: protocol.min_reader_version.max(reader),
                min_writer_version: protocol.min_writer_version.max(writer),
                ..protocol.clone()
            }
        }
        _ => upgraded(protocol, &missing),
    }
}

/// The protocol with more features. Versions rise to those that name features, and the features that came with the
/// old versions are named then ("Table Features for New and Existing Tables").
pub fn upgraded(protocol: &Protocol, features: &[&str]) -> Protocol {
    let mut upgraded = protocol.clone();
    let missing: Vec<&str> =
        features.iter().copied().filter(|feature| !is_served(protocol, feature)).collect();
    if missing.is_empty() {
        return upgraded;
    }
    let old_reader = protocol.min_reader_version;
    let mut writer = upgraded.writer_features.take().unwrap_or_default();
    if protocol.min_writer_version < WRITER_VERSION {
        let implied = LEGACY.iter().filter(|(version, _)| protocol.min_writer_version >= *version);
        add(&mut writer, implied.map(|(_, feature)| *feature));
    }
    add(&mut writer, missing.iter().copied());
    upgraded.min_writer_version = WRITER_VERSION;
    let mut reader = upgraded.reader_features.take();
    if missing.iter().any(|feature| is_reader_feature(feature)) || reader.is_some() {
        let names = reader.get_or_insert_default();
        if old_reader == 2 {
            add(names, [COLUMN_MAPPING].into_iter());
        }
        add(names, missing.iter().copied().filter(|feature| is_reader_feature(feature)));
        upgraded.min_reader_version = READER_VERSION;
    }
    upgraded.reader_features = reader;
    upgraded.writer_features = Some(writer);
    upgraded
}

fn add<'a>(names: &mut Vec<String>, more: impl Iterator<Item = &'a str>) {
    for name in more {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
}

/// Checks that all changes of types that the schema tells of are known ("Reader Requirements for Type Widening").
///
/// # Errors
/// [`Error::UnsupportedReader`] with the change.
pub fn check_type_changes(schema: &StructType) -> Result<()> {
    schema.fields.iter().try_for_each(check_field)
}

fn check_field(field: &StructField) -> Result<()> {
    let changes = field.metadata.get("delta.typeChanges").and_then(Value::as_array);
    for change in changes.into_iter().flatten() {
        let name = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or("?");
        let (from, to) = (name("fromType"), name("toType"));
        if !is_widening(from, to) {
            let change = format!("the change of the type of column {} from {from} to {to}", field.name);
            return Err(Error::UnsupportedReader { features: vec![change] });
        }
    }
    check_type(&field.data_type)
}

fn check_type(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Struct(schema) => check_type_changes(schema),
        DataType::Array(array) => check_type(&array.element_type),
        DataType::Map(map) => check_type(&map.key_type).and_then(|()| check_type(&map.value_type)),
        _ => Ok(()),
    }
}

/// "Supported Type Changes".
fn is_widening(from: &str, to: &str) -> bool {
    const INTEGERS: [(&str, i32); 4] = [("byte", 3), ("short", 5), ("integer", 10), ("long", 20)];
    let digits = |name: &str| INTEGERS.iter().find(|(known, _)| *known == name).map(|(_, digits)| *digits);
    match (digits(from), digits(to)) {
        (Some(from), Some(to)) => return from <= to,
        (Some(digits), None) if to == "double" => return digits <= 10,
        (Some(digits), None) => {
            // The protocol starts with decimal(10,0); before it was final, Spark took what holds every value.
            return decimal(to).is_some_and(|(precision, scale)| precision - scale >= digits);
        }
        (None, _) => {}
    }
    match (from, to) {
        ("float", "double") | ("date", "timestamp_ntz") => true,
        _ => match (decimal(from), decimal(to)) {
            (Some((old, old_scale)), Some((new, new_scale))) => {
                new_scale >= old_scale && new - new_scale >= old - old_scale
            }
            _ => false,
        },
    }
}

fn decimal(name: &str) -> Option<(i32, i32)> {
    let (precision, scale) = name.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(',')?;
    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(reader: i32, writer: i32, readers: &[&str], writers: &[&str]) -> Protocol {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Protocol {
            min_reader_version: reader,
            min_writer_version: writer,
            reader_features: (reader >= 3).then(|| names(readers)),
            writer_features: (writer >= 7).then(|| names(writers)),
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let error = check_readable(&protocol(3, 7, &["deletionVectors", "catalogManaged"], &[])).unwrap_err();
        assert!(matches!(error, Error::UnsupportedReader { features } if features == ["catalogManaged"]));
        assert!(check_readable(&protocol(4, 7, &[], &[])).is_err());
        assert!(check_readable(&protocol(0, 2, &[], &[])).is_err());
        let metadata = Metadata::default();
        let newer = protocol(1, 7, &[], &["appendOnly", "icebergCompatV2", "liquid"]);
        assert!(check_readable(&newer).is_ok());
        let error = check_writable(&newer, &metadata).unwrap_err();
        assert!(
            matches!(error, Error::UnsupportedWriter { features } if features == ["icebergCompatV2", "liquid"])
        );
        assert!(check_writable(&protocol(1, 8, &[], &[]), &metadata).is_err());
        assert!(check_writable(&protocol(2, 6, &[], &[]), &metadata).is_ok());
    }

    #[test]
    fn upgrades_name_what_the_old_version_implied() {
        let same = protocol(1, 2, &[], &[]);
        assert_eq!(upgraded(&same, &["appendOnly"]), same);
        let mut expected = protocol(1, 7, &[], &["appendOnly", "invariants", "rowTracking"]);
        expected.reader_features = None;
        assert_eq!(upgraded(&same, &["rowTracking"]), expected);
        let mapped = upgraded(&protocol(2, 5, &[], &[]), &["deletionVectors"]);
        assert_eq!(mapped.min_reader_version, 3);
        assert_eq!(mapped.reader_features.unwrap(), ["columnMapping", "deletionVectors"]);
        let writers = mapped.writer_features.unwrap();
        assert!(
            writers.contains(&"columnMapping".to_owned()) && writers.contains(&"changeDataFeed".to_owned())
        );
    }

    #[test]
    fn a_preview_serves_as_the_feature() {
        let preview = ["variantType-preview"];
        let protocol = protocol(3, 7, &preview, &preview);
        assert_eq!(upgraded(&protocol, &[VARIANT_TYPE]), protocol);
        assert_eq!(upgrade(&protocol, &[VARIANT_TYPE.to_owned()].into()), protocol);
    }

    #[test]
    fn only_widening_is_known() {
        for (from, to) in [
            ("byte", "long"),
            ("integer", "double"),
            ("float", "double"),
            ("date", "timestamp_ntz"),
            ("integer", "decimal(10,0)"),
            ("decimal(10,2)", "decimal(12,4)"),
        ] {
            assert!(is_widening(from, to), "{from} to {to}");
        }
        for (from, to) in [
            ("long", "integer"),
            ("long", "double"),
            ("long", "decimal(10,0)"),
            ("decimal(10,2)", "decimal(11,4)"),
            ("string", "integer"),
        ] {
            assert!(!is_widening(from, to), "{from} to {to}");
        }
    }
}
