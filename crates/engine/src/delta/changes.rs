//! The one way in which UPDATE, DELETE and MERGE change a table: a plan says for each row what happens to it and where it
//! is; new rows are written, and old ones deleted by deletion vectors, or by copying the rest of their files.

use super::commit::{abort, finish, in_columns, with_change_type};
use super::evolve::{Evolved, Shape};
use super::identity::Identities;
use super::row_ids::{self, ROW_ID_COLUMN};
use super::rules::TableRules;
use super::scan::LeftOut;
use super::table::{DeltaTable, FILE_COLUMN, ROW_COLUMN};
use crate::session::Run;
use crate::{Error, ErrorKind, Result};
use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{filter, filter_record_batch};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::physical_plan::ExecutionPlan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tarn_delta::actions::{Add, AddCdcFile, Metadata, Remove};
use tarn_delta::deletion_vector::{DeletionVector, relative_file, write_deletion_vectors};
use tarn_delta::files::{FileId, FileRef};
use tarn_delta::properties::TableProperties;
use tarn_delta::row_tracking::MaterializedColumns;
use tarn_delta::write::{DataWriter, WritePlan, remove_files};

/// The column that says what happens to a row.
pub(crate) const ACTION_COLUMN: &str = "__tarn_action";
/// Nothing happens.
pub(crate) const KEEP: i64 = 0;
/// The row is replaced by the new values.
pub(crate) const UPDATE: i64 = 1;
/// The row goes.
pub(crate) const DELETE: i64 = 2;
/// The new values are a new row.
pub(crate) const INSERT: i64 = 3;
/// The prefix of the columns with a row's old values, where the change feed asks for them.
pub(crate) const OLD_PREFIX: &str = "__tarn_old_";

/// How rows are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeOptions {
    /// Whether one row may be deleted by several source rows: where nothing else happens to matched rows, all agree.
    pub(crate) may_delete_twice: bool,
}

/// What became of it: actions for the log, and counts of rows.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) adds: Vec<Add>,
    pub(crate) removes: Vec<Remove>,
    pub(crate) change_files: Vec<AddCdcFile>,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
    pub(crate) inserted: u64,
    pub(crate) copied: u64,
    /// Files with rows that were changed or deleted.
    pub(crate) touched_files: u64,
    /// Deletion vectors that were written.
    pub(crate) vectors: u64,
    /// What the table's metadata becomes in the same commit, where identity columns gave values.
    pub(crate) metadata: Option<Metadata>,
}

impl Outcome {
    /// Spark's metrics: counts of rows, and what became of files.
    pub(crate) fn metrics(&self, rows: &[(&str, u64)]) -> BTreeMap<String, String> {
        let bytes =
            |sizes: &mut dyn Iterator<Item = i64>| sizes.map(|size| u64::try_from(size).unwrap_or(0)).sum();
        let vectors = |has: &mut dyn Iterator<Item = bool>| has.filter(|has| *has).count() as u64;
        let removed = vectors(&mut self.removes.iter().map(|remove| remove.deletion_vector.is_some()));
        // A file that only got another vector was neither added nor removed.
        let files = [
            ("numAddedFiles", self.adds.len() as u64 - self.vectors),
            ("numRemovedFiles", self.removes.len() as u64 - self.vectors),
            (
                "numAddedBytes",
                bytes(&mut self.adds.iter().filter(|add| add.deletion_vector.is_none()).map(|add| add.size)),
            ),
            ("numAddedChangeFiles", self.change_files.len() as u64),
            ("numDeletionVectorsAdded", self.vectors),
            ("numDeletionVectorsRemoved", removed),
        ];
        rows.iter().chain(&files).map(|(name, count)| ((*name).to_owned(), count.to_string())).collect()
    }

    /// The files that belong to nothing until they are committed, by their paths.
    pub(crate) fn new_files(&self) -> Vec<String> {
        let data = self.adds.iter().filter(|add| add.deletion_vector.is_none()).map(|add| add.path.clone());
        let feed = self.change_files.iter().map(|file| file.path.clone());
        data.chain(feed).chain(self.vector_files()).collect()
    }

