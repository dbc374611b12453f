//! The files of the tab: those that were opened, over those that were written to OPFS (or, without it, to memory).

use crate::zip;
use futures::TryStreamExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, Result};
use tarn_rpc::{FileEntry, StoreKind};
use tarn_storage::{OverlayStore, Stores};
use tarn_storage_opfs::{FileStore, OpfsStore};
use url::Url;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, File};

/// The folder that makes a folder a Delta table.
pub(crate) const LOG_FOLDER: &str = "_delta_log";

/// The files of the tab.
pub(crate) struct Files {
    base: Url,
    opened: Arc<FileStore>,
    /// `None` where the browser has no OPFS for us.
    opfs: Option<OpfsStore>,
    written: Arc<dyn ObjectStore>,
    /// The written under the opened, with a cache in front.
    pub(crate) all: Arc<dyn ObjectStore>,
    kind: StoreKind,
}

impl Files {
    /// Opens OPFS and makes it the place of paths without a scheme.
    pub(crate) async fn open(stores: &Stores) -> Result<Self> {
        let (opfs, kind) = match tarn_storage_opfs::open().await {
            Ok(store) => (Some(store), StoreKind::Opfs),
            Err(unavailable) => (None, StoreKind::Memory { reason: unavailable.to_string() }),
        };
        let written: Arc<dyn ObjectStore> = match &opfs {
            Some(store) => Arc::new(store.clone()),
            None => Arc::new(InMemory::new()),
        };
        let base =
            Url::parse("opfs:///").map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let opened = Arc::new(FileStore::new());
        let front = Arc::clone(&opened) as Arc<dyn ObjectStore>;
        let all = stores.cached(Arc::new(OverlayStore { front, back: Arc::clone(&written) }));
        stores.register(&base, Arc::clone(&all));
        Ok(Self { base, opened, opfs, written, all, kind })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn kind(&self) -> &StoreKind {
        &self.kind
    }

    /// Opens files for reading where they lie; of a zip with Delta tables, the files in it.
    pub(crate) async fn add(&self, paths: &[String], files: Vec<JsValue>) -> Result<()> {
        if paths.len() != files.len() {
            return Err(Error::new(
                ErrorKind::Internal,
                "The page sent another number of files than of names",
            ));
        }
        for (path, file) in paths.iter().zip(files) {
            let file = file
                .dyn_into::<File>()
                .map_err(|_| Error::new(ErrorKind::Internal, format!("The page sent no file for {path}")))?;
            let inside = match path.strip_suffix(".zip") {
                Some(stem) => zip::tables_in(&file, stem).await?,
                None => None,
            };
            for (path, file) in inside.unwrap_or_else(|| vec![(path.clone(), file)]) {
                self.opened.add(parse(&path)?, file);
            }
        }
        Ok(())
    }

    /// All files, by path. What is in the folder of a Delta table stands for itself nowhere: the folder does.
    pub(crate) async fn list(&self) -> Result<Vec<FileEntry>> {
        let opened: Vec<ObjectMeta> = self.opened.list(None).try_collect().await?;
        let mut entries = with_folders(opened);
        for entry in self.list_written().await? {
            entries.entry(entry.path.clone()).or_insert(entry);
        }
        Ok(entries.into_values().collect())
    }

    /// Walks through the folders, but not into tables, which may have many files.
    async fn list_written(&self) -> Result<Vec<FileEntry>> {
        let mut entries = Vec::new();
        let mut waiting = vec![None::<Path>];
        while let Some(folder) = waiting.pop() {
            let listed = self.written.list_with_delimiter(folder.as_ref()).await?;
            let is_table = listed.common_prefixes.iter().any(|path| path.filename() == Some(LOG_FOLDER));
            match folder.filter(|_| is_table) {
                Some(folder) => {
                    let modified = listed.objects.iter().map(|meta| meta.last_modified.timestamp_millis());
                    entries.push(table_entry(folder.to_string(), modified.max().unwrap_or(0), false));
                }
                None => {
                    entries.extend(listed.objects.iter().map(|meta| file_entry(meta, false)));
                    waiting.extend(listed.common_prefixes.into_iter().map(Some));
                }
            }
        }
        Ok(entries)
    }

    /// Forgets an opened file, or deletes a written one; of a table's folder, all files.
    pub(crate) async fn remove(&self, path: &str) -> Result<()> {
        let path = parse(path)?;
        let below: Vec<Path> =
            self.opened.paths().into_iter().filter(|opened| opened.prefix_matches(&path)).collect();
        if !below.is_empty() {
            for path in &below {
                self.opened.remove(path);
            }
            return Ok(());
        }
        // The log first: half a table must not look like one.
        let log = path.clone().join(LOG_FOLDER);
        let mut in_folder: Vec<Path> = self.paths_in(&log).await?;
        if in_folder.is_empty() {
            return Ok(self.all.delete(&path).await?);
        }
        in_folder.extend(self.paths_in(&path).await?.into_iter().filter(|path| !path.prefix_matches(&log)));
        for path in in_folder {
            self.delete(&path).await?;
        }
        Ok(())
    }

    /// Deletes all files that were written; those that were opened stay.
    pub(crate) async fn clear(&self) -> Result<()> {
        let written: Vec<Path> = self.written.list(None).map_ok(|meta| meta.location).try_collect().await?;
        // Logs first: half a table must not look like one.
        let is_log = |path: &Path| path.parts().any(|part| part.as_ref() == LOG_FOLDER);
        let (logs, data): (Vec<_>, Vec<_>) = written.into_iter().partition(is_log);
        for path in logs.into_iter().chain(data) {
            self.delete(&path).await?;
        }
        Ok(())
    }

    /// Deletes a file that may be gone already.
    async fn delete(&self, path: &Path) -> Result<()> {
        match self.all.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn paths_in(&self, folder: &Path) -> Result<Vec<Path>> {
        Ok(self.written.list(Some(folder)).map_ok(|meta| meta.location).try_collect().await?)
    }

    /// A whole file.
    pub(crate) async fn read(&self, path: &str) -> Result<bytes::Bytes> {
        Ok(self.all.get(&parse(path)?).await?.bytes().await?)
    }

    /// A file as the browser has it; its bytes are not in memory, unless there is no other place for them.
    pub(crate) async fn blob(&self, path: &Path) -> Result<Blob> {
        if let Some(file) = self.opened.opened(path) {
            return Ok(file.into());
        }
        if let Some(opfs) = &self.opfs {
            return Ok(opfs.file(path).await?.into());
        }
        let bytes = self.written.get(path).await?.bytes().await?;
        let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes.as_ref()));
        Blob::new_with_u8_array_sequence(&parts)
            .map_err(|_| Error::new(ErrorKind::Internal, format!("The browser does not take {path}")))
    }
}

