//! Which constraints and generated columns of a table mention a column: they would not hold any more without it.

use super::Altering;
use crate::delta::rules::{CONSTRAINT_PREFIX, GENERATION_KEY, text_of};
use crate::{Error, ErrorKind, Result, syntax};
use datafusion::sql::sqlparser::ast::{self, Expr};
use std::ops::ControlFlow;

/// Refuses to change a column that a constraint or a generated column mentions; `what` says what cannot be done.
pub(super) fn refuse(table: &Altering<'_>, path: &[String], what: &str) -> Result<()> {
    let shown = path.join(".");
    let refused = |user: String, hint: String| {
        let message = format!("Column {shown} cannot be {what}: {user} mentions it");
        Err(Error::new(ErrorKind::Invalid, message).hint(hint))
    };
    for (key, text) in &table.change.metadata.configuration {
        if let Some(name) = key.strip_prefix(CONSTRAINT_PREFIX)
            && is_in(text, path)
        {
            let user = format!("the constraint {name} ({text})");
            return refused(user, format!("ALTER TABLE … DROP CONSTRAINT {name} first"));
        }
    }
    for field in &table.change.schema.fields {
        if let Some(text) = text_of(field, GENERATION_KEY)
            && is_in(text, path)
        {
            let user = format!("the generated column {} ({text})", field.name);
            return refused(user, format!("Drop {} first", field.name));
        }
    }
    Ok(())
}

/// Whether an expression mentions a column, a field in it, or the column that it is in. One that does not parse might.
fn is_in(text: &str, path: &[String]) -> bool {
    let Ok(expr) = syntax::parse_expr(text, "An expression") else {
        let name = path.first().map(|name| name.to_lowercase()).unwrap_or_default();
        return text.to_lowercase().contains(&name);
    };
    let found = ast::visit_expressions(&expr, |expr| {
        let mentioned: Vec<&str> = match expr {
            Expr::Identifier(ident) => vec![ident.value.as_str()],
            Expr::CompoundIdentifier(parts) => parts.iter().map(|part| part.value.as_str()).collect(),
            _ => return ControlFlow::Continue(()),
        };
        let is_same = mentioned.iter().zip(path).all(|(name, part)| name.eq_ignore_ascii_case(part));
        if is_same { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_their_fields() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        for (text, column, expect) in [
            ("a > 0 AND b < 1", "B", true),
            ("year(`t s`) = 2024", "t s", true),
            ("s.a > 0", "s", true),
            ("s.a > 0", "s.a", true),
            ("s.a > 0", "s.b", false),
            ("s IS NOT NULL", "s.b", true),
            ("ab > 0", "a", false),
            ("length('a') > 0", "a", false),
            ("this is (not SQL", "SQL", true),
        ] {
            assert_eq!(is_in(text, &path(column)), expect, "{text} {column}");
        }
    }
}
