//! `UPDATE`, `DELETE` and `TRUNCATE TABLE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-update>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-delete-from> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-truncate-table>

use crate::reader::{Parsed, Reader};
use crate::terms::{Assignment, Expression, Target};
use sqlparser::ast::ObjectName;

/// An UPDATE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The table.
    pub target: Target,
    /// `SET column = value, …`.
    pub assignments: Vec<Assignment>,
    /// `WHERE condition`; all rows where there is none.
    pub condition: Option<Expression>,
}

/// A DELETE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The table.
    pub target: Target,
    /// `WHERE condition`; all rows where there is none.
    pub condition: Option<Expression>,
}

/// A TRUNCATE TABLE statement: all rows go.
#[derive(Debug, Clone, PartialEq)]
pub struct TruncateTable {
    /// The table.
    pub name: ObjectName,
}

pub(crate) fn parse_update(reader: &mut Reader<'_>) -> Parsed<Update> {
    reader.need("UPDATE")?;
    let target = Target::parse(reader)?;
    reader.need("SET")?;
    let assignments = reader.items(Assignment::parse)?;
    Ok(Update { target, assignments, condition: parse_where(reader)? })
}

pub(crate) fn parse_delete(reader: &mut Reader<'_>) -> Parsed<Delete> {
    reader.need("DELETE FROM")?;
    Ok(Delete { target: Target::parse(reader)?, condition: parse_where(reader)? })
}

pub(crate) fn parse_truncate(reader: &mut Reader<'_>) -> Parsed<TruncateTable> {
    reader.need("TRUNCATE TABLE")?;
    Ok(TruncateTable { name: reader.changed_table()? })
}

/// `WHERE condition`, if it comes next.
pub(crate) fn parse_where(reader: &mut Reader<'_>) -> Parsed<Option<Expression>> {
    if reader.take("WHERE") { reader.expression().map(Some) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use crate::Statement;
    use crate::terms::AssignedValue;
    use crate::testing::{error, statement};

    fn check(sql: &str, expect: &str) {
        let (target, assignments, condition) = match statement(sql) {
            Statement::Update(update) => (update.target, update.assignments, update.condition),
            Statement::Delete(delete) => (delete.target, Vec::new(), delete.condition),
            other => panic!("{sql}: {other:?}"),
        };
        let mut found = target.name.to_string();
        if let Some(alias) = target.alias {
            found.push_str(&format!(" {alias}"));
        }
        for assignment in assignments {
            let value = match assignment.value {
                AssignedValue::Default(span) => format!("default@{}", span.start.column),
                AssignedValue::Expression(expression) => expression.text,
            };
            found.push_str(&format!("; {} = {value}", assignment.column));
        }
        if let Some(condition) = condition {
            found.push_str(&format!(" where {} at {}", condition.text, condition.span.start.column));
        }
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn columns_and_fields_get_values() {
        check("UPDATE t SET a = 1", "t; a = 1");
        check(
            "update s.t as x set x.a.b = x.c  + 1, d = DEFAULT where e /* ! */ = 2",
            "s.t x; x.a.b = x.c  + 1; d = default@43 where e /* ! */ = 2 at 57",
        );
        check("UPDATE delta.`/p` t SET a = default(1), b = 'x'", "delta.`/p` t; a = default(1); b = 'x'");
        check(
            "UPDATE t SET a = (SELECT max(b) FROM u) WHERE c IN (SELECT d FROM u)",
            "t; a = (SELECT max(b) FROM u) where c IN (SELECT d FROM u) at 47",
        );
    }

    #[test]
    fn rows_are_deleted() {
        check("DELETE FROM t", "t");
        check(
            "DELETE FROM a.b.t AS x WHERE x.a BETWEEN 1 AND 2 -- end",
            "a.b.t x where x.a BETWEEN 1 AND 2 at 30",
        );
        let Statement::TruncateTable(truncate) = statement("TRUNCATE TABLE s.t") else { panic!() };
        assert_eq!(truncate.name.to_string(), "s.t");
    }

    #[test]
    fn texts_of_expressions_are_cut_from_later_lines_and_statements() {
        let text = crate::split("SELECT 1; DELETE FROM t\n  WHERE 'é' = a\n  AND b > 2").remove(1).unwrap();
        let Statement::Delete(delete) = crate::parse(&text).unwrap() else { panic!() };
        assert_eq!(delete.condition.unwrap().text, "'é' = a\n  AND b > 2");
        let text = crate::split("SELECT 1; DELETE FROM t WHERE b > 2").remove(1).unwrap();
        let Statement::Delete(delete) = crate::parse(&text).unwrap() else { panic!() };
        assert_eq!(delete.condition.unwrap().text, "b > 2");
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| assert_eq!(error(sql), expect, "{sql}");
        check("UPDATE SET a = 1", "1:8 Expected: a table's name, found: SET");
        check("UPDATE t a = 1", "1:12 Expected: SET, found: =");
        check("UPDATE t SET a 1", "1:16 Expected: =, found: 1");
        check("UPDATE t SET a = 1,", "1:20 Expected: a column's name, found the end of the text");
        check("DELETE t", "1:8 Expected: FROM, found: t");
        check("DELETE FROM WHERE a = 1", "1:13 Expected: a table's name, found: WHERE");
        check("DELETE FROM t USING u", "1:15 Expected: end of statement, found: USING");
        check("DELETE FROM t WHERE", "1:20 Expected: an expression, found the end of the text");
        check("TRUNCATE TABLE t x", "1:18 Expected: end of statement, found: x");
    }
}
