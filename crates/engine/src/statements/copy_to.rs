//! COPY … TO 'path'.

use crate::query::Query;
use crate::session::Run;
use crate::{Position, Result, copy, metered};
use std::sync::Arc;
use tarn_dialect::CopyTo;

pub(super) async fn run(run: &Run<'_>, statement: &CopyTo) -> Result<Query> {
    let session = run.session;
    let input = run.plan(statement.source.clone()).await?;
    let target = tarn_storage::resolve(session.engine.base(), &statement.target);
    let target = target
        .map_err(|error| crate::stores::from_storage(&error).at(Position::of(statement.target_span)))?;
    let plan = copy::plan(statement, input, &target)?;
    let plan = copy::variants::with_sinks(run.physical(&plan).await?)?;
    let plan = metered::hold_errors(plan, run.control)?;
    Ok(Query::new(run.stream(plan).await?, Arc::clone(run.control), false))
}
