//! Columns as data files have them: plain types, physical names, and no null where none may be.

use crate::schema::{ColumnMappingMode, DataType, StructField, StructType, type_to_arrow};
use crate::variant::is_variant;
use crate::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt32Array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType as ArrowType, Field, Fields};
use std::sync::Arc;

/// A column of a table, from an array of its logical type or one that can be cast to it.
///
/// `field` is the column in the table's schema, `physical` the same column in the schema of data files.
///
/// # Errors
/// When a value does not fit the type, or is null where the schema allows no nulls: [`Error::Invalid`] naming the
/// column, nested ones by their path.
pub fn conform(
    array: &ArrayRef,
    field: &StructField,
    physical: &Field,
    mode: ColumnMappingMode,
) -> Result<ArrayRef> {
    let array = conform_type(array, &field.data_type, physical.data_type(), mode, &field.name)?;
    if !field.nullable {
        check_not_null(&array, None, &field.name)?;
    }
    Ok(array)
}

fn conform_type(
    array: &ArrayRef,
    data_type: &DataType,
    physical: &ArrowType,
    mode: ColumnMappingMode,
    place: &str,
) -> Result<ArrayRef> {
    let array = &plain(array, place)?;
    match (data_type, physical) {
        (DataType::Struct(schema), ArrowType::Struct(fields)) => {
            let Some(structs) = array.as_struct_opt() else {
                return wrong(array, data_type, place);
            };
            conform_struct(structs, schema, fields, mode, place)
        }
        (DataType::Array(list), ArrowType::List(element)) => {
            let target = ArrowType::List(Arc::new(Field::new("element", element_type(array, place)?, true)));
            let array = relabeled(array, &target, place)?;
            let Some(lists) = array.as_list_opt::<i32>() else {
                return wrong(&array, data_type, place);
            };
            let lists = compacted(lists)?;
            let place = format!("{place}.element");
            let values = conform_type(lists.values(), &list.element_type, element.data_type(), mode, &place)?;
            if !element.is_nullable() {
                check_not_null(&values, None, &place)?;
            }
            let (_, offsets, _, nulls) = lists.into_parts();
            Ok(Arc::new(ListArray::try_new(Arc::clone(element), offsets, values, nulls)?))
        }
        (DataType::Map(map), ArrowType::Map(entries_field, _)) => {
            let (Some(maps), ArrowType::Struct(fields)) = (array.as_map_opt(), entries_field.data_type())
            else {
                return wrong(array, data_type, place);
            };
            let [key, value] = fields.as_ref() else {
                return wrong(array, data_type, place);
            };
            let maps = compacted_map(maps)?;
            let keys =
                conform_type(maps.keys(), &map.key_type, key.data_type(), mode, &format!("{place}.key"))?;
            check_not_null(&keys, None, &format!("{place}.key"))?;
            let value_place = format!("{place}.value");
            let values = conform_type(maps.values(), &map.value_type, value.data_type(), mode, &value_place)?;
            if !value.is_nullable() {
                check_not_null(&values, None, &value_place)?;
            }
            let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
            let (_, offsets, _, nulls, is_sorted) = maps.into_parts();
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries_field), offsets, entries, nulls, is_sorted)?))
        }
        (DataType::Variant, ArrowType::Struct(fields)) => {
            let structs = match array.as_struct_opt() {
                Some(structs) if is_variant(array.data_type()) => structs,
                None if array.data_type() == &ArrowType::Null => {
                    return Ok(new_null_array(physical, array.len()));
                }
                _ => {
                    let given = array.data_type();
                    return Err(Error::invalid(format!("column {place} takes variants alone, not {given}")));
                }
            };
            let child = |field: &Arc<Field>| match structs.column_by_name(field.name()) {
                Some(child) => cast(child, field.data_type(), place),
                None => wrong(array, data_type, place),
            };
            let children = fields.iter().map(child).collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new(fields.clone(), children, structs.nulls().cloned())?))
        }
        (_, physical) => cast(array, physical, place),
    }
}

fn conform_struct(
    structs: &StructArray,
    schema: &StructType,
    fields: &Fields,
    mode: ColumnMappingMode,
    place: &str,
) -> Result<ArrayRef> {
    if let Some(extra) = structs.fields().iter().find(|field| schema.field(field.name()).is_none()) {
        return Err(Error::invalid(format!("the column {place} has no field {}", extra.name())));
    }
    let mut children = Vec::with_capacity(schema.fields.len());
    for (field, physical) in schema.fields.iter().zip(fields) {
        let place = format!("{place}.{}", field.name);
        let position =
            (structs.fields().iter().position(|given| given.name() == &field.name)).or_else(|| {
                structs.fields().iter().position(|given| given.name().eq_ignore_ascii_case(&field.name))
            });
        let child = match position.and_then(|position| structs.columns().get(position)) {
            Some(child) => conform_type(child, &field.data_type, physical.data_type(), mode, &place)?,
            None => new_null_array(physical.data_type(), structs.len()),
        };
        if !field.nullable {
            check_not_null(&child, structs.nulls(), &place)?;
        }
        children.push(child);
    }
    if children.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(structs.len(), structs.nulls().cloned())));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), children, structs.nulls().cloned())?))
}

