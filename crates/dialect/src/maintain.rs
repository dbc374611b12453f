//! `OPTIMIZE`, `VACUUM`, `REORG TABLE` and `FSCK REPAIR TABLE`: how the files of a table are kept.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-optimize>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-vacuum>,
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-reorg-table> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/delta-fsck>

use crate::reader::{Parsed, Reader, fail};
use crate::terms::{ColumnPath, Expression};
use crate::update::parse_where;
use sqlparser::ast::ObjectName;
use sqlparser::tokenizer::{Span, Token};

/// An OPTIMIZE statement: small files become large ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimize {
    /// The table.
    pub name: ObjectName,
    /// `FULL`: of a table with clustering, also what is clustered already.
    pub full: bool,
    /// `WHERE condition`, of partition columns.
    pub condition: Option<Expression>,
    /// `ZORDER BY (columns)`.
    pub zorder_by: Vec<ColumnPath>,
}

/// A VACUUM statement: files that no version needs any longer are deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Vacuum {
    /// The table.
    pub name: ObjectName,
    /// `FULL`, which is meant where nothing is said: the table's folder is listed. `LITE`: the log says which files
    /// there are.
    pub mode: VacuumMode,
    /// `RETAIN n HOURS`; the table's property where nothing is said.
    pub retain: Option<Retain>,
    /// `DRY RUN`: they are listed only.
    pub dry_run: bool,
}

/// Where VACUUM looks for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VacuumMode {
    /// In the table's folder.
    Full,
    /// In the log.
    Lite,
}

/// How long files are kept after they left the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retain {
    /// Not negative, and finite.
    pub hours: f64,
    /// Where the number stands.
    pub span: Span,
}

/// A `REORG TABLE … APPLY (PURGE)` statement: files are rewritten without what is deleted in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Reorg {
    /// The table.
    pub name: ObjectName,
    /// `WHERE condition`, of partition columns.
    pub condition: Option<Expression>,
}

/// An FSCK REPAIR TABLE statement: files that are missing leave the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Fsck {
    /// The table.
    pub name: ObjectName,
    /// `DRY RUN`: they are listed only.
    pub dry_run: bool,
}

pub(crate) fn parse_optimize(reader: &mut Reader<'_>) -> Parsed<Optimize> {
    reader.need("OPTIMIZE")?;
    let name = reader.table_or_path()?;
    let full = reader.take("FULL");
    let condition = parse_where(reader)?;
    let zorder_by = if !reader.take("ZORDER BY") {
        Vec::new()
    } else if reader.next_is(&Token::LParen) {
        reader.list(Reader::column)?
    } else {
        reader.items(Reader::column)?
    };
    Ok(Optimize { name, full, condition, zorder_by })
}

pub(crate) fn parse_vacuum(reader: &mut Reader<'_>) -> Parsed<Vacuum> {
    reader.need("VACUUM")?;
    let name = reader.table_or_path()?;
    let (mut mode, mut retain, mut dry_run) = (None, None, None);
    loop {
        let clause = reader.next_span();
        if reader.take("FULL") {
            reader.once(&mut mode, VacuumMode::Full, clause, "FULL or LITE")?;
        } else if reader.take("LITE") {
            reader.once(&mut mode, VacuumMode::Lite, clause, "FULL or LITE")?;
        } else if reader.take("RETAIN") {
            let start = reader.next_span();
            let hours: f64 = reader.number("a number of hours")?;
            if hours < 0.0 || !hours.is_finite() {
                return fail(start, "A number of hours is not negative");
            }
            let hours = Retain { hours, span: reader.span_since(start) };
            reader.need("HOURS")?;
            reader.once(&mut retain, hours, clause, "RETAIN")?;
        } else if reader.take("DRY RUN") {
            reader.once(&mut dry_run, true, clause, "DRY RUN")?;
        } else if reader.has_more_than(0) {
            return reader.expected("FULL, LITE, RETAIN, DRY RUN or the end of the statement");
        } else {
            break;
        }
    }
    let (mode, dry_run) = (mode.unwrap_or(VacuumMode::Full), dry_run.unwrap_or(false));
    Ok(Vacuum { name, mode, retain, dry_run })
}

