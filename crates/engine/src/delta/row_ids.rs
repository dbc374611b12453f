//! Which row is which ("Reader Requirements for Row Tracking"): the id and the version that a row has kept while it was
//! moved, or else those that follow from its file and its place there.

use super::table::{BASE_ID_COLUMN, FILE_VERSION_COLUMN, ROW_COLUMN};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{DFSchema, Result, ToDFSchema};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, col, when};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;
use tarn_delta::row_tracking::MaterializedColumns;

/// The columns that keep ids and versions in files.
pub(super) fn fields(names: &MaterializedColumns) -> Vec<Field> {
    let field = |name: &String| Field::new(name, DataType::Int64, true);
    vec![field(&names.row_id), field(&names.row_commit_version)]
}

/// The table's columns, then id and version, out of a scan of a table [`with_row_ids`](super::DeltaTable::with_row_ids).
pub(super) fn columns(scan: &DFSchema, names: &MaterializedColumns) -> Result<Vec<Expr>> {
    let column = |name: &str| {
        let found = scan.columns().into_iter().find(|column| column.name == name);
        found.map_or_else(|| col(name), col)
    };
    let special = [
        names.row_id.as_str(),
        names.row_commit_version.as_str(),
        BASE_ID_COLUMN,
        FILE_VERSION_COLUMN,
        ROW_COLUMN,
    ];
    let mut columns: Vec<Expr> = scan
        .columns()
        .into_iter()
        .filter(|column| !special.contains(&column.name.as_str()))
        .map(col)
        .collect();
    let kept = |name: &str, otherwise: Expr| -> Result<Expr> {
        Ok(when(column(name).is_not_null(), column(name)).otherwise(otherwise)?.alias(name))
    };
    let fresh = column(BASE_ID_COLUMN) + column(ROW_COLUMN);
    columns.push(kept(&names.row_id, fresh)?);
    columns.push(kept(&names.row_commit_version, column(FILE_VERSION_COLUMN))?);
    Ok(columns)
}

/// The same over a scan that is planned already.
pub(super) fn project_physical(
    state: &SessionState,
    scan: Arc<dyn ExecutionPlan>,
    names: &MaterializedColumns,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = scan.schema().to_dfschema()?;
    let mut projected = Vec::new();
    for expr in columns(&schema, names)? {
        let name = expr.schema_name().to_string();
        projected.push((state.create_physical_expr(expr, &schema)?, name));
    }
    Ok(Arc::new(ProjectionExec::try_new(projected, scan)?))
}