/// Dictionaries and runs as what they stand for.
fn plain(array: &ArrayRef, place: &str) -> Result<ArrayRef> {
    match array.data_type() {
        ArrowType::Dictionary(_, value) => relabeled(array, value, place),
        ArrowType::RunEndEncoded(_, value) => relabeled(array, value.data_type(), place),
        _ => Ok(Arc::clone(array)),
    }
}

/// Another form of the same values. What would change them is for the engine to ask for, not for a writer to do.
pub(super) fn cast(array: &ArrayRef, target: &ArrowType, place: &str) -> Result<ArrayRef> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    if !is_same_kind(array.data_type(), target) {
        return Err(Error::invalid(format!(
            "column {place} is of the type {target} and cannot take {}; cast the values first",
            array.data_type()
        )));
    }
    relabeled(array, target, place)
}

fn relabeled(array: &ArrayRef, target: &ArrowType, place: &str) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, target, &options)
        .map_err(|error| Error::invalid(format!("column {place} does not take these values: {error}")))
}

/// Whether each value either stays what it is or makes the cast fail; of times, what is finer than a microsecond goes.
fn is_same_kind(from: &ArrowType, to: &ArrowType) -> bool {
    use ArrowType::{
        Binary, BinaryView, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256, Dictionary,
        FixedSizeBinary, Float16, Float32, Float64, LargeBinary, LargeUtf8, Null, RunEndEncoded, Timestamp,
        Utf8, Utf8View,
    };
    match (from, to) {
        (Null, _) => true,
        (Dictionary(_, value), to) => is_same_kind(value, to),
        (RunEndEncoded(_, value), to) => is_same_kind(value.data_type(), to),
        (Utf8 | LargeUtf8 | Utf8View, Utf8) => true,
        (Binary | LargeBinary | BinaryView | FixedSizeBinary(_), Binary) => true,
        (Float16 | Float32, Float32) | (Float16 | Float32 | Float64, Float64) => true,
        (Date32 | Date64, Date32) => true,
        (Timestamp(_, from), Timestamp(_, to)) => from.is_some() == to.is_some(),
        (
            Decimal32(_, from) | Decimal64(_, from) | Decimal128(_, from) | Decimal256(_, from),
            Decimal128(_, to),
        ) => from <= to,
        (from, Decimal128(..)) => from.is_integer(),
        (from, to) => from == to || from.is_integer() && to.is_integer(),
    }
}

fn element_type(array: &ArrayRef, place: &str) -> Result<ArrowType> {
    match array.data_type() {
        ArrowType::List(element)
        | ArrowType::LargeList(element)
        | ArrowType::ListView(element)
        | ArrowType::LargeListView(element)
        | ArrowType::FixedSizeList(element, _) => Ok(element.data_type().clone()),
        other => Err(Error::invalid(format!("column {place} is an array and cannot take {other}"))),
    }
}

fn wrong(array: &ArrayRef, data_type: &DataType, place: &str) -> Result<ArrayRef> {
    let wanted = type_to_arrow(data_type);
    Err(Error::invalid(format!(
        "column {place} is of the type {wanted} and cannot take {}",
        array.data_type()
    )))
}

/// Slices and null lists may leave elements that no list has; they must not count as nulls where none may be.
fn compacted(lists: &ListArray) -> Result<ListArray> {
    let last = lists.value_offsets().last().copied().unwrap_or(0);
    let is_compact = lists.value_offsets().first() == Some(&0)
        && usize::try_from(last).is_ok_and(|last| last == lists.values().len())
        && lists.null_count() == 0;
    if is_compact || lists.values().null_count() == 0 && lists.null_count() == 0 {
        return Ok(lists.clone());
    }
    let rows = UInt32Array::from_iter_values(0..u32::try_from(lists.len()).unwrap_or(u32::MAX));
    Ok(take(lists, &rows, None)?.as_list::<i32>().clone())
}

fn compacted_map(maps: &MapArray) -> Result<MapArray> {
    let last = maps.value_offsets().last().copied().unwrap_or(0);
    let is_compact = maps.value_offsets().first() == Some(&0)
        && usize::try_from(last).is_ok_and(|last| last == maps.entries().len())
        && maps.null_count() == 0
        && maps.entries().null_count() == 0;
    if is_compact {
        return Ok(maps.clone());
    }
    let rows = UInt32Array::from_iter_values(0..u32::try_from(maps.len()).unwrap_or(u32::MAX));
    Ok(take(maps, &rows, None)?.as_map().clone())
}

/// Refuses nulls, except where the parent is null itself.
fn check_not_null(array: &ArrayRef, parent: Option<&NullBuffer>, place: &str) -> Result<()> {
    if array.null_count() == 0 && array.data_type() != &ArrowType::Null {
        return Ok(());
    }
    let is_violated = match parent {
        None => array.logical_null_count() > 0,
        Some(parent) => {
            let nulls = array.logical_nulls();
            (0..array.len())
                .any(|row| parent.is_valid(row) && nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)))
        }
    };
    match is_violated {
        true => Err(Error::invalid(format!("NULL in column {place}, which is NOT NULL"))),
        false => Ok(()),
    }
}
