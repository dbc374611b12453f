//! Numbers with more digits than a DOUBLE keeps: they are decimals, as in Spark.
//!
//! DataFusion takes a number with a point for a DOUBLE, and so would lose cents of large amounts. Its own setting
//! `parse_float_as_decimal` makes decimals of all such numbers, and of those with an exponent too; but then what is
//! computed and compared with DOUBLE columns is cast to DECIMAL(30, 15), which cannot hold NaN or large values, and
//! quotients keep four digits. So numbers that a DOUBLE holds as they were written stay DOUBLE.

use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use datafusion::sql::sqlparser::ast::{
    self, CastKind, DataType, ExactNumberInfo, Value, VisitMut, VisitorMut,
};
use std::ops::ControlFlow;

/// As many digits come back from a DOUBLE, whatever they are.
const DOUBLE_DIGITS: u64 = 15;
/// As many digits a DECIMAL has at most.
const DECIMAL_DIGITS: u64 = 38;

/// Makes decimals of numbers that have more digits than a DOUBLE keeps.
pub(crate) fn keep_digits(node: &mut impl VisitMut) {
    struct Keeper;
    impl VisitorMut for Keeper {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut ast::Expr) -> ControlFlow<()> {
            if let ast::Expr::Value(value) = expr
                && let Value::Number(number, _) = &value.value
                && let Some((precision, scale)) = decimal_type(number)
            {
                let text = Value::SingleQuotedString(number.replace('_', "")).with_span(value.span);
                *expr = ast::Expr::Cast {
                    kind: CastKind::Cast,
                    expr: Box::new(ast::Expr::Value(text)),
                    data_type: DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)),
                    array: false,
                    format: None,
                };
            }
            ControlFlow::Continue(())
        }
    }
    let _ = VisitMut::visit(node, &mut Keeper);
}

/// Precision and scale of a number that a DOUBLE does not hold, and a DECIMAL does.
fn decimal_type(number: &str) -> Option<(u64, i64)> {
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // With an exponent it is a DOUBLE; without a point it may be a BIGINT.
    let is_plain = is_digits(whole) && is_digits(fraction) && number.parse::<u64>().is_err();
    let count = |text: &str| text.len() as u64;
    let scale = count(fraction);
    let precision = (count(whole.trim_start_matches('0')) + scale).max(1);
    let digits = count(format!("{whole}{fraction}").trim_start_matches('0'));
    let is_decimal = is_plain && digits > DOUBLE_DIGITS && precision <= DECIMAL_DIGITS;
    is_decimal.then_some((precision, i64::try_from(scale).ok()?))
}

/// Beside a DOUBLE such a number is one, as in Spark.
#[derive(Debug)]
pub(crate) struct DecimalsBesideDoubles;

impl ExprPlanner for DecimalsBesideDoubles {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let is_float = |expr: &Expr| expr.get_type(schema).is_ok_and(|data_type| data_type.is_floating());
        let (left, right) = match (as_double(&left), as_double(&right)) {
            (Some(number), None) if is_float(&right) => (number, right),
            (None, Some(number)) if is_float(&left) => (left, number),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

/// The DOUBLE of a number that [`keep_digits`] made a decimal.
fn as_double(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Negative(inner) => match as_double(inner)? {
            Expr::Literal(ScalarValue::Float64(Some(value)), _) => Some(lit(-value)),
            _ => None,
        },
        Expr::Cast(Cast { expr, field }) if field.data_type().is_decimal() => match expr.as_ref() {
            Expr::Literal(ScalarValue::Utf8(Some(text)), _) => text.parse::<f64>().ok().map(lit),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decimal_type;

    #[test]
    fn only_long_numbers_without_an_exponent_are_decimals() {
        for (number, wanted) in [
            ("12345678901234567.89", Some((19, 2))),
            ("0.1234567890123456", Some((16, 16))),
            ("1234567890123456.", Some((16, 0))),
            ("18446744073709551616", Some((20, 0))),
            ("99999999999999999999999999999999999999", Some((38, 0))),
            ("1_000_000_000_000_000.5", Some((17, 1))),
            ("1.5", None),
            ("0.000000000000000000001", None),
            ("123456789012.345", None),
            ("12345678901234567.89e0", None),
            ("18446744073709551615", None),
            ("999999999999999999999999999999999999999", None),
        ] {
            assert_eq!(decimal_type(number), wanted, "{number}");
        }
    }
}
