//! SET and UNSET TBLPROPERTIES, CLUSTER BY, DROP FEATURE; and COMMENT ON TABLE.

use super::Altering;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::ObjectName;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tarn_delta::actions::Add;
use tarn_delta::definition::{CLUSTERING_DOMAIN, clustering_domain};
use tarn_delta::features::{CLUSTERING, DOMAIN_METADATA, upgrade};
use tarn_delta::files::FileId;
use tarn_delta::transaction::Operation;
use tarn_dialect::{ClusterBy, Property, Text};

/// The property that is the table's description.
const COMMENT: &str = "comment";

pub(super) async fn set(table: &mut Altering<'_>, list: &[Property]) -> Result<Option<Operation>> {
    let position = list.first().and_then(|property| Position::of(property.key.span));
    let all: BTreeMap<String, String> =
        list.iter().map(|property| (property.key.value.clone(), property.value.clone())).collect();
    let mut properties = all.clone();
    if let Some(comment) = properties.remove(COMMENT) {
        table.change.metadata.description = Some(comment);
    }
    table.change.set_properties(properties).map_err(|error| Error::from(error).at(position))?;
    if table.change.turns_row_tracking_on(table.snapshot.properties()) {
        commit_again(table).await?;
    }
    Ok(Some(Operation::new("SET TBLPROPERTIES").with("properties", json!(all))))
}

/// "Writer Requirements for Row Tracking": files that have no row ids get them, by being added once more.
async fn commit_again(table: &mut Altering<'_>) -> Result<()> {
    let files = table.snapshot.files().iter();
    let without: Vec<FileId> =
        files.filter(|file| file.base_row_id().is_none()).map(|file| file.id()).collect();
    let adds = table.snapshot.adds_with_stats(&without).await?;
    table.adds.extend(adds.into_iter().map(|add| Add { data_change: false, ..add }));
    // A file that came in between would have no ids.
    table.reads_all = true;
    Ok(())
}

pub(super) fn unset(table: &mut Altering<'_>, keys: &[Text], if_exists: bool) -> Result<Option<Operation>> {
    let position = keys.first().and_then(|key| Position::of(key.span));
    let all: Vec<String> = keys.iter().map(|key| key.value.clone()).collect();
    let mut properties = all.clone();
    properties.retain(|key| key != COMMENT);
    if properties.len() < all.len() {
        table.change.metadata.description = None;
    }
    let unset = table.change.unset_properties(&properties, if_exists);
    unset.map_err(|error| Error::from(error).at(position))?;
    Ok(Some(Operation::new("UNSET TBLPROPERTIES").with("properties", json!(all)).with("ifExists", if_exists)))
}

/// COMMENT ON TABLE.
pub(in super::super) async fn comment_on_table(
    run: &Run<'_>,
    name: &ObjectName,
    text: Option<&String>,
) -> Result<Query> {
    let mut table = Altering::open(run, name).await?;
    table.change.metadata.description = text.cloned();
    let operation = match text {
        Some(text) => Operation::new("SET TBLPROPERTIES").with("properties", json!({ COMMENT: text })),
        None => {
            Operation::new("UNSET TBLPROPERTIES").with("properties", json!([COMMENT])).with("ifExists", true)
        }
    };
    table.commit(Some(operation)).await
}

pub(super) async fn cluster_by(table: &mut Altering<'_>, by: &ClusterBy) -> Result<Option<Operation>> {
    let columns = match by {
        ClusterBy::Auto => {
            return Err(Error::new(ErrorKind::Unsupported, "CLUSTER BY AUTO is not there")
                .hint("Name the columns")
                .at(table.position));
        }
        ClusterBy::None if table.snapshot.domain(CLUSTERING_DOMAIN).is_none() => return Ok(None),
        ClusterBy::None => vec![],
        ClusterBy::Columns(columns) => {
            columns.iter().map(|column| table.column(column)).collect::<Result<_>>()?
        }
    };
    if !table.change.metadata.partition_columns.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "The table is partitioned, and cannot be clustered as well",
        )
        .hint("Make it anew: CREATE OR REPLACE TABLE … CLUSTER BY (…) AS SELECT * FROM the table")
        .at(table.position));
    }
    let domain = clustering_domain(&table.change.schema, &columns, &table.change.metadata);
    let domain = domain.map_err(|error| Error::from(error).at(table.position))?;
    check_statistics(table, &columns).await?;
    let features = [CLUSTERING, DOMAIN_METADATA].map(str::to_owned).into();
    table.change.protocol = upgrade(&table.change.protocol, &features);
    let old = super::super::describe::clustering(&table.snapshot);
    table.domains.push(domain);
    let new: Vec<String> = columns.iter().map(|path| path.join(".")).collect();
    Ok(Some(
        Operation::new("CLUSTER BY")
            .with("oldClusteringColumns", old.join(","))
            .with("newClusteringColumns", new.join(",")),
    ))
}

/// "Writer Requirements for Clustered Table": each file has statistics of the columns.
async fn check_statistics(table: &Altering<'_>, columns: &[Vec<String>]) -> Result<()> {
    if columns.is_empty() || table.snapshot.files().is_empty() {
        return Ok(());
    }
    let statistics = table.snapshot.statistics(columns).await?;
    for (column, known) in columns.iter().zip(&statistics.columns) {
        let lacking = known.null_count.iter().filter(Option::is_none).count();
        if lacking > 0 {
            let shown = column.join(".");
            let message =
                format!("{lacking} files of the table have no statistics of column {shown} to cluster by");
            return Err(Error::new(ErrorKind::Invalid, message)
                .hint(format!(
                    "SET TBLPROPERTIES ('delta.dataSkippingStatsColumns' = '{shown}'), and write the files again with \
                     INSERT OVERWRITE"
                ))
                .at(table.position));
        }
    }
    Ok(())
}

pub(super) fn drop_feature(
    table: &mut Altering<'_>,
    feature: &Text,
    truncate_history: bool,
) -> Result<Option<Operation>> {
    let position = Position::of(feature.span);
    let domains: Vec<&str> = table.snapshot.domains().map(|domain| domain.domain.as_str()).collect();
    let dropped = table.change.drop_feature(&feature.value, &domains);
    if !dropped.map_err(|error| Error::from(error).at(position))? {
        let message =
            format!("The feature {} cannot be dropped: files and versions keep traces of it", feature.value);
        return Err(Error::new(ErrorKind::Unsupported, message)
            .hint("Make the table anew without it: CREATE TABLE … AS SELECT * FROM the table")
            .at(position));
    }
    let mut operation = Operation::new("DROP FEATURE").with("featureName", feature.value.clone());
    operation = operation.with("truncateHistory", Value::from(truncate_history));
    Ok(Some(operation))
}
