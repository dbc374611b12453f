//! `_metadata`, the column that each Delta table has in Databricks and that `*` leaves out: which file a row is in, and
//! which row it is.
//!
//! DataFusion has no hidden columns. Where a SELECT speaks of `_metadata`, its tables are replaced by ones that have such a
//! column, each under a name of its own, and `*` is told to leave those names out. Other statements pay nothing.

use crate::delta::{DeltaTable, DescribedTable};
use crate::lake::{GIVEN_SCHEMA, Lake};
use crate::{Error, ErrorKind, Position, Result, names, planner, syntax};
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{
    self, ExcludeSelectItem, Expr, Ident, ObjectName, ObjectNamePart, OrderBy, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableFactor, TableWithJoins, VisitMut, VisitorMut,
    WildcardAdditionalOptions,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// What people call the column.
const COLUMN: &str = "_metadata";
/// The fields that only tables have whose rows are tracked.
const OF_TRACKED_ROWS: [&str; 4] =
    ["row_id", "row_commit_version", "base_row_id", "default_row_commit_version"];

/// Gives the column to the tables of which a statement asks it.
///
/// # Errors
/// When a table cannot be opened.
pub(crate) async fn resolve(state: &SessionState, lake: &Lake, statement: &mut ast::Statement) -> Result<()> {
    if !is_mentioned(statement) {
        return Ok(());
    }
    let tables = open_tables(state, statement).await?;
    let mut replacer = Replacer { lake, tables, error: None };
    let _ = VisitMut::visit(statement, &mut replacer);
    replacer.error.map_or(Ok(()), Err)
}

fn is_it(ident: &Ident) -> bool {
    ident.value.eq_ignore_ascii_case(COLUMN)
}

fn is_mentioned(statement: &ast::Statement) -> bool {
    let found = ast::visit_expressions(statement, |expr| {
        let is_found = match expr {
            Expr::Identifier(ident) => is_it(ident),
            Expr::CompoundIdentifier(parts) => parts.iter().any(is_it),
            _ => false,
        };
        if is_found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

/// The Delta tables that a statement names, except those that have a column of that name themselves.
async fn open_tables(
    state: &SessionState,
    statement: &ast::Statement,
) -> Result<BTreeMap<String, DeltaTable>> {
    let mut names: BTreeMap<String, ObjectName> = BTreeMap::new();
    let _ = ast::visit_relations(statement, |name| {
        names.insert(name.to_string(), name.clone());
        ControlFlow::<()>::Continue(())
    });
    let mut tables = BTreeMap::new();
    for (text, name) in names {
        let Ok(reference) = object_name_to_table_reference(name, false) else { continue };
        // What cannot be opened is told of later, at its place.
        let Ok(Some(table)) = planner::open(state, &reference).await else { continue };
        if let Some(table) = table.downcast_ref::<DeltaTable>()
            && !table.schema().fields().iter().any(|field| field.name().eq_ignore_ascii_case(COLUMN))
        {
            tables.insert(text, table.clone());
        }
    }
    Ok(tables)
}

/// A table of a SELECT that gets the column.
struct Described {
    /// What the SELECT calls the table.
    alias: String,
    /// What the column is called there.
    column: String,
    /// The fields that it has.
    fields: Vec<String>,
}

/// Where a SELECT speaks of the column.
struct Mention<'a> {
    /// What stands before it.
    table: Option<&'a Ident>,
    column: &'a mut Ident,
    /// What comes after it.
    field: Option<&'a mut Ident>,
}

struct Replacer<'a> {
    lake: &'a Lake,
    /// By their names as they are written.
    tables: BTreeMap<String, DeltaTable>,
    error: Option<Error>,
}

impl VisitorMut for Replacer<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        // A name that WITH gives is no table's.
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = &table.alias.name;
            self.tables.retain(|written, _| written != &name.to_string());
        }
        let replaced = match query.body.as_mut() {
            SetExpr::Select(select) => self.replace(select, query.order_by.as_mut()),
            body => self.replace_within(body),
        };
        match replaced {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Replacer<'_> {
    fn replace_within(&self, body: &mut SetExpr) -> Result<()> {
        match body {
            SetExpr::Select(select) => self.replace(select, None),
            SetExpr::SetOperation { left, right, .. } => {
                self.replace_within(left)?;
                self.replace_within(right)
            }
            _ => Ok(()),
        }
    }

    fn replace(&self, select: &mut Select, mut order_by: Option<&mut OrderBy>) -> Result<()> {
        let mut asked: BTreeSet<Option<String>> = BTreeSet::new();
        each_mention(select, order_by.as_deref_mut(), |mention| {
            asked.insert(mention.table.map(|table| table.value.to_lowercase()));
        });
        if asked.is_empty() {
            return Ok(());
        }
        let mut factors = Vec::new();
        select.from.iter_mut().for_each(|tables| collect(tables, &mut factors));
        let is_alone = factors.len() == 1;
        let mut described = Vec::new();
        for factor in factors {
            let Some(alias) = alias_of(factor) else { continue };
            let is_asked = asked.contains(&Some(alias.to_lowercase())) || (is_alone && asked.contains(&None));
            if is_asked {
                described.extend(self.describe(factor, alias, described.len())?);
            }
        }
        name_items(&mut select.projection);
        let mut unknown = None;
        each_mention(select, order_by, |mention| {
            let is_meant = |described: &&Described| match mention.table {
                Some(table) => table.value.eq_ignore_ascii_case(&described.alias),
                None => is_alone,
            };
            let Some(found) = described.iter().find(is_meant) else { return };
            mention.column.value.clone_from(&found.column);
            if let Some(field) = mention.field {
                match found.fields.iter().find(|known| known.eq_ignore_ascii_case(&field.value)) {
                    Some(known) => field.value.clone_from(known),
                    None => unknown = unknown.take().or(Some(found.has_no(field))),
                }
            }
        });
        hide(&mut select.projection, &described);
        unknown.map_or(Ok(()), Err)
    }

    /// Puts a table with the column in the place of one without.
    fn describe(&self, factor: &mut TableFactor, alias: String, place: usize) -> Result<Option<Described>> {
        let TableFactor::Table { name, .. } = factor else { return Ok(None) };
        let Some(table) = self.tables.get(&name.to_string()) else { return Ok(None) };
        let column = format!("__tarn_metadata_{place}");
        let given = format!("{column} of {name}");
        let table = DescribedTable::new(table, &column)?;
        let fields = table.fields();
        self.lake.give(&given, Arc::new(table));
        syntax::stand_in(factor, GIVEN_SCHEMA, &given, &alias);
        Ok(Some(Described { alias, column, fields }))
    }
}

impl Described {
    fn has_no(&self, field: &Ident) -> Error {
        let known = || self.fields.iter().map(String::as_str);
        let error = Error::new(
            ErrorKind::NotFound,
            format!("There is no {} in {}.{COLUMN}", field.value, self.alias),
        );
        // A table has all of these fields or none.
        let is_of_tracked = OF_TRACKED_ROWS.iter().any(|name| name.eq_ignore_ascii_case(&field.value));
        let error = match is_of_tracked {
            true => error.hint(
                "The table's rows are tracked from ALTER TABLE … SET TBLPROPERTIES ('delta.enableRowTracking' = true) on",
            ),
            false => error.hint(format!("There are {}", names::listed(known()))),
        };
        error.at(Position::of(field.span))
    }
}

/// The tables of FROM, those that are joined too.
fn collect<'a>(tables: &'a mut TableWithJoins, into: &mut Vec<&'a mut TableFactor>) {
    let joined = tables.joins.iter_mut().map(|join| &mut join.relation);
    for factor in std::iter::once(&mut tables.relation).chain(joined) {
        match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => collect(table_with_joins, into),
            other => into.push(other),
        }
    }
}

