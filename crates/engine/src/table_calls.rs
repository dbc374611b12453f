//! Table functions that have to read before they can be planned: `table_changes('table', start [, end])`, Databricks' change
//! feed; `table_files('table')`, the files of a version with their statistics; `parquet_metadata('path')` and others, what
//! Parquet files say of themselves; `tpch('table', scale)`, made-up rows.
//!
//! Like calls of `read_files`, each is replaced by a name under which its table is then found: a feed is opened by reading
//! the log, for which a table function of DataFusion cannot wait.

use crate::delta::{self, FeedBound, FeedTable, FilesTable, table_store};
use crate::parquet_facts::{self, Facts};
use crate::target::Target;
use crate::tpch::{self, TpchTable};
use crate::{Error, ErrorKind, Position, Result, syntax, time_travel};
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, ObjectName, ObjectNamePart, Spanned, TableFactor,
    TableFunctionArgs, Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::DatabricksDialect;
use datafusion::sql::sqlparser::parser::Parser;
use std::ops::ControlFlow;
use std::sync::Arc;
use tarn_storage::Stores;
use url::Url;

/// The schema under which the tables of such calls are found.
pub(crate) const SCHEMA: &str = "table_changes";
/// The function for the files of a table.
const FILES: &str = "table_files";

const USAGE: &str =
    "Write table_changes('table', start) or table_changes('table', start, end), with versions or times";

/// A call.
#[derive(Debug, Clone)]
pub(crate) enum TableCall {
    /// What changed in a table.
    Changes { target: Target, start: FeedBound, end: Option<FeedBound> },
    /// The files of a table.
    Files { target: Target },
    /// What Parquet files say of themselves.
    Parquet { path: String, facts: Facts, position: Option<Position> },
    /// A table of TPC-H.
    Tpch(TpchTable),
}

impl TableCall {
    /// Opens what the call asks for.
    ///
    /// # Errors
    /// When there is no such table, no such version, or no feed.
    pub(crate) async fn open(&self, stores: &Arc<Stores>, base: &Url) -> Result<Arc<dyn TableProvider>> {
        match self {
            Self::Changes { target, start, end } => {
                let table = table_store(stores, &target.place(base)?.url)?;
                Ok(Arc::new(FeedTable::open(&table, *start, *end).await?))
            }
            Self::Files { target } => {
                Ok(Arc::new(FilesTable::new(delta::open(stores, &target.place(base)?).await?)))
            }
            Self::Parquet { path, facts, position } => {
                let table = parquet_facts::open(stores, base, path, *facts).await;
                table.map_err(|error| error.at(*position))
            }
            Self::Tpch(table) => Ok(Arc::new(*table)),
        }
    }
}

/// Replaces the calls in a statement; `add` keeps a call and returns the name for it.
pub(crate) fn replace(
    state: &SessionState,
    statement: &mut ast::Statement,
    add: impl FnMut(TableCall) -> String,
) -> Result<()> {
    let mut replacer = Replacer { state, add, error: None };
    let _ = VisitMut::visit(statement, &mut replacer);
    replacer.error.map_or(Ok(()), Err)
}

struct Replacer<'a, F> {
    state: &'a SessionState,
    add: F,
    error: Option<Error>,
}

impl<F: FnMut(TableCall) -> String> VisitorMut for Replacer<'_, F> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, args, .. } = factor else { return ControlFlow::Continue(()) };
        let function = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => ident.value.to_lowercase(),
            _ => return ControlFlow::Continue(()),
        };
        let Some(call) = args.as_ref() else { return ControlFlow::Continue(()) };
        let position = Position::of(name.span());
        let parsed = match function.as_str() {
            SCHEMA => feed_call(self.state, call),
            FILES => files_call(self.state, call),
            tpch::FUNCTION => tpch_call(call),
            name => match parquet_facts::FUNCTIONS.iter().find(|(function, _)| *function == name) {
                Some((_, facts)) => parquet_call(name, *facts, call),
                None => return ControlFlow::Continue(()),
            },
        };
        match parsed {
            Ok(call) => {
                let key = (self.add)(call);
                syntax::stand_in(factor, SCHEMA, &key, &function);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(error.at(position));
                ControlFlow::Break(())
            }
        }
    }
}

