//! An R2 bucket, by its binding, as an object store.
//!
//! Source: <https://developers.cloudflare.com/r2/api/workers/workers-api-reference/>

use crate::r2_upload::R2Upload;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use tarn_platform::{SendWrapper, js};
use worker::{Bucket, Conditional, Data, Object};

/// What R2 takes in one call to delete.
const DELETE_AT_ONCE: usize = 1000;

/// A range up to this long comes by one promise; a longer one, or a whole object, chunk by chunk.
const WHOLE_READ_BYTES: u64 = 8 << 20;

/// All objects of a bucket; paths are its keys.
pub struct R2Store {
    bucket: Arc<SendWrapper<Bucket>>,
}

/// Why R2 did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum R2Error {
    #[error("there is nothing at {key} in the bucket")]
    Missing { key: String },
    #[error("{key} exists already")]
    Exists { key: String },
    #[error("{key} has changed since it was read")]
    Changed { key: String },
    #[error("R2 could not {action} {key}: {message}")]
    Failed { action: &'static str, key: String, message: String },
}

impl R2Store {
    /// The objects of the bucket that was bound.
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket: Arc::new(SendWrapper::new(bucket)) }
    }

    async fn head(&self, path: &Path) -> Result<Object> {
        let found = self.bucket.head(path.as_ref()).await.map_err(|error| failed("read", path, &error))?;
        found.ok_or_else(|| missing(path))
    }

    async fn get(&self, path: &Path, options: &GetOptions) -> Result<GetResult> {
        if options.head {
            let meta = meta(&self.head(path).await?)?;
            options.check_preconditions(&meta)?;
            return Ok(result(meta, 0..0, stream::empty().boxed()));
        }
        let mut get = self.bucket.get(path.as_ref());
        if let Some(range) = &options.range {
            range.is_valid().map_err(|error| generic(error.into()))?;
            get = get.range(r2_range(range));
        }
        let object = match get.execute().await {
            Ok(object) => object.ok_or_else(|| missing(path))?,
            Err(error) => return self.without_range(path, options, &error).await,
        };
        let meta = meta(&object)?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            None => 0..meta.size,
            Some(range) => range.as_range(meta.size).map_err(|error| generic(error.into()))?,
        };
        let Some(body) = object.body() else {
            return Ok(result(meta, range, stream::empty().boxed()));
        };
        let length = range.end - range.start;
        let chunks = if length <= WHOLE_READ_BYTES {
            let bytes = body.bytes().await.map_err(|error| failed("read", path, &error))?;
            stream::once(async { Ok(Bytes::from(bytes)) }).boxed()
        } else {
            chunks(path.clone(), body.stream().map_err(|error| failed("read", path, &error))?)
        };
        Ok(result(meta, range, chunks))
    }

    /// R2 refuses ranges that hold no byte, and its message alone says why; the object's size tells for sure.
    async fn without_range(
        &self,
        path: &Path,
        options: &GetOptions,
        error: &worker::Error,
    ) -> Result<GetResult> {
        if let Some(range) = &options.range {
            let meta = meta(&self.head(path).await?)?;
            options.check_preconditions(&meta)?;
            let range = range.as_range(meta.size).map_err(|error| generic(error.into()))?;
            if range.is_empty() {
                return Ok(result(meta, range, stream::empty().boxed()));
            }
        }
        Err(failed("read", path, error))
    }

    async fn put(&self, path: &Path, data: Data, mode: PutMode) -> Result<PutResult> {
        let mut put = self.bucket.put(path.as_ref(), data);
        match &mode {
            PutMode::Overwrite => {}
            PutMode::Create => put = put.only_if(is_new()),
            PutMode::Update(version) => {
                let etag_matches = Some(version.e_tag.clone().unwrap_or_default());
                put = put.only_if(Conditional { etag_matches, ..Conditional::default() });
            }
        }
        let put = put.execute().await.map_err(|error| failed("write", path, &error))?;
        put.map(|object| put_result(&object)).ok_or_else(|| refused(path, &mode))
    }

    /// One page of a list, and where the next begins.
    async fn page(&self, list: &List, cursor: Option<String>) -> Result<(Page, Option<String>)> {
        let mut builder = self.bucket.list().prefix(list.prefix.clone());
        if let Some(start_after) = &list.start_after {
            builder = builder.start_after(start_after.clone());
        }
        if list.is_flat {
            builder = builder.delimiter("/");
        }
        if let Some(cursor) = cursor {
            builder = builder.cursor(cursor);
        }
        let listed = builder.execute().await.map_err(|error| {
            generic(
                R2Error::Failed { action: "list", key: list.prefix.clone(), message: error.to_string() }
                    .into(),
            )
        })?;
        // Consoles mark folders by empty objects whose keys end in a slash, and keys with empty segments are no paths.
        let objects = listed.objects();
        let objects = objects.iter().filter(|object| !object.key().ends_with('/'));
        let page = Page {
            objects: objects.filter_map(|object| meta(object).ok()).collect(),
            folders: listed
                .delimited_prefixes()
                .iter()
                .filter_map(|folder| Path::parse(folder).ok())
                .collect(),
        };
        Ok((page, listed.truncated().then(|| listed.cursor()).flatten()))
    }

    fn pages(&self, list: List) -> BoxStream<'static, Result<Page>> {
        let store = self.clone();
        let list = Arc::new(list);
        stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
            let (store, list) = (store.clone(), Arc::clone(&list));
            js(async move {
                let Some(cursor) = next else { return Ok(None) };
                let (page, cursor) = store.page(&list, cursor).await?;
                Ok(Some((page, cursor.map(Some))))
            })
        })
        .boxed()
    }

    fn list_objects(&self, list: List) -> BoxStream<'static, Result<ObjectMeta>> {
        self.pages(list).map_ok(|page| stream::iter(page.objects.into_iter().map(Ok))).try_flatten().boxed()
    }
}

