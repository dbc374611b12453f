//! The bytes of a variant (Parquet's VariantEncoding.md): names in the metadata, values that say their types.
//!
//! Bytes come from files, so nothing is taken for granted: every read is checked, and what does not fit is `None`.

/// The metadata: a dictionary of the names of all fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metadata<'a> {
    bytes: &'a [u8],
    offset_bytes: usize,
    len: usize,
}

impl<'a> Metadata<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let header = *bytes.first()?;
        let offset_bytes = usize::from(header >> 6) + 1;
        let len = unsigned(bytes, 1, offset_bytes)?;
        let metadata = Self { bytes, offset_bytes, len };
        // The last offset is the end of the names.
        let is_version_1 = header & 0x0f == 1;
        (is_version_1 && bytes.get(metadata.names_start()?..)?.len() >= metadata.offset(len)?)
            .then_some(metadata)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The name of a field.
    pub(super) fn name(&self, id: usize) -> Option<&'a str> {
        if id >= self.len {
            return None;
        }
        let names = self.bytes.get(self.names_start()?..)?;
        std::str::from_utf8(names.get(self.offset(id)?..self.offset(id + 1)?)?).ok()
    }

    fn offset(&self, index: usize) -> Option<usize> {
        let at = index.checked_add(1)?.checked_mul(self.offset_bytes)?.checked_add(1)?;
        unsigned(self.bytes, at, self.offset_bytes)
    }

    fn names_start(&self) -> Option<usize> {
        self.len.checked_add(2)?.checked_mul(self.offset_bytes)?.checked_add(1)
    }
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Float(f32),
    /// A number without its point, and how many digits are behind it.
    Decimal(i128, u8),
    /// Days since 1970.
    Date(i32),
    /// Units since 1970, in UTC or without a zone.
    Timestamp {
        value: i64,
        unit: Unit,
        is_utc: bool,
    },
    /// Microseconds since midnight.
    Time(i64),
    Binary(&'a [u8]),
    Text(&'a str),
    Uuid([u8; 16]),
    Object(Object<'a>),
    Array(Items<'a>),
}

/// The unit of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Micros,
    Nanos,
}

/// The fields of an object, by their names' ids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Object<'a> {
    items: Items<'a>,
    ids: &'a [u8],
    id_bytes: usize,
}

/// The values of an array or an object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Items<'a> {
    pub(super) len: usize,
    offsets: &'a [u8],
    offset_bytes: usize,
    data: &'a [u8],
}

impl<'a> Items<'a> {
    /// The bytes from a value's first on; what they hold says where they end.
    pub(super) fn get(&self, index: usize) -> Option<&'a [u8]> {
        let start = unsigned(self.offsets, index.checked_mul(self.offset_bytes)?, self.offset_bytes)?;
        self.data.get(start..)
    }
}

impl<'a> Object<'a> {
    pub(super) fn len(&self) -> usize {
        self.items.len
    }

    /// A field: the id of its name, and the bytes from its first on.
    pub(super) fn get(&self, index: usize) -> Option<(usize, &'a [u8])> {
        let id = unsigned(self.ids, index.checked_mul(self.id_bytes)?, self.id_bytes)?;
        Some((id, self.items.get(index)?))
    }
}

/// The value that bytes begin with.
pub(super) fn decode(bytes: &[u8]) -> Option<Value<'_>> {
    let (header, rest) = bytes.split_first()?;
    let (kind, detail) = (header & 3, header >> 2);
    match kind {
        0 => primitive(detail, rest),
        1 => text(rest.get(..usize::from(detail))?),
        2 => {
            let id_bytes = usize::from((detail >> 2) & 3) + 1;
            let (len, at) = count(rest, (detail >> 4) & 1 == 1)?;
            let ids_end = at.checked_add(len.checked_mul(id_bytes)?)?;
            let ids = rest.get(at..ids_end)?;
            let items = items(rest.get(ids_end..)?, len, usize::from(detail & 3) + 1)?;
            Some(Value::Object(Object { items, ids, id_bytes }))
        }
        _ => {
            let (len, at) = count(rest, (detail >> 2) & 1 == 1)?;
            Some(Value::Array(items(rest.get(at..)?, len, usize::from(detail & 3) + 1)?))
        }
    }
}

