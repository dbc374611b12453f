//! Deletion vectors: the rows of a data file that are no longer there ("Deletion Vectors", "Deletion Vector Format").

use crate::actions::{DeletionVectorDescriptor, StorageType};
use crate::uuid::new_uuid_bytes;
use crate::{Error, Result, TableStore, z85};
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use roaring::RoaringTreemap;
use std::sync::Arc;

/// The magic number of a serialized vector.
const MAGIC: u32 = 1_681_511_377;
/// The version of the file format.
const FORMAT_VERSION: u8 = 1;
/// Characters of a UUID in Base85.
const UUID_CHARACTERS: usize = 20;

/// Positions of deleted rows in a data file, from 0 on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeletionVector(pub RoaringTreemap);

impl DeletionVector {
    /// A vector without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the vector that a descriptor tells of.
    ///
    /// # Errors
    /// When its file is missing, and when size, checksum, magic number or number of rows are not those that they should be.
    pub async fn load(table: &TableStore, descriptor: &DeletionVectorDescriptor) -> Result<Self> {
        let (file, bytes) = match descriptor.storage_type {
            StorageType::Inline => ("an inline deletion vector".to_owned(), inline(descriptor)?),
            StorageType::Relative | StorageType::Absolute => {
                let (file, store, path) = place(table, descriptor)?;
                let bytes = stored(&store, &path, &file, descriptor).await?;
                (file, bytes)
            }
        };
        let vector = Self::from_bytes(&bytes).map_err(|reason| Error::damaged(&file, reason))?;
        if i64::try_from(vector.len()) != Ok(descriptor.cardinality) {
            let reason = format!("it has {} rows, and the log says {}", vector.len(), descriptor.cardinality);
            return Err(Error::damaged(file, reason));
        }
        Ok(vector)
    }

    /// Reads the vector of a data file, which errors name: the log of a version has both.
    ///
    /// # Errors
    /// As [`DeletionVector::load`].
    pub async fn load_of(
        table: &TableStore,
        version: u64,
        data_file: &str,
        descriptor: &DeletionVectorDescriptor,
    ) -> Result<Self> {
        let loaded = Self::load(table, descriptor).await;
        loaded.map_err(|error| match error {
            Error::Damaged { file, reason } => {
                let of = format!("it deletes rows of {data_file} in version {version}");
                Error::damaged(file, format!("{reason} ({of})"))
            }
            Error::MissingFile { file, .. } => Error::MissingFile { file, version },
            other => other,
        })
    }

    /// Reads the serialized form: the magic number and a 64-bit Roaring bitmap.
    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (magic, mut bitmap) = bytes.split_at_checked(4).ok_or("it is too short for a deletion vector")?;
        let magic = magic.try_into().map_or(0, u32::from_le_bytes);
        if magic != MAGIC {
            return Err(format!("its magic number is {magic}, and not {MAGIC}"));
        }
        let treemap = RoaringTreemap::deserialize_from(&mut bitmap)
            .map_err(|error| format!("no Roaring bitmap: {error}"))?;
        match bitmap.is_empty() {
            true => Ok(Self(treemap)),
            false => Err(format!("{} bytes follow the bitmap", bitmap.len())),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut treemap = self.0.clone();
        treemap.optimize();
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        bytes.reserve(treemap.serialized_size());
        // Writing to memory does not fail.
        let written = treemap.serialize_into(&mut bytes);
        debug_assert!(written.is_ok());
        bytes
    }

    /// Whether the row is deleted.
    pub fn contains(&self, row: u64) -> bool {
        self.0.contains(row)
    }

    /// How many rows are deleted.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether no rows are.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The deleted rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter()
    }

    /// Deletes a row; whether it was there.
    pub fn insert(&mut self, row: u64) -> bool {
        self.0.insert(row)
    }

    /// Deletes the rows of another vector too.
    pub fn union(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    /// The rows as a bitmap.
    pub fn as_treemap(&self) -> &RoaringTreemap {
        &self.0
    }

    /// A descriptor that holds the vector itself: for small ones.
    pub fn to_inline(&self) -> DeletionVectorDescriptor {
        let bytes = self.to_bytes();
        DeletionVectorDescriptor {
            storage_type: StorageType::Inline,
            path_or_inline_dv: z85::encode(&bytes),
            offset: None,
            size_in_bytes: i32::try_from(bytes.len()).unwrap_or(i32::MAX),
            cardinality: self.cardinality(),
        }
    }

    fn cardinality(&self) -> i64 {
        i64::try_from(self.len()).unwrap_or(i64::MAX)
    }
}

impl FromIterator<u64> for DeletionVector {
    fn from_iter<T: IntoIterator<Item = u64>>(rows: T) -> Self {
        Self(rows.into_iter().collect())
    }
}

/// The file of a vector in the table's folder, by the descriptor ("Derived Fields"); `None` for other vectors.
///
/// # Errors
/// When the descriptor holds no UUID.
pub fn relative_file(descriptor: &DeletionVectorDescriptor) -> Result<Option<String>> {
    if descriptor.storage_type != StorageType::Relative {
        return Ok(None);
    }
    let text = &descriptor.path_or_inline_dv;
    let wrong = || Error::damaged(text, "the log names a deletion vector by it, and it is no Base85 UUID");
    let start = text.len().checked_sub(UUID_CHARACTERS).ok_or_else(wrong)?;
    let (prefix, uuid) = text.split_at_checked(start).ok_or_else(wrong)?;
    let uuid: [u8; 16] = z85::decode(uuid).and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    let name = format!("deletion_vector_{}.bin", hyphenated(uuid));
    Ok(Some(if prefix.is_empty() { name } else { format!("{prefix}/{name}") }))
}

