//! Puts shredded variants together again ("Variant Shredding"; Parquet's VariantShredding.md).
//!
//! A shredded value has up to two parts: `typed_value`, a column of one type with the values of that type, and `value`, an
//! encoded variant for all others. Of an object, some fields can be in the one and the rest in the other. Where both are
//! null, the value is missing: a field that its object does not have.

use super::encoding::{
    Metadata, Object, Value, decode, put_array, put_binary, put_decimal, put_object, put_primitive, put_text,
    whole,
};
use super::{VariantError, bytes_at, variant_type};
use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampNanosecondType,
};
use std::collections::HashMap;
use std::sync::Arc;

/// A column of variants as a data file has it, shredded or not, in [`variant_type`].
///
/// # Errors
/// When the column is not one of variants, or its values do not follow the specification.
pub fn unshred(array: &ArrayRef) -> Result<ArrayRef, VariantError> {
    let not_variant = || VariantError::NotVariant(array.data_type().clone());
    let structs = array.as_struct_opt().ok_or_else(not_variant)?;
    let metadata = structs.column_by_name("metadata").ok_or_else(not_variant)?;
    let top = Level::of(structs)?;
    let metadata = cast(metadata, &DataType::Binary)?;
    let value = match top {
        // Nothing is shredded, and no value is missing.
        Level { value: Some(value), typed: None, .. } if covers(value, structs.nulls()) => {
            cast(value, &DataType::Binary)?
        }
        top => Arc::new(put_together(structs, &metadata, &top)?),
    };
    let DataType::Struct(fields) = variant_type() else { return Err(not_variant()) };
    Ok(Arc::new(StructArray::try_new(fields, vec![metadata, value], structs.nulls().cloned())?))
}

/// Whether there is a value wherever there is a variant.
fn covers(value: &ArrayRef, variants: Option<&NullBuffer>) -> bool {
    match (value.nulls(), variants) {
        (None, _) => true,
        (Some(values), None) => values.null_count() == 0,
        (Some(values), Some(variants)) => variants.contains(values) || values.null_count() == 0,
    }
}

fn put_together(
    structs: &StructArray,
    metadata: &ArrayRef,
    top: &Level<'_>,
) -> Result<arrow::array::BinaryArray, VariantError> {
    let mut values = BinaryBuilder::with_capacity(structs.len(), 0);
    let mut names = Names::default();
    let mut encoded = Vec::new();
    for row in 0..structs.len() {
        if structs.is_null(row) {
            values.append_null();
            continue;
        }
        let bytes = bytes_at(metadata, row).ok_or(VariantError::Damaged("it has no metadata"))?;
        names.set(bytes)?;
        encoded.clear();
        if !top.write(row, &names, &mut encoded)? {
            put_primitive(0, &[], &mut encoded);
        }
        values.append_value(&encoded);
    }
    Ok(values.finish())
}

/// The names of a row's metadata, by text; rows often share their metadata.
#[derive(Default)]
struct Names {
    bytes: Vec<u8>,
    ids: HashMap<String, usize>,
}

impl Names {
    fn set(&mut self, bytes: &[u8]) -> Result<(), VariantError> {
        if self.bytes == bytes {
            return Ok(());
        }
        let damaged = || VariantError::Damaged("its metadata does not parse");
        let metadata = Metadata::parse(bytes).ok_or_else(damaged)?;
        self.ids.clear();
        for id in 0..metadata.len() {
            self.ids.insert(metadata.name(id).ok_or_else(damaged)?.to_owned(), id);
        }
        self.bytes = bytes.to_vec();
        Ok(())
    }

    fn id(&self, name: &str) -> Result<usize, VariantError> {
        let lacking = VariantError::Damaged("it has a field whose name its metadata lacks");
        self.ids.get(name).copied().ok_or(lacking)
    }

    fn name(&self, id: usize) -> Result<&str, VariantError> {
        let lacking = VariantError::Damaged("it has a field whose name its metadata lacks");
        Metadata::parse(&self.bytes).and_then(|metadata| metadata.name(id)).ok_or(lacking)
    }
}

/// A value, an element of an array or a field of an object, in its columns.
struct Level<'a> {
    nulls: Option<&'a NullBuffer>,
    value: Option<&'a ArrayRef>,
    typed: Option<Typed<'a>>,
}

enum Typed<'a> {
    Plain(&'a ArrayRef),
    List(&'a ArrayRef, Box<Level<'a>>),
    Object(&'a StructArray, Vec<(&'a str, Level<'a>)>),
}

impl<'a> Level<'a> {
    /// The columns `value` and `typed_value`, of which one may be absent.
    fn of(structs: &'a StructArray) -> Result<Self, VariantError> {
        let value = structs.column_by_name("value");
        if let Some(value) = value
            && !matches!(value.data_type(), DataType::Binary | DataType::LargeBinary | DataType::BinaryView)
        {
            return Err(VariantError::NotVariant(structs.data_type().clone()));
        }
        let typed = structs.column_by_name("typed_value").map(Typed::of).transpose()?;
        Ok(Self { nulls: structs.nulls(), value, typed })
    }

    /// Appends the value of a row; whether there is one.
    fn write(&self, row: usize, names: &Names, out: &mut Vec<u8>) -> Result<bool, VariantError> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return Ok(false);
        }
        let value = self.value.and_then(|value| bytes_at(value, row));
        let Some(typed) = self.typed.as_ref().filter(|typed| typed.is_valid(row)) else {
            return match value {
                Some(value) => {
                    out.extend(value);
                    Ok(true)
                }
                None => Ok(false),
            };
        };
        match (typed, value) {
            (Typed::Object(_, fields), rest) => write_object(row, fields, rest, names, out)?,
            (_, Some(_)) => return Err(VariantError::Damaged("it has two values in one place")),
            (Typed::Plain(array), None) => write_plain(array, row, out)?,
            (Typed::List(lists, elements), None) => {
                let mut values = Vec::new();
                for place in places(lists, row)? {
                    let mut value = Vec::new();
                    if !elements.write(place, names, &mut value)? {
                        put_primitive(0, &[], &mut value);
                    }
                    values.push(value);
                }
                put_array(&values, out);
            }
        }
        Ok(true)
    }
}

