//! Writes checkpoints ("Checkpoints", "Checkpoint Specs") and the pointer to the newest ("Last Checkpoint File").

mod columns;
mod parsed;

use crate::actions::{Action, CheckpointMetadata, Remove, Sidecar};
use crate::features;
use crate::files::FileId;
use crate::log::{last_checkpoint, names};
use crate::snapshot::Snapshot;
use crate::uuid::new_uuid;
use crate::write::{Codec, ParquetFile};
use crate::{Error, Result};
use bytes::Bytes;
use columns::Columns;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Files whose actions are read at once. Each time, the files of the log that hold them are read again, so few times are
/// better; the actions take some 30 MB.
const FILES_AT_ONCE: usize = 32_768;
/// Actions that are encoded at once.
const ROWS_AT_ONCE: usize = 4096;
/// File actions of a sidecar.
const ACTIONS_A_SIDECAR: u64 = 100_000;

/// A checkpoint that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The version that it holds.
    pub version: u64,
    /// The name of its top level file in `_delta_log`.
    pub name: String,
    /// How many actions it holds, with those in sidecars.
    pub num_actions: u64,
    /// How many of them are `add`.
    pub num_adds: u64,
    /// Its bytes, with those of sidecars.
    pub size_bytes: u64,
}

/// Writes a checkpoint of the snapshot's version, and points `_last_checkpoint` to it.
///
/// It is a classic one; with the property `delta.checkpointPolicy` = `v2` and the feature, one by the V2 spec: a JSON file
/// with a UUID in its name, and sidecars. Tombstones that have expired (`delta.deletedFileRetentionDuration`) are left out.
///
/// # Errors
/// When the log cannot be read, or the store fails. Nothing refers to what was written then.
pub async fn write_checkpoint(snapshot: &Snapshot) -> Result<Checkpoint> {
    let writer = Writer::new(snapshot)?;
    let is_v2 = snapshot.properties().writes_v2_checkpoints
        && features::supports(snapshot.protocol(), features::V2_CHECKPOINT);
    let checkpoint = match is_v2 {
        true => writer.write_v2().await?,
        false => writer.write_classic().await?,
    };
    point_to(snapshot, &checkpoint, is_v2).await?;
    Ok(checkpoint)
}

struct Writer<'a> {
    snapshot: &'a Snapshot,
    columns: Columns,
    codec: Codec,
}

#[derive(Debug, Default)]
struct Counts {
    actions: u64,
    adds: u64,
}

impl<'a> Writer<'a> {
    fn new(snapshot: &'a Snapshot) -> Result<Self> {
        Ok(Self {
            snapshot,
            columns: Columns::new(snapshot)?,
            codec: Codec::of(&snapshot.metadata().configuration)?,
        })
    }

    async fn write_classic(&self) -> Result<Checkpoint> {
        let name = names::classic_checkpoint(self.snapshot.version());
        let mut file = self.create(self.snapshot.table().log_path(&name))?;
        let mut counts = Counts::default();
        match self.write_all(&mut file, &mut counts).await {
            Ok(()) => {
                let size_bytes = file.finish().await?;
                Ok(self.checkpoint(name, &counts, size_bytes))
            }
            Err(error) => {
                file.abort().await;
                Err(error)
            }
        }
    }

    async fn write_all(&self, file: &mut ParquetFile, counts: &mut Counts) -> Result<()> {
        let other = self.other_actions();
        self.append(file, &other, counts).await?;
        let mut source = FileActions::new(self.snapshot).await?;
        while let Some(actions) = source.next(self.snapshot).await? {
            self.append(file, &actions, counts).await?;
        }
        Ok(())
    }

    async fn write_v2(&self) -> Result<Checkpoint> {
        let mut sidecars = Vec::new();
        let mut counts = Counts::default();
        let written = self.write_sidecars(&mut sidecars, &mut counts).await;
        let written = match written {
            Ok(()) => self.write_top(&sidecars, &mut counts).await,
            Err(error) => Err(error),
        };
        if written.is_err() {
            for sidecar in &sidecars {
                // The failure is what must be told; log cleanup finds sidecars that nothing refers to.
                let _ = self.snapshot.table().store.delete(&self.sidecar_path(&sidecar.path)).await;
            }
        }
        written
    }

    async fn write_sidecars(&self, sidecars: &mut Vec<Sidecar>, counts: &mut Counts) -> Result<()> {
        let mut source = FileActions::new(self.snapshot).await?;
        let mut next = source.next(self.snapshot).await?;
        while next.is_some() {
            let name = format!("{}.parquet", new_uuid());
            let mut file = self.create(self.sidecar_path(&name))?;
            let before = counts.actions;
            let mut written = Ok(());
            while let Some(actions) = next.take() {
                written = self.append(&mut file, &actions, counts).await;
                if written.is_ok() {
                    match source.next(self.snapshot).await {
                        Ok(actions) => next = actions,
                        Err(error) => written = Err(error),
                    }
                }
                if written.is_err() || counts.actions - before >= ACTIONS_A_SIDECAR {
                    break;
                }
            }
            if let Err(error) = written {
                file.abort().await;
                return Err(error);
            }
            let size = file.finish().await?;
            sidecars.push(Sidecar {
                path: name,
                size_in_bytes: long(size)?,
                modification_time: tarn_platform::unix_millis(),
                tags: None,
            });
        }
        Ok(())
    }

