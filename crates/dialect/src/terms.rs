//! What the statements are made of: texts, names of columns, expressions with their text.

use crate::reader::{Parsed, Reader};
use sqlparser::ast::{Expr, Ident, ObjectName};
use sqlparser::tokenizer::{Span, Token};
use std::fmt;

/// A string literal, such as a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What stands between the quotes.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

/// A column, or a field in it: `a`, `a.b.c`. Where a table has an alias, the first part may be that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPath {
    /// The parts, of which there is one at least.
    pub parts: Vec<Ident>,
}

impl ColumnPath {
    /// Where the name stands.
    pub fn span(&self) -> Span {
        Span::union_iter(self.parts.iter().map(|part| part.span))
    }

    /// The parts' names.
    pub fn names(&self) -> Vec<String> {
        self.parts.iter().map(|part| part.value.clone()).collect()
    }
}

impl fmt::Display for ColumnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.parts.iter().enumerate() {
            write!(f, "{}{part}", if n == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// An expression and its text, which is what a table's metadata and history keep of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Its syntax tree.
    pub expr: Box<Expr>,
    /// As it was written, without parentheses that belong to the clause around it.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A table that a statement changes, and what the statement calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The table.
    pub name: ObjectName,
    /// What its columns may be qualified with instead of the table's name.
    pub alias: Option<Ident>,
}

impl Target {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        Ok(Self { name: reader.changed_table()?, alias: reader.alias()? })
    }
}

/// What a column gets.
#[derive(Debug, Clone, PartialEq)]
pub enum AssignedValue {
    /// The value of an expression.
    Expression(Expression),
    /// `DEFAULT`, and where it stands.
    Default(Span),
}

impl AssignedValue {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        // A function or a table may have the name.
        let goes_on = reader.is_at(1, &Token::LParen) || reader.is_at(1, &Token::Period);
        let span = reader.next_span();
        if !goes_on && reader.take("DEFAULT") {
            return Ok(Self::Default(span));
        }
        Ok(Self::Expression(reader.expression()?))
    }
}

/// `column = value` of UPDATE and MERGE.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column or field.
    pub column: ColumnPath,
    /// What it gets.
    pub value: AssignedValue,
}

impl Assignment {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let column = reader.column()?;
        reader.need_symbol(&Token::Eq)?;
        Ok(Self { column, value: AssignedValue::parse(reader)? })
    }
}

/// `column = value`, or `column` alone, of a PARTITION clause.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionValue {
    /// The partition column.
    pub column: Ident,
    /// Its value; without one, the query's rows say it.
    pub value: Option<Expression>,
}

impl PartitionValue {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let column = reader.identifier("a partition column's name")?;
        let value = if reader.take_symbol(&Token::Eq) { Some(reader.expression()?) } else { None };
        Ok(Self { column, value })
    }
}