/// A path as the page sends it.
pub(crate) fn parse(path: &str) -> Result<Path> {
    Path::parse(path).map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("{path} is not a name for a file: {error}"))
            .hint("Rename the file")
    })
}

/// The opened files, with a folder in place of those that make up a table.
fn with_folders(opened: Vec<ObjectMeta>) -> BTreeMap<String, FileEntry> {
    let roots: BTreeSet<String> =
        opened.iter().filter_map(|meta| table_of(meta.location.as_ref())).map(str::to_owned).collect();
    let mut entries: BTreeMap<String, FileEntry> = BTreeMap::new();
    for meta in opened {
        let path = meta.location.as_ref();
        let root = path.match_indices('/').map(|(at, _)| &path[..at]).find(|folder| roots.contains(*folder));
        let Some(root) = root else {
            entries.insert(path.to_owned(), file_entry(&meta, true));
            continue;
        };
        let modified = meta.last_modified.timestamp_millis();
        let entry = entries.entry(root.to_owned()).or_insert_with(|| table_entry(root.to_owned(), 0, true));
        entry.modified_millis = entry.modified_millis.max(modified);
    }
    entries
}

/// The folder of the table whose log has this file.
pub(crate) fn table_of(path: &str) -> Option<&str> {
    let (root, _) = path.split_once("/_delta_log/")?;
    (!root.is_empty()).then_some(root)
}

fn file_entry(meta: &ObjectMeta, is_opened: bool) -> FileEntry {
    let path = meta.location.to_string();
    FileEntry {
        size_bytes: meta.size,
        modified_millis: meta.last_modified.timestamp_millis(),
        format: tarn_lakehouse::file_format(&path).map(str::to_owned),
        is_opened,
        path,
    }
}

fn table_entry(path: String, modified_millis: i64, is_opened: bool) -> FileEntry {
    FileEntry { path, size_bytes: 0, modified_millis, format: Some("delta".to_owned()), is_opened }
}