#[async_trait]
impl ObjectStore for R2Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        js(self.put(location, bytes_of(&payload), options.mode)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let id = js(async {
            let begun = self.bucket.create_multipart_upload(location.as_ref()).execute().await;
            let upload = begun.map_err(|error| failed("write", location, &error))?;
            Ok::<_, Error>(upload.upload_id().await)
        });
        Ok(Box::new(R2Upload::new(Arc::clone(&self.bucket), location.clone(), id.await?)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        js(self.get(location, &options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .chunks(DELETE_AT_ONCE)
            .then(move |chunk| {
                let store = store.clone();
                js(async move {
                    let paths: Vec<Path> = chunk.iter().flatten().cloned().collect();
                    let keys: Vec<&str> = paths.iter().map(Path::as_ref).collect();
                    let deleted = match paths.first() {
                        None => Ok(()),
                        Some(first) => {
                            let deleted = store.bucket.delete_multiple(keys).await;
                            deleted.map_err(|error| failed("delete", first, &error))
                        }
                    };
                    match deleted {
                        Ok(()) => chunk,
                        Err(error) => vec![Err(error)],
                    }
                })
            })
            .flat_map(stream::iter)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.list_objects(List { prefix: folder(prefix), start_after: None, is_flat: false })
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let start_after = Some(offset.as_ref().to_owned());
        self.list_objects(List { prefix: folder(prefix), start_after, is_flat: false })
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut pages = self.pages(List { prefix: folder(prefix), start_after: None, is_flat: true });
        let mut listed = ListResult { common_prefixes: vec![], objects: vec![] };
        while let Some(page) = pages.try_next().await? {
            listed.objects.extend(page.objects);
            listed.common_prefixes.extend(page.folders);
        }
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        js(async {
            let found = self.bucket.get(from.as_ref()).execute().await;
            let object = found.map_err(|error| failed("read", from, &error))?.ok_or_else(|| missing(from))?;
            let data = match object.body().map(|body| body.response_body()).transpose() {
                Ok(Some(worker::ResponseBody::Stream(stream))) => Data::ReadableStream(stream),
                Ok(_) => Data::Empty,
                Err(error) => return Err(failed("read", from, &error)),
            };
            self.put(to, data, mode).await.map(drop)
        })
        .await
    }
}

impl Clone for R2Store {
    fn clone(&self) -> Self {
        Self { bucket: Arc::clone(&self.bucket) }
    }
}

impl fmt::Debug for R2Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R2Store")
    }
}

impl fmt::Display for R2Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R2Store")
    }
}

