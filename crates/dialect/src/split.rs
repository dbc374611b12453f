//! Cuts a script into statements at its semicolons.

use crate::SyntaxError;
use sqlparser::dialect::DatabricksDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// One statement of a script, not yet parsed.
#[derive(Debug, Clone)]
pub struct StatementText {
    /// Its text without the semicolon and the white space around it.
    pub text: String,
    pub(crate) tokens: Vec<TokenWithSpan>,
}

/// Cuts a script into its statements; empty ones and comments alone are dropped. The last entry is an error when the
/// text stops being SQL tokens there (an unterminated string or comment): what stands before it is still usable.
pub fn split(sql: &str) -> Vec<Result<StatementText, SyntaxError>> {
    let dialect = DatabricksDialect {};
    let mut tokens = Vec::new();
    // Strings keep their backslashes here: the escapes of Spark's string literals differ from sqlparser's.
    let end = Tokenizer::new(&dialect, sql).tokenize_with_location_into_buf(&mut tokens);

    let lines = LineStarts::new(sql);
    let mut statements = Vec::new();
    let mut current: Vec<TokenWithSpan> = Vec::new();
    let mut finish = |tokens: &mut Vec<TokenWithSpan>| {
        let tokens = std::mem::take(tokens);
        let mut written = tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_)));
        let (Some(first), last) = (written.next(), written.next_back()) else { return };
        let last = last.unwrap_or(first);
        let text = lines.slice(sql, first.span.start, last.span.end).trim().to_owned();
        statements.push(Ok(StatementText { text, tokens }));
    };
    for token in tokens {
        match token.token {
            Token::SemiColon => finish(&mut current),
            Token::EOF => {}
            _ => current.push(token),
        }
    }
    match end {
        Ok(()) => finish(&mut current),
        Err(error) => statements.push(Err(SyntaxError::from_tokenizer(&error))),
    }
    statements
}

/// Where each line of a text begins, to turn lines and columns into byte offsets.
pub(crate) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(crate) fn new(text: &str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(after_breaks).collect())
    }

    pub(crate) fn slice<'a>(
        &self,
        text: &'a str,
        start: sqlparser::tokenizer::Location,
        end: sqlparser::tokenizer::Location,
    ) -> &'a str {
        text.get(self.offset(text, start)..self.offset(text, end)).unwrap_or(text)
    }

    fn offset(&self, text: &str, at: sqlparser::tokenizer::Location) -> usize {
        let line = usize::try_from(at.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = self.0.get(line).copied() else { return text.len() };
        let column = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let rest = text.get(start..).unwrap_or_default();
        rest.char_indices().nth(column).map_or(text.len(), |(offset, _)| start + offset)
    }
}
