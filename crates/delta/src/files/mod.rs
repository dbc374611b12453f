//! The files of a version: columns in chunks that versions share, so that hundreds of thousands fit into a browser.

mod chunk;
mod key;
mod source;

pub(crate) use chunk::{ChunkBuilder, FileChunk, NewFile};
pub(crate) use key::Keys;
pub(crate) use source::{KeptStats, Source, SourceKind};

use crate::Result;
use crate::actions::{Add, DeletionVectorDescriptor, StorageType};
use arrow::array::BooleanBufferBuilder;
use arrow::buffer::BooleanBuffer;
use std::collections::HashSet;
use std::sync::Arc;

/// Chunks with fewer files are put together when many have gathered.
const SMALL_CHUNK_FILES: usize = 4096;
/// How many small chunks may gather at the end.
const SMALL_CHUNKS: usize = 16;

/// The files of a version, oldest first.
#[derive(Debug, Clone, Default)]
pub struct FileList {
    chunks: Vec<Chunk>,
    sources: Vec<Arc<Source>>,
    len: usize,
    size_bytes: u64,
}

/// A chunk and which of its files are still there.
#[derive(Debug, Clone)]
struct Chunk {
    files: Arc<FileChunk>,
    /// `None` is all.
    live: Option<BooleanBuffer>,
}

/// Names a file within one snapshot's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId {
    chunk: u32,
    row: u32,
}

/// A file of a list.
#[derive(Debug, Clone, Copy)]
pub struct FileRef<'a> {
    id: FileId,
    chunk: &'a FileChunk,
    row: usize,
}

/// A deletion vector's descriptor, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionVectorRef<'a> {
    /// How `path_or_inline_dv` is read.
    pub storage_type: StorageType,
    /// A prefix and a Base85 UUID, the vector itself in Base85, or an absolute URI.
    pub path_or_inline_dv: &'a str,
    /// Where the vector starts in its file.
    pub offset: Option<i32>,
    /// Bytes of the vector.
    pub size_in_bytes: i32,
    /// How many rows are deleted.
    pub cardinality: i64,
}

impl DeletionVectorRef<'_> {
    /// The descriptor.
    pub fn to_descriptor(self) -> DeletionVectorDescriptor {
        DeletionVectorDescriptor {
            storage_type: self.storage_type,
            path_or_inline_dv: self.path_or_inline_dv.to_owned(),
            offset: self.offset,
            size_in_bytes: self.size_in_bytes,
            cardinality: self.cardinality,
        }
    }
}

impl DeletionVectorDescriptor {
    /// The descriptor, borrowed.
    pub fn as_ref(&self) -> DeletionVectorRef<'_> {
        DeletionVectorRef {
            storage_type: self.storage_type,
            path_or_inline_dv: &self.path_or_inline_dv,
            offset: self.offset,
            size_in_bytes: self.size_in_bytes,
            cardinality: self.cardinality,
        }
    }
}

impl FileList {
    /// The list of new chunks, all of whose files are there.
    pub(crate) fn new(chunks: Vec<FileChunk>, sources: Vec<Arc<Source>>) -> Self {
        let chunks = chunks.into_iter().map(|files| Chunk { files: Arc::new(files), live: None }).collect();
        let mut list = Self { chunks, sources, len: 0, size_bytes: 0 };
        list.count();
        list
    }

    /// The list without the files of these keys and with more at the end; chunks are shared with this list.
    pub(crate) fn updated(
        &self,
        keys: &Keys,
        gone: &HashSet<u128>,
        more: Vec<FileChunk>,
        sources: Vec<Arc<Source>>,
    ) -> Result<Self> {
        // Hashes are compared by halves first, since that needs no path.
        let halves: HashSet<u64> = gone.iter().map(|key| chunk::half(*key)).collect();
        let mut chunks = Vec::with_capacity(self.chunks.len() + more.len());
        for chunk in &self.chunks {
            let is_gone = |row: usize| {
                halves.contains(&chunk.files.half_key(row))
                    && gone.contains(&keys.key(chunk.files.path(row), chunk.files.vector(row)))
            };
            let dead: Vec<usize> = chunk.rows().filter(|row| is_gone(*row)).collect();
            match dead.is_empty() {
                true => chunks.push(chunk.clone()),
                false => chunks.extend(chunk.without(&dead)),
            }
        }
        chunks.extend(more.into_iter().map(|files| Chunk { files: Arc::new(files), live: None }));
        let mut list = Self { chunks, sources, len: 0, size_bytes: 0 };
        list.gather(keys)?;
        list.forget();
        list.count();
        Ok(list)
    }

    /// Lets go of statistics of sources none of whose files is left.
    fn forget(&mut self) {
        let mut is_used = vec![false; self.sources.len()];
        for file in self.iter() {
            let slot = usize::try_from(file.source().0).ok().and_then(|source| is_used.get_mut(source));
            slot.into_iter().for_each(|slot| *slot = true);
        }
        for (source, _) in self.sources.iter_mut().zip(is_used).filter(|(_, is_used)| !is_used) {
            *source = Arc::new(source.bare());
        }
    }

    fn count(&mut self) {
        self.len = self.chunks.iter().map(Chunk::len).sum();
        let sizes = self.iter().map(|file| file.size_bytes());
        self.size_bytes = sizes.fold(0, u64::saturating_add);
    }