    /// The files of new deletion vectors: a file of rows that was there before has one.
    fn vector_files(&self) -> BTreeSet<String> {
        let vectors = self.adds.iter().filter_map(|add| add.deletion_vector.as_ref());
        vectors.filter_map(|vector| relative_file(vector).ok().flatten()).collect()
    }
}

/// A table whose rows are changed, in the columns that it has afterwards.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The table as it was read, with places.
    pub(crate) table: &'a DeltaTable,
    pub(crate) shape: Shape<'a>,
}

impl<'a> Target<'a> {
    /// A table that keeps its columns, or gets those that a statement adds.
    pub(crate) fn of(table: &'a DeltaTable, evolved: Option<&'a Evolved>) -> Self {
        Self { table, shape: Shape::of(&table.snapshot, evolved) }
    }
}

/// Runs a plan whose columns are the table's new values, the old ones (`__tarn_old_…`) where the feed is on, then
/// [`FILE_COLUMN`], [`ROW_COLUMN`], [`ROW_ID_COLUMN`] where the table tracks the rows that are updated, and
/// [`ACTION_COLUMN`], and makes the files that the changes need. Nothing is committed; when it fails, what was written is
/// removed.
pub(crate) async fn apply(
    run: &Run<'_>,
    target: Target<'_>,
    plan: Arc<dyn ExecutionPlan>,
    options: ChangeOptions,
) -> Result<Outcome> {
    let shape = target.shape;
    let columns = Arc::new(shape.columns());
    let rules = TableRules::of(run.state(), &columns, shape.schema, shape.metadata)?;
    let table = target.table.snapshot.table().clone();
    let mut write_plan = WritePlan::new(table, shape.protocol, shape.metadata)?;
    let feed = shape.has_feed().then(|| DataWriter::new(write_plan.clone().for_change_data()));
    let tracked = MaterializedColumns::of(shape.metadata);
    write_plan.extra_fields = tracked.as_ref().map(row_ids::fields).unwrap_or_default();
    let mut changes = Changes {
        columns,
        rules,
        writer: DataWriter::new(write_plan),
        feed,
        tracked,
        identities: Identities::of(shape.schema)?,
        deleted: BTreeMap::new(),
        outcome: Outcome::default(),
        options,
    };
    let ran = match changes.drain(run, plan).await {
        Ok(()) => changes.settle_files(run, target).await,
        Err(error) => Err(error),
    };
    let table = target.table.snapshot.table();
    let finished = match ran {
        Ok(()) => finish(table, changes.writer, changes.feed).await,
        Err(error) => {
            abort(changes.writer, changes.feed).await;
            Err(error)
        }
    };
    let mut outcome = changes.outcome;
    match finished {
        Ok((written, change_files)) => {
            outcome.metadata = changes.identities.metadata(shape.schema, shape.metadata);
            outcome.adds.extend(written);
            outcome.change_files = change_files;
            Ok(outcome)
        }
        Err(error) => {
            remove_files(table, outcome.vector_files().iter().map(String::as_str)).await;
            Err(error)
        }
    }
}

struct Changes {
    columns: SchemaRef,
    rules: TableRules,
    writer: DataWriter,
    feed: Option<DataWriter>,
    /// The columns with the ids of rows, where the table tracks them.
    tracked: Option<MaterializedColumns>,
    identities: Identities,
    /// Rows to delete, by the number of their file.
    deleted: BTreeMap<usize, DeletionVector>,
    outcome: Outcome,
    options: ChangeOptions,
}

impl Changes {
    async fn drain(&mut self, run: &Run<'_>, plan: Arc<dyn ExecutionPlan>) -> Result<()> {
        let mut batches = run.batches(plan).await?;
        while let Some(batch) = batches.next().await? {
            self.take(&batch).await?;
        }
        Ok(())
    }

