//! `SHOW`: what catalogs, schemas and tables hold.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-show-tables> and the other
//! pages of `sql-ref-syntax-aux-show-…`

use crate::properties;
use crate::reader::{Parsed, Reader};
use crate::terms::{PartitionValue, Text};
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};
use sqlparser::tokenizer::Token;

/// A SHOW statement. A pattern is a regular expression in which `*` stands for `.*`, and `|` separates several.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// `SHOW TABLES [{IN | FROM} schema] [[LIKE] 'pattern']`.
    Tables {
        /// The schema; the current one where none is given.
        schema: Option<ObjectName>,
        /// What names must match.
        pattern: Option<Text>,
    },
    /// `SHOW VIEWS [{IN | FROM} schema] [[LIKE] 'pattern']`.
    Views {
        /// The schema; the current one where none is given.
        schema: Option<ObjectName>,
        /// What names must match.
        pattern: Option<Text>,
    },
    /// `SHOW {SCHEMAS | DATABASES} [{IN | FROM} catalog] [[LIKE] 'pattern']`.
    Schemas {
        /// The catalog; the current one where none is given.
        catalog: Option<Ident>,
        /// What names must match.
        pattern: Option<Text>,
    },
    /// `SHOW CATALOGS [[LIKE] 'pattern']`.
    Catalogs {
        /// What names must match.
        pattern: Option<Text>,
    },
    /// `SHOW COLUMNS {IN | FROM} table [{IN | FROM} schema]`.
    Columns {
        /// The table, with its schema where that is given.
        table: ObjectName,
    },
    /// `SHOW PARTITIONS table [PARTITION (column = value, …)]`.
    Partitions {
        /// The table.
        table: ObjectName,
        /// What partitions must have.
        partition: Vec<PartitionValue>,
    },
    /// `SHOW CREATE TABLE table`: the statement that makes it.
    CreateTable {
        /// The table.
        table: ObjectName,
    },
    /// `SHOW TBLPROPERTIES table [(key)]`.
    Properties {
        /// The table.
        table: ObjectName,
        /// The one property to show.
        key: Option<Text>,
    },
}

