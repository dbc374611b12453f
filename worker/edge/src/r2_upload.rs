//! An upload to R2 in parts.

use crate::r2::{bytes_of, failed, put_result};
use async_trait::async_trait;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use std::cell::RefCell;
use std::sync::Arc;
use tarn_platform::{SendWrapper, js};
use worker::{Bucket, UploadedPart};

/// An upload that has begun. R2 wants all parts but the last to be of one size, at least 5 MiB, as writers make them.
#[derive(Debug)]
pub(crate) struct R2Upload {
    upload: Arc<Begun>,
    parts: u16,
}

#[derive(Debug)]
struct Begun {
    bucket: Arc<SendWrapper<Bucket>>,
    path: Path,
    id: String,
    /// In the order in which they arrived.
    parts: SendWrapper<RefCell<Vec<UploadedPart>>>,
}

impl R2Upload {
    pub(crate) fn new(bucket: Arc<SendWrapper<Bucket>>, path: Path, id: String) -> Self {
        let parts = SendWrapper::new(RefCell::default());
        Self { upload: Arc::new(Begun { bucket, path, id, parts }), parts: 0 }
    }
}

impl Begun {
    /// R2's own object for this upload, which asks nothing of R2 by itself.
    fn handle(&self) -> worker::Result<worker::MultipartUpload> {
        self.bucket.resume_multipart_upload(self.path.as_ref(), self.id.as_str())
    }

    async fn put(&self, number: u16, data: &PutPayload) -> worker::Result<()> {
        let part = self.handle()?.upload_part(number, bytes_of(data)).await?;
        self.parts.borrow_mut().push(part);
        Ok(())
    }

    async fn complete(&self) -> worker::Result<PutResult> {
        let mut parts = self.parts.take();
        parts.sort_by_key(UploadedPart::part_number);
        Ok(put_result(&self.handle()?.complete(parts).await?))
    }

    fn failed(&self, error: &worker::Error) -> object_store::Error {
        failed("write", &self.path, error)
    }
}

#[async_trait]
impl MultipartUpload for R2Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts = self.parts.saturating_add(1);
        let (upload, number) = (Arc::clone(&self.upload), self.parts);
        Box::pin(js(async move { upload.put(number, &data).await.map_err(|error| upload.failed(&error)) }))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let upload = &self.upload;
        js(async { upload.complete().await.map_err(|error| upload.failed(&error)) }).await
    }

    async fn abort(&mut self) -> Result<()> {
        let upload = &self.upload;
        js(async {
            let aborted = match upload.handle() {
                Ok(handle) => handle.abort().await,
                Err(error) => Err(error),
            };
            aborted.map_err(|error| upload.failed(&error))
        })
        .await
    }
}
