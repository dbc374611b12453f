//! Statistics of the files that one file of the log adds.

use super::ColumnStatistics;
use super::bounds::{BoundBuilder, BoundType, Side, convert};
use super::scan::{Leaf, Wanted, pick};
use crate::files::{Source, SourceKind};
use crate::log::{ParquetFile, read_source};
use crate::schema::type_to_arrow;
use crate::{Error, Result, TableStore};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringArray, StructArray, new_null_array,
};
use arrow::compute::{self, kernels::zip::zip};
use arrow::datatypes::{DataType as ArrowType, Int64Type};
use arrow::record_batch::RecordBatch;
use futures::TryStreamExt;
use serde::Deserialize;
use std::sync::Arc;

/// A column whose statistics are read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    /// Physical names.
    pub(super) path: Vec<String>,
    pub(super) bound_type: BoundType,
}

/// What was read of one source.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceStats {
    /// Of JSON: the lines that the rows stand for, in order. Of Parquet rows are rows.
    lines: Option<Arc<Vec<u32>>>,
    num_records: Option<Int64Array>,
    columns: Vec<(Column, ColumnStatistics)>,
}

impl SourceStats {
    /// The row of arrays with the statistics of a row or line of the source.
    pub(super) fn row(&self, source_row: u32) -> Option<usize> {
        match &self.lines {
            Some(lines) => lines.binary_search(&source_row).ok(),
            None => {
                let rows = self.num_records.as_ref().map_or(0, |records| records.len());
                usize::try_from(source_row).ok().filter(|row| *row < rows)
            }
        }
    }

    pub(super) fn num_records(&self) -> Option<&Int64Array> {
        self.num_records.as_ref()
    }

    pub(super) fn column(&self, column: &Column) -> Option<&ColumnStatistics> {
        self.columns.iter().find(|(known, _)| known == column).map(|(_, statistics)| statistics)
    }
}

/// The statistics of a source, of which only what is not known yet is read.
pub(super) async fn load(
    table: &TableStore,
    source: &Source,
    columns: &[Column],
    version: u64,
) -> Result<Arc<SourceStats>> {
    let known = Arc::clone(&source.stats.lock());
    let missing: Vec<Column> =
        columns.iter().filter(|column| known.column(column).is_none()).cloned().collect();
    if missing.is_empty() && known.num_records.is_some() {
        return Ok(known);
    }
    let read = match (source.kind, &source.kept) {
        (SourceKind::Json, Some(kept)) => of_texts(kept.iter().collect(), &missing)?,
        (SourceKind::Json, None) => {
            let bytes = read_source(table, source, version).await?;
            let texts = json_stats(&bytes, &source.file)?;
            of_texts(texts.iter().map(|(line, text)| (*line, text.as_str())).collect(), &missing)?
        }
        (SourceKind::Parquet, _) => of_parquet(table, source, &missing, version).await?,
    };
    let mut all = source.stats.lock();
    let mut merged =
        SourceStats { lines: read.lines, num_records: read.num_records, columns: all.columns.clone() };
    for (column, statistics) in read.columns {
        if merged.column(&column).is_none() {
            merged.columns.push((column, statistics));
        }
    }
    *all = Arc::new(merged);
    Ok(Arc::clone(&all))
}

/// A line of a commit, as much of it as has statistics.
#[derive(Deserialize)]
struct StatsLine {
    add: Option<StatsOfAdd>,
}

#[derive(Deserialize)]
struct StatsOfAdd {
    stats: Option<String>,
}

fn json_stats(bytes: &[u8], file: &str) -> Result<Vec<(u32, String)>> {
    let mut texts = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let damaged =
            |reason: &dyn std::fmt::Display| Error::damaged(file, format!("line {}: {reason}", number + 1));
        let line: StatsLine = serde_json::from_slice(line).map_err(|error| damaged(&error))?;
        if let Some(stats) = line.add.and_then(|add| add.stats) {
            texts.push((u32::try_from(number).map_err(|error| damaged(&error))?, stats));
        }
    }
    Ok(texts)
}

