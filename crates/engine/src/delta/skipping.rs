//! Which files of a table a query must read: by partition values, by statistics, by limit.

use super::faults::in_plan;
use super::reads::PartitionFilter;
use super::scan::{Selected, SelectedFile};
use crate::filters::{is_about_partitions, unqualify};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt64Array, new_null_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, ScalarValue, Statistics, ToDFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::conjunction;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tarn_delta::files::{FileId, FileRef};
use tarn_delta::schema::{DataType as DeltaType, StructField};
use tarn_delta::snapshot::Snapshot;
use tarn_delta::stats::FileStatistics;

/// Chooses files. What is left out holds no row that passes all filters.
pub(super) async fn select(
    state: &dyn Session,
    snapshot: &Snapshot,
    schema: &SchemaRef,
    filters: &[Expr],
    limit: Option<usize>,
    only: Option<&Vec<FileId>>,
) -> Result<Selected> {
    let files: Vec<FileRef<'_>> = snapshot.files().iter().collect();
    let partitions = Partitions::read(snapshot, schema)?;
    let mut keep = vec![true; files.len()];
    if let Some(only) = only {
        let only: HashSet<FileId> = only.iter().copied().collect();
        for (keep, file) in keep.iter_mut().zip(&files) {
            *keep = only.contains(&file.id());
        }
    }

    let df_schema: DFSchema = Arc::clone(schema).to_dfschema()?;
    let mut inexact: Vec<Arc<dyn PhysicalExpr>> = Vec::new();
    let mut conditions: Vec<Arc<dyn PhysicalExpr>> = Vec::new();
    for filter in filters {
        if is_about_partitions(filter, |name| partitions.columns.contains_key(name)) {
            conditions.push(partitions.keep_matching(state, filter, &mut keep)?);
        } else {
            inexact.push(state.create_physical_expr(unqualify(filter.clone())?, &df_schema)?);
        }
    }

    // Statistics stay in the checkpoint until a filter or a count asks for them.
    let wanted = stats_columns(snapshot, &inexact, &partitions);
    let paths: Vec<Vec<String>> = wanted.iter().map(|field| vec![field.name.clone()]).collect();
    let statistics = snapshot.statistics(&paths).await.map_err(in_plan)?;
    if !inexact.is_empty() && !files.is_empty() {
        let pruning = FilePruning::new(schema, &wanted, &statistics, &partitions, files.len())?;
        let predicate = conjunction(inexact.iter().cloned());
        // A predicate that says nothing about bounds keeps every file.
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
        if let Some(predicate) = builder.build(predicate)
            && let Ok(may_match) = predicate.prune(&pruning)
        {
            for (keep, may_match) in keep.iter_mut().zip(may_match) {
                *keep &= may_match;
            }
        }
    }

    let mut selected = Selected {
        files: Vec::new(),
        is_cut: !inexact.is_empty(),
        projected_statistics: Statistics::new_unknown(schema),
        partition_filter: (!conditions.is_empty()).then(|| PartitionFilter {
            conditions,
            schema: Arc::clone(&partitions.schema),
            columns: partitions.in_log.clone(),
        }),
    };
    let mut rows_so_far = Some(0u64);
    for (number, file) in files.iter().enumerate() {
        if !keep[number] {
            continue;
        }
        let rows = statistics.num_records.is_valid(number).then(|| statistics.num_records.value(number));
        let rows = rows.and_then(|rows| u64::try_from(rows).ok());
        let vector = file.deletion_vector();
        let deleted = vector.as_ref().map_or(0, |vector| u64::try_from(vector.cardinality).unwrap_or(0));
        let live_rows = rows.and_then(|rows| rows.checked_sub(deleted));
        selected.files.push(SelectedFile {
            id: file.id(),
            number,
            path: file.path().to_owned(),
            size_bytes: file.size_bytes(),
            modification_time_millis: file.modification_time_millis(),
            partition_values: partitions.values_of(number)?,
            deletion_vector: vector,
            rows,
            live_rows,
        });
        rows_so_far = rows_so_far.zip(live_rows).map(|(sum, rows)| sum + rows);
        // Without a filter any rows will do.
        if let (Some(limit), Some(rows), true) = (limit, rows_so_far, filters.is_empty())
            && rows >= limit as u64
        {
            selected.is_cut = true;
            break;
        }
    }
    Ok(selected)
}

/// The columns of the filters of which files have statistics.
fn stats_columns(
    snapshot: &Snapshot,
    filters: &[Arc<dyn PhysicalExpr>],
    partitions: &Partitions,
) -> Vec<StructField> {
    let mut columns = BTreeMap::new();
    for column in filters.iter().flat_map(collect_columns) {
        let is_leaf = |field: &&StructField| {
            !matches!(
                field.data_type,
                DeltaType::Struct(_)
                    | DeltaType::Array(_)
                    | DeltaType::Map(_)
                    | DeltaType::Variant
                    | DeltaType::Void
            )
        };
        let field = snapshot.schema().fields.iter().find(|field| field.name == column.name()).filter(is_leaf);
        if let Some(field) = field
            && !partitions.columns.contains_key(column.name())
        {
            columns.insert(field.name.clone(), field.clone());
        }
    }
    columns.into_values().collect()
}

