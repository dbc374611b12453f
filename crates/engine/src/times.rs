//! A date beside a time is the midnight at which it begins, in the unit and zone of the time.
//!
//! DataFusion makes nanoseconds of both, which fails for years after 2262 and before 1677.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Between, InList};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, cast};
use datafusion::optimizer::AnalyzerRule;

/// Casts dates that are compared with times, before DataFusion looks for a type that both have.
#[derive(Debug)]
pub(crate) struct DatesBesideTimes;

impl AnalyzerRule for DatesBesideTimes {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let rewritten = plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                let expr = expr.transform_up(|expr| Ok(cast_dates(expr, &schema)))?;
                Ok(expr.update_data(|expr| name.restore(expr)))
            })
        });
        Ok(rewritten?.data)
    }

    fn name(&self) -> &'static str {
        "dates_beside_times"
    }
}

fn cast_dates(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let parts: Vec<&Expr> = match &expr {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => vec![&binary.left, &binary.right],
        Expr::Between(between) => vec![&between.expr, &between.low, &between.high],
        Expr::InList(list) => list.list.iter().chain([list.expr.as_ref()]).collect(),
        _ => return Transformed::no(expr),
    };
    let Some(time) = time_beside_a_date(&parts, schema) else { return Transformed::no(expr) };
    let as_time = |part: Expr| if is_date(&part, schema) { cast(part, time.clone()) } else { part };
    let boxed = |part: Box<Expr>| Box::new(as_time(*part));
    Transformed::yes(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            Expr::BinaryExpr(BinaryExpr { left: boxed(left), op, right: boxed(right) })
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            Expr::Between(Between { expr: boxed(expr), negated, low: boxed(low), high: boxed(high) })
        }
        Expr::InList(InList { expr, list, negated }) => {
            let list = list.into_iter().map(as_time).collect();
            Expr::InList(InList { expr: boxed(expr), list, negated })
        }
        other => other,
    })
}

fn is_comparison(operator: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(operator, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// The type of the first time, where one of the others is a date.
fn time_beside_a_date(parts: &[&Expr], schema: &DFSchema) -> Option<DataType> {
    let mut types = parts.iter().filter_map(|part| part.get_type(schema).ok());
    let time = types.find(|found| matches!(found, DataType::Timestamp(_, _)))?;
    parts.iter().any(|part| is_date(part, schema)).then_some(time)
}

fn is_date(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|found| found == DataType::Date32)
}
