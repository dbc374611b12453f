//! What the name of a table in a statement says: a name of the lake, or a path.

use crate::delta::Place;
use crate::lake::{DELTA_SCHEMA, is_special_schema};
use crate::{Error, ErrorKind, Position, Result};
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart, Spanned};
use url::Url;

/// A name in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A table or view, with the session's catalog and schema where the statement leaves them out.
    Named {
        /// The catalog.
        catalog: String,
        /// The schema.
        schema: String,
        /// The table.
        name: String,
    },
    /// `` delta.`path` `` or another format's.
    Path {
        /// `delta`, `parquet`, …
        format: String,
        /// As it was written.
        path: String,
    },
}

impl Target {
    /// What a name says.
    ///
    /// # Errors
    /// When it has more than three parts.
    pub(crate) fn of(state: &SessionState, name: &ObjectName) -> Result<Self> {
        let parts: Vec<&str> =
            name.0.iter().filter_map(ObjectNamePart::as_ident).map(|ident| ident.value.as_str()).collect();
        let defaults = &state.config_options().catalog;
        let named = |catalog: &str, schema: &str, name: &str| Self::Named {
            catalog: catalog.to_owned(),
            schema: schema.to_owned(),
            name: name.to_owned(),
        };
        match parts.as_slice() {
            [format, path] if is_special_schema(format) => {
                Ok(Self::Path { format: format.to_lowercase(), path: (*path).to_owned() })
            }
            [name] => Ok(named(&defaults.default_catalog, &defaults.default_schema, name)),
            [schema, name] => Ok(named(&defaults.default_catalog, schema, name)),
            [catalog, schema, name] => Ok(named(catalog, schema, name)),
            _ => Err(Error::new(ErrorKind::Invalid, format!("{name} is not the name of a table"))
                .hint("Names are catalog.schema.table, schema.table or table")
                .at(Position::of(name.span()))),
        }
    }

    /// Where the Delta table of this name is, or would be.
    ///
    /// # Errors
    /// When it is the path of another format, or no valid name.
    pub(crate) fn place(&self, base: &Url) -> Result<Place> {
        match self {
            Self::Named { catalog, schema, name } => Place::of_name(base, catalog, schema, name),
            Self::Path { format, path } if format == DELTA_SCHEMA => Place::of_path(base, path),
            Self::Path { format, path } => {
                Err(Error::new(ErrorKind::Invalid, format!("{format}.`{path}` is not a Delta table"))
                    .hint(format!("Write delta.`{path}`, or CONVERT TO DELTA {format}.`{path}` first")))
            }
        }
    }
}
