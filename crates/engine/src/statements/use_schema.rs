//! USE CATALOG and USE SCHEMA: what names without a catalog or schema belong to.

use super::done;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::{ObjectNamePart, Spanned};
use tarn_dialect::Use;

pub(super) fn run(run: &Run<'_>, statement: &Use) -> Result<Query> {
    let (catalog, schema) = match statement {
        Use::Catalog(catalog) => (Some(catalog.value.to_lowercase()), crate::lake::DEFAULT_SCHEMA.to_owned()),
        Use::Schema(name) => {
            let parts: Vec<String> = name
                .0
                .iter()
                .filter_map(ObjectNamePart::as_ident)
                .map(|ident| ident.value.to_lowercase())
                .collect();
            match parts.as_slice() {
                [schema] => (None, schema.clone()),
                [catalog, schema] => (Some(catalog.clone()), schema.clone()),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Invalid,
                        "A schema is named by catalog.schema or schema",
                    )
                    .at(Position::of(name.span())));
                }
            }
        }
    };
    run.session.change_state(|state| {
        let options = &mut state.config_mut().options_mut().catalog;
        if let Some(catalog) = catalog {
            options.default_catalog = catalog;
        }
        options.default_schema = schema;
    });
    Ok(done(run))
}
