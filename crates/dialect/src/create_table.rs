//! `CREATE TABLE`, `REPLACE TABLE` and `CREATE TABLE … LIKE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-using> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-like>

use crate::columns::{self, ColumnDefinition};
use crate::constraints::TableConstraint;
use crate::properties::{self, Property};
use crate::reader::{Parsed, Reader, fail};
use crate::terms::{ColumnPath, Text};
use crate::{CloneTable, Statement};
use sqlparser::ast::{Ident, ObjectName, Query};
use sqlparser::tokenizer::Token;

/// A CREATE TABLE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// The table to make; ``delta.`path` `` for one without a name.
    pub name: ObjectName,
    /// What to do about a table that is there already.
    pub mode: CreateMode,
    /// `EXTERNAL`: there must be a location.
    pub is_external: bool,
    /// `LIKE source`: the table whose columns and partitioning are taken over.
    pub like: Option<ObjectName>,
    /// The columns; none where a query or the files at the location say them. Columns that PARTITIONED BY defines are
    /// the last ones.
    pub columns: Vec<ColumnDefinition>,
    /// The constraints, also those in the columns' definitions.
    pub constraints: Vec<TableConstraint>,
    /// `USING format`.
    pub using: Option<Ident>,
    /// `PARTITIONED BY (columns)`.
    pub partitioned_by: Vec<Ident>,
    /// `CLUSTER BY …`; never together with partitions.
    pub cluster_by: Option<ClusterBy>,
    /// `LOCATION 'path'`.
    pub location: Option<Text>,
    /// `COMMENT 'text'`.
    pub comment: Option<String>,
    /// `TBLPROPERTIES (…)`.
    pub properties: Vec<Property>,
    /// `OPTIONS (…)`.
    pub options: Vec<Property>,
    /// `AS query`.
    pub query: Option<Box<Query>>,
}

/// What a statement that makes a table does about one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateMode {
    /// `CREATE TABLE`: it is an error.
    Create,
    /// `CREATE TABLE IF NOT EXISTS`: it stays as it is.
    CreateIfNotExists,
    /// `CREATE OR REPLACE TABLE`: a new version of it is made.
    CreateOrReplace,
    /// `REPLACE TABLE`: likewise, and it is an error if there is none.
    Replace,
}

/// `CLUSTER BY`.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterBy {
    /// By these columns.
    Columns(Vec<ColumnPath>),
    /// `NONE`: no more.
    None,
    /// `AUTO`: by columns that the engine chooses.
    Auto,
}

impl ClusterBy {
    /// After the words CLUSTER BY.
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        if reader.take("NONE") {
            Ok(Self::None)
        } else if reader.take("AUTO") {
            Ok(Self::Auto)
        } else if reader.next_is(&Token::LParen) {
            reader.list(Reader::column).map(Self::Columns)
        } else {
            reader.expected("columns in parentheses, NONE or AUTO")
        }
    }
}

/// Whether the statement makes a table; temporary tables are another statement.
pub(crate) fn is_next(reader: &Reader<'_>) -> bool {
    ["CREATE TABLE", "CREATE OR REPLACE TABLE", "REPLACE TABLE", "CREATE EXTERNAL TABLE"]
        .iter()
        .any(|words| reader.next_are(words))
}

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Statement> {
    let mut mode = if reader.take("CREATE OR REPLACE") {
        CreateMode::CreateOrReplace
    } else if reader.take("REPLACE") {
        CreateMode::Replace
    } else {
        reader.need("CREATE")?;
        CreateMode::Create
    };
    let is_external = reader.take("EXTERNAL");
    reader.need("TABLE")?;
    let condition = reader.next_span();
    if reader.take("IF NOT EXISTS") {
        if mode != CreateMode::Create {
            return fail(condition, "IF NOT EXISTS and REPLACE exclude each other");
        }
        mode = CreateMode::CreateIfNotExists;
    }
    let name = reader.changed_table()?;
    if reader.next_are("SHALLOW CLONE") || reader.next_are("DEEP CLONE") || reader.next_are("CLONE") {
        return CloneTable::parse(reader, name, mode).map(|clone| Statement::CloneTable(Box::new(clone)));
    }
    let mut table = CreateTable {
        name,
        mode,
        is_external,
        like: None,
        columns: Vec::new(),
        constraints: Vec::new(),
        using: None,
        partitioned_by: Vec::new(),
        cluster_by: None,
        location: None,
        comment: None,
        properties: Vec::new(),
        options: Vec::new(),
        query: None,
    };
    if reader.take("LIKE") {
        table.like = Some(reader.table_name()?);
    } else if reader.next_is(&Token::LParen) {
        table.columns = columns::parse_list(reader, &mut table.constraints)?;
    }
    parse_clauses(reader, &mut table)?;
    Ok(Statement::CreateTable(Box::new(table)))
}

