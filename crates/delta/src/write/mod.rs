//! Rows into data files: splits them by partition, writes Parquet, and describes the files as `add` actions.

mod blocks;
mod conform;
mod endings;
mod open_file;
mod parquet_file;
pub mod path;
mod plan;
mod row_group;
mod split;
mod stats;
mod upload;

pub use conform::conform;
pub use parquet_file::{Codec, ParquetFile};
pub use plan::{CHANGE_TYPE, TARGET_FILE_SIZE_BYTES, WritePlan, WriteTarget};
pub use stats::{IndexedColumn, StatsCollector, indexed_columns};
pub use upload::Upload;

use crate::actions::{Add, AddCdcFile};
use crate::schema::StructField;
use crate::{Error, Result};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use endings::Endings;
use futures::{StreamExt as _, stream};
use object_store::ObjectStoreExt as _;
use open_file::OpenFile;
use parquet_file::ROWS_AT_ONCE;
use split::{PartitionKey, Splitter};
use std::collections::BTreeMap;

/// Writes rows into files of a table. The files belong to the table once a transaction has added them.
///
/// A writer that is dropped without [`finish`](Self::finish) or [`abort`](Self::abort) leaves files behind, which VACUUM
/// finds.
#[derive(Debug)]
pub struct DataWriter {
    plan: WritePlan,
    file_schema: SchemaRef,
    file_columns: Vec<(usize, StructField)>,
    splitter: Splitter,
    open: BTreeMap<PartitionKey, OpenFile>,
    endings: Endings,
    opened: usize,
}

impl DataWriter {
    /// A writer that has written nothing yet.
    pub fn new(plan: WritePlan) -> Self {
        Self {
            file_schema: plan.file_schema(),
            file_columns: plan.file_columns(),
            splitter: Splitter::new(plan.partition_fields()),
            plan,
            open: BTreeMap::new(),
            endings: Endings::default(),
            opened: 0,
        }
    }