fn of_texts(mut texts: Vec<(u32, &str)>, columns: &[Column]) -> Result<SourceStats> {
    texts.sort_unstable_by_key(|(line, _)| *line);
    let mut builder = JsonBuilder::new(columns);
    texts.iter().for_each(|(_, text)| builder.push(Some(text)));
    let lines = texts.iter().map(|(line, _)| *line).collect();
    Ok(SourceStats { lines: Some(Arc::new(lines)), ..builder.finish()? })
}

/// Builds statistics out of JSON texts.
struct JsonBuilder<'a> {
    wanted: Wanted,
    num_records: Vec<Option<i64>>,
    columns: Vec<(&'a Column, BoundBuilder, BoundBuilder, Vec<Option<i64>>)>,
}

impl<'a> JsonBuilder<'a> {
    fn new(columns: &'a [Column]) -> Self {
        let mut wanted = Wanted::default();
        wanted.add(["numRecords"], 0);
        wanted.add(["tightBounds"], 1);
        for (index, column) in columns.iter().enumerate() {
            for (offset, kind) in ["minValues", "maxValues", "nullCount"].into_iter().enumerate() {
                let path = std::iter::once(kind).chain(column.path.iter().map(String::as_str));
                wanted.add(path, 2 + 3 * index + offset);
            }
        }
        let builders = |column: &'a Column| {
            let side = |side| BoundBuilder::new(&column.bound_type, side);
            (column, side(Side::Min), side(Side::Max), Vec::new())
        };
        Self { wanted, num_records: Vec::new(), columns: columns.iter().map(builders).collect() }
    }

    /// The statistics of the next file; what cannot be read is unknown.
    fn push(&mut self, text: Option<&str>) {
        let mut slots: Vec<Option<Leaf<'_>>> = vec![None; 2 + 3 * self.columns.len()];
        if text.is_none_or(|text| pick(text, &self.wanted, &mut slots).is_none()) {
            slots.fill(None);
        }
        let number = |leaf: Option<&Leaf<'_>>| match leaf {
            Some(Leaf::Number(text)) => text.parse::<i64>().ok(),
            _ => None,
        };
        let leaf = |slot: usize| slots.get(slot).and_then(Option::as_ref);
        let num_records = number(leaf(0));
        let is_wide = leaf(1) == Some(&Leaf::Boolean(false));
        self.num_records.push(num_records);
        for (index, (_, min, max, null_count)) in self.columns.iter_mut().enumerate() {
            let slot = 2 + 3 * index;
            min.push(leaf(slot));
            max.push(leaf(slot + 1));
            null_count.push(sure_null_count(number(leaf(slot + 2)), num_records, is_wide));
        }
    }

    fn finish(self) -> Result<SourceStats> {
        let column =
            |(column, min, max, null_count): (&Column, BoundBuilder, BoundBuilder, Vec<Option<i64>>)| {
                let null_count = Int64Array::from(null_count);
                Ok((column.clone(), ColumnStatistics { min: min.finish()?, max: max.finish()?, null_count }))
            };
        Ok(SourceStats {
            lines: None,
            num_records: Some(Int64Array::from(self.num_records)),
            columns: self.columns.into_iter().map(column).collect::<Result<_>>()?,
        })
    }
}

/// "Per-file Statistics": with wide bounds only none and all are sure.
fn sure_null_count(null_count: Option<i64>, num_records: Option<i64>, is_wide: bool) -> Option<i64> {
    null_count.filter(|count| !is_wide || *count == 0 || num_records == Some(*count))
}

