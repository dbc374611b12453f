//! Files of web servers, read by ranges.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderName, Request, Response};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;
use tarn_platform::Instant;
use tarn_platform::http::{Body, FetchError};
use url::Url;

use crate::error::{Error, redacted};
use crate::resolve::encode_path;
use crate::retry::send_with_retry;

/// The largest file that is kept whole when its server knows no ranges.
pub const WHOLE_FILE_LIMIT_BYTES: u64 = 256 << 20;

/// How long a file that was taken whole is not asked for again.
const WHOLE_FILE_FRESH: Duration = Duration::from_secs(300);

const STORE: &str = "HTTP";

/// The files of one origin, or one file by its exact URL.
///
/// A path of the store is the path of the URL. A URL with a query (a presigned one) cannot be told from its path, so it
/// has a store of its own, [`HttpStore::exact`], that sends the URL as it was given; `Stores::mount` gives such a store
/// a URL without a query.
///
/// Reads only. A web server cannot list, so listing is a typed error.
pub struct HttpStore {
    url: Url,
    /// The one path that this store has, if it was made for an exact URL.
    exact: Option<Path>,
    whole_file_limit_bytes: u64,
    known: Mutex<HashMap<Path, Known>>,
}

/// What an answer told about a file.
#[derive(Clone)]
struct Known {
    meta: ObjectMeta,
    /// Its bytes, if the server sends only all of them, and when they came.
    whole: Option<(Bytes, Instant)>,
}

impl HttpStore {
    /// All files of the origin of a URL.
    pub fn origin(url: &Url) -> Self {
        let mut origin = url.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        Self::new(origin, None)
    }

    /// The one file at this URL, known in the store by `path`.
    pub fn exact(url: &Url, path: Path) -> Self {
        Self::new(url.clone(), Some(path))
    }

    fn new(url: Url, exact: Option<Path>) -> Self {
        Self { url, exact, whole_file_limit_bytes: WHOLE_FILE_LIMIT_BYTES, known: Mutex::default() }
    }

    /// With another bound on files that can only be read whole.
    pub fn with_whole_file_limit(mut self, bytes: u64) -> Self {
        self.whole_file_limit_bytes = bytes;
        self
    }

    fn url_of(&self, path: &Path) -> Result<Url> {
        match &self.exact {
            Some(exact) if exact == path => Ok(self.url.clone()),
            Some(_) => {
                let error = Error::Missing { url: redacted(&self.url), status: 404 };
                Err(error.into_store_error(STORE, path.as_ref()))
            }
            None => {
                let mut url = self.url.clone();
                url.set_path(&encode_path(path.as_ref()));
                Ok(url)
            }
        }
    }

    /// Asks for bytes from `start` on, to `end` or to the end of the file.
    ///
    /// Even a whole file is asked for as a range: then nobody compresses it on its way (browsers do not ask for that
    /// with ranges, and would hide that it happened), so lengths are those of the file.
    async fn request(&self, file: &File<'_>, start: u64, end: Option<u64>) -> Result<Response<Body>> {
        // `http::Uri` has no fragments, and servers never see them.
        let mut url = file.url.clone();
        url.set_fragment(None);
        let range = match end {
            Some(end) => format!("bytes={start}-{}", end - 1),
            None => format!("bytes={start}-"),
        };
        let request = Request::get(url.as_str()).header(RANGE, range);
        let request = request.body(Bytes::new()).map_err(|error| {
            let host = url.host_str().unwrap_or_default().to_owned();
            file.error(FetchError::Invalid { host, reason: error.to_string() }.into())
        })?;
        let response = send_with_retry(request).await.map_err(|error| file.error(error.into()))?;
        let status = response.status().as_u16();
        let url = || redacted(&file.url);
        match status {
            200 | 206 | 416 => Ok(response),
            404 | 410 => Err(file.error(Error::Missing { url: url(), status })),
            401 | 403 => Err(file.error(Error::Forbidden { url: url(), status })),
            _ => Err(file.error(Error::Status { url: url(), status })),
        }
    }

