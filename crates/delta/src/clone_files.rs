//! Files of one table as files of another (CREATE TABLE … CLONE): by absolute path, or as copies.

use crate::actions::{Add, StorageType};
use crate::deletion_vector::{DeletionVector, relative_file, write_deletion_vectors};
use crate::write::{Upload, path};
use crate::{DataPath, Error, Result, TableStore};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::ObjectStoreExt as _;
use std::collections::BTreeSet;

/// Files that are copied at the same time.
const COPIES_AT_ONCE: usize = 4;

/// The file as another table names it: data and deletion vector stay where they are ("Add File and Remove File": an absolute
/// path is a URI; "Deletion Vector Descriptor Schema": storage type `p`).
///
/// # Errors
/// When a path of the file is none.
pub fn refer(source: &TableStore, mut add: Add) -> Result<Add> {
    add.path = source.data_path(&add.path)?.url.to_string();
    if let Some(vector) = &mut add.deletion_vector
        && let Some(file) = relative_file(vector)?
    {
        vector.storage_type = StorageType::Absolute;
        vector.path_or_inline_dv = source.data_path(&path::to_reference(&file))?.url.to_string();
    }
    add.data_change = true;
    Ok(add)
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Copied {
    /// The files as the new table names them.
    pub adds: Vec<Add>,
    /// All new files, as the new table names them: what to remove when they are not committed.
    pub new_files: Vec<String>,
}

/// Copies files of a table, with their deletion vectors, into another. When that fails, what was copied is removed.
///
/// # Errors
/// When a file is missing, and what the stores say.
pub async fn copy(source: &TableStore, target: &TableStore, adds: Vec<Add>) -> Result<Copied> {
    let mut copied = Copied::default();
    let done = copy_all(source, target, adds, &mut copied).await;
    if let Err(error) = done {
        crate::write::remove_files(target, copied.new_files.iter().map(String::as_str)).await;
        return Err(error);
    }
    Ok(copied)
}

async fn copy_all(
    source: &TableStore,
    target: &TableStore,
    mut adds: Vec<Add>,
    copied: &mut Copied,
) -> Result<()> {
    let mut copies: Vec<(DataPath, DataPath)> = Vec::with_capacity(adds.len());
    let mut names = BTreeSet::new();
    for add in &mut adds {
        let from = source.data_path(&add.path)?;
        // A name of its own: a table that is replaced may have files of the same name.
        add.path = new_name(&add.path);
        add.data_change = true;
        copies.push((from, target.data_path(&add.path)?));
        copied.new_files.push(add.path.clone());
        if !names.insert(add.path.clone()) {
            return Err(Error::invalid(format!("{} is in the table twice", add.path)));
        }
    }
    let copies = copies.into_iter().map(|(from, to)| async move { copy_file(&from, &to).await });
    stream::iter(copies.collect::<Vec<_>>())
        .buffer_unordered(COPIES_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    copy_vectors(source, target, &mut adds, copied).await?;
    copied.adds = adds;
    Ok(())
}

/// The file's folders, where they are the table's own, and a new name.
fn new_name(reference: &str) -> String {
    let is_absolute =
        reference.contains("://") || reference.starts_with('/') || reference.starts_with("file:");
    let folder = reference.rsplit_once('/').map(|(folder, _)| folder).filter(|_| !is_absolute);
    let name = path::file_name("part", 0, ".parquet");
    match folder {
        Some(folder) => format!("{folder}/{name}"),
        None => name,
    }
}

async fn copy_file(from: &DataPath, to: &DataPath) -> Result<()> {
    let is_one_store = from.url.scheme() == to.url.scheme() && from.url.authority() == to.url.authority();
    if is_one_store {
        match to.store.copy(&from.path, &to.path).await {
            Ok(()) => return Ok(()),
            Err(object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. }) => {}
            Err(error) => return Err(missing(from, error)),
        }
    }
    let answer = from.store.get(&from.path).await.map_err(|error| missing(from, error))?;
    let mut bytes = answer.into_stream();
    let mut upload = Upload::new(std::sync::Arc::clone(&to.store), to.path.clone());
    loop {
        match bytes.try_next().await {
            Ok(Some(part)) => upload.write(part).await?,
            Ok(None) => break,
            Err(error) => {
                upload.abort().await;
                return Err(error.into());
            }
        }
    }
    upload.complete().await?;
    Ok(())
}

fn missing(from: &DataPath, error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => {
            Error::invalid(format!("{} cannot be copied: it is missing, though the table names it", from.url))
        }
        error => error.into(),
    }
}

/// Writes the vectors that are in files into one new file; inline ones stay in the log.
async fn copy_vectors(
    source: &TableStore,
    target: &TableStore,
    adds: &mut [Add],
    copied: &mut Copied,
) -> Result<()> {
    let mut vectors = Vec::new();
    let mut places = Vec::new();
    for (place, add) in adds.iter().enumerate() {
        if let Some(vector) = add.deletion_vector.as_ref()
            && vector.storage_type != StorageType::Inline
        {
            vectors.push(DeletionVector::load(source, vector).await?);
            places.push(place);
        }
    }
    let descriptors = write_deletion_vectors(target, &vectors).await?;
    if let Some(first) = descriptors.first()
        && let Some(file) = relative_file(first)?
    {
        copied.new_files.push(path::to_reference(&file));
    }
    for (place, descriptor) in places.into_iter().zip(descriptors) {
        if let Some(add) = adds.get_mut(place) {
            add.deletion_vector = Some(descriptor);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::new_name;

    #[test]
    fn copies_keep_the_folders_of_their_table() {
        let check = |reference: &str, start: &str| {
            let name = new_name(reference);
            assert!(name.starts_with(start) && name.ends_with(".parquet"), "{name}");
            assert_ne!(name, reference);
        };
        check("a=1/b=x%252Fy/part-0.parquet", "a=1/b=x%252Fy/part-");
        check("part-0.parquet", "part-");
        check("s3://bucket/t/a=1/part-0.parquet", "part-");
        check("/t/a=1/part-0.parquet", "part-");
    }
}