/// The partition values of all files, a column each, in the types of the query.
struct Partitions {
    /// In the order of the table's partition columns.
    names: Vec<String>,
    columns: HashMap<String, ArrayRef>,
    schema: SchemaRef,
    /// Physical names and types.
    in_log: Vec<(String, DeltaType)>,
}

impl Partitions {
    fn read(snapshot: &Snapshot, schema: &SchemaRef) -> Result<Self> {
        let mut names = Vec::new();
        let mut fields = Vec::new();
        let mut columns = HashMap::new();
        let mut in_log = Vec::new();
        for name in &snapshot.metadata().partition_columns {
            let field = snapshot.schema().field(name).ok_or_else(|| {
                in_plan(tarn_delta::Error::damaged(
                    "_delta_log",
                    format!(
                        "the partition column {name} is not in the schema of version {}",
                        snapshot.version()
                    ),
                ))
            })?;
            let physical = field.physical_name(snapshot.column_mapping());
            let array = snapshot.partition_values(field).map_err(in_plan)?;
            let arrow = schema.field_with_name(&field.name)?;
            columns.insert(field.name.clone(), cast(&array, arrow.data_type())?);
            fields.push(Field::new(&field.name, arrow.data_type().clone(), true));
            names.push(field.name.clone());
            in_log.push((physical.to_owned(), field.data_type.clone()));
        }
        Ok(Self { names, columns, schema: Arc::new(Schema::new(fields)), in_log })
    }

    /// Keeps the files whose values pass a filter over partition columns alone.
    fn keep_matching(
        &self,
        state: &dyn Session,
        filter: &Expr,
        keep: &mut [bool],
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let df_schema: DFSchema = Arc::clone(&self.schema).to_dfschema()?;
        let physical = state.create_physical_expr(unqualify(filter.clone())?, &df_schema)?;
        let columns = self.names.iter().filter_map(|name| self.columns.get(name).cloned()).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        let passes = physical.evaluate(&batch)?.into_array(batch.num_rows())?;
        let passes: &BooleanArray = passes.as_boolean_opt().ok_or_else(|| {
            datafusion::common::DataFusionError::Internal(format!("the filter {filter} is not a boolean"))
        })?;
        for (row, keep) in keep.iter_mut().enumerate() {
            *keep &= passes.is_valid(row) && passes.value(row);
        }
        Ok(physical)
    }

    fn values_of(&self, number: usize) -> Result<Vec<ScalarValue>> {
        let columns = self.names.iter().filter_map(|name| self.columns.get(name));
        columns.map(|column| ScalarValue::try_from_array(column, number)).collect()
    }
}

/// What is known of each file, for DataFusion's pruning.
struct FilePruning {
    bounds: HashMap<String, (ArrayRef, ArrayRef, ArrayRef)>,
    row_counts: ArrayRef,
    count: usize,
}

impl FilePruning {
    fn new(
        schema: &SchemaRef,
        wanted: &[StructField],
        statistics: &FileStatistics,
        partitions: &Partitions,
        count: usize,
    ) -> Result<Self> {
        let mut bounds = HashMap::new();
        for (field, column) in wanted.iter().zip(&statistics.columns) {
            let to = schema.field_with_name(&field.name)?.data_type();
            let min = cast(&column.min, to)?;
            // Writers leave NaN out of bounds, and it is larger than all numbers.
            let max = match to.is_floating() {
                true => new_null_array(to, column.max.len()),
                false => cast(&column.max, to)?,
            };
            bounds.insert(field.name.clone(), (min, max, unsigned(&column.null_count)));
        }
        for (name, values) in &partitions.columns {
            let nulls = (0..values.len()).map(|row| match values.is_null(row) {
                true => statistics.num_records.is_valid(row).then(|| statistics.num_records.value(row)),
                false => Some(0),
            });
            let nulls: Int64Array = nulls.collect();
            bounds.insert(name.clone(), (Arc::clone(values), Arc::clone(values), unsigned(&nulls)));
        }
        Ok(Self { bounds, row_counts: unsigned(&statistics.num_records), count })
    }
}

/// Counts as DataFusion has them; a negative one says nothing.
fn unsigned(counts: &Int64Array) -> ArrayRef {
    let counts: UInt64Array = counts.iter().map(|count| count.and_then(|c| u64::try_from(c).ok())).collect();
    Arc::new(counts)
}

impl PruningStatistics for FilePruning {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds.get(&column.name).map(|(min, _, _)| Arc::clone(min))
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds.get(&column.name).map(|(_, max, _)| Arc::clone(max))
    }

    fn num_containers(&self) -> usize {
        self.count
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds.get(&column.name).map(|(_, _, nulls)| Arc::clone(nulls))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::clone(&self.row_counts))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
