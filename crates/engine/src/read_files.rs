//! `read_files('path', format => 'csv', …)`, Databricks' table function, and files named by path.
//!
//! DataFusion's table functions cannot wait for anything, and reading a schema must: before planning, each call is
//! replaced by a name under which its table is then found.

use crate::files::FilesSpec;
use crate::{Error, ErrorKind, Position, Result, syntax};
use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, ObjectNamePart, Spanned, TableFactor,
    TableFunctionArgs, Value, VisitMut, VisitorMut,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The schema under which the tables of a statement's `read_files` calls are found.
pub(crate) const SCHEMA: &str = "read_files";

/// Replaces the calls in a statement; `add` keeps a call's table and returns the name for it.
pub(crate) fn replace(statement: &mut ast::Statement, add: impl FnMut(FilesSpec) -> String) -> Result<()> {
    let mut replacer = Replacer { add, error: None };
    let _ = VisitMut::visit(statement, &mut replacer);
    replacer.error.map_or(Ok(()), Err)
}

struct Replacer<F> {
    add: F,
    error: Option<Error>,
}

impl<F: FnMut(FilesSpec) -> String> VisitorMut for Replacer<F> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, args, .. } = factor else { return ControlFlow::Continue(()) };
        let is_read_files = matches!(name.0.as_slice(), [ObjectNamePart::Identifier(ident)]
            if ident.value.eq_ignore_ascii_case("read_files"));
        let (true, Some(call)) = (is_read_files, args.as_ref()) else { return ControlFlow::Continue(()) };
        let position = Position::of(name.span());
        match spec(call, position) {
            Ok(spec) => {
                let key = (self.add)(spec);
                syntax::stand_in(factor, SCHEMA, &key, "read_files");
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

fn spec(call: &TableFunctionArgs, position: Option<Position>) -> Result<FilesSpec> {
    let invalid = |message: String| Error::new(ErrorKind::Invalid, message).at(position);
    let mut path = None;
    let mut options = BTreeMap::new();
    for arg in &call.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if path.is_none() => {
                path = Some(text(expr, position)?)
            }
            FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(expr),
                operator: FunctionArgOperator::RightArrow,
            } => {
                let key = name.value.to_lowercase();
                if options.insert(key.clone(), text(expr, position)?).is_some() {
                    return Err(invalid(format!("The option {key} is given twice")));
                }
            }
            other => {
                return Err(invalid(format!("read_files does not take the argument {other}"))
                    .hint("Write read_files('path', option => value, …)"));
            }
        }
    }
    let path = path.ok_or_else(|| {
        invalid("read_files needs a path".to_owned()).hint("Write read_files('path', format => 'csv')")
    })?;
    Ok(FilesSpec { path, format: options.remove("format"), options, position })
}

fn text(expr: &Expr, position: Option<Position>) -> Result<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => return Ok(text.clone()),
            Value::Boolean(value) => return Ok(value.to_string()),
            Value::Number(number, _) => return Ok(number.clone()),
            _ => {}
        },
        // In this dialect "text" may be read as a name.
        Expr::Identifier(ident) if ident.quote_style == Some('"') => return Ok(ident.value.clone()),
        _ => {}
    }
    Err(Error::new(ErrorKind::Invalid, format!("read_files takes only literals, not {expr}")).at(position))
}
