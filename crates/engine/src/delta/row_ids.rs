//! Which row is which ("Reader Requirements for Row Tracking"): the id and the version that a row has kept while it was
//! moved, or else those that follow from its file and its place there.

use super::table::{BASE_ID_COLUMN, FILE_VERSION_COLUMN, ROW_COLUMN};
use crate::syntax;
use datafusion::arrow::array::{ArrayRef, RecordBatch, new_null_array};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{Column, DFSchema, Result, ToDFSchema};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, col, when};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::sql::sqlparser::ast::{self, BinaryOperator, Ident};
use std::sync::Arc;
use tarn_delta::row_tracking::MaterializedColumns;

/// The column with the ids of rows that are changed, in plans of changes. Rows that are new have none.
pub(crate) const ROW_ID_COLUMN: &str = "__tarn_row_id";

/// The columns that keep ids and versions in files.
pub(super) fn fields(names: &MaterializedColumns) -> Vec<Field> {
    let field = |name: &String| Field::new(name, DataType::Int64, true);
    vec![field(&names.row_id), field(&names.row_commit_version)]
}

/// The table's columns, then id and version, out of a scan of a table [`with_row_ids`](super::DeltaTable::with_row_ids).
pub(super) fn columns(scan: &DFSchema, names: &MaterializedColumns) -> Result<Vec<Expr>> {
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
    columns.push(id(scan, names)?.alias(&names.row_id));
    columns.push(commit_version(scan, names)?.alias(&names.row_commit_version));
    Ok(columns)
}

/// A row's id.
pub(super) fn id(scan: &DFSchema, names: &MaterializedColumns) -> Result<Expr> {
    let fresh = column(scan, BASE_ID_COLUMN) + column(scan, ROW_COLUMN);
    kept_or(column(scan, &names.row_id), fresh)
}

/// The version that wrote a row.
pub(super) fn commit_version(scan: &DFSchema, names: &MaterializedColumns) -> Result<Expr> {
    kept_or(column(scan, &names.row_commit_version), column(scan, FILE_VERSION_COLUMN))
}

fn kept_or(kept: Expr, otherwise: Expr) -> Result<Expr> {
    when(kept.clone().is_not_null(), kept).otherwise(otherwise)
}

fn column(scan: &DFSchema, name: &str) -> Expr {
    let found = scan.columns().into_iter().find(|column| column.name == name);
    col(found.unwrap_or_else(|| Column::from_name(name)))
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

/// The id of a row of the table that a statement calls `table`; null where there is no such row.
pub(super) fn id_in(table: &Ident, names: &MaterializedColumns) -> ast::Expr {
    let column = |name: &str| syntax::column(table, name);
    let fresh = ast::Expr::BinaryOp {
        left: Box::new(column(BASE_ID_COLUMN)),
        op: BinaryOperator::Plus,
        right: Box::new(column(ROW_COLUMN)),
    };
    let kept = column(&names.row_id);
    syntax::case(vec![(syntax::is_not_null(kept.clone()), kept)], Some(fresh))
}

/// Changed and new rows with their ids, as files have them: a change is a new version of the row, so no version is kept,
/// and rows without an id get the one of their place.
pub(super) fn with_ids(
    rows: &RecordBatch,
    ids: Option<ArrayRef>,
    names: &MaterializedColumns,
) -> Result<RecordBatch> {
    let none = new_null_array(&DataType::Int64, rows.num_rows());
    let schema = rows.schema();
    let fields = schema.fields().iter().cloned().chain(fields(names).into_iter().map(Arc::new));
    let mut columns = rows.columns().to_vec();
    columns.extend([ids.unwrap_or_else(|| Arc::clone(&none)), none]);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)?)
}
