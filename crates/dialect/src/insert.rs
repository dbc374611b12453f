//! `INSERT`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-dml-insert-into>

use crate::reader::{Parsed, Reader, fail, is_word};
use crate::terms::{Expression, PartitionValue};
use sqlparser::ast::{Expr, Ident, ObjectName, Query, SetExpr, With};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Span, Token};

/// An INSERT statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: ObjectName,
    /// What becomes of the rows that are there.
    pub mode: InsertMode,
    /// `WITH SCHEMA EVOLUTION`: columns that the table lacks are added.
    pub schema_evolution: bool,
    /// `PARTITION (column = value, …)`.
    pub partition: Vec<PartitionValue>,
    /// The columns that the query's go to, in order; all of the table where none are given.
    pub columns: Vec<Ident>,
    /// `BY NAME`: the query's columns go to those of the same name.
    pub by_name: bool,
    /// The rows. Where `defaults` says so, a value of its VALUES stands for a column's default.
    pub query: Box<Query>,
    /// The places of DEFAULT; see [`Insert::fill_defaults`].
    pub defaults: Vec<DefaultPlace>,
}

/// What an INSERT does with the rows of the table.
#[derive(Debug, Clone, PartialEq)]
pub enum InsertMode {
    /// `INTO`: they stay.
    Append,
    /// `OVERWRITE`: they go, all or those of the partition.
    Overwrite,
    /// `REPLACE WHERE condition`: those for which it is true go, and it must be true for the new ones.
    ReplaceWhere(Expression),
    /// `REPLACE USING (columns)`: those go that agree in these columns with a new one.
    ReplaceUsing(Vec<Ident>),
}

/// A DEFAULT among the values of an INSERT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultPlace {
    /// The row, from 0.
    pub row: usize,
    /// The column in the row, from 0.
    pub column: usize,
    /// Where it stands.
    pub span: Span,
}

impl Insert {
    /// Puts expressions into the places of DEFAULT; after it the query can be planned.
    ///
    /// # Errors
    /// The first error of `default_of`, which is called with each place.
    pub fn fill_defaults<E>(
        &mut self,
        mut default_of: impl FnMut(&DefaultPlace) -> Result<Expr, E>,
    ) -> Result<(), E> {
        let SetExpr::Values(values) = self.query.body.as_mut() else { return Ok(()) };
        for place in &self.defaults {
            let value = values.rows.get_mut(place.row).and_then(|row| row.content.get_mut(place.column));
            if let Some(value) = value {
                *value = default_of(place)?;
            }
        }
        self.defaults.clear();
        Ok(())
    }
}

/// Whether the statement is an INSERT, perhaps after common table expressions.
pub(crate) fn is_next(reader: &Reader<'_>) -> bool {
    if !reader.next_are("WITH") {
        return reader.next_are("INSERT");
    }
    // The statement's own verb follows the parenthesis that closes the last of the expressions.
    let mut depth = 0_usize;
    let mut is_after_expression = false;
    for token in reader.statement.tokens.iter() {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_after_expression && is_word(token, "INSERT") => return true,
            _ if depth == 0 && is_word(token, "SELECT") => return false,
            _ => {}
        }
        is_after_expression = token.token == Token::RParen;
    }
    false
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Insert> {
    let with = parse_with(reader)?;
    reader.need("INSERT")?;
    let schema_evolution = reader.take("WITH SCHEMA EVOLUTION");
    let mut mode = match reader.take_one(&["INTO", "OVERWRITE"]) {
        Some("INTO") => InsertMode::Append,
        Some(_) => InsertMode::Overwrite,
        None => return reader.expected("INTO or OVERWRITE"),
    };
    let _ = reader.take("TABLE");
    let table = reader.changed_table()?;
    let partition = if reader.take("PARTITION") { reader.list(PartitionValue::parse)? } else { Vec::new() };
    let by_name = reader.take("BY NAME");
    let columns = if !by_name && reader.next_is(&Token::LParen) && !reader.is_query_at(1) {
        reader.list(|reader| reader.identifier("a column's name"))?
    } else {
        Vec::new()
    };
    let replace = reader.next_span();
    if reader.take("REPLACE") {
        if mode == InsertMode::Overwrite {
            return fail(replace, "REPLACE goes with INSERT INTO, not with INSERT OVERWRITE");
        }
        mode = match reader.take_one(&["WHERE", "USING"]) {
            Some("WHERE") => InsertMode::ReplaceWhere(reader.expression()?),
            Some(_) => InsertMode::ReplaceUsing(reader.list(|reader| reader.identifier("a column's name"))?),
            None => return reader.expected("WHERE or USING"),
        };
    }
    let mut query = reader.query("VALUES or a query")?;
    let defaults = find_defaults(&query);
    if let Some(mut with) = with {
        if let Some(own) = query.with.take() {
            with.recursive |= own.recursive;
            with.cte_tables.extend(own.cte_tables);
        }
        query.with = Some(with);
    }
    Ok(Insert { table, mode, schema_evolution, partition, columns, by_name, query, defaults })
}

fn parse_with(reader: &mut Reader<'_>) -> Parsed<Option<With>> {
    if !reader.take("WITH") {
        return Ok(None);
    }
    let with_token = reader.sql.get_current_token().clone().into();
    let recursive = reader.take("RECURSIVE");
    let cte_tables = reader.sql.parse_comma_separated(Parser::parse_cte)?;
    Ok(Some(With { with_token, recursive, cte_tables }))
}

