//! Reading `File` objects of JavaScript: always by slices, never whole.

use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::stream;
use js_sys::Uint8Array;
use object_store::path::Path;
use object_store::{
    Attributes, Error as StoreError, GetOptions, GetResult, GetResultPayload, ObjectMeta, Result,
};
use tarn_platform::{SendWrapper, js};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::error::{STORE, store_error};

/// How much of a whole file is in memory at a time.
const CHUNK_BYTES: u64 = 4 << 20;

pub(crate) fn meta(file: &File, path: &Path) -> ObjectMeta {
    let modified_millis = file.last_modified();
    let size = file.size() as u64;
    ObjectMeta {
        location: path.clone(),
        last_modified: DateTime::<Utc>::from_timestamp_millis(modified_millis as i64).unwrap_or_default(),
        size,
        e_tag: Some(format!("\"{:x}-{size:x}\"", modified_millis as u64)),
        version: None,
    }
}

pub(crate) fn read(file: File, path: &Path, options: &GetOptions) -> Result<GetResult> {
    let meta = meta(&file, path);
    options.check_preconditions(&meta)?;
    let range = match (&options.range, options.head) {
        (_, true) => 0..0,
        (None, false) => 0..meta.size,
        (Some(range), false) => range
            .as_range(meta.size)
            .map_err(|error| StoreError::Generic { store: STORE, source: error.into() })?,
    };
    let (end, path) = (range.end, path.to_string());
    let state = (range.start, SendWrapper::new(file));
    let chunks = stream::try_unfold(state, move |(start, file)| {
        let path = path.clone();
        js(async move {
            if start >= end {
                return Ok(None);
            }
            let next = end.min(start + CHUNK_BYTES);
            let bytes = slice(&file, start..next, &path).await?;
            Ok(Some((bytes, (next, file))))
        })
    });
    let payload = GetResultPayload::Stream(chunks.boxed());
    Ok(GetResult { payload, meta, range, attributes: Attributes::new() })
}

/// Some bytes of a file; sizes of files are exact in the numbers of JavaScript up to 2⁵³.
pub(crate) async fn slice(file: &File, range: Range<u64>, path: &str) -> Result<Bytes> {
    let slice = async {
        let blob = file.slice_with_f64_and_f64(range.start as f64, range.end as f64)?;
        JsFuture::from(blob.array_buffer()).await
    };
    let buffer = slice.await.map_err(|error| store_error(&error, path))?;
    let bytes = Uint8Array::new(&buffer).to_vec();
    if bytes.len() as u64 != range.end - range.start {
        let changed = tarn_storage::Error::Changed { path: path.to_owned() };
        return Err(changed.into_store_error(STORE, path));
    }
    Ok(Bytes::from(bytes))
}

/// Several ranges of a file.
pub(crate) async fn slices(file: &File, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
    let size = file.size() as u64;
    let mut slices = Vec::with_capacity(ranges.len());
    for range in ranges {
        let range = object_store::GetRange::Bounded(range.clone())
            .as_range(size)
            .map_err(|error| StoreError::Generic { store: STORE, source: error.into() })?;
        slices.push(async move { slice(file, range, path.as_ref()).await });
    }
    futures::future::try_join_all(slices).await
}

/// A value that the browser promised to be of some class.
pub(crate) async fn promised<T: wasm_bindgen::JsCast>(
    promise: js_sys::Promise,
) -> Result<T, wasm_bindgen::JsValue> {
    Ok(JsFuture::from(promise).await?.unchecked_into())
}
