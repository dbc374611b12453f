//! Databricks SQL text → statements.
//!
//! [`split`] cuts a script into statements without parsing them, so that a fault in the third does not keep the first
//! two from running; [`parse`] turns one of them into its syntax tree. Positions always count from the start of the
//! script.

mod alter_column;
mod alter_table;
mod clone_table;
mod column_type;
mod columns;
mod comment;
mod constraints;
mod convert;
mod copy;
mod copy_into;
mod create_table;
mod describe;
mod drop_table;
mod error;
mod insert;
mod maintain;
mod merge;
mod parameters;
mod properties;
mod reader;
mod restore;
mod schemas;
mod show;
mod split;
mod terms;
mod time_travel;
mod update;

pub use alter_column::{AddColumn, AlterColumn, ColumnChange, ColumnPosition};
pub use alter_table::{AlterOperation, AlterTable};
pub use clone_table::CloneTable;
pub use column_type::{ColumnType, TypeField};
pub use columns::{ColumnDefinition, Generated, Identity};
pub use comment::{CommentOn, CommentTarget};
pub use constraints::{ConstraintKind, TableConstraint};
pub use convert::ConvertToDelta;
pub use copy::CopyTo;
pub use copy_into::{CopyInto, Validate};
pub use create_table::{ClusterBy, CreateMode, CreateTable};
pub use describe::Describe;
pub use drop_table::{DropTable, UndropTable};
pub use error::SyntaxError;
pub use insert::{DefaultPlace, Insert, InsertMode};
pub use maintain::{Fsck, Optimize, Reorg, Retain, Vacuum, VacuumMode};
pub use merge::{Merge, MergeAction, MergeClause, MergeKind};
pub use parameters::{ParameterValue, Parameters};
pub use properties::Property;
pub use restore::Restore;
pub use schemas::{CreateSchema, DropSchema, Use};
pub use show::Show;
pub use split::{StatementText, split};
pub use terms::{AssignedValue, Assignment, ColumnPath, Expression, PartitionValue, Target, Text};
pub use time_travel::{AsOf, take_versions};
pub use update::{Delete, TruncateTable, Update};

use reader::{Parsed, Reader};
use sqlparser::ast;
use sqlparser::tokenizer::Token;

pub use sqlparser;

/// One statement's syntax tree.
#[derive(Debug, Clone)]
pub enum Statement {
    /// What sqlparser's Databricks dialect knows: queries, views, SET, EXPLAIN and more. The tables in it may have
    /// versions; see [`take_versions`].
    Sql(Box<ast::Statement>),
    /// `CREATE TABLE`, `REPLACE TABLE`.
    CreateTable(Box<CreateTable>),
    /// `CREATE TABLE … CLONE`.
    CloneTable(Box<CloneTable>),
    /// `ALTER TABLE`.
    AlterTable(Box<AlterTable>),
    /// `DROP TABLE`.
    DropTable(Box<DropTable>),
    /// `UNDROP TABLE`.
    UndropTable(Box<UndropTable>),
    /// `CONVERT TO DELTA`.
    ConvertToDelta(Box<ConvertToDelta>),
    /// `CREATE SCHEMA`.
    CreateSchema(Box<CreateSchema>),
    /// `DROP SCHEMA`.
    DropSchema(Box<DropSchema>),
    /// `USE`.
    Use(Box<Use>),
    /// `COMMENT ON`.
    CommentOn(Box<CommentOn>),
    /// `INSERT`.
    Insert(Box<Insert>),
    /// `UPDATE`.
    Update(Box<Update>),
    /// `DELETE`.
    Delete(Box<Delete>),
    /// `TRUNCATE TABLE`.
    TruncateTable(Box<TruncateTable>),
    /// `MERGE`.
    Merge(Box<Merge>),
    /// `COPY INTO`.
    CopyInto(Box<CopyInto>),
    /// `COPY … TO 'path'`.
    CopyTo(Box<CopyTo>),
    /// `RESTORE`.
    Restore(Box<Restore>),
    /// `OPTIMIZE`.
    Optimize(Box<Optimize>),
    /// `VACUUM`.
    Vacuum(Box<Vacuum>),
    /// `REORG TABLE`.
    Reorg(Box<Reorg>),
    /// `FSCK REPAIR TABLE`.
    Fsck(Box<Fsck>),
    /// `DESCRIBE`.
    Describe(Box<Describe>),
    /// `SHOW`.
    Show(Box<Show>),
}