fn hyphenated(uuid: [u8; 16]) -> String {
    let hex: String = uuid.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| hex.get(range).unwrap_or_default());
    parts.join("-")
}

fn place(
    table: &TableStore,
    descriptor: &DeletionVectorDescriptor,
) -> Result<(String, Arc<dyn ObjectStore>, Path)> {
    match relative_file(descriptor)? {
        Some(file) => {
            let path = file.split('/').fold(table.root.clone(), |path, part| path.join(part));
            Ok((file, Arc::clone(&table.store), path))
        }
        None => {
            let data = table.data_path(&descriptor.path_or_inline_dv)?;
            Ok((data.url.to_string(), data.store, data.path))
        }
    }
}

fn inline(descriptor: &DeletionVectorDescriptor) -> Result<Bytes> {
    let damaged = |reason: &str| Error::damaged("an inline deletion vector", reason);
    let mut bytes = z85::decode(&descriptor.path_or_inline_dv).ok_or_else(|| damaged("it is no Base85"))?;
    let size = usize::try_from(descriptor.size_in_bytes).map_err(|_| damaged("its size is negative"))?;
    // Base85 holds multiples of four bytes: up to three follow.
    if size > bytes.len() || bytes.len() - size > 3 {
        return Err(damaged(&format!("it has {} bytes, and the log says {size}", bytes.len())));
    }
    bytes.truncate(size);
    Ok(bytes.into())
}

/// The serialized vector out of its file: its size comes before it, its checksum after it.
async fn stored(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    file: &str,
    descriptor: &DeletionVectorDescriptor,
) -> Result<Bytes> {
    let damaged = |reason: String| Error::damaged(file, reason);
    let size =
        u32::try_from(descriptor.size_in_bytes).map_err(|_| damaged("the size is negative".to_owned()))?;
    let offset = descriptor.offset.unwrap_or(0);
    let offset = u64::try_from(offset).map_err(|_| damaged("the offset is negative".to_owned()))?;
    let end = offset + u64::from(size) + 8;
    let bytes = match store.get_range(path, offset..end).await {
        Ok(bytes) => bytes,
        Err(object_store::Error::NotFound { .. }) => {
            return Err(damaged("the file is missing, though the log names it".to_owned()));
        }
        Err(error) => match store.head(path).await {
            // A range that ends after the file is an error of the store, and no good one.
            Ok(meta) if meta.size < end => {
                return Err(damaged(format!("it has {} bytes, and the vector ends at {end}", meta.size)));
            }
            _ => return Err(error.into()),
        },
    };
    let number =
        |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    let data_end = usize::try_from(size).ok().and_then(|size| size.checked_add(4));
    let checked = data_end.and_then(|end| Some((number(0)?, bytes.get(4..end)?, number(end)?, end)));
    let Some((stored_size, data, checksum, end)) = checked else {
        return Err(damaged(format!("it ends before the vector at {offset} does")));
    };
    if stored_size != size {
        return Err(damaged(format!(
            "the vector at {offset} has {stored_size} bytes, and the log says {size}"
        )));
    }
    if crc32fast::hash(data) != checksum {
        return Err(damaged(format!("the checksum of the vector at {offset} is wrong")));
    }
    Ok(bytes.slice(4..end))
}

/// Writes vectors into one new file in the table's folder, and tells where each is.
///
/// # Errors
/// When the vectors are larger than a file can tell, and what the store says.
pub async fn write_deletion_vectors(
    table: &TableStore,
    vectors: &[DeletionVector],
) -> Result<Vec<DeletionVectorDescriptor>> {
    let uuid = new_uuid_bytes();
    let name = z85::encode(&uuid);
    let too_large = || Error::invalid("the deletion vectors take more than 2 GiB; delete fewer rows at once");
    let mut file = vec![FORMAT_VERSION];
    let mut descriptors = Vec::with_capacity(vectors.len());
    for vector in vectors {
        let data = vector.to_bytes();
        let size_in_bytes = i32::try_from(data.len()).map_err(|_| too_large())?;
        descriptors.push(DeletionVectorDescriptor {
            storage_type: StorageType::Relative,
            path_or_inline_dv: name.clone(),
            offset: Some(i32::try_from(file.len()).map_err(|_| too_large())?),
            size_in_bytes,
            cardinality: vector.cardinality(),
        });
        file.extend_from_slice(&size_in_bytes.to_be_bytes());
        file.extend_from_slice(&data);
        file.extend_from_slice(&crc32fast::hash(&data).to_be_bytes());
    }
    if descriptors.is_empty() {
        return Ok(descriptors);
    }
    let path = table.root.clone().join(format!("deletion_vector_{}.bin", hyphenated(uuid)));
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match table.store.put_opts(&path, PutPayload::from(file.clone()), options).await {
        Ok(_) => {}
        // The name is new anyway.
        Err(object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }) => {
            table.store.put(&path, PutPayload::from(file)).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(descriptors)
}
