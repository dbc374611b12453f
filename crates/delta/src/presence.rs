//! Which files that a table names are missing in its stores (FSCK, RESTORE).

use crate::actions::{DeletionVectorDescriptor, StorageType};
use crate::deletion_vector::relative_file;
use crate::{DataPath, Result, TableStore};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use std::collections::HashSet;

/// Files that are looked up at the same time.
const LOOKUPS_AT_ONCE: usize = 16;
/// From so many files on, a listing of the folder costs less than looking each up.
const FILES_TO_LIST: usize = 64;

/// A file that a table names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// As the log has it.
    pub path: String,
    /// Its deleted rows.
    pub deletion_vector: Option<DeletionVectorDescriptor>,
}

/// What is missing of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingParts {
    /// Its place among the files that were asked for.
    pub index: usize,
    /// Whether the data file is missing.
    pub data: bool,
    /// The file of its deletion vector, where that is missing: a path below the table's folder, or a URL.
    pub vector: Option<String>,
}

/// The files that are missing, or whose deletion vector is.
///
/// # Errors
/// When a path is none, or a store fails.
pub async fn missing_files(table: &TableStore, files: &[NamedFile]) -> Result<Vec<MissingParts>> {
    let listed = match files.len() >= FILES_TO_LIST {
        true => list(table).await?,
        false => None,
    };
    let listed = listed.as_ref();
    let checks = files.iter().enumerate().map(|(index, file)| async move {
        let data = !is_there(table, &table.data_path(&file.path)?, listed).await?;
        let mut vector = None;
        if let Some((name, place)) = vector_place(table, file.deletion_vector.as_ref())?
            && !is_there(table, &place, listed).await?
        {
            vector = Some(name);
        }
        let is_missing = data || vector.is_some();
        Ok::<_, crate::Error>(is_missing.then_some(MissingParts { index, data, vector }))
    });
    let checks: Vec<_> = checks.collect();
    let found: Vec<Option<MissingParts>> =
        stream::iter(checks).buffered(LOOKUPS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// All objects of the table's folder; `None` when the store cannot list.
async fn list(table: &TableStore) -> Result<Option<HashSet<Path>>> {
    let mut paths = HashSet::new();
    let mut listed = table.store.list(Some(&table.root));
    loop {
        match listed.try_next().await {
            Ok(Some(object)) => {
                paths.insert(object.location);
            }
            Ok(None) => return Ok(Some(paths)),
            Err(object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        if tarn_platform::slice_is_over() {
            tarn_platform::yield_now().await;
        }
    }
}

async fn is_there(table: &TableStore, place: &DataPath, listed: Option<&HashSet<Path>>) -> Result<bool> {
    let is_here = place.url.scheme() == table.url.scheme()
        && place.url.authority() == table.url.authority()
        && place.path.prefix_matches(&table.root);
    if let Some(listed) = listed.filter(|_| is_here) {
        return Ok(listed.contains(&place.path));
    }
    match place.store.head(&place.path).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn vector_place(
    table: &TableStore,
    vector: Option<&DeletionVectorDescriptor>,
) -> Result<Option<(String, DataPath)>> {
    let Some(vector) = vector else { return Ok(None) };
    let reference = match (relative_file(vector)?, vector.storage_type) {
        (Some(file), _) => crate::write::path::to_reference(&file),
        (None, StorageType::Absolute) => vector.path_or_inline_dv.clone(),
        (None, StorageType::Relative | StorageType::Inline) => return Ok(None),
    };
    let place = table.data_path(&reference)?;
    Ok(Some((reference, place)))
}
