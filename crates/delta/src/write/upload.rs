//! Files that are uploaded while they are written, in parts of one size, without tasks or threads.

use crate::Result;
use bytes::{Bytes, BytesMut};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use std::sync::Arc;

/// Bytes of a part. Stores want 5 MiB at least, and some of them all parts of one size.
const PART_BYTES: usize = 8 << 20;

/// A file on its way into a store. Nothing can be read there before [`complete`](Self::complete).
#[derive(Debug)]
pub struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    waiting: BytesMut,
    parts: Option<Box<dyn MultipartUpload>>,
    size_bytes: u64,
}

impl Upload {
    /// A new file at a path; what was there is replaced, so the path must be new or the content settled by it.
    pub fn new(store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { store, path, waiting: BytesMut::new(), parts: None, size_bytes: 0 }
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are held in memory.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.len()
    }

    /// Appends bytes; whole parts are sent at once.
    ///
    /// # Errors
    /// Those of the store. The file cannot be completed after one.
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.size_bytes += bytes.len() as u64;
        if self.waiting.is_empty() {
            self.waiting = BytesMut::from(Bytes::from(bytes));
        } else {
            self.waiting.extend_from_slice(&bytes);
        }
        while self.waiting.len() > PART_BYTES {
            let part = self.waiting.split_to(PART_BYTES).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    async fn send(&mut self, part: Bytes) -> Result<()> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => self.parts.insert(self.store.put_multipart(&self.path).await?),
        };
        parts.put_part(PutPayload::from_bytes(part)).await?;
        Ok(())
    }

    /// Ends the file: now it can be read. Gives its size in bytes.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn complete(mut self) -> Result<u64> {
        let rest = std::mem::take(&mut self.waiting).freeze();
        match self.parts.is_some() {
            false => {
                self.store.put(&self.path, PutPayload::from_bytes(rest)).await?;
            }
            true => {
                if let Err(error) = self.complete_parts(rest).await {
                    self.abort().await;
                    return Err(error);
                }
            }
        }
        Ok(self.size_bytes)
    }

    async fn complete_parts(&mut self, rest: Bytes) -> Result<()> {
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        if let Some(parts) = &mut self.parts {
            parts.complete().await?;
        }
        Ok(())
    }

    /// Gives the file up. What the store kept of it is removed as far as the store lets it.
    pub async fn abort(mut self) {
        if let Some(parts) = &mut self.parts {
            // Nobody can read the parts, and stores expire them; a failure here would hide the one that led here.
            let _ = parts.abort().await;
        }
    }
}
