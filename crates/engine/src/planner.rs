//! From a statement's syntax tree to DataFusion's plan: which statements there are, and what is wrong with the rest.

use crate::lake::Lake;
use crate::{
    Error, ErrorKind, Position, Result, case, literals, metadata_column, names, read_files, table_calls,
    time_travel,
};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, ObjectName, Spanned};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Plans a statement.
///
/// # Errors
/// What is wrong with it, at its place in the script.
pub(crate) async fn plan(
    state: &SessionState,
    lake: &Lake,
    mut statement: ast::Statement,
) -> Result<LogicalPlan> {
    check_supported(&statement)?;
    read_files::replace(&mut statement, |spec| lake.add_call(spec))?;
    table_calls::replace(state, &mut statement, |call| lake.add_feed(call))?;
    time_travel::resolve(state, &mut statement)?;
    metadata_column::resolve(state, lake, &mut statement).await?;
    literals::keep_digits(&mut statement);
    check_tables(state, lake, &statement).await?;
    for _ in 0..case::MAX_ROUNDS {
        let planned = state.statement_to_plan(DfStatement::Statement(Box::new(statement.clone()))).await;
        match planned {
            Ok(plan) => return Ok(plan),
            Err(error) => {
                if !case::mend(&mut statement, &error) {
                    let error = Error::from(error);
                    return Err(unknown_function(state, &statement, &error).unwrap_or(error));
                }
            }
        }
    }
    Err(Error::new(
        ErrorKind::Invalid,
        "The statement spells too many names in another case than their columns",
    ))
}

/// Opens the tables that the statement names, so that a missing one is an error with its place.
async fn check_tables(state: &SessionState, lake: &Lake, statement: &ast::Statement) -> Result<()> {
    let wrapped = DfStatement::Statement(Box::new(statement.clone()));
    for reference in state.resolve_table_references(&wrapped)? {
        let position = position_of(statement, &reference);
        let found = find(state, &reference).await.map_err(|error| error.at(position))?;
        if !found {
            return Err(no_table(state, lake, &reference).at(position));
        }
    }
    Ok(())
}

async fn find(state: &SessionState, reference: &TableReference) -> Result<bool> {
    let schema = reference.schema().unwrap_or(&state.config_options().catalog.default_schema);
    // DataFusion makes the information schema up when it plans, and finds table functions by their name.
    let is_function = reference.schema().is_none() && state.table_functions().contains_key(reference.table());
    if schema == "information_schema" || is_function {
        return Ok(true);
    }
    Ok(open(state, reference).await?.is_some())
}

/// The table of a name, where there is one.
pub(crate) async fn open(
    state: &SessionState,
    reference: &TableReference,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let defaults = &state.config_options().catalog;
    let catalog = reference.catalog().unwrap_or(&defaults.default_catalog);
    let schema = reference.schema().unwrap_or(&defaults.default_schema);
    let Some(schema) = state.catalog_list().catalog(catalog).and_then(|catalog| catalog.schema(schema))
    else {
        return Ok(None);
    };
    Ok(schema.table(reference.table()).await?)
}

fn no_table(state: &SessionState, lake: &Lake, reference: &TableReference) -> Error {
    let defaults = &state.config_options().catalog;
    let known: BTreeSet<String> =
        lake.views.names(&defaults.default_catalog, &defaults.default_schema).into_iter().collect();
    let error = Error::new(
        ErrorKind::NotFound,
        format!("There is no table or view {}", names::quoted(&reference.to_string())),
    );
    match names::nearest(reference.table(), known.iter().map(String::as_str)) {
        Some(near) => error.meant(near),
        None => error.hint(
            "SHOW TABLES lists the tables; a file is a table by its path: SELECT * FROM parquet.`path`, csv.`path`, \
             json.`path` or delta.`path`",
        ),
    }
}

/// The statements that work; the others say so in one line.
fn check_supported(statement: &ast::Statement) -> Result<()> {
    match statement {
        ast::Statement::Query(_)
        | ast::Statement::Explain { .. }
        | ast::Statement::ExplainTable { .. }
        | ast::Statement::ShowTables { .. }
        | ast::Statement::ShowColumns { .. }
        | ast::Statement::ShowFunctions { .. }
        | ast::Statement::ShowVariable { .. } => Ok(()),
        _ => Err(Error::new(ErrorKind::Unsupported, "This statement is not there yet")
            .hint("docs/sql.md lists the statements")),
    }
}

/// The error that names an unknown function, where that is what planning failed at.
fn unknown_function(state: &SessionState, statement: &ast::Statement, error: &Error) -> Option<Error> {
    let position = error.position?;
    let mut unknown = None;
    let _ = ast::visit_expressions(statement, |expr| {
        if let ast::Expr::Function(function) = expr
            && Position::of(function.name.span()) == Some(position)
        {
            unknown = Some(function.name.to_string());
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    let unknown = unknown?;
    let aggregates = state.aggregate_functions().keys();
    let names: Vec<&str> = aggregates
        .chain(state.window_functions().keys())
        .chain(state.scalar_functions().keys())
        .map(String::as_str)
        .collect();
    if names.contains(&unknown.to_lowercase().as_str()) {
        return None;
    }
    let built = Error {
        source: error.source.clone(),
        ..Error::new(ErrorKind::NotFound, format!("There is no function {unknown}"))
    }
    .at(Some(position));
    Some(match names::nearest(&unknown, names) {
        Some(near) => built.meant(near),
        None => built.hint("SHOW FUNCTIONS lists those that there are"),
    })
}

/// Where a statement names a table.
fn position_of(statement: &ast::Statement, reference: &TableReference) -> Option<Position> {
    let mut found = None;
    let _ = ast::visit_relations(statement, |name: &ObjectName| {
        let is_it =
            name.0.last().and_then(|part| part.as_ident()).is_some_and(|i| i.value == reference.table());
        if is_it && found.is_none() {
            found = Position::of(name.span());
        }
        std::ops::ControlFlow::<()>::Continue(())
    });
    found
}
