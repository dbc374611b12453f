//! Writes the rows of chosen files anew (OPTIMIZE, REORG): the table's rows stay what they are.

use super::curve::Curve;
use super::row_ids;
use super::scan::{self, Selected, SelectedFile};
use super::table::DeltaTable;
use crate::session::Run;
use crate::{Error, ErrorKind, Result};
use datafusion::catalog::TableProvider;
use datafusion::common::Statistics;
use datafusion::datasource::provider_as_source;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlanBuilder, col};
use datafusion::physical_plan::ExecutionPlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use tarn_delta::actions::{Add, PartitionValues, Remove};
use tarn_delta::files::FileId;
use tarn_delta::row_tracking::MaterializedColumns;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::write::{DataWriter, WritePlan, remove_files};

/// Files whose rows become new files together.
pub(crate) struct Bin {
    pub(crate) files: Vec<SelectedFile>,
    /// Columns by which the rows are put in order; empty keeps them as they are.
    pub(crate) cluster_by: Vec<Vec<String>>,
    /// Marks of the new files.
    pub(crate) marks: Marks,
}

/// What new files say of how they were made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    pub(crate) tags: Option<BTreeMap<String, Option<String>>>,
    pub(crate) clustering_provider: Option<String>,
    pub(crate) is_hilbert: bool,
}

/// What was rewritten, not yet committed.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) adds: Vec<Add>,
    pub(crate) removes: Vec<Remove>,
}

impl Rewritten {
    /// Makes the files part of a transaction.
    pub(crate) fn transaction(&self, snapshot: &Arc<Snapshot>, operation: Operation) -> Transaction {
        let mut transaction = Transaction::new(Arc::clone(snapshot), operation);
        for remove in &self.removes {
            transaction.read_file(&remove.path);
            transaction.remove(remove.clone());
        }
        self.adds.iter().for_each(|add| transaction.add(add.clone()));
        transaction
    }

    /// The new files' paths.
    pub(crate) fn new_files(&self) -> Vec<String> {
        self.adds.iter().map(|add| add.path.clone()).collect()
    }
}

/// Rewrites bin after bin, so that no more than one is open.
///
/// # Errors
/// What scans and stores fail with. Nothing is left behind then.
pub(crate) async fn rewrite(
    run: &Run<'_>,
    snapshot: &Arc<Snapshot>,
    bins: Vec<Bin>,
    target_bytes: u64,
) -> Result<Rewritten> {
    let hidden = MaterializedColumns::of(snapshot.metadata());
    let mut plan = WritePlan::of(snapshot)?;
    plan.data_change = false;
    let mut table = DeltaTable::new(Arc::clone(snapshot));
    if let Some(hidden) = &hidden {
        table = table.with_row_ids(hidden);
        plan.extra_fields = row_ids::fields(hidden);
    }
    let mut rewritten = Rewritten::default();
    for bin in bins {
        let of_bin = BinWriter { run, table: &table, plan: plan.clone() }.write(bin, target_bytes).await;
        match of_bin {
            Ok((adds, removes)) => {
                rewritten.adds.extend(adds);
                rewritten.removes.extend(removes);
            }
            Err(error) => {
                let orphans = rewritten.new_files();
                remove_files(snapshot.table(), orphans.iter().map(String::as_str)).await;
                return Err(error);
            }
        }
    }
    Ok(rewritten)
}

struct BinWriter<'a> {
    run: &'a Run<'a>,
    table: &'a DeltaTable,
    plan: WritePlan,
}

