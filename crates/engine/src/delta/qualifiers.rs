//! What a statement may write before the columns of its target: the alias, or the table's name in one to three parts.
//!
//! The target is planned under one short name; longer ones are cut down to it.

use crate::Result;
use crate::session::Run;
use crate::target::Target;
use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, VisitMut, VisitorMut};
use std::ops::ControlFlow;

/// What a statement calls its target.
#[derive(Debug, Clone)]
pub(crate) struct TargetName {
    /// What FROM calls it.
    pub(crate) alias: Ident,
    /// Other names of the same table, in parts.
    longer: Vec<Vec<String>>,
}

impl TargetName {
    /// What a statement calls a table; an alias hides the table's own name.
    ///
    /// # Errors
    /// When the name has too many parts.
    pub(crate) fn of(run: &Run<'_>, name: &ObjectName, alias: Option<&Ident>) -> Result<Self> {
        if let Some(alias) = alias {
            return Ok(Self { alias: alias.clone(), longer: vec![] });
        }
        let written: Vec<String> =
            name.0.iter().filter_map(ObjectNamePart::as_ident).map(|part| part.value.clone()).collect();
        let (short, mut longer) = match Target::of(&run.session.state(), name)? {
            Target::Named { catalog, schema, name } => {
                let in_schema = vec![schema.clone(), name.clone()];
                let whole = vec![catalog, schema, name.clone()];
                (name, vec![whole, in_schema])
            }
            Target::Path { path, .. } => (path, vec![]),
        };
        if written.len() > 1 && !longer.contains(&written) {
            longer.push(written);
        }
        Ok(Self { alias: Ident::new(short), longer })
    }

    /// The parts of a column's name, without those of the table.
    pub(crate) fn strip<'a>(&self, parts: &'a [String]) -> &'a [String] {
        let longer = self.longer.iter().find_map(|name| rest(parts, name));
        longer.unwrap_or(parts)
    }

    /// Puts the short name in the place of the longer ones.
    pub(crate) fn shorten(&self, node: &mut impl VisitMut) {
        if !self.longer.is_empty() {
            let _ = VisitMut::visit(node, &mut Shortener(self));
        }
    }
}

/// What follows the table's name in a column's.
fn rest<'a>(parts: &'a [String], name: &[String]) -> Option<&'a [String]> {
    let (start, rest) = parts.split_at_checked(name.len())?;
    let is_it = start.iter().zip(name).all(|(part, name)| part.eq_ignore_ascii_case(name));
    (is_it && !rest.is_empty()).then_some(rest)
}

struct Shortener<'a>(&'a TargetName);

impl VisitorMut for Shortener<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(idents) = expr {
            let parts: Vec<String> = idents.iter().map(|ident| ident.value.clone()).collect();
            let rest = self.0.strip(&parts).len();
            if rest < parts.len() {
                let column = idents.split_off(parts.len() - rest);
                *idents = vec![self.0.alias.clone()];
                idents.extend(column);
            }
        }
        ControlFlow::Continue(())
    }
}

/// Says of columns without a table that they are the given table's, where it has such: in a clause that sees one of two
/// tables only, the other's columns of the same names are not meant.
pub(crate) fn qualify(expr: &mut Expr, table: &Ident, columns: &[&str]) {
    let _ = VisitMut::visit(expr, &mut Qualifier { table, columns, depth: 0 });
}

struct Qualifier<'a> {
    table: &'a Ident,
    columns: &'a [&'a str],
    /// Within subqueries names may be those of their own tables.
    depth: usize,
}

impl VisitorMut for Qualifier<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Identifier(ident) = expr else { return ControlFlow::Continue(()) };
        let found = self.columns.iter().find(|column| column.eq_ignore_ascii_case(&ident.value));
        if let (Some(found), 0) = (found, self.depth) {
            let column = Ident { value: (*found).to_owned(), quote_style: Some('`'), span: ident.span };
            let table = Ident { quote_style: Some('`'), ..self.table.clone() };
            *expr = Expr::CompoundIdentifier(vec![table, column]);
        }
        ControlFlow::Continue(())
    }
}