fn parse_clauses(reader: &mut Reader<'_>, table: &mut CreateTable) -> Parsed<()> {
    let (mut partitioned_by, mut properties, mut options) = (None, None, None);
    loop {
        let clause = reader.next_span();
        if reader.take("USING") {
            let format = reader.identifier("a format such as DELTA")?;
            reader.once(&mut table.using, format, clause, "USING")?;
        } else if reader.take("PARTITIONED BY") {
            let names = parse_partition_columns(reader, table)?;
            reader.once(&mut partitioned_by, names, clause, "PARTITIONED BY")?;
        } else if reader.take("CLUSTER BY") {
            let cluster_by = ClusterBy::parse(reader)?;
            reader.once(&mut table.cluster_by, cluster_by, clause, "CLUSTER BY")?;
        } else if reader.take("LOCATION") {
            let path = reader.text("a path in quotes")?;
            reader.once(&mut table.location, path, clause, "LOCATION")?;
        } else if reader.take("COMMENT") {
            let comment = reader.comment()?;
            reader.once(&mut table.comment, comment, clause, "COMMENT")?;
        } else if reader.take("TBLPROPERTIES") {
            let list = properties::parse(reader)?;
            reader.once(&mut properties, list, clause, "TBLPROPERTIES")?;
        } else if reader.take("OPTIONS") {
            let list = properties::parse(reader)?;
            reader.once(&mut options, list, clause, "OPTIONS")?;
        } else {
            break;
        }
        if partitioned_by.is_some() && table.cluster_by.is_some() {
            return fail(clause, "PARTITIONED BY and CLUSTER BY exclude each other");
        }
    }
    table.partitioned_by = partitioned_by.unwrap_or_default();
    table.properties = properties.unwrap_or_default();
    table.options = options.unwrap_or_default();
    let has_as = reader.take("AS");
    if has_as || (table.like.is_none() && reader.is_query_at(0)) {
        table.query = Some(reader.query("a query")?);
    } else if reader.has_more_than(0) {
        return reader.expected(
            "USING, PARTITIONED BY, CLUSTER BY, LOCATION, COMMENT, TBLPROPERTIES, OPTIONS, AS or the end of the statement",
        );
    }
    Ok(())
}