/// The bytes of the value that bytes begin with, without what follows it.
pub(super) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_first()?;
    let len = match (header & 3, header >> 2) {
        (0, 0..=2) => 0,
        (0, 3) => 1,
        (0, 4) => 2,
        (0, 5 | 11 | 14) => 4,
        (0, 8) => 5,
        (0, 6 | 7 | 12 | 13 | 17 | 18 | 19) => 8,
        (0, 9) => 9,
        (0, 10) => 17,
        (0, 20) => 16,
        (0, 15 | 16) => unsigned(rest, 0, 4)?.checked_add(4)?,
        (0, _) => return None,
        (1, len) => usize::from(len),
        (2 | 3, _) => {
            let data = match decode(bytes)? {
                Value::Object(object) => object.items,
                Value::Array(items) => items,
                _ => return None,
            };
            // What stands before the values, and the values, whose end is the last offset.
            let before = rest.len().checked_sub(data.data.len())?;
            let end = unsigned(data.offsets, data.len.checked_mul(data.offset_bytes)?, data.offset_bytes)?;
            before.checked_add(end)?
        }
        _ => return None,
    };
    bytes.get(..len.checked_add(1)?)
}

fn primitive(kind: u8, rest: &[u8]) -> Option<Value<'_>> {
    let decimal = |scale: Option<&u8>, value: i128| {
        let scale = *scale?;
        (scale <= 38).then_some(Value::Decimal(value, scale))
    };
    let timestamp =
        |unit, is_utc| Some(Value::Timestamp { value: i64::from_le_bytes(fixed(rest, 0)?), unit, is_utc });
    match kind {
        0 => Some(Value::Null),
        1 => Some(Value::Boolean(true)),
        2 => Some(Value::Boolean(false)),
        3 => Some(Value::Integer(i64::from(i8::from_le_bytes(fixed(rest, 0)?)))),
        4 => Some(Value::Integer(i64::from(i16::from_le_bytes(fixed(rest, 0)?)))),
        5 => Some(Value::Integer(i64::from(i32::from_le_bytes(fixed(rest, 0)?)))),
        6 => Some(Value::Integer(i64::from_le_bytes(fixed(rest, 0)?))),
        7 => Some(Value::Double(f64::from_le_bytes(fixed(rest, 0)?))),
        8 => decimal(rest.first(), i128::from(i32::from_le_bytes(fixed(rest, 1)?))),
        9 => decimal(rest.first(), i128::from(i64::from_le_bytes(fixed(rest, 1)?))),
        10 => decimal(rest.first(), i128::from_le_bytes(fixed(rest, 1)?)),
        11 => Some(Value::Date(i32::from_le_bytes(fixed(rest, 0)?))),
        12 => timestamp(Unit::Micros, true),
        13 => timestamp(Unit::Micros, false),
        14 => Some(Value::Float(f32::from_le_bytes(fixed(rest, 0)?))),
        15 => Some(Value::Binary(long(rest)?)),
        16 => text(long(rest)?),
        17 => Some(Value::Time(i64::from_le_bytes(fixed(rest, 0)?))),
        18 => timestamp(Unit::Nanos, true),
        19 => timestamp(Unit::Nanos, false),
        20 => Some(Value::Uuid(fixed(rest, 0)?)),
        _ => None,
    }
}

fn text(bytes: &[u8]) -> Option<Value<'_>> {
    std::str::from_utf8(bytes).ok().map(Value::Text)
}

fn long(rest: &[u8]) -> Option<&[u8]> {
    rest.get(4..unsigned(rest, 0, 4)?.checked_add(4)?)
}

fn count(rest: &[u8], is_large: bool) -> Option<(usize, usize)> {
    let size = if is_large { 4 } else { 1 };
    Some((unsigned(rest, 0, size)?, size))
}

