//! RESTORE TABLE: makes the newest version what an earlier one was.

use super::metrics;
use super::open::TargetPlace;
use crate::delta;
use crate::delta::commit::commit;
use crate::query::Query;
use crate::session::Run;
use crate::{Error, Position, Result, time_travel};
use serde_json::Value;
use std::sync::Arc;
use tarn_delta::restore::Restoration;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_dialect::{AsOf, Restore};

pub(super) async fn run(run: &Run<'_>, restore: &Restore) -> Result<Query> {
    let place = TargetPlace::of(run, &restore.name)?;
    let current = place.open(run, &restore.name).await?;
    let position = Position::of(restore.as_of.span());
    let version = time_travel::version(&run.session.state(), &restore.as_of)?;
    let earlier = delta::open(run.session.engine.stores(), &place.place.at(version)).await;
    let earlier = earlier.map_err(|error| error.at(position))?;
    let restoration = Restoration::of(&current, &earlier).await;
    let restoration = restoration.map_err(|error| Error::from(error).at(position))?;
    let bytes = |sizes: &mut dyn Iterator<Item = i64>| -> u64 {
        sizes.map(|size| u64::try_from(size).unwrap_or(0)).sum()
    };
    let removed = restoration.removes.iter().map(|remove| remove.size.unwrap_or(0));
    let counts = [
        ("table_size_after_restore", "tableSizeAfterRestore", earlier.files().size_bytes()),
        ("num_of_files_after_restore", "numOfFilesAfterRestore", earlier.files().len() as u64),
        ("num_removed_files", "numRemovedFiles", restoration.removes.len() as u64),
        ("num_restored_files", "numRestoredFiles", restoration.adds.len() as u64),
        ("removed_files_size", "removedFilesSize", bytes(&mut removed.into_iter())),
        ("restored_files_size", "restoredFilesSize", bytes(&mut restoration.adds.iter().map(|add| add.size))),
    ];
    if !restoration.is_empty() {
        let (number, time) = match &restore.as_of {
            AsOf::Version { version, .. } => (Value::from(*version), Value::Null),
            AsOf::Timestamp { time, .. } => (Value::Null, Value::from(time.to_string())),
        };
        let mut operation = Operation::new("RESTORE").with("version", number).with("timestamp", time);
        for (_, name, value) in counts {
            operation.metrics.insert(name.to_owned(), value.to_string());
        }
        let mut transaction = Transaction::new(Arc::clone(&current), operation);
        restoration.tell(&mut transaction);
        commit(transaction, current.table(), &[]).await.map_err(|error| error.at(place.position))?;
    }
    metrics::counts(run, &counts.map(|(name, _, value)| (name, value)))
}