pub(crate) fn parse_reorg(reader: &mut Reader<'_>) -> Parsed<Reorg> {
    reader.need("REORG TABLE")?;
    let name = reader.table_name()?;
    let condition = parse_where(reader)?;
    reader.need("APPLY")?;
    reader.enclosed(|reader| {
        if reader.next_are("UPGRADE") {
            return fail(reader.next_span(), "REORG TABLE with UPGRADE UNIFORM is not supported");
        }
        reader.need("PURGE")
    })?;
    Ok(Reorg { name, condition })
}

pub(crate) fn parse_fsck(reader: &mut Reader<'_>) -> Parsed<Fsck> {
    reader.need("FSCK REPAIR TABLE")?;
    Ok(Fsck { name: reader.table_or_path()?, dry_run: reader.take("DRY RUN") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, joined, statement};

    fn check(sql: &str, expect: &str) {
        let text =
            |condition: Option<Expression>| condition.map(|c| format!(" <{}>", c.text)).unwrap_or_default();
        let found = match statement(sql) {
            Statement::Optimize(o) => {
                format!("optimize {} {}{} ({})", o.name, o.full, text(o.condition), joined(&o.zorder_by))
            }
            Statement::Vacuum(v) => {
                format!("vacuum {} {:?} {:?} {}", v.name, v.mode, v.retain.map(|r| r.hours), v.dry_run)
            }
            Statement::Reorg(r) => format!("reorg {}{}", r.name, text(r.condition)),
            Statement::Fsck(f) => format!("fsck {} {}", f.name, f.dry_run),
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn files_are_optimized() {
        check("OPTIMIZE t", "optimize t false ()");
        check("OPTIMIZE '/p'", "optimize delta.`/p` false ()");
        check("OPTIMIZE a.b FULL", "optimize a.b true ()");
        check("optimize t where d >= '2024' zorder by (a, b.c)", "optimize t false <d >= '2024'> (a, b.c)");
        check("OPTIMIZE t ZORDER BY a, b", "optimize t false (a, b)");
    }

    #[test]
    fn files_are_vacuumed() {
        check("VACUUM t", "vacuum t Full None false");
        check("VACUUM '/p' RETAIN 168 HOURS DRY RUN", "vacuum delta.`/p` Full Some(168.0) true");
        check("VACUUM delta.`/p` LITE RETAIN 0.5 HOURS", "vacuum delta.`/p` Lite Some(0.5) false");
        check("vacuum t dry run full", "vacuum t Full None true");
    }

    #[test]
    fn files_are_purged_and_repaired() {
        check("REORG TABLE t APPLY (PURGE)", "reorg t");
        check("REORG TABLE t WHERE d = 1 APPLY (PURGE)", "reorg t <d = 1>");
        check("FSCK REPAIR TABLE t", "fsck t false");
        check("FSCK REPAIR TABLE a.b DRY RUN", "fsck a.b true");
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| assert_eq!(error(sql), expect, "{sql}");
        check("OPTIMIZE", "1:9 Expected: a table's name or path, found the end of the text");
        check("OPTIMIZE t ZORDER BY ()", "1:23 Expected: a column's name, found: )");
        check("VACUUM t RETAIN -1 HOURS", "1:17 A number of hours is not negative");
        check("VACUUM t RETAIN x HOURS", "1:17 Expected: a number of hours, found: x");
        check("VACUUM t RETAIN 1 DAYS", "1:19 Expected: HOURS, found: DAYS");
        check("VACUUM t FULL LITE", "1:15 FULL or LITE is given twice");
        check(
            "VACUUM t DRY",
            "1:10 Expected: FULL, LITE, RETAIN, DRY RUN or the end of the statement, found: DRY",
        );
        check("REORG TABLE t APPLY (x)", "1:22 Expected: PURGE, found: x");
        check(
            "REORG TABLE t APPLY (UPGRADE UNIFORM (ICEBERG_COMPAT_VERSION = 2))",
            "1:22 REORG TABLE with UPGRADE UNIFORM is not supported",
        );
        check("FSCK TABLE t", "1:6 Expected: REPAIR, found: TABLE");
    }
}
