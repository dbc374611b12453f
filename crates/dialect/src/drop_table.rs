//! `DROP TABLE` and `UNDROP TABLE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-drop-table> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-undrop-table>

use crate::reader::{Parsed, Reader};
use sqlparser::ast::ObjectName;

/// A DROP TABLE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct DropTable {
    /// The table.
    pub name: ObjectName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// `PURGE`: at once, so that it cannot come back.
    pub purge: bool,
}

/// An UNDROP statement: a table comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct UndropTable {
    /// The table.
    pub name: ObjectName,
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<DropTable> {
    reader.need("DROP TABLE")?;
    let if_exists = reader.take("IF EXISTS");
    Ok(DropTable { name: reader.changed_table()?, if_exists, purge: reader.take("PURGE") })
}

pub(crate) fn parse_undrop(reader: &mut Reader<'_>) -> Parsed<UndropTable> {
    reader.need("UNDROP")?;
    let _ = reader.has_more_than(1) && reader.take("TABLE");
    Ok(UndropTable { name: reader.table_name()? })
}

#[cfg(test)]
mod tests {
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let found = match statement(sql) {
            Statement::DropTable(drop) => format!("drop {} {} {}", drop.name, drop.if_exists, drop.purge),
            Statement::UndropTable(undrop) => format!("undrop {}", undrop.name),
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn tables_go_and_come_back() {
        check("DROP TABLE t", "drop t false false");
        check("drop table if exists a.b.c", "drop a.b.c true false");
        check("DROP TABLE delta.`/p` PURGE", "drop delta.`/p` false true");
        check("UNDROP TABLE a.b", "undrop a.b");
        check("UNDROP t", "undrop t");
        assert!(matches!(statement("DROP VIEW v"), Statement::Sql(_)));
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(error("DROP TABLE"), "1:11 Expected: a table's name, found the end of the text");
        assert_eq!(error("DROP TABLE a, b"), "1:13 Expected: end of statement, found: ,");
        assert_eq!(error("UNDROP WITH ID 'x'"), "1:8 Expected: a table's name, found: WITH");
    }
}