/// What a SELECT calls a table; nothing where it names the columns itself.
fn alias_of(factor: &TableFactor) -> Option<String> {
    let TableFactor::Table { name, alias, args: None, .. } = factor else { return None };
    match alias {
        Some(alias) => alias.columns.is_empty().then(|| alias.name.value.clone()),
        None => {
            let name = &name.0.last()?.as_ident()?.value;
            Some(name.rsplit_once('@').map_or(name.as_str(), |(name, _)| name).to_owned())
        }
    }
}

/// Calls the function with each `_metadata` that a SELECT and its ORDER BY speak of; those of queries within are theirs.
fn each_mention(select: &mut Select, order_by: Option<&mut OrderBy>, see: impl FnMut(Mention<'_>)) {
    let mut mentions = Mentions { depth: 0, see };
    let _ = VisitMut::visit(select, &mut mentions);
    if let Some(order_by) = order_by {
        let _ = VisitMut::visit(order_by, &mut mentions);
    }
}

struct Mentions<F> {
    /// How many queries are open within the SELECT.
    depth: u32,
    see: F,
}

impl<F: FnMut(Mention<'_>)> VisitorMut for Mentions<F> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        match expr {
            _ if self.depth > 0 => {}
            Expr::Identifier(column) if is_it(column) => {
                (self.see)(Mention { table: None, column, field: None });
            }
            Expr::CompoundIdentifier(parts) => match parts.as_mut_slice() {
                [column, rest @ ..] if is_it(column) => {
                    (self.see)(Mention { table: None, column, field: rest.first_mut() });
                }
                [table, column, rest @ ..] if is_it(column) => {
                    (self.see)(Mention { table: Some(table), column, field: rest.first_mut() });
                }
                _ => {}
            },
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// `_metadata.row_id` is called `row_id`.
fn name_items(items: &mut [SelectItem]) {
    for item in items {
        let SelectItem::UnnamedExpr(expr) = &*item else { continue };
        let name = match expr {
            Expr::Identifier(ident) if is_it(ident) => COLUMN,
            Expr::CompoundIdentifier(parts) if parts.iter().take(2).any(is_it) => match parts.last() {
                Some(last) if !is_it(last) => last.value.as_str(),
                _ => COLUMN,
            },
            _ => continue,
        };
        *item = syntax::named(expr.clone(), name);
    }
}

/// Leaves the columns out of `*` and `table.*`.
fn hide(items: &mut [SelectItem], described: &[Described]) {
    for item in items {
        match item {
            SelectItem::Wildcard(options) => exclude(options, described.iter()),
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), options) => {
                let table = table.0.last().and_then(ObjectNamePart::as_ident).map(|ident| &ident.value);
                let is_its =
                    |described: &&Described| table.is_some_and(|t| t.eq_ignore_ascii_case(&described.alias));
                exclude(options, described.iter().filter(is_its));
            }
            _ => {}
        }
    }
}

fn exclude<'a>(options: &mut WildcardAdditionalOptions, described: impl Iterator<Item = &'a Described>) {
    let mut names = match options.opt_exclude.take() {
        Some(ExcludeSelectItem::Single(name)) => vec![name],
        Some(ExcludeSelectItem::Multiple(names)) => names,
        None => Vec::new(),
    };
    names.extend(described.map(|described| ObjectName::from(vec![syntax::ident(&described.column)])));
    options.opt_exclude = (!names.is_empty()).then_some(ExcludeSelectItem::Multiple(names));
}
