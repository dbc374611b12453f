//! Refuses what has no meaning for variants: an order, equality, and functions that know their bytes alone.
//!
//! To DataFusion a variant is a struct of two binary parts. It would sort, group and join by those bytes, in which one
//! value has many forms, and turn them into text: wrong answers, where Databricks has errors.

use crate::{Error, ErrorKind, Result};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::expr::{
    AggregateFunction, Cast, GroupingSet, ScalarFunction, TryCast, WindowFunction,
};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, LogicalPlan, Operator, SortExpr};
use tarn_delta::variant::{holds_variants, is_variant};

/// Functions that hand variants on as they are.
const CARRIERS: &[&str] = &[
    "coalesce",
    "nvl",
    "ifnull",
    "nvl2",
    "named_struct",
    "struct",
    "make_array",
    "array",
    "map",
    "make_map",
    "array_append",
    "array_prepend",
    "array_repeat",
    "typeof",
    "arrow_typeof",
    "fit_nested",
    "variants_as_texts",
];

/// Functions that compare the elements of an array, or what else they are given.
const COMPARERS: &[&str] = &[
    "array_has",
    "array_contains",
    "array_distinct",
    "array_sort",
    "sort_array",
    "array_union",
    "array_intersect",
    "array_except",
    "array_position",
    "array_remove",
    "array_replace",
    "array_to_string",
    "array_join",
    "arrays_overlap",
    "array_max",
    "array_min",
    "list_",
    "greatest",
    "least",
    "nullif",
    "concat_ws",
    "to_json",
    "to_char",
    "curve_rank",
];

/// Aggregates that hand variants on as they are.
const PICKERS: &[&str] =
    &["count", "first_value", "last_value", "nth_value", "array_agg", "any_value", "first", "last"];

/// Checks a statement's plan.
///
/// # Errors
/// When it compares variants, or asks for more of them than their being there.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        found = fault_of(node)?;
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    match found {
        None => Ok(()),
        Some(what) => {
            let message = format!("{what} cannot work on values of type VARIANT");
            Err(Error::new(ErrorKind::Unsupported, message)
                .hint("They have no order and are not comparable; what looks into them is not there yet"))
        }
    }
}

