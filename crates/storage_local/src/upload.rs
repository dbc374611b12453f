//! A file that comes in parts.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use parking_lot::Mutex;

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
}

impl DiskUpload {
    pub(crate) fn new(target: PathBuf, unfinished: Unfinished) -> Self {
        let state = State { unfinished: Some(unfinished), written_bytes: 0 };
        Self { target, offset: 0, state: Arc::new(Mutex::new(state)) }
    }
}

#[async_trait]
impl MultipartUpload for DiskUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.offset;
        self.offset += data.content_length() as u64;
        let (state, target) = (Arc::clone(&self.state), self.target.clone());
        blocking(move || state.lock().write(offset, &data, &target)).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (state, target, all_bytes) = (Arc::clone(&self.state), self.target.clone(), self.offset);
        blocking(move || {
            let mut state = state.lock();
            let unfinished = state.unfinished.take().ok_or_else(|| ended(&target))?;
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
