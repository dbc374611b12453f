//! What each statement does.

mod alter;
mod clone_table;
mod columns;
mod comment;
mod convert;
mod copy_into;
mod copy_to;
mod create_table;
mod describe;
mod describe_column;
mod drop_table;
mod file_order;
mod file_report;
mod fsck;
mod insert;
mod merge;
mod metrics;
mod nested_row;
mod open;
mod optimize;
mod reorg;
mod replace;
mod restore;
mod rows;
mod schema_place;
mod schemas;
mod set;
mod show;
mod show_create;
mod use_schema;
mod vacuum;
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
    // Boxed: together these futures would take more of the stack than a small thread has.
    match statement {
        Statement::Sql(sql) => Box::pin(run_sql(run, sql)).await,
        Statement::CopyTo(copy) => Box::pin(copy_to::run(run, copy)).await,
        Statement::CreateTable(create) => Box::pin(create_table::run(run, create)).await,
        Statement::DropTable(drop) => Box::pin(drop_table::run(run, drop)).await,
        Statement::Insert(insert) => Box::pin(insert::run(run, insert)).await,
        Statement::Update(update) => Box::pin(rows::update(run, update)).await,
        Statement::Delete(delete) => Box::pin(rows::delete(run, delete)).await,
        Statement::TruncateTable(truncate) => Box::pin(rows::truncate(run, truncate)).await,
        Statement::Merge(merge) => Box::pin(merge::run(run, merge)).await,
        Statement::Describe(statement) => Box::pin(describe::run(run, statement)).await,
        Statement::Use(statement) => use_schema::run(run, statement),
        Statement::Show(statement) => Box::pin(show::run(run, statement)).await,
        Statement::AlterTable(statement) => Box::pin(alter::run(run, statement)).await,
        Statement::CommentOn(statement) => Box::pin(comment::run(run, statement)).await,
        Statement::CreateSchema(statement) => Box::pin(schemas::create(run, statement)).await,
        Statement::DropSchema(statement) => Box::pin(schemas::drop(run, statement)).await,
        Statement::Optimize(statement) => Box::pin(optimize::run(run, statement)).await,
        Statement::Vacuum(statement) => Box::pin(vacuum::run(run, statement)).await,
        Statement::Restore(statement) => Box::pin(restore::run(run, statement)).await,
        Statement::CloneTable(statement) => Box::pin(clone_table::run(run, statement)).await,
        Statement::Reorg(statement) => Box::pin(reorg::run(run, statement)).await,
        Statement::Fsck(statement) => Box::pin(fsck::run(run, statement)).await,
        Statement::ConvertToDelta(statement) => Box::pin(convert::run(run, statement)).await,
        Statement::UndropTable(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "A table that was dropped cannot be brought back: DROP TABLE removes its files",
        )),
        Statement::CopyInto(copy) => Box::pin(copy_into::run(run, copy)).await,
    }
}

/// Runs a statement that sqlparser knows.
async fn run_sql(run: &Run<'_>, statement: &ast::Statement) -> Result<Query> {
    match statement {
        ast::Statement::CreateView(view) => views::create(run, view).await,
        ast::Statement::Set(statement) => set::run(run, statement),
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
