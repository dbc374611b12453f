//! Versions of tables in a query: each becomes part of its table's name, by which the lake then opens it.

use crate::delta::PlaceVersion;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::sql::sqlparser::ast::{
    self, Expr, Ident, ObjectName, ObjectNamePart, TableAlias, TableFactor, Visit, VisitMut, Visitor,
    VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use tarn_dialect::{AsOf, take_versions};

/// Moves the versions of a statement's tables into their names.
///
/// # Errors
/// When a time is none, at its place.
pub(crate) fn resolve(state: &SessionState, statement: &mut ast::Statement) -> Result<()> {
    keep_names(statement);
    take_versions(statement, |name, as_of| add_suffix(name, &version(state, &as_of)?.suffix()))
}

/// The version that a statement asks for.
///
/// # Errors
/// When a time is none, at its place.
pub(crate) fn version(state: &SessionState, as_of: &AsOf) -> Result<PlaceVersion> {
    match as_of {
        AsOf::Version { version, .. } => Ok(PlaceVersion::Number(*version)),
        AsOf::Timestamp { time, span } => {
            let millis = millis(state, time).map_err(|error| error.at(Position::of(*span)))?;
            Ok(PlaceVersion::Time(millis))
        }
    }
}

/// Lets `t.column` mean a column of `t VERSION AS OF 1`, whose name is about to change; not where another table of the
/// statement is called `t`, as each needs a name of its own.
fn keep_names(statement: &mut ast::Statement) {
    struct Names(BTreeMap<String, usize>);
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let Some(name) = called(factor) {
                *self.0.entry(name.value.to_lowercase()).or_default() += 1;
            }
            ControlFlow::Continue(())
        }
    }
    impl VisitorMut for Names {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
            let name = called(factor).filter(|name| self.0.get(&name.value.to_lowercase()) == Some(&1));
            if let (TableFactor::Table { alias, version: Some(_), .. }, Some(name)) = (factor, name) {
                alias.get_or_insert(TableAlias { explicit: true, name, columns: vec![], at: None });
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(BTreeMap::new());
    let _ = Visit::visit(statement, &mut names);
    let _ = VisitMut::visit(statement, &mut names);
}

/// What a statement calls a table of FROM.
fn called(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { name, alias: None, .. } => name.0.last()?.as_ident().cloned(),
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(alias.name.clone())
        }
        _ => None,
    }
}

fn add_suffix(name: &mut ObjectName, suffix: &str) -> Result<()> {
    match name.0.last_mut() {
        Some(ObjectNamePart::Identifier(ident)) => {
            ident.value.push_str(suffix);
            ident.quote_style = Some('`');
            Ok(())
        }
        _ => Err(Error::new(ErrorKind::Invalid, format!("{name} is not the name of a table"))),
    }
}

/// The value of a time without columns, in milliseconds since 1970.
pub(crate) fn millis(state: &SessionState, time: &Expr) -> Result<i64> {
    let schema = DFSchema::empty();
    let with_alias = datafusion::sql::sqlparser::ast::ExprWithAlias { expr: time.clone(), alias: None };
    let expr = state.create_logical_expr_from_sql_expr(with_alias, &schema)?;
    // now() is nothing but what simplifying makes of it.
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::clone(state.config_options()))
        .with_current_time()
        .build();
    let simplifier = ExprSimplifier::new(context);
    let expr = simplifier.simplify(simplifier.coerce(expr, &schema)?)?;
    let physical = state.create_physical_expr(expr, &schema)?;
    let row = datafusion::arrow::array::RecordBatch::try_new_with_options(
        Arc::new(datafusion::arrow::datatypes::Schema::empty()),
        vec![],
        &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    let value = ScalarValue::try_from_array(&physical.evaluate(&row)?.into_array(1)?, 0)?;
    let target = DataType::Timestamp(TimeUnit::Millisecond, None);
    let no_time = || {
        Error::new(ErrorKind::Invalid, format!("{time} is not a time"))
            .hint("Write TIMESTAMP AS OF '2024-01-31 12:00:00', or an expression of type TIMESTAMP")
    };
    match value.cast_to(&target).map_err(|_| no_time())? {
        ScalarValue::TimestampMillisecond(Some(millis), _) => Ok(millis),
        _ => Err(no_time()),
    }
}
