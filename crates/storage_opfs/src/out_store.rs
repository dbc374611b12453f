//! A file that goes out of the browser: to a place that a person chose on the disk, or as a blob that the page saves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::channel::oneshot;
use futures::stream::{self, BoxStream};
use js_sys::{Array, Uint8Array};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use tarn_platform::{SendWrapper, js};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileSystemFileHandle, FileSystemWritableFileStream};

use crate::error::store_error;
use crate::files::promised;

/// A store that takes one file, once. Its bytes are never in memory as a whole: a chosen file is written as they come, and
/// is what it was before until the last of them is there; the parts of a blob are the browser's, which keeps large ones
/// on its disk.
pub struct OutStore {
    out: Arc<Mutex<Out>>,
}

struct Out {
    place: Place,
    size_bytes: u64,
}

enum Place {
    /// Nothing was written yet.
    Chosen(SendWrapper<FileSystemFileHandle>),
    Stream(SendWrapper<FileSystemWritableFileStream>),
    Parts(SendWrapper<Array>),
    /// Nothing can be written any more.
    Done,
}

impl OutStore {
    /// A store that writes to a chosen file.
    pub fn to_file(handle: FileSystemFileHandle) -> Self {
        Self::new(Place::Chosen(SendWrapper::new(handle)))
    }

    /// A store whose file comes out as a blob.
    pub fn to_blob() -> Self {
        Self::new(Place::Parts(SendWrapper::new(Array::new())))
    }

    fn new(place: Place) -> Self {
        Self { out: Arc::new(Mutex::new(Out { place, size_bytes: 0 })) }
    }

    /// Bytes that were written.
    pub fn size_bytes(&self) -> u64 {
        lock(&self.out).size_bytes
    }

    /// The blob of what was written, where that was not a chosen file.
    ///
    /// # Errors
    /// When the browser has no room for it.
    pub fn blob(&self) -> Result<Option<Blob>> {
        match &lock(&self.out).place {
            Place::Parts(parts) => {
                Blob::new_with_blob_sequence(parts).map(Some).map_err(|error| store_error(&error, "the file"))
            }
            _ => Ok(None),
        }
    }

    fn write_only(operation: &str) -> StoreError {
        StoreError::NotImplemented {
            operation: operation.to_owned(),
            implementer: "files to save".to_owned(),
        }
    }
}

fn lock(out: &Mutex<Out>) -> std::sync::MutexGuard<'_, Out> {
    // Nothing that could panic runs under the lock.
    out.lock().unwrap_or_else(PoisonError::into_inner)
}

fn over() -> JsValue {
    js_sys::Error::new("the file is written already").into()
}

async fn write(out: &Mutex<Out>, payload: &PutPayload) -> Result<(), JsValue> {
    let place = std::mem::replace(&mut lock(out).place, Place::Done);
    let place = match place {
        Place::Chosen(handle) => Place::Stream(SendWrapper::new(promised(handle.create_writable()).await?)),
        other => other,
    };
    for chunk in payload.iter() {
        let bytes = Uint8Array::from(chunk.as_ref());
        match &place {
            Place::Stream(stream) => {
                JsFuture::from(stream.write_with_buffer_source(&bytes)?).await?;
            }
            Place::Parts(parts) => {
                parts.push(Blob::new_with_buffer_source_sequence(&Array::of1(&bytes))?.as_ref());
            }
            Place::Chosen(_) | Place::Done => return Err(over()),
        }
    }
    let mut out = lock(out);
    out.place = place;
    out.size_bytes += payload.content_length() as u64;
    Ok(())
}

async fn close(out: &Mutex<Out>) -> Result<(), JsValue> {
    let place = std::mem::replace(&mut lock(out).place, Place::Done);
    match place {
        Place::Stream(stream) => drop(JsFuture::from(stream.close()).await?),
        Place::Chosen(handle) => {
            let stream: FileSystemWritableFileStream = promised(handle.create_writable()).await?;
            JsFuture::from(stream.close()).await?;
        }
        parts @ Place::Parts(_) => lock(out).place = parts,
        Place::Done => return Err(over()),
    }
    Ok(())
}

/// Leaves a chosen file as it was.
async fn abort(out: &Mutex<Out>) -> Result<(), JsValue> {
    let place = std::mem::replace(&mut lock(out).place, Place::Done);
    if let Place::Stream(stream) = place {
        JsFuture::from(stream.abort()).await?;
    }
    Ok(())
}

/// Parts are written in the order in which they were handed over.
struct Upload {
    out: Arc<Mutex<Out>>,
    path: String,
    /// Heard when the part before is written.
    before: Option<oneshot::Receiver<()>>,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({})", self.path)
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, payload: PutPayload) -> UploadPart {
        let (done, is_done) = oneshot::channel();
        let before = self.before.replace(is_done);
        let (out, path) = (Arc::clone(&self.out), self.path.clone());
        Box::pin(js(async move {
            if let Some(before) = before {
                before
                    .await
                    .map_err(|_| store_error(&js_sys::Error::new("the part before failed").into(), &path))?;
            }
            write(&out, &payload).await.map_err(|error| store_error(&error, &path))?;
            // Nobody waits when this was the last part.
            let _ = done.send(());
            Ok(())
        }))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (out, path) = (Arc::clone(&self.out), self.path.clone());
        js(async move { close(&out).await.map_err(|error| store_error(&error, &path)) }).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        let (out, path) = (Arc::clone(&self.out), self.path.clone());
        js(async move { abort(&out).await.map_err(|error| store_error(&error, &path)) }).await
    }
}

impl fmt::Debug for OutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutStore")
    }
}

impl fmt::Display for OutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file to save")
    }
}

#[async_trait]
impl ObjectStore for OutStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, _options: PutOptions) -> Result<PutResult> {
        let mut upload = Upload { out: Arc::clone(&self.out), path: path.to_string(), before: None };
        upload.put_part(payload).await?;
        upload.complete().await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload { out: Arc::clone(&self.out), path: path.to_string(), before: None }))
    }

    async fn get_opts(&self, location: &Path, _options: GetOptions) -> Result<GetResult> {
        Err(StoreError::NotFound { path: location.to_string(), source: "what is saved is not read".into() })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        locations.map(|location| location.and_then(|_| Err(Self::write_only("delete")))).boxed()
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::empty().boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        Ok(ListResult { common_prefixes: Vec::new(), objects: Vec::new() })
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(Self::write_only("copy"))
    }
}
