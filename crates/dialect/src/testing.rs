//! What the tests of this crate share.

use crate::{Statement, parse, split};

/// The statement of a text that holds one.
pub(crate) fn statement(sql: &str) -> Statement {
    let texts = split(sql);
    assert_eq!(texts.len(), 1, "{sql}");
    let text = texts.into_iter().next().unwrap().unwrap();
    parse(&text).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// `line:column message` of a text that is no statement.
pub(crate) fn error(sql: &str) -> String {
    let text = split(sql).remove(0).unwrap();
    match parse(&text) {
        Ok(statement) => panic!("{sql}: {statement:?}"),
        Err(error) => format!("{}:{} {}", error.line, error.column, error.message),
    }
}

/// Display forms, joined by a comma.
pub(crate) fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
