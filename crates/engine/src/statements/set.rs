//! SET key = value.

use super::done;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::{Expr, Set, Spanned, Value};

pub(super) fn run(run: &Run<'_>, set: &Set) -> Result<Query> {
    let Set::SingleAssignment { variable, values, .. } = set else {
        return Err(
            Error::new(ErrorKind::Unsupported, "This form of SET is not there").hint("Write SET key = value")
        );
    };
    let key: Vec<&str> =
        variable.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
    let position = Position::of(variable.span());
    let [value] = values.as_slice() else {
        return Err(Error::new(ErrorKind::Invalid, "A setting has one value").at(position));
    };
    let value = match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        other => other.to_string(),
    };
    run.session.settings.set(&key.join("."), &value).map_err(|error| error.at(position))?;
    Ok(done(run))
}
