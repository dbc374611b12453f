//! Reading checkpoints as columns ("Checkpoints", "Checkpoint Schema"): classic, in parts, and V2 with sidecars.

use super::segment::CheckpointFiles;
use super::{ParquetFile, SIDECAR_READS, from_table, names, read_file};
use crate::actions::{Action, Sidecar, StorageType, json_reason};
use crate::files::{DeletionVectorRef, NewFile, SourceKind};
use crate::partition_values::format_partition_value;
use crate::replay::{Origin, Replay};
use crate::{Error, Result, TableStore};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, MapArray, StringArray, StructArray};
use arrow::compute;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use futures::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// Columns of a checkpoint with few rows, read as whole actions.
const WHOLE: [&str; 6] = ["protocol", "metaData", "txn", "domainMetadata", "sidecar", "checkpointMetadata"];
/// What is read of `add`: all but statistics and tags.
const ADD: [&str; 9] = [
    "path",
    "partitionValues",
    "size",
    "modificationTime",
    "deletionVector",
    "baseRowId",
    "defaultRowCommitVersion",
    "clusteringProvider",
    "dataChange",
];

/// Applies a checkpoint, after all commits that are newer.
///
/// # Errors
/// When a file is missing or damaged.
pub(crate) async fn apply(
    table: &TableStore,
    checkpoint: &CheckpointFiles,
    replay: &mut Replay,
) -> Result<()> {
    let mut sidecars = Vec::new();
    let mut parts = Vec::new();
    for file in &checkpoint.files {
        let origin = Origin::json(table, file);
        if file.name.ends_with(".json") {
            let text = read_file(table, &file.name, checkpoint.version).await?;
            sidecars.extend(json_sidecars(&origin.file, &text)?);
            replay.apply_json(&origin, &text, false)?;
            replay.turn_around()?;
        } else {
            parts.push(Origin { kind: SourceKind::Parquet, ..origin });
        }
    }
    apply_parquet(table, checkpoint.version, parts, replay, &mut sidecars).await?;
    let sidecars = sidecars.iter().map(|sidecar| sidecar_origin(table, sidecar)).collect::<Result<_>>()?;
    apply_parquet(table, checkpoint.version, sidecars, replay, &mut Vec::new()).await
}

fn json_sidecars(file: &str, text: &[u8]) -> Result<Vec<Sidecar>> {
    let mut sidecars = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        // Most lines are files; those with sidecars say so.
        if !line.trim_ascii_start().starts_with(b"{\"sidecar\"") && !contains(line, b"\"sidecar\"") {
            continue;
        }
        match Action::from_line(line) {
            Ok(Some(Action::Sidecar(sidecar))) => sidecars.push(sidecar),
            Ok(_) => {}
            Err(error) => {
                return Err(Error::damaged(file, format!("line {}: {}", number + 1, json_reason(&error))));
            }
        }
    }
    Ok(sidecars)
}

fn contains(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|window| window == word)
}

/// "Sidecar File Information": a name in `_sidecars`, percent-encoded, or an absolute URI.
fn sidecar_origin(table: &TableStore, sidecar: &Sidecar) -> Result<Origin> {
    let size_bytes = u64::try_from(sidecar.size_in_bytes)
        .map_err(|_| Error::damaged(&sidecar.path, "the size of the sidecar is negative"))?;
    let path = match sidecar.path.contains('/') {
        true => table.data_path(&sidecar.path)?.path,
        false => {
            let name = percent_decode_str(&sidecar.path)
                .decode_utf8()
                .map_err(|_| Error::damaged(&sidecar.path, "the name of the sidecar is not UTF-8"))?;
            table.log_path(names::SIDECARS).join(name.as_ref())
        }
    };
    let name = sidecar.path.rsplit('/').next().unwrap_or(&sidecar.path);
    let file = from_table(&format!("{}/{name}", names::SIDECARS));
    Ok(Origin { file, path, size_bytes, kind: SourceKind::Parquet })
}

