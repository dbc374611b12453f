//! The store: `object_store`'s for reading, listing and deleting, our own puts and copies.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::Path as DiskPath;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, RenameOptions, RenameTargetMode, Result,
};

use crate::error::refused;
use crate::unfinished::{
    ABANDONED_MILLIS, Existing, Unfinished, check_name, create_folders, folder_of, is_unfinished, sync_folder,
};
use crate::upload::DiskUpload;

/// Files of the local disk.
#[derive(Clone, Debug)]
pub(crate) struct DiskStore {
    pub(crate) files: LocalFileSystem,
}

impl fmt::Display for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disk({})", self.files)
    }
}

impl DiskStore {
    fn refuse_attributes(&self, attributes: &Attributes) -> Result<()> {
        match attributes.is_empty() {
            true => Ok(()),
            false => Err(self.not_implemented("attributes of a file")),
        }
    }

    fn not_implemented(&self, operation: &str) -> StoreError {
        StoreError::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}

#[async_trait]
impl ObjectStore for DiskStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.refuse_attributes(&options.attributes)?;
        let existing = match options.mode {
            PutMode::Overwrite => Existing::Replace,
            PutMode::Create => Existing::Keep,
            PutMode::Update(_) => return Err(self.not_implemented("a put that replaces one version")),
        };
        let target = self.files.path_to_filesystem(location)?;
        blocking(move || {
            let mut unfinished = Unfinished::create(&target)?;
            let written = payload.iter().try_for_each(|bytes| unfinished.file.write_all(bytes));
            written.map_err(refused("write", &target))?;
            unfinished.finish(existing)
        })
        .await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.refuse_attributes(&options.attributes)?;
        let target = self.files.path_to_filesystem(location)?;
        let unfinished = {
            let target = target.clone();
            blocking(move || Unfinished::create(&target)).await?
        };
        Ok(Box::new(DiskUpload::new(target, unfinished)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        without_unfinished(self.files.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        without_unfinished(self.files.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.files.list_with_delimiter(prefix).await?;
        let now_millis = tarn_platform::unix_millis();
        listed.objects.retain(|file| !is_on_its_way(file, now_millis));
        Ok(listed)
    }

    /// A copy of the content. `object_store` would make a second name of one file, which has its old time then: who
    /// removes files by their age would remove it before anybody could refer to it.
    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let existing = match options.mode {
            CopyMode::Overwrite => Existing::Replace,
            CopyMode::Create => Existing::Keep,
        };
        let from = self.files.path_to_filesystem(from)?;
        let to = self.files.path_to_filesystem(to)?;
        blocking(move || copy(&from, &to, existing)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let source = self.files.path_to_filesystem(from)?;
        let target = self.files.path_to_filesystem(to)?;
        // Before a folder is made for nothing.
        self.files.head(from).await?;
        blocking(move || rename(&source, &target, options.target_mode)).await
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate is the local disk")]
fn copy(from: &DiskPath, to: &DiskPath, existing: Existing) -> Result<()> {
    let mut source = fs::File::open(from).map_err(refused("read", from))?;
    let mut unfinished = Unfinished::create(to)?;
    io::copy(&mut source, &mut unfinished.file).map_err(refused("write", to))?;
    unfinished.finish(existing)
}

fn rename(from: &DiskPath, to: &DiskPath, mode: RenameTargetMode) -> Result<()> {
    check_name(to)?;
    create_folders(folder_of(to))?;
    match mode {
        RenameTargetMode::Overwrite => fs::rename(from, to).map_err(refused("rename", from))?,
        RenameTargetMode::Create => {
            fs::hard_link(from, to).map_err(refused("write", to))?;
            fs::remove_file(from).map_err(refused("remove", from))?;
        }
    }
    // The new name first: a file with two names is no loss.
    sync_folder(folder_of(to))?;
    sync_folder(folder_of(from))
}

/// Files that somebody may still be writing are nobody else's business.
fn without_unfinished(
    files: BoxStream<'static, Result<ObjectMeta>>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let now_millis = tarn_platform::unix_millis();
    files.try_filter(move |file| std::future::ready(!is_on_its_way(file, now_millis))).boxed()
}

fn is_on_its_way(file: &ObjectMeta, now_millis: i64) -> bool {
    file.location.filename().is_some_and(is_unfinished)
        && now_millis.saturating_sub(file.last_modified.timestamp_millis()) < ABANDONED_MILLIS
}

/// Runs what waits for the disk where waiting harms nobody: on tokio's threads for it, if there is a runtime.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.spawn_blocking(work).await?,
        Err(_) => work(),
    }
}
