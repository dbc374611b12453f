//! Where a schema is, and what it says of itself.
//!
//! A schema is a folder of the lake. Object stores have no empty folders, so CREATE SCHEMA writes a small file into it,
//! `_schema.json`: with it the schema is listed in every home, and has a place for its comment and properties. A folder
//! with tables and without that file is a schema too.

use crate::delta::{self, Place};
use crate::lake::DEFAULT_SCHEMA;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart, Spanned};
use futures::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tarn_delta::TableStore;

const FILE: &str = "_schema.json";

/// A schema, whether or not there is one.
pub(super) struct SchemaPlace {
    pub(super) catalog: String,
    pub(super) schema: String,
    pub(super) position: Option<Position>,
    /// Its folder.
    pub(super) folder: TableStore,
}

/// What a schema says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SchemaInfo {
    pub(super) comment: Option<String>,
    pub(super) properties: BTreeMap<String, String>,
}

impl SchemaInfo {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let object = value.as_object()?;
        let comment = object.get("comment").and_then(Value::as_str).map(str::to_owned);
        let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
        let properties =
            properties.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        Some(Self { comment, properties })
    }
}

impl SchemaPlace {
    /// Where a schema of that name is.
    ///
    /// # Errors
    /// When it is no name of a schema.
    pub(super) fn of(run: &Run<'_>, name: &ObjectName) -> Result<Self> {
        let position = Position::of(name.span());
        let defaults = run.session.state().config_options().catalog.clone();
        let idents = name.0.iter().filter_map(ObjectNamePart::as_ident);
        let parts: Vec<String> = idents.map(|ident| ident.value.to_lowercase()).collect();
        let (catalog, schema) = match parts.as_slice() {
            [schema] => (defaults.default_catalog.to_lowercase(), schema.clone()),
            [catalog, schema] => (catalog.clone(), schema.clone()),
            _ => {
                let message = "A schema is named by catalog.schema or schema";
                return Err(Error::new(ErrorKind::Invalid, message).at(position));
            }
        };
        // Some name for a table in it: its folder's parent is the schema's.
        let table = Place::of_name(run.session.engine.base(), &catalog, &schema, "t");
        let table = table.map_err(|error| error.at(position))?;
        let url = table.url.join("..").map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let folder = delta::table_store(run.session.engine.stores(), &url)?;
        Ok(Self { catalog, schema, position, folder })
    }

    /// What the schema says of itself; none where there is no such schema.
    pub(super) async fn find(&self) -> Result<Option<SchemaInfo>> {
        let path = self.file();
        match self.folder.store.get(&path).await {
            Ok(found) => {
                let bytes = found.bytes().await?;
                let info = SchemaInfo::parse(&bytes).ok_or_else(|| {
                    Error::new(ErrorKind::BadData, format!("{path} does not say what the schema is"))
                        .hint("Remove the file, or write {} into it")
                })?;
                Ok(Some(info))
            }
            Err(object_store::Error::NotFound { .. }) => {
                let is_there = self.schema == DEFAULT_SCHEMA || !is_empty(&self.folder).await?;
                Ok(is_there.then(SchemaInfo::default))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the schema says of itself.
    ///
    /// # Errors
    /// When there is no such schema.
    pub(super) async fn open(&self) -> Result<SchemaInfo> {
        self.find().await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("There is no schema {}.{}", self.catalog, self.schema))
                .hint("SHOW SCHEMAS lists the schemas, CREATE SCHEMA makes one")
                .at(self.position)
        })
    }

    /// Writes what the schema says of itself.
    pub(super) async fn write(&self, info: &SchemaInfo) -> Result<()> {
        let text = json!({ "comment": info.comment, "properties": info.properties }).to_string();
        self.folder.store.put(&self.file(), text.into()).await?;
        Ok(())
    }

    /// The file of a schema that says what it is.
    pub(super) fn file(&self) -> Path {
        self.folder.root.clone().join(FILE)
    }
}

/// Whether nothing is in a folder. Some stores keep folders that had something in them.
pub(super) async fn is_empty(folder: &TableStore) -> Result<bool> {
    match folder.store.list(Some(&folder.root)).next().await.transpose() {
        Ok(found) => Ok(found.is_none()),
        Err(object_store::Error::NotFound { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
