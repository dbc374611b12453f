//! A file that comes in parts. What has come is synced while more is on its way, so that little is left to sync at the end.

use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::disk_store::blocking;
use crate::error::{Error, refused};
use crate::unfinished::{Existing, Unfinished};

/// An upload to one file. What was written of it goes when it is dropped.
#[derive(Debug)]
pub(crate) struct DiskUpload {
    target: PathBuf,
    /// Bytes of the parts so far: where the next one begins.
    offset: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// `None` after the end.
    unfinished: Option<Unfinished>,
    written_bytes: u64,
    /// The sync that was begun last.
    syncing: Option<JoinHandle<()>>,
    /// The system tells a failed sync once only, so it must not be forgotten.
    sync_failure: Option<io::Error>,
}

impl DiskUpload {
    pub(crate) fn new(target: PathBuf, unfinished: Unfinished) -> Self {
        let state =
            State { unfinished: Some(unfinished), written_bytes: 0, syncing: None, sync_failure: None };
        Self { target, offset: 0, state: Arc::new(Mutex::new(state)) }
    }
}

#[async_trait]
impl MultipartUpload for DiskUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.offset;
        self.offset += data.content_length() as u64;
        let (state, target) = (Arc::clone(&self.state), self.target.clone());
        blocking(move || {
            state.lock().write(offset, &data, &target)?;
            sync_early(&state);
            Ok(())
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let syncing = self.state.lock().syncing.take();
        if let Some(syncing) = syncing {
            syncing.await?;
        }
        let (state, target, all_bytes) = (Arc::clone(&self.state), self.target.clone(), self.offset);
        blocking(move || {
            let mut state = state.lock();
            let unfinished = state.unfinished.take().ok_or_else(|| ended(&target))?;
            if let Some(failure) = state.sync_failure.take() {
                return Err(refused("sync", &target)(failure));
            }
            match all_bytes.saturating_sub(state.written_bytes) {
                0 => unfinished.finish(Existing::Replace),
                missing_bytes => {
                    Err(Error::PartMissing { path: target.display().to_string(), missing_bytes }.into())
                }
            }
        })
        .await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        let (state, target) = (Arc::clone(&self.state), self.target.clone());
        blocking(move || match state.lock().unfinished.take() {
            Some(unfinished) => {
                drop(unfinished);
                Ok(())
            }
            None => Err(ended(&target)),
        })
        .await
    }
}

/// Begins to sync what has been written, unless a sync is on its way.
fn sync_early(upload: &Arc<Mutex<State>>) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let mut state = upload.lock();
    if state.syncing.as_ref().is_some_and(|syncing| !syncing.is_finished()) {
        return;
    }
    // Where the file cannot be opened once more, the sync at the end does all.
    let Some(file) = state.unfinished.as_ref().and_then(|unfinished| unfinished.file.try_clone().ok()) else {
        return;
    };
    let upload = Arc::clone(upload);
    state.syncing = Some(runtime.spawn_blocking(move || {
        if let Err(failure) = file.sync_data() {
            upload.lock().sync_failure.get_or_insert(failure);
        }
    }));
}

impl State {
    fn write(&mut self, offset: u64, data: &PutPayload, target: &Path) -> Result<()> {
        let file = &mut self.unfinished.as_mut().ok_or_else(|| ended(target))?.file;
        file.seek(SeekFrom::Start(offset)).map_err(refused("write", target))?;
        data.iter().try_for_each(|bytes| file.write_all(bytes)).map_err(refused("write", target))?;
        self.written_bytes += data.content_length() as u64;
        Ok(())
    }
}

fn ended(target: &Path) -> object_store::Error {
    Error::Ended { path: target.display().to_string() }.into()
}
