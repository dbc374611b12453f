//! Writing zips: only headers are made here, the content is the files' own blobs.

use super::{CENTRAL_HEADER, END, LOCAL_HEADER, TIME_EXTRA, ZIP64_END, ZIP64_EXTRA, ZIP64_LOCATOR, browser};
use js_sys::{Array, Uint8Array};
use tarn_lakehouse::Result;
use web_sys::Blob;

/// Names are UTF-8.
const FLAGS: u16 = 0x0800;
/// Version 4.5 of the format, which has Zip64.
const VERSION: u16 = 45;

/// A file to be packed.
pub(crate) struct Packed {
    pub(crate) name: String,
    pub(crate) content: Blob,
    pub(crate) crc32: u32,
    pub(crate) modified_millis: i64,
}

/// Packs files. The blob that comes back refers to their bytes where they are.
pub(crate) fn pack(files: &[Packed]) -> Result<Blob> {
    let parts = Array::new();
    let mut central = Vec::new();
    let mut offset = 0_u64;
    for file in files {
        let size = file.content.size() as u64;
        let local = local_header(file, size);
        central.extend(central_header(file, size, offset));
        offset += local.len() as u64 + size;
        parts.push(&Uint8Array::from(local.as_slice()));
        parts.push(&file.content);
    }
    central.extend(end(files.len() as u64, central.len() as u64, offset));
    parts.push(&Uint8Array::from(central.as_slice()));
    Blob::new_with_blob_sequence(&parts).map_err(|error| browser(&error))
}

/// Bytes in little endian.
#[derive(Default)]
struct Record(Vec<u8>);

impl Record {
    fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// A value of 32 bits, or all ones where it stands in the Zip64 field.
    fn narrow(self, value: u64) -> Self {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX))
    }
}

fn local_header(file: &Packed, size: u64) -> Vec<u8> {
    let extra = Record::default()
        .u16(ZIP64_EXTRA)
        .u16(16)
        .u64(size)
        .u64(size)
        .bytes(&time_extra(file.modified_millis))
        .0;
    // In the local header the sizes of the Zip64 field count only when both 32-bit ones are all ones.
    let narrow = Record::default().u32(LOCAL_HEADER).u16(VERSION).u16(FLAGS).u16(0);
    let record = dos_time(narrow, file.modified_millis).u32(file.crc32).u32(u32::MAX).u32(u32::MAX);
    named(record, file, &extra).bytes(file.name.as_bytes()).bytes(&extra).0
}

fn central_header(file: &Packed, size: u64, offset: u64) -> Vec<u8> {
    let extra = Record::default()
        .u16(ZIP64_EXTRA)
        .u16(24)
        .u64(size)
        .u64(size)
        .u64(offset)
        .bytes(&time_extra(file.modified_millis))
        .0;
    let record = Record::default().u32(CENTRAL_HEADER).u16(VERSION).u16(VERSION).u16(FLAGS).u16(0);
    let record = dos_time(record, file.modified_millis).u32(file.crc32).u32(u32::MAX).u32(u32::MAX);
    // No comment, first disk, no attributes.
    let record = named(record, file, &extra).u16(0).u16(0).u16(0).u32(0).u32(u32::MAX);
    record.bytes(file.name.as_bytes()).bytes(&extra).0
}

fn named(record: Record, file: &Packed, extra: &[u8]) -> Record {
    let length = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    record.u16(length(file.name.len())).u16(length(extra.len()))
}

fn end(count: u64, size: u64, offset: u64) -> Vec<u8> {
    let narrow_count = u16::try_from(count).unwrap_or(u16::MAX);
    Record::default()
        .u32(ZIP64_END)
        .u64(44)
        .u16(VERSION)
        .u16(VERSION)
        .u32(0)
        .u32(0)
        .u64(count)
        .u64(count)
        .u64(size)
        .u64(offset)
        .u32(ZIP64_LOCATOR)
        .u32(0)
        .u64(offset + size)
        .u32(1)
        .u32(END)
        .u16(0)
        .u16(0)
        .u16(narrow_count)
        .u16(narrow_count)
        .narrow(size)
        .narrow(offset)
        .u16(0)
        .0
}

fn time_extra(modified_millis: i64) -> Vec<u8> {
    let seconds = u32::try_from(modified_millis / 1000).unwrap_or(0);
    Record::default().u16(TIME_EXTRA).u16(5).bytes(&[1]).u32(seconds).0
}

/// Time and date as MS-DOS has them, in steps of two seconds.
fn dos_time(record: Record, modified_millis: i64) -> Record {
    let date = js_sys::Date::new(&(modified_millis as f64).into());
    let time = (date.get_utc_hours() << 11) | (date.get_utc_minutes() << 5) | (date.get_utc_seconds() / 2);
    let years = date.get_utc_full_year().clamp(1980, 2107) - 1980;
    let date = (years << 9) | ((date.get_utc_month() + 1) << 5) | date.get_utc_date();
    record.u16(time as u16).u16(date as u16)
}
