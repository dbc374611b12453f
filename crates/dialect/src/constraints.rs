//! Constraints of tables: CHECK, which is enforced, and keys, which inform only.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-constraint> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-alter-table-add-constraint>

use crate::reader::{Parsed, Reader};
use crate::terms::Expression;
use sqlparser::ast::{Ident, ObjectName};
use sqlparser::tokenizer::{Span, Token};

/// `[CONSTRAINT name] …`.
#[derive(Debug, Clone, PartialEq)]
pub struct TableConstraint {
    /// The name, where it has one.
    pub name: Option<Ident>,
    /// What it says.
    pub kind: ConstraintKind,
    /// Where it stands.
    pub span: Span,
}

/// What a constraint says.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstraintKind {
    /// `CHECK (condition)`: rows for which it is not true are refused.
    Check(Expression),
    /// `PRIMARY KEY (columns)`.
    PrimaryKey {
        /// The columns.
        columns: Vec<Ident>,
    },
    /// `FOREIGN KEY (columns) REFERENCES table [(columns)]`.
    ForeignKey {
        /// The columns.
        columns: Vec<Ident>,
        /// The table with the primary key.
        table: ObjectName,
        /// Its columns; none where its primary key is meant.
        referenced: Vec<Ident>,
    },
}

const EXPECTED: &str = "CHECK, PRIMARY KEY or FOREIGN KEY";

/// What may follow a key: nothing that a reader or writer of tables acts on.
const KEY_OPTIONS: &[&str] = &[
    "NOT ENFORCED",
    "NOT DEFERRABLE",
    "INITIALLY DEFERRED",
    "RELY",
    "NORELY",
    "MATCH FULL",
    "ON UPDATE NO ACTION",
    "ON DELETE NO ACTION",
];

impl TableConstraint {
    /// A constraint of the table, if one comes next and not a column of such a name.
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Option<Self>> {
        let skipped = if reader.next_are("CONSTRAINT") { 2 } else { 0 };
        let is_constraint = reader.are_at(skipped, "PRIMARY KEY")
            || reader.are_at(skipped, "FOREIGN KEY")
            || (reader.are_at(skipped, "CHECK") && (skipped > 0 || reader.is_at(1, &Token::LParen)));
        if !is_constraint {
            return Ok(None);
        }
        let start = reader.next_span();
        let name = parse_name(reader)?;
        let kind = ConstraintKind::parse(reader)?;
        Ok(Some(Self { name, kind, span: reader.span_since(start) }))
    }

    /// `name constraint`, after ADD CONSTRAINT.
    pub(crate) fn parse_named(reader: &mut Reader<'_>) -> Parsed<Self> {
        let start = reader.next_span();
        let name = reader.identifier("a constraint's name")?;
        let kind = ConstraintKind::parse(reader)?;
        Ok(Self { name: Some(name), kind, span: reader.span_since(start) })
    }
}

/// A constraint in a column's definition.
pub(crate) fn parse_of_column(reader: &mut Reader<'_>, column: &Ident) -> Parsed<Option<TableConstraint>> {
    let skipped = if reader.next_are("CONSTRAINT") { 2 } else { 0 };
    let starts = ["PRIMARY KEY", "FOREIGN KEY", "REFERENCES", "CHECK"];
    if skipped == 0 && !starts.iter().any(|words| reader.next_are(words)) {
        return Ok(None);
    }
    let start = reader.next_span();
    let name = parse_name(reader)?;
    let columns = vec![column.clone()];
    let kind = if reader.take("PRIMARY KEY") {
        ConstraintKind::PrimaryKey { columns }
    } else if reader.take("FOREIGN KEY") || reader.next_are("REFERENCES") {
        parse_references(reader, columns)?
    } else {
        ConstraintKind::parse(reader)?
    };
    skip_options(reader);
    Ok(Some(TableConstraint { name, kind, span: reader.span_since(start) }))
}

fn parse_name(reader: &mut Reader<'_>) -> Parsed<Option<Ident>> {
    if reader.take("CONSTRAINT") { reader.identifier("a constraint's name").map(Some) } else { Ok(None) }
}

impl ConstraintKind {
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        if reader.take("CHECK") {
            let condition = reader.enclosed(Reader::expression)?;
            let _ = reader.take("ENFORCED");
            return Ok(Self::Check(condition));
        }
        let key = if reader.take("PRIMARY KEY") {
            let columns = reader.list(|reader| {
                let column = reader.identifier("a column's name")?;
                let _ = reader.take("TIMESERIES");
                Ok(column)
            })?;
            Self::PrimaryKey { columns }
        } else if reader.take("FOREIGN KEY") {
            let columns = reader.list(|reader| reader.identifier("a column's name"))?;
            parse_references(reader, columns)?
        } else {
            return reader.expected(EXPECTED);
        };
        skip_options(reader);
        Ok(key)
    }
}

fn parse_references(reader: &mut Reader<'_>, columns: Vec<Ident>) -> Parsed<ConstraintKind> {
    reader.need("REFERENCES")?;
    let table = reader.table_name()?;
    let referenced = if reader.next_is(&Token::LParen) {
        reader.list(|reader| reader.identifier("a column's name"))?
    } else {
        Vec::new()
    };
    Ok(ConstraintKind::ForeignKey { columns, table, referenced })
}

fn skip_options(reader: &mut Reader<'_>) {
    while reader.take_one(KEY_OPTIONS).is_some() {}
}
