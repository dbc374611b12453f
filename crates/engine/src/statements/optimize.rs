//! OPTIMIZE: small files become larger ones, and rows that are near each other in some columns come together.
//!
//! Files grow to the table property `delta.targetFileSize`, or 128 MiB: Databricks makes files of up to 1 GiB, of which a
//! browser tab would have to read long stretches to find little.

use super::answer;
use super::file_order::{self, Order};
use super::file_report::{FileReport, operation_metrics};
use super::open::TargetPlace;
use crate::delta::commit::commit;
use crate::delta::rewrite::{Bin, Marks, Rewritten, by_partition, rewrite};
use crate::delta::scan::SelectedFile;
use crate::delta::table::DeltaTable;
use crate::delta::whole_files::files_where;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::sql::sqlparser::ast::Ident;
use serde_json::json;
use std::sync::Arc;
use tarn_delta::compaction::{FileWeight, bins};
use tarn_delta::features::check_writable;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::Operation;
use tarn_delta::write::TARGET_FILE_SIZE_BYTES;
use tarn_dialect::Optimize;

pub(super) async fn run(run: &Run<'_>, optimize: &Optimize) -> Result<Query> {
    let started_millis = tarn_platform::unix_millis();
    let place = TargetPlace::of(run, &optimize.name)?;
    let snapshot = place.open(run, &optimize.name).await?;
    check_writable(snapshot.protocol(), snapshot.metadata())
        .map_err(|error| Error::from(error).at(place.position))?;
    let order = Order::of(&snapshot, optimize).map_err(|error| error.at(place.position))?;
    let table = DeltaTable::new(Arc::clone(&snapshot));
    let alias = Ident::new(place.short_name.clone());
    let files = files_where(run, &table, &alias, optimize.condition.as_ref()).await?;
    let mut report = FileReport { considered: files.len() as u64, started_millis, ..FileReport::default() };
    let target_bytes = target_bytes(&snapshot);
    let bins = match &order {
        Order::AsTheyAre => compact(&snapshot, files, target_bytes),
        Order::Interleaved(columns) => file_order::z_order(&snapshot, files, columns, &mut report).await?,
        Order::Clustered { columns, is_full } => {
            file_order::cluster(&snapshot, files, columns, *is_full, target_bytes, &mut report).await?
        }
    };
    if bins.is_empty() {
        return Ok(answer(run, report.answer(&snapshot, &Rewritten::default())?));
    }
    report.batches = bins.len() as u64;
    let rewritten = rewrite(run, &snapshot, bins, target_bytes).await?;
    let condition = optimize.condition.iter().map(|condition| &condition.text).collect::<Vec<_>>();
    let mut operation = Operation::new("OPTIMIZE")
        .with("predicate", json!(condition))
        .with("zOrderBy", json!(order.z_order_names()))
        .with("clusterBy", json!(order.cluster_names()))
        .with("auto", false);
    operation.metrics = operation_metrics(&rewritten);
    let transaction = rewritten.transaction(&snapshot, operation);
    let committed = commit(transaction, snapshot.table(), &rewritten.new_files()).await;
    committed.map_err(|error| error.at(place.position))?;
    Ok(answer(run, report.answer(&snapshot, &rewritten)?))
}

/// Bytes of a file that is large enough.
pub(super) fn target_bytes(snapshot: &Snapshot) -> u64 {
    snapshot.properties().target_file_size_bytes.unwrap_or(TARGET_FILE_SIZE_BYTES).max(1)
}

/// What is known of a file's size and its deleted rows.
pub(super) fn weight(file: &SelectedFile) -> FileWeight {
    let deleted = file.deletion_vector.as_ref().map_or(0, |vector| vector.cardinality);
    let deleted_rows = u64::try_from(deleted).unwrap_or(0);
    let rows = file.live_rows.map(|live| live.saturating_add(deleted_rows));
    FileWeight { size_bytes: file.size_bytes, deleted_rows, rows }
}

/// Small files of each partition together.
fn compact(snapshot: &Snapshot, files: Vec<SelectedFile>, target_bytes: u64) -> Vec<Bin> {
    let partitions = by_partition(snapshot, files).into_values();
    let of_partition = partitions.flat_map(|files| bins(files, weight, target_bytes));
    of_partition.map(|files| Bin { files, cluster_by: vec![], marks: Marks::default() }).collect()
}

/// The error of a clause that the table does not take.
pub(super) fn refused(message: &str, hint: &str, position: Option<Position>) -> Error {
    Error::new(ErrorKind::Invalid, message).hint(hint).at(position)
}
