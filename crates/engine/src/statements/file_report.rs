//! What rewriting files came to: the answer of OPTIMIZE and REORG as Databricks has it, and the metrics in the log as Spark
//! writes them.

use super::nested_row::{Cell, row};
use crate::Result;
use crate::delta::rewrite::Rewritten;
use datafusion::arrow::array::RecordBatch;
use std::collections::{BTreeMap, BTreeSet};
use tarn_delta::actions::PartitionValues;
use tarn_delta::snapshot::Snapshot;

/// What was done beside rewriting.
#[derive(Debug, Clone, Default)]
pub(super) struct FileReport {
    /// Files that were looked at.
    pub(super) considered: u64,
    /// Bins.
    pub(super) batches: u64,
    pub(super) started_millis: i64,
    /// How rows were put in order.
    pub(super) order: Option<OrderReport>,
}

/// Files by whether they had been in order before.
#[derive(Debug, Clone, Default)]
pub(super) struct OrderReport {
    pub(super) strategy: &'static str,
    pub(super) in_cubes: SizeCount,
    pub(super) others: SizeCount,
    pub(super) input_cubes: u64,
    pub(super) output_cubes: u64,
}

/// A number of files and their bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SizeCount {
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl SizeCount {
    pub(super) fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn cell(self) -> Cell {
        Cell::Struct(vec![("num", Cell::long(self.count)), ("size", Cell::long(self.bytes))])
    }
}

impl FileReport {
    /// The row `path`, `metrics`.
    pub(super) fn answer(&self, snapshot: &Snapshot, rewritten: &Rewritten) -> Result<RecordBatch> {
        let sizes = Sizes::of(rewritten);
        let touched: BTreeSet<Option<&PartitionValues>> =
            rewritten.removes.iter().map(|remove| remove.partition_values.as_ref()).collect();
        let is_partitioned = !snapshot.metadata().partition_columns.is_empty();
        let removed = sizes.removed.len() as u64;
        let vectors = rewritten.removes.iter().filter_map(|remove| remove.deletion_vector.as_ref());
        let (mut num_vectors, mut vector_rows) = (0u64, 0u64);
        for vector in vectors {
            num_vectors += 1;
            vector_rows = vector_rows.saturating_add(u64::try_from(vector.cardinality).unwrap_or(0));
        }
        let millis = |millis: i64| Cell::Long(u64::try_from(millis).ok());
        let metrics = vec![
            ("numFilesAdded", Cell::long(sizes.added.len() as u64)),
            ("numFilesRemoved", Cell::long(removed)),
            ("filesAdded", file_sizes(&sizes.added)),
            ("filesRemoved", file_sizes(&sizes.removed)),
            ("partitionsOptimized", Cell::long(if is_partitioned { touched.len() as u64 } else { 0 })),
            ("zOrderStats", self.order_cell()),
            ("numBatches", Cell::long(self.batches)),
            ("totalConsideredFiles", Cell::long(self.considered)),
            ("totalFilesSkipped", Cell::long(self.considered.saturating_sub(removed))),
            ("preserveInsertionOrder", Cell::Boolean(self.order.is_none())),
            ("numFilesSkippedToReduceWriteAmplification", Cell::long(0)),
            ("numBytesSkippedToReduceWriteAmplification", Cell::long(0)),
            ("startTimeMs", millis(self.started_millis)),
            ("endTimeMs", millis(tarn_platform::unix_millis())),
            (
                "deletionVectorStats",
                Cell::Struct(vec![
                    ("numDeletionVectorsRemoved", Cell::long(num_vectors)),
                    ("numDeletionVectorRowsRemoved", Cell::long(vector_rows)),
                ]),
            ),
            ("numTableColumns", Cell::long(snapshot.schema().fields.len() as u64)),
        ];
        let path = snapshot.table().url.to_string();
        row(vec![("path", Cell::Text(Some(path))), ("metrics", Cell::Struct(metrics))])
    }

    fn order_cell(&self) -> Cell {
        let known = self.order.is_some();
        let order = self.order.clone().unwrap_or_default();
        let count = |value: u64| Cell::Long(known.then_some(value));
        let files = |files: SizeCount| match known {
            true => files.cell(),
            false => Cell::Struct(vec![("num", Cell::Long(None)), ("size", Cell::Long(None))]),
        };
        let merged = SizeCount {
            count: order.in_cubes.count + order.others.count,
            bytes: order.in_cubes.bytes.saturating_add(order.others.bytes),
        };
        Cell::Struct(vec![
            ("strategyName", Cell::Text(known.then(|| order.strategy.to_owned()))),
            ("inputCubeFiles", files(order.in_cubes)),
            ("inputOtherFiles", files(order.others)),
            ("inputNumCubes", count(order.input_cubes)),
            ("mergedFiles", files(merged)),
            ("numOutputCubes", count(order.output_cubes)),
            ("mergedNumCubes", count(order.input_cubes)),
        ])
    }
}

/// The metrics of the commit.
pub(super) fn operation_metrics(rewritten: &Rewritten) -> BTreeMap<String, String> {
    let mut sizes = Sizes::of(rewritten);
    sizes.added.sort_unstable();
    let quantile = |part: usize| {
        let place = sizes.added.len().saturating_sub(1) * part / 4;
        sizes.added.get(place).copied().unwrap_or(0)
    };
    let vectors = rewritten.removes.iter().filter(|remove| remove.deletion_vector.is_some()).count();
    [
        ("numAddedFiles", sizes.added.len() as u64),
        ("numRemovedFiles", sizes.removed.len() as u64),
        ("numAddedBytes", sizes.added.iter().sum()),
        ("numRemovedBytes", sizes.removed.iter().sum()),
        ("minFileSize", quantile(0)),
        ("p25FileSize", quantile(1)),
        ("p50FileSize", quantile(2)),
        ("p75FileSize", quantile(3)),
        ("maxFileSize", quantile(4)),
        ("numDeletionVectorsRemoved", vectors as u64),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_string()))
    .collect()
}

struct Sizes {
    added: Vec<u64>,
    removed: Vec<u64>,
}

impl Sizes {
    fn of(rewritten: &Rewritten) -> Self {
        let bytes = |size: i64| u64::try_from(size).unwrap_or(0);
        Self {
            added: rewritten.adds.iter().map(|add| bytes(add.size)).collect(),
            removed: rewritten.removes.iter().map(|remove| bytes(remove.size.unwrap_or(0))).collect(),
        }
    }
}

fn file_sizes(sizes: &[u64]) -> Cell {
    let total: u64 = sizes.iter().sum();
    let average = (!sizes.is_empty()).then(|| total as f64 / sizes.len() as f64);
    Cell::Struct(vec![
        ("min", Cell::Long(sizes.iter().min().copied())),
        ("max", Cell::Long(sizes.iter().max().copied())),
        ("avg", Cell::Double(average)),
        ("totalFiles", Cell::long(sizes.len() as u64)),
        ("totalSize", Cell::long(total)),
    ])
}