fn items(bytes: &[u8], len: usize, offset_bytes: usize) -> Option<Items<'_>> {
    let (offsets, data) = bytes.split_at_checked(len.checked_add(1)?.checked_mul(offset_bytes)?)?;
    Some(Items { len, offsets, offset_bytes, data })
}

fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// A little-endian number of 1 to 4 bytes.
fn unsigned(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let number = bytes.iter().rev().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    usize::try_from(number).ok()
}

/// Appends the header of a primitive and its bytes.
pub(super) fn put_primitive(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind << 2);
    out.extend(bytes);
}

/// Appends a text.
pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(len) if len < 64 => out.push(len << 2 | 1),
        _ => {
            out.push(16 << 2);
            out.extend(length(text.len()));
        }
    }
    out.extend(text.as_bytes());
}

/// Appends bytes.
pub(super) fn put_binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(15 << 2);
    out.extend(length(bytes.len()));
    out.extend(bytes);
}

/// Appends a decimal of a precision, in as few bytes as that needs.
pub(super) fn put_decimal(value: i128, precision: u8, scale: u8, out: &mut Vec<u8>) {
    match (precision, i32::try_from(value), i64::try_from(value)) {
        (0..=9, Ok(value), _) => {
            out.extend([8 << 2, scale]);
            out.extend(value.to_le_bytes());
        }
        (0..=18, _, Ok(value)) => {
            out.extend([9 << 2, scale]);
            out.extend(value.to_le_bytes());
        }
        _ => {
            out.extend([10 << 2, scale]);
            out.extend(value.to_le_bytes());
        }
    }
}

/// Appends an array, whose values are encoded already.
pub(super) fn put_array(values: &[Vec<u8>], out: &mut Vec<u8>) {
    let size: usize = values.iter().map(Vec::len).sum();
    let offset_bytes = bytes_for(size);
    let is_large = values.len() > usize::from(u8::MAX);
    out.push((u8::from(is_large) << 2 | small(offset_bytes - 1)) << 2 | 3);
    put_count(values.len(), is_large, out);
    put_items(values.iter().map(Vec::as_slice), offset_bytes, out);
}

/// Appends an object, whose fields, in the order of their names, are ids and encoded values.
pub(super) fn put_object(fields: &[(usize, Vec<u8>)], out: &mut Vec<u8>) {
    let size: usize = fields.iter().map(|(_, value)| value.len()).sum();
    let (offset_bytes, id_bytes) =
        (bytes_for(size), bytes_for(fields.iter().map(|(id, _)| *id).max().unwrap_or(0)));
    let is_large = fields.len() > usize::from(u8::MAX);
    let detail = u8::from(is_large) << 4 | small(id_bytes - 1) << 2 | small(offset_bytes - 1);
    out.push(detail << 2 | 2);
    put_count(fields.len(), is_large, out);
    for (id, _) in fields {
        put_unsigned(*id, id_bytes, out);
    }
    put_items(fields.iter().map(|(_, value)| value.as_slice()), offset_bytes, out);
}

fn put_count(count: usize, is_large: bool, out: &mut Vec<u8>) {
    put_unsigned(count, if is_large { 4 } else { 1 }, out);
}

fn put_items<'a>(values: impl Iterator<Item = &'a [u8]> + Clone, offset_bytes: usize, out: &mut Vec<u8>) {
    let mut offset = 0;
    put_unsigned(offset, offset_bytes, out);
    for value in values.clone() {
        offset += value.len();
        put_unsigned(offset, offset_bytes, out);
    }
    for value in values {
        out.extend(value);
    }
}

fn put_unsigned(value: usize, size: usize, out: &mut Vec<u8>) {
    out.extend(value.to_le_bytes().iter().take(size));
}

fn bytes_for(value: usize) -> usize {
    match value {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

/// A number below 4.
fn small(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(3)
}

/// Arrow's arrays of bytes hold less than 4 GiB in one value.
fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes()
}
