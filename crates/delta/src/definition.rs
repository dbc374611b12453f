//! What a table is to be: its columns, partitioning and properties, and the protocol that follows from them.

use crate::actions::{DomainMetadata, Metadata, Protocol};
use crate::column_mapping::{PhysicalNames, map_columns};
use crate::features::{COLUMN_MAPPING, upgrade};
use crate::properties::{TableProperties, interval_millis};
use crate::schema::{ColumnMappingMode, DataType, StructField, StructType};
use crate::write::indexed_columns;
use crate::{Error, Result};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The domain of "Clustered Table".
pub const CLUSTERING_DOMAIN: &str = "delta.clustering";
const FEATURE_PREFIX: &str = "delta.feature.";

/// A table that is to be made, or replaced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableDefinition {
    /// The columns. Those of a table that is replaced lose their ids: the columns are new.
    pub schema: StructType,
    /// Logical names of the partition columns, in order.
    pub partition_columns: Vec<String>,
    /// Columns to cluster by; an empty list is clustering without columns, as CLUSTER BY NONE leaves it.
    pub cluster_by: Option<Vec<Vec<String>>>,
    /// Table properties.
    pub properties: BTreeMap<String, String>,
    /// A description for people.
    pub comment: Option<String>,
}

/// A definition as the log has it.
#[derive(Debug, Clone, PartialEq)]
pub struct DefinedTable {
    /// What readers and writers must know.
    pub protocol: Protocol,
    /// Schema, partitioning, properties. Its id is empty.
    pub metadata: Metadata,
    /// Clustering columns.
    pub domains: Vec<DomainMetadata>,
    /// The features that columns and properties need.
    pub features: BTreeSet<String>,
}

impl TableDefinition {
    /// Checks the definition, gives ids to columns where they are mapped, and chooses the lowest protocol that has all
    /// features.
    ///
    /// # Errors
    /// For names, types, partitions or properties that a table cannot have.
    pub fn define(mut self) -> Result<DefinedTable> {
        check_properties(&self.properties)?;
        let (asked_protocol, features) = take_protocol_properties(&mut self.properties)?;
        let mut metadata = Metadata {
            description: self.comment.take(),
            partition_columns: self.partition_columns.clone(),
            configuration: self.properties.clone(),
            ..Metadata::default()
        };
        let mode = TableProperties::of(&metadata).column_mapping;
        check_columns(&self.schema, mode)?;
        metadata.partition_columns = check_partitions(&self.schema, &self.partition_columns)?;
        let mut schema = self.schema;
        map_columns(&mut schema, &mut metadata, mode, PhysicalNames::New);
        metadata.schema_string = schema.to_json();
        crate::row_tracking::name_materialized_columns(&mut metadata)?;
        let mut needed = features_of(&schema, &metadata);
        needed.extend(features);
        let mut domains = Vec::new();
        if let Some(columns) = &self.cluster_by {
            if !metadata.partition_columns.is_empty() {
                return Err(Error::invalid(
                    "a table is either partitioned or clustered; leave one of the two out",
                ));
            }
            needed.insert("clustering".to_owned());
            needed.insert("domainMetadata".to_owned());
            domains.push(clustering_domain(&schema, columns, &metadata)?);
        }
        let protocol = upgrade(&asked_protocol, &needed);
        crate::features::check_writable(&protocol, &metadata)?;
        Ok(DefinedTable { protocol, metadata, domains, features: needed })
    }
}

/// The domain that says by which columns a table is clustered: physical names, as the protocol has it.
///
/// # Errors
/// When a column is not there, its values have no order, or new files would have no statistics of it, which the protocol
/// asks for ("Clustered Table").
pub fn clustering_domain(
    schema: &StructType,
    columns: &[Vec<String>],
    metadata: &Metadata,
) -> Result<DomainMetadata> {
    let properties = TableProperties::of(metadata);
    let mode = properties.column_mapping;
    let indexed = indexed_columns(schema, &metadata.partition_columns, &properties, mode);
    const MOST_COLUMNS: usize = 4;
    if columns.len() > MOST_COLUMNS {
        return Err(Error::invalid(format!("a table is clustered by at most {MOST_COLUMNS} columns")));
    }
    let mut physical: Vec<Vec<String>> = Vec::new();
    for path in columns {
        let shown = path.join(".");
        let missing = || Error::invalid(format!("there is no column {shown} to cluster by"));
        let mut names = Vec::new();
        let mut fields = Some(schema);
        let mut leaf: Option<&DataType> = None;
        for name in path {
            let field = fields.and_then(|fields| fields.field(name)).ok_or_else(missing)?;
            names.push(field.physical_name(mode).to_owned());
            leaf = Some(&field.data_type);
            fields = match &field.data_type {
                DataType::Struct(nested) => Some(nested),
                _ => None,
            };
        }
        match leaf {
            None => return Err(missing()),
            Some(
                DataType::Struct(_)
                | DataType::Array(_)
                | DataType::Map(_)
                | DataType::Variant
                | DataType::Binary
                | DataType::Boolean
                | DataType::Void,
            ) => {
                let message =
                    format!("column {shown} has no statistics to cluster by; choose numbers, dates or text");
                return Err(Error::invalid(message));
            }
            Some(_) if !indexed.iter().any(|column| column.path == names) => {
                return Err(Error::invalid(format!(
                    "files have no statistics of column {shown} to cluster by; name it in the table property \
                     delta.dataSkippingStatsColumns, or put it among the first columns"
                )));
            }
            Some(_) => physical.push(names),
        }
    }
    let configuration = json!({ "clusteringColumns": physical }).to_string();
    Ok(DomainMetadata { domain: CLUSTERING_DOMAIN.to_owned(), configuration, removed: false })
}

