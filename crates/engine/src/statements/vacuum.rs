//! VACUUM: deletes files in the table's folder that no version of the retention time needs.

use super::answer;
use super::open::TargetPlace;
use crate::delta::commit::commit;
use crate::query::Query;
use crate::session::Run;
use crate::settings::RETENTION_CHECK;
use crate::{Error, ErrorKind, Position, Result};
use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use std::sync::Arc;
use tarn_delta::TableStore;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::vacuum::{UnneededFile, VACUUM_END, delete_files, unneeded_files, unneeded_files_of_log};
use tarn_dialect::{Retain, Vacuum, VacuumMode};
use url::Url;

const MILLIS_AN_HOUR: f64 = 3_600_000.0;

pub(super) async fn run(run: &Run<'_>, vacuum: &Vacuum) -> Result<Query> {
    let place = TargetPlace::of(run, &vacuum.name)?;
    let snapshot = place.open(run, &vacuum.name).await?;
    let retention_millis = retention_millis(run, &snapshot, vacuum.retain.as_ref())?;
    let found = match vacuum.mode {
        VacuumMode::Full => unneeded_files(&snapshot, retention_millis).await,
        VacuumMode::Lite => unneeded_files_of_log(&snapshot, retention_millis).await,
    };
    let files = found.map_err(|error| Error::from(error).at(place.position))?;
    let table = snapshot.table();
    if vacuum.dry_run {
        return paths(run, files.iter().map(|file| url_of(table, file)).collect());
    }
    let started =
        Started { is_checked: run.session.settings.is_on(RETENTION_CHECK), vacuum, retention_millis };
    log(&snapshot, started.operation(&snapshot, &files)).await.map_err(|error| error.at(place.position))?;
    let deleted = delete_files(table, &files).await;
    let status = if deleted.is_ok() { "COMPLETED" } else { "FAILED" };
    let mut end = Operation::new(VACUUM_END).with("status", status);
    let count = *deleted.as_ref().unwrap_or(&0);
    end.metrics.insert("numDeletedFiles".to_owned(), count.to_string());
    end.metrics.insert("numVacuumedDirectories".to_owned(), folders(&files).to_string());
    let ended = log(&snapshot, end).await;
    deleted?;
    ended.map_err(|error| error.at(place.position))?;
    paths(run, vec![table.url.to_string()])
}

/// How long files stay after they have left the table.
fn retention_millis(run: &Run<'_>, snapshot: &Snapshot, retain: Option<&Retain>) -> Result<i64> {
    let of_table = snapshot.properties().deleted_file_retention_millis;
    let Some(retain) = retain else { return Ok(of_table) };
    let hours_of_table = of_table as f64 / MILLIS_AN_HOUR;
    if retain.hours < hours_of_table && run.session.settings.is_on(RETENTION_CHECK) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "RETAIN {} HOURS is less than the {hours_of_table} hours for which the table keeps removed files",
                retain.hours
            ),
        )
        .hint(format!(
            "Queries and writes that still run may need such files. If there are none: SET {RETENTION_CHECK} = false, or \
             change the table property delta.deletedFileRetentionDuration"
        ))
        .at(Position::of(retain.span)));
    }
    // Beyond the range, `as` gives its end.
    Ok((retain.hours * MILLIS_AN_HOUR) as i64)
}

struct Started<'a> {
    is_checked: bool,
    vacuum: &'a Vacuum,
    retention_millis: i64,
}

impl Started<'_> {
    fn operation(&self, snapshot: &Snapshot, files: &[UnneededFile]) -> Operation {
        let mut operation = Operation::new("VACUUM START")
            .with("retentionCheckEnabled", self.is_checked)
            .with("defaultRetentionMillis", snapshot.properties().deleted_file_retention_millis);
        if self.vacuum.retain.is_some() {
            operation = operation.with("specifiedRetentionMillis", self.retention_millis);
        }
        let bytes: u64 = files.iter().map(|file| file.size_bytes).sum();
        for (name, value) in [("numFilesToDelete", files.len() as u64), ("sizeOfDataToDelete", bytes)] {
            operation.metrics.insert(name.to_owned(), value.to_string());
        }
        operation
    }
}

/// A commit that only tells.
async fn log(snapshot: &Arc<Snapshot>, operation: Operation) -> Result<()> {
    let newest = snapshot.update().await?;
    commit(Transaction::new(newest, operation), snapshot.table(), &[]).await?;
    Ok(())
}

fn folders(files: &[UnneededFile]) -> usize {
    let folder =
        |file: &UnneededFile| file.path.as_ref().rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folders: std::collections::BTreeSet<Option<String>> = files.iter().map(folder).collect();
    folders.len()
}

fn url_of(table: &TableStore, file: &UnneededFile) -> String {
    let path = format!("/{}", file.path);
    let mut url: Url = table.url.clone();
    url.set_path(&path.replace('%', "%25"));
    url.to_string()
}

fn paths(run: &Run<'_>, paths: Vec<String>) -> Result<Query> {
    let column: ArrayRef = Arc::new(StringArray::from(paths));
    Ok(answer(run, RecordBatch::try_from_iter([("path", column)])?))
}
