//! Entries of maps: keys of another type than was asked for, and maps within structs, which a scan of Parquet must not be
//! asked for.
//!
//! `m[5]` asks for a BIGINT, and DataFusion compares keys with that type alone; where the keys are of another one, the key
//! is cast to it.
//!
//! `s.m['k']` is planned as one call, `get_field(s, 'm', 'k')`. DataFusion's scan takes that for a column of the file,
//! promises to filter by it, finds none, and fails or leaves the filter out. As two calls,
//! `get_field(get_field(s, 'm'), 'k')`, it is left to the filter above the scan.

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::functions::core::getfield::GetFieldFunc;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess, cast, lit};
use datafusion::physical_expr::expressions::Literal;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use std::sync::Arc;

/// Gives the key that is asked for the type of a map's keys.
#[derive(Debug)]
pub(crate) struct MapKeys;

impl ExprPlanner for MapKeys {
    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let RawFieldAccessExpr { expr, field_access } = expr;
        // What has no type yet is planned, or refused, without this.
        let wanted = expr.get_type(schema).ok().and_then(|data_type| key_type(&data_type));
        let field_access = match (field_access, wanted) {
            (GetFieldAccess::ListIndex { key }, Some(wanted)) if key.get_type(schema)? != wanted => {
                let key = match *key {
                    Expr::Literal(value, _) => lit(value.cast_to(&wanted)?),
                    key => cast(key, wanted),
                };
                GetFieldAccess::ListIndex { key: Box::new(key) }
            }
            // A text, which is a name elsewhere.
            (GetFieldAccess::NamedStructField { name }, Some(wanted)) if !wanted.is_string() => {
                GetFieldAccess::ListIndex { key: Box::new(lit(name.cast_to(&wanted)?)) }
            }
            (other, _) => other,
        };
        Ok(PlannerResult::Original(RawFieldAccessExpr { expr, field_access }))
    }
}

fn key_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.first().map(|key| key.data_type().clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The rule; it must run before filters are pushed into scans.
#[derive(Debug)]
pub(crate) struct MapFields;

impl PhysicalOptimizerRule for MapFields {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(split_in_plan).data()
    }

    fn name(&self) -> &str {
        "map_fields"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn split_in_plan(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let predicate = split(Arc::clone(filter.predicate()), &filter.input().schema())?;
        if predicate.transformed {
            let filter = FilterExecBuilder::from(filter).with_predicate(predicate.data).build()?;
            return Ok(Transformed::yes(Arc::new(filter)));
        }
    } else if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let schema = projection.input().schema();
        let mut is_changed = false;
        let mut columns = Vec::with_capacity(projection.expr().len());
        for column in projection.expr() {
            let split = split(Arc::clone(&column.expr), &schema)?;
            is_changed |= split.transformed;
            columns.push(ProjectionExpr { expr: split.data, alias: column.alias.clone() });
        }
        if is_changed {
            let projection = ProjectionExec::try_new(columns, Arc::clone(projection.input()))?;
            return Ok(Transformed::yes(Arc::new(projection)));
        }
    }
    Ok(Transformed::no(plan))
}

fn split(expr: Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
    expr.transform_up(|expr| match split_call(&expr, schema)? {
        Some(split) => Ok(Transformed::yes(split)),
        None => Ok(Transformed::no(expr)),
    })
}

/// Cuts a call of `get_field` where its path comes from structs to a map.
fn split_call(expr: &Arc<dyn PhysicalExpr>, schema: &Schema) -> Result<Option<Arc<dyn PhysicalExpr>>> {
    let Some(call) = ScalarFunctionExpr::try_downcast_func::<GetFieldFunc>(expr.as_ref()) else {
        return Ok(None);
    };
    let Some((source, names)) = call.args().split_first() else { return Ok(None) };
    let Some(fields) = fields_before_map(&source.data_type(schema)?, names) else { return Ok(None) };
    let (to_map, in_map) = names.split_at(fields);
    let config = Arc::new(call.config_options().clone());
    let get = |source: &Arc<dyn PhysicalExpr>, names: &[Arc<dyn PhysicalExpr>]| {
        let args = std::iter::once(source).chain(names).cloned().collect();
        let function = Arc::new(call.fun().clone());
        let call = ScalarFunctionExpr::try_new(function, args, schema, Arc::clone(&config))?;
        Ok::<Arc<dyn PhysicalExpr>, datafusion::common::DataFusionError>(Arc::new(call))
    };
    Ok(Some(get(&get(source, to_map)?, in_map)?))
}

/// How many names lead through structs to a map, if some come after that.
fn fields_before_map(data_type: &DataType, names: &[Arc<dyn PhysicalExpr>]) -> Option<usize> {
    let mut at = data_type.clone();
    for (place, name) in names.iter().enumerate() {
        match &at {
            DataType::Map(_, _) => return (place > 0).then_some(place),
            DataType::Struct(fields) => {
                let name = name.downcast_ref::<Literal>()?.value().try_as_str().flatten()?;
                let field = fields.iter().find(|field| field.name() == name)?;
                at = field.data_type().clone();
            }
            _ => return None,
        }
    }
    None
}
