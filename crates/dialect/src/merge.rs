//! `MERGE INTO`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/delta-merge-into>

use crate::reader::{Parsed, Reader, fail};
use crate::terms::{AssignedValue, Assignment, ColumnPath, Expression, Target};
use crate::time_travel;
use sqlparser::ast::TableFactor;
use sqlparser::tokenizer::{Span, Token};

/// A MERGE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// The table to change.
    pub target: Target,
    /// `WITH SCHEMA EVOLUTION`: columns of the source that the table lacks are added.
    pub schema_evolution: bool,
    /// The table or query with the changes, and its alias.
    pub source: Box<TableFactor>,
    /// `ON condition`: which rows match.
    pub on: Expression,
    /// What to do, one clause at least. Of the clauses of a kind, the first applies whose condition is true.
    pub clauses: Vec<MergeClause>,
}

/// A WHEN clause.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeClause {
    /// The rows that it is about.
    pub kind: MergeKind,
    /// `AND condition`. Only the last clause of a kind can do without.
    pub condition: Option<Expression>,
    /// What becomes of the rows: for NOT MATCHED an insertion, for the others an update or a deletion.
    pub action: MergeAction,
    /// Where the clause stands.
    pub span: Span,
}

/// The rows that a WHEN clause is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeKind {
    /// `MATCHED`: rows of the target with one of the source.
    Matched,
    /// `NOT MATCHED [BY TARGET]`: rows of the source without one of the target.
    NotMatched,
    /// `NOT MATCHED BY SOURCE`: rows of the target without one of the source.
    NotMatchedBySource,
}

/// What a WHEN clause does.
#[derive(Debug, Clone, PartialEq)]
pub enum MergeAction {
    /// `UPDATE SET * [EXCEPT (columns)]`: all columns get the value of the source's column of the same name.
    UpdateAll {
        /// The columns that stay as they are.
        except: Vec<ColumnPath>,
    },
    /// `UPDATE SET column = value, …`.
    Update(Vec<Assignment>),
    /// `DELETE`.
    Delete,
    /// `INSERT * [EXCEPT (columns)]`: the source's row.
    InsertAll {
        /// The columns that are left out.
        except: Vec<ColumnPath>,
    },
    /// `INSERT (columns) VALUES (values)`: as many of the ones as of the others.
    Insert(Vec<Assignment>),
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Merge> {
    reader.need("MERGE")?;
    let schema_evolution = reader.take("WITH SCHEMA EVOLUTION");
    reader.need("INTO")?;
    let target = Target::parse(reader)?;
    reader.need("USING")?;
    let source = reader.sql.parse_table_factor()?;
    time_travel::check(&source)?;
    reader.need("ON")?;
    let on = reader.expression()?;
    let mut clauses: Vec<MergeClause> = Vec::new();
    while reader.next_are("WHEN") {
        let clause = MergeClause::parse(reader)?;
        let before = clauses.iter().find(|other| other.kind == clause.kind && other.condition.is_none());
        if let Some(before) = before {
            return fail(before.span, "Only the last WHEN clause of its kind can do without a condition");
        }
        clauses.push(clause);
    }
    if clauses.is_empty() {
        return reader.expected("WHEN");
    }
    Ok(Merge { target, schema_evolution, source: Box::new(source), on, clauses })
}

impl MergeClause {
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let start = reader.next_span();
        reader.need("WHEN")?;
        let kind = if reader.take("MATCHED") {
            MergeKind::Matched
        } else if !reader.take("NOT") {
            return reader.expected("MATCHED or NOT MATCHED");
        } else {
            reader.need("MATCHED")?;
            if !reader.take("BY") {
                MergeKind::NotMatched
            } else {
                match reader.take_one(&["SOURCE", "TARGET"]) {
                    Some("SOURCE") => MergeKind::NotMatchedBySource,
                    Some(_) => MergeKind::NotMatched,
                    None => return reader.expected("SOURCE or TARGET"),
                }
            }
        };
        let condition = if reader.take("AND") { Some(reader.expression()?) } else { None };
        reader.need("THEN")?;
        let action = if kind == MergeKind::NotMatched {
            parse_insert(reader)?
        } else {
            parse_update_or_delete(reader, kind)?
        };
        Ok(Self { kind, condition, action, span: reader.span_since(start) })
    }
}

