//! CREATE VIEW and DROP VIEW.

use super::done;
use crate::query::Query;
use crate::session::Run;
use crate::target::Target;
use crate::{Error, ErrorKind, Position, Result, names};
use datafusion::sql::sqlparser::ast::{self, ObjectName, Spanned};

pub(super) async fn create(run: &Run<'_>, view: &ast::CreateView) -> Result<Query> {
    if view.materialized {
        return Err(Error::new(ErrorKind::Unsupported, "Materialized views are not there yet")
            .hint("Write CREATE VIEW"));
    }
    let position = Position::of(view.name.span());
    let state = run.session.state();
    let Target::Named { catalog, schema, name } = Target::of(&state, &view.name)? else {
        return Err(Error::new(ErrorKind::Invalid, "A view has a name, not a path").at(position));
    };
    let lake = &run.session.lake;
    let created = lake.views.create(&state, lake, (&catalog, &schema, &name), view).await;
    created.map_err(|error| error.at(position))?;
    Ok(done(run))
}

pub(super) fn drop_all(run: &Run<'_>, views: &[ObjectName], if_exists: bool) -> Result<Query> {
    let state = run.session.state();
    for view in views {
        let removed = match Target::of(&state, view)? {
            Target::Named { catalog, schema, name } => {
                run.session.lake.views.remove(&catalog, &schema, &name)
            }
            Target::Path { .. } => false,
        };
        if !removed && !if_exists {
            let message = format!("There is no view {}", names::quoted(&view.to_string()));
            return Err(Error::new(ErrorKind::NotFound, message).at(Position::of(view.span())));
        }
    }
    Ok(done(run))
}