/// `(column, …)` or `(column type, …)`.
fn parse_partition_columns(reader: &mut Reader<'_>, table: &mut CreateTable) -> Parsed<Vec<Ident>> {
    reader.list(|reader| {
        let name = reader.identifier("a partition column's name")?;
        if !reader.next_is(&Token::Comma) && !reader.next_is(&Token::RParen) {
            if reader.next_is(&Token::LParen) {
                return fail(name.span, "Tables are partitioned by columns, not by expressions");
            }
            let column = ColumnDefinition::parse_after_name(reader, name.clone(), &mut table.constraints)?;
            table.columns.push(column);
        }
        Ok(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, joined, statement};
    use crate::{ConstraintKind, Generated};

    fn create(sql: &str) -> CreateTable {
        match statement(sql) {
            Statement::CreateTable(table) => *table,
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn column(column: &ColumnDefinition) -> String {
        let mut text = format!("{} {:?}", column.name, column.column_type);
        if column.not_null {
            text.push_str(" NOT NULL");
        }
        if let Some(default) = &column.default {
            text.push_str(&format!(" DEFAULT <{}>", default.text));
        }
        match &column.generated {
            Some(Generated::Expression(expression)) => text.push_str(&format!(" AS <{}>", expression.text)),
            Some(Generated::Identity(i)) => {
                text.push_str(&format!(" IDENTITY {} {} {}", i.start, i.step, i.allows_explicit_values));
            }
            None => {}
        }
        if let Some(comment) = &column.comment {
            text.push_str(&format!(" '{comment}'"));
        }
        text
    }

    fn constraint(constraint: &TableConstraint) -> String {
        let name = constraint.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
        match &constraint.kind {
            ConstraintKind::Check(condition) => format!("{name}CHECK <{}>", condition.text),
            ConstraintKind::PrimaryKey { columns } => format!("{name}PRIMARY {}", joined(columns)),
            ConstraintKind::ForeignKey { columns, table, referenced } => {
                format!("{name}FOREIGN {} {table} {}", joined(columns), joined(referenced))
            }
        }
    }

    /// `columns | constraints` of `CREATE TABLE t (…)`.
    fn check(definitions: &str, expect: &str) {
        let table = create(&format!("CREATE TABLE t ({definitions})"));
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        let constraints: Vec<String> = table.constraints.iter().map(constraint).collect();
        let found = [columns, constraints].map(|list| list.join(", ")).join(" | ");
        assert_eq!(found.trim_end_matches(" | "), expect, "{definitions}");
    }

    fn check_error(sql: &str, expect: &str) {
        assert_eq!(error(sql), expect, "{sql}");
    }

    #[test]
    fn columns_have_properties_in_any_order() {
        check("a INT, `b c` STRING NOT NULL COMMENT 'x'", "a Integer, `b c` String NOT NULL 'x'");
        check("a INT DEFAULT 1 + 2 NOT NULL", "a Integer NOT NULL DEFAULT <1 + 2>");
        check("a INT COMMENT 'x' NOT NULL DEFAULT -1", "a Integer NOT NULL DEFAULT <-1> 'x'");
        check(
            "a DATE DEFAULT current_date() COMMENT 'x', b INT",
            "a Date DEFAULT <current_date()> 'x', b Integer",
        );
        check("a STRING DEFAULT 'it''s'", "a String DEFAULT <'it''s'>");
        check(
            "a TIMESTAMP DEFAULT current_timestamp NOT NULL",
            "a Timestamp NOT NULL DEFAULT <current_timestamp>",
        );
        check("a BOOLEAN DEFAULT (1 = 2 OR b IS NULL)", "a Boolean DEFAULT <(1 = 2 OR b IS NULL)>");
    }

    #[test]
    fn columns_are_generated() {
        check(
            "d DATE GENERATED ALWAYS AS (CAST(t AS  DATE)) COMMENT 'x'",
            "d Date AS <CAST(t AS  DATE)> 'x'",
        );
        check("i BIGINT GENERATED ALWAYS AS IDENTITY", "i Long IDENTITY 1 1 false");
        check("i LONG GENERATED BY DEFAULT AS IDENTITY NOT NULL", "i Long NOT NULL IDENTITY 1 1 true");
        check(
            "i LONG GENERATED ALWAYS AS IDENTITY (START WITH -5 INCREMENT BY 10)",
            "i Long IDENTITY -5 10 false",
        );
        check(
            "i LONG GENERATED ALWAYS AS IDENTITY (INCREMENT BY -1 START WITH 0)",
            "i Long IDENTITY 0 -1 false",
        );
        check("i LONG GENERATED ALWAYS AS IDENTITY ()", "i Long IDENTITY 1 1 false");
    }

    #[test]
    fn constraints_stand_between_and_in_columns() {
        check("a INT, CONSTRAINT p CHECK (a > 0 AND a < 9)", "a Integer | p CHECK <a > 0 AND a < 9>");
        check("a INT, CHECK (a > 0), b INT", "a Integer, b Integer | CHECK <a > 0>");
        check("a INT PRIMARY KEY NOT ENFORCED RELY NOT NULL", "a Integer NOT NULL | PRIMARY a");
        check("a INT CONSTRAINT f REFERENCES s.u (x) NOT ENFORCED", "a Integer | f FOREIGN a s.u x");
        check(
            "a INT, b INT, CONSTRAINT k PRIMARY KEY (a, b TIMESERIES) NORELY",
            "a Integer, b Integer | k PRIMARY a, b",
        );
        check(
            "a INT, FOREIGN KEY (a) REFERENCES u MATCH FULL ON UPDATE NO ACTION ON DELETE NO ACTION",
            "a Integer | FOREIGN a u ",
        );
        check(
            "check INT, constraint STRING, primary INT",
            "check Integer, constraint String, primary Integer",
        );
    }

    #[test]
    fn clauses_come_in_any_order() {
        let table = create(
            "create or replace table main.s.`t x` (a int) tblproperties ('delta.appendOnly' = true, k 2) using delta \
             comment 'c' location '/p' options (x = 'y') partitioned by (a, b date not null)",
        );
        assert_eq!(table.name.to_string(), "main.s.`t x`");
        assert_eq!(table.mode, CreateMode::CreateOrReplace);
        assert_eq!(table.columns.iter().map(column).collect::<Vec<_>>(), ["a Integer", "b Date NOT NULL"]);
        assert_eq!(joined(&table.partitioned_by), "a, b");
        assert_eq!(
            table.properties.iter().map(|p| p.key.value.as_str()).collect::<Vec<_>>(),
            ["delta.appendOnly", "k"]
        );
        assert_eq!(table.options.len(), 1);
        assert_eq!(table.comment.as_deref(), Some("c"));
        assert_eq!(table.using.map(|u| u.value).as_deref(), Some("delta"));
        let location = table.location.unwrap();
        assert_eq!(
            (location.value.as_str(), location.span.start.line, location.span.start.column),
            ("/p", 1, 126)
        );
    }

    #[test]
    fn tables_are_clustered_by_columns_or_automatically() {
        let clusters =
            |by: &str| create(&format!("CREATE TABLE t (a INT) CLUSTER BY {by}")).cluster_by.unwrap();
        let ClusterBy::Columns(columns) = clusters("(a, b.c)") else { panic!() };
        assert_eq!(joined(&columns), "a, b.c");
        assert_eq!(clusters("NONE"), ClusterBy::None);
        assert_eq!(clusters("auto"), ClusterBy::Auto);
    }

    #[test]
    fn queries_and_other_tables_give_columns() {
        let table = create("CREATE TABLE IF NOT EXISTS delta.`/x/y` AS SELECT 1 AS a");
        assert_eq!(table.mode, CreateMode::CreateIfNotExists);
        assert_eq!(table.name.to_string(), "delta.`/x/y`");
        assert_eq!(table.query.unwrap().to_string(), "SELECT 1 AS a");
        let table = create("REPLACE TABLE t USING DELTA AS (WITH x AS (SELECT 1) SELECT * FROM x)");
        assert_eq!((table.mode, table.query.is_some()), (CreateMode::Replace, true));
        assert!(create("CREATE TABLE t AS VALUES (1, 2), (3, 4)").query.is_some());
        assert!(create("CREATE TABLE t PARTITIONED BY (a) SELECT 1 AS a").query.is_some());
        let table = create("CREATE TABLE t LIKE s.u USING delta TBLPROPERTIES (a = 1)");
        assert_eq!(table.like.unwrap().to_string(), "s.u");
        let table = create("CREATE EXTERNAL TABLE t LOCATION 'x'");
        assert!(table.is_external && table.columns.is_empty() && table.query.is_none());
    }

    #[test]
    fn faults_have_their_place() {
        check_error("CREATE TABLE (a INT)", "1:14 Expected: a table's name, found: (");
        check_error("CREATE TABLE t (a INT,)", "1:23 Expected: a column's name, found: )");
        check_error(
            "CREATE TABLE t (a)",
            "1:18 Expected: a data type such as STRING, BIGINT or DECIMAL(10, 2), found: )",
        );
        check_error("CREATE TABLE t (a INT b INT)", "1:23 Expected: , or ), found: b");
        check_error("CREATE TABLE t (a INT DEFAULT 1 DEFAULT 2)", "1:33 DEFAULT is given twice");
        check_error(
            "CREATE TABLE t (a INT DEFAULT 1 GENERATED ALWAYS AS IDENTITY)",
            "1:17 A column has either a default or is generated",
        );
        check_error(
            "CREATE TABLE t (a INT GENERATED ALWAYS AS 1)",
            "1:43 Expected: IDENTITY or an expression in parentheses, found: 1",
        );
        check_error(
            "CREATE TABLE t (a LONG GENERATED ALWAYS AS IDENTITY (INCREMENT BY 0))",
            "1:54 An identity column cannot increment by 0",
        );
        check_error(
            "CREATE TABLE t (a LONG GENERATED ALWAYS AS IDENTITY (START 1))",
            "1:54 Expected: START WITH, INCREMENT BY or ), found: START",
        );
        check_error("CREATE TABLE t (a INT, CONSTRAINT c CHECK a > 0)", "1:43 Expected: (, found: a");
        check_error(
            "CREATE OR REPLACE TABLE IF NOT EXISTS t (a INT)",
            "1:25 IF NOT EXISTS and REPLACE exclude each other",
        );
        check_error(
            "CREATE TABLE t (a INT) PARTITIONED BY (a)\nCLUSTER BY (a)",
            "2:1 PARTITIONED BY and CLUSTER BY exclude each other",
        );
        check_error(
            "CREATE TABLE t (a DATE) PARTITIONED BY (years(a))",
            "1:41 Tables are partitioned by columns, not by expressions",
        );
        check_error("CREATE TABLE t (a INT) LOCATION x", "1:33 Expected: a path in quotes, found: x");
        check_error("CREATE TABLE t AS x", "1:19 Expected: a query, found: x");
        check_error("CREATE TABLE t (a INT) COMMENT 'x' COMMENT 'y'", "1:36 COMMENT is given twice");
        check_error(
            "CREATE TABLE t (a INT) STORED AS x",
            "1:24 Expected: USING, PARTITIONED BY, CLUSTER BY, LOCATION, COMMENT, TBLPROPERTIES, OPTIONS, AS or the \
             end of the statement, found: STORED",
        );
    }
}
