//! Files opened for reading, laid over a store that can be written: a tab's dropped files over its own file system.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use crate::error::Error;

/// Reads look in front, then behind. Writes go behind, and never under a name that the front has: the write would seem
/// to be lost.
#[derive(Debug)]
pub struct OverlayStore {
    /// Only read.
    pub front: Arc<dyn ObjectStore>,
    /// Read and written.
    pub back: Arc<dyn ObjectStore>,
}

impl OverlayStore {
    async fn is_in_front(&self, path: &Path) -> Result<bool> {
        match self.front.head(path).await {
            Ok(_) => Ok(true),
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn check_writable(&self, path: &Path) -> Result<()> {
        match self.is_in_front(path).await? {
            true => Err(read_only(path)),
            false => Ok(()),
        }
    }
}

fn read_only(path: &Path) -> StoreError {
    Error::ReadOnly { path: path.to_string() }.into_store_error("overlay", path.as_ref())
}

impl fmt::Display for OverlayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OverlayStore({} over {})", self.front, self.back)
    }
}

#[async_trait]
impl ObjectStore for OverlayStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.check_writable(location).await?;
        self.back.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check_writable(location).await?;
        self.back.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.front.get_opts(location, options.clone()).await {
            Err(StoreError::NotFound { .. }) => self.back.get_opts(location, options).await,
            result => result,
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.front.get_ranges(location, ranges).await {
            Err(StoreError::NotFound { .. }) => self.back.get_ranges(location, ranges).await,
            result => result,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let front = self.front.clone();
        let writable = locations.and_then(move |location| {
            let front = front.clone();
            async move {
                match front.head(&location).await {
                    Ok(_) => Err(read_only(&location)),
                    Err(StoreError::NotFound { .. }) => Ok(location),
                    Err(error) => Err(error),
                }
            }
        });
        self.back.delete_stream(writable.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let mut seen = HashSet::new();
        let all = self.front.list(prefix).chain(self.back.list(prefix));
        let first = move |meta: &ObjectMeta| std::future::ready(seen.insert(meta.location.clone()));
        // Errors pass; `try_filter` takes the condition as a future.
        let mut first = first;
        all.try_filter(move |meta| first(meta)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut merged = self.front.list_with_delimiter(prefix).await?;
        let back = self.back.list_with_delimiter(prefix).await?;
        let seen: HashSet<Path> = merged.objects.iter().map(|meta| meta.location.clone()).collect();
        merged.objects.extend(back.objects.into_iter().filter(|meta| !seen.contains(&meta.location)));
        merged.objects.sort_by(|one, other| one.location.cmp(&other.location));
        merged.common_prefixes.extend(back.common_prefixes);
        merged.common_prefixes.sort();
        merged.common_prefixes.dedup();
        Ok(merged)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check_writable(to).await?;
        if !self.is_in_front(from).await? {
            return self.back.copy_opts(from, to, options).await;
        }
        let mode = match options.mode {
            CopyMode::Overwrite => PutMode::Overwrite,
            CopyMode::Create => PutMode::Create,
        };
        let bytes = self.front.get(from).await?.bytes().await?;
        self.back.put_opts(to, bytes.into(), mode.into()).await?;
        Ok(())
    }
}
