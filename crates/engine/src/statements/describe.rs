//! DESCRIBE TABLE, HISTORY, DETAIL and QUERY, in the columns that Databricks answers with.

use super::open::TargetPlace;
use super::{answer, describe_column, schemas};
use crate::query::Query;
use crate::session::Run;
use crate::target::Target;
use crate::{Error, Position, Result, syntax};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, ListBuilder, MapBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMillisecondArray,
};
use datafusion::sql::sqlparser::ast::{ObjectName, Spanned};
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::definition::{CLUSTERING_DOMAIN, clustering_columns};
use tarn_delta::history::{HistoryEntry, history};
use tarn_delta::schema::StructField;
use tarn_delta::snapshot::Snapshot;
use tarn_dialect::{AsOf, Describe};

pub(super) async fn run(run: &Run<'_>, describe: &Describe) -> Result<Query> {
    match describe {
        Describe::History { name, limit } => {
            let snapshot = TargetPlace::of(run, name)?.open(run, name).await?;
            let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(answer(run, history_rows(&history(&snapshot, limit).await?)?))
        }
        Describe::Detail { name } => {
            let snapshot = TargetPlace::of(run, name)?.open(run, name).await?;
            Ok(answer(run, detail_row(run, name, &snapshot)?))
        }
        Describe::Table { name, as_of, extended, column } => match column {
            Some(column) => describe_column::run(run, name, as_of.as_ref(), column).await,
            None => table_rows(run, name, as_of.as_ref(), *extended).await,
        },
        Describe::Query(query) => {
            let schema = tarn_delta::schema::from_arrow(run.plan(query.clone()).await?.schema().as_arrow())?;
            Ok(answer(run, column_rows(&schema.fields, vec![])?))
        }
        Describe::Schema { name, extended } => schemas::describe(run, name, *extended).await,
    }
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn maps<'a>(values: impl Iterator<Item = &'a BTreeMap<String, String>>) -> Result<ArrayRef> {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for map in values {
        for (key, value) in map {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}

fn lists<'a>(values: impl Iterator<Item = Vec<&'a str>>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for list in values {
        for value in list {
            builder.values().append_value(value);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn times(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampMillisecondArray>().with_timezone("UTC"))
}

/// <https://docs.databricks.com/aws/en/delta/history#history-schema>
fn history_rows(entries: &[HistoryEntry]) -> Result<RecordBatch> {
    let versions: Int64Array = entries.iter().map(|entry| i64::try_from(entry.version).ok()).collect();
    let reads: Int64Array = entries.iter().map(|entry| entry.read_version).collect();
    let blind: BooleanArray = entries.iter().map(|entry| entry.is_blind_append).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("version", Arc::new(versions)),
        ("timestamp", times(entries.iter().map(|entry| Some(entry.timestamp_millis)))),
        ("userId", texts(entries.iter().map(|entry| entry.user_id.as_deref()))),
        ("userName", texts(entries.iter().map(|entry| entry.user_name.as_deref()))),
        ("operation", texts(entries.iter().map(|entry| entry.operation.as_deref()))),
        ("operationParameters", maps(entries.iter().map(|entry| &entry.parameters))?),
        ("readVersion", Arc::new(reads)),
        ("isolationLevel", texts(entries.iter().map(|entry| entry.isolation_level.as_deref()))),
        ("isBlindAppend", Arc::new(blind)),
        ("operationMetrics", maps(entries.iter().map(|entry| &entry.metrics))?),
        ("userMetadata", texts(entries.iter().map(|entry| entry.user_metadata.as_deref()))),
        ("engineInfo", texts(entries.iter().map(|entry| entry.engine_info.as_deref()))),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}

/// <https://docs.databricks.com/aws/en/delta/table-details#detail-schema>
fn detail_row(run: &Run<'_>, name: &ObjectName, snapshot: &Snapshot) -> Result<RecordBatch> {
    let metadata = snapshot.metadata();
    let protocol = snapshot.protocol();
    let shown_name = match Target::of(&run.session.state(), name)? {
        Target::Named { catalog, schema, name } => Some(format!("{catalog}.{schema}.{name}")),
        // Without a place in a catalog, a table has the name that its writer gave it.
        Target::Path { .. } => metadata.name.clone(),
    };
    let clustering = clustering(snapshot);
    let mut features: Vec<&str> = (protocol.reader_features.iter().flatten())
        .chain(protocol.writer_features.iter().flatten())
        .map(String::as_str)
        .collect();
    features.sort_unstable();
    features.dedup();
    let size = i64::try_from(snapshot.files().size_bytes()).unwrap_or(i64::MAX);
    let files = i64::try_from(snapshot.files().len()).unwrap_or(i64::MAX);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("format", texts([Some("delta")].into_iter())),
        ("id", texts([Some(metadata.id.as_str())].into_iter())),
        ("name", texts([shown_name.as_deref()].into_iter())),
        ("description", texts([metadata.description.as_deref()].into_iter())),
        ("location", texts([Some(snapshot.table().url.as_str())].into_iter())),
        ("createdAt", times([metadata.created_time].into_iter())),
        ("lastModified", times([snapshot.committed_millis()].into_iter())),
        (
            "partitionColumns",
            lists([metadata.partition_columns.iter().map(String::as_str).collect()].into_iter()),
        ),
        ("clusteringColumns", lists([clustering.iter().map(String::as_str).collect()].into_iter())),
        ("numFiles", Arc::new(Int64Array::from(vec![files]))),
        ("sizeInBytes", Arc::new(Int64Array::from(vec![size]))),
        ("properties", maps([&metadata.configuration].into_iter())?),
        ("minReaderVersion", Arc::new(Int32Array::from(vec![protocol.min_reader_version]))),
        ("minWriterVersion", Arc::new(Int32Array::from(vec![protocol.min_writer_version]))),
        ("tableFeatures", lists([features].into_iter())),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}

/// The columns that a table is clustered by.
pub(super) fn clustering(snapshot: &Snapshot) -> Vec<String> {
    let columns = snapshot.domain(CLUSTERING_DOMAIN).and_then(clustering_columns).unwrap_or_default();
    columns.iter().map(|path| logical_path(snapshot, path)).collect()
}

/// A column's name for people, from its physical one.
fn logical_path(snapshot: &Snapshot, path: &[String]) -> String {
    let mode = snapshot.column_mapping();
    let mut fields = Some(snapshot.schema());
    let mut names = Vec::new();
    for physical in path {
        let field = fields
            .and_then(|schema| schema.fields.iter().find(|field| field.physical_name(mode) == physical));
        names.push(field.map_or(physical.as_str(), |field| field.name.as_str()));
        fields = match field.map(|field| &field.data_type) {
            Some(tarn_delta::schema::DataType::Struct(nested)) => Some(nested),
            _ => None,
        };
    }
    names.join(".")
}

/// The columns of a table or view, and of a table what else there is to say.
async fn table_rows(run: &Run<'_>, name: &ObjectName, as_of: Option<&AsOf>, extended: bool) -> Result<Query> {
    let target = Target::of(&run.session.state(), name)?;
    let snapshot = match &target {
        // Only tables have versions.
        _ if as_of.is_some() => Some(TargetPlace::of(run, name)?.at(run, as_of)?.open(run, name).await?),
        Target::Path { format, .. } if format != crate::lake::DELTA_SCHEMA => None,
        _ => TargetPlace::of(run, name)?.find(run).await?,
    };
    let Some(snapshot) = snapshot else {
        let from = syntax::from(&name.to_string())?;
        let plan = run.plan(syntax::select_all(from)?).await;
        let plan = plan.map_err(|error| Error { position: Position::of(name.span()), ..error })?;
        let schema = tarn_delta::schema::from_arrow(plan.schema().as_arrow())?;
        return Ok(answer(run, column_rows(&schema.fields, vec![])?));
    };
    let metadata = snapshot.metadata();
    let mut more: Vec<(String, String)> = Vec::new();
    let mut say = |key: &str, value: String| more.push((key.to_owned(), value));
    if !metadata.partition_columns.is_empty() {
        say("# Partition Information", String::new());
        for column in &metadata.partition_columns {
            let kind = snapshot.schema().field(column).map(|field| field.data_type.sql_name());
            say(column, kind.unwrap_or_default());
        }
    }
    if extended {
        say("", String::new());
        say("# Detailed Table Information", String::new());
        if let Target::Named { catalog, schema, name } = &target {
            say("Catalog", catalog.clone());
            say("Database", schema.clone());
            say("Table", name.clone());
        }
        say("Type", "MANAGED".to_owned());
        say("Location", snapshot.table().url.to_string());
        say("Provider", "delta".to_owned());
        say("Comment", metadata.description.clone().unwrap_or_default());
        let properties: Vec<String> =
            metadata.configuration.iter().map(|(key, value)| format!("{key}={value}")).collect();
        say("Table Properties", format!("[{}]", properties.join(",")));
    }
    Ok(answer(run, column_rows(&snapshot.schema().fields, more)?))
}

fn column_rows(fields: &[StructField], more: Vec<(String, String)>) -> Result<RecordBatch> {
    let types: Vec<String> = fields.iter().map(|field| field.data_type.sql_name()).collect();
    let comment =
        |field: &'_ StructField| field.metadata.get("comment").and_then(|c| c.as_str()).map(str::to_owned);
    let comments: Vec<Option<String>> = fields.iter().map(comment).collect();
    let names = fields.iter().map(|field| Some(field.name.as_str()));
    let names = texts(names.chain(more.iter().map(|(key, _)| Some(key.as_str()))));
    let types = texts(
        types.iter().map(|t| Some(t.as_str())).chain(more.iter().map(|(_, value)| Some(value.as_str()))),
    );
    let comments = texts(comments.iter().map(Option::as_deref).chain(more.iter().map(|_| None)));
    let columns = [("col_name", names), ("data_type", types), ("comment", comments)];
    Ok(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))?)
}
