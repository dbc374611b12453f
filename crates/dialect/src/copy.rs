//! `COPY … TO 'path'`: writes the rows of a query or table to files.
//!
//! Databricks has no such statement (it writes with INSERT and Python); the syntax is DuckDB's,
//! `COPY (query) TO 'path' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (a, b))`, and DataFusion's,
//! `COPY (query) TO 'path' STORED AS PARQUET PARTITIONED BY (a) OPTIONS ('compression' 'zstd')`.

use sqlparser::ast::{Ident, ObjectName, Query, visit_relations_mut};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};
use std::ops::ControlFlow;

/// A `COPY … TO` statement.
#[derive(Debug, Clone)]
pub struct CopyTo {
    /// Where the rows come from; of `COPY name` it is `SELECT * FROM name`.
    pub source: Box<Query>,
    /// The path or URL to write.
    pub target: String,
    /// Where the path stands in the script.
    pub target_span: Span,
    /// `parquet`, `csv` or `json`, lower case; when absent the path's extension says it.
    pub format: Option<String>,
    /// Columns whose values become folders `column=value`.
    pub partition_by: Vec<Ident>,
    /// The other options, keys in lower case.
    pub options: Vec<(String, String)>,
}

pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<CopyTo, ParserError> {
    parser.expect_keyword_is(Keyword::COPY)?;
    let source = if parser.consume_token(&Token::LParen) {
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        query
    } else {
        select_all(parser.parse_object_name(false)?)?
    };
    parser.expect_keyword_is(Keyword::TO)?;
    let target_span = parser.peek_token().span;
    let target = parser.parse_literal_string()?;
    let mut copy =
        CopyTo { source, target, target_span, format: None, partition_by: Vec::new(), options: Vec::new() };
    loop {
        if parser.parse_keywords(&[Keyword::STORED, Keyword::AS]) {
            copy.format = Some(parser.parse_identifier()?.value.to_lowercase());
        } else if parser.parse_keywords(&[Keyword::PARTITIONED, Keyword::BY]) {
            copy.partition_by = parse_columns(parser)?;
        } else if parser.parse_keyword(Keyword::OPTIONS) || parser.parse_keyword(Keyword::WITH) {
            parser.expect_token(&Token::LParen)?;
            parse_options(parser, &mut copy)?;
        } else if parser.consume_token(&Token::LParen) {
            parse_options(parser, &mut copy)?;
        } else {
            return Ok(copy);
        }
    }
}

fn select_all(name: ObjectName) -> Result<Box<Query>, ParserError> {
    let mut query = Parser::new(&DatabricksDialect {}).try_with_sql("SELECT * FROM name")?.parse_query()?;
    // The name is put in as it was parsed, so that an error about it has its place.
    let _ = visit_relations_mut(&mut query, |relation| {
        *relation = name.clone();
        ControlFlow::<()>::Continue(())
    });
    Ok(query)
}

/// `key value`, `key = value` or `key => value`, separated by commas, up to the closing parenthesis.
fn parse_options(parser: &mut Parser<'_>, copy: &mut CopyTo) -> Result<(), ParserError> {
    while !parser.consume_token(&Token::RParen) {
        let key = parse_word(parser)?.to_lowercase();
        let _ = parser.consume_token(&Token::Eq) || parser.consume_token(&Token::RArrow);
        match key.as_str() {
            "format" => copy.format = Some(parse_word(parser)?.to_lowercase()),
            "partition_by" => copy.partition_by = parse_columns(parser)?,
            _ => {
                // A key alone switches something on: (HEADER).
                let value = match parser.peek_token().token {
                    Token::Comma | Token::RParen => "true".to_owned(),
                    _ => parse_word(parser)?,
                };
                copy.options.push((key, value));
            }
        }
        if !parser.consume_token(&Token::Comma) {
            parser.expect_token(&Token::RParen)?;
            break;
        }
    }
    Ok(())
}

fn parse_columns(parser: &mut Parser<'_>) -> Result<Vec<Ident>, ParserError> {
    if !parser.consume_token(&Token::LParen) {
        return Ok(vec![parser.parse_identifier()?]);
    }
    let columns = parser.parse_comma_separated(|parser| parser.parse_identifier())?;
    parser.expect_token(&Token::RParen)?;
    Ok(columns)
}

fn parse_word(parser: &mut Parser<'_>) -> Result<String, ParserError> {
    let token = parser.next_token();
    match token.token {
        Token::Word(word) => Ok(word.value),
        Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) | Token::Number(text, _) => {
            Ok(text)
        }
        _ => parser.expected("an option's name or value", token),
    }
}
