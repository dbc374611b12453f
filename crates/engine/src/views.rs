//! Views of a session. A view is its query: each statement that uses it plans it anew, over the tables as they are then.

use crate::lake::Lake;
use crate::{Error, ErrorKind, Position, Result, planner};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::ViewTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, col};
use datafusion::sql::sqlparser::ast::{self, Ident};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Catalog, schema and name, in lower case.
type ViewName = (String, String, String);

/// The views of a session, and of those that share them.
#[derive(Default)]
pub(crate) struct Views {
    views: Arc<Mutex<BTreeMap<ViewName, Arc<View>>>>,
    /// Those that the session's statement plans: a view that is among them uses itself.
    planning: Mutex<Vec<ViewName>>,
}

/// A view.
#[derive(Debug)]
pub(crate) struct View {
    name: ViewName,
    /// As it was written.
    shown_name: String,
    query: Box<ast::Query>,
    columns: Vec<Ident>,
}

fn key(catalog: &str, schema: &str, name: &str) -> ViewName {
    (catalog.to_lowercase(), schema.to_lowercase(), name.to_lowercase())
}

impl Views {
    /// The same views, for another session.
    pub(crate) fn shared(&self) -> Self {
        Self { views: Arc::clone(&self.views), planning: Mutex::default() }
    }

    /// The view of that name.
    pub(crate) fn get(&self, catalog: &str, schema: &str, name: &str) -> Option<Arc<View>> {
        self.views.lock().get(&key(catalog, schema, name)).cloned()
    }

    /// The names of a schema's views.
    pub(crate) fn names(&self, catalog: &str, schema: &str) -> Vec<String> {
        let (catalog, schema, _) = key(catalog, schema, "");
        let views = self.views.lock();
        let of_schema = views.iter().filter(|((c, s, _), _)| *c == catalog && *s == schema);
        of_schema.map(|(_, view)| view.shown_name.clone()).collect()
    }

    /// Keeps a view, once its query has been planned.
    pub(crate) async fn create(
        &self,
        state: &SessionState,
        lake: &Lake,
        (catalog, schema, name): (&str, &str, &str),
        view: &ast::CreateView,
    ) -> Result<()> {
        let key = key(catalog, schema, name);
        if self.views.lock().contains_key(&key) {
            if view.if_not_exists {
                return Ok(());
            }
            if !view.or_replace {
                let message = format!("There is a view {name} already");
                return Err(Error::new(ErrorKind::Invalid, message).hint("Write CREATE OR REPLACE VIEW"));
            }
        }
        let columns = view.columns.iter().map(|column| column.name.clone()).collect();
        let view =
            View { name: key.clone(), shown_name: name.to_owned(), query: view.query.clone(), columns };
        let view = Arc::new(view);
        self.plan(state, lake, &view).await?;
        self.views.lock().insert(key, view);
        Ok(())
    }

    /// Forgets a view; whether there was one.
    pub(crate) fn remove(&self, catalog: &str, schema: &str, name: &str) -> bool {
        self.views.lock().remove(&key(catalog, schema, name)).is_some()
    }

    /// The view as a table of the statement at hand.
    pub(crate) async fn plan(
        &self,
        state: &SessionState,
        lake: &Lake,
        view: &View,
    ) -> Result<Arc<dyn TableProvider>> {
        if self.planning.lock().contains(&view.name) {
            return Err(Error::new(ErrorKind::Invalid, format!("The view {} uses itself", view.shown_name))
                .hint("Name another table or view in its query"));
        }
        self.planning.lock().push(view.name.clone());
        let planned = planner::plan(state, lake, ast::Statement::Query(view.query.clone())).await;
        self.planning.lock().retain(|name| *name != view.name);
        let plan = named(planned?, view)?;
        Ok(Arc::new(ViewTable::new(plan, Some(view.query.to_string()))))
    }
}

/// The plan with the names that the view gives its columns.
fn named(plan: LogicalPlan, view: &View) -> Result<LogicalPlan> {
    if view.columns.is_empty() {
        return Ok(plan);
    }
    if view.columns.len() != plan.schema().fields().len() {
        let (names, columns) = (view.columns.len(), plan.schema().fields().len());
        let position = view.columns.first().and_then(|ident| Position::of(ident.span));
        let message = format!("The view names {names} columns, and its query has {columns}");
        return Err(Error::new(ErrorKind::Invalid, message).hint("Name each column, or none").at(position));
    }
    let columns = plan.schema().columns();
    let renamed: Vec<Expr> = columns
        .into_iter()
        .zip(&view.columns)
        .map(|(column, name): (Column, &Ident)| col(column).alias(name.value.clone()))
        .collect();
    Ok(LogicalPlanBuilder::from(plan).project(renamed)?.build()?)
}
