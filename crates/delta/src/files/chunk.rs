//! Some ten thousand files as columns: what a file costs in memory is its path and some 50 bytes.

use super::DeletionVectorRef;
use crate::Result;
use crate::actions::StorageType;
use arrow::array::{
    Array, ArrayBuilder, AsArray, DictionaryArray, Int8Array, Int8Builder, Int32Array, Int32Builder,
    Int64Array, Int64Builder, StringArray, StringBuilder, StringDictionaryBuilder, UInt32Array, UInt64Array,
};
use arrow::compute;
use arrow::datatypes::Int32Type;
use std::sync::Arc;

/// Files in a full chunk.
pub(super) const CHUNK_FILES: usize = 1 << 16;
/// Bytes of paths and vectors in a full chunk; Arrow's offsets end at 2 GiB.
const CHUNK_TEXT_BYTES: usize = 1 << 28;
/// No store has longer paths, by far.
const LONGEST_TEXT_BYTES: usize = 1 << 24;

/// A file that joins a chunk, borrowed from where it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewFile<'a> {
    pub(crate) path: &'a str,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) deletion_vector: Option<DeletionVectorRef<'a>>,
    pub(crate) base_row_id: Option<i64>,
    pub(crate) default_row_commit_version: Option<i64>,
    pub(crate) clustering_provider: Option<&'a str>,
    /// What stands for its primary key.
    pub(crate) key: u128,
    /// The file of the log that adds it, as an index, and its row or line there.
    pub(crate) source: u32,
    pub(crate) source_row: u32,
}

/// Files as columns.
#[derive(Debug, Clone)]
pub(crate) struct FileChunk {
    paths: StringArray,
    sizes: Int64Array,
    modification_times: Int64Array,
    /// Half of each key: enough to tell most files from others.
    keys: UInt64Array,
    sources: UInt32Array,
    source_rows: UInt32Array,
    partitions: Vec<(Arc<str>, DictionaryArray<Int32Type>)>,
    vectors: Option<Vectors>,
    base_row_ids: Option<Int64Array>,
    row_commit_versions: Option<Int64Array>,
    clustering_providers: Option<DictionaryArray<Int32Type>>,
}

#[derive(Debug, Clone)]
struct Vectors {
    /// Null where there is no vector.
    kinds: Int8Array,
    texts: StringArray,
    offsets: Int32Array,
    sizes: Int32Array,
    cardinalities: Int64Array,
}

impl FileChunk {
    pub(crate) fn len(&self) -> usize {
        self.paths.len()
    }

    pub(crate) fn path(&self, row: usize) -> &str {
        self.paths.value(row)
    }

    pub(crate) fn size(&self, row: usize) -> i64 {
        self.sizes.value(row)
    }

    pub(crate) fn modification_time(&self, row: usize) -> i64 {
        self.modification_times.value(row)
    }

    pub(crate) fn half_key(&self, row: usize) -> u64 {
        self.keys.value(row)
    }

    pub(crate) fn source(&self, row: usize) -> (u32, u32) {
        (self.sources.value(row), self.source_rows.value(row))
    }

    pub(crate) fn partition_value(&self, physical: &str, row: usize) -> Option<&str> {
        let (_, values) = self.partitions.iter().find(|(name, _)| **name == *physical)?;
        text(values, row)
    }