    /// Asks what the file is: for its first byte, since the answer to a range tells the size and whether ranges work.
    async fn probe(&self, file: &File<'_>) -> Result<Known> {
        if let Some(known) = self.fresh_whole(file.path) {
            return Ok(known);
        }
        let response = self.request(file, 0, Some(1)).await?;
        match response.status().as_u16() {
            200 => self.take_whole(file, response).await,
            status => {
                let size = match content_range(response.headers()) {
                    Some((_, size)) => size,
                    // Nothing can be asked of an empty file by a range.
                    None if status == 416 => 0,
                    // A page sees the header only if the server exposes it, but sees the length of a whole answer.
                    None => self.size_by_length(file).await?,
                };
                Ok(self.remember(file, response.headers(), size, None))
            }
        }
    }

    /// The size from the length of an answer of which nothing is read.
    async fn size_by_length(&self, file: &File<'_>) -> Result<u64> {
        let response = self.request(file, 0, None).await?;
        content_length(response.headers()).ok_or_else(|| {
            file.bad_answer(
                "neither Content-Range nor Content-Length can be seen (Access-Control-Expose-Headers)",
            )
        })
    }

    /// Takes the whole file from a server that knows no ranges.
    async fn take_whole(&self, file: &File<'_>, response: Response<Body>) -> Result<Known> {
        let limit_bytes = self.whole_file_limit_bytes;
        let too_large = || file.error(Error::WholeFileTooLarge { url: redacted(&file.url), limit_bytes });
        let (head, mut body) = response.into_parts();
        let length = content_length(&head.headers);
        if length.is_some_and(|length| length > limit_bytes) {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| file.error(error.into()))?;
            if (whole.len() + chunk.len()) as u64 > limit_bytes {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        let whole = whole.freeze();
        Ok(self.remember(file, &head.headers, whole.len() as u64, Some(whole)))
    }

    fn remember(&self, file: &File<'_>, headers: &HeaderMap, size: u64, whole: Option<Bytes>) -> Known {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let last_modified = text(LAST_MODIFIED)
            .and_then(|text| DateTime::parse_from_rfc2822(text).ok())
            .map_or(DateTime::UNIX_EPOCH, |time| time.with_timezone(&Utc));
        let meta = ObjectMeta {
            location: file.path.clone(),
            last_modified,
            size,
            e_tag: text(ETAG).map(str::to_owned),
            version: None,
        };
        let known = Known { meta, whole: whole.map(|bytes| (bytes, Instant::now())) };
        let mut all = self.known.lock();
        all.insert(file.path.clone(), known.clone());
        if known.whole.is_some() {
            self.keep_whole_files_bounded(&mut all, file.path);
        }
        known
    }

    /// The bound on one file is the bound on all that are kept: the others make way for the newest.
    fn keep_whole_files_bounded(&self, all: &mut HashMap<Path, Known>, newest: &Path) {
        let kept = |known: &Known| known.whole.as_ref().map_or(0, |(bytes, _)| bytes.len() as u64);
        if all.values().map(kept).sum::<u64>() > self.whole_file_limit_bytes {
            all.iter_mut().filter(|(path, _)| *path != newest).for_each(|(_, known)| known.whole = None);
        }
    }

    fn fresh_whole(&self, path: &Path) -> Option<Known> {
        let mut all = self.known.lock();
        match &all.get(path)?.whole {
            Some((_, taken)) if taken.elapsed() < WHOLE_FILE_FRESH => all.get(path).cloned(),
            Some(_) => {
                all.remove(path);
                None
            }
            None => None,
        }
    }

    async fn read(&self, file: &File<'_>, options: &GetOptions) -> Result<GetResult> {
        if options.head {
            let known = self.probe(file).await?;
            return answer(known.meta, 0..0, stream::empty().boxed(), Attributes::new(), options);
        }
        if let Some(known) = self.fresh_whole(file.path) {
            return read_whole(file, known, options);
        }
        let range = match &options.range {
            None => None,
            Some(GetRange::Bounded(range)) => {
                GetRange::Bounded(range.clone()).is_valid().map_err(|error| file.bad_range(&error))?;
                Some(range.clone())
            }
            // An open range of an empty file, or a suffix longer than the file, has no answer that all servers agree
            // on, so ask with the size.
            Some(range @ (GetRange::Offset(_) | GetRange::Suffix(_))) => {
                let known = self.probe(file).await?;
                if known.whole.is_some() {
                    return read_whole(file, known, options);
                }
                let range = range.as_range(known.meta.size).map_err(|error| file.bad_range(&error))?;
                if range.is_empty() {
                    return answer(known.meta, range, stream::empty().boxed(), Attributes::new(), options);
                }
                Some(range)
            }
        };
        let (start, end) = range.as_ref().map_or((0, None), |range| (range.start, Some(range.end)));
        let response = self.request(file, start, end).await?;
        match (response.status().as_u16(), range) {
            (206, Some(range)) => self.read_part(file, response, range, options).await,
            (206, None) => {
                let size = content_range(response.headers()).map(|(_, size)| size);
                let Some(size) = size.or_else(|| content_length(response.headers())) else {
                    return Err(file.bad_answer("it does not say how large it is"));
                };
                self.read_part(file, response, 0..size, options).await
            }
            // Servers that know no ranges; and no length either, when the answer is made as it is sent.
            (200, None)
                if content_length(response.headers())
                    .is_some_and(|size| size > self.whole_file_limit_bytes) =>
            {
                let size = content_length(response.headers()).unwrap_or_default();
                let attributes = attributes(response.headers());
                let meta = self.remember(file, response.headers(), size, None).meta;
                let body = file.check_length(response.into_body(), Some(size));
                answer(meta, 0..size, body, attributes, options)
            }
            (200, _) => {
                let known = self.take_whole(file, response).await?;
                read_whole(file, known, options)
            }
            (_, Some(range)) => {
                let size = content_range(response.headers()).map_or(0, |(_, size)| size);
                Err(file.bad_range(&range_error(range, size)))
            }
            // No byte at all can be asked for by a range.
            (_, None) => {
                let meta = self.remember(file, response.headers(), 0, None).meta;
                answer(meta, 0..0, stream::empty().boxed(), Attributes::new(), options)
            }
        }
    }

    async fn read_part(
        &self,
        file: &File<'_>,
        response: Response<Body>,
        wanted: Range<u64>,
        options: &GetOptions,
    ) -> Result<GetResult> {
        let (part, size) = match content_range(response.headers()) {
            Some((Some(part), size)) => (part, size),
            Some((None, _)) => {
                return Err(file.bad_answer("Content-Range does not say which bytes these are"));
            }
            // Not exposed to this page: trust the server, as one must that sends whole files.
            None => {
                let known = self.known.lock().get(file.path).map(|known| known.meta.size);
                let size = match known {
                    Some(size) => size,
                    None => self.size_by_length(file).await?,
                };
                (wanted.start..wanted.end.min(size), size)
            }
        };
        if part.start != wanted.start || part.end != wanted.end.min(size) {
            return Err(file.bad_answer(&format!(
                "bytes {}-{} were asked for, {}-{} came",
                wanted.start, wanted.end, part.start, part.end
            )));
        }
        let attributes = attributes(response.headers());
        let meta = self.remember(file, response.headers(), size, None).meta;
        let body = file.check_length(response.into_body(), Some(part.end - part.start));
        answer(meta, part, body, attributes, options)
    }
}

/// A file that is being asked for, for requests and messages.
struct File<'a> {
    path: &'a Path,
    url: Url,
}

