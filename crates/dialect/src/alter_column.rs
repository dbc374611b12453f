//! Columns in ALTER TABLE: those that are added, and changes of those that are there.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-alter-table-manage-column>

use crate::ColumnType;
use crate::columns::ColumnDefinition;
use crate::constraints::TableConstraint;
use crate::reader::{Parsed, Reader, fail};
use crate::terms::{ColumnPath, Expression};
use sqlparser::ast::Ident;
use sqlparser::tokenizer::Span;

/// A column or field to add.
#[derive(Debug, Clone, PartialEq)]
pub struct AddColumn {
    /// The names that lead to the struct it is put into, none for a column of the table. The elements of an array are
    /// named `element`, those of a map `key` and `value`.
    pub parent: Vec<Ident>,
    /// Its name, type and properties.
    pub column: ColumnDefinition,
    /// Its place; the last one where none is given.
    pub position: Option<ColumnPosition>,
}

/// A place among the columns of a table or the fields of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnPosition {
    /// Before all others.
    First,
    /// After this one.
    After(Ident),
}

/// A column or field, and what changes in it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterColumn {
    /// The column or field.
    pub column: ColumnPath,
    /// The changes, one at least; more only with `CHANGE COLUMN name name type [COMMENT 'text'] [FIRST | AFTER …]`.
    pub changes: Vec<ColumnChange>,
}

/// A change of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnChange {
    /// `TYPE type`.
    Type {
        /// The new type.
        column_type: ColumnType,
        /// Where it stands.
        span: Span,
    },
    /// `SET NOT NULL`.
    NotNull,
    /// `DROP NOT NULL`.
    Nullable,
    /// `SET DEFAULT expression`.
    SetDefault(Expression),
    /// `DROP DEFAULT`.
    DropDefault,
    /// `COMMENT 'text'`.
    Comment(String),
    /// `FIRST` or `AFTER column`.
    Move(ColumnPosition),
    /// `SYNC IDENTITY`: the next value is beyond those that are there.
    SyncIdentity,
}

const EXPECTED: &str = "TYPE, SET, DROP, COMMENT, FIRST, AFTER or SYNC IDENTITY";

impl AddColumn {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let mut parent = reader.column()?.parts;
        let Some(name) = parent.pop() else { return reader.expected("a column's name") };
        let mut constraints = Vec::new();
        let column = ColumnDefinition::parse_after_name(reader, name, &mut constraints)?;
        refuse_constraints(&constraints)?;
        Ok(Self { parent, column, position: ColumnPosition::parse(reader)? })
    }
}

pub(crate) fn refuse_constraints(constraints: &[TableConstraint]) -> Parsed<()> {
    match constraints.first() {
        None => Ok(()),
        Some(constraint) => fail(constraint.span, "Constraints are added by ALTER TABLE … ADD CONSTRAINT"),
    }
}

impl ColumnPosition {
    fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        if reader.take("FIRST") {
            Ok(Some(Self::First))
        } else if reader.take("AFTER") {
            Ok(Some(Self::After(reader.identifier("a column's name")?)))
        } else {
            Ok(None)
        }
    }
}

impl AlterColumn {
    /// Also of the form `name name type …`, if the statement says CHANGE.
    pub(crate) fn parse(reader: &mut Reader<'_>, is_change: bool) -> Parsed<Self> {
        let column = reader.column()?;
        let changes = match ColumnChange::parse(reader)? {
            Some(change) => vec![change],
            None if is_change && reader.has_more_than(0) => parse_redefinition(reader, &column)?,
            None => return reader.expected(EXPECTED),
        };
        Ok(Self { column, changes })
    }
}

fn parse_redefinition(reader: &mut Reader<'_>, column: &ColumnPath) -> Parsed<Vec<ColumnChange>> {
    let name = reader.identifier(EXPECTED)?;
    if column.parts.last().is_none_or(|last| !last.value.eq_ignore_ascii_case(&name.value)) {
        return fail(name.span, "Columns are renamed by ALTER TABLE … RENAME COLUMN");
    }
    let start = reader.next_span();
    let column_type = ColumnType::parse(reader)?;
    let mut changes = vec![ColumnChange::Type { column_type, span: reader.span_since(start) }];
    if reader.take("COMMENT") {
        changes.push(ColumnChange::Comment(reader.comment()?));
    }
    changes.extend(ColumnPosition::parse(reader)?.map(ColumnChange::Move));
    Ok(changes)
}

impl ColumnChange {
    fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        if let Some(position) = ColumnPosition::parse(reader)? {
            return Ok(Some(Self::Move(position)));
        }
        Ok(Some(if reader.take("TYPE") {
            let start = reader.next_span();
            let column_type = ColumnType::parse(reader)?;
            Self::Type { column_type, span: reader.span_since(start) }
        } else if reader.take("SET") {
            match reader.take_one(&["NOT NULL", "DEFAULT"]) {
                Some("NOT NULL") => Self::NotNull,
                Some(_) => Self::SetDefault(reader.expression()?),
                None => return reader.expected("NOT NULL or DEFAULT"),
            }
        } else if reader.take("DROP") {
            match reader.take_one(&["NOT NULL", "DEFAULT"]) {
                Some("NOT NULL") => Self::Nullable,
                Some(_) => Self::DropDefault,
                None => return reader.expected("NOT NULL or DEFAULT"),
            }
        } else if reader.take("COMMENT") {
            Self::Comment(reader.comment()?)
        } else if reader.take("SYNC IDENTITY") {
            Self::SyncIdentity
        } else {
            return Ok(None);
        }))
    }
}