async fn of_parquet(
    table: &TableStore,
    source: &Source,
    columns: &[Column],
    version: u64,
) -> Result<SourceStats> {
    let file =
        ParquetFile::open(&table.store, &source.path, source.size_bytes, &source.file, version).await?;
    let is_json = |leaf: &[String]| leaf.len() == 2 && leaf[0] == "add" && leaf[1] == "stats";
    let is_parsed = |leaf: &[String]| is_parsed_leaf(leaf, columns);
    let has_parsed = file.has(|leaf| leaf.len() > 2 && leaf[0] == "add" && leaf[1] == "stats_parsed");
    let mut json = None;
    let mut has_text = BooleanArray::new(arrow::buffer::BooleanBuffer::new_unset(0), None);
    if file.has(is_json) {
        let mut builder = JsonBuilder::new(columns);
        let (mut texts, mut is_complete) = (Vec::new(), true);
        let mut batches = file.read(is_json, None)?;
        while let Some(batch) = batches.try_next().await? {
            let adds = batch.column_by_name("add").and_then(|adds| adds.as_struct_opt());
            let stats = adds
                .and_then(|adds| adds.column_by_name("stats"))
                .map(|stats| compute::cast(stats, &ArrowType::Utf8));
            let stats = stats.transpose()?;
            let stats = stats.as_ref().and_then(|stats| stats.as_string_opt::<i32>());
            for row in 0..batch.num_rows() {
                let text =
                    stats.filter(|stats| stats.is_valid(row)).map(|stats: &StringArray| stats.value(row));
                is_complete &= text.is_some() || adds.is_none_or(|adds| adds.is_null(row));
                texts.push(text.is_some());
                builder.push(text);
            }
        }
        let statistics = builder.finish()?;
        if is_complete || !has_parsed {
            return Ok(statistics);
        }
        has_text = BooleanArray::from(texts);
        json = Some(statistics);
    }
    let mut parsed = ParsedBuilder::new(columns);
    if has_parsed {
        let mut batches = file.read(is_parsed, None)?;
        while let Some(batch) = batches.try_next().await? {
            parsed.push(&batch)?;
        }
    } else {
        parsed.push_nothing(file.rows());
    }
    let parsed = parsed.finish()?;
    match json {
        Some(json) => merged(&has_text, &json, &parsed),
        None => Ok(parsed),
    }
}

fn is_parsed_leaf(leaf: &[String], columns: &[Column]) -> bool {
    let [add, stats, kind, rest @ ..] = leaf else { return false };
    if add != "add" || stats != "stats_parsed" {
        return false;
    }
    match kind.as_str() {
        "numRecords" | "tightBounds" => true,
        "minValues" | "maxValues" | "nullCount" => columns.iter().any(|column| rest == column.path),
        _ => false,
    }
}

/// Where JSON is there it counts.
fn merged(has_text: &BooleanArray, json: &SourceStats, parsed: &SourceStats) -> Result<SourceStats> {
    let either = |a: &dyn Array, b: &dyn Array| zip(has_text, &a, &b);
    let counts = |a: &Int64Array, b: &Int64Array| -> Result<Int64Array> {
        Ok(either(a, b)?.as_primitive::<Int64Type>().clone())
    };
    let mut columns = Vec::new();
    for (column, a) in &json.columns {
        let Some(b) = parsed.column(column) else { continue };
        let statistics = ColumnStatistics {
            min: either(&a.min, &b.min)?,
            max: either(&a.max, &b.max)?,
            null_count: counts(&a.null_count, &b.null_count)?,
        };
        columns.push((column.clone(), statistics));
    }
    let num_records = match (&json.num_records, &parsed.num_records) {
        (Some(a), Some(b)) => Some(counts(a, b)?),
        _ => None,
    };
    Ok(SourceStats { lines: None, num_records, columns })
}

/// Builds statistics out of typed ones.
struct ParsedBuilder<'a> {
    columns: &'a [Column],
    num_records: Vec<ArrayRef>,
    /// Minima, maxima and counts of each column.
    parts: Vec<[Vec<ArrayRef>; 3]>,
}

