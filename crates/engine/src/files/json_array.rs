//! A file that is one JSON array, seen as one with an object a line.
//!
//! The view is a store of its own: a read gives the file unpacked, without the brackets, with a line break for each comma
//! between two elements. It streams: nothing is held but the chunk at hand.

use crate::Result;
use async_trait::async_trait;
use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Whether a text begins as an array.
pub(super) fn is_array(sample: &[u8]) -> bool {
    let text = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// The URL under which the view of a store is registered.
pub(super) fn view_url(store: &ObjectStoreUrl, compression: &FileCompressionType) -> Result<ObjectStoreUrl> {
    let url: &url::Url = store.as_ref();
    let packed = format!("{:?}", compression.get_variant()).to_lowercase();
    Ok(ObjectStoreUrl::parse(format!("json-array-{packed}-{}://{}", url.scheme(), url.authority()))?)
}

/// A store whose files are JSON arrays, as JSON lines.
#[derive(Debug)]
pub(super) struct JsonLinesView {
    store: Arc<dyn ObjectStore>,
    compression: FileCompressionType,
}

impl JsonLinesView {
    pub(super) fn new(store: Arc<dyn ObjectStore>, compression: FileCompressionType) -> Self {
        Self { store, compression }
    }

    fn refuse<T>(&self) -> object_store::Result<T> {
        Err(object_store::Error::NotSupported { source: "a JSON array is only read, from its beginning".into() })
    }
}

impl Display for JsonLinesView {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "JsonLinesView({})", self.store)
    }
}

#[async_trait]
impl ObjectStore for JsonLinesView {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        if options.head {
            return self.store.get_opts(location, options).await;
        }
        if options.range.is_some() {
            return self.refuse();
        }
        let read = self.store.get(location).await?;
        let (meta, attributes, range) = (read.meta.clone(), read.attributes.clone(), read.range.clone());
        let unpacked = self
            .compression
            .convert_stream(read.into_stream().map_err(Into::into).boxed())
            .map_err(generic)?
            .map_err(generic);
        let mut lines = ArrayLines::default();
        let stream = unpacked.map_ok(move |bytes| lines.next(&bytes)).boxed();
        Ok(GetResult { payload: GetResultPayload::Stream(stream), meta, range, attributes, extensions: Default::default() })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> object_store::Result<PutResult> {
        self.refuse()
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.refuse()
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        locations
            .map(|_| Err(object_store::Error::NotSupported { source: "a JSON array is only read".into() }))
            .boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        self.refuse()
    }
}

fn generic(error: datafusion::common::DataFusionError) -> object_store::Error {
    object_store::Error::Generic { store: "json array", source: Box::new(error) }
}

/// Where in the array the last chunk ended.
#[derive(Debug, Default)]
struct ArrayLines {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    is_begun: bool,
}

impl ArrayLines {
    fn next(&mut self, chunk: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(chunk.len());
        for &byte in chunk {
            if self.in_string {
                out.push(byte);
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                // A byte order mark before the array.
                _ if !self.is_begun && byte != b'[' => continue,
                b'[' | b'{' => {
                    self.depth += 1;
                    // The array's own bracket is left out.
                    if self.is_begun {
                        out.push(byte);
                    }
                    self.is_begun = true;
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth > 0 {
                        out.push(byte);
                    }
                }
                b',' if self.depth == 1 => out.push(b'\n'),
                // A line is one element: line breaks within one become spaces.
                b'\n' | b'\r' => out.push(b' '),
                b'"' => {
                    self.in_string = true;
                    out.push(byte);
                }
                _ => out.push(byte),
            }
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_become_lines() {
        let text = b"\xEF\xBB\xBF [ {\"a\": [1, 2],\n \"b\": \"x,]\\\"y\"},\n{\"a\": []} ]\n";
        // In chunks of every size, the result is the same.
        for size in 1..text.len() {
            let mut lines = ArrayLines::default();
            let got: Vec<u8> = text.chunks(size).flat_map(|chunk| lines.next(chunk).to_vec()).collect();
            let got = String::from_utf8(got).unwrap();
            let got: Vec<&str> = got.lines().map(str::trim).collect();
            assert_eq!(got, [r#"{"a": [1, 2],  "b": "x,]\"y"}"#, r#"{"a": []}"#]);
        }
    }

    #[test]
    fn arrays_are_told_from_lines() {
        assert!(is_array(b" \n[{}]"));
        assert!(!is_array(b"{\"a\": [1]}"));
        assert!(!is_array(b""));
    }
}
