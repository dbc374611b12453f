//! Files that are uploaded while they are written, in parts of one size, without tasks or threads.

use crate::Result;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutPayloadMut};
use std::sync::Arc;

/// Bytes of a part. Stores want 5 MiB at least, and some of them all parts of one size.
const PART_BYTES: usize = 8 << 20;

/// A file on its way into a store. Nothing can be read there before [`complete`](Self::complete).
#[derive(Debug)]
pub struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    waiting: PutPayloadMut,
    parts: Option<Box<dyn MultipartUpload>>,
    size_bytes: u64,
}

impl Upload {
    /// A new file at a path; what was there is replaced, so the path must be new or the content settled by it.
    pub fn new(store: Arc<dyn ObjectStore>, path: Path) -> Self {
        Self { store, path, waiting: PutPayloadMut::new(), parts: None, size_bytes: 0 }
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are held in memory.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting.content_length()
    }

    /// Appends bytes; whole parts are sent at once.
    ///
    /// # Errors
    /// Those of the store. The file cannot be completed after one.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.size_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.waiting_bytes() == PART_BYTES {
                // More comes, so this part is not the last one.
                let part = self.take_waiting();
                self.send(part).await?;
            }
            self.waiting.push(bytes.split_to(bytes.len().min(PART_BYTES - self.waiting_bytes())));
        }
        Ok(())
    }

    fn take_waiting(&mut self) -> PutPayload {
        std::mem::take(&mut self.waiting).freeze()
    }

    async fn send(&mut self, part: PutPayload) -> Result<()> {
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => self.parts.insert(self.store.put_multipart(&self.path).await?),
        };
        parts.put_part(part).await?;
        Ok(())
    }

    /// Ends the file: now it can be read. Gives its size in bytes.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn complete(mut self) -> Result<u64> {
        let rest = self.take_waiting();
        match self.parts.is_some() {
            false => {
                self.store.put(&self.path, rest).await?;
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

    async fn complete_parts(&mut self, rest: PutPayload) -> Result<()> {
        if rest.content_length() > 0 {
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
