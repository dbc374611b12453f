//! What each statement does.

mod columns;
mod copy_to;
mod create_table;
mod describe;
mod drop_table;
mod insert;
mod merge;
mod metrics;
mod open;
mod replace;
mod rows;
mod show;
mod use_schema;
mod views;

use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Result, planner};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::sql::sqlparser::ast;
use futures::stream;
use std::sync::Arc;
use tarn_dialect::Statement;

/// Runs a statement.
pub(crate) async fn run(run: &Run<'_>, statement: &Statement) -> Result<Query> {
    match statement {
        Statement::Sql(sql) => run_sql(run, sql).await,
        Statement::CopyTo(copy) => copy_to::run(run, copy).await,
        Statement::CreateTable(create) => create_table::run(run, create).await,
        Statement::DropTable(drop) => drop_table::run(run, drop).await,
        Statement::Insert(insert) => insert::run(run, insert).await,
        Statement::Update(update) => rows::update(run, update).await,
        Statement::Delete(delete) => rows::delete(run, delete).await,
        Statement::TruncateTable(truncate) => rows::truncate(run, truncate).await,
        Statement::Merge(merge) => merge::run(run, merge).await,
        Statement::Describe(statement) => describe::run(run, statement).await,
        Statement::Use(statement) => use_schema::run(run, statement),
        Statement::Show(statement) => show::run(run, statement).await,
        Statement::CloneTable(_)
        | Statement::AlterTable(_)
        | Statement::UndropTable(_)
        | Statement::ConvertToDelta(_)
        | Statement::CreateSchema(_)
        | Statement::DropSchema(_)
        | Statement::CommentOn(_)
        | Statement::CopyInto(_)
        | Statement::Restore(_)
        | Statement::Optimize(_)
        | Statement::Vacuum(_)
        | Statement::Reorg(_)
        | Statement::Fsck(_) => Err(Error::new(ErrorKind::Unsupported, "This statement is not there yet")),
    }
}

/// Runs a statement that sqlparser knows.
async fn run_sql(run: &Run<'_>, statement: &ast::Statement) -> Result<Query> {
    match statement {
        ast::Statement::CreateView(view) => views::create(run, view).await,
        ast::Statement::Drop { object_type: ast::ObjectType::View, if_exists, names, .. } => {
            views::drop_all(run, names, *if_exists)
        }
        _ => {
            let state = run.session.state();
            run.query(&planner::plan(&state, &run.session.lake, statement.clone()).await?).await
        }
    }
}

/// The end of a statement that has nothing to show.
pub(crate) fn done(run: &Run<'_>) -> Query {
    rows(run, Arc::new(Schema::empty()), vec![], false)
}

/// Rows that are there already.
pub(crate) fn answer(run: &Run<'_>, batch: RecordBatch) -> Query {
    rows(run, batch.schema(), vec![batch], true)
}

fn rows(run: &Run<'_>, schema: SchemaRef, batches: Vec<RecordBatch>, returns_rows: bool) -> Query {
    let batches = stream::iter(batches.into_iter().map(Ok));
    let stream = Box::pin(RecordBatchStreamAdapter::new(schema, batches));
    Query::new(stream, Arc::clone(run.control), returns_rows)
}
