//! Names in the letters of the person's choice: `select origin` finds the column `Origin`, as in Spark.
//!
//! DataFusion compares names letter by letter. Where it finds no column of a name but exactly one that differs only in
//! case, the name in the syntax tree is replaced and the statement planned again: the scope that was searched is
//! DataFusion's own, so nothing else changes its meaning.

use datafusion::common::{Column, DataFusionError, SchemaError};
use datafusion::sql::sqlparser::ast::{self, Ident, VisitMut, VisitorMut};
use std::ops::ControlFlow;

/// How many names a statement may have spelled otherwise; each costs one more round of planning.
pub(crate) const MAX_ROUNDS: usize = 256;

/// Mends the name that the error is about. False when there is nothing to mend.
pub(crate) fn mend(statement: &mut ast::Statement, error: &DataFusionError) -> bool {
    let Some((field, valid)) = missing_field(error) else { return false };
    let wanted = field.name().to_lowercase();
    let table = |column: &Column| column.relation.as_ref().map(|relation| relation.table().to_owned());
    let wanted_table = table(field);
    let is_of_its_table = |found: &Option<String>| match (&wanted_table, found) {
        (Some(wanted), Some(found)) => wanted.eq_ignore_ascii_case(found),
        _ => wanted_table.is_none(),
    };
    let mut matches: Vec<(Option<String>, &str)> = valid
        .iter()
        .map(|column| (table(column).filter(|_| wanted_table.is_some()), column.name()))
        .filter(|(table, name)| name.to_lowercase() == wanted && is_of_its_table(table))
        .filter(|(table, name)| *name != field.name() || *table != wanted_table)
        .collect();
    matches.sort_unstable();
    matches.dedup();
    let [(found_table, found)] = matches.as_slice() else { return false };
    let at = field.spans().first().map(|span| (span.start.line, span.start.column, span.end.column));
    let mut mender = Mender {
        from: field.name().to_owned(),
        to: (*found).to_owned(),
        table: wanted_table.clone().zip(found_table.clone()),
        at,
        is_mended: false,
    };
    let _ = VisitMut::visit(statement, &mut mender);
    mender.is_mended
}

fn missing_field(error: &DataFusionError) -> Option<(&Column, &[Column])> {
    match error {
        DataFusionError::SchemaError(inner, _) => match inner.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => Some((field, valid_fields)),
            _ => None,
        },
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => missing_field(inner),
        DataFusionError::Shared(inner) => missing_field(inner),
        DataFusionError::Collection(errors) => errors.iter().find_map(missing_field),
        _ => None,
    }
}

struct Mender {
    from: String,
    to: String,
    /// What stands before the name, as it was written and as it is called.
    table: Option<(String, String)>,
    /// Line, first and last column of the name, where DataFusion kept them.
    at: Option<(u64, u64, u64)>,
    is_mended: bool,
}

impl Mender {
    fn is_it(&self, ident: &Ident) -> bool {
        let here = ident.span.start;
        let is_here = self
            .at
            .is_none_or(|(line, start, end)| here.line == line && here.column >= start && here.column <= end);
        ident.value == self.from && is_here
    }

    fn mend(&mut self, ident: &mut Ident) {
        if self.is_it(ident) {
            ident.value = self.to.clone();
            self.is_mended = true;
        }
    }

    /// A name with its table's before it: another table may have a column of that very name.
    fn mend_qualified(&mut self, idents: &mut [Ident], written: &str, called: &str) {
        for place in 1..idents.len() {
            let (before, after) = idents.split_at_mut(place);
            let (Some(table), Some(column)) = (before.last_mut(), after.first_mut()) else { continue };
            if table.value == written && self.is_it(column) {
                table.value = called.to_owned();
                column.value = self.to.clone();
                self.is_mended = true;
            }
        }
    }
}

impl VisitorMut for Mender {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        match (expr, self.table.clone()) {
            (ast::Expr::Identifier(ident), None) => self.mend(ident),
            (ast::Expr::CompoundIdentifier(idents), None) => {
                idents.iter_mut().for_each(|ident| self.mend(ident));
            }
            (ast::Expr::CompoundIdentifier(idents), Some((written, called))) => {
                self.mend_qualified(idents, &written, &called);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
