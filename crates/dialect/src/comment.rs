//! `COMMENT ON`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-comment>

use crate::reader::{Parsed, Reader, fail};
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned};

/// A COMMENT ON statement.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentOn {
    /// What the comment is about.
    pub target: CommentTarget,
    /// The comment; `NULL` takes it away.
    pub comment: Option<String>,
}

/// What a comment is about.
#[derive(Debug, Clone, PartialEq)]
pub enum CommentTarget {
    /// `TABLE name`.
    Table(ObjectName),
    /// `COLUMN table.column`.
    Column {
        /// The table: all but the last part of the name.
        table: ObjectName,
        /// The column.
        column: Ident,
    },
    /// `{SCHEMA | DATABASE} name`.
    Schema(ObjectName),
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<CommentOn> {
    reader.need("COMMENT ON")?;
    let target = match reader.take_one(&["TABLE", "COLUMN", "SCHEMA", "DATABASE"]) {
        Some("TABLE") => CommentTarget::Table(reader.changed_table()?),
        Some("COLUMN") => {
            let mut table = reader.name("the name of a table and of its column")?;
            let span = table.span();
            match table.0.pop() {
                Some(ObjectNamePart::Identifier(column)) if !table.0.is_empty() => {
                    CommentTarget::Column { table, column }
                }
                _ => return fail(span, "A column is named together with its table: table.column"),
            }
        }
        Some(_) => CommentTarget::Schema(reader.name("a schema's name")?),
        None => return reader.expected("TABLE, COLUMN or SCHEMA"),
    };
    reader.need("IS")?;
    let comment =
        if reader.take("NULL") { None } else { Some(reader.text("a comment in quotes or NULL")?.value) };
    Ok(CommentOn { target, comment })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::CommentOn(comment) = statement(sql) else { panic!("{sql}") };
        let target = match comment.target {
            CommentTarget::Table(name) => format!("table {name}"),
            CommentTarget::Column { table, column } => format!("column {column} of {table}"),
            CommentTarget::Schema(name) => format!("schema {name}"),
        };
        assert_eq!(format!("{target} {:?}", comment.comment), expect, "{sql}");
    }

    #[test]
    fn tables_columns_and_schemas_have_comments() {
        check("COMMENT ON TABLE a.b IS 'x'", "table a.b Some(\"x\")");
        check("comment on column s.t.c is null", "column c of s.t None");
        check("COMMENT ON SCHEMA s IS \"x\"", "schema s Some(\"x\")");
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(
            error("COMMENT ON COLUMN c IS 'x'"),
            "1:19 A column is named together with its table: table.column"
        );
        assert_eq!(error("COMMENT ON VIEW v IS 'x'"), "1:12 Expected: TABLE, COLUMN or SCHEMA, found: VIEW");
        assert_eq!(error("COMMENT ON TABLE t IS x"), "1:23 Expected: a comment in quotes or NULL, found: x");
    }
}
