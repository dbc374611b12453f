//! Definitions of columns, as CREATE TABLE and ALTER TABLE have them.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-using>

use crate::ColumnType;
use crate::constraints::{self, TableConstraint};
use crate::reader::{Parsed, Reader, fail};
use crate::terms::Expression;
use sqlparser::ast::Ident;
use sqlparser::tokenizer::{Span, Token};

/// A column: `name type [NOT NULL] [DEFAULT …] [GENERATED …] [COMMENT …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDefinition {
    /// The name.
    pub name: Ident,
    /// The type.
    pub column_type: ColumnType,
    /// Where the type stands.
    pub type_span: Span,
    /// `NOT NULL`.
    pub not_null: bool,
    /// `DEFAULT expression`.
    pub default: Option<Expression>,
    /// `GENERATED …`.
    pub generated: Option<Generated>,
    /// `COMMENT 'text'`.
    pub comment: Option<String>,
}

/// How a column gets its values from the table itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Generated {
    /// `GENERATED ALWAYS AS (expression)`.
    Expression(Expression),
    /// `GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY`.
    Identity(Identity),
}

/// An identity column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `BY DEFAULT`: statements may give values of their own.
    pub allows_explicit_values: bool,
    /// `START WITH`, or 1.
    pub start: i64,
    /// `INCREMENT BY`, or 1; never 0.
    pub step: i64,
}

/// The columns between parentheses, and the constraints between and in them.
pub(crate) fn parse_list(
    reader: &mut Reader<'_>,
    constraints: &mut Vec<TableConstraint>,
) -> Parsed<Vec<ColumnDefinition>> {
    let items = reader.list(|reader| match TableConstraint::parse(reader)? {
        Some(constraint) => {
            constraints.push(constraint);
            Ok(None)
        }
        None => ColumnDefinition::parse(reader, constraints).map(Some),
    })?;
    Ok(items.into_iter().flatten().collect())
}

impl ColumnDefinition {
    pub(crate) fn parse(reader: &mut Reader<'_>, constraints: &mut Vec<TableConstraint>) -> Parsed<Self> {
        let name = reader.identifier("a column's name")?;
        Self::parse_after_name(reader, name, constraints)
    }

    pub(crate) fn parse_after_name(
        reader: &mut Reader<'_>,
        name: Ident,
        constraints: &mut Vec<TableConstraint>,
    ) -> Parsed<Self> {
        let start = reader.next_span();
        let column_type = ColumnType::parse(reader)?;
        let type_span = reader.span_since(start);
        let mut column = Self {
            name,
            column_type,
            type_span,
            not_null: false,
            default: None,
            generated: None,
            comment: None,
        };
        loop {
            let clause = reader.next_span();
            if reader.take("NOT NULL") {
                column.not_null = true;
            } else if reader.take("DEFAULT") {
                let default = reader.default_expression()?;
                reader.once(&mut column.default, default, clause, "DEFAULT")?;
            } else if reader.take("GENERATED") {
                let generated = Generated::parse(reader)?;
                reader.once(&mut column.generated, generated, clause, "GENERATED")?;
            } else if reader.take("COMMENT") {
                let comment = reader.comment()?;
                reader.once(&mut column.comment, comment, clause, "COMMENT")?;
            } else if let Some(constraint) = constraints::parse_of_column(reader, &column.name)? {
                constraints.push(constraint);
            } else if reader.next_are("MASK") {
                return fail(clause, "Column masks are not supported");
            } else {
                break;
            }
        }
        if column.default.is_some() && column.generated.is_some() {
            return fail(column.name.span, "A column has either a default or is generated");
        }
        Ok(column)
    }
}

impl Generated {
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let by_default = reader.take("BY DEFAULT");
        if !by_default && !reader.take("ALWAYS") {
            return reader.expected("ALWAYS or BY DEFAULT");
        }
        reader.need("AS")?;
        if reader.take("IDENTITY") {
            return Identity::parse(reader, by_default).map(Self::Identity);
        }
        if by_default {
            return reader.expected("IDENTITY");
        }
        if !reader.next_is(&Token::LParen) {
            return reader.expected("IDENTITY or an expression in parentheses");
        }
        reader.enclosed(Reader::expression).map(Self::Expression)
    }
}

impl Identity {
    fn parse(reader: &mut Reader<'_>, allows_explicit_values: bool) -> Parsed<Self> {
        let (mut start, mut step) = (None, None);
        if reader.take_symbol(&Token::LParen) {
            while !reader.take_symbol(&Token::RParen) {
                let clause = reader.next_span();
                if reader.take("START WITH") {
                    let number = reader.number("a number of 64 bits")?;
                    reader.once(&mut start, number, clause, "START WITH")?;
                } else if reader.take("INCREMENT BY") {
                    let number = reader.number("a number of 64 bits")?;
                    if number == 0 {
                        return fail(clause, "An identity column cannot increment by 0");
                    }
                    reader.once(&mut step, number, clause, "INCREMENT BY")?;
                } else {
                    return reader.expected("START WITH, INCREMENT BY or )");
                }
            }
        }
        Ok(Self { allows_explicit_values, start: start.unwrap_or(1), step: step.unwrap_or(1) })
    }
}
