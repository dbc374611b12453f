//! Single commits of the log: reading them, and writing one if nobody was first ("Delta Log Entries").

use crate::actions::{Action, CommitInfo, json_reason, lines_of};
use crate::log::{from_table, names};
use crate::{Error, Result, TableStore};
use bytes::Bytes;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};
use std::time::Duration;

/// A commit as it was read.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its version.
    pub version: u64,
    /// When its file was written, in milliseconds since 1970, as the store says.
    pub modified_millis: i64,
    /// Its actions, those that are known here.
    pub actions: Vec<Action>,
}

impl Commit {
    /// Who did what, where the commit says so.
    pub fn info(&self) -> Option<&CommitInfo> {
        self.actions.iter().find_map(|action| match action {
            Action::CommitInfo(info) => Some(info),
            _ => None,
        })
    }
}

/// Reads a commit; `None` when it is not there.
///
/// # Errors
/// When the store fails, or the commit is damaged.
pub async fn read_commit(table: &TableStore, version: u64) -> Result<Option<Commit>> {
    let Some((bytes, modified_millis)) = read_bytes(table, version).await? else { return Ok(None) };
    let mut actions = Vec::new();
    for (number, line) in lines_of(&file_of(version), &bytes)? {
        let action = Action::from_line(line).map_err(|error| damaged(version, number, &error))?;
        actions.extend(action);
    }
    Ok(Some(Commit { version, modified_millis, actions }))
}

/// Reads what a commit says of itself, without the rest; `None` when the commit is not there.
///
/// # Errors
/// When the store fails, or the commit is damaged.
pub async fn read_commit_info(table: &TableStore, version: u64) -> Result<Option<(Option<CommitInfo>, i64)>> {
    let Some((bytes, modified_millis)) = read_bytes(table, version).await? else { return Ok(None) };
    for (number, line) in lines_of(&file_of(version), &bytes)? {
        // Mostly the first line, but only in-commit timestamps promise that; other lines are not worth parsing.
        if !line.starts_with(b"{\"commitInfo\"") && !contains(line, b"\"commitInfo\"") {
            continue;
        }
        let action = Action::from_line(line).map_err(|error| damaged(version, number, &error))?;
        if let Some(Action::CommitInfo(info)) = action {
            return Ok(Some((Some(info), modified_millis)));
        }
    }
    Ok(Some((None, modified_millis)))
}

async fn read_bytes(table: &TableStore, version: u64) -> Result<Option<(Bytes, i64)>> {
    match table.store.get(&table.log_path(&names::commit(version))).await {
        Ok(answer) => {
            let modified_millis = answer.meta.last_modified.timestamp_millis();
            Ok(Some((answer.bytes().await?, modified_millis)))
        }
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn file_of(version: u64) -> String {
    from_table(&names::commit(version))
}

fn contains(line: &[u8], wanted: &[u8]) -> bool {
    line.windows(wanted.len()).any(|window| window == wanted)
}

fn damaged(version: u64, line: usize, error: &serde_json::Error) -> Error {
    Error::damaged(file_of(version), format!("line {line}: {}", json_reason(error)))
}

/// What became of an attempt to write a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is there.
    Done,
    /// Another writer's commit has the version.
    Taken,
}

/// How often a store is asked again after a failure that leaves open whether the commit was written.
const TRIES: u32 = 4;

/// Writes a commit if its version is free.
///
/// A store may fail, or say that the file is there, after it has written it: an answer was lost, or a client asked twice.
/// So whose commit has the version is looked up by its `txnId` before anything is said about it. Asking again for the same
/// version is harmless, since only one of the requests can win.
pub(crate) async fn put_commit(
    table: &TableStore,
    version: u64,
    payload: Bytes,
    txn_id: &str,
) -> Result<Put> {
    let path = table.log_path(&names::commit(version));
    let mut tries = 0;
    loop {
        tries += 1;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let payload = PutPayload::from_bytes(payload.clone());
        let failure = match table.store.put_opts(&path, payload, options).await {
            Ok(_) => return Ok(Put::Done),
            Err(error) => error,
        };
        let is_taken = match &failure {
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => true,
            // The store did not try.
            object_store::Error::NotSupported { .. }
            | object_store::Error::NotImplemented { .. }
            | object_store::Error::InvalidPath { .. }
            | object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. }
            | object_store::Error::UnknownConfigurationKey { .. } => return Err(failure.into()),
            _ => false,
        };
        match read_commit_info(table, version).await {
            Ok(Some((info, _))) => {
                let is_ours = info.and_then(|info| info.txn_id).is_some_and(|id| id == txn_id);
                return Ok(if is_ours { Put::Done } else { Put::Taken });
            }
            // Another writer's commit may be damaged; it is read again, and the damage told, when conflicts are checked.
            Err(Error::Damaged { .. }) => return Ok(Put::Taken),
            // Without room nothing was written, and asking at once again makes none.
            Ok(None) if tarn_storage::Error::full_reason(&failure).is_some() => return Err(failure.into()),
            Ok(None) | Err(_) if tries < TRIES => {}
            // The file was there and is not any more: nothing that another try would settle.
            Ok(None) if is_taken => return Err(failure.into()),
            Ok(None) | Err(_) => return Err(Error::UnknownOutcome { version, source: failure }),
        }
        tarn_platform::sleep(Duration::from_millis(50 << tries)).await;
    }
}