async fn apply_parquet(
    table: &TableStore,
    version: u64,
    origins: Vec<Origin>,
    replay: &mut Replay,
    sidecars: &mut Vec<Sidecar>,
) -> Result<()> {
    let is_of_tombstones = replay.tombstones.is_some();
    let reads = origins.into_iter().map(|origin| {
        let store = Arc::clone(&table.store);
        async move {
            let file =
                ParquetFile::open(&store, &origin.path, origin.size_bytes, &origin.file, version).await?;
            let batches: Vec<RecordBatch> =
                file.read(|leaf| is_wanted(leaf, &file, is_of_tombstones), None)?.try_collect().await?;
            Ok::<_, Error>((origin, batches))
        }
    });
    // Collected first: a stream of a closure that borrows is not general enough for `Send`.
    let reads: Vec<_> = reads.collect();
    let mut reads = stream::iter(reads).buffered(SIDECAR_READS);
    while let Some((origin, batches)) = reads.try_next().await? {
        let mut rows = 0;
        for batch in &batches {
            apply_batch(batch, rows, &origin, replay, sidecars)?;
            rows += batch.num_rows();
        }
        replay.add_source(&origin, None);
    }
    Ok(())
}

fn is_wanted(leaf: &[String], file: &ParquetFile, is_of_tombstones: bool) -> bool {
    let (Some(action), field) = (leaf.first().map(String::as_str), leaf.get(1).map_or("", String::as_str))
    else {
        return false;
    };
    match action {
        // Some writers leave the map away, against the protocol, and the typed values say the same.
        "add" if field == "partitionValues_parsed" => {
            file.schema().field_with_name("add").is_ok_and(|add| !has_field(add, "partitionValues"))
        }
        "add" => ADD.contains(&field),
        "remove" => is_of_tombstones,
        _ => WHOLE.contains(&action),
    }
}

fn has_field(field: &Field, name: &str) -> bool {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().any(|field| field.name() == name),
        _ => false,
    }
}

fn apply_batch(
    batch: &RecordBatch,
    first_row: usize,
    origin: &Origin,
    replay: &mut Replay,
    sidecars: &mut Vec<Sidecar>,
) -> Result<()> {
    for action in whole_actions(batch, &origin.file)? {
        match action {
            Action::Protocol(protocol) => {
                replay.protocol.get_or_insert(protocol);
            }
            Action::MetaData(metadata) => replay.set_metadata(metadata, &origin.file),
            Action::Txn(transaction) => replay.set_transaction(transaction),
            Action::DomainMetadata(domain) => replay.set_domain(domain),
            Action::Sidecar(sidecar) => sidecars.push(sidecar),
            Action::Remove(remove) => replay.remove_file(remove),
            Action::Add(_) | Action::Cdc(_) | Action::CommitInfo(_) | Action::CheckpointMetadata(_) => {}
        }
    }
    let Some(adds) = batch.column_by_name("add").and_then(|adds| adds.as_struct_opt()) else { return Ok(()) };
    apply_adds(adds, first_row, origin, replay)
}

/// The rare actions of a batch, by way of JSON: the names of columns and of fields are the same.
fn whole_actions(batch: &RecordBatch, file: &str) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    for name in WHOLE.iter().chain(&["remove"]) {
        let Some(column) = batch.column_by_name(name) else { continue };
        if column.null_count() == column.len() {
            continue;
        }
        let rows = compute::filter(column, &compute::is_not_null(column)?)?;
        actions.extend(actions_of(name, rows, file)?);
    }
    Ok(actions)
}

