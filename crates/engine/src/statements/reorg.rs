//! REORG TABLE … APPLY (PURGE): writes files anew whose rows are deleted in part, or that hold columns that were dropped.

use super::answer;
use super::file_report::{FileReport, operation_metrics};
use super::open::TargetPlace;
use super::optimize::target_bytes;
use crate::delta::commit::commit;
use crate::delta::rewrite::{Bin, Marks, Rewritten, by_partition, rewrite};
use crate::delta::scan::SelectedFile;
use crate::delta::table::DeltaTable;
use crate::delta::whole_files::files_where;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, Result};
use datafusion::sql::sqlparser::ast::Ident;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use std::sync::Arc;
use tarn_delta::features::check_writable;
use tarn_delta::purge::has_dropped_columns;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::Operation;
use tarn_dialect::Reorg;

/// Footers that are read at the same time.
const FOOTERS_AT_ONCE: usize = 8;

pub(super) async fn run(run: &Run<'_>, reorg: &Reorg) -> Result<Query> {
    let started_millis = tarn_platform::unix_millis();
    let place = TargetPlace::of(run, &reorg.name)?;
    let snapshot = place.open(run, &reorg.name).await?;
    check_writable(snapshot.protocol(), snapshot.metadata())
        .map_err(|error| Error::from(error).at(place.position))?;
    let table = DeltaTable::new(Arc::clone(&snapshot));
    let alias = Ident::new(place.short_name.clone());
    let files = files_where(run, &table, &alias, reorg.condition.as_ref()).await?;
    let mut report = FileReport { considered: files.len() as u64, started_millis, ..FileReport::default() };
    let bins = bins(&snapshot, to_purge(&snapshot, files).await?);
    if bins.is_empty() {
        return Ok(answer(run, report.answer(&snapshot, &Rewritten::default())?));
    }
    report.batches = bins.len() as u64;
    let rewritten = rewrite(run, &snapshot, bins, target_bytes(&snapshot)).await?;
    let condition = reorg.condition.iter().map(|condition| &condition.text).collect::<Vec<_>>();
    let mut operation = Operation::new("REORG").with("predicate", json!(condition)).with("applyPurge", true);
    operation.metrics = operation_metrics(&rewritten);
    let transaction = rewritten.transaction(&snapshot, operation);
    let committed = commit(transaction, snapshot.table(), &rewritten.new_files()).await;
    committed.map_err(|error| error.at(place.position))?;
    Ok(answer(run, report.answer(&snapshot, &rewritten)?))
}

async fn to_purge(snapshot: &Snapshot, files: Vec<SelectedFile>) -> Result<Vec<SelectedFile>> {
    let checks = files.into_iter().map(|file| async move {
        let is_wanted = file.deletion_vector.is_some()
            || has_dropped_columns(snapshot, &file.path, file.size_bytes).await?;
        Ok::<_, Error>(is_wanted.then_some(file))
    });
    let checks: Vec<_> = checks.collect();
    let found: Vec<Option<SelectedFile>> =
        stream::iter(checks).buffered(FOOTERS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Each file by itself: what is not to be purged stays where it is.
fn bins(snapshot: &Snapshot, files: Vec<SelectedFile>) -> Vec<Bin> {
    let partitions = by_partition(snapshot, files).into_values().flatten();
    partitions
        .map(|file| {
            let known = snapshot.files().get(file.id);
            let provider = known.and_then(|known| known.clustering_provider().map(str::to_owned));
            // The rows keep their order, and so the file stays clustered.
            let marks = Marks { clustering_provider: provider, ..Marks::default() };
            Bin { files: vec![file], cluster_by: vec![], marks }
        })
        .collect()
}
