//! The tables of TPC-H as a table function: `tpch('lineitem', 0.1)`, rows that are made as they are asked for.
//!
//! The data is that of the benchmark's own generator: <https://www.tpc.org/tpch/>, by the crate tpchgen. Its comments are cut
//! out of a text of 300 MB, which is made at the first call and kept.

use crate::{Error, ErrorKind, Result, names};
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, project_schema};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream;
use std::sync::Arc;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow,
    SupplierArrow,
};

/// The function.
pub(crate) const FUNCTION: &str = "tpch";
/// Scales beyond this are for machines that do not run a tab.
const MAX_SCALE: f64 = 1000.0;
/// From so many orders on, the rows are made in parts, side by side.
const PARTS_FROM_SCALE: f64 = 0.01;

/// One of the eight tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Customer,
    LineItem,
    Nation,
    Orders,
    Part,
    PartSupp,
    Region,
    Supplier,
}

const TABLES: &[(&str, Table)] = &[
    ("customer", Table::Customer),
    ("lineitem", Table::LineItem),
    ("nation", Table::Nation),
    ("orders", Table::Orders),
    ("part", Table::Part),
    ("partsupp", Table::PartSupp),
    ("region", Table::Region),
    ("supplier", Table::Supplier),
];

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

impl Table {
    fn schema(self) -> SchemaRef {
        match self {
            Self::Customer => CustomerArrow::schema_ref(),
            Self::LineItem => LineItemArrow::schema_ref(),
            Self::Nation => NationArrow::schema_ref(),
            Self::Orders => OrderArrow::schema_ref(),
            Self::Part => PartArrow::schema_ref(),
            Self::PartSupp => PartSuppArrow::schema_ref(),
            Self::Region => RegionArrow::schema_ref(),
            Self::Supplier => SupplierArrow::schema_ref(),
        }
    }

    /// The rows of a part, counted from 1.
    fn rows(self, scale: f64, part: i32, parts: i32) -> Batches {
        match self {
            Self::Customer => Box::new(CustomerArrow::new(CustomerGenerator::new(scale, part, parts))),
            Self::LineItem => Box::new(LineItemArrow::new(LineItemGenerator::new(scale, part, parts))),
            Self::Nation => Box::new(NationArrow::new(NationGenerator::new(scale, part, parts))),
            Self::Orders => Box::new(OrderArrow::new(OrderGenerator::new(scale, part, parts))),
            Self::Part => Box::new(PartArrow::new(PartGenerator::new(scale, part, parts))),
            Self::PartSupp => Box::new(PartSuppArrow::new(PartSuppGenerator::new(scale, part, parts))),
            Self::Region => Box::new(RegionArrow::new(RegionGenerator::new(scale, part, parts))),
            Self::Supplier => Box::new(SupplierArrow::new(SupplierGenerator::new(scale, part, parts))),
        }
    }

    /// Nations and regions are the same at every scale, and have no parts.
    fn parts(self, scale: f64, partitions: usize) -> i32 {
        let is_fixed = matches!(self, Self::Nation | Self::Region);
        if is_fixed || scale < PARTS_FROM_SCALE { 1 } else { i32::try_from(partitions).unwrap_or(1).max(1) }
    }
}

/// A table at a scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TpchTable {
    table: Table,
    scale: f64,
}

impl TpchTable {
    /// The table of a call.
    ///
    /// # Errors
    /// When there is no such table, or no such scale.
    pub(crate) fn new(name: &str, scale: f64) -> Result<Self> {
        let found = TABLES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, table)) = found else {
            let known = || TABLES.iter().map(|(known, _)| *known);
            let error =
                Error::new(ErrorKind::NotFound, format!("TPC-H has no table {}", names::quoted(name)));
            return Err(match names::nearest(name, known()) {
                Some(near) => error.hint(format!("Did you mean {near}?")),
                None => error.hint(format!("Its tables are {}", names::listed(known()))),
            });
        };
        if !(scale > 0.0 && scale <= MAX_SCALE) {
            return Err(Error::new(ErrorKind::Invalid, format!("{scale} is no scale of TPC-H"))
                .hint(format!("Scales are above 0 and at most {MAX_SCALE}; 1 is a gigabyte of text")));
        }
        Ok(Self { table: *table, scale })
    }
}

#[async_trait]
impl TableProvider for TpchTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let whole = self.table.schema();
        let schema = project_schema(&whole, projection)?;
        let parts = self.table.parts(self.scale, state.config_options().execution.target_partitions);
        let columns = projection.cloned().unwrap_or_else(|| (0..whole.fields().len()).collect());
        let part = |part| -> Arc<dyn PartitionStream> {
            Arc::new(Part { of: *self, part, parts, columns: columns.clone(), schema: Arc::clone(&schema) })
        };
        let parts: Vec<Arc<dyn PartitionStream>> = (1..=parts).map(part).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, parts, None, [], false, limit)?))
    }
}

/// A part of a table's rows, in some of the columns.
#[derive(Debug)]
struct Part {
    of: TpchTable,
    part: i32,
    parts: i32,
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let columns = self.columns.clone();
        let rows = self.of.table.rows(self.of.scale, self.part, self.parts);
        let rows = rows.map(move |batch| Ok(batch?.project(&columns)?));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::iter(rows)))
    }
}