fn feed_call(state: &SessionState, call: &TableFunctionArgs) -> Result<TableCall> {
    let mut args = Vec::with_capacity(call.args.len());
    for arg in &call.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => args.push(expr),
            other => {
                let message = format!("table_changes does not take the argument {other}");
                return Err(Error::new(ErrorKind::Invalid, message).hint(USAGE));
            }
        }
    }
    let (table, start, end) = match args.as_slice() {
        [table, start] => (table, start, None),
        [table, start, end] => (table, start, Some(end)),
        _ => {
            let message = format!("table_changes takes 2 or 3 arguments, not {}", args.len());
            return Err(Error::new(ErrorKind::Invalid, message).hint(USAGE));
        }
    };
    let target = Target::of(state, &table_name(table)?)?;
    let end = end.map(|end| bound(state, end)).transpose()?;
    Ok(TableCall::Changes { target, start: bound(state, start)?, end })
}

fn files_call(state: &SessionState, call: &TableFunctionArgs) -> Result<TableCall> {
    match call.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(table))] => {
            Ok(TableCall::Files { target: Target::of(state, &table_name(table)?)? })
        }
        _ => Err(Error::new(ErrorKind::Invalid, "table_files takes one argument, a table")
            .hint("Write table_files('table')")),
    }
}

fn parquet_call(function: &str, facts: Facts, call: &TableFunctionArgs) -> Result<TableCall> {
    if let [FunctionArg::Unnamed(FunctionArgExpr::Expr(path))] = call.args.as_slice()
        && let Expr::Value(value) = path
        && let Value::SingleQuotedString(path) | Value::DoubleQuotedString(path) = &value.value
    {
        let position = Position::of(value.span);
        return Ok(TableCall::Parquet { path: path.clone(), facts, position });
    }
    Err(Error::new(ErrorKind::Invalid, format!("{function} takes one argument, the path of Parquet files"))
        .hint(format!("Write {function}('path')")))
}

fn tpch_call(call: &TableFunctionArgs) -> Result<TableCall> {
    if let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(table))),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(scale))),
    ] = call.args.as_slice()
        && let Value::SingleQuotedString(table) | Value::DoubleQuotedString(table) = &table.value
        && let Value::Number(scale, _) = &scale.value
        && let Ok(scale) = scale.parse()
    {
        return Ok(TableCall::Tpch(TpchTable::new(table, scale)?));
    }
    Err(Error::new(ErrorKind::Invalid, "tpch takes two arguments, a table's name and a scale")
        .hint("Write tpch('lineitem', 0.1)"))
}

/// The table, as a name or as a text that holds one.
fn table_name(expr: &Expr) -> Result<ObjectName> {
    let no_name = || {
        Error::new(ErrorKind::Invalid, format!("{expr} is not the name of a table"))
            .hint(USAGE)
            .at(Position::of(expr.span()))
    };
    let text = match expr {
        Expr::Identifier(ident) if ident.quote_style != Some('"') => {
            return Ok(ObjectName::from(vec![ident.clone()]));
        }
        Expr::CompoundIdentifier(idents) => return Ok(ObjectName::from(idents.clone())),
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            _ => return Err(no_name()),
        },
        _ => return Err(no_name()),
    };
    let parsed = Parser::new(&DatabricksDialect {}).try_with_sql(&text).and_then(|mut parser| {
        let name = parser.parse_object_name(false)?;
        parser.expect_token(&datafusion::sql::sqlparser::tokenizer::Token::EOF)?;
        Ok(name)
    });
    parsed.map_err(|_| no_name())
}

/// A version where it is a whole number, else a time.
fn bound(state: &SessionState, expr: &Expr) -> Result<FeedBound> {
    if let Expr::Value(value) = expr
        && let Value::Number(digits, _) = &value.value
    {
        let version = digits.parse().map_err(|_| {
            Error::new(ErrorKind::Invalid, format!("{digits} is not a version: versions are 0, 1, 2, …"))
                .hint(USAGE)
                .at(Position::of(expr.span()))
        })?;
        return Ok(FeedBound::Version(version));
    }
    let millis = time_travel::millis(state, expr).map_err(|error| error.at(Position::of(expr.span())))?;
    Ok(FeedBound::Time(millis))
}
