//! Rows that a statement has written and not yet committed, as a table of its own plan.

use super::listed_scan::{self, ListedColumns, ListedFile};
use super::scan::{RowChoice, together};
use super::table::engine_schema;
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::project_schema;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;
use tarn_delta::actions::Add;
use tarn_delta::schema::to_arrow;
use tarn_delta::snapshot::Snapshot;

/// New files in the columns that the table has already.
#[derive(Debug)]
pub(crate) struct WrittenRows {
    snapshot: Arc<Snapshot>,
    schema: SchemaRef,
    files: Vec<ListedFile>,
}

impl WrittenRows {
    pub(crate) fn new(snapshot: &Arc<Snapshot>, adds: &[Add]) -> Self {
        let files = adds.iter().map(|add| ListedFile {
            path: add.path.clone(),
            size_bytes: u64::try_from(add.size).unwrap_or_default(),
            modified_millis: add.modification_time,
            partition_values: add.partition_values.clone(),
            rows: RowChoice::All,
            constants: vec![],
        });
        Self {
            schema: Arc::new(engine_schema(&to_arrow(snapshot.schema()))),
            snapshot: Arc::clone(snapshot),
            files: files.collect(),
        }
    }
}

#[async_trait]
impl TableProvider for WrittenRows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = project_schema(&self.schema, projection)?;
        let columns = ListedColumns::new(&self.snapshot, &self.schema, vec![], vec![]);
        let scans = listed_scan::plan(state, &self.snapshot, &columns, self.files.clone(), &wanted).await?;
        together(scans, wanted)
    }
}
