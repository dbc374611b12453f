//! Paths to columns and fields: names, with `element`, `key` and `value` for what arrays and maps hold.

use crate::schema::{DataType, StructField, StructType};
use crate::{Error, Result};

/// The names of what arrays and maps hold.
const ELEMENT: &str = "element";
const KEY: &str = "key";
const VALUE: &str = "value";

/// A path that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Which of its names is not there, from 0.
    pub place: usize,
    /// What is there instead; empty where nothing can be.
    pub known: Vec<String>,
}

/// The path as the schema spells it.
///
/// # Errors
/// Where a name is not there.
pub fn resolve(schema: &StructType, path: &[String]) -> Result<Vec<String>, Missing> {
    let mut spelled = Vec::with_capacity(path.len());
    let mut at = Within::Fields(schema);
    for (place, name) in path.iter().enumerate() {
        let Some((found, next)) = at.step(name) else { return Err(Missing { place, known: at.names() }) };
        spelled.push(found.to_owned());
        at = Within::of(next);
    }
    Ok(spelled)
}

/// What names lead on from a type.
#[derive(Clone, Copy)]
enum Within<'a> {
    Fields(&'a StructType),
    Type(&'a DataType),
}

impl<'a> Within<'a> {
    fn of(data_type: &'a DataType) -> Self {
        match data_type {
            DataType::Struct(schema) => Self::Fields(schema),
            other => Self::Type(other),
        }
    }

    fn step(self, name: &str) -> Option<(&'a str, &'a DataType)> {
        match self {
            Self::Fields(schema) => schema.field(name).map(|field| (field.name.as_str(), &field.data_type)),
            Self::Type(DataType::Array(array)) if name.eq_ignore_ascii_case(ELEMENT) => {
                Some((ELEMENT, &array.element_type))
            }
            Self::Type(DataType::Map(map)) if name.eq_ignore_ascii_case(KEY) => Some((KEY, &map.key_type)),
            Self::Type(DataType::Map(map)) if name.eq_ignore_ascii_case(VALUE) => {
                Some((VALUE, &map.value_type))
            }
            Self::Type(_) => None,
        }
    }

    fn names(self) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Fields(schema) => return schema.fields.iter().map(|field| field.name.clone()).collect(),
            Self::Type(DataType::Array(_)) => &[ELEMENT],
            Self::Type(DataType::Map(_)) => &[KEY, VALUE],
            Self::Type(_) => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// The type that a path leads to; none where it leads nowhere.
pub(super) fn type_at<'a>(schema: &'a StructType, path: &[String]) -> Option<&'a DataType> {
    let mut at = Within::Fields(schema);
    let mut found = None;
    for name in path {
        let (_, next) = at.step(name)?;
        found = Some(next);
        at = Within::of(next);
    }
    found
}

/// The struct that a path leads to; the whole schema where it is empty.
///
/// # Errors
/// When it leads nowhere, or to no struct.
pub(super) fn struct_mut<'a>(schema: &'a mut StructType, path: &[String]) -> Result<&'a mut StructType> {
    let Some((name, rest)) = path.split_first() else { return Ok(schema) };
    struct_in(&mut field_mut(schema, name)?.data_type, rest, path)
}

fn struct_in<'a>(
    data_type: &'a mut DataType,
    rest: &[String],
    path: &[String],
) -> Result<&'a mut StructType> {
    match (data_type, rest.split_first()) {
        (DataType::Struct(schema), _) => struct_mut(schema, rest),
        (DataType::Array(array), Some((name, rest))) if name == ELEMENT => {
            struct_in(&mut array.element_type, rest, path)
        }
        (DataType::Map(map), Some((name, rest))) if name == KEY || name == VALUE => {
            let map = map.as_mut();
            let part = if name == KEY { &mut map.key_type } else { &mut map.value_type };
            struct_in(part, rest, path)
        }
        _ => {
            let shown = path.join(".");
            Err(Error::invalid(format!("{shown} is not a struct, and has no fields")))
        }
    }
}

pub(super) fn field_mut<'a>(schema: &'a mut StructType, name: &str) -> Result<&'a mut StructField> {
    let place = place_of(schema, name)?;
    schema.fields.get_mut(place).ok_or_else(|| no_field(name))
}

/// The place of a field in its struct.
pub(super) fn place_of(schema: &StructType, name: &str) -> Result<usize> {
    let exact = schema.fields.iter().position(|field| field.name == name);
    let any = || schema.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name));
    exact.or_else(any).ok_or_else(|| no_field(name))
}

fn no_field(name: &str) -> Error {
    Error::invalid(format!("there is no column or field {name}"))
}

/// The last field of a struct on a path, and the `element`, `key` and `value` that lead on from it.
pub(super) fn split_trail<'a>(schema: &StructType, path: &'a [String]) -> (&'a [String], &'a [String]) {
    let mut at = Within::Fields(schema);
    let mut fields = 0;
    for (place, name) in path.iter().enumerate() {
        if matches!(at, Within::Fields(_)) {
            fields = place + 1;
        }
        match at.step(name) {
            Some((_, next)) => at = Within::of(next),
            None => break,
        }
    }
    path.split_at(fields)
}

/// What a trail of `element`, `key` and `value` leads to.
pub(super) fn trail_mut<'a>(data_type: &'a mut DataType, trail: &[String]) -> Option<&'a mut DataType> {
    let Some((name, rest)) = trail.split_first() else { return Some(data_type) };
    match data_type {
        DataType::Array(array) if name == ELEMENT => trail_mut(&mut array.element_type, rest),
        DataType::Map(map) if name == KEY || name == VALUE => {
            let map = map.as_mut();
            trail_mut(if name == KEY { &mut map.key_type } else { &mut map.value_type }, rest)
        }
        _ => None,
    }
}
