//! `CONVERT TO DELTA`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-convert-to-delta>

use crate::alter_column::refuse_constraints;
use crate::columns::ColumnDefinition;
use crate::reader::{Parsed, Reader};
use sqlparser::ast::ObjectName;

/// A CONVERT TO DELTA statement: Parquet files become a table where they are.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvertToDelta {
    /// The files: ``parquet.`path` ``, or a table of the catalog.
    pub source: ObjectName,
    /// `NO STATISTICS`: the files' bounds are not collected.
    pub no_statistics: bool,
    /// `PARTITIONED BY (column type, …)`: what the folders' names say; none where there are no such folders.
    pub partitioned_by: Vec<ColumnDefinition>,
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<ConvertToDelta> {
    reader.need("CONVERT TO DELTA")?;
    let source = reader.table_name()?;
    let no_statistics = reader.take("NO STATISTICS");
    let mut constraints = Vec::new();
    let partitioned_by = if reader.take("PARTITIONED BY") {
        reader.list(|reader| ColumnDefinition::parse(reader, &mut constraints))?
    } else {
        Vec::new()
    };
    refuse_constraints(&constraints)?;
    Ok(ConvertToDelta { source, no_statistics, partitioned_by })
}

#[cfg(test)]
mod tests {
    use crate::Statement;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let Statement::ConvertToDelta(convert) = statement(sql) else { panic!("{sql}") };
        let columns: Vec<String> =
            convert.partitioned_by.iter().map(|c| format!("{} {:?}", c.name, c.column_type)).collect();
        let found = format!("{} {} ({})", convert.source, convert.no_statistics, columns.join(", "));
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn files_become_a_table() {
        check("CONVERT TO DELTA parquet.`/p`", "parquet.`/p` false ()");
        check(
            "convert to delta parquet.`/p` no statistics partitioned by (a int, b date)",
            "parquet.`/p` true (a Integer, b Date)",
        );
        check("CONVERT TO DELTA s.t", "s.t false ()");
    }

    #[test]
    fn faults_have_their_place() {
        assert_eq!(error("CONVERT TO PARQUET t"), "1:12 Expected: DELTA, found: PARQUET");
        assert_eq!(
            error("CONVERT TO DELTA t PARTITIONED BY (a)"),
            "1:37 Expected: a data type such as STRING, BIGINT or DECIMAL(10, 2), found: )"
        );
    }
}
