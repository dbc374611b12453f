//! Syntax errors with their place in the script.

use crate::StatementText;
use sqlparser::keywords::Keyword;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Token, TokenizerError};

/// Text that is not SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What was expected, and what stands there.
    pub message: String,
    /// What to do, where the text suggests it.
    pub hint: Option<String>,
    /// What could stand in the offending token's place instead.
    pub fix: Option<String>,
    /// Line in the script, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length of the offending token in characters; 0 at the end of the text.
    pub length: u32,
}

impl SyntaxError {
    pub(crate) fn from_tokenizer(error: &TokenizerError) -> Self {
        Self {
            message: error.message.clone(),
            hint: Some("Close the quote or comment that begins here".to_owned()),
            fix: None,
            line: narrow(error.location.line),
            column: narrow(error.location.column),
            length: 1,
        }
    }

    pub(crate) fn from_parser(error: ParserError, statement: &StatementText) -> Self {
        let text = match error {
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
            ParserError::RecursionLimitExceeded => {
                "The statement nests too deeply; split it into views or common table expressions".to_owned()
            }
        };
        let (message, place) = split_place(&text);
        let place = place.map(|place| misspelt_before(message, place, statement).unwrap_or(place));
        let token = statement
            .tokens
            .iter()
            .find(|token| place == Some((token.span.start.line, token.span.start.column)));
        // The parser names no place for the end of the text: the error is where the statement ends.
        let last = statement.tokens.iter().rfind(|token| !matches!(token.token, Token::Whitespace(_)));
        let end = last.map_or((1, 1), |t| (t.span.end.line, t.span.end.column));
        let (line, column) = place.filter(|&(line, _)| line > 0).unwrap_or(end);
        let length = token.map_or(0, |t| {
            if t.span.start.line == t.span.end.line {
                narrow(t.span.end.column - t.span.start.column)
            } else {
                1
            }
        });
        let fix = token.and_then(|t| match &t.token {
            Token::Word(word) if word.quote_style.is_none() => nearest_keyword(&word.value),
            _ => None,
        });
        Self {
            message: message.replace("found: EOF", "found the end of the text"),
            hint: fix.as_ref().map(|keyword| format!("Did you mean {keyword}?")),
            fix: fix.map(str::to_owned),
            line: narrow(line),
            column: narrow(column),
            length,
        }
    }
}

/// The place of the word before, where that was taken for an alias and is nearly a keyword: `SELECT 1 FORM t` fails at `t`.
fn misspelt_before(message: &str, place: (u64, u64), statement: &StatementText) -> Option<(u64, u64)> {
    if !message.starts_with("Expected: end of statement") {
        return None;
    }
    let mut written =
        statement.tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).rev();
    written.find(|token| place == (token.span.start.line, token.span.start.column))?;
    let before = written.next()?;
    match &before.token {
        // An alias may be any word: only one letter may be wrong, or two swapped.
        Token::Word(word) if word.quote_style.is_none() && word.keyword == Keyword::NoKeyword => {
            let keyword = nearest_keyword(&word.value)?;
            (strsim::osa_distance(&word.value.to_uppercase(), keyword) == 1).then_some(())
        }
        _ => None,
    }?;
    Some((before.span.start.line, before.span.start.column))
}

/// sqlparser carries the place of a parser error only at the end of its text: "… at Line: 1, Column: 8".
fn split_place(text: &str) -> (&str, Option<(u64, u64)>) {
    let place = || {
        let (message, place) = text.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        Some((message, (line.parse().ok()?, column.trim().parse().ok()?)))
    };
    match place() {
        Some((message, place)) => (message, Some(place)),
        None => (text, None),
    }
}

/// The words that statements and clauses begin with.
const KEYWORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "OFFSET",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "WITH",
    "VALUES",
    "CREATE",
    "REPLACE",
    "VIEW",
    "TABLE",
    "DROP",
    "COPY",
    "EXPLAIN",
    "DESCRIBE",
    "SHOW",
    "TABLES",
    "BETWEEN",
    "DISTINCT",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "QUALIFY",
    "WINDOW",
    "PARTITION",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "MATCHED",
    "ALTER",
    "TRUNCATE",
    "RESTORE",
    "OPTIMIZE",
    "VACUUM",
    "ZORDER",
    "CLUSTER",
    "PARTITIONED",
    "LOCATION",
    "COMMENT",
    "TBLPROPERTIES",
    "SHALLOW",
    "HISTORY",
    "AND",
    "NOT",
    "LIKE",
    "EXISTS",
];

fn nearest_keyword(word: &str) -> Option<&'static str> {
    let upper = word.to_uppercase();
    if upper.len() < 4 {
        return None;
    }
    KEYWORDS
        .iter()
        .map(|keyword| (strsim::osa_distance(&upper, keyword), *keyword))
        .filter(|&(distance, _)| (1..=2).contains(&distance))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, keyword)| keyword)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