    pub(crate) fn partition_values(&self, row: usize) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.partitions.iter().map(move |(name, values)| (&**name, text(values, row)))
    }

    pub(crate) fn vector(&self, row: usize) -> Option<DeletionVectorRef<'_>> {
        let vectors = self.vectors.as_ref()?;
        if vectors.kinds.is_null(row) {
            return None;
        }
        let storage_type = match vectors.kinds.value(row) {
            0 => StorageType::Relative,
            1 => StorageType::Inline,
            _ => StorageType::Absolute,
        };
        Some(DeletionVectorRef {
            storage_type,
            path_or_inline_dv: vectors.texts.value(row),
            offset: vectors.offsets.is_valid(row).then(|| vectors.offsets.value(row)),
            size_in_bytes: vectors.sizes.value(row),
            cardinality: vectors.cardinalities.value(row),
        })
    }

    pub(crate) fn base_row_id(&self, row: usize) -> Option<i64> {
        number(self.base_row_ids.as_ref(), row)
    }

    pub(crate) fn default_row_commit_version(&self, row: usize) -> Option<i64> {
        number(self.row_commit_versions.as_ref(), row)
    }

    pub(crate) fn clustering_provider(&self, row: usize) -> Option<&str> {
        text(self.clustering_providers.as_ref()?, row)
    }

    /// The file of a row, but for its key, of which only a half is kept.
    pub(crate) fn file(&self, row: usize, key: u128) -> NewFile<'_> {
        let (source, source_row) = self.source(row);
        NewFile {
            path: self.path(row),
            size: self.size(row),
            modification_time: self.modification_time(row),
            deletion_vector: self.vector(row),
            base_row_id: self.base_row_id(row),
            default_row_commit_version: self.default_row_commit_version(row),
            clustering_provider: self.clustering_provider(row),
            key,
            source,
            source_row,
        }
    }

    /// The same files, last first.
    pub(crate) fn reversed(&self) -> Result<Self> {
        let rows = UInt32Array::from_iter_values((0..u32::try_from(self.len()).unwrap_or(u32::MAX)).rev());
        let take = |array: &dyn Array| compute::take(array, &rows, None);
        let longs = |array: &Int64Array| -> Result<Int64Array> { Ok(take(array)?.as_primitive().clone()) };
        let words = |array: &DictionaryArray<Int32Type>| -> Result<DictionaryArray<Int32Type>> {
            Ok(take(array)?.as_dictionary().clone())
        };
        let partitions = self.partitions.iter();
        let vectors = match &self.vectors {
            Some(vectors) => Some(Vectors {
                kinds: take(&vectors.kinds)?.as_primitive().clone(),
                texts: take(&vectors.texts)?.as_string().clone(),
                offsets: take(&vectors.offsets)?.as_primitive().clone(),
                sizes: take(&vectors.sizes)?.as_primitive().clone(),
                cardinalities: longs(&vectors.cardinalities)?,
            }),
            None => None,
        };
        Ok(Self {
            paths: take(&self.paths)?.as_string().clone(),
            sizes: longs(&self.sizes)?,
            modification_times: longs(&self.modification_times)?,
            keys: take(&self.keys)?.as_primitive().clone(),
            sources: take(&self.sources)?.as_primitive().clone(),
            source_rows: take(&self.source_rows)?.as_primitive().clone(),
            partitions: partitions
                .map(|(name, values)| Ok((Arc::clone(name), words(values)?)))
                .collect::<Result<_>>()?,
            vectors,
            base_row_ids: self.base_row_ids.as_ref().map(longs).transpose()?,
            row_commit_versions: self.row_commit_versions.as_ref().map(longs).transpose()?,
            clustering_providers: self.clustering_providers.as_ref().map(words).transpose()?,
        })
    }

    /// Bytes in memory, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        let mut arrays: Vec<&dyn Array> = vec![
            &self.paths,
            &self.sizes,
            &self.modification_times,
            &self.keys,
            &self.sources,
            &self.source_rows,
        ];
        arrays.extend(self.partitions.iter().map(|(_, values)| values as &dyn Array));
        if let Some(vectors) = &self.vectors {
            arrays.extend([&vectors.kinds as &dyn Array, &vectors.texts, &vectors.offsets]);
            arrays.extend([&vectors.sizes as &dyn Array, &vectors.cardinalities]);
        }
        arrays.extend(self.base_row_ids.iter().map(|array| array as &dyn Array));
        arrays.extend(self.row_commit_versions.iter().map(|array| array as &dyn Array));
        arrays.extend(self.clustering_providers.iter().map(|array| array as &dyn Array));
        arrays.iter().map(|array| array.get_buffer_memory_size()).sum()
    }
}

fn text(values: &DictionaryArray<Int32Type>, row: usize) -> Option<&str> {
    let key = values.key(row)?;
    let texts = values.values().as_string_opt::<i32>()?;
    Some(texts.value(key)).filter(|text| !text.is_empty())
}

fn number(values: Option<&Int64Array>, row: usize) -> Option<i64> {
    values.filter(|values| values.is_valid(row)).map(|values| values.value(row))
}

/// Collects files into chunks.
#[derive(Default)]
pub(crate) struct ChunkBuilder {
    finished: Vec<FileChunk>,
    open: OpenChunk,
}

#[derive(Default)]
struct OpenChunk {
    len: usize,
    text_bytes: usize,
    paths: StringBuilder,
    sizes: Vec<i64>,
    modification_times: Vec<i64>,
    keys: Vec<u64>,
    sources: Vec<u32>,
    source_rows: Vec<u32>,
    partitions: Vec<(Arc<str>, StringDictionaryBuilder<Int32Type>)>,
    kinds: Int8Builder,
    vector_texts: StringBuilder,
    vector_offsets: Int32Builder,
    vector_sizes: Int32Builder,
    cardinalities: Int64Builder,
    base_row_ids: Int64Builder,
    row_commit_versions: Int64Builder,
    clustering_providers: Option<StringDictionaryBuilder<Int32Type>>,
}

