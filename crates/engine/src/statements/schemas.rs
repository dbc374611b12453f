//! CREATE SCHEMA, DROP SCHEMA, DESCRIBE SCHEMA, COMMENT ON SCHEMA.

use super::schema_place::{SchemaInfo, SchemaPlace};
use super::{answer, done, drop_table};
use crate::lake::{DEFAULT_SCHEMA, is_special_schema};
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result, delta, names};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::sql::sqlparser::ast::ObjectName;
use futures::StreamExt;
use object_store::{ObjectStore, ObjectStoreExt as _};
use std::sync::Arc;
use tarn_delta::TableStore;
use tarn_dialect::{CreateSchema, DropSchema};

pub(super) async fn create(run: &Run<'_>, create: &CreateSchema) -> Result<Query> {
    let place = SchemaPlace::of(run, &create.name)?;
    if is_special_schema(&place.schema) {
        let message = format!("{} stands for paths, and cannot be a schema", place.schema);
        return Err(Error::new(ErrorKind::Invalid, message).hint("Choose another name").at(place.position));
    }
    if let Some(location) = &create.location {
        let message = "Schemas have no locations of their own: a schema lies in the lake, under its name";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .hint("Leave LOCATION out; a table at any place is delta.`path`")
            .at(Position::of(location.span)));
    }
    if place.find().await?.is_some() {
        if create.if_not_exists {
            return Ok(done(run));
        }
        let message = format!("There is a schema {}.{} already", place.catalog, place.schema);
        return Err(Error::new(ErrorKind::Invalid, message)
            .hint("Write CREATE SCHEMA IF NOT EXISTS")
            .at(place.position));
    }
    let properties = create.properties.iter();
    let info = SchemaInfo {
        comment: create.comment.clone(),
        properties: properties.map(|property| (property.key.value.clone(), property.value.clone())).collect(),
    };
    place.write(&info).await?;
    Ok(done(run))
}

pub(super) async fn drop(run: &Run<'_>, drop: &DropSchema) -> Result<Query> {
    let place = SchemaPlace::of(run, &drop.name)?;
    let refuse = |message: String, hint: &str| {
        Err(Error::new(ErrorKind::Invalid, message).hint(hint).at(place.position))
    };
    if place.find().await?.is_none() && drop.if_exists {
        return Ok(done(run));
    }
    place.open().await?;
    if place.schema == DEFAULT_SCHEMA {
        return refuse("The schema default is always there".to_owned(), "DROP TABLE drops its tables");
    }
    let views = run.session.lake.views.names(&place.catalog, &place.schema);
    let content = Content::of(run, &place).await?;
    if let Some(other) = content.others.first() {
        let hint = "Remove what is no table from the folder first";
        return refuse(format!("{other} is no table, and is not dropped with the schema"), hint);
    }
    let within: Vec<&str> = content
        .tables
        .iter()
        .map(|(name, _)| name.as_str())
        .chain(views.iter().map(String::as_str))
        .collect();
    if !within.is_empty() && !drop.cascade {
        let message = format!("The schema {} is not empty: it has {}", place.schema, names::listed(within));
        return refuse(message, "Drop its tables and views first, or write DROP SCHEMA … CASCADE");
    }
    for view in &views {
        run.session.lake.views.remove(&place.catalog, &place.schema, view);
    }
    for (_, table) in &content.tables {
        drop_table::remove(table).await?;
    }
    match place.folder.store.delete(&place.file()).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(done(run)),
        Err(error) => Err(error.into()),
    }
}

/// What is in a schema's folder.
#[derive(Default)]
struct Content {
    tables: Vec<(String, TableStore)>,
    /// Paths of what is no table.
    others: Vec<String>,
}

impl Content {
    async fn of(run: &Run<'_>, place: &SchemaPlace) -> Result<Self> {
        let mut content = Self::default();
        let folder = &place.folder;
        let listed = match folder.store.list_with_delimiter(Some(&folder.root)).await {
            Ok(listed) => listed,
            Err(object_store::Error::NotFound { .. }) => return Ok(content),
            Err(error) => return Err(error.into()),
        };
        let file = place.file();
        let files = listed.objects.into_iter().filter(|object| object.location != file);
        content.others.extend(files.map(|object| object.location.to_string()));
        for path in listed.common_prefixes {
            let name = path.filename().unwrap_or_default().to_owned();
            let table = child(run, folder, &name)?;
            let log = path.clone().join("_delta_log");
            if table.store.list(Some(&log)).next().await.transpose()?.is_some() {
                content.tables.push((name, table));
            } else if let Some(other) = table.store.list(Some(&path)).next().await.transpose()? {
                content.others.push(other.location.to_string());
            }
        }
        Ok(content)
    }
}

/// A folder in a folder.
fn child(run: &Run<'_>, folder: &TableStore, name: &str) -> Result<TableStore> {
    let mut url = folder.url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(name).push("");
    }
    delta::table_store(run.session.engine.stores(), &url)
}

/// <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-schema>
pub(super) async fn describe(run: &Run<'_>, name: &ObjectName, extended: bool) -> Result<Query> {
    let place = SchemaPlace::of(run, name)?;
    let info = place.open().await?;
    let mut rows = vec![
        ("Catalog Name", place.catalog.clone()),
        ("Namespace Name", place.schema.clone()),
        ("Comment", info.comment.unwrap_or_default()),
        ("Location", place.folder.url.to_string()),
    ];
    if extended {
        let properties: Vec<String> =
            info.properties.iter().map(|(key, value)| format!("({key},{value})")).collect();
        rows.push(("Properties", format!("({})", properties.join(", "))));
    }
    let (items, values): (Vec<&str>, Vec<String>) = rows.into_iter().unzip();
    let columns: [(&str, ArrayRef); 2] = [
        ("database_description_item", Arc::new(StringArray::from(items))),
        ("database_description_value", Arc::new(StringArray::from(values))),
    ];
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}

/// COMMENT ON SCHEMA.
pub(super) async fn comment(run: &Run<'_>, name: &ObjectName, text: Option<&String>) -> Result<Query> {
    let place = SchemaPlace::of(run, name)?;
    let mut info = place.open().await?;
    info.comment = text.cloned();
    place.write(&info).await?;
    Ok(done(run))
}

/// Whether a folder of a catalog has anything in it: some stores list empty folders, which are no schemas.
pub(super) async fn is_there(run: &Run<'_>, catalog: &url::Url, name: &str) -> Result<bool> {
    let url = catalog.join(&format!("{name}/"));
    let url = url.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    let folder = delta::table_store(run.session.engine.stores(), &url)?;
    Ok(!super::schema_place::is_empty(&folder).await?)
}
