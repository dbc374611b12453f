//! SHOW TABLES, VIEWS, SCHEMAS, COLUMNS, PARTITIONS and TBLPROPERTIES.

use super::answer;
use super::open::TargetPlace;
use crate::delta;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Result, syntax};
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use std::collections::BTreeSet;
use std::sync::Arc;
use tarn_dialect::{Show, Text};
use url::Url;

pub(super) async fn run(run: &Run<'_>, show: &Show) -> Result<Query> {
    match show {
        Show::Tables { schema, pattern } => tables(run, schema.as_ref(), pattern.as_ref()).await,
        Show::Views { schema, pattern } => {
            let (catalog, schema) = schema_of(run, schema.as_ref())?;
            let names = run.session.lake.views.names(&catalog, &schema);
            let names: Vec<String> =
                names.into_iter().filter(|name| matches(pattern.as_ref(), name)).collect();
            listed(run, "viewName", &schema, &names, true)
        }
        Show::Schemas { catalog, pattern } => {
            let defaults = run.session.state().config_options().catalog.clone();
            let catalog =
                catalog.as_ref().map_or(defaults.default_catalog, |catalog| catalog.value.to_lowercase());
            let folder = folder(run, &[&catalog])?;
            let mut names = BTreeSet::new();
            for name in folders(run, &folder).await? {
                if super::schemas::is_there(run, &folder, &name).await? {
                    names.insert(name);
                }
            }
            names.insert(crate::lake::DEFAULT_SCHEMA.to_owned());
            let names = names.into_iter().filter(|name| matches(pattern.as_ref(), name)).collect();
            one_column(run, "databaseName", names)
        }
        Show::Catalogs { pattern } => {
            let mut names: BTreeSet<String> =
                folders(run, run.session.engine.base()).await?.into_iter().collect();
            names.insert(crate::lake::DEFAULT_CATALOG.to_owned());
            let names = names.into_iter().filter(|name| matches(pattern.as_ref(), name)).collect();
            one_column(run, "catalog", names)
        }
        Show::Columns { table } => {
            let from = syntax::from(&table.to_string())?;
            let plan = run.plan(syntax::select_all(from)?).await?;
            let names = plan.schema().fields().iter().map(|field| field.name().clone()).collect();
            one_column(run, "col_name", names)
        }
        Show::Partitions { table, partition } => {
            if !partition.is_empty() {
                return Err(
                    not_there("SHOW PARTITIONS … PARTITION").hint("Filter the rows of SHOW PARTITIONS table")
                );
            }
            let snapshot = TargetPlace::of(run, table)?.open(run, table).await?;
            partitions(run, &snapshot)
        }
        Show::Properties { table, key } => {
            let snapshot = TargetPlace::of(run, table)?.open(run, table).await?;
            let configuration = &snapshot.metadata().configuration;
            let wanted =
                configuration.iter().filter(|(name, _)| key.as_ref().is_none_or(|key| key.value == **name));
            let (keys, values): (Vec<&str>, Vec<&str>) =
                wanted.map(|(key, value)| (key.as_str(), value.as_str())).unzip();
            let columns: [(&str, ArrayRef); 2] =
                [("key", Arc::new(StringArray::from(keys))), ("value", Arc::new(StringArray::from(values)))];
            Ok(answer(run, RecordBatch::try_from_iter(columns)?))
        }
        Show::CreateTable { table } => super::show_create::run(run, table).await,
    }
}

fn not_there(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} is not there yet"))
}

async fn tables(run: &Run<'_>, schema: Option<&ObjectName>, pattern: Option<&Text>) -> Result<Query> {
    let (catalog, schema) = schema_of(run, schema)?;
    let folder = folder(run, &[&catalog, &schema])?;
    let candidates = folders(run, &folder).await?;
    let stores = run.session.engine.stores();
    let found: Vec<Option<String>> = stream::iter(candidates)
        .map(|name| {
            let url = folder.join(&format!("{name}/"));
            async move {
                let url = url.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
                let store = delta::table_store(stores, &url)?;
                let mut log = store.store.list(Some(&store.log_path("")));
                Ok::<_, Error>(log.next().await.transpose()?.map(|_| name))
            }
        })
        .buffered(8)
        .try_collect()
        .await?;
    let views = run.session.lake.views.names(&catalog, &schema);
    let names: BTreeSet<String> = found.into_iter().flatten().chain(views.iter().cloned()).collect();
    let names: Vec<String> = names.into_iter().filter(|name| matches(pattern, name)).collect();
    let is_temporary: BooleanArray = names.iter().map(|name| Some(views.contains(name))).collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("database", Arc::new(StringArray::from(vec![schema.as_str(); names.len()]))),
        ("tableName", Arc::new(StringArray::from(names))),
        ("isTemporary", Arc::new(is_temporary)),
    ];
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}

