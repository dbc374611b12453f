//! Databricks SQL text → statements.
//!
//! [`split`] cuts a script into statements without parsing them, so that a fault in the third does not keep the first
//! two from running; [`parse`] turns one of them into its syntax tree. Positions always count from the start of the
//! script.

mod copy;
mod error;
mod split;

pub use copy::CopyTo;
pub use error::SyntaxError;
pub use split::{StatementText, split};

use sqlparser::ast;
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

pub use sqlparser;

/// How deep expressions and queries may nest before the parser gives up; the stack of a browser's worker is small.
const RECURSION_LIMIT: usize = 96;

/// One statement's syntax tree.
#[derive(Debug, Clone)]
pub enum Statement {
    /// What sqlparser's Databricks dialect knows.
    Sql(Box<ast::Statement>),
    /// `COPY … TO 'path'`.
    CopyTo(Box<CopyTo>),
}

/// Parses one statement of a script.
///
/// # Errors
/// Where the text is not a statement of the dialect: what was expected and found, and where.
pub fn parse(statement: &StatementText) -> Result<Statement, SyntaxError> {
    let dialect = DatabricksDialect {};
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(RECURSION_LIMIT)
        .with_tokens_with_locations(statement.tokens.clone());
    let parsed = if copy::is_copy_to(&statement.tokens) {
        copy::parse(&mut parser).map(|copy| Statement::CopyTo(Box::new(copy)))
    } else {
        parser.parse_statement().map(|sql| Statement::Sql(Box::new(sql)))
    };
    let parsed = parsed.and_then(|statement| match parser.peek_token().token {
        Token::EOF => Ok(statement),
        _ => parser.expected("end of statement", parser.peek_token()),
    });
    parsed.map_err(|error| SyntaxError::from_parser(error, statement))
}

#[cfg(test)]
mod tests;
