//! Earlier versions of tables: `t VERSION AS OF 3`, `t TIMESTAMP AS OF '2024-01-31'`, `t@v3`, `t@20240131000000000`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names#table-name> and
//! <https://docs.databricks.com/aws/en/delta/history#delta-time-travel-syntax>.
//!
//! sqlparser reads the first two. All other spellings are turned into them before it parses, so that every table of
//! a syntax tree has its version in `TableFactor::Table`, from where [`take_versions`] gets it.

use crate::reader::{Parsed, Reader, fail, is_word};
use sqlparser::ast::{
    Expr, ObjectName, Spanned, TableFactor, TableVersion, Value, Visit, VisitMut, Visitor, VisitorMut,
};
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};
use std::ops::ControlFlow;

/// Which version of a table is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum AsOf {
    /// The version of this number.
    Version {
        /// The number.
        version: u64,
        /// Where it stands.
        span: Span,
    },
    /// The latest version that is not younger than a time.
    Timestamp {
        /// The time: an expression without columns, of the type TIMESTAMP or one that is cast to it.
        time: Box<Expr>,
        /// Where it stands.
        span: Span,
    },
}

impl AsOf {
    /// The version in a syntax tree, if it is one that Databricks has.
    pub fn from_ast(version: &TableVersion) -> Option<Self> {
        match version {
            TableVersion::VersionAsOf(Expr::Value(value)) => match &value.value {
                Value::Number(number, _) => {
                    Some(Self::Version { version: number.to_string().parse().ok()?, span: value.span })
                }
                _ => None,
            },
            TableVersion::TimestampAsOf(time) | TableVersion::ForSystemTimeAsOf(time) => {
                Some(Self::Timestamp { time: Box::new(time.clone()), span: time.span() })
            }
            _ => None,
        }
    }

    /// Where the number or the time stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Version { span, .. } | Self::Timestamp { span, .. } => *span,
        }
    }

    /// `VERSION AS OF n` or `TIMESTAMP AS OF expression`, if it comes next.
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        let start = reader.next_span();
        if reader.take("VERSION AS OF") {
            let start = reader.next_span();
            let version = reader.number("a version's number")?;
            Ok(Some(Self::Version { version, span: reader.span_since(start) }))
        } else if reader.take("TIMESTAMP AS OF") {
            let time = reader.expression()?;
            let span = if time.span.start.line == 0 { start } else { time.span };
            Ok(Some(Self::Timestamp { time: time.expr, span }))
        } else {
            Ok(None)
        }
    }
}

