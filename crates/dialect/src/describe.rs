//! `DESCRIBE`: the columns of tables and queries, the history and the detail of tables, and schemas.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-table>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-describe-history>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-describe-detail>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-query> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-schema>

use crate::reader::{Parsed, Reader};
use crate::terms::ColumnPath;
use crate::time_travel::AsOf;
use sqlparser::ast::{ObjectName, Query};

/// A DESCRIBE statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Describe {
    /// `DESCRIBE [TABLE] [EXTENDED | FORMATTED] name [version] [column]`.
    Table {
        /// The table or view.
        name: ObjectName,
        /// The version of it; the newest where none is named.
        as_of: Option<AsOf>,
        /// `EXTENDED` or `FORMATTED`: also what is not about columns.
        extended: bool,
        /// The one column to describe.
        column: Option<ColumnPath>,
    },
    /// `DESCRIBE HISTORY name [LIMIT n]`: the versions of a table, the newest first.
    History {
        /// The table.
        name: ObjectName,
        /// How many versions at most.
        limit: Option<u64>,
    },
    /// `DESCRIBE DETAIL name`: format, location, size and more of a table, as one row.
    Detail {
        /// The table.
        name: ObjectName,
    },
    /// `DESCRIBE {SCHEMA | DATABASE} [EXTENDED] name`.
    Schema {
        /// The schema.
        name: ObjectName,
        /// `EXTENDED`: also its properties.
        extended: bool,
    },
    /// `DESCRIBE [QUERY] query`: the columns of its result.
    Query(Box<Query>),
}

/// Objects that this statement does not describe.
const OTHERS: &[&str] =
    &["FUNCTION", "CATALOG", "CONNECTION", "VOLUME", "SHARE", "PROVIDER", "RECIPIENT", "PROCEDURE", "POLICY"];

/// Whether a DESCRIBE of this module comes next.
pub(crate) fn is_next(reader: &Reader<'_>) -> bool {
    let is_describe = reader.next_are("DESCRIBE") || reader.next_are("DESC");
    let is_other = OTHERS.iter().any(|word| reader.are_at(1, word)) && reader.has_more_than(2);
    is_describe && !is_other
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Describe> {
    if reader.take_one(&["DESCRIBE", "DESC"]).is_none() {
        return reader.expected("DESCRIBE");
    }
    if (reader.next_are("QUERY") && reader.is_query_at(1))
        || (reader.is_query_at(0) && !reader.next_are("TABLE"))
    {
        let _ = reader.take("QUERY");
        return reader.query("a query").map(Describe::Query);
    }
    // Each of these words may also be a table's name.
    if reader.has_more_than(1) {
        if reader.take("HISTORY") {
            let name = reader.table_or_path()?;
            let limit =
                if reader.take("LIMIT") { Some(reader.number("a number of versions")?) } else { None };
            return Ok(Describe::History { name, limit });
        }
        if reader.take("DETAIL") {
            return Ok(Describe::Detail { name: reader.table_or_path()? });
        }
        if reader.take_one(&["SCHEMA", "DATABASE"]).is_some() {
            let extended = reader.has_more_than(1) && reader.take("EXTENDED");
            return Ok(Describe::Schema { name: reader.name("a schema's name")?, extended });
        }
        let _ = reader.take("TABLE");
    }
    let extended = reader.has_more_than(1) && reader.take_one(&["EXTENDED", "FORMATTED"]).is_some();
    let name = reader.table_name()?;
    let as_of = AsOf::parse(reader)?;
    let column = if reader.has_more_than(0) { Some(reader.column()?) } else { None };
    Ok(Describe::Table { name, as_of, extended, column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::Describe(describe) = statement(sql) else { panic!("{sql}") };
        let found = match *describe {
            Describe::Table { name, as_of, extended, column } => {
                let as_of = match as_of {
                    Some(AsOf::Version { version, .. }) => format!(" at {version}"),
                    Some(AsOf::Timestamp { time, .. }) => format!(" at {time}"),
                    None => String::new(),
                };
                let column = column.map(|c| format!(" {c}")).unwrap_or_default();
                format!("table {name}{as_of}{column}{}", if extended { " extended" } else { "" })
            }
            Describe::History { name, limit } => format!("history {name} {limit:?}"),
            Describe::Detail { name } => format!("detail {name}"),
            Describe::Schema { name, extended } => format!("schema {name} {extended}"),
            Describe::Query(query) => format!("query {query}"),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn tables_and_columns() {
        check("DESCRIBE t", "table t");
        check("desc table a.b", "table a.b");
        check("DESCRIBE EXTENDED delta.`/p`", "table delta.`/p` extended");
        check("DESCRIBE TABLE FORMATTED t", "table t extended");
        check("DESCRIBE TABLE t a.b", "table t a.b");
    }

    #[test]
    fn versions() {
        check("DESCRIBE t VERSION AS OF 3", "table t at 3");
        check("DESCRIBE TABLE EXTENDED t@v3", "table t at 3 extended");
        check("DESCRIBE delta.`/p@v3` a.b", "table delta.`/p` at 3 a.b");
        check("DESC t TIMESTAMP AS OF '2024-01-31' a", "table t at '2024-01-31' a");
        check("DESCRIBE t version", "table t version");
        assert_eq!(error("DESCRIBE t VERSION AS OF x"), "1:26 Expected: a version's number, found: x");
    }

    #[test]
    fn history_and_detail() {
        check("DESCRIBE HISTORY t", "history t None");
        check("DESC HISTORY delta.`/p` LIMIT 5", "history delta.`/p` Some(5)");
        check("DESCRIBE HISTORY '/p'", "history delta.`/p` None");
        check("DESCRIBE DETAIL a.b.c", "detail a.b.c");
    }

    #[test]
    fn queries_and_schemas() {
        check("DESCRIBE SELECT 1 AS a", "query SELECT 1 AS a");
        check(
            "DESCRIBE QUERY WITH x AS (SELECT 1) SELECT * FROM x",
            "query WITH x AS (SELECT 1) SELECT * FROM x",
        );
        check("DESCRIBE SCHEMA EXTENDED s", "schema s true");
        check("DESC DATABASE c.s", "schema c.s false");
    }

    #[test]
    fn words_of_the_statement_are_names_of_tables_too() {
        check("DESCRIBE history", "table history");
        check("DESCRIBE detail", "table detail");
        check("DESCRIBE extended", "table extended");
        check("DESCRIBE query", "table query");
        check("DESCRIBE function", "table function");
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(error("DESCRIBE"), "1:9 Expected: a table's name, found the end of the text");
        assert_eq!(error("DESCRIBE HISTORY t LIMIT x"), "1:26 Expected: a number of versions, found: x");
        assert_eq!(error("DESCRIBE DETAIL 1"), "1:17 Expected: a table's name or path, found: 1");
        assert_eq!(error("DESCRIBE t 1"), "1:12 Expected: a column's name, found: 1");
    }
}
