//! What names mean in a session: files and tables by path, tables of the lake by name, views.
//!
//! DataFusion asks catalogs for schemas and schemas for tables; the ones here make them up as they are asked for, since
//! a lake's names are folders. A table that a statement has opened stays the same to its end.

use crate::delta::{self, DeltaTable, Place};
use crate::engine::Engine;
use crate::files::{self, FilesSpec};
use crate::query::QueryControl;
use crate::table_calls::{self, TableCall};
use crate::views::Views;
use crate::{Error, ErrorKind, Result, read_files};
use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Weak};
use tarn_storage::Stores;
use url::Url;

/// Databricks' default names.
pub(crate) const DEFAULT_CATALOG: &str = "main";
pub(crate) const DEFAULT_SCHEMA: &str = "default";
/// The schema of tables that a statement hands to its own plan.
pub(crate) const GIVEN_SCHEMA: &str = "__tarn";
/// The schema of Delta tables by path.
pub(crate) const DELTA_SCHEMA: &str = "delta";
/// Schemas of files by path.
const FILE_SCHEMAS: &[&str] = &["parquet", "csv", "json"];

/// Whether names of this schema are paths or made up, not names of the lake.
pub(crate) fn is_special_schema(name: &str) -> bool {
    let lower = name.to_lowercase();
    FILE_SCHEMAS.contains(&lower.as_str())
        || [read_files::SCHEMA, table_calls::SCHEMA, GIVEN_SCHEMA, DELTA_SCHEMA].contains(&lower.as_str())
}

/// Schema and name of a table that was opened.
type Key = (String, String, String);

/// What a session knows by name.
#[derive(Default)]
pub(crate) struct Lake {
    engine: Weak<Engine>,
    state: Mutex<Weak<RwLock<SessionState>>>,
    pub(crate) views: Views,
    tables: Mutex<HashMap<Key, Arc<dyn TableProvider>>>,
    /// Rows that the session was handed, to its end: tables of the schema `__tarn`.
    rows: Mutex<HashMap<String, Arc<dyn TableProvider>>>,
    calls: Mutex<Vec<FilesSpec>>,
    feeds: Mutex<Vec<TableCall>>,
    control: Mutex<Option<Arc<QueryControl>>>,
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lake")
    }
}

impl Lake {
    pub(crate) fn new(engine: &Arc<Engine>, views: Views) -> Arc<Self> {
        Arc::new(Self { engine: Arc::downgrade(engine), views, ..Self::default() })
    }

    /// The session's state, which holds this lake's catalogs.
    pub(crate) fn set_state(&self, state: &Arc<RwLock<SessionState>>) {
        *self.state.lock() = Arc::downgrade(state);
    }

    /// Begins a statement.
    pub(crate) fn begin(&self, control: &Arc<QueryControl>) {
        *self.control.lock() = Some(Arc::clone(control));
    }

    /// Forgets what the statement has opened.
    pub(crate) fn end(&self) {
        self.tables.lock().clear();
        self.calls.lock().clear();
        self.feeds.lock().clear();
        *self.control.lock() = None;
    }

    /// Keeps a call of `read_files`; the name under which its table is found.
    pub(crate) fn add_call(&self, spec: FilesSpec) -> String {
        let mut calls = self.calls.lock();
        calls.push(spec);
        (calls.len() - 1).to_string()
    }

    /// Keeps a call of `table_changes`; the name under which its table is found.
    pub(crate) fn add_feed(&self, call: TableCall) -> String {
        let mut feeds = self.feeds.lock();
        feeds.push(call);
        (feeds.len() - 1).to_string()
    }

    /// Hands a table to the plan of the statement at hand, as `__tarn.name`.
    pub(crate) fn give(&self, name: &str, table: Arc<dyn TableProvider>) {
        let key = (DEFAULT_CATALOG.to_owned(), GIVEN_SCHEMA.to_owned(), name.to_owned());
        self.tables.lock().insert(key, table);
    }

