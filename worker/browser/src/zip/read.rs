//! Reading zips: the list at the end, then each file as a slice of the zip, or unpacked by the browser.

use super::{
    CENTRAL_HEADER, END, LOCAL_HEADER, TIME_EXTRA, ZIP64_END, ZIP64_EXTRA, ZIP64_LOCATOR, browser, slice,
};
use crate::files::{LOG_FOLDER, table_of};
use js_sys::{Array, Object, Promise, Reflect};
use tarn_lakehouse::{Error, ErrorKind, Result};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

/// The end of a zip with its longest comment, and the locator before it.
const LONGEST_END_BYTES: u64 = 22 + 65_535 + 20;
/// A list of more than this is none that we could keep.
const LONGEST_LIST_BYTES: u64 = 128 << 20;

#[wasm_bindgen]
extern "C" {
    type ByteStream;
    #[wasm_bindgen(method, catch, js_name = pipeThrough)]
    fn pipe_through(this: &ByteStream, through: &DecompressionStream) -> Result<ByteStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;

    type Response;
    #[wasm_bindgen(constructor, catch)]
    fn new(body: &ByteStream) -> Result<Response, JsValue>;
    #[wasm_bindgen(method)]
    fn blob(this: &Response) -> Promise;

    type StreamingBlob;
    #[wasm_bindgen(method)]
    fn stream(this: &StreamingBlob) -> ByteStream;

    #[wasm_bindgen(js_name = File)]
    type NamedFile;
    #[wasm_bindgen(constructor, catch, js_class = "File")]
    fn new(parts: &Array, name: &str, options: &Object) -> Result<NamedFile, JsValue>;
}

/// A file in a zip.
struct Entry {
    name: String,
    method: u16,
    is_encrypted: bool,
    packed_bytes: u64,
    size_bytes: u64,
    header_at: u64,
    modified_millis: f64,
}

/// The files of a zip that holds Delta tables, under the zip's name; `None` for any other file.
///
/// # Errors
/// When the zip is broken, or packed in a way that no browser unpacks.
pub(crate) async fn tables_in(file: &File, stem: &str) -> Result<Option<Vec<(String, File)>>> {
    let Some(entries) = list(file, stem).await? else { return Ok(None) };
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| is_wanted(&entry.name)).collect();
    if !entries.iter().any(|entry| is_in_log(&entry.name)) {
        return Ok(None);
    }
    // A zip of one folder that is a table is named as the zip is.
    let top = entries.first().and_then(|entry| entry.name.split_once('/')).map(|(top, _)| format!("{top}/"));
    let top = top.filter(|top| {
        entries.iter().all(|entry| entry.name.starts_with(top.as_str()))
            && entries.iter().any(|entry| table_of(&entry.name) == Some(top.trim_end_matches('/')))
    });
    let skipped = top.map_or(0, |top| top.len());
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let content = content(file, &entry).await?;
        let options = Object::new();
        let is_set = Reflect::set(&options, &"lastModified".into(), &entry.modified_millis.into());
        let named = is_set.and_then(|_| NamedFile::new(&Array::of1(&content), &entry.name, &options));
        let named = named.map_err(|error| browser(&error))?;
        let within = entry.name.get(skipped..).unwrap_or_default();
        files.push((format!("{stem}/{within}"), named.unchecked_into()));
    }
    Ok(Some(files))
}

fn is_wanted(name: &str) -> bool {
    !name.ends_with('/') && !name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

fn is_in_log(name: &str) -> bool {
    let folders = name.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| folder == LOG_FOLDER)
}

/// A file's bytes.
async fn content(zip: &Blob, entry: &Entry) -> Result<Blob> {
    let broken = || broken(&entry.name, "its place in the zip is not that of a file");
    if entry.is_encrypted {
        return Err(Error::new(ErrorKind::Unsupported, format!("{} is encrypted", entry.name))
            .hint("Unpack the zip with a program that knows the password, and drop the folder"));
    }
    let header = slice(zip, entry.header_at, entry.header_at + 30).await?;
    if u32_at(&header, 0) != Some(LOCAL_HEADER) {
        return Err(broken());
    }
    let lengths = u16_at(&header, 26).zip(u16_at(&header, 28)).ok_or_else(broken)?;
    let from = entry.header_at + 30 + u64::from(lengths.0) + u64::from(lengths.1);
    let to = from.checked_add(entry.packed_bytes).filter(|to| *to as f64 <= zip.size()).ok_or_else(broken)?;
    let packed = zip.slice_with_f64_and_f64(from as f64, to as f64).map_err(|error| browser(&error))?;
    let content = match entry.method {
        0 => packed,
        8 => unpacked(packed).await.map_err(|_| broken())?,
        other => {
            let message = format!("{} is packed by method {other} of zip", entry.name);
            return Err(Error::new(ErrorKind::Unsupported, message)
                .hint("Unpack the zip and drop the folder, or pack it with Deflate"));
        }
    };
    match content.size() as u64 == entry.size_bytes {
        true => Ok(content),
        false => Err(broken()),
    }
}

