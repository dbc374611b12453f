//! A table in memory, and a store that fails as told.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use arrow::array::{AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
};
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use tarn_delta::actions::{Add, Metadata, Protocol};
use tarn_delta::features::upgraded;
use tarn_delta::schema::from_arrow;
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::transaction::{Operation, Transaction};
use tarn_delta::write::{DataWriter, WritePlan};
use tarn_delta::{FindStore, Result, TableStore};
use url::Url;

/// Finds the one store that there is.
#[derive(Debug)]
pub(crate) struct OneStore(Arc<dyn ObjectStore>);

impl FindStore for OneStore {
    fn find(&self, _: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::clone(&self.0))
    }
}

pub(crate) fn table_store(store: Arc<dyn ObjectStore>) -> TableStore {
    TableStore::new(&Url::parse("memory:///lake/t").unwrap(), Arc::new(OneStore(store))).unwrap()
}

pub(crate) fn arrow_schema() -> Schema {
    Schema::new(vec![Field::new("id", DataType::Int64, true), Field::new("name", DataType::Utf8, true)])
}

pub(crate) fn metadata(schema: &Schema, partition_columns: &[&str], properties: &[(&str, &str)]) -> Metadata {
    Metadata {
        schema_string: from_arrow(schema).unwrap().to_json(),
        partition_columns: partition_columns.iter().map(|name| (*name).to_owned()).collect(),
        configuration: properties
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..Metadata::default()
    }
}

pub(crate) fn plain_metadata() -> Metadata {
    metadata(&arrow_schema(), &[], &[])
}

pub(crate) fn protocol(features: &[&str]) -> Protocol {
    let plain = Protocol { min_reader_version: 1, min_writer_version: 2, ..Protocol::default() };
    if features.is_empty() { plain } else { upgraded(&plain, features) }
}

pub(crate) fn batch(range: Range<i64>) -> RecordBatch {
    let names = StringArray::from_iter_values(range.clone().map(|id| format!("name {id}")));
    let columns = vec![Arc::new(Int64Array::from_iter_values(range)) as _, Arc::new(names) as _];
    RecordBatch::try_new(Arc::new(arrow_schema()), columns).unwrap()
}

pub(crate) fn ids(batch: &RecordBatch) -> Vec<i64> {
    batch.column_by_name("id").unwrap().as_primitive::<Int64Type>().values().to_vec()
}

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) store: TableStore,
}

impl Table {
    pub(crate) async fn create(metadata: Metadata) -> Self {
        Self::create_with(metadata, &[]).await
    }

    pub(crate) async fn create_with(metadata: Metadata, features: &[&str]) -> Self {
        Self::create_in(Arc::new(InMemory::new()), metadata, features).await
    }

    pub(crate) async fn create_in(
        store: Arc<dyn ObjectStore>,
        metadata: Metadata,
        features: &[&str],
    ) -> Self {
        let store = table_store(store);
        let create =
            Transaction::create(store.clone(), protocol(features), metadata, Operation::new("CREATE TABLE"));
        assert_eq!(create.commit().await.unwrap().version, 0);
        Self { store }
    }

    pub(crate) async fn newest(&self) -> Arc<Snapshot> {
        Snapshot::open(&self.store, At::Latest).await.unwrap()
    }

    /// Writes files that belong to no version yet.
    pub(crate) async fn write(&self, range: Range<i64>) -> Vec<Add> {
        self.write_batches(&[batch(range)]).await.unwrap()
    }

    pub(crate) async fn write_batches(&self, batches: &[RecordBatch]) -> Result<Vec<Add>> {
        let mut writer = DataWriter::new(WritePlan::of(&*self.newest().await)?);
        for batch in batches {
            if let Err(error) = writer.write(batch.clone()).await {
                writer.abort().await;
                return Err(error);
            }
        }
        writer.finish().await
    }

    pub(crate) async fn append(&self, range: Range<i64>) -> Arc<Snapshot> {
        let mut append = Transaction::new(self.newest().await, Operation::new("WRITE"));
        for add in self.write(range).await {
            append.add(add);
        }
        append.commit().await.unwrap().snapshot().await.unwrap()
    }

    pub(crate) async fn bytes(&self, path: &str) -> Bytes {
        let place = self.store.data_path(path).unwrap();
        place.store.get(&place.path).await.unwrap().bytes().await.unwrap()
    }

    pub(crate) async fn read_file(&self, path: &str) -> Vec<RecordBatch> {
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(self.bytes(path).await).unwrap().build().unwrap();
        reader.map(|batch| batch.unwrap()).collect()
    }

    /// The ids of all rows, sorted.
    pub(crate) async fn rows(&self, snapshot: &Snapshot) -> Vec<i64> {
        let mut rows = Vec::new();
        for file in snapshot.files().iter() {
            rows.extend(self.read_file(file.path()).await.iter().flat_map(ids));
        }
        rows.sort_unstable();
        rows
    }

    pub(crate) async fn log_text(&self, version: u64) -> String {
        let bytes = self.bytes(&format!("_delta_log/{version:020}.json")).await;
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    pub(crate) async fn log_names(&self) -> Vec<String> {
        let folder = self.store.root.clone().join("_delta_log");
        let listed = self.store.store.list_with_delimiter(Some(&folder)).await.unwrap();
        let mut names: Vec<String> =
            listed.objects.iter().map(|object| object.location.filename().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

/// What happens to the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    FailsBeforeWriting,
    FailsAfterWriting,
    ClaimsExisting,
    /// The store has no room for it.
    Full,
    /// The store answers nothing any more, from the commit on.
    GoesAway,
    /// The store answers nothing.
    Away,
}

#[derive(Debug, Default)]
pub(crate) struct FaultyStore {
    inner: InMemory,
    fault: Mutex<Option<Fault>>,
}

impl FaultyStore {
    pub(crate) fn next_commit(&self, fault: Fault) {
        *self.fault.lock() = Some(fault);
    }

    fn is_away(&self) -> object_store::Result<()> {
        match *self.fault.lock() {
            Some(Fault::Away) => Err(lost()),
            _ => Ok(()),
        }
    }
}

fn lost() -> object_store::Error {
    object_store::Error::Generic { store: "faulty", source: "the connection was lost".into() }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.is_away()?;
        let fault = match options.mode {
            PutMode::Create => self.fault.lock().take(),
            _ => None,
        };
        match fault {
            None => self.inner.put_opts(path, payload, options).await,
            Some(Fault::FailsBeforeWriting | Fault::Away) => Err(lost()),
            Some(Fault::Full) => {
                let full = tarn_storage::Error::StorageFull { reason: "no room".to_owned() };
                Err(full.into_store_error("faulty", path.as_ref()))
            }
            Some(Fault::GoesAway) => {
                self.next_commit(Fault::Away);
                Err(lost())
            }
            Some(Fault::FailsAfterWriting) => {
                self.inner.put_opts(path, payload, options).await?;
                Err(lost())
            }
            Some(Fault::ClaimsExisting) => {
                self.inner.put_opts(path, payload.clone(), options.clone()).await?;
                self.inner.put_opts(path, payload, options).await
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.is_away()?;
        self.inner.get_opts(path, options).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> object_store::Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}
