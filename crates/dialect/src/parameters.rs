//! Named parameter markers: `:name` in a statement, and the values that take their places.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-parameter-marker>.
//!
//! A value takes its marker's place among the tokens, before anything is parsed: so a marker may stand wherever a literal
//! may, in every statement, and each token keeps its place in the script.

use crate::reader::is_one_of;
use crate::{StatementText, SyntaxError};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};
use std::collections::BTreeMap;

/// The values of parameters, by name in lower case.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, ParameterValue>);

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// NULL.
    Null,
    /// A STRING.
    Text(String),
    /// A number, as SQL writes it: `-1.5`, `2e3`.
    Number(String),
    /// A BOOLEAN.
    Boolean(bool),
    /// A DATE, as text.
    Date(String),
    /// A TIMESTAMP, as text.
    Timestamp(String),
}

impl ParameterValue {
    /// The value of a text that a person gave, by the name of its type in Databricks' words; `None` when the text is no
    /// value of that type. Dates and times are read when the statement runs.
    pub fn of(type_name: &str, text: &str) -> Option<Self> {
        let bare = text.trim();
        Some(match type_name.to_ascii_uppercase().as_str() {
            "STRING" => Self::Text(text.to_owned()),
            "DATE" => Self::Date(bare.to_owned()),
            "TIMESTAMP" => Self::Timestamp(bare.to_owned()),
            "BOOLEAN" => match bare.to_ascii_lowercase().as_str() {
                "true" => Self::Boolean(true),
                "false" => Self::Boolean(false),
                _ => return None,
            },
            "BIGINT" | "INT" => Self::Number(bare.parse::<i64>().ok()?.to_string()),
            "DECIMAL" | "DOUBLE" | "NUMERIC" => Self::Number(plain_number(bare)?.to_owned()),
            _ => return None,
        })
    }

    fn tokens(&self) -> Vec<Token> {
        let quoted = |text: &String| Token::SingleQuotedString(text.clone());
        match self {
            Self::Null => vec![word("NULL", Keyword::NULL)],
            Self::Text(text) => vec![quoted(text)],
            Self::Boolean(true) => vec![word("TRUE", Keyword::TRUE)],
            Self::Boolean(false) => vec![word("FALSE", Keyword::FALSE)],
            Self::Date(text) => vec![word("DATE", Keyword::DATE), quoted(text)],
            Self::Timestamp(text) => vec![word("TIMESTAMP", Keyword::TIMESTAMP), quoted(text)],
            Self::Number(text) => match text.strip_prefix('-') {
                // In brackets: `x -:p` has two signs in a row.
                Some(digits) => {
                    vec![Token::LParen, Token::Minus, Token::Number(digits.to_owned(), false), Token::RParen]
                }
                None => vec![Token::Number(text.clone(), false)],
            },
        }
    }
}

/// A number that SQL can write: digits, at most one point, at most one exponent.
fn plain_number(text: &str) -> Option<&str> {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let starts_well = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit() || c == '.');
    (is_number && starts_well).then_some(text)
}

fn word(text: &str, keyword: Keyword) -> Token {
    Token::Word(Word { value: text.to_owned(), quote_style: None, keyword })
}

impl Parameters {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a parameter its value. Names differ in more than letter case.
    pub fn set(&mut self, name: &str, value: ParameterValue) {
        self.0.insert(name.to_lowercase(), value);
    }
}

impl FromIterator<(String, ParameterValue)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, ParameterValue)>>(values: I) -> Self {
        let mut parameters = Self::new();
        values.into_iter().for_each(|(name, value)| parameters.set(&name, value));
        parameters
    }
}

/// A marker: two tokens, the colon and the name.
struct Marker<'a> {
    at: usize,
    name: &'a str,
    span: Span,
}

impl StatementText {
    /// The parameters that the statement names, each once, in the order in which they first occur.
    pub fn parameters(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for marker in markers(&self.tokens) {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(marker.name)) {
                names.push(marker.name.to_owned());
            }
        }
        names
    }

    /// The statement with values in the places of its parameters. Its text stays as it was written.
    ///
    /// # Errors
    /// When a parameter has no value, at the place of its marker.
    pub fn bind(mut self, values: &Parameters) -> Result<Self, SyntaxError> {
        let mut bound = Vec::new();
        for marker in markers(&self.tokens) {
            match values.0.get(&marker.name.to_lowercase()) {
                Some(value) => bound.push((marker.at, marker.span, value.tokens())),
                None => return Err(without_value(&marker)),
            }
        }
        for (at, span, tokens) in bound.into_iter().rev() {
            let tokens = tokens.into_iter().map(|token| TokenWithSpan { token, span });
            self.tokens.splice(at..at + 2, tokens);
        }
        Ok(self)
    }
}

fn without_value(marker: &Marker<'_>) -> SyntaxError {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let (start, end) = (marker.span.start, marker.span.end);
    SyntaxError {
        message: format!("The parameter :{} has no value", marker.name),
        hint: Some("Give it one, or write a literal in its place".to_owned()),
        fix: None,
        line: narrow(start.line),
        column: narrow(start.column),
        length: narrow(end.column.saturating_sub(start.column)),
    }
}