/// Whether a SHOW of this module comes next.
pub(crate) fn is_next(reader: &Reader<'_>) -> bool {
    let objects = [
        "TABLES",
        "VIEWS",
        "SCHEMAS",
        "DATABASES",
        "CATALOGS",
        "COLUMNS",
        "PARTITIONS",
        "CREATE TABLE",
        "TBLPROPERTIES",
    ];
    reader.next_are("SHOW") && objects.iter().any(|words| reader.are_at(1, words))
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Show> {
    reader.need("SHOW")?;
    if reader.take("TABLES") {
        return Ok(Show::Tables { schema: parse_schema(reader)?, pattern: parse_pattern(reader)? });
    }
    if reader.take("VIEWS") {
        return Ok(Show::Views { schema: parse_schema(reader)?, pattern: parse_pattern(reader)? });
    }
    if reader.take_one(&["SCHEMAS", "DATABASES"]).is_some() {
        let catalog = if take_in(reader) { Some(reader.identifier("a catalog's name")?) } else { None };
        return Ok(Show::Schemas { catalog, pattern: parse_pattern(reader)? });
    }
    if reader.take("CATALOGS") {
        return Ok(Show::Catalogs { pattern: parse_pattern(reader)? });
    }
    if reader.take("COLUMNS") {
        return parse_columns(reader);
    }
    if reader.take("PARTITIONS") {
        let table = reader.table_or_path()?;
        let partition =
            if reader.take("PARTITION") { reader.list(PartitionValue::parse)? } else { Vec::new() };
        return Ok(Show::Partitions { table, partition });
    }
    if reader.take("CREATE TABLE") {
        return Ok(Show::CreateTable { table: reader.table_name()? });
    }
    reader.need("TBLPROPERTIES")?;
    let table = reader.table_name()?;
    let key = if reader.next_is(&Token::LParen) { Some(reader.enclosed(properties::key)?) } else { None };
    Ok(Show::Properties { table, key })
}

fn take_in(reader: &mut Reader<'_>) -> bool {
    reader.take_one(&["IN", "FROM"]).is_some()
}

fn parse_schema(reader: &mut Reader<'_>) -> Parsed<Option<ObjectName>> {
    if take_in(reader) { reader.name("a schema's name").map(Some) } else { Ok(None) }
}

fn parse_pattern(reader: &mut Reader<'_>) -> Parsed<Option<Text>> {
    if reader.take("LIKE") { reader.text("a pattern in quotes").map(Some) } else { Ok(reader.take_text()) }
}

fn parse_columns(reader: &mut Reader<'_>) -> Parsed<Show> {
    if !take_in(reader) {
        return reader.expected("IN or FROM");
    }
    let ObjectName(table) = reader.table_name()?;
    let parts: Vec<ObjectNamePart> = match parse_schema(reader)? {
        // The schema stands in the place of the one in front of the table's name.
        Some(ObjectName(schema)) => schema.into_iter().chain(table.into_iter().next_back()).collect(),
        None => table,
    };
    Ok(Show::Columns { table: ObjectName(parts) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::Show(show) = statement(sql) else { panic!("{sql}") };
        let text = |schema: Option<String>, pattern: Option<Text>| {
            format!("{} {}", schema.unwrap_or_default(), pattern.map(|p| p.value).unwrap_or_default())
        };
        let found = match *show {
            Show::Tables { schema, pattern } => {
                format!("tables {}", text(schema.map(|s| s.to_string()), pattern))
            }
            Show::Views { schema, pattern } => {
                format!("views {}", text(schema.map(|s| s.to_string()), pattern))
            }
            Show::Schemas { catalog, pattern } => {
                format!("schemas {}", text(catalog.map(|c| c.value), pattern))
            }
            Show::Catalogs { pattern } => format!("catalogs {}", text(None, pattern)),
            Show::Columns { table } => format!("columns {table}"),
            Show::Partitions { table, partition } => format!("partitions {table} {}", partition.len()),
            Show::CreateTable { table } => format!("create {table}"),
            Show::Properties { table, key } => {
                format!("properties {table} {}", key.map(|k| k.value).unwrap_or_default())
            }
        };
        assert_eq!(found.trim_end(), expect, "{sql}");
    }

    #[test]
    fn everything_that_is_shown() {
        check("SHOW TABLES", "tables");
        check("show tables in c.s like 'a*'", "tables c.s a*");
        check("SHOW TABLES FROM s 'a*|b'", "tables s a*|b");
        check("SHOW TABLES LIKE 'x'", "tables  x");
        check("SHOW VIEWS IN s", "views s");
        check("SHOW SCHEMAS", "schemas");
        check("SHOW DATABASES IN c LIKE 'x'", "schemas c x");
        check("SHOW CATALOGS LIKE 'x'", "catalogs  x");
        check("SHOW COLUMNS IN t", "columns t");
        check("SHOW COLUMNS FROM t IN s", "columns s.t");
        check("SHOW PARTITIONS t", "partitions t 0");
        check("SHOW PARTITIONS t PARTITION (a = 1, b = 'x')", "partitions t 2");
        check("SHOW CREATE TABLE a.b", "create a.b");
        check("SHOW TBLPROPERTIES t", "properties t");
        check("SHOW TBLPROPERTIES t ('delta.appendOnly')", "properties t delta.appendOnly");
        check("SHOW TBLPROPERTIES t (delta.appendOnly)", "properties t delta.appendOnly");
        assert!(matches!(statement("SHOW FUNCTIONS"), Statement::Sql(_)));
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(error("SHOW TABLES IN"), "1:15 Expected: a schema's name, found the end of the text");
        assert_eq!(error("SHOW COLUMNS t"), "1:14 Expected: IN or FROM, found: t");
        assert_eq!(error("SHOW TABLES LIKE x"), "1:18 Expected: a pattern in quotes, found: x");
        assert_eq!(error("SHOW TABLES x"), "1:13 Expected: end of statement, found: x");
    }
}
