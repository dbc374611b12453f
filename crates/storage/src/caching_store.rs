//! A byte cache in front of a store that is far away.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    RenameOptions, Result,
};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::cache::{ByteCache, Key, Version, gaps};
use crate::error::Error;
use crate::metrics::StoreMetrics;

/// Ranges with at most this much between them are fetched by one request.
///
/// A request costs a round trip (some 50 ms over the internet), in which 128 KiB arrive even over a slow line; more
/// would read bytes that a query has no use for.
pub const COALESCE_GAP_BYTES: u64 = 128 << 10;

/// A range longer than this is fetched by several requests at once, so that a piece of the cache stays small.
const LONGEST_FETCH_BYTES: u64 = 8 << 20;

const PARALLEL_FETCHES: usize = 8;

/// Any store, with a [`ByteCache`] in front and [`StoreMetrics`] that count what truly came from the store.
///
/// A `head` always asks the store, and what it answers (or a list, or the answer to a range) decides whether the cached
/// bytes still count; ranges without conditions are then answered from the cache. Whoever starts to read a file asks for
/// its head first (DataFusion does), and so sees a changed file.
pub struct CachingStore {
    inner: Arc<dyn ObjectStore>,
    id: u64,
    cache: Arc<ByteCache>,
    metrics: Arc<StoreMetrics>,
    in_flight: Arc<Mutex<InFlight>>,
}

/// Fetches that others can wait for. Whoever asks for the same bytes of a file meanwhile gets the same answer.
type InFlight = HashMap<(Path, Range<u64>), Weak<OnceCell<Fetched>>>;

#[derive(Clone, Debug)]
struct Fetched {
    version: Version,
    bytes: Bytes,
}