fn parse_update_or_delete(reader: &mut Reader<'_>, kind: MergeKind) -> Parsed<MergeAction> {
    if reader.take("DELETE") {
        return Ok(MergeAction::Delete);
    }
    if !reader.take("UPDATE") {
        return reader.expected("UPDATE or DELETE");
    }
    reader.need("SET")?;
    let star = reader.next_span();
    if !reader.take_symbol(&Token::Mul) {
        return reader.items(Assignment::parse).map(MergeAction::Update);
    }
    if kind == MergeKind::NotMatchedBySource {
        return fail(star, "Rows without one of the source cannot be updated from all its columns");
    }
    Ok(MergeAction::UpdateAll { except: parse_except(reader)? })
}

fn parse_insert(reader: &mut Reader<'_>) -> Parsed<MergeAction> {
    if !reader.take("INSERT") {
        return reader.expected("INSERT");
    }
    if reader.take_symbol(&Token::Mul) {
        return Ok(MergeAction::InsertAll { except: parse_except(reader)? });
    }
    if !reader.next_is(&Token::LParen) {
        return reader.expected("* or columns in parentheses");
    }
    let columns = reader.list(Reader::column)?;
    reader.need("VALUES")?;
    let start = reader.next_span();
    let values = reader.list(AssignedValue::parse)?;
    if columns.len() != values.len() {
        let message = format!("There are {} columns and {} values", columns.len(), values.len());
        return fail(start, &message);
    }
    let pairs = columns.into_iter().zip(values);
    Ok(MergeAction::Insert(pairs.map(|(column, value)| Assignment { column, value }).collect()))
}

