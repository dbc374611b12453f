//! What columns take: the rules of Spark's store assignment, defaults, generated columns.

use super::nested::{Fit, fitted, is_nested, loose, may_fit};
use super::rules::{GENERATION_KEY, text_of};
use crate::{Error, ErrorKind, Result, syntax};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, ExprSchema};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, col};
use std::collections::BTreeSet;
use tarn_delta::schema::StructType;
use tarn_delta::variant::holds_variants;

/// An expression's value as a column takes it.
///
/// As in Spark's ANSI store assignment, numbers fit numbers (a value that does not fit is an error when it comes), any
/// plain value fits text, dates fit timestamps; text does not become a number by itself.
///
/// # Errors
/// When values of that type are not for such a column.
pub(crate) fn assign(value: Expr, schema: &dyn ExprSchema, column: &Field, fit: Fit) -> Result<Expr> {
    let from = value.get_type(schema)?;
    let to = &loose(column.data_type());
    if from == *to {
        return Ok(value);
    }
    if !may_fit(&from, to, fit, &may_store) {
        let name = column.name();
        let error = Error::new(
            ErrorKind::Invalid,
            format!("A value of type {} is not for column {name} of type {}", shown(&from), shown(to)),
        );
        return Err(error.hint(match holds_variants(to) || holds_variants(&from) {
            true => "Variants come from other tables' columns of variants, and go to such".to_owned(),
            false => format!("Write CAST(… AS {}), if that is what is meant", shown(to)),
        }));
    }
    Ok(match is_nested(to) {
        true => fitted(value, to.clone(), fit),
        false => cast(value, to.clone()),
    })
}

/// Whether values of a type may be stored in a column of another.
pub(crate) fn may_assign(from: &DataType, to: &DataType, fit: Fit) -> bool {
    may_fit(from, to, fit, &may_store)
}

/// Whether values of a type may be stored in a column of another; neither is nested.
fn may_store(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    let is_text = |t: &T| matches!(t, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    let is_bytes = |t: &T| matches!(t, T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_));
    let is_time = |t: &T| matches!(t, T::Date32 | T::Date64 | T::Timestamp(_, _));
    match (from, to) {
        (T::Null, _) => true,
        (T::Dictionary(_, value), _) => may_store(value, to),
        _ if from.is_numeric() && to.is_numeric() => true,
        _ if is_text(to) => is_text(from) || from.is_numeric() || is_time(from) || *from == T::Boolean,
        _ if is_bytes(from) && is_bytes(to) => true,
        _ if is_time(from) && is_time(to) => true,
        (T::Boolean, T::Boolean) => true,
        _ => from == to,
    }
}

/// A type as Spark names it.
pub(crate) fn shown(data_type: &DataType) -> String {
    sql_name(data_type).map_or_else(|| data_type.to_string(), |name| name.to_uppercase())
}

/// The name of a type that tables may have.
pub(super) fn sql_name(data_type: &DataType) -> Option<String> {
    let schema = datafusion::arrow::datatypes::Schema::new(vec![Field::new("c", data_type.clone(), true)]);
    let delta = tarn_delta::schema::from_arrow(&schema).ok()?;
    Some(delta.fields.first()?.data_type.sql_name())
}

/// Computes the generated columns that a statement does not give, from the other columns of the same row. The plan's
/// first columns are the table's; the rest stay as they are.
pub(crate) fn generate(
    state: &SessionState,
    plan: LogicalPlan,
    schema: &StructType,
    given: &BTreeSet<usize>,
) -> Result<LogicalPlan> {
    let wanted = |place: usize| {
        let field = schema.fields.get(place).filter(|_| !given.contains(&place))?;
        text_of(field, GENERATION_KEY)
    };
    if (0..schema.fields.len()).all(|place| wanted(place).is_none()) {
        return Ok(plan);
    }
    let input = plan.schema().clone();
    let mut columns = Vec::with_capacity(input.fields().len());
    for (place, column) in input.columns().into_iter().enumerate() {
        let Some(text) = wanted(place) else {
            columns.push(col(column));
            continue;
        };
        let name = Column::name(&column).to_owned();
        let what = format!("The generated column {name}");
        let value = syntax::kept_expr(state, text, &what, &input).map_err(|inner| {
            let message = format!("{what} ({text}) cannot be computed: {}", inner.message);
            Error { message, position: None, ..inner }
        })?;
        columns.push(cast(value, input.field(place).data_type().clone()).alias(name));
    }
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}