/// The values that are the word DEFAULT. The parser takes it for a column's name, which VALUES cannot have.
fn find_defaults(query: &Query) -> Vec<DefaultPlace> {
    let SetExpr::Values(values) = query.body.as_ref() else { return Vec::new() };
    let mut places = Vec::new();
    for (row, values) in values.rows.iter().enumerate() {
        for (column, value) in values.content.iter().enumerate() {
            if let Expr::Identifier(name) = value
                && name.quote_style.is_none()
                && name.value.eq_ignore_ascii_case("DEFAULT")
            {
                places.push(DefaultPlace { row, column, span: name.span });
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;
    use crate::testing::{error, joined, statement};

    fn insert(sql: &str) -> Insert {
        match statement(sql) {
            Statement::Insert(insert) => *insert,
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn check(sql: &str, expect: &str) {
        let insert = insert(sql);
        let mode = match &insert.mode {
            InsertMode::Append => "append".to_owned(),
            InsertMode::Overwrite => "overwrite".to_owned(),
            InsertMode::ReplaceWhere(condition) => format!("where <{}>", condition.text),
            InsertMode::ReplaceUsing(columns) => format!("using {}", joined(columns)),
        };
        let mut found = format!("{mode} {}", insert.table);
        if insert.schema_evolution {
            found.push_str(" evolving");
        }
        for part in &insert.partition {
            let value = part.value.as_ref().map_or("?", |value| value.text.as_str());
            found.push_str(&format!(" {}={value}", part.column));
        }
        if insert.by_name {
            found.push_str(" by name");
        }
        if !insert.columns.is_empty() {
            found.push_str(&format!(" ({})", joined(&insert.columns)));
        }
        assert_eq!(format!("{found}: {}", insert.query), expect, "{sql}");
    }

    #[test]
    fn rows_are_added_or_replaced() {
        check("INSERT INTO t SELECT 1", "append t: SELECT 1");
        check("insert into table a.b values (1, 'x'), (2, 'y')", "append a.b: VALUES (1, 'x'), (2, 'y')");
        check("INSERT INTO delta.`/p` TABLE s", "append delta.`/p`: TABLE s");
        check("INSERT OVERWRITE t SELECT * FROM s", "overwrite t: SELECT * FROM s");
        check(
            "INSERT OVERWRITE TABLE t PARTITION (d = '2024', e) (a) SELECT 1, 2",
            "overwrite t d='2024' e=? (a): SELECT 1, 2",
        );
        check("INSERT INTO t (a, `b c`) VALUES (1, 2)", "append t (a, `b c`): VALUES (1, 2)");
        check("INSERT INTO t (SELECT 1)", "append t: (SELECT 1)");
        check("INSERT INTO t (a) (SELECT 1)", "append t (a): (SELECT 1)");
        check("INSERT INTO t (values) VALUES (1)", "append t (values): VALUES (1)");
        check("INSERT INTO t BY NAME SELECT 1 AS a", "append t by name: SELECT 1 AS a");
        check("INSERT WITH SCHEMA EVOLUTION INTO t SELECT 1", "append t evolving: SELECT 1");
        check(
            "INSERT INTO t REPLACE WHERE d >= '2024' AND d < '2025' SELECT * FROM s",
            "where <d >= '2024' AND d < '2025'> t: SELECT * FROM s",
        );
        check("INSERT INTO t REPLACE WHERE a = 1 VALUES (1)", "where <a = 1> t: VALUES (1)");
        check("INSERT INTO t REPLACE USING (a, b) SELECT 1", "using a, b t: SELECT 1");
    }

    #[test]
    fn common_table_expressions_stand_before_insert_or_the_query() {
        check(
            "INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x",
            "append t: WITH x AS (SELECT 1) SELECT * FROM x",
        );
        check(
            "WITH x AS (SELECT 1), y AS (SELECT 2) INSERT INTO t SELECT * FROM x",
            "append t: WITH x AS (SELECT 1), y AS (SELECT 2) SELECT * FROM x",
        );
        check(
            "WITH x AS (SELECT 1) INSERT INTO t WITH y AS (SELECT * FROM x) SELECT * FROM y",
            "append t: WITH x AS (SELECT 1), y AS (SELECT * FROM x) SELECT * FROM y",
        );
        assert!(matches!(statement("WITH insert AS (SELECT 1) SELECT * FROM insert"), Statement::Sql(_)));
    }

    #[test]
    fn defaults_have_their_places() {
        let mut insert = insert("INSERT INTO t VALUES (1, DEFAULT), (default, `default`)");
        let places: Vec<_> = insert.defaults.iter().map(|p| (p.row, p.column, p.span.start.column)).collect();
        assert_eq!(places, [(0, 1, 26), (1, 0, 37)]);
        insert
            .fill_defaults(|place| Ok::<_, ()>(Expr::value(sqlparser::ast::Value::Boolean(place.row == 0))))
            .unwrap();
        assert_eq!(insert.query.to_string(), "VALUES (1, true), (false, `default`)");
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| assert_eq!(error(sql), expect, "{sql}");
        check("INSERT t SELECT 1", "1:8 Expected: INTO or OVERWRITE, found: t");
        check("INSERT INTO SELECT 1", "1:13 Expected: a table's name, found: SELECT");
        check("INSERT INTO t", "1:14 Expected: VALUES or a query, found the end of the text");
        check("INSERT INTO t (a, 1) VALUES (1)", "1:19 Expected: a column's name, found: 1");
        check("INSERT INTO t REPLACE ON a SELECT 1", "1:23 Expected: WHERE or USING, found: ON");
        check(
            "INSERT OVERWRITE t REPLACE WHERE a SELECT 1",
            "1:20 REPLACE goes with INSERT INTO, not with INSERT OVERWRITE",
        );
        check("INSERT INTO t VALUES (1) garbage", "1:26 Expected: end of statement, found: garbage");
    }
}
