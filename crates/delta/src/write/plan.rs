//! What a writer must know of a table: columns, folders, codec, sizes.

use super::parquet_file::Codec;
use super::stats::{IndexedColumn, data_fields, indexed_columns};
use crate::actions::{Metadata, Protocol};
use crate::features::{check_writable, supports_column_mapping};
use crate::properties::TableProperties;
use crate::schema::{ColumnMappingMode, StructField, StructType, parse};
use crate::snapshot::Snapshot;
use crate::{Error, Result, TableStore};
use arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// Bytes of a data file, where the table's `delta.targetFileSize` says nothing.
pub const TARGET_FILE_SIZE_BYTES: u64 = 128 << 20;

/// Parquet's writer counts bytes by machine words, which have 32 bits in a browser.
const MOST_FILE_SIZE_BYTES: u64 = 1 << 31;

/// What the files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteTarget {
    /// Rows of the table.
    Data,
    /// "Change Data Files", in `_change_data`. Batches have a last column [`CHANGE_TYPE`].
    ChangeData,
}

/// The column of change data files that says what happened to a row: `insert`, `delete`, `update_preimage` or
/// `update_postimage`.
pub const CHANGE_TYPE: &str = "_change_type";

/// How files of a table are written.
#[derive(Debug, Clone)]
pub struct WritePlan {
    /// Where.
    pub table: TableStore,
    /// The table's columns: those of the batches, in order.
    pub schema: StructType,
    /// Logical names of the partition columns, in order.
    pub partition_columns: Vec<String>,
    /// How columns are named in files.
    pub column_mapping: ColumnMappingMode,
    /// What batches have after the table's columns and files keep by these very names: `_change_type`, or the
    /// materialized columns of row tracking.
    pub extra_fields: Vec<Field>,
    /// Which columns have statistics.
    pub indexed_columns: Vec<IndexedColumn>,
    /// What the files are for.
    pub target: WriteTarget,
    /// How pages are compressed.
    pub codec: Codec,
    /// A file ends when it has about so many bytes.
    pub target_file_size_bytes: u64,
    /// At most so many files are open at once, one a partition.
    pub max_open_files: usize,
    /// At most so many bytes of all open files are held in memory, about.
    pub max_memory_bytes: usize,
    /// The flag of the `add` actions: false when rows are only arranged anew.
    pub data_change: bool,
    /// Folders of so many random characters instead of partition folders.
    pub random_folder_chars: Option<usize>,
}

impl WritePlan {
    /// The plan that a snapshot's table asks for.
    ///
    /// # Errors
    /// When the codec is not known.
    pub fn of(snapshot: &Snapshot) -> Result<Self> {
        Self::new(snapshot.table().clone(), snapshot.protocol(), snapshot.metadata())
    }

    /// The plan that a table's protocol and metadata ask for; the table may not be there yet.
    ///
    /// # Errors
    /// When the table may not be written, the schema is damaged, a partition column is not in it, or the codec is not known.
    pub fn new(table: TableStore, protocol: &Protocol, metadata: &Metadata) -> Result<Self> {
        // Also checked by the commit; rows need not be written to hear it.
        check_writable(protocol, metadata)?;
        let schema = parse(&metadata.schema_string)
            .map_err(|reason| Error::damaged("the table's metaData action", reason))?;
        let properties = TableProperties::of(metadata);
        if let Some(missing) = metadata.partition_columns.iter().find(|name| schema.field(name).is_none()) {
            return Err(Error::invalid(format!(
                "the partition column {missing} is not in the table's schema"
            )));
        }
        if data_fields(&schema, &metadata.partition_columns).is_empty() {
            return Err(Error::invalid("a table needs a column that it is not partitioned by to hold rows"));
        }
        let column_mapping = match supports_column_mapping(protocol) {
            true => properties.column_mapping,
            false => ColumnMappingMode::None,
        };
        let configured = |key: &str| metadata.configuration.get(key).map(|value| value.trim());
        let is_mapped = column_mapping != ColumnMappingMode::None;
        let is_random = is_mapped || configured("delta.randomizeFilePrefixes") == Some("true");
        let random_chars = configured("delta.randomPrefixLength")
            .and_then(|chars| chars.parse::<usize>().ok())
            .filter(|chars| (1..=32).contains(chars))
            .unwrap_or(2);
        Ok(Self {
            table,
            indexed_columns: indexed_columns(
                &schema,
                &metadata.partition_columns,
                &properties,
                column_mapping,
            ),
            schema,
            partition_columns: metadata.partition_columns.clone(),
            column_mapping,
            extra_fields: Vec::new(),
            target: WriteTarget::Data,
            codec: Codec::of(&metadata.configuration)?,
            target_file_size_bytes: properties
                .target_file_size_bytes
                .unwrap_or(TARGET_FILE_SIZE_BYTES)
                .min(MOST_FILE_SIZE_BYTES),
            max_open_files: 500,
            max_memory_bytes: 128 << 20,
            data_change: true,
            // As Delta does, since folders by physical names would help nobody.
            random_folder_chars: is_random.then_some(random_chars),
        })
    }

    /// The same for change data: batches have a last column `_change_type`.
    pub fn for_change_data(mut self) -> Self {
        self.target = WriteTarget::ChangeData;
        self.extra_fields = vec![Field::new(CHANGE_TYPE, ArrowType::Utf8, true)];
        self.indexed_columns = Vec::new();
        self
    }

    /// The columns that files have: (position in the batches, column).
    pub(super) fn file_columns(&self) -> Vec<(usize, StructField)> {
        let fields = data_fields(&self.schema, &self.partition_columns);
        fields
            .into_iter()
            .filter_map(|field| {
                let position = self.schema.fields.iter().position(|other| other.name == field.name)?;
                Some((position, field.clone()))
            })
            .collect()
    }

    /// The schema of the files.
    pub(super) fn file_schema(&self) -> SchemaRef {
        let fields: Vec<StructField> = self.file_columns().into_iter().map(|(_, field)| field).collect();
        let physical = StructType { fields }.to_physical_arrow(self.column_mapping);
        let mut fields: Vec<Arc<Field>> = physical.fields().iter().cloned().collect();
        fields.extend(self.extra_fields.iter().cloned().map(Arc::new));
        Arc::new(Schema::new(fields))
    }

    /// The partition columns: (position in the batches, column, physical name), in the order of the folders.
    pub(super) fn partition_fields(&self) -> Vec<(usize, StructField, String)> {
        let of = |name: &String| {
            let field = self.schema.field(name)?;
            let position = self.schema.fields.iter().position(|other| other.name == field.name)?;
            Some((position, field.clone(), field.physical_name(self.column_mapping).to_owned()))
        };
        self.partition_columns.iter().filter_map(of).collect()
    }
}