    async fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let planned = numbers(batch, ACTION_COLUMN)?;
        let (files, rows) = (numbers(batch, FILE_COLUMN)?, numbers(batch, ROW_COLUMN)?);
        let mut actions: Vec<i64> = Vec::with_capacity(batch.num_rows());
        for place in 0..batch.num_rows() {
            let action = if planned.is_null(place) { KEEP } else { planned.value(place) };
            actions.push(match action {
                UPDATE | DELETE => {
                    let is_new = self.mark(files, rows, place)?;
                    let is_agreed = action == DELETE && self.options.may_delete_twice;
                    if !is_new && !is_agreed {
                        return Err(Error::new(
                            ErrorKind::Execution,
                            "Several rows of the source match one row of the target, and each would change it",
                        )
                        .hint("Make the source's rows unique by the columns of ON, or add conditions to WHEN MATCHED"));
                    }
                    if is_new { action } else { KEEP }
                }
                other => other,
            });
        }
        let count = |wanted: i64| actions.iter().filter(|action| **action == wanted).count() as u64;
        self.outcome.updated += count(UPDATE);
        self.outcome.deleted += count(DELETE);
        self.outcome.inserted += count(INSERT);
        let mut new = in_columns(&self.columns, batch.columns())?;
        let written = only(&actions, |action| action == UPDATE || action == INSERT);
        if written.true_count() > 0 {
            let is_inserted = |row: usize| actions.get(row) == Some(&INSERT);
            new = self.rules.shorten(self.identities.fill(new, is_inserted)?)?;
            let mut rows = filter_record_batch(&new, &written)?;
            self.rules.check(&rows)?;
            if let Some(names) = &self.tracked {
                let ids = batch.column_by_name(ROW_ID_COLUMN);
                let ids = ids.map(|ids| filter(ids.as_ref(), &written)).transpose()?;
                rows = row_ids::with_ids(&rows, ids, names)?;
            }
            self.writer.write(rows).await?;
        }
        self.feed_changes(batch, &actions, &new).await
    }

    /// Marks a row as deleted; false when it was already.
    fn mark(&mut self, files: &Int64Array, rows: &Int64Array, place: usize) -> Result<bool> {
        let known = files.is_valid(place) && rows.is_valid(place);
        let number = |array: &Int64Array| u64::try_from(array.value(place)).ok().filter(|_| known);
        let (Some(file), Some(row)) = (number(files), number(rows)) else {
            return Err(Error::new(ErrorKind::Internal, "A changed row does not say where it is"));
        };
        let file =
            usize::try_from(file).map_err(|_| Error::new(ErrorKind::Internal, "There are too many files"))?;
        Ok(self.deleted.entry(file).or_default().insert(row))
    }

    async fn feed_changes(&mut self, batch: &RecordBatch, actions: &[i64], new: &RecordBatch) -> Result<()> {
        let Some(feed) = &mut self.feed else { return Ok(()) };
        let count = self.columns.fields().len();
        let old = in_columns(&self.columns, batch.columns().get(count..).unwrap_or_default())?;
        for (action, values, change) in [
            (UPDATE, &old, "update_preimage"),
            (UPDATE, new, "update_postimage"),
            (DELETE, &old, "delete"),
            (INSERT, new, "insert"),
        ] {
            let mask = only(actions, |other| other == action);
            if mask.true_count() > 0 {
                let rows = filter_record_batch(values, &mask)?;
                feed.write(with_change_type(&rows, change)?).await?;
            }
        }
        Ok(())
    }

    /// What happens to the files with deleted rows: they go, get a deletion vector, or their other rows are copied.
    async fn settle_files(&mut self, run: &Run<'_>, target: Target<'_>) -> Result<()> {
        let snapshot = &target.table.snapshot;
        let now = tarn_platform::unix_millis();
        let files: Vec<FileRef<'_>> = snapshot.files().iter().collect();
        let deleted = std::mem::take(&mut self.deleted);
        let mut touched: Vec<(FileId, DeletionVector)> = Vec::with_capacity(deleted.len());
        for (number, rows) in deleted {
            let file = files.get(number);
            let file = file.ok_or_else(|| Error::new(ErrorKind::Internal, "A changed row names no file"))?;
            touched.push((file.id(), rows));
        }
        self.outcome.touched_files = touched.len() as u64;
        let ids: Vec<FileId> = touched.iter().map(|(id, _)| *id).collect();
        let adds = snapshot.adds_with_stats(&ids).await?;
        let has_vectors = TableProperties::of(target.shape.metadata).has_deletion_vectors;
        let mut copied: Vec<FileId> = Vec::new();
        let mut left_out = LeftOut::new();
        let mut vectors: Vec<DeletionVector> = Vec::new();
        let mut with_vectors: Vec<Add> = Vec::new();
        for ((id, mut rows), add) in touched.into_iter().zip(adds) {
            self.outcome.removes.push(add.to_remove(now, true));
            let here = rows.len();
            let before = add.deletion_vector.as_ref().map_or(0, |vector| vector.cardinality);
            let in_file = num_records(&add);
            let gone = here.saturating_add(u64::try_from(before).unwrap_or(0));
            if in_file == Some(gone) {
                continue;
            }
            if has_vectors && in_file.is_some() {
                if let Some(vector) = &add.deletion_vector {
                    let (table, version) = (snapshot.table(), snapshot.version());
                    rows.union(&DeletionVector::load_of(table, version, &add.path, vector).await?);
                }
                vectors.push(rows);
                with_vectors.push(add);
            } else {
                copied.push(id);
                left_out.insert(id, rows);
            }
        }
        let descriptors = write_deletion_vectors(snapshot.table(), &vectors).await?;
        self.outcome.vectors = descriptors.len() as u64;
        for (add, descriptor) in with_vectors.into_iter().zip(descriptors) {
            let stats = add.stats.as_deref().map(loosened);
            self.outcome.adds.push(Add {
                deletion_vector: Some(descriptor),
                stats,
                data_change: true,
                ..add
            });
        }
        if copied.is_empty() {
            return Ok(());
        }
        self.copy_rest(run, target, copied, left_out).await
    }

    async fn copy_rest(
        &mut self,
        run: &Run<'_>,
        target: Target<'_>,
        files: Vec<FileId>,
        left_out: LeftOut,
    ) -> Result<()> {
        let mut rest = DeltaTable::with_schema(Arc::clone(&target.table.snapshot), target.shape.schema);
        if let Some(names) = &self.tracked {
            rest = rest.with_row_ids(names);
        }
        let rest = rest.with_only(files, Some(Arc::new(left_out)));
        let mut plan = rest.scan(run.state(), None, &[], None).await?;
        if let Some(names) = &self.tracked {
            plan = row_ids::project_physical(run.state(), plan, names)?;
        }
        let mut batches = run.batches(run.metered(plan)?).await?;
        while let Some(batch) = batches.next().await? {
            self.outcome.copied += batch.num_rows() as u64;
            self.writer.write(batch).await?;
        }
        Ok(())
    }
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int64Array> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.ok_or_else(|| Error::new(ErrorKind::Internal, format!("The plan of the change lacks {name}")))
}

fn only(actions: &[i64], is_wanted: impl Fn(i64) -> bool) -> BooleanArray {
    actions.iter().map(|action| Some(is_wanted(*action))).collect()
}

/// How many rows a file has, deleted ones too.
pub(crate) fn num_records(add: &Add) -> Option<u64> {
    let stats: serde_json::Value = serde_json::from_str(add.stats.as_deref()?).ok()?;
    stats.get("numRecords")?.as_u64()
}

/// Statistics whose bounds may be wider than the rows that are left ("Per-file Statistics", `tightBounds`). The text is
/// changed as text: its decimals have more digits than JSON libraries keep.
fn loosened(stats: &str) -> String {
    const TIGHT: &str = "\"tightBounds\":true";
    const LOOSE: &str = "\"tightBounds\":false";
    let text = stats.trim();
    if text.contains(TIGHT) {
        return text.replace(TIGHT, LOOSE);
    }
    match text.strip_prefix('{') {
        _ if text.contains(LOOSE) => text.to_owned(),
        Some(rest) if rest.trim_start().starts_with('}') => format!("{{{LOOSE}{rest}"),
        Some(rest) => format!("{{{LOOSE},{rest}"),
        None => text.to_owned(),
    }
}