/// Words after which an operand comes, so that a colon there begins a marker. After other words it is a path into a
/// VARIANT or JSON text: `data:field`.
const BEFORE_OPERANDS: &[&str] = &[
    "ALL", "AND", "AS", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "EXISTS", "FROM", "HAVING", "ILIKE",
    "IN", "INTERVAL", "INTO", "IS", "LIKE", "LIMIT", "NOT", "OF", "OFFSET", "ON", "OR", "QUALIFY", "REGEXP",
    "RETURN", "RLIKE", "SELECT", "SET", "THEN", "TO", "USING", "VALUES", "WHEN", "WHERE",
];

fn markers(tokens: &[TokenWithSpan]) -> impl Iterator<Item = Marker<'_>> {
    let mut before: Option<(&Token, Span)> = None;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        let previous = before;
        if !matches!(token.token, Token::Whitespace(_)) {
            before = Some((&token.token, token.span));
        }
        if token.token != Token::Colon || previous.is_some_and(|(token, _)| ends_operand(token)) {
            return None;
        }
        match tokens.get(at + 1) {
            // A name follows its colon at once.
            Some(TokenWithSpan { token: Token::Word(word), span })
                if word.quote_style.is_none() && span.start == token.span.end =>
            {
                Some(Marker { at, name: &word.value, span: Span::new(token.span.start, span.end) })
            }
            _ => None,
        }
    })
}

/// Whether a token can be the end of what a path begins at.
fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some() || !is_one_of(&word.value, BEFORE_OPERANDS),
        Token::RParen | Token::RBracket | Token::Number(..) => true,
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{parse, split};

    fn statement(sql: &str) -> StatementText {
        split(sql).remove(0).unwrap()
    }

    fn bound(sql: &str, values: &[(&str, ParameterValue)]) -> Result<String, SyntaxError> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        match parse(&statement(sql).bind(&values)?)? {
            crate::Statement::Sql(sql) => Ok(sql.to_string()),
            other => Ok(format!("{other:?}")),
        }
    }

    #[test]
    fn markers_are_told_from_paths_and_casts() {
        for (sql, names) in [
            ("SELECT :a, x::INT, data:field, t.data:a.b", vec!["a"]),
            ("SELECT * FROM t WHERE y > :low AND y < :HIGH AND z = :low LIMIT :n", vec!["low", "HIGH", "n"]),
            ("SELECT ':a', \":b\", `:c` -- :d\n, (x):e, f(:g), a[:h]", vec!["g", "h"]),
            ("SELECT * FROM t VERSION AS OF :v", vec!["v"]),
            ("SELECT CASE WHEN :a THEN :b ELSE :c END", vec!["a", "b", "c"]),
            ("SELECT value:x, date:y FROM t", vec![]),
            ("SELECT : a", vec![]),
        ] {
            assert_eq!(statement(sql).parameters(), names, "{sql}");
        }
    }

    #[test]
    fn values_take_the_places_of_markers() {
        let text = ParameterValue::Text("it's :b".to_owned());
        let values = [("A", text), ("n", ParameterValue::Number("-5".to_owned()))];
        assert_eq!(bound("SELECT :a, x -:n", &values).unwrap(), "SELECT 'it''s :b', x - (-5)");
        let day = [("d", ParameterValue::Date("2026-01-31".to_owned()))];
        assert_eq!(
            bound("SELECT * FROM t WHERE d = :d", &day).unwrap(),
            "SELECT * FROM t WHERE d = DATE '2026-01-31'"
        );
        let null = [("d", ParameterValue::Null)];
        assert!(bound("DELETE FROM t WHERE d IS NOT DISTINCT FROM :d", &null).unwrap().contains("Null"));
    }

    #[test]
    fn a_parameter_without_value_is_an_error_at_its_place() {
        let error = bound("SELECT\n  :missing", &[]).unwrap_err();
        assert_eq!((error.line, error.column, error.length), (2, 3, 8));
        // What comes after a value keeps its place.
        let value = [("a", ParameterValue::Text("long long text".to_owned()))];
        let error = bound("SELECT :a x y", &value).unwrap_err();
        assert_eq!((error.line, error.column), (1, 13));
    }

    #[test]
    fn texts_become_values_of_their_type() {
        let of = ParameterValue::of;
        assert_eq!(of("BIGINT", " 12 "), Some(ParameterValue::Number("12".to_owned())));
        assert_eq!(of("BIGINT", "1.5"), None);
        assert_eq!(of("DOUBLE", "-1.5e3"), Some(ParameterValue::Number("-1.5e3".to_owned())));
        for bad in ["inf", "NaN", "1; DROP TABLE t", "0x10", ""] {
            assert_eq!(of("DOUBLE", bad), None, "{bad}");
        }
        assert_eq!(of("BOOLEAN", "TRUE"), Some(ParameterValue::Boolean(true)));
        assert_eq!(of("STRING", " x "), Some(ParameterValue::Text(" x ".to_owned())));
    }
}
