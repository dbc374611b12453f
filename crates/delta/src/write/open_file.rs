//! A data file of one partition, with its statistics.

use super::parquet_file::{ParquetFile, ROW_GROUP_ROWS};
use super::path;
use super::plan::{WritePlan, WriteTarget};
use super::split::PartitionKey;
use super::stats::StatsCollector;
use crate::actions::Add;
use crate::{Error, Result};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;

/// A data file that is being written.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: ParquetFile,
    reference: String,
    partition_values: PartitionKey,
    stats: StatsCollector,
    target: WriteTarget,
    data_change: bool,
}

impl OpenFile {
    /// A new file for the rows of a partition; the number is that of the file among those of its writer.
    pub(super) fn create(
        plan: &WritePlan,
        schema: SchemaRef,
        key: &PartitionKey,
        number: usize,
    ) -> Result<Self> {
        let mut folders = Vec::new();
        if plan.target == WriteTarget::ChangeData {
            folders.push("_change_data".to_owned());
        }
        match plan.random_folder_chars {
            Some(chars) => folders.push(path::random_folder(chars)),
            None if key.is_empty() => {}
            None => folders.push(path::partition_folder(key)),
        }
        let prefix = match plan.target {
            WriteTarget::Data => "part",
            WriteTarget::ChangeData => "cdc",
        };
        folders.push(path::file_name(prefix, number, plan.codec.suffix()));
        let reference = path::to_reference(&folders.join("/"));
        let place = plan.table.data_path(&reference)?;
        Ok(Self {
            file: ParquetFile::create(
                Arc::clone(&place.store),
                place.path,
                schema,
                plan.codec,
                ROW_GROUP_ROWS,
            )?,
            reference,
            partition_values: key.clone(),
            stats: StatsCollector::new(&plan.indexed_columns),
            target: plan.target,
            data_change: plan.data_change && plan.target == WriteTarget::Data,
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.file.memory_bytes()
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.file.size_bytes()
    }

    /// Appends rows, which have the schema of the files.
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        // The file's columns are encoded by others meanwhile.
        let stats = async { self.stats.update(rows) };
        let (encoded, counted) = futures::join!(self.file.write(rows), stats);
        encoded.and(counted)
    }

    /// Ends the file and describes it.
    pub(super) async fn finish(self) -> Result<Add> {
        let stats = self.stats.to_json();
        let size = self.file.finish().await?;
        Ok(Add {
            path: self.reference,
            partition_values: self.partition_values.into_iter().collect(),
            size: i64::try_from(size).map_err(|_| Error::invalid("a data file is too large"))?,
            modification_time: tarn_platform::unix_millis(),
            data_change: self.data_change,
            stats: (self.target == WriteTarget::Data).then_some(stats),
            ..Add::default()
        })
    }

    /// Gives the file up.
    pub(super) async fn abort(self) {
        self.file.abort().await;
    }
}
