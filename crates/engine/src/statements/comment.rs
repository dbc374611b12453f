//! COMMENT ON TABLE, COLUMN and SCHEMA.

use super::{alter, schemas};
use crate::Result;
use crate::query::Query;
use crate::session::Run;
use tarn_dialect::{CommentOn, CommentTarget};

pub(super) async fn run(run: &Run<'_>, comment: &CommentOn) -> Result<Query> {
    let text = comment.comment.as_ref();
    match &comment.target {
        CommentTarget::Table(name) => alter::comment_on_table(run, name, text).await,
        CommentTarget::Column { table, column } => alter::comment_on_column(run, table, column, text).await,
        CommentTarget::Schema(name) => schemas::comment(run, name, text).await,
    }
}