impl<'a> ParsedBuilder<'a> {
    fn new(columns: &'a [Column]) -> Self {
        Self { columns, num_records: Vec::new(), parts: columns.iter().map(|_| Default::default()).collect() }
    }

    fn push_nothing(&mut self, rows: usize) {
        self.num_records.push(new_null_array(&ArrowType::Int64, rows));
        for (column, [min, max, null_count]) in self.columns.iter().zip(&mut self.parts) {
            let arrow_type = type_to_arrow(&column.bound_type.data_type);
            min.push(new_null_array(&arrow_type, rows));
            max.push(new_null_array(&arrow_type, rows));
            null_count.push(new_null_array(&ArrowType::Int64, rows));
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let adds = batch.column_by_name("add").and_then(|adds| adds.as_struct_opt());
        let stats =
            adds.and_then(|adds| adds.column_by_name("stats_parsed")).and_then(|stats| stats.as_struct_opt());
        let Some(stats) = stats else {
            self.push_nothing(batch.num_rows());
            return Ok(());
        };
        let rows = stats.len();
        let counts = |array: Option<ArrayRef>| -> Result<Int64Array> {
            Ok(match array {
                Some(array) => compute::cast(&array, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone(),
                None => Int64Array::new_null(rows),
            })
        };
        let num_records = counts(stats.column_by_name("numRecords").cloned())?;
        let tight = stats.column_by_name("tightBounds").and_then(|tight| tight.as_boolean_opt());
        for (column, [min, max, null_count]) in self.columns.iter().zip(&mut self.parts) {
            let arrow_type = type_to_arrow(&column.bound_type.data_type);
            for (kind, side, parts) in [("minValues", Side::Min, min), ("maxValues", Side::Max, max)] {
                parts.push(match leaf_of(stats, kind, &column.path) {
                    Some(bounds) => convert(&bounds, &column.bound_type, side)?,
                    None => new_null_array(&arrow_type, rows),
                });
            }
            let found =
                leaf_of(stats, "nullCount", &column.path).filter(|counts| counts.data_type().is_integer());
            let found = counts(found)?;
            let sure = (0..rows).map(|row| {
                let is_wide = tight.is_some_and(|tight| tight.is_valid(row) && !tight.value(row));
                let of = |counts: &Int64Array| counts.is_valid(row).then(|| counts.value(row));
                sure_null_count(of(&found), of(&num_records), is_wide)
            });
            null_count.push(Arc::new(sure.collect::<Int64Array>()));
        }
        self.num_records.push(Arc::new(num_records));
        Ok(())
    }

    fn finish(self) -> Result<SourceStats> {
        let all = |parts: &[ArrayRef], arrow_type: &ArrowType| -> Result<ArrayRef> {
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            match parts.is_empty() {
                true => Ok(new_null_array(arrow_type, 0)),
                false => Ok(compute::concat(&parts)?),
            }
        };
        let mut columns = Vec::new();
        for (column, [min, max, null_count]) in self.columns.iter().zip(&self.parts) {
            let arrow_type = type_to_arrow(&column.bound_type.data_type);
            let null_count = all(null_count, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone();
            let statistics =
                ColumnStatistics { min: all(min, &arrow_type)?, max: all(max, &arrow_type)?, null_count };
            columns.push((column.clone(), statistics));
        }
        let num_records = all(&self.num_records, &ArrowType::Int64)?.as_primitive::<Int64Type>().clone();
        Ok(SourceStats { lines: None, num_records: Some(num_records), columns })
    }
}

/// A field deep in statistics; null where a struct around it is.
fn leaf_of(stats: &StructArray, kind: &str, path: &[String]) -> Option<ArrayRef> {
    let mut array = Arc::clone(stats.column_by_name(kind)?);
    for name in path {
        let field = array.as_struct_opt()?.column_by_name(name)?;
        array = Arc::clone(field);
    }
    Some(array)
}
