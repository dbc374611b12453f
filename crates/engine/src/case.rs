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
    let is_of_its_table = |column: &&Column| match (&field.relation, &column.relation) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => field.relation.is_none(),
    };
    let names = valid.iter().filter(is_of_its_table).map(Column::name);
    let mut matches: Vec<&str> =
        names.filter(|name| name.to_lowercase() == wanted && *name != field.name()).collect();
    matches.sort_unstable();
    matches.dedup();
    let [found] = matches.as_slice() else { return false };
    let at = field.spans().first().map(|span| (span.start.line, span.start.column, span.end.column));
    let mut mender = Mender { from: field.name().to_owned(), to: (*found).to_owned(), at, is_mended: false };
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
    /// Line, first and last column of the name, where DataFusion kept them.
    at: Option<(u64, u64, u64)>,
    is_mended: bool,
}

impl Mender {
    fn mend(&mut self, ident: &mut Ident) {
        let here = ident.span.start;
        let is_here = self
            .at
            .is_none_or(|(line, start, end)| here.line == line && here.column >= start && here.column <= end);
        if ident.value == self.from && is_here {
            ident.value = self.to.clone();
            self.is_mended = true;
        }
    }
}

impl VisitorMut for Mender {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
        match expr {
            ast::Expr::Identifier(ident) => self.mend(ident),
            ast::Expr::CompoundIdentifier(idents) => idents.iter_mut().for_each(|ident| self.mend(ident)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
