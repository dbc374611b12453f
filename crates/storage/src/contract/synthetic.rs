//! An object of any size that nobody has to hold: its bytes follow from their offsets.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The bytes of every synthetic object at these offsets.
pub fn synthetic_bytes(range: Range<u64>) -> Bytes {
    // A multiplication that mixes the high half of the offset in, so that an offset cut to 32 bits is noticed.
    range.map(|offset| (offset.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

/// A read-only store of one synthetic object.
#[derive(Clone, Debug)]
pub struct SyntheticStore {
    /// Where the object is.
    pub path: Path,
    /// How large it says it is.
    pub size_bytes: u64,
}

impl fmt::Display for SyntheticStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SyntheticStore({})", self.path)
    }
}

impl SyntheticStore {
    fn meta(&self) -> ObjectMeta {
        ObjectMeta {
            location: self.path.clone(),
            last_modified: DateTime::UNIX_EPOCH,
            size: self.size_bytes,
            e_tag: Some("\"synthetic\"".to_owned()),
            version: None,
        }
    }

    fn read_only(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}

#[async_trait]
impl ObjectStore for SyntheticStore {
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
        if *location != self.path {
            return Err(Error::NotFound { path: location.to_string(), source: "no such object".into() });
        }
        let meta = self.meta();
        options.check_preconditions(&meta)?;
        let range = match (&options.range, options.head) {
            (_, true) => 0..0,
            (None, false) => 0..self.size_bytes,
            (Some(range), false) => range
                .as_range(self.size_bytes)
                .map_err(|error| Error::Generic { store: "synthetic", source: error.into() })?,
        };
        const CHUNK_BYTES: u64 = 1 << 20;
        let end = range.end;
        let chunks = (range.start..end)
            .step_by(CHUNK_BYTES as usize)
            .map(move |start| Ok(synthetic_bytes(start..end.min(start + CHUNK_BYTES))));
        let payload = GetResultPayload::Stream(stream::iter(chunks).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::new() })
    }

    fn delete_stream(
        &self,
        _locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let error = self.read_only("delete");
        async move { Err(error) }.into_stream().boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let is_in = prefix.is_none_or(|prefix| self.path.prefix_matches(prefix) && *prefix != self.path);
        stream::iter(is_in.then(|| Ok(self.meta()))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let is_in = prefix.map_or(self.path.parts().count() == 1, |prefix| {
            self.path.prefix_match(prefix).is_some_and(|rest| rest.count() == 1)
        });
        Ok(ListResult {
            common_prefixes: Vec::new(),
            objects: is_in.then(|| self.meta()).into_iter().collect(),
        })
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(self.read_only("copy"))
    }
}