impl CachingStore {
    /// Puts a cache, which other stores may share, in front of a store.
    pub fn new(inner: Arc<dyn ObjectStore>, cache: Arc<ByteCache>, metrics: Arc<StoreMetrics>) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let id = NEXT_ID.fetch_add(1, Relaxed);
        Self { inner, id, cache, metrics, in_flight: Arc::default() }
    }

    fn key(&self, path: &Path) -> Key {
        Key { store: self.id, path: path.clone() }
    }

    /// What the file is, from the last answer about it or by asking.
    async fn meta(&self, key: &Key) -> Result<ObjectMeta> {
        match self.cache.meta(key) {
            Some(meta) => Ok(meta),
            None => self.head_now(key).await,
        }
    }

    async fn head_now(&self, key: &Key) -> Result<ObjectMeta> {
        self.metrics.count_request();
        let meta = self.inner.head(&key.path).await.inspect_err(|_| self.cache.forget(key))?;
        self.cache.note(key, &meta);
        Ok(meta)
    }

    async fn read_ranges(&self, key: &Key, meta: &ObjectMeta, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let version = Version::of(meta);
        let ranges: Vec<Range<u64>> = ranges
            .iter()
            .map(|range| {
                let valid = GetRange::Bounded(range.clone()).as_range(meta.size);
                valid.map_err(|error| object_store::Error::Generic { store: "cache", source: error.into() })
            })
            .collect::<Result<_>>()?;

        // The pieces are held from here on, so it does not matter what the cache drops meanwhile.
        let mut pieces: Vec<(u64, Bytes)> = Vec::new();
        let mut missing: Vec<Range<u64>> = Vec::new();
        for range in &ranges {
            let cached = self.cache.pieces(key, range);
            let spans = cached.iter().map(|(start, bytes)| *start..start + bytes.len() as u64);
            missing.extend(gaps(range.clone(), spans));
            pieces.extend(cached);
        }
        let wanted: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        let fetches = split(coalesce(missing));
        let fetched_bytes: u64 = fetches.iter().map(|range| range.end - range.start).sum();
        self.metrics.count_cached(wanted.saturating_sub(fetched_bytes));

        let mut fetched = stream::iter(fetches)
            .map(|range| async move {
                let fetched = self.fetch_shared(key, range.clone()).await?;
                Ok::<_, object_store::Error>((range.start, fetched))
            })
            .buffered(PARALLEL_FETCHES);
        while let Some((start, fetched)) = fetched.try_next().await? {
            if !fetched.version.agrees_with(&version) {
                return Err(Error::Changed { path: key.path.to_string() }
                    .into_store_error("cache", key.path.as_ref()));
            }
            pieces.push((start, fetched.bytes));
        }
        // At the same start the longer piece serves more.
        pieces.sort_by_key(|(start, bytes)| (*start, bytes.len()));
        ranges.iter().map(|range| assemble(range, &pieces).ok_or_else(|| short_answer(&key.path))).collect()
    }

    async fn fetch_shared(&self, key: &Key, range: Range<u64>) -> Result<Fetched> {
        let cell = {
            let mut in_flight = self.in_flight.lock();
            in_flight.retain(|_, cell| cell.strong_count() > 0);
            let slot = in_flight.entry((key.path.clone(), range.clone())).or_default();
            slot.upgrade().unwrap_or_else(|| {
                let cell = Arc::new(OnceCell::new());
                *slot = Arc::downgrade(&cell);
                cell
            })
        };
        cell.get_or_try_init(|| self.fetch(key, range)).await.cloned()
    }

    async fn fetch(&self, key: &Key, range: Range<u64>) -> Result<Fetched> {
        self.metrics.count_request();
        let options = GetOptions::new().with_range(Some(range.clone()));
        let result = self.inner.get_opts(&key.path, options).await?;
        let meta = result.meta.clone();
        let version = Version::of(&meta);
        self.cache.note(key, &meta);
        let mut stream = result.into_stream();
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(chunk) = stream.try_next().await? {
            self.metrics.count_bytes(chunk.len());
            // Most answers come in one chunk, or the first is small: copy only what must be joined.
            if first.is_empty() && rest.is_empty() {
                first = chunk;
            } else {
                if rest.is_empty() {
                    rest.reserve((range.end - range.start) as usize);
                    rest.extend_from_slice(&first);
                }
                rest.extend_from_slice(&chunk);
            }
        }
        let bytes = if rest.is_empty() { first } else { rest.freeze() };
        if bytes.len() as u64 != range.end - range.start {
            // A shorter answer is right only where the file has become shorter, which its version tells.
            return Ok(Fetched { version, bytes });
        }
        self.cache.insert(key, &version, range.start, &bytes);
        Ok(Fetched { version, bytes })
    }

    /// Reads on to the end of what the store sends, counting.
    fn counted(&self, result: GetResult) -> GetResult {
        let (meta, range, attributes) =
            (result.meta.clone(), result.range.clone(), result.attributes.clone());
        let metrics = self.metrics.clone();
        let stream = result.into_stream().inspect_ok(move |chunk| metrics.count_bytes(chunk.len()));
        GetResult { payload: GetResultPayload::Stream(stream.boxed()), meta, range, attributes }
    }

    /// A whole file: from the cache if all of it is there, else from the store, into the cache.
    async fn read_whole(&self, key: &Key) -> Result<GetResult> {
        if let Some(meta) = self.cache.meta(key) {
            let whole = 0..meta.size;
            let is_all_there = meta.size > 0 && {
                let pieces = self.cache.pieces(key, &whole);
                gaps(whole.clone(), pieces.iter().map(|(start, bytes)| *start..start + bytes.len() as u64))
                    .is_empty()
            };
            if is_all_there {
                let now = self.head_now(key).await?;
                let pieces = self.cache.pieces(key, &(0..now.size));
                if let Some(bytes) = assemble(&(0..now.size), &pieces) {
                    self.metrics.count_cached(now.size);
                    let payload = GetResultPayload::Stream(stream::iter([Ok(bytes)]).boxed());
                    return Ok(GetResult {
                        payload,
                        range: 0..now.size,
                        meta: now,
                        attributes: Attributes::new(),
                    });
                }
            }
        }
        self.metrics.count_request();
        let result = self.inner.get_opts(&key.path, GetOptions::new()).await?;
        self.cache.note(key, &result.meta);
        let version = Version::of(&result.meta);
        let (key, cache) = (key.clone(), self.cache.clone());
        let mut at = result.range.start;
        let mut result = self.counted(result);
        let range = result.range.clone();
        let attributes = std::mem::take(&mut result.attributes);
        let meta = result.meta.clone();
        let stream = result.into_stream().inspect_ok(move |chunk| {
            cache.insert(&key, &version, at, chunk);
            at += chunk.len() as u64;
        });
        Ok(GetResult { payload: GetResultPayload::Stream(stream.boxed()), meta, range, attributes })
    }
}

/// Joins ranges that touch or nearly do.
fn coalesce(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(COALESCE_GAP_BYTES) => {
                last.end = last.end.max(range.end)
            }
            _ => joined.push(range),
        }
    }
    joined
}

