//! Whole `add` actions out of the files of the log that hold them.

use crate::actions::{Action, Add};
use crate::files::{FileId, FileRef, Source, SourceKind};
use crate::log::{ParquetFile, checkpoint, read_source};
use crate::snapshot::Snapshot;
use crate::{Error, Result, TableStore};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use parquet::arrow::arrow_reader::RowSelection;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The actions of these files, with statistics and tags, in their order.
pub(crate) async fn of_files(snapshot: &Snapshot, ids: &[FileId]) -> Result<Vec<Add>> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let file = snapshot.files().get(*id);
        files.push(file.ok_or_else(|| {
            Error::invalid("a file is asked for that this version of the table does not have")
        })?);
    }
    // By source, then by row: each source is read once.
    let mut wanted: BTreeMap<u32, BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let (source, row) = file.source();
        wanted.entry(source).or_default().entry(row).or_default().push(index);
    }
    let mut adds: Vec<Option<Add>> = vec![None; ids.len()];
    for (source, rows) in wanted {
        let source = usize::try_from(source).ok().and_then(|source| snapshot.files().sources().get(source));
        let source = source.ok_or_else(|| Error::invalid("a file has no place in the log"))?;
        let numbers: Vec<u32> = rows.keys().copied().collect();
        let found = match source.kind {
            SourceKind::Json => of_json(snapshot.table(), source, &numbers, snapshot.version()).await?,
            SourceKind::Parquet => of_parquet(snapshot.table(), source, &numbers, snapshot.version()).await?,
        };
        for (add, indexes) in found.into_iter().zip(rows.values()) {
            for index in indexes {
                if let (Some(slot), Some(file)) = (adds.get_mut(*index), files.get(*index)) {
                    let mut add = checked(add.clone(), file, source)?;
                    add.partition_values = snapshot.partition_values_of(file);
                    *slot = Some(add);
                }
            }
        }
    }
    let whole: Option<Vec<Add>> = adds.into_iter().collect();
    whole.ok_or_else(|| Error::invalid("an action is no longer in the log; read the table again"))
}

/// The log may have been replaced under the snapshot: then the action is another file's.
fn checked(add: Add, file: &FileRef<'_>, source: &Source) -> Result<Add> {
    if add.path != file.path() {
        return Err(Error::damaged(
            &source.file,
            format!("it no longer adds {}; read the table again", file.path()),
        ));
    }
    Ok(add)
}

async fn of_json(table: &TableStore, source: &Source, lines: &[u32], version: u64) -> Result<Vec<Add>> {
    let bytes = read_source(table, source, version).await?;
    let mut adds = Vec::with_capacity(lines.len());
    let mut wanted = lines.iter().copied().peekable();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if wanted.peek().and_then(|next| usize::try_from(*next).ok()) != Some(number) {
            continue;
        }
        wanted.next();
        match Action::from_line(line) {
            Ok(Some(Action::Add(add))) => adds.push(add),
            Ok(_) => {
                return Err(Error::damaged(
                    &source.file,
                    format!("line {} adds no file any more", number + 1),
                ));
            }
            Err(error) => return Err(Error::damaged(&source.file, format!("line {}: {error}", number + 1))),
        }
    }
    Ok(adds)
}

async fn of_parquet(table: &TableStore, source: &Source, rows: &[u32], version: u64) -> Result<Vec<Add>> {
    let file =
        ParquetFile::open(&table.store, &source.path, source.size_bytes, &source.file, version).await?;
    let ranges = rows.iter().filter_map(|row| usize::try_from(*row).ok()).map(|row| row..row + 1);
    let selection = RowSelection::from_consecutive_ranges(ranges, file.rows());
    let is_typed = |name: &str| matches!(name, "stats_parsed" | "partitionValues_parsed");
    let mut batches =
        file.read(|leaf| leaf.len() > 1 && leaf[0] == "add" && !is_typed(&leaf[1]), Some(selection.clone()))?;
    let mut adds = Vec::with_capacity(rows.len());
    while let Some(batch) = batches.try_next().await? {
        let Some(column) = batch.column_by_name("add") else { continue };
        for action in checkpoint::actions_of("add", Arc::clone(column), &source.file)? {
            if let Action::Add(add) = action {
                adds.push(add);
            }
        }
    }
    if adds.len() != rows.len() {
        return Err(Error::damaged(
            &source.file,
            "it no longer adds the files that it did; read the table again",
        ));
    }
    let is_parsed = |leaf: &[String]| leaf.len() > 2 && leaf[0] == "add" && leaf[1] == "stats_parsed";
    if adds.iter().all(|add| add.stats.is_some()) || !file.has(is_parsed) {
        return Ok(adds);
    }
    let mut batches = file.read(is_parsed, Some(selection))?;
    let mut row = 0;
    while let Some(batch) = batches.try_next().await? {
        for stats in stats_texts(&batch)? {
            if let Some(add) = adds.get_mut(row) {
                add.stats = add.stats.take().or(stats);
            }
            row += 1;
        }
    }
    Ok(adds)
}

/// Typed statistics as JSON, a text a row.
fn stats_texts(batch: &RecordBatch) -> Result<Vec<Option<String>>> {
    let adds = batch.column_by_name("add").and_then(|adds| adds.as_struct_opt());
    let Some(stats) = adds.and_then(|adds| adds.column_by_name("stats_parsed")) else {
        return Ok(vec![None; batch.num_rows()]);
    };
    let schema = Arc::new(Schema::new(vec![Field::new("stats", stats.data_type().clone(), true)]));
    let rows = RecordBatch::try_new(schema, vec![Arc::clone(stats)])?;
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    writer.write(&rows)?;
    writer.finish()?;
    let text = writer.into_inner();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // `{"stats":{…}}`, and `{}` for null.
    let inner = |line: &[u8]| {
        let line = std::str::from_utf8(line).ok()?;
        Some(line.strip_prefix("{\"stats\":")?.strip_suffix('}')?.to_owned())
    };
    Ok(lines.map(inner).collect())
}
