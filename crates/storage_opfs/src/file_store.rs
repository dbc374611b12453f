//! Files that a person opened or dropped on the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tarn_platform::{SendWrapper, js};
use web_sys::File;

use crate::files;

/// A read-only store of opened files. They stay where they are on the person's disk: only what is asked for is read.
#[derive(Default)]
pub struct FileStore {
    files: Mutex<BTreeMap<Path, SendWrapper<File>>>,
}

impl FileStore {
    /// A store without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a file under a path; a file that was opened under it before makes way.
    pub fn add(&self, path: Path, file: File) {
        self.lock().insert(path, SendWrapper::new(file));
    }

    /// Closes a file; says whether it was open.
    pub fn remove(&self, path: &Path) -> bool {
        self.lock().remove(path).is_some()
    }

    /// An open file, as the browser has it.
    pub fn opened(&self, path: &Path) -> Option<File> {
        self.file(path).ok().map(SendWrapper::into_inner)
    }

    /// The paths of all open files, sorted.
    pub fn paths(&self) -> Vec<Path> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Path, SendWrapper<File>>> {
        // Nothing that could panic runs under the lock.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, path: &Path) -> Result<SendWrapper<File>> {
        let file = self.lock().get(path).map(|file| SendWrapper::new(File::clone(file)));
        file.ok_or_else(|| StoreError::NotFound {
            path: path.to_string(),
            source: "no such file is open".into(),
        })
    }

    fn under(&self, prefix: Option<&Path>) -> Vec<ObjectMeta> {
        let is_under =
            |path: &Path| prefix.is_none_or(|prefix| path != prefix && path.prefix_matches(prefix));
        self.lock()
            .iter()
            .filter(|(path, _)| is_under(path))
            .map(|(path, file)| files::meta(file, path))
            .collect()
    }

    fn read_only(operation: &str) -> StoreError {
        StoreError::NotImplemented { operation: operation.to_owned(), implementer: "opened files".to_owned() }
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().keys()).finish()
    }
}

impl fmt::Display for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("opened files")
    }
}

#[async_trait]
impl ObjectStore for FileStore {
    async fn put_opts(
        &self,
        _location: &Path,
        _payload: PutPayload,
        _options: PutOptions,
    ) -> Result<PutResult> {
        Err(Self::read_only("put"))
    }

    async fn put_multipart_opts(
        &self,
        _location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Self::read_only("put_multipart"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        files::read(self.file(location)?.into_inner(), location, &options)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let file = self.file(location)?;
        js(async move { files::slices(&file, location, ranges).await }).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        locations.map(|location| location.and_then(|_| Err(Self::read_only("delete")))).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        stream::iter(self.under(prefix).into_iter().map(Ok)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = prefix.cloned().unwrap_or(Path::ROOT);
        let mut common_prefixes = BTreeSet::new();
        let mut objects = Vec::new();
        for meta in self.under(Some(&prefix)) {
            let mut rest = match meta.location.prefix_match(&prefix) {
                Some(rest) => rest.collect::<Vec<_>>().into_iter(),
                None => continue,
            };
            match (rest.next(), rest.next()) {
                (Some(folder), Some(_)) => drop(common_prefixes.insert(prefix.clone().join(folder))),
                _ => objects.push(meta),
            }
        }
        Ok(ListResult { common_prefixes: common_prefixes.into_iter().collect(), objects })
    }

    async fn copy_opts(&self, _from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(Self::read_only("copy"))
    }
}