fn split(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let cut = |range: Range<u64>| {
        let starts = (range.start..range.end).step_by(LONGEST_FETCH_BYTES as usize);
        starts.map(move |start| start..range.end.min(start + LONGEST_FETCH_BYTES))
    };
    ranges.into_iter().flat_map(cut).collect()
}

/// A range put together from pieces that are sorted by start and cover it.
fn assemble(range: &Range<u64>, pieces: &[(u64, Bytes)]) -> Option<Bytes> {
    let mut parts: Vec<Bytes> = Vec::new();
    let mut at = range.start;
    for (start, bytes) in pieces {
        let end = start + bytes.len() as u64;
        if at < range.end && *start <= at && end > at {
            // Within a piece, which is in memory, so the differences fit.
            parts.push(bytes.slice((at - start) as usize..(end.min(range.end) - start) as usize));
            at = end.min(range.end);
        }
    }
    match (at == range.end, parts.as_slice()) {
        (false, _) => None,
        (true, []) => Some(Bytes::new()),
        (true, [one]) => Some(one.clone()),
        (true, many) => Some(Bytes::from(many.concat())),
    }
}

fn short_answer(path: &Path) -> object_store::Error {
    Error::BadAnswer { url: path.to_string(), reason: "fewer bytes came than were asked for".to_owned() }
        .into_store_error("cache", path.as_ref())
}

impl fmt::Debug for CachingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CachingStore({:?})", self.inner)
    }
}

impl fmt::Display for CachingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for CachingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let result = self.inner.put_opts(location, payload, options).await;
        // Whether or not it succeeded: after an error nobody knows what is there.
        self.cache.forget(&self.key(location));
        result
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(ForgettingUpload { inner, cache: self.cache.clone(), key: self.key(location) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let key = self.key(location);
        let has_conditions = options.if_none_match.is_some()
            || options.if_modified_since.is_some()
            || options.if_unmodified_since.is_some()
            || options.version.is_some();
        if options.head && !has_conditions {
            let meta = self.head_now(&key).await?;
            options.check_preconditions(&meta)?;
            let payload = GetResultPayload::Stream(stream::empty().boxed());
            return Ok(GetResult { payload, meta, range: 0..0, attributes: Attributes::new() });
        }
        if has_conditions || options.head {
            self.metrics.count_request();
            return Ok(self.counted(self.inner.get_opts(location, options).await?));
        }
        let Some(range) = &options.range else {
            let result = self.read_whole(&key).await?;
            options.check_preconditions(&result.meta)?;
            return Ok(result);
        };
        let mut meta = self.meta(&key).await?;
        if options.check_preconditions(&meta).is_err() {
            // The cache may be behind; what the store says now decides.
            meta = self.head_now(&key).await?;
            options.check_preconditions(&meta)?;
        }
        let range = range
            .as_range(meta.size)
            .map_err(|error| object_store::Error::Generic { store: "cache", source: error.into() })?;
        let bytes = match range.is_empty() {
            true => Bytes::new(),
            false => self.read_ranges(&key, &meta, std::slice::from_ref(&range)).await?.remove(0),
        };
        let payload = GetResultPayload::Stream(stream::iter([Ok(bytes)]).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::new() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.key(location);
        let meta = self.meta(&key).await?;
        self.read_ranges(&key, &meta, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (cache, id) = (self.cache.clone(), self.id);
        let forget = move |path: &Path| cache.forget(&Key { store: id, path: path.clone() });
        // Before as well as after: a reader in between must not bring it back for good.
        let before = forget.clone();
        self.inner.delete_stream(locations.inspect_ok(before).boxed()).inspect_ok(forget).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.metrics.count_request();
        let (cache, id) = (self.cache.clone(), self.id);
        self.inner
            .list(prefix)
            .inspect_ok(move |meta| {
                cache.note(&Key { store: id, path: meta.location.clone() }, meta);
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.metrics.count_request();
        let result = self.inner.list_with_delimiter(prefix).await?;
        for meta in &result.objects {
            self.cache.note(&self.key(&meta.location), meta);
        }
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let result = self.inner.copy_opts(from, to, options).await;
        self.cache.forget(&self.key(to));
        result
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let result = self.inner.rename_opts(from, to, options).await;
        self.cache.forget(&self.key(from));
        self.cache.forget(&self.key(to));
        result
    }
}

#[derive(Debug)]
struct ForgettingUpload {
    inner: Box<dyn MultipartUpload>,
    cache: Arc<ByteCache>,
    key: Key,
}

#[async_trait]
impl MultipartUpload for ForgettingUpload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await;
        self.cache.forget(&self.key);
        result
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