/// Catalog and schema, in lower case.
fn schema_of(run: &Run<'_>, schema: Option<&ObjectName>) -> Result<(String, String)> {
    let defaults = run.session.state().config_options().catalog.clone();
    let parts: Vec<String> = schema
        .iter()
        .flat_map(|name| &name.0)
        .filter_map(ObjectNamePart::as_ident)
        .map(|ident| ident.value.to_lowercase())
        .collect();
    match parts.as_slice() {
        [] => Ok((defaults.default_catalog, defaults.default_schema)),
        [schema] => Ok((defaults.default_catalog, schema.clone())),
        [catalog, schema] => Ok((catalog.clone(), schema.clone())),
        _ => Err(Error::new(ErrorKind::Invalid, "A schema is named by catalog.schema or schema")),
    }
}

fn folder(run: &Run<'_>, names: &[&str]) -> Result<Url> {
    let path = format!("./{}/", names.join("/"));
    tarn_storage::resolve(run.session.engine.base(), &path)
        .map_err(|error| crate::stores::from_storage(&error))
}

/// The names of the folders in a folder.
async fn folders(run: &Run<'_>, url: &Url) -> Result<Vec<String>> {
    let store = delta::table_store(run.session.engine.stores(), url)?;
    let listed = match store.store.list_with_delimiter(Some(&store.root)).await {
        Ok(listed) => listed,
        Err(object_store::Error::NotFound { .. }) => return Ok(vec![]),
        Err(error) => return Err(error.into()),
    };
    let names = listed.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned));
    Ok(names.filter(|name| !name.starts_with(['_', '.'])).collect())
}

/// Patterns of SHOW: `*` is anything, `|` between choices, case does not matter.
fn matches(pattern: Option<&Text>, name: &str) -> bool {
    let Some(pattern) = pattern else { return true };
    pattern.value.to_lowercase().split('|').any(|choice| {
        let choice = choice.trim().replace('%', "*");
        glob::Pattern::new(&choice).is_ok_and(|glob| glob.matches(&name.to_lowercase()))
    })
}

fn partitions(run: &Run<'_>, snapshot: &tarn_delta::snapshot::Snapshot) -> Result<Query> {
    let mode = snapshot.column_mapping();
    let columns: Vec<(String, String)> = (snapshot.metadata().partition_columns.iter())
        .filter_map(|name| snapshot.schema().field(name))
        .map(|field| (field.name.clone(), field.physical_name(mode).to_owned()))
        .collect();
    let mut rows: BTreeSet<Vec<Option<String>>> = BTreeSet::new();
    for file in snapshot.files().iter() {
        rows.insert(
            columns.iter().map(|(_, physical)| file.partition_value(physical).map(str::to_owned)).collect(),
        );
    }
    let arrays = columns.iter().enumerate().map(|(place, (name, _))| {
        let values: ArrayRef = Arc::new(rows.iter().map(|row| row[place].clone()).collect::<StringArray>());
        (name.clone(), values, true)
    });
    if columns.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "The table is not partitioned"));
    }
    Ok(answer(run, RecordBatch::try_from_iter_with_nullable(arrays)?))
}

fn one_column(run: &Run<'_>, name: &str, values: Vec<String>) -> Result<Query> {
    let values: ArrayRef = Arc::new(StringArray::from(values));
    Ok(answer(run, RecordBatch::try_from_iter([(name, values)])?))
}

fn listed(run: &Run<'_>, column: &str, schema: &str, names: &[String], is_temporary: bool) -> Result<Query> {
    let columns: [(&str, ArrayRef); 3] = [
        ("namespace", Arc::new(StringArray::from(vec![schema; names.len()]))),
        (column, Arc::new(StringArray::from(names.to_vec()))),
        ("isTemporary", Arc::new(BooleanArray::from(vec![is_temporary; names.len()]))),
    ];
    Ok(answer(run, RecordBatch::try_from_iter(columns)?))
}
