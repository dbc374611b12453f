//! A row group that is being encoded: its columns side by side, where there are threads.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, Schema};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::SchemaDescriptor;

/// For fewer rows a job costs more than it gives.
const ROWS_A_JOB: usize = 1024;

/// The columns of a row group, as far as they are encoded.
#[derive(Debug)]
pub(super) struct RowGroup {
    columns: Vec<Column>,
    num_rows: usize,
}

/// A column of the schema, with its leaves.
#[derive(Debug)]
struct Column {
    field: FieldRef,
    leaves: Vec<ArrowColumnWriter>,
}

impl Column {
    fn write(&mut self, array: &ArrayRef) -> Result<()> {
        let levels = compute_leaves(&self.field, array)?;
        if levels.len() != self.leaves.len() {
            return Err(ParquetError::General(format!(
                "the rows do not fit the column {}",
                self.field.name()
            )));
        }
        self.leaves.iter_mut().zip(&levels).try_for_each(|(leaf, levels)| leaf.write(levels))
    }

    fn close(self) -> Result<Vec<ArrowColumnChunk>> {
        self.leaves.into_iter().map(ArrowColumnWriter::close).collect()
    }
}

impl RowGroup {
    /// An empty row group: one writer a leaf, in the order of the schema.
    pub(super) fn new(
        schema: &Schema,
        leaves: &SchemaDescriptor,
        writers: Vec<ArrowColumnWriter>,
    ) -> Result<Self> {
        let column = |field: &FieldRef| Column { field: field.clone(), leaves: Vec::new() };
        let mut columns: Vec<Column> = schema.fields().iter().map(column).collect();
        for (leaf, writer) in writers.into_iter().enumerate() {
            let column = columns.get_mut(leaves.get_column_root_idx(leaf));
            let column = column.ok_or_else(|| ParquetError::General("a leaf has no column".to_owned()))?;
            column.leaves.push(writer);
        }
        Ok(Self { columns, num_rows: 0 })
    }

    pub(super) fn num_rows(&self) -> usize {
        self.num_rows
    }

    /// Bytes in memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        self.leaves().map(ArrowColumnWriter::memory_size).sum()
    }

    /// Bytes that it would have in the file, about.
    pub(super) fn encoded_bytes(&self) -> usize {
        self.leaves().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
    }

    fn leaves(&self) -> impl Iterator<Item = &ArrowColumnWriter> {
        self.columns.iter().flat_map(|column| &column.leaves)
    }

    /// Appends rows of the schema. After an error the row group is of no use.
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.num_rows += rows.num_rows();
        let columns = std::mem::take(&mut self.columns);
        if rows.num_columns() != columns.len() {
            return Err(ParquetError::General("the rows have other columns than the file".to_owned()));
        }
        let count = columns.len().clamp(1, rows.num_rows().div_ceil(ROWS_A_JOB).max(1));
        let work: Vec<(Column, ArrayRef)> = columns.into_iter().zip(rows.columns().iter().cloned()).collect();
        let encode = |job: Vec<(Column, ArrayRef)>| {
            move || {
                let written = |(mut column, array): (Column, ArrayRef)| column.write(&array).map(|()| column);
                job.into_iter().map(written).collect::<Result<Vec<Column>>>()
            }
        };
        let jobs = into_jobs(work, count).into_iter().map(encode).collect();
        for columns in tarn_platform::side_by_side(jobs).await {
            self.columns.extend(columns?);
        }
        Ok(())
    }

    /// Ends all columns, and gives them in the order of the schema.
    pub(super) async fn close(self) -> Result<Vec<ArrowColumnChunk>> {
        let jobs = self.columns.into_iter().map(|column| move || column.close()).collect();
        let mut chunks = Vec::new();
        for of_column in tarn_platform::side_by_side(jobs).await {
            chunks.extend(of_column?);
        }
        Ok(chunks)
    }
}

/// Splits work into so many jobs, neighbours together, so that the order is kept.
fn into_jobs<T>(work: Vec<T>, count: usize) -> Vec<Vec<T>> {
    let size = work.len().div_ceil(count.max(1)).max(1);
    let mut rest = work.into_iter();
    let mut jobs = Vec::with_capacity(count);
    loop {
        let job: Vec<T> = rest.by_ref().take(size).collect();
        if job.is_empty() {
            return jobs;
        }
        jobs.push(job);
    }
}