    /// Hands rows to the session, as the table `__tarn.name`.
    pub(crate) fn add_rows(&self, name: &str, rows: Arc<dyn TableProvider>) {
        self.rows.lock().insert(name.to_owned(), rows);
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>> {
        self.engine.upgrade().ok_or_else(|| Error::new(ErrorKind::Internal, "The engine was closed"))
    }

    fn stores(&self) -> Result<(Arc<Stores>, Url)> {
        let engine = self.engine()?;
        Ok((Arc::clone(engine.stores()), engine.base().clone()))
    }

    fn state(&self) -> Result<SessionState> {
        let state = self.state.lock().upgrade();
        let state = state.ok_or_else(|| Error::new(ErrorKind::Internal, "The session was closed"))?;
        let state = state.read().clone();
        Ok(state)
    }

    async fn open_files(&self, schema: &str, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let spec = if schema == read_files::SCHEMA {
            let index = name.parse::<usize>().ok();
            index.and_then(|index| self.calls.lock().get(index).cloned())
        } else {
            Some(FilesSpec {
                path: name.to_owned(),
                format: Some(schema.to_owned()),
                options: BTreeMap::new(),
                position: None,
            })
        };
        let Some(spec) = spec else { return Ok(None) };
        let (stores, base) = self.stores()?;
        let (table, text) = files::open(&self.state()?, &stores, &base, &spec).await?;
        if let (Some(text), Some(control)) = (text, self.control.lock().as_ref()) {
            control.add_text_files(text);
        }
        Ok(Some(table))
    }

    async fn open_delta(&self, place: &Place) -> Result<Arc<dyn TableProvider>> {
        let (stores, _) = self.stores()?;
        Ok(Arc::new(DeltaTable::new(delta::open(&stores, place).await?)))
    }

    /// What a name in a statement means; `None` where there is nothing of that name.
    async fn open(&self, catalog: &str, schema: &str, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let special = schema.to_lowercase();
        if FILE_SCHEMAS.contains(&special.as_str()) || special == read_files::SCHEMA {
            return self.open_files(&special, name).await;
        }
        let (stores, base) = self.stores()?;
        if special == table_calls::SCHEMA {
            let index = name.parse::<usize>().ok();
            let call = index.and_then(|index| self.feeds.lock().get(index).cloned());
            return match call {
                Some(call) => call.open(&stores, &base).await.map(Some),
                None => Ok(None),
            };
        }
        if special == DELTA_SCHEMA {
            return self.open_delta(&Place::of_path(&base, name)?).await.map(Some);
        }
        if let Some(view) = self.views.get(catalog, schema, name) {
            let planned = self.views.plan(&self.state()?, self, &view).await;
            // Places in the view's text are none in the script that uses it.
            return planned.map(Some).map_err(|error| Error { position: None, ..error });
        }
        let Ok(place) = Place::of_name(&base, catalog, schema, name) else { return Ok(None) };
        match self.open_delta(&place).await {
            Ok(table) => Ok(Some(table)),
            Err(error) if delta::is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn table(&self, catalog: &str, schema: &str, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let key = (catalog.to_owned(), schema.to_owned(), name.to_owned());
        if let Some(table) = self.tables.lock().get(&key) {
            return Ok(Some(Arc::clone(table)));
        }
        // What a statement hands to its plan has no catalog of its own.
        if schema == GIVEN_SCHEMA {
            let key = (DEFAULT_CATALOG.to_owned(), key.1, key.2);
            let given = self.tables.lock().get(&key).cloned();
            return Ok(given.or_else(|| self.rows.lock().get(name).cloned()));
        }
        let Some(table) = self.open(catalog, schema, name).await? else { return Ok(None) };
        self.tables.lock().insert(key, Arc::clone(&table));
        Ok(Some(table))
    }
}

/// The catalogs of a session: there is one of every name.
#[derive(Debug)]
pub(crate) struct LakeCatalogs(pub(crate) Arc<Lake>);

impl CatalogProviderList for LakeCatalogs {
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![DEFAULT_CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        Some(Arc::new(LakeCatalog { lake: Arc::clone(&self.0), name: name.to_owned() }))
    }
}

/// A catalog: there is a schema of every name.
#[derive(Debug)]
struct LakeCatalog {
    lake: Arc<Lake>,
    name: String,
}

impl CatalogProvider for LakeCatalog {
    fn schema_names(&self) -> Vec<String> {
        vec![DEFAULT_SCHEMA.to_owned()]
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let (lake, catalog) = (Arc::clone(&self.lake), self.name.clone());
        Some(Arc::new(LakeSchema { lake, catalog, name: name.to_owned() }))
    }
}

/// A schema of the lake, or one whose names are paths.
#[derive(Debug)]
struct LakeSchema {
    lake: Arc<Lake>,
    catalog: String,
    name: String,
}

#[async_trait]
impl SchemaProvider for LakeSchema {
    fn table_names(&self) -> Vec<String> {
        self.lake.views.names(&self.catalog, &self.name)
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(self.lake.table(&self.catalog, &self.name, name).await?)
    }

    fn table_exist(&self, name: &str) -> bool {
        is_special_schema(&self.name) || self.lake.views.get(&self.catalog, &self.name, name).is_some()
    }
}
