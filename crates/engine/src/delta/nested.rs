//! Nested values as columns take them: fields by position or by name, each value cast to its column's type.
//!
//! DataFusion's own cast of structs goes by name alone, drops fields that the column lacks, and expects no null where the
//! type has none; here what does not fit is an error, and nulls are left to the writer, which says whose they are.

use crate::{Error, ErrorKind, Result};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, LargeListArray, ListArray, MapArray, StructArray, new_null_array,
};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::arrow::util::display::FormatOptions;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::sync::Arc;
use tarn_delta::variant::is_variant;

/// Which of a struct's fields is for which of a column's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fit {
    /// The first for the first, as in INSERT.
    ByPosition,
    /// By names, whatever their case; a field that is not given is null, as in MERGE, UPDATE and INSERT BY NAME.
    ByName,
}

/// Whether a type holds others.
pub(crate) fn is_nested(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(data_type, T::Struct(_) | T::List(_) | T::LargeList(_) | T::Map(_, _))
}

/// The same type, where null may be in each place but the keys of maps.
pub(crate) fn loose(data_type: &DataType) -> DataType {
    let nullable = |field: &FieldRef| -> FieldRef {
        Arc::new(field.as_ref().clone().with_data_type(loose(field.data_type())).with_nullable(true))
    };
    match data_type {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(nullable).collect()),
        DataType::List(element) => DataType::List(nullable(element)),
        DataType::LargeList(element) => DataType::LargeList(nullable(element)),
        DataType::Map(entries, is_sorted) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let key = Arc::new(fields[0].as_ref().clone().with_data_type(loose(fields[0].data_type())));
                let fields: Fields = vec![key, nullable(&fields[1])].into();
                let entries = entries.as_ref().clone().with_data_type(DataType::Struct(fields));
                DataType::Map(Arc::new(entries), *is_sorted)
            }
            _ => data_type.clone(),
        },
        _ => data_type.clone(),
    }
}

/// An expression's value in a nested type; whether it fits is known from [`may_fit`].
pub(crate) fn fitted(value: Expr, to: DataType, fit: Fit) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    ScalarUDF::new_from_impl(FitNested { to, fit, signature }).call(vec![value])
}

/// Whether values of a nested type fit another; `may_fit_plain` says so of those that are not nested.
pub(crate) fn may_fit(
    from: &DataType,
    to: &DataType,
    fit: Fit,
    may_fit_plain: &impl Fn(&DataType, &DataType) -> bool,
) -> bool {
    use DataType as T;
    let again =
        |from: &FieldRef, to: &FieldRef| may_fit(from.data_type(), to.data_type(), fit, may_fit_plain);
    match (from, to) {
        (T::Null, _) => true,
        // Their parts are no one's to make or to take.
        (from, to) if is_variant(from) || is_variant(to) => is_variant(from) && is_variant(to),
        (
            T::List(from) | T::LargeList(from) | T::ListView(from) | T::FixedSizeList(from, _),
            T::List(to) | T::LargeList(to),
        ) => again(from, to),
        (T::Map(from, _), T::Map(to, _)) => match (from.data_type(), to.data_type()) {
            (T::Struct(from), T::Struct(to)) => {
                from.len() == to.len() && from.iter().zip(to).all(|(from, to)| again(from, to))
            }
            _ => false,
        },
        (T::Struct(from), T::Struct(to)) => match fit {
            Fit::ByPosition => {
                from.len() == to.len() && from.iter().zip(to).all(|(from, to)| again(from, to))
            }
            Fit::ByName => {
                from.iter().all(|from| place_of(to, from.name()).is_some_and(|place| again(from, &to[place])))
            }
        },
        _ => may_fit_plain(from, to),
    }
}

fn place_of(fields: &Fields, name: &str) -> Option<usize> {
    let exact = fields.iter().position(|field| field.name() == name);
    exact.or_else(|| fields.iter().position(|field| field.name().eq_ignore_ascii_case(name)))
}

