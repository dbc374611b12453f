//! Small pieces of syntax trees, for statements that are planned as queries. What a person wrote keeps its place.

use crate::literals::keep_digits;
use crate::{Error, ErrorKind, Result};
use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, Expr, ExprWithAlias, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem,
    SetExpr, Spanned, Statement, TableAlias, TableFactor, TableWithJoins, Value, WildcardAdditionalOptions,
};
use datafusion::sql::sqlparser::dialect::DatabricksDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Parses a query of ours.
pub(crate) fn parse_query(text: &str) -> Result<Box<Query>> {
    let mut parsed = Parser::parse_sql(&DatabricksDialect {}, text)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("{text} does not parse: {error}")))?;
    match (parsed.pop(), parsed.is_empty()) {
        (Some(Statement::Query(query)), true) => Ok(query),
        _ => Err(Error::new(ErrorKind::Internal, format!("{text} is no query"))),
    }
}

/// Parses an expression that a table keeps, such as a default.
///
/// # Errors
/// When it does not parse; `what` says whose it is.
pub(crate) fn parse_expr(text: &str, what: &str) -> Result<Expr> {
    let parsed =
        Parser::new(&DatabricksDialect {}).try_with_sql(text).and_then(|mut parser| parser.parse_expr());
    let mut expr = parsed.map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("{what} ({text}) does not parse: {error}"))
    })?;
    keep_digits(&mut expr);
    Ok(expr)
}

/// What an expression that a table keeps means over some columns.
///
/// # Errors
/// When it does not parse, and when it means nothing.
pub(crate) fn kept_expr(
    state: &SessionState,
    text: &str,
    what: &str,
    columns: &DFSchema,
) -> Result<datafusion::logical_expr::Expr> {
    let with_alias = ExprWithAlias { expr: parse_expr(text, what)?, alias: None };
    Ok(state.create_logical_expr_from_sql_expr(with_alias, columns)?)
}

/// A query over tables, with a filter.
pub(crate) fn select(
    projection: Vec<SelectItem>,
    from: Vec<TableWithJoins>,
    filter: Option<Expr>,
) -> Result<Box<Query>> {
    let mut query = parse_query("SELECT 1")?;
    match query.body.as_mut() {
        SetExpr::Select(select) => {
            let select: &mut Select = select;
            select.projection = projection;
            select.from = from;
            select.selection = filter;
            Ok(query)
        }
        _ => Err(Error::new(ErrorKind::Internal, "a SELECT is no query")),
    }
}

/// `SELECT * FROM …`
pub(crate) fn select_all(from: Vec<TableWithJoins>) -> Result<Box<Query>> {
    select(vec![all()], from, None)
}

/// `*`
pub(crate) fn all() -> SelectItem {
    SelectItem::Wildcard(WildcardAdditionalOptions::default())
}

/// The tables of `FROM text`.
pub(crate) fn from(text: &str) -> Result<Vec<TableWithJoins>> {
    let query = parse_query(&format!("SELECT 1 FROM {text}"))?;
    match *query.body {
        SetExpr::Select(select) => Ok(select.from),
        _ => Err(Error::new(ErrorKind::Internal, "a SELECT is no query")),
    }
}

/// A name in backticks.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

pub(crate) fn ident(name: &str) -> Ident {
    Ident::with_quote('`', name)
}

/// `table.column`
pub(crate) fn column(table: &Ident, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![Ident::with_quote('`', table.value.clone()), ident(name)])
}

pub(crate) fn named(expr: Expr, name: &str) -> SelectItem {
    SelectItem::ExprWithAlias { expr, alias: ident(name) }
}

pub(crate) fn number(value: i64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).into())
}

pub(crate) fn null() -> Expr {
    Expr::Value(Value::Null.into())
}

/// `CASE WHEN … THEN … ELSE … END`
pub(crate) fn case(conditions: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let conditions = conditions.into_iter().map(|(condition, result)| CaseWhen { condition, result });
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: conditions.collect(),
        else_result: otherwise.map(Box::new),
    }
}

/// All of them; `None` of none.
pub(crate) fn all_of(conditions: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    let nested = |expr| Box::new(Expr::Nested(Box::new(expr)));
    conditions.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: nested(left),
        op: BinaryOperator::And,
        right: nested(right),
    })
}

pub(crate) fn is_not_null(expr: Expr) -> Expr {
    Expr::IsNotNull(Box::new(expr))
}

pub(crate) fn is_null(expr: Expr) -> Expr {
    Expr::IsNull(Box::new(expr))
}

/// `expr.name`, of a struct.
pub(crate) fn field(expr: Expr, name: &str) -> Expr {
    function("get_field", vec![expr, text(name)])
}

/// `named_struct('name', value, …)`
pub(crate) fn named_struct(fields: Vec<(String, Expr)>) -> Expr {
    function("named_struct", fields.into_iter().flat_map(|(name, value)| [text(&name), value]).collect())
}

pub(crate) fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

fn function(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

/// `left <=> right`: nulls are the same as nulls.
pub(crate) fn same(left: Expr, right: Expr) -> Expr {
    Expr::IsNotDistinctFrom(Box::new(left), Box::new(right))
}

/// `(query) AS alias` in FROM.
pub(crate) fn from_query(query: Box<Query>, alias: &Ident) -> Result<Vec<TableWithJoins>> {
    let mut tables = from(&format!("(SELECT 1) AS {}", quoted(&alias.value)))?;
    if let Some(TableWithJoins { relation: TableFactor::Derived { subquery, .. }, .. }) = tables.first_mut() {
        *subquery = query;
    }
    Ok(tables)
}

/// Puts the name of a table in the place of a call. The columns of one without an alias are still `function.column`.
pub(crate) fn stand_in(factor: &mut TableFactor, schema: &str, table: &str, function: &str) {
    let TableFactor::Table { name, args, alias, .. } = factor else { return };
    let span = name.span();
    let part = |value: &str| {
        ObjectNamePart::Identifier(Ident { value: value.to_owned(), quote_style: Some('`'), span })
    };
    *name = ObjectName(vec![part(schema), part(table)]);
    *args = None;
    alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: Ident::new(function),
        columns: vec![],
        at: None,
    });
}
