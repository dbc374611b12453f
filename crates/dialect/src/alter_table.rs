//! `ALTER TABLE`.
//!
//! Reference: <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-alter-table> and
//! <https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-alter-table-manage-column>

use crate::alter_column::{AddColumn, AlterColumn};
use crate::columns::{self, ColumnDefinition};
use crate::constraints::TableConstraint;
use crate::properties::{self, Property};
use crate::reader::{Parsed, Reader, fail};
use crate::terms::{ColumnPath, Text};
use crate::{ClusterBy, alter_column};
use sqlparser::ast::{Ident, ObjectName};
use sqlparser::tokenizer::Token;

/// An ALTER TABLE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub name: ObjectName,
    /// What to change.
    pub operation: AlterOperation,
}

/// What an ALTER TABLE statement changes.
#[derive(Debug, Clone, PartialEq)]
pub enum AlterOperation {
    /// `RENAME TO name`.
    Rename(ObjectName),
    /// `ADD COLUMNS (…)`.
    AddColumns(Vec<AddColumn>),
    /// `DROP COLUMNS (…)`.
    DropColumns {
        /// The columns and fields.
        columns: Vec<ColumnPath>,
        /// `IF EXISTS`: those that are not there are passed over.
        if_exists: bool,
    },
    /// `RENAME COLUMN a.b TO c`.
    RenameColumn {
        /// The column or field.
        from: ColumnPath,
        /// Its new name, in the same place.
        to: Ident,
    },
    /// `ALTER COLUMN …`.
    AlterColumns(Vec<AlterColumn>),
    /// `REPLACE COLUMNS (…)`: all columns at once.
    ReplaceColumns(Vec<ColumnDefinition>),
    /// `ADD CONSTRAINT name …`.
    AddConstraint(TableConstraint),
    /// `DROP CONSTRAINT name`.
    DropConstraint {
        /// The constraint.
        name: Ident,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `DROP PRIMARY KEY` or `DROP FOREIGN KEY (columns)`.
    DropKey {
        /// The columns of the foreign key; none where the primary key is meant.
        foreign_key: Option<Vec<Ident>>,
        /// `IF EXISTS`.
        if_exists: bool,
    },
    /// `SET TBLPROPERTIES (…)`.
    SetProperties(Vec<Property>),
    /// `UNSET TBLPROPERTIES (…)`.
    UnsetProperties {
        /// The keys.
        keys: Vec<Text>,
        /// `IF EXISTS`: those that are not there are passed over.
        if_exists: bool,
    },
    /// `CLUSTER BY …`.
    ClusterBy(ClusterBy),
    /// `DROP FEATURE feature [TRUNCATE HISTORY]`.
    DropFeature {
        /// The table feature.
        feature: Text,
        /// `TRUNCATE HISTORY`: with the versions that have used it.
        truncate_history: bool,
    },
    /// `SET LOCATION 'path'`.
    SetLocation(Text),
}

const EXPECTED: &str = "ADD, ALTER, CHANGE, CLUSTER BY, DROP, RENAME, REPLACE COLUMNS, SET or UNSET";

pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<AlterTable> {
    reader.need("ALTER TABLE")?;
    let name = reader.changed_table()?;
    let operation = if reader.take("RENAME") {
        parse_rename(reader)?
    } else if reader.take("ADD") {
        parse_add(reader)?
    } else if reader.take("DROP") {
        parse_drop(reader)?
    } else if let Some(verb) = reader.take_one(&["ALTER", "CHANGE"]) {
        let _ = reader.take("COLUMN");
        AlterOperation::AlterColumns(reader.items(|reader| AlterColumn::parse(reader, verb == "CHANGE"))?)
    } else if reader.take("REPLACE COLUMNS") {
        AlterOperation::ReplaceColumns(parse_replacement(reader)?)
    } else if reader.take("SET") {
        if reader.take("TBLPROPERTIES") {
            AlterOperation::SetProperties(properties::parse(reader)?)
        } else if reader.take("LOCATION") {
            AlterOperation::SetLocation(reader.text("a path in quotes")?)
        } else {
            return reader.expected("TBLPROPERTIES or LOCATION");
        }
    } else if reader.take("UNSET") {
        reader.need("TBLPROPERTIES")?;
        let if_exists = reader.take("IF EXISTS");
        AlterOperation::UnsetProperties { keys: properties::parse_keys(reader)?, if_exists }
    } else if reader.take("CLUSTER BY") {
        AlterOperation::ClusterBy(ClusterBy::parse(reader)?)
    } else {
        return reader.expected(EXPECTED);
    };
    Ok(AlterTable { name, operation })
}

fn parse_rename(reader: &mut Reader<'_>) -> Parsed<AlterOperation> {
    match reader.take_one(&["TO", "COLUMN"]) {
        Some("TO") => reader.table_name().map(AlterOperation::Rename),
        Some(_) => {
            let from = reader.column()?;
            reader.need("TO")?;
            Ok(AlterOperation::RenameColumn { from, to: reader.identifier("a column's name")? })
        }
        None => reader.expected("TO or COLUMN"),
    }
}

fn parse_add(reader: &mut Reader<'_>) -> Parsed<AlterOperation> {
    if reader.take("CONSTRAINT") {
        return TableConstraint::parse_named(reader).map(AlterOperation::AddConstraint);
    }
    if let Some(constraint) = TableConstraint::parse(reader)? {
        return Ok(AlterOperation::AddConstraint(constraint));
    }
    if reader.take_one(&["COLUMNS", "COLUMN"]).is_none() && !reader.next_is(&Token::LParen) {
        return reader.expected("COLUMN, COLUMNS, CONSTRAINT or columns in parentheses");
    }
    let columns = if reader.next_is(&Token::LParen) {
        reader.list(AddColumn::parse)?
    } else {
        reader.items(AddColumn::parse)?
    };
    Ok(AlterOperation::AddColumns(columns))
}

fn parse_drop(reader: &mut Reader<'_>) -> Parsed<AlterOperation> {
    if reader.take_one(&["COLUMNS", "COLUMN"]).is_some() {
        let if_exists = reader.take("IF EXISTS");
        let columns = if reader.next_is(&Token::LParen) {
            reader.list(Reader::column)?
        } else {
            reader.items(Reader::column)?
        };
        Ok(AlterOperation::DropColumns { columns, if_exists })
    } else if reader.take("CONSTRAINT") {
        let if_exists = reader.take("IF EXISTS");
        let name = reader.identifier("a constraint's name")?;
        let _ = reader.take_one(&["RESTRICT", "CASCADE"]);
        Ok(AlterOperation::DropConstraint { name, if_exists })
    } else if let Some(key) = reader.take_one(&["PRIMARY KEY", "FOREIGN KEY"]) {
        let if_exists = reader.take("IF EXISTS");
        let foreign_key = if key == "FOREIGN KEY" {
            Some(reader.list(|reader| reader.identifier("a column's name"))?)
        } else {
            None
        };
        let _ = reader.take_one(&["RESTRICT", "CASCADE"]);
        Ok(AlterOperation::DropKey { foreign_key, if_exists })
    } else if reader.take("FEATURE") {
        let feature = match reader.take_text() {
            Some(text) => text,
            None => {
                let name = reader.identifier("a table feature")?;
                Text { value: name.value, span: name.span }
            }
        };
        Ok(AlterOperation::DropFeature { feature, truncate_history: reader.take("TRUNCATE HISTORY") })
    } else {
        reader.expected("COLUMN, COLUMNS, CONSTRAINT, FEATURE, PRIMARY KEY or FOREIGN KEY")
    }
}

fn parse_replacement(reader: &mut Reader<'_>) -> Parsed<Vec<ColumnDefinition>> {
    let mut constraints = Vec::new();
    let columns = columns::parse_list(reader, &mut constraints)?;
    alter_column::refuse_constraints(&constraints)?;
    match columns.first() {
        Some(_) => Ok(columns),
        None => fail(reader.next_span(), "A table has one column at least"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, joined, statement};
    use crate::{ColumnChange, ColumnPosition, ConstraintKind, Statement};

    fn position(position: Option<&ColumnPosition>) -> String {
        match position {
            None => String::new(),
            Some(ColumnPosition::First) => " first".to_owned(),
            Some(ColumnPosition::After(column)) => format!(" after {column}"),
        }
    }

    fn added(column: &AddColumn) -> String {
        let default = column.column.default.as_ref().map(|d| format!(" <{}>", d.text)).unwrap_or_default();
        let path = ColumnPath { parts: column.parent.iter().chain([&column.column.name]).cloned().collect() };
        let null = if column.column.not_null { "!" } else { "" };
        let place = position(column.position.as_ref());
        format!("{path} {:?}{null}{default}{place}", column.column.column_type)
    }

    fn changed(column: &AlterColumn) -> String {
        let change = |change: &ColumnChange| match change {
            ColumnChange::Type { column_type, .. } => format!("{column_type:?}"),
            ColumnChange::NotNull => "set not null".to_owned(),
            ColumnChange::Nullable => "drop not null".to_owned(),
            ColumnChange::SetDefault(default) => format!("default {}", default.text),
            ColumnChange::DropDefault => "drop default".to_owned(),
            ColumnChange::Comment(text) => format!("'{text}'"),
            ColumnChange::Move(place) => position(Some(place)).trim().to_owned(),
            ColumnChange::SyncIdentity => "sync".to_owned(),
        };
        format!("{}: {}", column.column, column.changes.iter().map(change).collect::<Vec<_>>().join(" & "))
    }

    /// The operation of ALTER TABLE t.
    fn check(sql: &str, expect: &str) {
        let Statement::AlterTable(alter) = statement(&format!("ALTER TABLE s.t {sql}")) else {
            panic!("{sql}")
        };
        assert_eq!(alter.name.to_string(), "s.t");
        let found = match alter.operation {
            AlterOperation::Rename(name) => format!("to {name}"),
            AlterOperation::AddColumns(list) => list.iter().map(added).collect::<Vec<_>>().join(", "),
            AlterOperation::DropColumns { columns, if_exists } => {
                format!("drop {} {if_exists}", joined(&columns))
            }
            AlterOperation::RenameColumn { from, to } => format!("{from} to {to}"),
            AlterOperation::AlterColumns(list) => list.iter().map(changed).collect::<Vec<_>>().join(", "),
            AlterOperation::ReplaceColumns(list) => format!("replace {}", list.len()),
            AlterOperation::AddConstraint(constraint) => {
                let name = constraint.name.map(|n| n.value).unwrap_or_default();
                match constraint.kind {
                    ConstraintKind::Check(condition) => format!("{name} <{}>", condition.text),
                    other => format!("{name} {}", format!("{other:?}").split_once(' ').unwrap().0),
                }
            }
            AlterOperation::DropConstraint { name, if_exists } => {
                format!("drop constraint {name} {if_exists}")
            }
            AlterOperation::DropKey { foreign_key, if_exists } => {
                format!("drop key {:?} {if_exists}", foreign_key.map(|c| joined(&c)))
            }
            AlterOperation::SetProperties(list) => format!("set {}", list.len()),
            AlterOperation::UnsetProperties { keys, if_exists } => {
                format!(
                    "unset {} {if_exists}",
                    keys.iter().map(|k| k.value.as_str()).collect::<Vec<_>>().join(", ")
                )
            }
            AlterOperation::ClusterBy(ClusterBy::Columns(columns)) => format!("cluster {}", joined(&columns)),
            AlterOperation::ClusterBy(other) => format!("cluster {other:?}"),
            AlterOperation::DropFeature { feature, truncate_history } => {
                format!("feature {} {truncate_history}", feature.value)
            }
            AlterOperation::SetLocation(path) => format!("location {}", path.value),
        };
        assert_eq!(found, expect, "{sql}");
    }

    #[test]
    fn columns_are_added() {
        check("ADD COLUMN a INT", "a Integer");
        check(
            "add columns (a int, b.c string comment 'x' after d, e date first)",
            "a Integer, b.c String after d, e Date first",
        );
        check("ADD COLUMNS a INT NOT NULL DEFAULT 1, b DATE", "a Integer! <1>, b Date");
        check("ADD (a INT DEFAULT 1 + 1 AFTER b)", "a Integer <1 + 1> after b");
        check("ADD COLUMN m.value.x ARRAY<INT>", "m.value.x Array(Integer)");
    }

    #[test]
    fn columns_are_dropped_and_renamed() {
        check("DROP COLUMN a", "drop a false");
        check("DROP COLUMNS IF EXISTS (a, b.c)", "drop a, b.c true");
        check("RENAME COLUMN a.b TO `c d`", "a.b to `c d`");
        check("RENAME TO x.y", "to x.y");
        check("REPLACE COLUMNS (a INT, b STRING COMMENT 'x')", "replace 2");
    }

    #[test]
    fn columns_are_altered() {
        check("ALTER COLUMN a TYPE BIGINT", "a: Long");
        check("ALTER a.b SET NOT NULL", "a.b: set not null");
        check("CHANGE COLUMN a DROP NOT NULL", "a: drop not null");
        check("ALTER COLUMN a SET DEFAULT 1 + 2", "a: default 1 + 2");
        check("ALTER COLUMN a DROP DEFAULT", "a: drop default");
        check("ALTER COLUMN a COMMENT 'x'", "a: 'x'");
        check("ALTER COLUMN a FIRST", "a: first");
        check("ALTER COLUMN a AFTER b", "a: after b");
        check("ALTER COLUMN a SYNC IDENTITY", "a: sync");
        check("ALTER COLUMN a COMMENT 'x', b TYPE LONG", "a: 'x', b: Long");
        check("CHANGE COLUMN a a BIGINT COMMENT 'x' AFTER b", "a: Long & 'x' & after b");
        check("CHANGE a.b b BIGINT", "a.b: Long");
    }

    #[test]
    fn constraints_properties_and_features() {
        check("ADD CONSTRAINT c CHECK (a > 0 OR b)", "c <a > 0 OR b>");
        check("ADD CONSTRAINT c PRIMARY KEY (a) RELY", "c PrimaryKey");
        check("ADD PRIMARY KEY (a)", " PrimaryKey");
        check("DROP CONSTRAINT c", "drop constraint c false");
        check("DROP CONSTRAINT IF EXISTS c CASCADE", "drop constraint c true");
        check("DROP PRIMARY KEY IF EXISTS", "drop key None true");
        check("DROP FOREIGN KEY (a, b)", "drop key Some(\"a, b\") false");
        check("SET TBLPROPERTIES ('a' = 'b', delta.x = 1)", "set 2");
        check("UNSET TBLPROPERTIES IF EXISTS ('a.b', c.d)", "unset a.b, c.d true");
        check("CLUSTER BY (a, b)", "cluster a, b");
        check("CLUSTER BY NONE", "cluster None");
        check("DROP FEATURE deletionVectors", "feature deletionVectors false");
        check("DROP FEATURE 'v2Checkpoint' TRUNCATE HISTORY", "feature v2Checkpoint true");
        check("SET LOCATION '/p'", "location /p");
    }

    #[test]
    fn faults_have_their_place() {
        let check = |sql: &str, expect: &str| {
            let sql = format!("ALTER TABLE t\n{sql}");
            assert_eq!(error(&sql), expect, "{sql}");
        };
        check(
            "OWNER TO x",
            "2:1 Expected: ADD, ALTER, CHANGE, CLUSTER BY, DROP, RENAME, REPLACE COLUMNS, SET or UNSET, found: OWNER",
        );
        check("ADD a INT", "2:5 Expected: COLUMN, COLUMNS, CONSTRAINT or columns in parentheses, found: a");
        check(
            "ADD COLUMN a",
            "2:13 Expected: a data type such as STRING, BIGINT or DECIMAL(10, 2), found the end of the text",
        );
        check("ADD COLUMN a INT PRIMARY KEY", "2:18 Constraints are added by ALTER TABLE … ADD CONSTRAINT");
        check(
            "ALTER COLUMN a",
            "2:15 Expected: TYPE, SET, DROP, COMMENT, FIRST, AFTER or SYNC IDENTITY, found the end of the text",
        );
        check(
            "ALTER COLUMN a BIGINT",
            "2:16 Expected: TYPE, SET, DROP, COMMENT, FIRST, AFTER or SYNC IDENTITY, found: BIGINT",
        );
        check("ALTER COLUMN a SET x", "2:20 Expected: NOT NULL or DEFAULT, found: x");
        check("CHANGE COLUMN a b BIGINT", "2:17 Columns are renamed by ALTER TABLE … RENAME COLUMN");
        check("RENAME COLUMN a b", "2:17 Expected: TO, found: b");
        check(
            "DROP x",
            "2:6 Expected: COLUMN, COLUMNS, CONSTRAINT, FEATURE, PRIMARY KEY or FOREIGN KEY, found: x",
        );
        check("SET OWNER TO x", "2:5 Expected: TBLPROPERTIES or LOCATION, found: OWNER");
        check("ADD CONSTRAINT c a > 0", "2:18 Expected: CHECK, PRIMARY KEY or FOREIGN KEY, found: a");
        check("CLUSTER BY a", "2:12 Expected: columns in parentheses, NONE or AUTO, found: a");
    }
}
