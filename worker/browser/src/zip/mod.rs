//! Zip files, so that tables leave and enter as one file: without compression out, since Parquet is compressed already;
//! in also what other programs pack.
//!
//! Format: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, with Zip64 for what is large.

mod read;
mod write;

pub(crate) use read::tables_in;
pub(crate) use write::{Packed, pack};

use tarn_lakehouse::{Error, ErrorKind, Result};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const ZIP64_END: u32 = 0x0606_4b50;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;
/// The extra field with 64-bit sizes and offsets.
const ZIP64_EXTRA: u16 = 1;
/// The extra field with the time of the last change in seconds since 1970.
const TIME_EXTRA: u16 = 0x5455;

/// Some bytes of a blob.
pub(crate) async fn slice(blob: &Blob, from: u64, to: u64) -> Result<Vec<u8>> {
    let bytes = async {
        let part = blob.slice_with_f64_and_f64(from as f64, to as f64)?;
        Ok(js_sys::Uint8Array::new(&JsFuture::from(part.array_buffer()).await?).to_vec())
    };
    bytes.await.map_err(|error: JsValue| browser(&error))
}

/// What the browser refused.
pub(crate) fn browser(error: &JsValue) -> Error {
    let text = |key: &str| js_sys::Reflect::get(error, &key.into()).ok().and_then(|text| text.as_string());
    let (name, message) = (text("name").unwrap_or_default(), text("message").unwrap_or_default());
    let kind = match name.as_str() {
        "QuotaExceededError" => ErrorKind::StorageFull,
        "NotAllowedError" | "SecurityError" | "NoModificationAllowedError" => ErrorKind::PermissionDenied,
        "NotFoundError" | "NotReadableError" => ErrorKind::NotFound,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, format!("The browser refused: {name} {message}"))
}
