//! A log in memory, in a store that counts what is read and may refuse to list.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use tarn_delta::snapshot::{At, Snapshot};
use tarn_delta::{FindStore, TableStore};
use url::Url;

/// A store in memory that remembers what was read.
#[derive(Debug)]
pub(crate) struct Watched {
    inner: InMemory,
    can_list: bool,
    read: Mutex<Vec<String>>,
    /// A file that the next listing leaves out.
    overlooked: Mutex<Option<String>>,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("watched")
    }
}

#[async_trait]
impl ObjectStore for Watched {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !options.head {
            self.read.lock().push(location.filename().unwrap_or_default().to_owned());
        }
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let overlooked = self.overlooked.lock().take();
        match self.can_list {
            true => self
                .inner
                .list(prefix)
                .try_filter(move |found| {
                    std::future::ready(found.location.filename() != overlooked.as_deref())
                })
                .boxed(),
            false => async { Err(Error::NotSupported { source: "no".into() }) }.into_stream().boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct Only(Arc<dyn ObjectStore>);

impl FindStore for Only {
    fn find(&self, _: &Url) -> tarn_delta::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::clone(&self.0))
    }
}

/// A table whose log a test writes.
pub(crate) struct Log {
    pub(crate) table: TableStore,
    watched: Arc<Watched>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self::on(true)
    }

    /// A log in a store that cannot list.
    pub(crate) fn without_listing() -> Self {
        Self::on(false)
    }

    fn on(can_list: bool) -> Self {
        let watched = Arc::new(Watched {
            inner: InMemory::new(),
            can_list,
            read: Mutex::default(),
            overlooked: Mutex::default(),
        });
        let store: Arc<dyn ObjectStore> = Arc::<Watched>::clone(&watched);
        let url = Url::parse("memory:///lake/t").unwrap();
        Self { table: TableStore::new(&url, Arc::new(Only(store))).unwrap(), watched }
    }

    /// A log with a first version: an `id` and a partition column `p`.
    pub(crate) async fn started() -> Self {
        let log = Self::new();
        log.commit(0, &[protocol(), metadata()]).await;
        log
    }

    pub(crate) async fn put(&self, name: &str, bytes: impl Into<PutPayload>) {
        self.watched.inner.put(&self.table.log_path(name), bytes.into()).await.unwrap();
    }

    pub(crate) async fn put_data(&self, name: &str, bytes: Vec<u8>) {
        let path = name.split('/').fold(self.table.root.clone(), |path, part| path.join(part));
        self.watched.inner.put(&path, bytes.into()).await.unwrap();
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.watched.inner.delete(&self.table.log_path(name)).await.unwrap();
    }

    pub(crate) async fn commit(&self, version: u64, actions: &[Value]) {
        self.put(&format!("{version:020}.json"), lines(actions)).await;
    }

    pub(crate) async fn open(&self) -> tarn_delta::Result<Arc<Snapshot>> {
        Snapshot::open(&self.table, At::Latest).await
    }

    pub(crate) async fn open_at(&self, version: u64) -> tarn_delta::Result<Arc<Snapshot>> {
        Snapshot::open(&self.table, At::Version(version)).await
    }

    /// Lets the next listing leave out a file, as when it comes while the folder is listed.
    pub(crate) fn overlook(&self, name: &str) {
        *self.watched.overlooked.lock() = Some(name.to_owned());
    }

    /// The error's text; opening must fail.
    pub(crate) async fn error(&self) -> String {
        self.open().await.unwrap_err().to_string()
    }

    /// The names of the files that were read since this was asked last.
    pub(crate) fn take_read(&self) -> Vec<String> {
        std::mem::take(&mut self.watched.read.lock())
    }
}

pub(crate) fn lines(actions: &[Value]) -> String {
    actions.iter().map(|action| format!("{action}\n")).collect()
}

pub(crate) fn paths(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.files().iter().map(|file| file.path()).collect()
}

pub(crate) fn protocol() -> Value {
    json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}})
}

pub(crate) fn metadata() -> Value {
    metadata_of(&json!([
        {"name": "id", "type": "long", "nullable": true, "metadata": {}},
        {"name": "p", "type": "date", "nullable": true, "metadata": {}},
    ]))
}

pub(crate) fn metadata_of(fields: &Value) -> Value {
    let schema = json!({"type": "struct", "fields": fields}).to_string();
    json!({"metaData": {
        "id": "6ca3020b-3cd9-4048-82e3-1417a0abb98f",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema,
        "partitionColumns": ["p"],
        "configuration": {},
    }})
}

pub(crate) fn add(path: &str) -> Value {
    add_with(path, &json!({}))
}

pub(crate) fn add_with(path: &str, more: &Value) -> Value {
    let mut add = json!({
        "path": path, "partitionValues": {"p": "2024-02-29"}, "size": 10, "modificationTime": 5, "dataChange": true,
    });
    for (key, value) in more.as_object().unwrap() {
        add[key] = value.clone();
    }
    json!({ "add": add })
}

pub(crate) fn remove(path: &str) -> Value {
    json!({"remove": {"path": path, "deletionTimestamp": 7, "dataChange": true}})
}