/// Names, and the types of columns.
pub(crate) fn check_columns(schema: &StructType, mode: ColumnMappingMode) -> Result<()> {
    if schema.fields.is_empty() {
        return Err(Error::invalid("a table has at least one column"));
    }
    check_names(schema, mode, "")
}

fn check_names(schema: &StructType, mode: ColumnMappingMode, place: &str) -> Result<()> {
    const REFUSED: &[char] = &[' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];
    let mut seen = HashSet::new();
    for field in &schema.fields {
        let shown = format!("{place}{}", field.name);
        if field.name.is_empty() {
            return Err(Error::invalid(format!("a column of {place} has no name")));
        }
        if !seen.insert(field.name.to_lowercase()) {
            return Err(Error::invalid(format!(
                "the column {shown} occurs twice; names differ by more than case"
            )));
        }
        if mode == ColumnMappingMode::None && field.name.contains(REFUSED) {
            return Err(Error::invalid(format!(
                "the column name {shown:?} has a character that Parquet files of Delta tables do not take; rename it, or \
                 set the table property 'delta.columnMapping.mode' = 'name'"
            )));
        }
        check_nested(&field.data_type, mode, &format!("{shown}."))?;
    }
    Ok(())
}

fn check_nested(data_type: &DataType, mode: ColumnMappingMode, place: &str) -> Result<()> {
    match data_type {
        DataType::Struct(schema) => check_names(schema, mode, place),
        DataType::Array(array) => check_nested(&array.element_type, mode, place),
        DataType::Map(map) => {
            check_nested(&map.key_type, mode, place)?;
            check_nested(&map.value_type, mode, place)
        }
        _ => Ok(()),
    }
}

/// The names of the partition columns as the schema spells them.
fn check_partitions(schema: &StructType, columns: &[String]) -> Result<Vec<String>> {
    let mut spelled = Vec::new();
    for name in columns {
        let field = schema.field(name);
        let field =
            field.ok_or_else(|| Error::invalid(format!("there is no column {name} to partition by")))?;
        if matches!(
            field.data_type,
            DataType::Struct(_) | DataType::Array(_) | DataType::Map(_) | DataType::Variant | DataType::Void
        ) {
            let kind = field.data_type.sql_name();
            return Err(Error::invalid(format!("column {name} of type {kind} cannot be partitioned by")));
        }
        if spelled.contains(&field.name) {
            return Err(Error::invalid(format!("the table is partitioned by {name} twice")));
        }
        spelled.push(field.name.clone());
    }
    if !spelled.is_empty() && spelled.len() == schema.fields.len() {
        return Err(Error::invalid("a table has at least one column that it is not partitioned by"));
    }
    Ok(spelled)
}

/// Values of properties that are read somewhere: a wrong one must not be silently without effect.
///
/// # Errors
/// The first property with a value that it cannot have.
pub fn check_properties(properties: &BTreeMap<String, String>) -> Result<()> {
    const FLAGS: &[&str] = &[
        "delta.appendOnly",
        "delta.autoOptimize.autoCompact",
        "delta.autoOptimize.optimizeWrite",
        "delta.checkpoint.writeStatsAsJson",
        "delta.checkpoint.writeStatsAsStruct",
        "delta.enableChangeDataFeed",
        "delta.enableDeletionVectors",
        "delta.enableExpiredLogCleanup",
        "delta.enableInCommitTimestamps",
        "delta.enableRowTracking",
        "delta.enableTypeWidening",
        "delta.enableVariantShredding",
        "delta.randomizeFilePrefixes",
    ];
    const INTERVALS: &[&str] = &[
        "delta.deletedFileRetentionDuration",
        "delta.logRetentionDuration",
        "delta.setTransactionRetentionDuration",
    ];
    for (key, value) in properties {
        let wrong = |expected: &str| {
            Err(Error::invalid(format!("the property {key} cannot be {value:?}; it is {expected}")))
        };
        let is = |choices: &[&str]| choices.contains(&value.as_str());
        match key.as_str() {
            key if FLAGS.contains(&key) && !is_flag(value) => return wrong("true or false"),
            key if INTERVALS.contains(&key) && interval_millis(value).is_none() => {
                return wrong("an interval such as 'interval 7 days'");
            }
            "delta.columnMapping.mode" if !is(&["none", "name", "id"]) => return wrong("none, name or id"),
            "delta.checkpointPolicy" if !is(&["classic", "v2"]) => return wrong("classic or v2"),
            "delta.isolationLevel" if !is(&["Serializable", "WriteSerializable"]) => {
                return wrong("Serializable or WriteSerializable");
            }
            "delta.checkpointInterval" if !value.trim().parse::<u64>().is_ok_and(|interval| interval > 0) => {
                return wrong("a number of commits, 1 or more");
            }
            "delta.dataSkippingNumIndexedCols"
                if !value.trim().parse::<i64>().is_ok_and(|count| count >= -1) =>
            {
                return wrong("a number of columns, or -1 for all");
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_flag(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

/// Takes the properties that speak of the protocol out: versions and features.
///
/// # Errors
/// When a version is no number, or a feature has another value than `supported` or `enabled`.
pub fn take_protocol_properties(
    properties: &mut BTreeMap<String, String>,
) -> Result<(Protocol, BTreeSet<String>)> {
    let mut protocol = Protocol { min_reader_version: 1, min_writer_version: 2, ..Protocol::default() };
    for (key, version) in [
        ("delta.minReaderVersion", &mut protocol.min_reader_version),
        ("delta.minWriterVersion", &mut protocol.min_writer_version),
    ] {
        if let Some(text) = properties.remove(key) {
            let asked: i32 = text
                .trim()
                .parse()
                .map_err(|_| Error::invalid(format!("the property {key} is a number, not {text:?}")))?;
            *version = asked.max(*version);
        }
    }
    let mut features = BTreeSet::new();
    let keys: Vec<String> =
        properties.keys().filter(|key| key.starts_with(FEATURE_PREFIX)).cloned().collect();
    for key in keys {
        let value = properties.remove(&key).unwrap_or_default();
        if !["supported", "enabled"].contains(&value.to_lowercase().as_str()) {
            return Err(Error::invalid(format!("the property {key} is 'supported', not {value:?}")));
        }
        features.insert(key[FEATURE_PREFIX.len()..].to_owned());
    }
    Ok((protocol, features))
}

/// The protocol of a table that goes on with this schema and these properties.
///
/// Where columns are not mapped so far, the property alone maps nothing: with the feature, files would be read by names that
/// they do not have.
pub fn protocol_after(
    protocol: &Protocol,
    mode: ColumnMappingMode,
    schema: &StructType,
    metadata: &Metadata,
) -> Protocol {
    let mut features = features_of(schema, metadata);
    if mode == ColumnMappingMode::None {
        features.remove(COLUMN_MAPPING);
    }
    upgrade(protocol, &features)
}

/// The features that a schema and properties need, by the names of "Valid Feature Names in Table Features".
pub fn features_of(schema: &StructType, metadata: &Metadata) -> BTreeSet<String> {
    let mut features = BTreeSet::new();
    let mut need = |feature: &str| features.insert(feature.to_owned());
    let properties = TableProperties::of(metadata);
    for (is_on, feature) in [
        (properties.append_only, "appendOnly"),
        (properties.has_change_feed, "changeDataFeed"),
        (properties.has_deletion_vectors, "deletionVectors"),
        (properties.has_in_commit_timestamps, "inCommitTimestamp"),
        (properties.has_row_tracking, "rowTracking"),
        (properties.has_row_tracking, "domainMetadata"),
        (properties.has_type_widening, "typeWidening"),
        (properties.allows_shredding, "variantShredding"),
        (properties.allows_shredding, "variantType"),
        (properties.writes_v2_checkpoints, "v2Checkpoint"),
        (properties.column_mapping != ColumnMappingMode::None, "columnMapping"),
        (metadata.configuration.keys().any(|key| key.starts_with("delta.constraints.")), "checkConstraints"),
    ] {
        if is_on {
            need(feature);
        }
    }
    for field in &schema.fields {
        need_of_field(field, &mut need);
    }
    features
}

fn need_of_field(field: &StructField, need: &mut impl FnMut(&str) -> bool) {
    for (key, feature) in [
        ("delta.generationExpression", "generatedColumns"),
        ("delta.identity.start", "identityColumns"),
        ("CURRENT_DEFAULT", "allowColumnDefaults"),
        ("delta.invariants", "invariants"),
    ] {
        if field.metadata.get(key).is_some_and(|value| !value.is_null()) {
            need(feature);
        }
    }
    if !field.nullable {
        need("invariants");
    }
    need_of_type(&field.data_type, need);
}

fn need_of_type(data_type: &DataType, need: &mut impl FnMut(&str) -> bool) {
    match data_type {
        DataType::TimestampNtz => {
            need("timestampNtz");
        }
        DataType::Variant => {
            need("variantType");
        }
        DataType::Struct(schema) => schema.fields.iter().for_each(|field| need_of_field(field, need)),
        DataType::Array(array) => need_of_type(&array.element_type, need),
        DataType::Map(map) => {
            need_of_type(&map.key_type, need);
            need_of_type(&map.value_type, need);
        }
        _ => {}
    }
}

/// The columns that a table is clustered by, as physical names.
pub fn clustering_columns(domain: &str) -> Option<Vec<Vec<String>>> {
    let value: Value = serde_json::from_str(domain).ok()?;
    serde_json::from_value(value.get("clusteringColumns")?.clone()).ok()
}