/// What to list.
struct List {
    /// Of the keys; empty, or ends in a slash.
    prefix: String,
    start_after: Option<String>,
    /// Whether to stop at the next slash.
    is_flat: bool,
}

struct Page {
    objects: Vec<ObjectMeta>,
    folders: Vec<Path>,
}

fn folder(prefix: Option<&Path>) -> String {
    match prefix.map(Path::as_ref) {
        None | Some("") => String::new(),
        Some(prefix) => format!("{prefix}/"),
    }
}

fn r2_range(range: &GetRange) -> worker::Range {
    match range {
        GetRange::Bounded(range) => {
            worker::Range::OffsetWithLength { offset: range.start, length: range.end - range.start }
        }
        GetRange::Offset(offset) => worker::Range::OffsetToEnd { offset: *offset },
        GetRange::Suffix(suffix) => worker::Range::Suffix { suffix: *suffix },
    }
}

fn chunks(path: Path, body: worker::ByteStream) -> BoxStream<'static, Result<Bytes>> {
    let next = |(path, mut body): (Path, SendWrapper<worker::ByteStream>)| {
        js(async move {
            match body.next().await {
                None => Ok(None),
                Some(Ok(chunk)) => Ok(Some((Bytes::from(chunk), (path, body)))),
                Some(Err(error)) => Err(failed("read", &path, &error)),
            }
        })
    };
    stream::try_unfold((path, SendWrapper::new(body)), next).boxed()
}

fn meta(object: &Object) -> Result<ObjectMeta> {
    let millis = i64::try_from(object.uploaded().as_millis()).unwrap_or_default();
    Ok(ObjectMeta {
        location: Path::parse(object.key())?,
        last_modified: DateTime::from_timestamp_millis(millis).unwrap_or_default(),
        size: object.size(),
        e_tag: Some(object.etag()),
        version: Some(object.version()),
    })
}

fn result(meta: ObjectMeta, range: Range<u64>, chunks: BoxStream<'static, Result<Bytes>>) -> GetResult {
    GetResult { payload: GetResultPayload::Stream(chunks), meta, range, attributes: Attributes::new() }
}

pub(crate) fn bytes_of(payload: &PutPayload) -> Data {
    Data::Bytes(payload.iter().fold(Vec::with_capacity(payload.content_length()), |mut whole, chunk| {
        whole.extend_from_slice(chunk);
        whole
    }))
}

pub(crate) fn put_result(object: &Object) -> PutResult {
    PutResult { e_tag: Some(object.etag()), version: Some(object.version()) }
}

/// Holds where there is no object yet: none whose ETag is anything at all.
fn is_new() -> Conditional {
    Conditional { etag_does_not_match: Some("*".to_owned()), ..Conditional::default() }
}

fn refused(path: &Path, mode: &PutMode) -> Error {
    let (key, path) = (path.to_string(), path.to_string());
    match mode {
        PutMode::Create => Error::AlreadyExists { path, source: R2Error::Exists { key }.into() },
        PutMode::Overwrite | PutMode::Update(_) => {
            Error::Precondition { path, source: R2Error::Changed { key }.into() }
        }
    }
}

fn missing(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: R2Error::Missing { key: path.to_string() }.into() }
}

pub(crate) fn failed(action: &'static str, path: &Path, error: &worker::Error) -> Error {
    generic(R2Error::Failed { action, key: path.to_string(), message: error.to_string() }.into())
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "R2", source }
}