impl ChunkBuilder {
    /// Adds a file.
    ///
    /// # Errors
    /// What no file can be: the size negative, or the path without an end.
    pub(crate) fn push<'a>(
        &mut self,
        file: &NewFile<'a>,
        partition_values: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<(), String> {
        let vector_text = file.deletion_vector.map_or("", |vector| vector.path_or_inline_dv);
        if file.path.len().max(vector_text.len()) > LONGEST_TEXT_BYTES {
            return Err("a path is longer than 16 MiB".to_owned());
        }
        if file.size < 0 {
            return Err(format!("the size of {} is negative", file.path));
        }
        if self.open.len >= CHUNK_FILES || self.open.text_bytes >= CHUNK_TEXT_BYTES {
            self.finished.extend(self.open.finish());
        }
        self.open.push(file, vector_text, partition_values);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Vec<FileChunk> {
        self.finished.extend(self.open.finish());
        self.finished
    }
}

impl OpenChunk {
    fn push<'a>(
        &mut self,
        file: &NewFile<'a>,
        vector_text: &str,
        partition_values: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) {
        self.text_bytes += file.path.len() + vector_text.len();
        self.paths.append_value(file.path);
        self.sizes.push(file.size);
        self.modification_times.push(file.modification_time);
        self.keys.push(half(file.key));
        self.sources.push(file.source);
        self.source_rows.push(file.source_row);
        for (name, value) in partition_values {
            self.text_bytes += value.map_or(0, str::len);
            let row = self.len;
            append(self.partition(name), row, value);
        }
        let vector = file.deletion_vector;
        if vector.is_some() || self.kinds.len() > 0 {
            // Absent until the first vector: then those before are filled in.
            while self.kinds.len() < self.len {
                self.push_vector(None, "");
            }
            self.push_vector(vector, vector_text);
        }
        append_number(&mut self.base_row_ids, self.len, file.base_row_id);
        append_number(&mut self.row_commit_versions, self.len, file.default_row_commit_version);
        if let Some(provider) = file.clustering_provider {
            append(self.clustering_providers.get_or_insert_default(), self.len, Some(provider));
        }
        self.len += 1;
    }

    fn partition(&mut self, name: &str) -> &mut StringDictionaryBuilder<Int32Type> {
        let known = self.partitions.iter().position(|(known, _)| **known == *name);
        let index = known.unwrap_or_else(|| {
            self.partitions.push((Arc::from(name), StringDictionaryBuilder::new()));
            self.partitions.len() - 1
        });
        &mut self.partitions[index].1
    }

    fn push_vector(&mut self, vector: Option<DeletionVectorRef<'_>>, text: &str) {
        self.kinds.append_option(vector.map(|vector| match vector.storage_type {
            StorageType::Relative => 0,
            StorageType::Inline => 1,
            StorageType::Absolute => 2,
        }));
        self.vector_texts.append_value(text);
        self.vector_offsets.append_option(vector.and_then(|vector| vector.offset));
        self.vector_sizes.append_value(vector.map_or(0, |vector| vector.size_in_bytes));
        self.cardinalities.append_value(vector.map_or(0, |vector| vector.cardinality));
    }

    fn finish(&mut self) -> Option<FileChunk> {
        let mut open = std::mem::take(self);
        let len = open.len;
        if len == 0 {
            return None;
        }
        let vectors = (open.kinds.len() > 0).then(|| Vectors {
            kinds: open.kinds.finish(),
            texts: shrunk(&open.vector_texts.finish()),
            offsets: open.vector_offsets.finish(),
            sizes: open.vector_sizes.finish(),
            cardinalities: open.cardinalities.finish(),
        });
        Some(FileChunk {
            paths: shrunk(&open.paths.finish()),
            sizes: Int64Array::from(open.sizes),
            modification_times: Int64Array::from(open.modification_times),
            keys: UInt64Array::from(open.keys),
            sources: UInt32Array::from(open.sources),
            source_rows: UInt32Array::from(open.source_rows),
            partitions: (open.partitions.into_iter())
                .map(|(name, mut values)| (name, finish_words(&mut values, len)))
                .collect(),
            vectors,
            base_row_ids: finish_numbers(&mut open.base_row_ids, len),
            row_commit_versions: finish_numbers(&mut open.row_commit_versions, len),
            clustering_providers: open.clustering_providers.map(|mut words| finish_words(&mut words, len)),
        })
    }
}

/// Without the room that builders leave at the end: chunks stay.
fn shrunk(texts: &StringArray) -> StringArray {
    let (offsets, values, nulls) = texts.clone().into_parts();
    let values = values.as_slice().to_vec().into();
    StringArray::try_new(offsets, values, nulls).unwrap_or_else(|_| texts.clone())
}

fn append(words: &mut StringDictionaryBuilder<Int32Type>, row: usize, value: Option<&str>) {
    while words.len() < row {
        words.append_null();
    }
    // A key that is there twice in one action: the first value counts.
    if words.len() == row {
        match value {
            Some(value) => words.append_value(value),
            None => words.append_null(),
        }
    }
}

fn finish_words(words: &mut StringDictionaryBuilder<Int32Type>, len: usize) -> DictionaryArray<Int32Type> {
    while words.len() < len {
        words.append_null();
    }
    words.finish()
}

fn append_number(numbers: &mut Int64Builder, row: usize, value: Option<i64>) {
    if value.is_some() || numbers.len() > 0 {
        while numbers.len() < row {
            numbers.append_null();
        }
        numbers.append_option(value);
    }
}

fn finish_numbers(numbers: &mut Int64Builder, len: usize) -> Option<Int64Array> {
    if numbers.is_empty() {
        return None;
    }
    while numbers.len() < len {
        numbers.append_null();
    }
    Some(numbers.finish())
}

/// The half of a key that chunks keep.
pub(super) fn half(key: u128) -> u64 {
    (key >> 64) as u64
}