impl File<'_> {
    fn error(&self, error: Error) -> object_store::Error {
        error.into_store_error(STORE, redacted(&self.url))
    }

    fn bad_answer(&self, reason: &str) -> object_store::Error {
        self.error(Error::BadAnswer { url: redacted(&self.url), reason: reason.to_owned() })
    }

    fn bad_range(&self, error: &dyn fmt::Display) -> object_store::Error {
        self.bad_answer(&error.to_string())
    }

    /// A body that ends too early or too late is an error, not a shorter or longer file.
    fn check_length(&self, body: Body, expected: Option<u64>) -> BoxStream<'static, Result<Bytes>> {
        let url = self.url.clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let state = (body, expected);
        stream::try_unfold(state, move |(mut body, left)| {
            let file = File { path: &Path::ROOT, url: url.clone() };
            let cut = |reason: &str| {
                file.error(FetchError::Interrupted { host: host.clone(), reason: reason.to_owned() }.into())
            };
            let early = cut("it ended before the file did");
            let late = cut("it sent more than the file has");
            let url = url.clone();
            async move {
                let file = File { path: &Path::ROOT, url };
                match body.next().await {
                    Some(Err(error)) => Err(file.error(error.into())),
                    Some(Ok(chunk)) => match left {
                        None => Ok(Some((chunk, (body, None)))),
                        Some(left) => match left.checked_sub(chunk.len() as u64) {
                            Some(left) => Ok(Some((chunk, (body, Some(left))))),
                            None => Err(late),
                        },
                    },
                    None if left.is_some_and(|left| left > 0) => Err(early),
                    None => Ok(None),
                }
            }
        })
        .boxed()
    }
}