impl BinWriter<'_> {
    async fn write(mut self, bin: Bin, target_bytes: u64) -> Result<(Vec<Add>, Vec<Remove>)> {
        let now = tarn_platform::unix_millis();
        let bytes: u64 = bin.files.iter().map(|file| file.size_bytes).sum();
        // A bin is meant to be one file: what is a little more than a file's size is no reason for a second, tiny one.
        self.plan.target_file_size_bytes = match bytes <= target_bytes {
            true => target_bytes.saturating_mul(2).min(1 << 31),
            false => target_bytes.min(1 << 31),
        };
        let mut removes = Vec::with_capacity(bin.files.len());
        for file in &bin.files {
            let known = self.table.snapshot.files().get(file.id);
            let known =
                known.ok_or_else(|| Error::new(ErrorKind::Internal, "A file is none of the table's"))?;
            removes.push(known.to_add().to_remove(now, false));
        }
        let plan = match bin.cluster_by.is_empty() {
            true => self.in_order(bin.files).await?,
            false => self.along_curve(&bin.files, &bin.cluster_by, bin.marks.is_hilbert).await?,
        };
        let mut adds = self.drain(plan).await?;
        for add in &mut adds {
            add.tags.clone_from(&bin.marks.tags);
            add.clustering_provider.clone_from(&bin.marks.clustering_provider);
        }
        Ok((adds, removes))
    }

    /// The rows as they lie in the files, file after file.
    async fn in_order(&self, files: Vec<SelectedFile>) -> Result<Arc<dyn ExecutionPlan>> {
        let selected = Selected {
            files,
            is_cut: false,
            projected_statistics: Statistics::new_unknown(&self.table.schema()),
            partition_filter: None,
        };
        let state = in_one_partition(self.run);
        let mut plan = scan::plan(self.table, &state, selected, None, None).await?;
        if let Some(hidden) = &self.table.row_ids {
            plan = row_ids::project_physical(&state, plan, hidden)?;
        }
        self.run.metered(plan)
    }

    /// The rows in the order of a curve through the values of some columns.
    async fn along_curve(
        &self,
        files: &[SelectedFile],
        columns: &[Vec<String>],
        is_hilbert: bool,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let ids: Vec<FileId> = files.iter().map(|file| file.id).collect();
        let table = Arc::new(self.table.clone().with_only(ids, None));
        let scan = LogicalPlanBuilder::scan("t", provider_as_source(table), None)?.build()?;
        let curve = Curve::through(self.run, &scan, columns, is_hilbert).await?;
        let columns = match &self.table.row_ids {
            Some(hidden) => row_ids::columns(scan.schema(), hidden)?,
            None => scan.schema().columns().into_iter().map(col).collect(),
        };
        let sorted =
            LogicalPlanBuilder::from(scan).sort(vec![curve.sort_key()])?.project(columns)?.build()?;
        self.run.physical(&sorted).await
    }

    async fn drain(self, plan: Arc<dyn ExecutionPlan>) -> Result<Vec<Add>> {
        let run = self.run;
        let mut writer = DataWriter::new(self.plan);
        let drained = async {
            let mut batches = run.batches(plan).await?;
            while let Some(batch) = batches.next().await? {
                writer.write(batch).await?;
            }
            Ok::<(), Error>(())
        };
        match drained.await {
            Ok(()) => Ok(writer.finish().await?),
            Err(error) => {
                writer.abort().await;
                Err(error)
            }
        }
    }
}

/// Settings with which a scan keeps the order of its files.
fn in_one_partition(run: &Run<'_>) -> SessionState {
    let mut state = run.state().clone();
    state.config_mut().options_mut().execution.target_partitions = 1;
    state
}

/// The files by their partitions, each in the order of the table's list.
pub(crate) fn by_partition(
    snapshot: &Snapshot,
    files: Vec<SelectedFile>,
) -> BTreeMap<PartitionValues, Vec<SelectedFile>> {
    let mut partitions: BTreeMap<PartitionValues, Vec<SelectedFile>> = BTreeMap::new();
    for file in files {
        let known = snapshot.files().get(file.id);
        let values = known.map(|known| snapshot.partition_values_of(&known)).unwrap_or_default();
        partitions.entry(values).or_default().push(file);
    }
    partitions
}