fn parse_except(reader: &mut Reader<'_>) -> Parsed<Vec<ColumnPath>> {
    if reader.take("EXCEPT") { reader.list(Reader::column) } else { Ok(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, joined, statement};
    use crate::{AsOf, Statement, take_versions};

    fn merge(sql: &str) -> Merge {
        match statement(sql) {
            Statement::Merge(merge) => *merge,
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn assignments(list: &[Assignment]) -> String {
        let text = |a: &Assignment| match &a.value {
            AssignedValue::Default(_) => format!("{}=default", a.column),
            AssignedValue::Expression(expression) => format!("{}={}", a.column, expression.text),
        };
        list.iter().map(text).collect::<Vec<_>>().join(",")
    }

    /// The clauses of a merge of s into t.
    fn check(clauses: &str, expect: &str) {
        let merge = merge(&format!("MERGE INTO t USING s ON t.a = s.a {clauses}"));
        let text = |clause: &MergeClause| {
            let condition = clause.condition.as_ref().map(|c| format!(" <{}>", c.text)).unwrap_or_default();
            let action = match &clause.action {
                MergeAction::UpdateAll { except } => format!("update * -{}", joined(except)),
                MergeAction::Update(list) => format!("update {}", assignments(list)),
                MergeAction::Delete => "delete".to_owned(),
                MergeAction::InsertAll { except } => format!("insert * -{}", joined(except)),
                MergeAction::Insert(list) => format!("insert {}", assignments(list)),
            };
            format!("{:?}{condition} {action}", clause.kind)
        };
        assert_eq!(merge.clauses.iter().map(text).collect::<Vec<_>>().join("; "), expect, "{clauses}");
    }

    #[test]
    fn clauses_of_all_kinds() {
        check("WHEN MATCHED THEN UPDATE SET *", "Matched update * -");
        check("WHEN MATCHED THEN UPDATE SET * EXCEPT (a, b.c)", "Matched update * -a, b.c");
        check(
            "WHEN MATCHED AND s.op = 'd' THEN DELETE WHEN MATCHED THEN UPDATE SET t.b = s.b + 1, c = DEFAULT",
            "Matched <s.op = 'd'> delete; Matched update t.b=s.b + 1,c=default",
        );
        check(
            "when not matched then insert * when not matched by source and t.x < 1 then delete when not matched by \
             source then update set z = true",
            "NotMatched insert * -; NotMatchedBySource <t.x < 1> delete; NotMatchedBySource update z=true",
        );
        check(
            "WHEN NOT MATCHED BY TARGET AND s.b > 0 THEN INSERT (a, b.c) VALUES (s.a, default) \
             WHEN NOT MATCHED THEN INSERT * EXCEPT (z)",
            "NotMatched <s.b > 0> insert a=s.a,b.c=default; NotMatched insert * -z",
        );
        check(
            "WHEN MATCHED AND CASE WHEN a THEN b ELSE c END THEN DELETE",
            "Matched <CASE WHEN a THEN b ELSE c END> delete",
        );
    }

    #[test]
    fn sources_are_tables_queries_and_versions() {
        let merge_of = |from: &str| merge(&format!("MERGE {from} ON a = b WHEN MATCHED THEN DELETE"));
        let full = merge_of("WITH SCHEMA EVOLUTION INTO main.s.t AS x USING (SELECT * FROM s WHERE c) AS y");
        assert!(full.schema_evolution);
        assert_eq!(full.target.name.to_string(), "main.s.t");
        assert_eq!(full.target.alias.unwrap().value, "x");
        assert_eq!(full.source.to_string(), "(SELECT * FROM s WHERE c) AS y");
        assert_eq!(full.on.text, "a = b");
        assert_eq!(merge_of("INTO t USING delta.`/s` y").source.to_string(), "delta.`/s` y");
        assert_eq!(merge_of("INTO t x USING s").target.alias.unwrap().value, "x");
        let mut travelled = merge_of("INTO t USING s@v2 y");
        let mut found = None;
        take_versions(travelled.source.as_mut(), |name, as_of| {
            found = Some((name.to_string(), as_of));
            Ok::<_, ()>(())
        })
        .unwrap();
        assert!(matches!(found, Some((name, AsOf::Version { version: 2, .. })) if name == "s"));
    }

    #[test]
    fn faults_have_their_place() {
        let check = |clauses: &str, expect: &str| {
            let sql = format!("MERGE INTO t USING s ON a\n{clauses}");
            assert_eq!(error(&sql), expect, "{sql}");
        };
        check("", "1:26 Expected: WHEN, found the end of the text");
        check("WHEN MATCH THEN DELETE", "2:6 Expected: MATCHED or NOT MATCHED, found: MATCH");
        check("WHEN MATCHED THEN INSERT *", "2:19 Expected: UPDATE or DELETE, found: INSERT");
        check("WHEN NOT MATCHED THEN DELETE", "2:23 Expected: INSERT, found: DELETE");
        check("WHEN NOT MATCHED BY x THEN DELETE", "2:21 Expected: SOURCE or TARGET, found: x");
        check(
            "WHEN NOT MATCHED THEN INSERT VALUES (1)",
            "2:30 Expected: * or columns in parentheses, found: VALUES",
        );
        check("WHEN NOT MATCHED THEN INSERT (a) VALUES (1, 2)", "2:41 There are 1 columns and 2 values");
        check(
            "WHEN NOT MATCHED BY SOURCE THEN UPDATE SET *",
            "2:44 Rows without one of the source cannot be updated from all its columns",
        );
        check(
            "WHEN MATCHED THEN DELETE WHEN MATCHED AND b THEN DELETE",
            "2:1 Only the last WHEN clause of its kind can do without a condition",
        );
        assert_eq!(error("MERGE t USING s"), "1:7 Expected: INTO, found: t");
        assert_eq!(error("MERGE INTO t s ON a"), "1:16 Expected: USING, found: ON");
    }
}
