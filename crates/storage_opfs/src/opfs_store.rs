//! OPFS as an object store that several tabs can share.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future};
use js_sys::Reflect;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result, UploadPart,
};
use tarn_platform::{SendWrapper, js};
use tokio::sync::Mutex;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileSystemDirectoryHandle, FileSystemFileHandle, StorageManager};

use crate::error::{OpfsUnavailable, STORE, is_missing, message_of, store_error};
use crate::files::{self, promised};
use crate::locks::{Lock, lock, try_lock};
use crate::names;
use crate::temp_file::{TempFile, move_file};
use crate::tree::{self, Entry};

/// How much of a file is in memory while it is copied.
const COPY_BYTES: u64 = 4 << 20;

/// Files whose sizes are asked for at the same time when a folder is listed.
const SIZES_AT_ONCE: usize = 64;

/// The files of this site, kept by the browser.
///
/// A file is written out of sight and then moved to its name, so it is there whole or not at all, even after a crash.
/// Checking for a name and moving to it happen under a Web Lock of that path, so of two tabs that create the same file
/// one wins. What a tab that died left out of sight is cleared away by the next one that opens the store.
#[derive(Clone)]
pub struct OpfsStore {
    inner: Arc<Inner>,
}

/// Opens the store of this site.
pub async fn open() -> Result<OpfsStore, OpfsUnavailable> {
    js(async {
        let root = root_folder().await?;
        let inner = Inner::new(root).await.map_err(|error| unavailable(&error))?;
        Ok(OpfsStore { inner: Arc::new(inner) })
    })
    .await
}

async fn root_folder() -> Result<FileSystemDirectoryHandle, OpfsUnavailable> {
    let missing = |reason: &str| OpfsUnavailable { reason: reason.to_owned() };
    let global = js_sys::global();
    let is_secure = Reflect::get(&global, &"isSecureContext".into()).is_ok_and(|value| value.is_truthy());
    let storage = Reflect::get(&global, &"navigator".into())
        .and_then(|navigator| Reflect::get(&navigator, &"storage".into()))
        .map_err(|error| unavailable(&error))?;
    let has_folder =
        !storage.is_undefined() && Reflect::has(&storage, &"getDirectory".into()).unwrap_or(false);
    match (is_secure, has_folder) {
        (false, _) => Err(missing("browsers allow it only over https, or on localhost")),
        (true, false) => Err(missing("this browser has no private file system (OPFS); a newer one has")),
        (true, true) => {
            let storage: StorageManager = storage.unchecked_into();
            promised(storage.get_directory()).await.map_err(|error| unavailable(&error))
        }
    }
}

fn unavailable(error: &JsValue) -> OpfsUnavailable {
    let hint = "private windows and blocked cookies are the usual reasons";
    OpfsUnavailable { reason: format!("{} ({hint})", message_of(error)) }
}

impl OpfsStore {
    /// A file as the browser has it: its bytes stay on the disk until they are asked for.
    ///
    /// # Errors
    /// When there is no such file.
    pub async fn file(&self, path: &Path) -> Result<File> {
        self.inner.file(path).await
    }
}

struct Inner {
    root: SendWrapper<FileSystemDirectoryHandle>,
    temp: SendWrapper<FileSystemDirectoryHandle>,
    /// Held as long as this store lives: says that its folder for temporary files is in use.
    _alive: SendWrapper<Lock>,
}

impl Inner {
    async fn new(root: FileSystemDirectoryHandle) -> Result<Self, JsValue> {
        let id = format!("{:016x}", tarn_platform::random_u64());
        let alive = lock(&alive_lock(&id)).await?;
        let all_temp = tree::make_folder(&root, &[names::TEMP_FOLDER.to_owned()]).await?;
        let temp = tree::make_folder(&all_temp, std::slice::from_ref(&id)).await?;
        for (name, _) in tree::entries(&all_temp).await? {
            // Whoever made it is dead if its lock is free.
            if name != id
                && let Some(_lock) = try_lock(&alive_lock(&name)).await?
            {
                // Should it fail, the next start tries again.
                drop(tree::remove_all(&all_temp, &name).await);
            }
        }
        Ok(Self {
            root: SendWrapper::new(root),
            temp: SendWrapper::new(temp),
            _alive: SendWrapper::new(alive),
        })
    }

    async fn find(&self, path: &Path) -> Result<FileSystemFileHandle, JsValue> {
        let missing = || {
            let error = js_sys::Error::new("there is no such file");
            error.set_name("NotFoundError");
            JsValue::from(error)
        };
        let (folders, name) = names::split(path).ok_or_else(missing)?;
        let folder = tree::find_folder(&self.root, &folders).await?.ok_or_else(missing)?;
        promised(folder.get_file_handle(&name)).await
    }

    async fn file(&self, path: &Path) -> Result<File> {
        let file = async {
            let handle = self.find(path).await?;
            promised(handle.get_file()).await
        };
        file.await.map_err(|error| store_error(&error, path.as_ref()))
    }