impl<'a> Typed<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self, VariantError> {
        let level = |array: &'a ArrayRef| match array.as_struct_opt() {
            Some(structs) => Level::of(structs),
            None => Err(VariantError::Shredded(array.data_type().clone())),
        };
        Ok(match array.data_type() {
            DataType::Struct(fields) => {
                let structs = array.as_struct();
                let names = fields.iter().map(|field| field.name().as_str());
                let fields = names.zip(structs.columns()).map(|(name, array)| Ok((name, level(array)?)));
                Self::Object(structs, fields.collect::<Result<_, VariantError>>()?)
            }
            DataType::List(_) => Self::List(array, Box::new(level(array.as_list::<i32>().values())?)),
            DataType::LargeList(_) => Self::List(array, Box::new(level(array.as_list::<i64>().values())?)),
            _ => Self::Plain(array),
        })
    }

    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Plain(array) | Self::List(array, _) => array.is_valid(row),
            Self::Object(structs, _) => structs.is_valid(row),
        }
    }
}

/// The places of a list's elements.
fn places(lists: &ArrayRef, row: usize) -> Result<std::ops::Range<usize>, VariantError> {
    let range = match lists.data_type() {
        DataType::LargeList(_) => {
            let offsets = lists.as_list::<i64>().value_offsets();
            usize::try_from(offsets[row]).ok().zip(usize::try_from(offsets[row + 1]).ok())
        }
        _ => {
            let offsets = lists.as_list::<i32>().value_offsets();
            usize::try_from(offsets[row]).ok().zip(usize::try_from(offsets[row + 1]).ok())
        }
    };
    range.map(|(start, end)| start..end).ok_or(VariantError::Damaged("it has a list of no length"))
}

fn write_object(
    row: usize,
    shredded: &[(&str, Level<'_>)],
    rest: Option<&[u8]>,
    names: &Names,
    out: &mut Vec<u8>,
) -> Result<(), VariantError> {
    let mut fields: Vec<(&str, usize, Vec<u8>)> = Vec::new();
    for (name, level) in shredded {
        let mut value = Vec::new();
        if level.write(row, names, &mut value)? {
            fields.push((name, names.id(name)?, value));
        }
    }
    if let Some(rest) = rest {
        let damaged = || VariantError::Damaged("its value does not parse");
        let object: Object<'_> = match decode(rest).ok_or_else(damaged)? {
            Value::Object(object) => object,
            _ => return Err(VariantError::Damaged("it is an object and another value in one place")),
        };
        for index in 0..object.len() {
            let (id, value) = object.get(index).ok_or_else(damaged)?;
            let name = names.name(id)?;
            // Writers must not write a field twice; what has its own column counts.
            if !shredded.iter().any(|(other, _)| *other == name) {
                fields.push((name, id, whole(value).ok_or_else(damaged)?.to_vec()));
            }
        }
    }
    fields.sort_by_key(|(name, ..)| *name);
    let fields: Vec<(usize, Vec<u8>)> = fields.into_iter().map(|(_, id, value)| (id, value)).collect();
    put_object(&fields, out);
    Ok(())
}

fn write_plain(array: &ArrayRef, row: usize, out: &mut Vec<u8>) -> Result<(), VariantError> {
    macro_rules! number {
        ($kind:literal, $type:ty) => {
            put_primitive($kind, &array.as_primitive::<$type>().value(row).to_le_bytes(), out)
        };
    }
    macro_rules! decimal {
        ($type:ty, $precision:expr, $scale:expr) => {{
            let scale =
                u8::try_from(*$scale).map_err(|_| VariantError::Shredded(array.data_type().clone()))?;
            put_decimal(array.as_primitive::<$type>().value(row).into(), *$precision, scale, out)
        }};
    }
    match array.data_type() {
        DataType::Boolean => put_primitive(if array.as_boolean().value(row) { 1 } else { 2 }, &[], out),
        DataType::Int8 => number!(3, Int8Type),
        DataType::Int16 => number!(4, Int16Type),
        DataType::Int32 => number!(5, Int32Type),
        DataType::Int64 => number!(6, Int64Type),
        DataType::Float64 => number!(7, Float64Type),
        DataType::Float32 => number!(14, Float32Type),
        DataType::Decimal32(precision, scale) => decimal!(Decimal32Type, precision, scale),
        DataType::Decimal64(precision, scale) => decimal!(Decimal64Type, precision, scale),
        DataType::Decimal128(precision, scale) => decimal!(Decimal128Type, precision, scale),
        DataType::Date32 => number!(11, Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => number!(17, Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => number!(12, TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, None) => number!(13, TimestampMicrosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, Some(_)) => number!(18, TimestampNanosecondType),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => number!(19, TimestampNanosecondType),
        DataType::Utf8 => put_text(array.as_string::<i32>().value(row), out),
        DataType::LargeUtf8 => put_text(array.as_string::<i64>().value(row), out),
        DataType::Utf8View => put_text(array.as_string_view().value(row), out),
        DataType::FixedSizeBinary(16) => put_primitive(20, array.as_fixed_size_binary().value(row), out),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            put_binary(bytes_at(array, row).unwrap_or_default(), out);
        }
        other => return Err(VariantError::Shredded(other.clone())),
    }
    Ok(())
}