    /// Takes rows: the table's columns in order, then the plan's extra fields. Views, dictionaries and other units are
    /// cast.
    ///
    /// # Errors
    /// When values do not fit or are null where they must not be, or the store fails. [`abort`](Self::abort) the writer
    /// then: rows of the batch may have been written.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        let expected = self.plan.schema.fields.len() + self.plan.extra_fields.len();
        if batch.num_columns() != expected {
            return Err(Error::invalid(format!(
                "the rows have {} columns, and the table has {expected}",
                batch.num_columns()
            )));
        }
        let mut start = 0;
        // A batch may be larger than a file.
        while start < batch.num_rows() {
            let rows = batch.slice(start, ROWS_AT_ONCE.min(batch.num_rows() - start));
            start += rows.num_rows();
            self.write_some(&rows).await?;
        }
        Ok(())
    }

    async fn write_some(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = self.conformed(batch)?;
        let rows = RecordBatch::try_new(self.file_schema.clone(), columns)?;
        let mut split = self.splitter.split(batch, &rows)?.into_iter();
        loop {
            let some: BTreeMap<_, _> = split.by_ref().take(self.plan.max_open_files.max(1)).collect();
            if some.is_empty() {
                break;
            }
            self.write_partitions(some).await?;
        }
        self.hold_memory().await
    }

    fn conformed(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let missing = || Error::invalid("the rows lack a column of the table");
        let mut columns = Vec::with_capacity(self.file_schema.fields().len());
        for ((position, field), physical) in self.file_columns.iter().zip(self.file_schema.fields()) {
            let array = batch.columns().get(*position).ok_or_else(missing)?;
            columns.push(conform(array, field, physical, self.plan.column_mapping)?);
        }
        let extra = batch.columns().iter().skip(self.plan.schema.fields.len());
        for (array, field) in extra.zip(&self.plan.extra_fields) {
            columns.push(conform::cast(array, field.data_type(), field.name())?);
        }
        Ok(columns)
    }

    /// Appends to the files of some partitions, side by side.
    async fn write_partitions(&mut self, mut rows: BTreeMap<PartitionKey, RecordBatch>) -> Result<()> {
        self.open_files(&rows).await?;
        let target_bytes = self.plan.target_file_size_bytes;
        let writes = self.open.iter_mut().filter_map(|(key, file)| {
            let rows = rows.remove(key)?;
            Some(async move {
                file.write(&rows).await?;
                Ok::<_, Error>((file.size_bytes() >= target_bytes).then(|| key.clone()))
            })
        });
        let written = self.endings.beside(futures::future::join_all(writes)).await?;
        for key in written.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
            self.end_file(&key).await?;
        }
        Ok(())
    }

    /// Opens the files of these partitions, and ends others where there would be too many.
    async fn open_files(&mut self, wanted: &BTreeMap<PartitionKey, RecordBatch>) -> Result<()> {
        let new: Vec<&PartitionKey> = wanted.keys().filter(|key| !self.open.contains_key(*key)).collect();
        let most = self.plan.max_open_files.max(1).saturating_sub(new.len());
        while self.open.len() > most && self.end_largest(|key| !wanted.contains_key(key)).await? {}
        for key in new {
            let file = OpenFile::create(&self.plan, self.file_schema.clone(), key, self.opened)?;
            self.opened += 1;
            self.open.insert(key.clone(), file);
        }
        Ok(())
    }

    async fn hold_memory(&mut self) -> Result<()> {
        while self.memory_bytes() > self.plan.max_memory_bytes {
            // What ends gives its memory back, and no file gets smaller for it.
            if self.endings.next().await? {
                continue;
            }
            // One file cannot hold more than a row group and a part; ending it early would only make small files.
            if self.open.len() <= 1 || !self.end_largest(|_| true).await? {
                break;
            }
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        let open = self.open.values().map(OpenFile::memory_bytes);
        open.fold(self.endings.memory_bytes(), usize::saturating_add)
    }

    /// Ends the file that has the most in memory: the least loss in size, the most gain in memory.
    async fn end_largest(&mut self, may_end: impl Fn(&PartitionKey) -> bool) -> Result<bool> {
        let ending = self.open.iter().filter(|(key, _)| may_end(key));
        let largest = ending.max_by_key(|(_, file)| file.memory_bytes()).map(|(key, _)| key.clone());
        match largest {
            Some(key) => self.end_file(&key).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn end_file(&mut self, key: &PartitionKey) -> Result<()> {
        match self.open.remove(key) {
            Some(file) => self.endings.push(file).await,
            None => Ok(()),
        }
    }

    /// Ends all files and describes them. When that fails, all that was written is removed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish(mut self) -> Result<Vec<Add>> {
        match self.end_all().await {
            Ok(()) => Ok(self.endings.ended().await),
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    async fn end_all(&mut self) -> Result<()> {
        while let Some((_, file)) = self.open.pop_first() {
            self.endings.push(file).await?;
        }
        self.endings.wait().await
    }

    /// Ends all files of change data and describes them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn finish_change_data(self) -> Result<Vec<AddCdcFile>> {
        let adds = self.finish().await?;
        let to_cdc = |add: Add| AddCdcFile {
            path: add.path,
            partition_values: add.partition_values,
            size: add.size,
            data_change: false,
            tags: None,
        };
        Ok(adds.into_iter().map(to_cdc).collect())
    }

    /// Gives up: removes what was written, as far as the store lets it.
    pub async fn abort(self) {
        for file in self.open.into_values() {
            file.abort().await;
        }
        // Files on their way to their end cannot be called back.
        let ended = self.endings.ended().await;
        remove_files(&self.plan.table, ended.iter().map(|add| add.path.as_str())).await;
    }
}

/// Removes files that no commit names: those of a writer or a transaction that failed. What cannot be removed is left to
/// VACUUM.
pub async fn remove_files(table: &crate::TableStore, references: impl IntoIterator<Item = &str>) {
    let places: Vec<_> = references.into_iter().filter_map(|path| table.data_path(path).ok()).collect();
    let deletes = places.into_iter().map(|place| async move {
        // The failure that led here is what must be told; an orphan does no harm.
        let _ = place.store.delete(&place.path).await;
    });
    stream::iter(deletes).buffer_unordered(8).collect::<()>().await;
}