/// Values in another type of a shape that fits.
///
/// # Errors
/// When a value does not fit, such as a number that is too large.
pub(crate) fn fit_values(array: &ArrayRef, to: &DataType, fit: Fit) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    if array.data_type() == &DataType::Null {
        return Ok(new_null_array(to, array.len()));
    }
    match to {
        DataType::Struct(fields) => match array.as_struct_opt() {
            Some(structs) => fit_struct(structs, fields, fit),
            None => Err(misfit(array, to)),
        },
        DataType::List(element) => {
            let target = DataType::List(Arc::new(element_of(array, to)?));
            let lists = cast(array, &target)?;
            let lists = lists.as_list_opt::<i32>().ok_or_else(|| misfit(array, to))?;
            let values = fit_values(lists.values(), element.data_type(), fit)?;
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(element), offsets, values, nulls)?))
        }
        DataType::LargeList(element) => {
            let target = DataType::LargeList(Arc::new(element_of(array, to)?));
            let lists = cast(array, &target)?;
            let lists = lists.as_list_opt::<i64>().ok_or_else(|| misfit(array, to))?;
            let values = fit_values(lists.values(), element.data_type(), fit)?;
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(LargeListArray::try_new(Arc::clone(element), offsets, values, nulls)?))
        }
        DataType::Map(entries, is_sorted) => {
            let (Some(maps), DataType::Struct(fields)) = (array.as_map_opt(), entries.data_type()) else {
                return Err(misfit(array, to));
            };
            let [key, value] = fields.as_ref() else { return Err(misfit(array, to)) };
            let keys = fit_values(maps.keys(), key.data_type(), fit)?;
            let values = fit_values(maps.values(), value.data_type(), fit)?;
            let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
            let (offsets, nulls) = (maps.offsets().clone(), maps.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *is_sorted)?))
        }
        _ => cast(array, to),
    }
}

fn fit_struct(structs: &StructArray, fields: &Fields, fit: Fit) -> Result<ArrayRef> {
    // The parts of a variant may come in any order.
    let fit = if is_variant(structs.data_type()) { Fit::ByName } else { fit };
    let mut children = Vec::with_capacity(fields.len());
    for (place, field) in fields.iter().enumerate() {
        let source = match fit {
            Fit::ByPosition => Some(place),
            Fit::ByName => place_of(structs.fields(), field.name()),
        };
        children.push(match source.and_then(|source| structs.columns().get(source)) {
            Some(child) => fit_values(child, field.data_type(), fit)?,
            None => new_null_array(field.data_type(), structs.len()),
        });
    }
    let nulls = structs.nulls().cloned();
    Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), children, nulls, structs.len())?))
}

fn element_of(array: &ArrayRef, to: &DataType) -> Result<Field> {
    match array.data_type() {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::FixedSizeList(element, _) => Ok(element.as_ref().clone().with_nullable(true)),
        _ => Err(misfit(array, to)),
    }
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions { safe: false, format_options: FormatOptions::default() };
    Ok(cast_with_options(array, to, &options)?)
}

fn misfit(array: &ArrayRef, to: &DataType) -> Error {
    let message = format!("Values of type {} do not fit {to}", array.data_type());
    Error::new(ErrorKind::Internal, message)
}

/// [`fit_values`] as a function in a plan.
#[derive(Debug, PartialEq, Eq, Hash)]
struct FitNested {
    to: DataType,
    fit: Fit,
    signature: Signature,
}

impl ScalarUDFImpl for FitNested {
    fn name(&self) -> &str {
        "fit_nested"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.to.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let rows = args.number_rows;
        match args.args.first() {
            Some(value) => {
                let array = value.to_array(rows)?;
                Ok(ColumnarValue::Array(fit_values(&array, &self.to, self.fit)?))
            }
            None => datafusion::common::internal_err!("fit_nested takes a value"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::Int32Array;

    fn structs(names: [&str; 2]) -> ArrayRef {
        let [first, second] = names.map(|name| Arc::new(Field::new(name, DataType::Int32, true)));
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let two: ArrayRef = Arc::new(Int32Array::from(vec![2]));
        Arc::new(StructArray::from(vec![(first, one), (second, two)]))
    }

    #[test]
    fn fields_go_by_position_or_by_name() {
        let given = structs(["B", "a"]);
        let to =
            DataType::Struct(["a", "b"].map(|name| Field::new(name, DataType::Int64, true)).to_vec().into());
        let first = |fit| {
            let fitted = fit_values(&given, &to, fit).unwrap();
            cast(fitted.as_struct().column(0), &DataType::Int32)
                .unwrap()
                .as_primitive::<datafusion::arrow::datatypes::Int32Type>()
                .value(0)
        };
        assert_eq!(first(Fit::ByPosition), 1);
        assert_eq!(first(Fit::ByName), 2);
        let plain = |_: &DataType, _: &DataType| true;
        let short = DataType::Struct(vec![Field::new("a", DataType::Int32, true)].into());
        assert!(!may_fit(given.data_type(), &short, Fit::ByName, &plain));
        assert!(may_fit(&short, given.data_type(), Fit::ByName, &plain));
        assert!(!may_fit(&short, given.data_type(), Fit::ByPosition, &plain));
    }
}