fn read_whole(file: &File<'_>, known: Known, options: &GetOptions) -> Result<GetResult> {
    let whole = known.whole.map(|(bytes, _)| bytes).unwrap_or_default();
    let range = match &options.range {
        None => 0..known.meta.size,
        Some(range) => range.as_range(known.meta.size).map_err(|error| file.bad_range(&error))?,
    };
    // It is in memory, so its offsets fit.
    let bytes = whole.slice(range.start as usize..range.end as usize);
    answer(known.meta, range, stream::iter([Ok(bytes)]).boxed(), Attributes::new(), options)
}

/// Checks the caller's conditions here rather than at the server: a page may send `If-Match` only where the server
/// allows it, and few do.
fn answer(
    meta: ObjectMeta,
    range: Range<u64>,
    body: BoxStream<'static, Result<Bytes>>,
    attributes: Attributes,
    options: &GetOptions,
) -> Result<GetResult> {
    options.check_preconditions(&meta)?;
    Ok(GetResult { payload: GetResultPayload::Stream(body), meta, range, attributes })
}

fn range_error(range: Range<u64>, size: u64) -> String {
    format!("bytes from {} on were asked for, but the file has {size} bytes", range.start)
}

fn attributes(headers: &HeaderMap) -> Attributes {
    let mut attributes = Attributes::new();
    if let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        attributes.insert(Attribute::ContentType, value.to_owned().into());
    }
    attributes
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// `bytes 0-9/100` or `bytes */100` as range, end excluded, and size.
fn content_range(headers: &HeaderMap) -> Option<(Option<Range<u64>>, u64)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, size) = text.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let size = size.parse().ok()?;
    if range == "*" {
        return Some((None, size));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    Some((Some(first..last.checked_add(1)?), size))
}

impl fmt::Debug for HttpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpStore({})", redacted(&self.url))
    }
}

impl fmt::Display for HttpStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl HttpStore {
    fn read_only(&self, operation: &str) -> object_store::Error {
        object_store::Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }

    fn cannot_list(&self) -> object_store::Error {
        Error::CannotList { url: redacted(&self.url) }.into_store_error(STORE, "")
    }
}

#[async_trait]
impl ObjectStore for HttpStore {
    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> Result<PutResult> {
        Err(self.read_only("put"))
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(self.read_only("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let file = File { path: location, url: self.url_of(location)? };
        self.read(&file, &options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let name = self.to_string();
        locations
            .map(move |location| {
                location?;
                Err(object_store::Error::NotImplemented {
                    operation: "delete".to_owned(),
                    implementer: name.clone(),
                })
            })
            .boxed()
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let error = self.cannot_list();
        async move { Err(error) }.into_stream().boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        Err(self.cannot_list())
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(self.read_only("copy"))
    }
}
