//! A Delta table with one column more, as Databricks has it under the name `_metadata`: which file a row is in, and which
//! row it is.

use super::row_ids;
use super::table::{BASE_ID_COLUMN, DeltaTable, FILE_FACTS, FILE_VERSION_COLUMN, ROW_COLUMN};
use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, DFSchema, Result, ToDFSchema};
use datafusion::functions::core::expr_fn::named_struct;
use datafusion::logical_expr::{
    Expr, ExprSchemable, TableProviderFilterPushDown, TableType, col, ident, lit,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// The table.
#[derive(Debug)]
pub(crate) struct DescribedTable {
    plain: DeltaTable,
    /// The same, with what the column is made of after the other columns, where it is not among them.
    detailed: DeltaTable,
    /// What the column is called.
    name: String,
    schema: SchemaRef,
}

impl DescribedTable {
    /// A table, and what its new column is called.
    pub(crate) fn new(table: &DeltaTable, name: &str) -> Result<Self> {
        let plain = table.clone();
        // The target of a statement says where its rows are already.
        let placed = if table.has_places { table.clone() } else { table.clone().for_changes() };
        let detailed = placed.with_file_facts();
        let scan = detailed.schema().to_dfschema()?;
        let made = details(&detailed, &scan)?;
        let field = Field::new(name, made.get_type(&scan)?, made.nullable(&scan)?);
        let mut fields: Vec<FieldRef> = plain.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(field));
        Ok(Self { plain, detailed, name: name.to_owned(), schema: Arc::new(Schema::new(fields)) })
    }

    /// The fields of the column.
    pub(crate) fn fields(&self) -> Vec<String> {
        match self.schema.fields().last().map(|field| field.data_type()) {
            Some(DataType::Struct(fields)) => fields.iter().map(|field| field.name().clone()).collect(),
            _ => vec![],
        }
    }
}

/// The column, out of a scan of the detailed table.
fn details(table: &DeltaTable, scan: &DFSchema) -> Result<Expr> {
    let [path, name, size, time] = FILE_FACTS;
    let mut parts = vec![
        ("file_path", ident(path)),
        ("file_name", ident(name)),
        ("file_size", ident(size)),
        ("file_modification_time", ident(time)),
        ("row_index", ident(ROW_COLUMN)),
    ];
    if let Some(names) = &table.row_ids {
        parts.push(("row_id", row_ids::id(scan, names)?));
        parts.push(("base_row_id", ident(BASE_ID_COLUMN)));
        parts.push(("default_row_commit_version", ident(FILE_VERSION_COLUMN)));
        parts.push(("row_commit_version", row_ids::commit_version(scan, names)?));
    }
    Ok(named_struct(parts.into_iter().flat_map(|(name, value)| [lit(name), value]).collect()))
}

#[async_trait]
impl TableProvider for DescribedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let mut support = self.plain.supports_filters_pushdown(filters)?;
        for (filter, support) in filters.iter().zip(&mut support) {
            if filter.column_refs().iter().any(|column| column.name == self.name) {
                *support = TableProviderFilterPushDown::Unsupported;
            }
        }
        Ok(support)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let own = self.plain.schema().fields().len();
        let wanted = projection.cloned().unwrap_or_else(|| (0..=own).collect());
        if !wanted.contains(&own) {
            return self.plain.scan(state, Some(&wanted), filters, limit).await;
        }
        let mut scanned: Vec<usize> = wanted.iter().copied().filter(|column| *column != own).collect();
        let detailed = self.detailed.schema();
        let made_of = details(&self.detailed, &Arc::clone(&detailed).to_dfschema()?)?;
        for column in made_of.column_refs() {
            let column = detailed.index_of(&column.name)?;
            if !scanned.contains(&column) {
                scanned.push(column);
            }
        }
        let scan = self.detailed.scan(state, Some(&scanned), filters, limit).await?;
        let schema = scan.schema().to_dfschema()?;
        let mut projected = Vec::with_capacity(wanted.len());
        for column in wanted {
            let name = self.schema.field(column).name().clone();
            let value = match column == own {
                true => details(&self.detailed, &schema)?,
                false => col(Column::from_name(name.clone())),
            };
            projected.push((state.create_physical_expr(value, &schema)?, name));
        }
        Ok(Arc::new(ProjectionExec::try_new(projected, scan)?))
    }
}