    async fn write_top(&self, sidecars: &[Sidecar], counts: &mut Counts) -> Result<Checkpoint> {
        let version = self.snapshot.version();
        let mut actions =
            vec![Action::CheckpointMetadata(CheckpointMetadata { version: long(version)?, tags: None })];
        actions.extend(self.other_actions());
        actions.extend(sidecars.iter().cloned().map(Action::Sidecar));
        let mut text = String::new();
        for action in &actions {
            let line = action.to_line();
            text.push_str(&line.map_err(|error| Error::invalid(format!("an action has no JSON: {error}")))?);
            text.push('\n');
        }
        counts.actions += actions.len() as u64;
        let name = format!("{version:020}.checkpoint.{}.json", new_uuid());
        let size = sidecars.iter().fold(text.len() as u64, |sum, sidecar| {
            sum.saturating_add(u64::try_from(sidecar.size_in_bytes).unwrap_or(0))
        });
        let payload = PutPayload::from_bytes(Bytes::from(text));
        self.snapshot.table().store.put(&self.snapshot.table().log_path(&name), payload).await?;
        Ok(self.checkpoint(name, counts, size))
    }

    fn sidecar_path(&self, name: &str) -> Path {
        self.snapshot.table().log_path(&format!("{}/{name}", names::SIDECARS))
    }

    fn create(&self, path: Path) -> Result<ParquetFile> {
        let store = Arc::clone(&self.snapshot.table().store);
        // Small groups of rows: who looks for some actions later need not read them all.
        ParquetFile::create(store, path, self.columns.schema(), self.codec, FILES_AT_ONCE)
    }

    async fn append(&self, file: &mut ParquetFile, actions: &[Action], counts: &mut Counts) -> Result<()> {
        if actions.is_empty() {
            return Ok(());
        }
        counts.actions += actions.len() as u64;
        counts.adds += actions.iter().filter(|action| matches!(action, Action::Add(_))).count() as u64;
        for actions in actions.chunks(ROWS_AT_ONCE) {
            file.write(&self.columns.encode(actions)?).await?;
            if tarn_platform::slice_is_over() {
                tarn_platform::yield_now().await;
            }
        }
        Ok(())
    }

    /// All but the files.
    fn other_actions(&self) -> Vec<Action> {
        let snapshot = self.snapshot;
        let mut actions = vec![
            Action::Protocol(snapshot.protocol().clone()),
            Action::MetaData(snapshot.metadata().clone()),
        ];
        actions.extend(snapshot.transactions().cloned().map(Action::Txn));
        actions.extend(snapshot.domains().cloned().map(Action::DomainMetadata));
        actions
    }

    fn checkpoint(&self, name: String, counts: &Counts, size_bytes: u64) -> Checkpoint {
        let version = self.snapshot.version();
        Checkpoint { version, name, num_actions: counts.actions, num_adds: counts.adds, size_bytes }
    }
}

/// The actions of files, some at a time.
struct FileActions {
    ids: Vec<FileId>,
    next: usize,
    tombstones: std::vec::IntoIter<Remove>,
}

impl FileActions {
    async fn new(snapshot: &Snapshot) -> Result<Self> {
        let retention = snapshot.properties().deleted_file_retention_millis;
        let oldest = tarn_platform::unix_millis().saturating_sub(retention);
        let mut tombstones = snapshot.load_tombstones().await?;
        tombstones.retain(|remove| remove.deletion_timestamp.unwrap_or(0) > oldest);
        let ids = snapshot.files().iter().map(|file| file.id()).collect();
        Ok(Self { ids, next: 0, tombstones: tombstones.into_iter() })
    }

    async fn next(&mut self, snapshot: &Snapshot) -> Result<Option<Vec<Action>>> {
        let rest = self.ids.get(self.next..).unwrap_or_default();
        let some = rest.get(..FILES_AT_ONCE).unwrap_or(rest);
        if !some.is_empty() {
            self.next += some.len();
            let adds = snapshot.adds_with_stats(some).await?;
            // In a checkpoint nothing changes: the actions only say what is there.
            return Ok(Some(adds.into_iter().map(|add| Action::Add(unchanged(add))).collect()));
        }
        let removes: Vec<Action> = self.tombstones.by_ref().take(FILES_AT_ONCE).map(tombstone).collect();
        Ok((!removes.is_empty()).then_some(removes))
    }
}

fn unchanged(mut add: crate::actions::Add) -> crate::actions::Add {
    add.data_change = false;
    add
}

/// "Checkpoints": tombstones have neither statistics nor tags.
fn tombstone(remove: Remove) -> Action {
    Action::Remove(Remove { data_change: false, stats: None, tags: None, ..remove })
}

/// Lets `_last_checkpoint` point to a checkpoint, if it does not point to a newer one.
async fn point_to(snapshot: &Snapshot, checkpoint: &Checkpoint, is_v2: bool) -> Result<()> {
    let table = snapshot.table();
    if last_checkpoint::read(table).await.is_some_and(|there| there.version > checkpoint.version) {
        return Ok(());
    }
    let mut hint = Map::new();
    hint.insert("version".to_owned(), json!(checkpoint.version));
    hint.insert("size".to_owned(), json!(checkpoint.num_actions));
    hint.insert("sizeInBytes".to_owned(), json!(checkpoint.size_bytes));
    hint.insert("numOfAddFiles".to_owned(), json!(checkpoint.num_adds));
    if is_v2 {
        let top = json!({
            "path": checkpoint.name,
            "sizeInBytes": checkpoint.size_bytes,
            "modificationTime": tarn_platform::unix_millis(),
        });
        hint.insert("v2Checkpoint".to_owned(), top);
    }
    let payload = PutPayload::from_bytes(Bytes::from(Value::Object(hint).to_string()));
    table.store.put(&table.log_path(names::LAST_CHECKPOINT), payload).await?;
    Ok(())
}

fn long(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::invalid(format!("{number} is too large for the log")))
}