    async fn exists(&self, path: &Path) -> Result<bool> {
        match self.find(path).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(store_error(&error, path.as_ref())),
        }
    }

    async fn write_temp(&self, payload: &PutPayload, path: &Path) -> Result<TempFile> {
        let write = async {
            let mut temp = TempFile::create(&self.temp).await?;
            let mut offset = 0;
            for piece in payload.iter() {
                temp.write(offset, piece).await?;
                offset += piece.len() as u64;
            }
            temp.finish().await?;
            Ok(temp)
        };
        write.await.map_err(|error: JsValue| store_error(&error, path.as_ref()))
    }

    /// Moves a finished file to its name, if the name may be taken.
    async fn place(&self, mut temp: TempFile, path: &Path, is_create: bool) -> Result<PutResult> {
        let _lock = self.lock(path).await?;
        if is_create && self.exists(path).await? {
            return Err(already_exists(path));
        }
        let (folders, name) = split(path)?;
        let place = async {
            // A delete may clear away a folder as empty between its making and the move: then make it again.
            let mut attempts = 3;
            loop {
                let folder = tree::make_folder(&self.root, &folders).await?;
                attempts -= 1;
                match temp.move_to(&folder, &name).await {
                    Err(error) if attempts > 0 && is_missing(&error) => {}
                    result => return result,
                }
            }
        };
        place.await.map_err(|error| store_error(&error, path.as_ref()))?;
        let meta = files::meta(&self.file(path).await?, path);
        Ok(PutResult { e_tag: meta.e_tag, version: None })
    }

    async fn lock(&self, path: &Path) -> Result<Lock> {
        lock(&format!("tarn-opfs:{path}")).await.map_err(|error| store_error(&error, path.as_ref()))
    }

    async fn put(&self, path: &Path, payload: PutPayload, options: &PutOptions) -> Result<PutResult> {
        let is_create = match &options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(StoreError::NotImplemented {
                    operation: "put with PutMode::Update".to_owned(),
                    implementer: STORE.to_owned(),
                });
            }
        };
        split(path)?;
        // The common way to lose: see it before writing anything. What counts is checked under the lock.
        if is_create && self.exists(path).await? {
            return Err(already_exists(path));
        }
        let temp = self.write_temp(&payload, path).await?;
        self.place(temp, path, is_create).await
    }

    async fn delete(&self, path: &Path) -> Result<()> {
        let (folders, name) = split(path)?;
        let _lock = self.lock(path).await?;
        // Asked for as a file first, since a folder would be removed as well.
        let delete = async {
            self.find(path).await?;
            let folder = tree::find_folder(&self.root, &folders).await?;
            if let Some(folder) = folder {
                JsFuture::from(folder.remove_entry(&name)).await?;
            }
            tree::remove_empty(&self.root, &folders).await;
            Ok(())
        };
        delete.await.map_err(|error: JsValue| store_error(&error, path.as_ref()))
    }

    async fn copy(&self, from: &Path, to: &Path, mode: CopyMode) -> Result<()> {
        split(to)?;
        let file = self.file(from).await?;
        let size = file.size() as u64;
        let failed = |error: JsValue| store_error(&error, to.as_ref());
        let mut temp = TempFile::create(&self.temp).await.map_err(failed)?;
        let mut offset = 0;
        while offset < size {
            let end = size.min(offset + COPY_BYTES);
            let bytes = files::slice(&file, offset..end, from.as_ref()).await?;
            temp.write(offset, &bytes).await.map_err(failed)?;
            offset = end;
        }
        temp.finish().await.map_err(failed)?;
        self.place(temp, to, matches!(mode, CopyMode::Create)).await?;
        Ok(())
    }

    async fn rename(&self, from: &Path, to: &Path, mode: RenameTargetMode) -> Result<()> {
        if from == to {
            return self.file(from).await.map(drop);
        }
        let (from_folders, _) = split(from)?;
        let (folders, name) = split(to)?;
        // Always in the same order, so that two renames cannot wait for each other.
        let (first, second) = if from < to { (from, to) } else { (to, from) };
        let _locks = (self.lock(first).await?, self.lock(second).await?);
        if matches!(mode, RenameTargetMode::Create) && self.exists(to).await? {
            return Err(already_exists(to));
        }
        let rename = async {
            let file = self.find(from).await?;
            let folder = tree::make_folder(&self.root, &folders).await?;
            move_file(&file, &folder, &name).await?;
            tree::remove_empty(&self.root, &from_folders).await;
            Ok(())
        };
        rename.await.map_err(|error: JsValue| store_error(&error, from.as_ref()))
    }

    /// The files and folders right under a prefix.
    async fn children(&self, prefix: &Path) -> Result<(Vec<ObjectMeta>, Vec<Path>)> {
        let failed = |error: JsValue| store_error(&error, prefix.as_ref());
        let Some(folder) = tree::find_folder(&self.root, &names::folders(prefix)).await.map_err(failed)?
        else {
            return Ok((Vec::new(), Vec::new()));
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for (name, entry) in tree::entries(&folder).await.map_err(failed)? {
            if prefix.is_root() && name == names::TEMP_FOLDER {
                continue;
            }
            let Some(path) = names::from_opfs(&name).and_then(|name| child(prefix, &name)) else {
                continue;
            };
            match entry {
                Entry::Folder => folders.push(path),
                Entry::File(handle) => files.push(async move {
                    match promised(handle.get_file()).await {
                        Ok(file) => Ok(Some(files::meta(&file, &path))),
                        // Deleted meanwhile.
                        Err(error) if is_missing(&error) => Ok(None),
                        Err(error) => Err(failed(error)),
                    }
                }),
            }
        }
        // The browser says a file's size only when it is asked for that file.
        let metas = stream::iter(files).buffer_unordered(SIZES_AT_ONCE);
        let mut objects: Vec<ObjectMeta> = metas.try_filter_map(future::ok).try_collect().await?;
        objects.sort_by(|one, other| one.location.cmp(&other.location));
        Ok((objects, folders))
    }
}