fn fault_of(node: &LogicalPlan) -> DataFusionResult<Option<String>> {
    let inputs = node.inputs();
    let schema = if inputs.is_empty() { node.schema().as_ref().clone() } else { merge_schema(&inputs) };
    if !schema.fields().iter().any(|field| holds_variants(field.data_type())) {
        return Ok(None);
    }
    let is_in = |expr: &Expr| is_in(expr, &schema);
    let clause = match node {
        LogicalPlan::Sort(sort) if sort.expr.iter().any(|sort| is_in(&sort.expr)) => Some("ORDER BY"),
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.iter().any(is_in) => Some("GROUP BY"),
        LogicalPlan::Distinct(Distinct::All(input)) if has_variants(input) => Some("DISTINCT or UNION"),
        LogicalPlan::Distinct(Distinct::On(on)) if on.on_expr.iter().any(is_in) => Some("DISTINCT ON"),
        LogicalPlan::Join(join) if join.on.iter().any(|(left, right)| is_in(left) || is_in(right)) => {
            Some("A join, INTERSECT or EXCEPT")
        }
        _ => None,
    };
    if let Some(clause) = clause {
        return Ok(Some(clause.to_owned()));
    }
    let mut found = None;
    node.apply_expressions(|expr| {
        expr.apply(|expr| {
            found = fault_in(expr, &schema);
            Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

fn has_variants(plan: &LogicalPlan) -> bool {
    plan.schema().fields().iter().any(|field| holds_variants(field.data_type()))
}

/// The type of an expression; what has none yet is planned, and refused, by DataFusion.
fn type_of(expr: &Expr, schema: &DFSchema) -> Option<DataType> {
    expr.get_type(schema).ok()
}

fn is_in(expr: &Expr, schema: &DFSchema) -> bool {
    if let Expr::GroupingSet(set) = expr {
        let sets = match set {
            GroupingSet::Rollup(exprs) | GroupingSet::Cube(exprs) => std::slice::from_ref(exprs),
            GroupingSet::GroupingSets(sets) => sets.as_slice(),
        };
        return sets.iter().flatten().any(|expr| is_in(expr, schema));
    }
    type_of(expr, schema).is_some_and(|found| holds_variants(&found))
}

fn fault_in(expr: &Expr, schema: &DFSchema) -> Option<String> {
    let is_in = |expr: &Expr| is_in(expr, schema);
    let when = |is_wrong: bool, what: &str| is_wrong.then(|| what.to_owned());
    match expr {
        Expr::BinaryExpr(binary) => {
            let is_logical = matches!(binary.op, Operator::And | Operator::Or);
            let is_wrong = !is_logical && (is_in(&binary.left) || is_in(&binary.right));
            let what = match binary.op {
                Operator::Colon => "A path, as in v:a,".to_owned(),
                op => format!("The operator {op}"),
            };
            when(is_wrong, &what)
        }
        Expr::Like(like) | Expr::SimilarTo(like) => when(is_in(&like.expr) || is_in(&like.pattern), "LIKE"),
        Expr::Between(between) => when(is_in(&between.expr), "BETWEEN"),
        Expr::InList(list) => when(is_in(&list.expr) || list.list.iter().any(is_in), "IN"),
        Expr::InSubquery(query) => when(is_in(&query.expr) || has_variants(&query.subquery.subquery), "IN"),
        Expr::Case(case) => when(case.expr.as_ref().is_some_and(|expr| is_in(expr)), "CASE"),
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) => {
            let from = type_of(expr, schema)?;
            when(loses_variants(&from, field.data_type()), "CAST")
        }
        Expr::ScalarFunction(call) => scalar_fault(call, schema),
        Expr::AggregateFunction(call) => aggregate_fault(call, schema),
        Expr::WindowFunction(call) => window_fault(call, schema),
        _ => None,
    }
}

/// Whether a cast makes something else of variants; NULL becomes one.
fn loses_variants(from: &DataType, to: &DataType) -> bool {
    match (holds_variants(from), holds_variants(to)) {
        (true, false) => true,
        (false, true) => from != &DataType::Null,
        _ => is_variant(from) != is_variant(to),
    }
}

fn scalar_fault(call: &ScalarFunction, schema: &DFSchema) -> Option<String> {
    let name = call.func.name();
    let types = call.args.iter().filter_map(|arg| type_of(arg, schema));
    let is_wrong = types.enumerate().any(|(place, found)| {
        // A field of a struct may be a variant; a variant's own parts are no fields.
        let is_part = name == "get_field" && place == 0;
        let is_wrong_part = is_part && part_of_variant(&found, call.args.get(1..).unwrap_or_default());
        let is_handed_on = CARRIERS.contains(&name) || is_part;
        let compares = COMPARERS.iter().any(|comparer| name.starts_with(comparer));
        is_wrong_part || (is_variant(&found) && !is_handed_on) || (holds_variants(&found) && compares)
    });
    is_wrong.then(|| format!("{name}()"))
}

/// Whether a path of fields leads into a variant.
fn part_of_variant(from: &DataType, names: &[Expr]) -> bool {
    let mut at = from.clone();
    for name in names {
        if is_variant(&at) {
            return true;
        }
        let name = match name {
            Expr::Literal(value, _) => value.try_as_str().flatten(),
            _ => None,
        };
        at = match (&at, name) {
            (DataType::Struct(fields), Some(name)) => {
                match fields.iter().find(|field| field.name() == name) {
                    Some(field) => field.data_type().clone(),
                    None => return false,
                }
            }
            (DataType::Map(entries, _), _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => fields[1].data_type().clone(),
                _ => return false,
            },
            _ => return false,
        };
    }
    false
}

fn aggregate_fault(call: &AggregateFunction, schema: &DFSchema) -> Option<String> {
    let params = &call.params;
    let takes_variants = params.args.iter().any(|arg| is_in(arg, schema));
    let is_wrong = takes_variants && (params.distinct || !PICKERS.contains(&call.func.name()));
    (is_wrong || is_ordered(&params.order_by, schema)).then(|| format!("{}()", call.func.name()))
}

fn window_fault(call: &WindowFunction, schema: &DFSchema) -> Option<String> {
    let params = &call.params;
    let is_over =
        params.partition_by.iter().any(|expr| is_in(expr, schema)) || is_ordered(&params.order_by, schema);
    if is_over {
        return Some("A window".to_owned());
    }
    let name = call.fun.name();
    let takes_variants = params.args.iter().any(|arg| is_in(arg, schema));
    let hands_on = PICKERS.contains(&name) || matches!(name, "lag" | "lead");
    (takes_variants && (params.distinct || !hands_on)).then(|| format!("{name}()"))
}

fn is_ordered(order: &[SortExpr], schema: &DFSchema) -> bool {
    order.iter().any(|sort| is_in(&sort.expr, schema))
}