    /// Puts the small chunks at the end together once they are many.
    fn gather(&mut self, keys: &Keys) -> Result<()> {
        let small = self.chunks.iter().rev().take_while(|chunk| chunk.len() < SMALL_CHUNK_FILES).count();
        if small <= SMALL_CHUNKS {
            return Ok(());
        }
        let mut builder = ChunkBuilder::default();
        for chunk in self.chunks.split_off(self.chunks.len() - small) {
            let files = &chunk.files;
            for row in chunk.rows() {
                let file = files.file(row, keys.key(files.path(row), files.vector(row)));
                builder.push(&file, files.partition_values(row)).map_err(crate::Error::invalid)?;
            }
        }
        self.chunks
            .extend(builder.finish().into_iter().map(|files| Chunk { files: Arc::new(files), live: None }));
        Ok(())
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of all files.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The files, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = FileRef<'_>> + Clone {
        self.chunks.iter().enumerate().flat_map(|(index, chunk)| {
            let id = u32::try_from(index).unwrap_or(u32::MAX);
            chunk.rows().map(move |row| FileRef {
                id: FileId { chunk: id, row: u32::try_from(row).unwrap_or(u32::MAX) },
                chunk: &chunk.files,
                row,
            })
        })
    }

    /// A file by its id; `None` when it is none of this list.
    pub fn get(&self, id: FileId) -> Option<FileRef<'_>> {
        let chunk = self.chunks.get(usize::try_from(id.chunk).ok()?)?;
        let row = usize::try_from(id.row).ok()?;
        let is_live = row < chunk.files.len() && chunk.live.as_ref().is_none_or(|live| live.value(row));
        is_live.then_some(FileRef { id, chunk: &chunk.files, row })
    }

    /// Bytes of memory that the list takes, about.
    pub fn memory_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.files.memory_bytes()).sum()
    }

    pub(crate) fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }
}

impl Chunk {
    fn len(&self) -> usize {
        self.live.as_ref().map_or(self.files.len(), BooleanBuffer::count_set_bits)
    }

    fn rows(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        let is_live = |row: &usize| self.live.as_ref().is_none_or(|live| live.value(*row));
        (0..self.files.len()).filter(is_live)
    }

    /// The chunk without these rows; `None` when nothing is left.
    fn without(&self, dead: &[usize]) -> Option<Self> {
        let mut live = BooleanBufferBuilder::new(self.files.len());
        match &self.live {
            Some(buffer) => live.append_buffer(buffer),
            None => live.append_n(self.files.len(), true),
        }
        for row in dead {
            live.set_bit(*row, false);
        }
        let live = live.finish();
        (live.count_set_bits() > 0).then(|| Self { files: Arc::clone(&self.files), live: Some(live) })
    }
}

impl<'a> FileRef<'a> {
    /// Names the file within this list.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// As the log has it: a URI reference, percent-encoded.
    pub fn path(&self) -> &'a str {
        self.chunk.path(self.row)
    }

    /// The value of a partition column by its physical name, as the log has it; `None` is null, and so is an empty text
    /// ("Partition Value Serialization").
    pub fn partition_value(&self, physical: &str) -> Option<&'a str> {
        self.chunk.partition_value(physical, self.row)
    }

    /// Bytes of the file.
    pub fn size_bytes(&self) -> u64 {
        u64::try_from(self.chunk.size(self.row)).unwrap_or(0)
    }

    /// When the file was made, in milliseconds since 1970.
    pub fn modification_time_millis(&self) -> i64 {
        self.chunk.modification_time(self.row)
    }

    /// The rows that are deleted.
    pub fn deletion_vector(&self) -> Option<DeletionVectorDescriptor> {
        self.deletion_vector_ref().map(DeletionVectorRef::to_descriptor)
    }

    /// The rows that are deleted, without a copy.
    pub fn deletion_vector_ref(&self) -> Option<DeletionVectorRef<'a>> {
        self.chunk.vector(self.row)
    }

    /// "Row Tracking": the row id of the first row.
    pub fn base_row_id(&self) -> Option<i64> {
        self.chunk.base_row_id(self.row)
    }

    /// "Row Tracking": the first version with this file.
    pub fn default_row_commit_version(&self) -> Option<i64> {
        self.chunk.default_row_commit_version(self.row)
    }

    /// "Clustered Table": who clustered the file.
    pub fn clustering_provider(&self) -> Option<&'a str> {
        self.chunk.clustering_provider(self.row)
    }

    /// The action, without statistics and tags: those are not kept, and
    /// [`Snapshot::adds_with_stats`](crate::snapshot::Snapshot::adds_with_stats) reads them. `data_change` is true.
    pub fn to_add(&self) -> Add {
        let values = self.chunk.partition_values(self.row);
        Add {
            path: self.path().to_owned(),
            partition_values: values
                .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
                .collect(),
            size: self.chunk.size(self.row),
            modification_time: self.modification_time_millis(),
            data_change: true,
            stats: None,
            tags: None,
            deletion_vector: self.deletion_vector(),
            base_row_id: self.base_row_id(),
            default_row_commit_version: self.default_row_commit_version(),
            clustering_provider: self.clustering_provider().map(str::to_owned),
        }
    }

    /// The file of the log that adds the file, as an index of the list's sources, and the row or line there.
    pub(crate) fn source(&self) -> (u32, u32) {
        self.chunk.source(self.row)
    }
}
