//! `USE`, `CREATE SCHEMA` and `DROP SCHEMA`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-use-schema>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-use-catalog>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-schema> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-drop-schema>

use crate::properties::{self, Property};
use crate::reader::{Parsed, Reader};
use crate::terms::Text;
use sqlparser::ast::{Ident, ObjectName};

/// A USE statement: where names without a catalog or schema are looked for from now on.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// `USE CATALOG name`.
    Catalog(Ident),
    /// `USE [SCHEMA | DATABASE] name`.
    Schema(ObjectName),
}

/// A CREATE SCHEMA statement.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateSchema {
    /// The schema.
    pub name: ObjectName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// `COMMENT 'text'`.
    pub comment: Option<String>,
    /// `[MANAGED] LOCATION 'path'`: where its tables are put.
    pub location: Option<Text>,
    /// `WITH DBPROPERTIES (…)`.
    pub properties: Vec<Property>,
}

/// A DROP SCHEMA statement.
#[derive(Debug, Clone, PartialEq)]
pub struct DropSchema {
    /// The schema.
    pub name: ObjectName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `CASCADE`: with its tables. Otherwise there must be none.
    pub cascade: bool,
}

/// Whether these words come next with SCHEMA or DATABASE.
pub(crate) fn is_next(reader: &Reader<'_>, verb: &str) -> bool {
    reader.next_are(verb) && (reader.are_at(1, "SCHEMA") || reader.are_at(1, "DATABASE"))
}

pub(crate) fn parse_use(reader: &mut Reader<'_>) -> Parsed<Use> {
    reader.need("USE")?;
    // Each of these words may also be a schema's name.
    if reader.has_more_than(1) {
        if reader.take("CATALOG") {
            return reader.identifier("a catalog's name").map(Use::Catalog);
        }
        let _ = reader.take_one(&["SCHEMA", "DATABASE"]);
    }
    reader.name("a schema's name").map(Use::Schema)
}

pub(crate) fn parse_create(reader: &mut Reader<'_>) -> Parsed<CreateSchema> {
    reader.need("CREATE")?;
    let _ = reader.take_one(&["SCHEMA", "DATABASE"]);
    let if_not_exists = reader.take("IF NOT EXISTS");
    let name = reader.name("a schema's name")?;
    let (mut comment, mut location, mut properties) = (None, None, None);
    loop {
        let clause = reader.next_span();
        if reader.take("COMMENT") {
            let text = reader.comment()?;
            reader.once(&mut comment, text, clause, "COMMENT")?;
        } else if reader.take_one(&["LOCATION", "MANAGED LOCATION"]).is_some() {
            let path = reader.text("a path in quotes")?;
            reader.once(&mut location, path, clause, "LOCATION")?;
        } else if reader.take("WITH DBPROPERTIES") {
            let list = properties::parse(reader)?;
            reader.once(&mut properties, list, clause, "DBPROPERTIES")?;
        } else {
            let properties = properties.unwrap_or_default();
            return Ok(CreateSchema { name, if_not_exists, comment, location, properties });
        }
    }
}

pub(crate) fn parse_drop(reader: &mut Reader<'_>) -> Parsed<DropSchema> {
    reader.need("DROP")?;
    let _ = reader.take_one(&["SCHEMA", "DATABASE"]);
    let if_exists = reader.take("IF EXISTS");
    let name = reader.name("a schema's name")?;
    let cascade = reader.take_one(&["RESTRICT", "CASCADE"]) == Some("CASCADE");
    Ok(DropSchema { name, if_exists, cascade })
}

#[cfg(test)]
mod tests {
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let found = match statement(sql) {
            Statement::Use(target) => format!("{target:?}").split('(').next().unwrap_or_default().to_owned(),
            Statement::CreateSchema(create) => format!(
                "create {} {} {:?} {:?} {}",
                create.name,
                create.if_not_exists,
                create.comment,
                create.location.map(|l| l.value),
                create.properties.len()
            ),
            Statement::DropSchema(drop) => format!("drop {} {} {}", drop.name, drop.if_exists, drop.cascade),
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn schemas_are_made_used_and_dropped() {
        check("USE s", "Schema");
        check("USE SCHEMA c.s", "Schema");
        check("use database `s`", "Schema");
        check("USE catalog", "Schema");
        check("USE CATALOG c", "Catalog");
        check("CREATE SCHEMA s", "create s false None None 0");
        check(
            "CREATE DATABASE IF NOT EXISTS c.s COMMENT 'x' MANAGED LOCATION '/p' WITH DBPROPERTIES (a = 1)",
            "create c.s true Some(\"x\") Some(\"/p\") 1",
        );
        check("DROP SCHEMA s", "drop s false false");
        check("DROP DATABASE IF EXISTS c.s CASCADE", "drop c.s true true");
        check("DROP SCHEMA s RESTRICT", "drop s false false");
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(error("USE"), "1:4 Expected: a schema's name, found the end of the text");
        assert_eq!(error("USE CATALOG a.b"), "1:14 Expected: end of statement, found: .");
        assert_eq!(error("CREATE SCHEMA 's'"), "1:15 Expected: a schema's name, found: 's'");
        assert_eq!(error("DROP SCHEMA s CASCADED"), "1:15 Expected: end of statement, found: CASCADED");
    }
}
