//! `RESTORE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-restore>

use crate::AsOf;
use crate::reader::{Parsed, Reader};
use sqlparser::ast::ObjectName;

/// A RESTORE statement: the table's next version is like an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub struct Restore {
    /// The table.
    pub name: ObjectName,
    /// The earlier version.
    pub as_of: AsOf,
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Restore> {
    reader.need("RESTORE")?;
    let _ = reader.has_more_than(1) && reader.take("TABLE");
    let name = reader.table_name()?;
    let _ = reader.take("TO");
    match AsOf::parse(reader)? {
        Some(as_of) => Ok(Restore { name, as_of }),
        None => reader.expected("VERSION AS OF or TIMESTAMP AS OF"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::Restore(restore) = statement(sql) else { panic!("{sql}") };
        let found = match restore.as_of {
            AsOf::Version { version, .. } => format!("{} v{version}", restore.name),
            AsOf::Timestamp { time, .. } => format!("{} {time}", restore.name),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn tables_are_restored_to_versions_and_times() {
        check("RESTORE TABLE t TO VERSION AS OF 3", "t v3");
        check("restore a.b version as of 3", "a.b v3");
        check("RESTORE delta.`/p` TO TIMESTAMP AS OF '2024-01-01'", "delta.`/p` '2024-01-01'");
        check("RESTORE TABLE t TO TIMESTAMP AS OF now() - INTERVAL 1 HOUR", "t now() - INTERVAL 1 HOUR");
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(
            error("RESTORE t"),
            "1:10 Expected: VERSION AS OF or TIMESTAMP AS OF, found the end of the text"
        );
        assert_eq!(error("RESTORE t TO 3"), "1:14 Expected: VERSION AS OF or TIMESTAMP AS OF, found: 3");
        assert_eq!(error("RESTORE t TO VERSION AS OF x"), "1:28 Expected: a version's number, found: x");
    }
}