async fn unpacked(packed: Blob) -> Result<Blob, JsValue> {
    let stream = packed.unchecked_into::<StreamingBlob>().stream();
    let stream = stream.pipe_through(&DecompressionStream::new("deflate-raw")?)?;
    Ok(JsFuture::from(Response::new(&stream)?.blob()).await?.unchecked_into())
}

/// The list at the end of a zip; `None` where there is no such end.
async fn list(zip: &Blob, name: &str) -> Result<Option<Vec<Entry>>> {
    let size = zip.size() as u64;
    let tail_at = size.saturating_sub(LONGEST_END_BYTES);
    let tail = slice(zip, tail_at, size).await?;
    let end = (0..tail.len().saturating_sub(21)).rev().find(|&at| u32_at(&tail, at) == Some(END));
    let Some(end) = end else { return Ok(None) };
    let broken = || broken(name, "its list of files cannot be read");
    let mut list_bytes = u64::from(u32_at(&tail, end + 12).ok_or_else(broken)?);
    let mut list_at = u64::from(u32_at(&tail, end + 16).ok_or_else(broken)?);
    if let Some(locator) = end.checked_sub(20).filter(|&at| u32_at(&tail, at) == Some(ZIP64_LOCATOR)) {
        let at = u64_at(&tail, locator + 8).filter(|at| *at < size).ok_or_else(broken)?;
        let record = slice(zip, at, at.saturating_add(56).min(size)).await?;
        if u32_at(&record, 0) != Some(ZIP64_END) {
            return Err(broken());
        }
        list_bytes = u64_at(&record, 40).ok_or_else(broken)?;
        list_at = u64_at(&record, 48).ok_or_else(broken)?;
    }
    let list_end = list_at.checked_add(list_bytes).filter(|end| *end <= size).ok_or_else(broken)?;
    if list_bytes > LONGEST_LIST_BYTES {
        return Err(broken());
    }
    let list = slice(zip, list_at, list_end).await?;
    entries(&list).map(Some).ok_or_else(broken)
}

fn entries(list: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < list.len() {
        if u32_at(list, at)? != CENTRAL_HEADER {
            return None;
        }
        let length = |offset: usize| u16_at(list, at + offset).map(usize::from);
        let (name_bytes, extra_bytes, comment_bytes) = (length(28)?, length(30)?, length(32)?);
        let name_at = at + 46;
        let extra_at = name_at + name_bytes;
        let name = String::from_utf8_lossy(list.get(name_at..extra_at)?).replace('\\', "/");
        let mut entry = Entry {
            name,
            is_encrypted: u16_at(list, at + 8)? & 1 == 1,
            method: u16_at(list, at + 10)?,
            modified_millis: dos_millis(u16_at(list, at + 12)?, u16_at(list, at + 14)?),
            packed_bytes: u32_at(list, at + 20)?.into(),
            size_bytes: u32_at(list, at + 24)?.into(),
            header_at: u32_at(list, at + 42)?.into(),
        };
        entry.take_extra(list.get(extra_at..extra_at + extra_bytes)?)?;
        entries.push(entry);
        at = extra_at + extra_bytes + comment_bytes;
    }
    Some(entries)
}

impl Entry {
    /// What the extra fields say more precisely.
    fn take_extra(&mut self, mut extra: &[u8]) -> Option<()> {
        while extra.len() >= 4 {
            let (kind, length) = (u16_at(extra, 0)?, usize::from(u16_at(extra, 2)?));
            let field = extra.get(4..4 + length)?;
            if kind == ZIP64_EXTRA {
                // Only the values that do not fit in 32 bits are there, in this order.
                let mut at = 0;
                for value in [&mut self.size_bytes, &mut self.packed_bytes, &mut self.header_at] {
                    if *value == u64::from(u32::MAX) {
                        *value = u64_at(field, at)?;
                        at += 8;
                    }
                }
            } else if kind == TIME_EXTRA && field.first().is_some_and(|flags| flags & 1 == 1) {
                self.modified_millis = f64::from(u32_at(field, 1)?) * 1000.0;
            }
            extra = extra.get(4 + length..)?;
        }
        Some(())
    }
}

/// A time of MS-DOS, taken as UTC.
fn dos_millis(time: u16, date: u16) -> f64 {
    let (time, date) = (u32::from(time), u32::from(date));
    let (year, month, day) = (1980 + (date >> 9), ((date >> 5) & 15).max(1) - 1, (date & 31).max(1));
    let (hours, minutes, seconds) = (time >> 11, (time >> 5) & 63, (time & 31) * 2);
    js_sys::Date::utc(f64::from(year), f64::from(month))
        + f64::from((day - 1) * 24 + hours) * 3_600_000.0
        + f64::from(minutes * 60 + seconds) * 1000.0
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn broken(name: &str, why: &str) -> Error {
    Error::new(ErrorKind::BadData, format!("The zip is broken: {name}: {why}"))
        .hint("Get it once more, or unpack it and drop the folder")
}
