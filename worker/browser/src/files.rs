//! The files of the tab: those that were opened, over those that were written to OPFS (or, without it, to memory).

use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::HashSet;
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, Result};
use tarn_rpc::{FileEntry, StoreKind};
use tarn_storage::{OverlayStore, Stores};
use tarn_storage_opfs::FileStore;
use url::Url;
use wasm_bindgen::{JsCast, JsValue};

/// The files of the tab.
pub(crate) struct Files {
    base: Url,
    opened: Arc<FileStore>,
    all: Arc<dyn ObjectStore>,
    kind: StoreKind,
}

impl Files {
    /// Opens OPFS and makes it the place of paths without a scheme.
    pub(crate) async fn open(stores: &Stores) -> Result<Self> {
        let (back, kind): (Arc<dyn ObjectStore>, StoreKind) = match tarn_storage_opfs::open().await {
            Ok(store) => (Arc::new(store), StoreKind::Opfs),
            Err(unavailable) => {
                (Arc::new(InMemory::new()), StoreKind::Memory { reason: unavailable.to_string() })
            }
        };
        let base =
            Url::parse("opfs:///").map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let opened = Arc::new(FileStore::new());
        let front = Arc::clone(&opened) as Arc<dyn ObjectStore>;
        let all = stores.cached(Arc::new(OverlayStore { front, back }));
        stores.register(&base, Arc::clone(&all));
        Ok(Self { base, opened, all, kind })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn kind(&self) -> &StoreKind {
        &self.kind
    }

    /// Opens files for reading where they lie.
    pub(crate) fn add(&self, paths: &[String], files: Vec<JsValue>) -> Result<()> {
        if paths.len() != files.len() {
            return Err(Error::new(
                ErrorKind::Internal,
                "The page sent another number of files than of names",
            ));
        }
        for (path, file) in paths.iter().zip(files) {
            let file = file
                .dyn_into::<web_sys::File>()
                .map_err(|_| Error::new(ErrorKind::Internal, format!("The page sent no file for {path}")))?;
            self.opened.add(parse(path)?, file);
        }
        Ok(())
    }

    /// All files, by path.
    pub(crate) async fn list(&self) -> Result<Vec<FileEntry>> {
        let mut metas: Vec<_> = self.all.list(None).try_collect().await?;
        metas.sort_by(|a, b| a.location.cmp(&b.location));
        let opened: HashSet<Path> = self.opened.paths().into_iter().collect();
        let entries = metas.into_iter().map(|meta| {
            let path = meta.location.to_string();
            FileEntry {
                size_bytes: meta.size,
                modified_millis: meta.last_modified.timestamp_millis(),
                format: tarn_lakehouse::file_format(&path).map(str::to_owned),
                is_opened: opened.contains(&meta.location),
                path,
            }
        });
        Ok(entries.collect())
    }

    /// Forgets an opened file, or deletes a written one.
    pub(crate) async fn remove(&self, path: &str) -> Result<()> {
        let path = parse(path)?;
        if !self.opened.remove(&path) {
            self.all.delete(&path).await?;
        }
        Ok(())
    }

    /// A whole file.
    pub(crate) async fn read(&self, path: &str) -> Result<bytes::Bytes> {
        Ok(self.all.get(&parse(path)?).await?.bytes().await?)
    }
}

fn parse(path: &str) -> Result<Path> {
    Path::parse(path).map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("{path} is not a name for a file: {error}"))
            .hint("Rename the file")
    })
}
