//! Reads statements word by word, on top of sqlparser's parser, which reads the expressions and queries in them.

use crate::split::LineStarts;
use crate::terms::{ColumnPath, Expression, Text};
use crate::{StatementText, column_type, time_travel};
use sqlparser::ast::{Ident, ObjectName, Query};
use sqlparser::dialect::{DatabricksDialect, Dialect, Precedence};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

/// How deep expressions and queries may nest before the parser gives up; the stack of a browser's worker is small.
pub(crate) const RECURSION_LIMIT: usize = 96;

/// Words that begin clauses: where a name or an alias is looked for, they say that there is none.
const CLAUSE_WORDS: &[&str] =
    &["FROM", "ON", "SELECT", "SET", "USING", "VALUES", "WHEN", "WHERE", "WITH", "INTO", "AS"];

/// Words that a query begins with.
const QUERY_WORDS: &[&str] = &["SELECT", "WITH", "VALUES", "TABLE", "FROM"];

pub(crate) type Parsed<T> = Result<T, ParserError>;

/// A place in a statement.
pub(crate) struct Reader<'a> {
    /// The parser at that place. It sees neither white space nor comments, so that its current token is always the
    /// last one that was read.
    pub(crate) sql: Parser<'a>,
    pub(crate) statement: &'a StatementText,
    lines: LineStarts,
    origin: Location,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(statement: &'a StatementText) -> Parsed<Self> {
        let tokens = time_travel::rewrite(&statement.tokens)?;
        column_type::check_nesting(&tokens)?;
        let origin = tokens.first().map_or(Location::new(1, 1), |token| token.span.start);
        let sql = Parser::new(&DatabricksDialect {})
            .with_recursion_limit(RECURSION_LIMIT)
            .with_tokens_with_locations(tokens);
        Ok(Self { sql, statement, lines: LineStarts::new(&statement.text), origin })
    }

    /// Whether these unquoted words come next, in any case.
    pub(crate) fn next_are(&self, words: &str) -> bool {
        self.are_at(0, words)
    }

    /// Whether these words come after `skipped` tokens.
    pub(crate) fn are_at(&self, skipped: usize, words: &str) -> bool {
        words.split(' ').enumerate().all(|(n, word)| is_word(self.sql.peek_nth_token_ref(skipped + n), word))
    }

    pub(crate) fn next_is(&self, symbol: &Token) -> bool {
        self.is_at(0, symbol)
    }

    pub(crate) fn is_at(&self, skipped: usize, symbol: &Token) -> bool {
        self.sql.peek_nth_token_ref(skipped).token == *symbol
    }

    /// Whether any token comes after `skipped` ones.
    pub(crate) fn has_more_than(&self, skipped: usize) -> bool {
        !self.is_at(skipped, &Token::EOF)
    }

    /// Reads these words if they come next.
    pub(crate) fn take(&mut self, words: &str) -> bool {
        let found = self.next_are(words);
        if found {
            words.split(' ').for_each(|_| self.sql.advance_token());
        }
        found
    }

    /// Reads the first of these that comes next.
    pub(crate) fn take_one<'w>(&mut self, choices: &[&'w str]) -> Option<&'w str> {
        choices.iter().find(|words| self.take(words)).copied()
    }

    /// Reads words that must come next.
    pub(crate) fn need(&mut self, words: &str) -> Parsed<()> {
        for word in words.split(' ') {
            if !self.take(word) {
                return self.expected(word);
            }
        }
        Ok(())
    }

    pub(crate) fn take_symbol(&mut self, symbol: &Token) -> bool {
        self.sql.consume_token(symbol)
    }

    pub(crate) fn need_symbol(&mut self, symbol: &Token) -> Parsed<()> {
        self.sql.expect_token(symbol).map(|_| ())
    }

    /// An error: what should have come next.
    pub(crate) fn expected<T>(&self, what: &str) -> Parsed<T> {
        self.sql.expected_ref(what, self.sql.peek_token_ref())
    }

    /// Where the next token stands.
    pub(crate) fn next_span(&self) -> Span {
        self.sql.peek_token_ref().span
    }

    /// From a token to the last one that was read.
    pub(crate) fn span_since(&self, start: Span) -> Span {
        Span::new(start.start, self.sql.get_current_token().span.end)
    }

    /// Whether a name can come next.
    pub(crate) fn next_is_name(&self) -> bool {
        match &self.sql.peek_token_ref().token {
            Token::Word(word) => word.quote_style.is_some() || !is_one_of(&word.value, CLAUSE_WORDS),
            _ => false,
        }
    }

    pub(crate) fn identifier(&mut self, what: &str) -> Parsed<Ident> {
        let token = self.sql.peek_token();
        match token.token {
            Token::Word(word) => {
                self.sql.advance_token();
                Ok(word.into_ident(token.span))
            }
            _ => self.expected(what),
        }
    }

    /// `catalog.schema.name`, or ``delta.`path` ``.
    pub(crate) fn name(&mut self, what: &str) -> Parsed<ObjectName> {
        if !self.next_is_name() {
            return self.expected(what);
        }
        Ok(ObjectName::from(self.dotted(what)?))
    }

    pub(crate) fn table_name(&mut self) -> Parsed<ObjectName> {
        self.name("a table's name")
    }

    /// The table that a statement changes.
    pub(crate) fn changed_table(&mut self) -> Parsed<ObjectName> {
        let name = self.table_name()?;
        if self.next_are("VERSION AS OF") || self.next_are("TIMESTAMP AS OF") {
            return fail(self.next_span(), "Only the latest version of a table can be changed");
        }
        Ok(name)
    }

    /// A table's name, or its path as a string, which stands for ``delta.`path` ``.
    pub(crate) fn table_or_path(&mut self) -> Parsed<ObjectName> {
        match self.take_text() {
            Some(path) => {
                let mut format = Ident::new("delta");
                format.span = path.span;
                let mut quoted = Ident::with_quote('`', path.value);
                quoted.span = path.span;
                Ok(ObjectName::from(vec![format, quoted]))
            }
            None => self.name("a table's name or path"),
        }
    }

    pub(crate) fn column(&mut self) -> Parsed<ColumnPath> {
        Ok(ColumnPath { parts: self.dotted("a column's name")? })
    }

    fn dotted(&mut self, what: &str) -> Parsed<Vec<Ident>> {
        let mut parts = vec![self.identifier(what)?];
        while self.take_symbol(&Token::Period) {
            parts.push(self.identifier(what)?);
        }
        Ok(parts)
    }

    /// `[AS] alias`.
    pub(crate) fn alias(&mut self) -> Parsed<Option<Ident>> {
        if self.take("AS") || self.next_is_name() { self.identifier("an alias").map(Some) } else { Ok(None) }
    }

    /// `(item, item, …)`, of one item at least.
    pub(crate) fn list<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.need_symbol(&Token::LParen)?;
        let items = self.items(item)?;
        if !self.take_symbol(&Token::RParen) {
            return self.expected(", or )");
        }
        Ok(items)
    }

    /// `item, item, …`, of one item at least.
    pub(crate) fn items<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_symbol(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Something between parentheses.
    pub(crate) fn enclosed<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.need_symbol(&Token::LParen)?;
        let inner = inner(self)?;
        self.need_symbol(&Token::RParen)?;
        Ok(inner)
    }

    pub(crate) fn take_text(&mut self) -> Option<Text> {
        let token = self.sql.peek_token();
        match token.token {
            Token::SingleQuotedString(value) | Token::DoubleQuotedString(value) => {
                self.sql.advance_token();
                Some(Text { value, span: token.span })
            }
            _ => None,
        }
    }

    pub(crate) fn text(&mut self, what: &str) -> Parsed<Text> {
        match self.take_text() {
            Some(text) => Ok(text),
            None => self.expected(what),
        }
    }

    pub(crate) fn comment(&mut self) -> Parsed<String> {
        Ok(self.text("a comment in quotes")?.value)
    }

    /// The digits of a number, and its sign if it is negative.
    pub(crate) fn take_number(&mut self) -> Option<Text> {
        let start = self.next_span();
        let is_negative = self.next_is(&Token::Minus);
        match self.sql.peek_nth_token(usize::from(is_negative)).token {
            Token::Number(digits, _) => {
                (0..=usize::from(is_negative)).for_each(|_| self.sql.advance_token());
                let value = if is_negative { format!("-{digits}") } else { digits };
                Some(Text { value, span: self.span_since(start) })
            }
            _ => None,
        }
    }

    /// A number of the type `T`.
    pub(crate) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let token = self.sql.peek_token();
        match self.take_number().map(|number| number.value.parse()) {
            Some(Ok(number)) => Ok(number),
            _ => self.sql.expected(what, token),
        }
    }

    pub(crate) fn expression(&mut self) -> Parsed<Expression> {
        self.expression_with(Parser::parse_expr)
    }

    /// The default of a column. `NOT NULL` after it is the column's, so it may hold no IS, AND, OR outside of
    /// parentheses.
    pub(crate) fn default_expression(&mut self) -> Parsed<Expression> {
        let above = DatabricksDialect {}.prec_value(Precedence::Is);
        self.expression_with(|sql| sql.parse_subexpr(above))
    }

    fn expression_with(
        &mut self,
        parse: impl FnOnce(&mut Parser<'a>) -> Parsed<sqlparser::ast::Expr>,
    ) -> Parsed<Expression> {
        let start = self.next_span();
        let expr = parse(&mut self.sql)?;
        time_travel::check(&expr)?;
        let span = self.span_since(start);
        Ok(Expression { expr: Box::new(expr), text: self.text_of(span), span })
    }

    /// The statement's text at these places.
    fn text_of(&self, span: Span) -> String {
        // Places count from the start of the script; the statement's text begins at its first token.
        let shift = |at: Location| Location {
            line: at.line.saturating_sub(self.origin.line - 1),
            column: if at.line == self.origin.line {
                at.column.saturating_sub(self.origin.column - 1)
            } else {
                at.column
            },
        };
        self.lines.slice(&self.statement.text, shift(span.start), shift(span.end)).to_owned()
    }

    /// Whether a query comes after `skipped` tokens.
    pub(crate) fn is_query_at(&self, skipped: usize) -> bool {
        match &self.sql.peek_nth_token_ref(skipped).token {
            // A name may be VALUES; a query of that word goes on with a row.
            Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("VALUES") => {
                self.is_at(skipped + 1, &Token::LParen)
            }
            Token::Word(word) => word.quote_style.is_none() && is_one_of(&word.value, QUERY_WORDS),
            Token::LParen => true,
            _ => false,
        }
    }

    pub(crate) fn query(&mut self, what: &str) -> Parsed<Box<Query>> {
        if !self.is_query_at(0) {
            return self.expected(what);
        }
        let query = self.sql.parse_query()?;
        time_travel::check(&query)?;
        Ok(query)
    }

    /// Puts the value of a clause into its field, unless the clause has been there before.
    pub(crate) fn once<T>(&self, field: &mut Option<T>, value: T, clause: Span, what: &str) -> Parsed<()> {
        match field.replace(value) {
            None => Ok(()),
            Some(_) => fail(clause, &format!("{what} is given twice")),
        }
    }
}

/// An error at a place.
pub(crate) fn fail<T>(at: Span, message: &str) -> Parsed<T> {
    // The parser's errors carry their place like this; `SyntaxError` takes it out again.
    Err(ParserError::ParserError(format!("{message}{}", at.start)))
}

/// Whether a token is this word, not quoted, in any case.
pub(crate) fn is_word(token: &TokenWithSpan, word: &str) -> bool {
    matches!(&token.token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

pub(crate) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}