/// Parses one statement of a script.
///
/// # Errors
/// Where the text is not a statement of the dialect: what was expected and found, and where.
pub fn parse(statement: &StatementText) -> Result<Statement, SyntaxError> {
    let parsed = Reader::new(statement).and_then(|mut reader| {
        let parsed = parse_next(&mut reader)?;
        match reader.next_is(&Token::EOF) {
            true => Ok(parsed),
            false => reader.expected("end of statement"),
        }
    });
    parsed.map_err(|error| SyntaxError::from_parser(error, statement))
}

fn parse_next(reader: &mut Reader<'_>) -> Parsed<Statement> {
    let next = |words| reader.next_are(words);
    if create_table::is_next(reader) {
        create_table::parse(reader)
    } else if next("ALTER TABLE") {
        alter_table::parse(reader).map(|alter| Statement::AlterTable(Box::new(alter)))
    } else if next("DROP TABLE") {
        drop_table::parse(reader).map(|drop| Statement::DropTable(Box::new(drop)))
    } else if next("UNDROP") {
        drop_table::parse_undrop(reader).map(|undrop| Statement::UndropTable(Box::new(undrop)))
    } else if next("CONVERT") {
        convert::parse(reader).map(|convert| Statement::ConvertToDelta(Box::new(convert)))
    } else if schemas::is_next(reader, "CREATE") {
        schemas::parse_create(reader).map(|create| Statement::CreateSchema(Box::new(create)))
    } else if schemas::is_next(reader, "DROP") {
        schemas::parse_drop(reader).map(|drop| Statement::DropSchema(Box::new(drop)))
    } else if next("USE") {
        schemas::parse_use(reader).map(|target| Statement::Use(Box::new(target)))
    } else if next("COMMENT ON") {
        comment::parse(reader).map(|comment| Statement::CommentOn(Box::new(comment)))
    } else if insert::is_next(reader) {
        insert::parse(reader).map(|insert| Statement::Insert(Box::new(insert)))
    } else if next("UPDATE") {
        update::parse_update(reader).map(|update| Statement::Update(Box::new(update)))
    } else if next("DELETE") {
        update::parse_delete(reader).map(|delete| Statement::Delete(Box::new(delete)))
    } else if next("TRUNCATE TABLE") {
        update::parse_truncate(reader).map(|truncate| Statement::TruncateTable(Box::new(truncate)))
    } else if next("MERGE") {
        merge::parse(reader).map(|merge| Statement::Merge(Box::new(merge)))
    } else if next("COPY INTO") {
        copy_into::parse(reader).map(|copy| Statement::CopyInto(Box::new(copy)))
    } else if next("COPY") {
        let copy = copy::parse(&mut reader.sql)?;
        time_travel::check(&copy.source)?;
        Ok(Statement::CopyTo(Box::new(copy)))
    } else if next("RESTORE") {
        restore::parse(reader).map(|restore| Statement::Restore(Box::new(restore)))
    } else if next("OPTIMIZE") {
        maintain::parse_optimize(reader).map(|optimize| Statement::Optimize(Box::new(optimize)))
    } else if next("VACUUM") {
        maintain::parse_vacuum(reader).map(|vacuum| Statement::Vacuum(Box::new(vacuum)))
    } else if next("REORG") {
        maintain::parse_reorg(reader).map(|reorg| Statement::Reorg(Box::new(reorg)))
    } else if next("FSCK") {
        maintain::parse_fsck(reader).map(|fsck| Statement::Fsck(Box::new(fsck)))
    } else if describe::is_next(reader) {
        describe::parse(reader).map(|describe| Statement::Describe(Box::new(describe)))
    } else if show::is_next(reader) {
        show::parse(reader).map(|show| Statement::Show(Box::new(show)))
    } else {
        let sql = reader.sql.parse_statement()?;
        time_travel::check(&sql)?;
        Ok(Statement::Sql(Box::new(sql)))
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