fn child(folder: &Path, name: &str) -> Option<Path> {
    let path = if folder.is_root() { name.to_owned() } else { format!("{folder}/{name}") };
    Path::parse(path).ok()
}

fn alive_lock(id: &str) -> String {
    format!("tarn-opfs-alive:{id}")
}

fn split(path: &Path) -> Result<(Vec<String>, String)> {
    names::split(path)
        .ok_or_else(|| StoreError::NotFound { path: path.to_string(), source: "the root is no file".into() })
}

fn already_exists(path: &Path) -> StoreError {
    StoreError::AlreadyExists { path: path.to_string(), source: "there is such a file".into() }
}

impl fmt::Debug for OpfsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpfsStore")
    }
}

impl fmt::Display for OpfsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the browser's file system")
    }
}

#[async_trait]
impl ObjectStore for OpfsStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        js(self.inner.put(location, payload, &options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        split(location)?;
        let temp = js(async {
            let temp = TempFile::create(&self.inner.temp).await;
            temp.map(SendWrapper::new).map_err(|error| store_error(&error, location.as_ref()))
        })
        .await?;
        let temp = Arc::new(Mutex::new(Some(temp)));
        Ok(Box::new(OpfsUpload { inner: self.inner.clone(), path: location.clone(), temp, size_bytes: 0 }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        js(async { files::read(self.inner.file(location).await?, location, &options) }).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        js(async { files::slices(&self.inner.file(location).await?, location, ranges).await }).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let inner = self.inner.clone();
        locations
            .and_then(move |location| {
                let inner = inner.clone();
                js(async move {
                    inner.delete(&location).await?;
                    Ok(location)
                })
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let inner = self.inner.clone();
        // Folders are opened one after the other, so a long list starts to arrive at once.
        let waiting = vec![prefix.cloned().unwrap_or(Path::ROOT)];
        stream::try_unfold(waiting, move |mut waiting| {
            let inner = inner.clone();
            js(async move {
                let Some(folder) = waiting.pop() else {
                    return Ok::<_, StoreError>(None);
                };
                let (objects, folders) = inner.children(&folder).await?;
                waiting.extend(folders);
                Ok(Some((stream::iter(objects.into_iter().map(Ok)), waiting)))
            })
        })
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let root = Path::ROOT;
        let prefix = prefix.unwrap_or(&root);
        let (objects, folders) = js(self.inner.children(prefix)).await?;
        let folders: BTreeSet<Path> = folders.into_iter().collect();
        Ok(ListResult { common_prefixes: folders.into_iter().collect(), objects })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        js(self.inner.copy(from, to, options.mode)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        js(self.inner.rename(from, to, options.target_mode)).await
    }
}

/// Parts go to their places in one file out of sight, whichever comes first.
struct OpfsUpload {
    inner: Arc<Inner>,
    path: Path,
    /// `None` once the upload has ended.
    temp: Arc<Mutex<Option<SendWrapper<TempFile>>>>,
    size_bytes: u64,
}

impl fmt::Debug for OpfsUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpfsUpload({})", self.path)
    }
}

fn ended(path: &Path) -> StoreError {
    store_error(&JsValue::from_str("this upload has ended"), path.as_ref())
}

#[async_trait]
impl MultipartUpload for OpfsUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let mut offset = self.size_bytes;
        self.size_bytes += data.content_length() as u64;
        let (temp, path) = (self.temp.clone(), self.path.clone());
        js(async move {
            let temp = temp.lock().await;
            let temp = temp.as_ref().ok_or_else(|| ended(&path))?;
            for piece in data.iter() {
                temp.write(offset, piece).await.map_err(|error| store_error(&error, path.as_ref()))?;
                offset += piece.len() as u64;
            }
            Ok(())
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        js(async {
            let temp = self.temp.lock().await.take();
            let mut temp = temp.ok_or_else(|| ended(&self.path))?.into_inner();
            temp.finish().await.map_err(|error| store_error(&error, self.path.as_ref()))?;
            self.inner.place(temp, &self.path, false).await
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        // Dropping it removes it.
        drop(self.temp.lock().await.take());
        Ok(())
    }
}