/// Takes the versions out of all tables of a syntax tree, and hands each to `visit` with its table's name, which it may
/// replace by the name of what it resolved. DataFusion passes over versions, so what is planned must have none left.
///
/// # Errors
/// The first error of `visit`.
pub fn take_versions<N: VisitMut, E>(
    node: &mut N,
    visit: impl FnMut(&mut ObjectName, AsOf) -> Result<(), E>,
) -> Result<(), E> {
    struct Taker<F>(F);
    impl<E, F: FnMut(&mut ObjectName, AsOf) -> Result<(), E>> VisitorMut for Taker<F> {
        type Break = E;

        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<E> {
            if let TableFactor::Table { name, version, .. } = factor
                && let Some(as_of) = version.as_ref().and_then(AsOf::from_ast)
            {
                *version = None;
                if let Err(error) = (self.0)(name, as_of) {
                    return ControlFlow::Break(error);
                }
            }
            ControlFlow::Continue(())
        }
    }
    match node.visit(&mut Taker(visit)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Refuses versions that sqlparser reads and Databricks does not have: plans would pass over them.
pub(crate) fn check<N: Visit>(node: &N) -> Parsed<()> {
    struct Checker;
    impl Visitor for Checker {
        type Break = ParserError;

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<ParserError> {
            if let TableFactor::Table { name, version: Some(version), .. } = factor
                && AsOf::from_ast(version).is_none()
            {
                let message =
                    "A table's version is given by VERSION AS OF a number or TIMESTAMP AS OF a time";
                if let Err(error) = fail::<()>(name.span(), message) {
                    return ControlFlow::Break(error);
                }
            }
            ControlFlow::Continue(())
        }
    }
    match node.visit(&mut Checker) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The tokens without white space and comments, all versions in the spelling that sqlparser knows.
pub(crate) fn rewrite(tokens: &[TokenWithSpan]) -> Parsed<Vec<TokenWithSpan>> {
    let written: Vec<&TokenWithSpan> =
        tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).collect();
    let mut rewritten: Vec<TokenWithSpan> = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some(rest) = written.get(at..)
        && let Some(&token) = rest.first()
    {
        if let Some((words, used)) = clause(rest) {
            rewritten.extend(spelled(words, token.span));
            at += used;
            if words == VERSION
                && let Some(value) = written.get(at)
                && let Some(number) = version_number(value)?
            {
                rewritten.push(number);
                at += 1;
            }
            continue;
        }
        at += 1;
        if let Some(path) = path_with_version(&rewritten, token) {
            rewritten.extend(path);
            continue;
        }
        rewritten.push(token.clone());
        if let [_, sign, value, ..] = rest
            && is_suffix(token, sign, value)
        {
            let span = Span::new(sign.span.start, value.span.end);
            let Some(version) = suffix(&value.token.to_string(), span) else {
                return fail(
                    span,
                    "Expected: a version such as @v3 or a time such as @20240131000000000 (yyyyMMddHHmmssSSS)",
                );
            };
            rewritten.extend(version);
            at += 2;
        }
    }
    Ok(rewritten)
}

const VERSION: &str = "VERSION AS OF";
const TIMESTAMP: &str = "TIMESTAMP AS OF";

/// `[FOR] {VERSION | SYSTEM_VERSION | TIMESTAMP | SYSTEM_TIME} AS OF` in front of a value: how sqlparser spells it, and
/// how many tokens it is long.
fn clause(tokens: &[&TokenWithSpan]) -> Option<(&'static str, usize)> {
    let first = usize::from(is_word(tokens.first()?, "FOR"));
    let kind = tokens.get(first)?;
    let words = if is_word(kind, "VERSION") || is_word(kind, "SYSTEM_VERSION") {
        VERSION
    } else if is_word(kind, "TIMESTAMP") || is_word(kind, "SYSTEM_TIME") {
        TIMESTAMP
    } else {
        return None;
    };
    let is_clause = is_word(tokens.get(first + 1)?, "AS") && is_word(tokens.get(first + 2)?, "OF");
    // `SELECT version AS of, … FROM` gives a column a name.
    let value = tokens.get(first + 3)?;
    let is_alias = matches!(value.token, Token::Comma | Token::RParen) || is_word(value, "FROM");
    (is_clause && !is_alias).then_some((words, first + 3))
}

fn spelled(words: &str, span: Span) -> impl Iterator<Item = TokenWithSpan> {
    words.split(' ').map(move |word| TokenWithSpan::new(Token::make_keyword(word), span))
}

/// The number of a version, also where it is written as a string.
fn version_number(token: &TokenWithSpan) -> Parsed<Option<TokenWithSpan>> {
    let (Token::Number(text, _) | Token::SingleQuotedString(text) | Token::DoubleQuotedString(text)) =
        &token.token
    else {
        return Ok(None);
    };
    if text.parse::<u64>().is_err() {
        return fail(token.span, &format!("Expected: a version's number, found: {token}"));
    }
    Ok(Some(TokenWithSpan::new(Token::Number(text.clone(), false), token.span)))
}

/// Whether `name@value` is written without spaces.
fn is_suffix(name: &TokenWithSpan, sign: &TokenWithSpan, value: &TokenWithSpan) -> bool {
    let is_close = name.span.end == sign.span.start && sign.span.end == value.span.start;
    matches!(name.token, Token::Word(_))
        && sign.token == Token::AtSign
        && matches!(value.token, Token::Word(_) | Token::Number(..))
        && is_close
}

/// What stands after the `@`: `v3`, or seventeen digits of a time.
fn suffix(text: &str, span: Span) -> Option<Vec<TokenWithSpan>> {
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (words, value) = if let Some(version) = text.strip_prefix(['v', 'V']) {
        if !are_digits(version) || version.parse::<u64>().is_err() {
            return None;
        }
        (VERSION, Token::Number(version.to_owned(), false))
    } else {
        if !are_digits(text) || text.len() != 17 {
            return None;
        }
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let (date, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
        let time = format!("{} {}.{}", date.join("-"), time.join(":"), part(14, 17));
        (TIMESTAMP, Token::SingleQuotedString(time))
    };
    let mut tokens: Vec<TokenWithSpan> = spelled(words, span).collect();
    tokens.push(TokenWithSpan::new(value, span));
    Some(tokens)
}

/// ``delta.`path@v3` ``: the path and the version.
fn path_with_version(before: &[TokenWithSpan], token: &TokenWithSpan) -> Option<Vec<TokenWithSpan>> {
    let Token::Word(word) = &token.token else { return None };
    let [.., format, period] = before else { return None };
    if word.quote_style.is_none() || period.token != Token::Period || !is_word(format, "delta") {
        return None;
    }
    let (path, text) = word.value.rsplit_once('@')?;
    let version = suffix(text, token.span)?;
    let path = TokenWithSpan::new(Token::make_word(path, word.quote_style), token.span);
    Some(std::iter::once(path).chain(version).collect())
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, statement};
    use crate::{AsOf, Statement, take_versions};

    fn check(from: &str, expect: &[&str]) {
        let sql = format!("SELECT * FROM {from}");
        let Statement::Sql(mut query) = statement(&sql) else { panic!("{sql}") };
        let mut found = Vec::new();
        take_versions(query.as_mut(), |name, as_of| {
            found.push(match as_of {
                AsOf::Version { version, .. } => format!("{name} v{version}"),
                AsOf::Timestamp { time, .. } => format!("{name} {time}"),
            });
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(found, expect, "{sql}");
        let rest = query.to_string();
        assert!(!rest.contains("AS OF"), "{rest}");
    }

    #[test]
    fn all_spellings_of_a_version() {
        for sql in [
            "t VERSION AS OF 3",
            "t for version as of 3 AS x",
            "t SYSTEM_VERSION AS OF 3 x",
            "t FOR SYSTEM_VERSION AS OF 3 WHERE a > 1",
            "t VERSION AS OF '3'",
            "t@v3",
            "t@V3 x ORDER BY 1",
            "(SELECT * FROM t@v3)",
        ] {
            check(sql, &["t v3"]);
        }
        check("a.b.`c d`@v12", &["a.b.`c d` v12"]);
        check("a@v1 x JOIN b VERSION AS OF 2 y ON x.i = y.i", &["a v1", "b v2"]);
        check("t WHERE x IN (SELECT y FROM u@v7)", &["u v7"]);
    }

    #[test]
    fn all_spellings_of_a_time() {
        for sql in [
            "t TIMESTAMP AS OF '2024-01-01'",
            "t FOR TIMESTAMP AS OF '2024-01-01' x",
            "t SYSTEM_TIME AS OF '2024-01-01' AS x",
            "t FOR SYSTEM_TIME AS OF '2024-01-01'",
        ] {
            check(sql, &["t '2024-01-01'"]);
        }
        check("t@20240131010203004 x", &["t '2024-01-31 01:02:03.004'"]);
        check(
            "t TIMESTAMP AS OF current_timestamp() - INTERVAL 1 DAY x",
            &["t current_timestamp() - INTERVAL 1 DAY"],
        );
    }

    #[test]
    fn paths_have_versions_too() {
        check("delta.`/a/b@v3` x", &["delta.`/a/b` v3"]);
        check("delta.`/a/b`@v3", &["delta.`/a/b` v3"]);
        check("delta.`/a/b` VERSION AS OF 3", &["delta.`/a/b` v3"]);
        check("delta.`/a@20240101000000000`", &["delta.`/a` '2024-01-01 00:00:00.000'"]);
        check("delta.`/a@b`", &[]);
        check("parquet.`/a@v3`", &[]);
    }

    #[test]
    fn names_that_look_like_versions_stay_names() {
        check("t version", &[]);
        let Statement::Sql(query) = statement("SELECT version AS of, timestamp AS of FROM t") else {
            panic!()
        };
        assert_eq!(query.to_string(), "SELECT version AS of, timestamp AS of FROM t");
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| assert_eq!(error(sql), expect, "{sql}");
        check("SELECT * FROM t VERSION AS OF 1.5", "1:31 Expected: a version's number, found: 1.5");
        check("SELECT * FROM t VERSION AS OF 'x'", "1:31 Expected: a version's number, found: 'x'");
        check(
            "SELECT * FROM t VERSION AS OF 99999999999999999999",
            "1:31 Expected: a version's number, found: 99999999999999999999",
        );
        check("SELECT * FROM t VERSION AS OF x", "1:31 Expected: a concrete value, found: x");
        check(
            "SELECT * FROM t@3",
            "1:16 Expected: a version such as @v3 or a time such as @20240131000000000 (yyyyMMddHHmmssSSS)",
        );
        check(
            "SELECT * FROM t AT (TIMESTAMP => 'x')",
            "1:15 A table's version is given by VERSION AS OF a number or TIMESTAMP AS OF a time",
        );
        check("DELETE FROM t@v3", "1:14 Only the latest version of a table can be changed");
        check(
            "INSERT INTO t VERSION AS OF 3 SELECT 1",
            "1:15 Only the latest version of a table can be changed",
        );
    }

    #[test]
    fn table_changes_is_a_function_of_the_from_clause() {
        check("table_changes('t', 1, 2) c", &[]);
        check("table_changes('a.b', '2024-01-01') WHERE _change_type = 'delete'", &[]);
    }
}