/// The actions in rows of one column of a checkpoint; null rows give none.
pub(crate) fn actions_of(name: &str, rows: ArrayRef, file: &str) -> Result<Vec<Action>> {
    let schema = Arc::new(Schema::new(vec![Field::new(name, rows.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(schema, vec![rows])?;
    let mut writer = arrow::json::LineDelimitedWriter::new(Vec::new());
    writer.write(&batch)?;
    writer.finish()?;
    let text = writer.into_inner();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let action = |line| {
        Action::from_line(line)
            .map_err(|error| Error::damaged(file, format!("{name}: {}", json_reason(&error))))
    };
    lines.filter_map(|line| action(line).transpose()).collect()
}

/// The columns of `add`, each in the type that it should have.
struct AddColumns {
    paths: StringArray,
    sizes: Int64Array,
    modification_times: Int64Array,
    partition_values: PartitionColumns,
    vectors: Option<VectorColumns>,
    base_row_ids: Option<Int64Array>,
    row_commit_versions: Option<Int64Array>,
    clustering_providers: Option<StringArray>,
}

enum PartitionColumns {
    None,
    Map(Box<PartitionMap>),
    Parsed(StructArray),
}

struct PartitionMap {
    map: MapArray,
    keys: StringArray,
    values: StringArray,
}

struct VectorColumns {
    vectors: StructArray,
    kinds: StringArray,
    texts: StringArray,
    offsets: Option<Int32Array>,
    sizes: Int32Array,
    cardinalities: Int64Array,
}

fn apply_adds(adds: &StructArray, first_row: usize, origin: &Origin, replay: &mut Replay) -> Result<()> {
    if adds.null_count() == adds.len() {
        return Ok(());
    }
    let columns = AddColumns::of(adds, &origin.file)?;
    let source = replay.next_source(&origin.file)?;
    for row in (0..adds.len()).filter(|row| adds.is_valid(*row) && columns.paths.is_valid(*row)) {
        let damaged = |reason: String| {
            Error::damaged(
                &origin.file,
                format!("row {}, {}: {reason}", first_row + row, columns.paths.value(row)),
            )
        };
        if columns.sizes.is_null(row) {
            return Err(damaged("the size is missing".to_owned()));
        }
        let source_row = u32::try_from(first_row + row).map_err(|error| damaged(error.to_string()))?;
        let path = columns.paths.value(row);
        let vector =
            columns.vectors.as_ref().map_or(Ok(None), |vectors| vectors.vector(row)).map_err(&damaged)?;
        let file = NewFile {
            path,
            size: columns.sizes.value(row),
            modification_time: match columns.modification_times.is_valid(row) {
                true => columns.modification_times.value(row),
                false => 0,
            },
            deletion_vector: vector,
            base_row_id: long(columns.base_row_ids.as_ref(), row),
            default_row_commit_version: long(columns.row_commit_versions.as_ref(), row),
            clustering_provider: (columns.clustering_providers.as_ref())
                .filter(|providers| providers.is_valid(row))
                .map(|providers| providers.value(row)),
            key: replay.key(path, vector),
            source,
            source_row,
        };
        match &columns.partition_values {
            PartitionColumns::None => replay.add_file(&file, std::iter::empty(), false),
            PartitionColumns::Map(columns) => {
                let range = map_range(&columns.map, row);
                let entries = range.map(|entry| {
                    let value = columns.values.is_valid(entry).then(|| columns.values.value(entry));
                    (columns.keys.value(entry), value)
                });
                replay.add_file(&file, entries, false)
            }
            PartitionColumns::Parsed(parsed) => {
                let values = parsed_values(parsed, row)?;
                let values = values.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
                replay.add_file(&file, values, false)
            }
        }
        .map_err(&damaged)?;
    }
    Ok(())
}

fn map_range(map: &MapArray, row: usize) -> std::ops::Range<usize> {
    if map.is_null(row) {
        return 0..0;
    }
    let offset = |row: usize| {
        map.value_offsets().get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0)
    };
    offset(row)..offset(row + 1)
}

fn parsed_values(parsed: &StructArray, row: usize) -> Result<Vec<(String, Option<String>)>> {
    let columns = parsed.column_names().into_iter().zip(parsed.columns());
    columns.map(|(name, column)| Ok((name.to_owned(), format_partition_value(column, row)?))).collect()
}

fn long(values: Option<&Int64Array>, row: usize) -> Option<i64> {
    values.filter(|values| values.is_valid(row)).map(|values| values.value(row))
}

impl AddColumns {
    fn of(adds: &StructArray, file: &str) -> Result<Self> {
        let required = |name: &str, data_type: &DataType| {
            typed(adds, name, data_type)?
                .ok_or_else(|| Error::damaged(file, format!("it has no column add.{name}")))
        };
        let longs = |name: &str| -> Result<Option<Int64Array>> {
            Ok(typed(adds, name, &DataType::Int64)?.map(|array| array.as_primitive::<Int64Type>().clone()))
        };
        let modification_times = longs("modificationTime")?;
        Ok(Self {
            paths: required("path", &DataType::Utf8)?.as_string::<i32>().clone(),
            sizes: required("size", &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
            modification_times: modification_times.unwrap_or_else(|| Int64Array::new_null(adds.len())),
            partition_values: PartitionColumns::of(adds)?,
            vectors: VectorColumns::of(adds)?,
            base_row_ids: longs("baseRowId")?.filter(has_values),
            row_commit_versions: longs("defaultRowCommitVersion")?.filter(has_values),
            clustering_providers: typed(adds, "clusteringProvider", &DataType::Utf8)?
                .map(|array| array.as_string::<i32>().clone()),
        })
    }
}

fn has_values(array: &Int64Array) -> bool {
    array.null_count() < array.len()
}

/// A field in this type, `None` where it is absent.
fn typed(parent: &StructArray, name: &str, data_type: &DataType) -> Result<Option<ArrayRef>> {
    let Some(array) = parent.column_by_name(name) else { return Ok(None) };
    match array.data_type() == data_type {
        true => Ok(Some(Arc::clone(array))),
        false => Ok(Some(compute::cast(array, data_type)?)),
    }
}

impl PartitionColumns {
    fn of(adds: &StructArray) -> Result<Self> {
        if let Some(map) = adds.column_by_name("partitionValues").and_then(|map| map.as_map_opt()) {
            let text = |array: &ArrayRef| -> Result<StringArray> {
                Ok(compute::cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
            };
            let (keys, values) = (text(map.keys())?, text(map.values())?);
            return Ok(Self::Map(Box::new(PartitionMap { map: map.clone(), keys, values })));
        }
        let parsed = adds.column_by_name("partitionValues_parsed").and_then(|parsed| parsed.as_struct_opt());
        Ok(parsed.cloned().map_or(Self::None, Self::Parsed))
    }
}

impl VectorColumns {
    fn of(adds: &StructArray) -> Result<Option<Self>> {
        let vectors = adds.column_by_name("deletionVector").and_then(|vectors| vectors.as_struct_opt());
        let Some(vectors) = vectors.filter(|vectors| vectors.null_count() < vectors.len()) else {
            return Ok(None);
        };
        let texts = |name| typed(vectors, name, &DataType::Utf8);
        let (kinds, paths) = (texts("storageType")?, texts("pathOrInlineDv")?);
        let sizes = typed(vectors, "sizeInBytes", &DataType::Int32)?;
        let cardinalities = typed(vectors, "cardinality", &DataType::Int64)?;
        let offsets = typed(vectors, "offset", &DataType::Int32)?;
        let (Some(kinds), Some(paths), Some(sizes), Some(cardinalities)) =
            (kinds, paths, sizes, cardinalities)
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            vectors: vectors.clone(),
            kinds: kinds.as_string::<i32>().clone(),
            texts: paths.as_string::<i32>().clone(),
            offsets: offsets.map(|offsets| offsets.as_primitive::<Int32Type>().clone()),
            sizes: sizes.as_primitive::<Int32Type>().clone(),
            cardinalities: cardinalities.as_primitive::<Int64Type>().clone(),
        }))
    }

    fn vector(&self, row: usize) -> Result<Option<DeletionVectorRef<'_>>, String> {
        // Some writers write a struct of nulls where there is no vector.
        if self.vectors.is_null(row) || self.kinds.is_null(row) {
            return Ok(None);
        }
        let storage_type = match self.kinds.value(row) {
            "u" => StorageType::Relative,
            "i" => StorageType::Inline,
            "p" => StorageType::Absolute,
            other => return Err(format!("deletion vectors have no storage type {other}")),
        };
        if self.texts.is_null(row) || self.sizes.is_null(row) || self.cardinalities.is_null(row) {
            return Err("the deletion vector lacks a field".to_owned());
        }
        let offsets = self.offsets.as_ref().filter(|offsets| offsets.is_valid(row));
        Ok(Some(DeletionVectorRef {
            storage_type,
            path_or_inline_dv: self.texts.value(row),
            offset: offsets.map(|offsets| offsets.value(row)),
            size_in_bytes: self.sizes.value(row),
            cardinality: self.cardinalities.value(row),
        }))
    }
}
