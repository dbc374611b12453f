//! FSCK REPAIR TABLE: takes files out of the table that are missing in the store.

use super::answer;
use super::open::TargetPlace;
use crate::Result;
use crate::delta::commit::commit;
use crate::query::Query;
use crate::session::Run;
use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use std::sync::Arc;
use tarn_delta::actions::Add;
use tarn_delta::presence::{MissingParts, NamedFile, missing_files};
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::Fsck;

pub(super) async fn run(run: &Run<'_>, fsck: &Fsck) -> Result<Query> {
    let place = TargetPlace::of(run, &fsck.name)?;
    let snapshot = place.open(run, &fsck.name).await?;
    let named: Vec<NamedFile> = (snapshot.files().iter())
        .map(|file| NamedFile { path: file.path().to_owned(), deletion_vector: file.deletion_vector() })
        .collect();
    let missing = missing_files(snapshot.table(), &named).await?;
    if !fsck.dry_run && !missing.is_empty() {
        let now = tarn_platform::unix_millis();
        let mut operation = Operation::new("FSCK").with("dryRun", false);
        let mut bytes = 0u64;
        let adds: Vec<Add> = snapshot.files().iter().map(|file| file.to_add()).collect();
        let gone: Vec<&Add> = missing.iter().filter_map(|parts| adds.get(parts.index)).collect();
        for add in &gone {
            bytes = bytes.saturating_add(u64::try_from(add.size).unwrap_or(0));
        }
        for (name, value) in [("numRemovedFiles", gone.len() as u64), ("removedFilesSize", bytes)] {
            operation.metrics.insert(name.to_owned(), value.to_string());
        }
        let mut transaction = Transaction::new(Arc::clone(&snapshot), operation);
        for add in gone {
            transaction.read_file(&add.path);
            transaction.remove(add.to_remove(now, true));
        }
        commit(transaction, snapshot.table(), &[]).await.map_err(|error| error.at(place.position))?;
    }
    Ok(answer(run, rows(&named, &missing)?))
}

fn rows(named: &[NamedFile], missing: &[MissingParts]) -> Result<RecordBatch> {
    let path = |parts: &MissingParts| named.get(parts.index).map(|file| file.path.clone());
    let columns: [(&str, ArrayRef, bool); 4] = [
        ("dataFilePath", Arc::new(missing.iter().map(path).collect::<StringArray>()), true),
        (
            "dataFileMissing",
            Arc::new(missing.iter().map(|parts| Some(parts.data)).collect::<BooleanArray>()),
            true,
        ),
        (
            "deletionVectorPath",
            Arc::new(missing.iter().map(|parts| parts.vector.clone()).collect::<StringArray>()),
            true,
        ),
        (
            "deletionVectorFileMissing",
            Arc::new(missing.iter().map(|parts| Some(parts.vector.is_some())).collect::<BooleanArray>()),
            true,
        ),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(columns)?)
}
