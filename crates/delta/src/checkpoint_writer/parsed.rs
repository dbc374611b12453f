//! The derived columns of a checkpoint: `stats_parsed` and `partitionValues_parsed`.

use crate::Result;
use crate::actions::{Action, Add};
use crate::partition_values::partition_array;
use crate::schema::{DataType as DeltaType, StructType, type_to_arrow};
use crate::snapshot::Snapshot;
use crate::write::{IndexedColumn, indexed_columns};
use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use std::sync::Arc;

/// What `delta.checkpoint.writeStatsAsStruct` asks for.
pub(super) struct Parsed {
    stats: Option<SchemaRef>,
    partitions: Vec<(String, DeltaType)>,
}

impl Parsed {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        if !snapshot.properties().stats_as_struct {
            return Self { stats: None, partitions: Vec::new() };
        }
        let mode = snapshot.column_mapping();
        let names = &snapshot.metadata().partition_columns;
        let partitions = names.iter().filter_map(|name| snapshot.schema().field(name));
        let partitions =
            partitions.map(|field| (field.physical_name(mode).to_owned(), field.data_type.clone())).collect();
        let columns = indexed_columns(snapshot.schema(), names, snapshot.properties(), mode);
        let physical = snapshot.schema().to_physical_arrow(mode);
        Self { stats: Some(stats_schema(&columns, physical.fields(), snapshot.schema(), names)), partitions }
    }

    /// The fields that `add` has besides.
    pub(super) fn fields(&self) -> Vec<Arc<Field>> {
        let mut fields = Vec::new();
        if !self.partitions.is_empty() {
            let partitions = DataType::Struct(self.partition_fields());
            fields.push(Arc::new(Field::new("partitionValues_parsed", partitions, true)));
        }
        if let Some(stats) = &self.stats {
            fields.push(Arc::new(Field::new("stats_parsed", DataType::Struct(stats.fields().clone()), true)));
        }
        fields
    }

    fn partition_fields(&self) -> Fields {
        self.partitions.iter().map(|(name, kind)| Field::new(name, type_to_arrow(kind), true)).collect()
    }

    /// The columns of these fields; rows without a file have nulls.
    pub(super) fn columns(&self, actions: &[Action]) -> Result<Vec<ArrayRef>> {
        let add = |action: &'_ Action| -> Option<Add> {
            match action {
                Action::Add(add) => Some(add.clone()),
                _ => None,
            }
        };
        let adds: Vec<Option<Add>> = actions.iter().map(add).collect();
        let mut columns: Vec<ArrayRef> = Vec::new();
        if !self.partitions.is_empty() {
            let mut children = Vec::new();
            for (name, kind) in &self.partitions {
                let values = adds.iter().map(|add| add.as_ref()?.partition_values.get(name)?.as_deref());
                children.push(partition_array(values, kind)?);
            }
            columns.push(Arc::new(StructArray::try_new(self.partition_fields(), children, None)?));
        }
        if let Some(schema) = &self.stats {
            let texts: Vec<Option<&str>> = adds.iter().map(|add| add.as_ref()?.stats.as_deref()).collect();
            columns.push(Arc::new(StructArray::from(decode(schema, &texts)?)));
        }
        Ok(columns)
    }
}

/// Statistics as their columns. Texts that do not fit are taken for absent: statistics only ever help.
fn decode(schema: &SchemaRef, texts: &[Option<&str>]) -> Result<RecordBatch> {
    let texts: Vec<&str> = texts.iter().map(|text| text.unwrap_or("{}")).collect();
    if let Some(batch) = decode_all(schema, &texts) {
        return Ok(batch);
    }
    let rows = texts.iter().map(|text| {
        let alone = decode_all(schema, std::slice::from_ref(text)).or_else(|| decode_all(schema, &["{}"]));
        alone.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(schema)))
    });
    let rows: Vec<RecordBatch> = rows.collect();
    Ok(arrow::compute::concat_batches(schema, &rows)?)
}

/// `None` when a text does not fit the schema.
fn decode_all(schema: &SchemaRef, texts: &[&str]) -> Option<RecordBatch> {
    let builder = ReaderBuilder::new(Arc::clone(schema)).with_batch_size(texts.len().saturating_add(1));
    let mut decoder = builder.build_decoder().ok()?;
    for text in texts {
        let bytes = text.as_bytes();
        if decoder.decode(bytes).ok()? != bytes.len() || decoder.has_partial_record() {
            return None;
        }
    }
    let batch = decoder.flush().ok()??;
    (batch.num_rows() == texts.len()).then_some(batch)
}

fn stats_schema(
    columns: &[IndexedColumn],
    physical: &Fields,
    schema: &StructType,
    partition_columns: &[String],
) -> SchemaRef {
    // Positions count the columns of data files, which lack some of the table's.
    let in_files = |index: &usize| {
        schema.fields.get(*index).is_some_and(|field| {
            field.data_type != DeltaType::Void
                && !partition_columns.iter().any(|column| column.eq_ignore_ascii_case(&field.name))
        })
    };
    let file_fields: Vec<Arc<Field>> =
        (0..physical.len()).filter(in_files).filter_map(|index| physical.get(index).cloned()).collect();
    let mut bounds = Level::default();
    let mut counts = Level::default();
    for column in columns {
        counts.insert(&column.path, &DataType::Int64);
        if let Some(kind) = type_at(&file_fields, &column.position).filter(|_| column.has_bounds) {
            bounds.insert(&column.path, &kind);
        }
    }
    let mut fields = vec![
        Field::new("numRecords", DataType::Int64, true),
        Field::new("tightBounds", DataType::Boolean, true),
    ];
    for (name, level) in [("minValues", &bounds), ("maxValues", &bounds), ("nullCount", &counts)] {
        // Parquet has no structs without fields.
        if !level.children.is_empty() {
            fields.push(Field::new(name, DataType::Struct(level.fields()), true));
        }
    }
    Arc::new(Schema::new(fields))
}

fn type_at(fields: &[Arc<Field>], position: &[usize]) -> Option<DataType> {
    let (first, rest) = position.split_first()?;
    let field = fields.get(*first)?;
    match (rest, field.data_type()) {
        ([], kind) => Some(kind.clone()),
        (rest, DataType::Struct(fields)) => type_at(fields, rest),
        _ => None,
    }
}

/// Fields by name, nested.
#[derive(Default)]
struct Level {
    children: Vec<(String, Child)>,
}

enum Child {
    Leaf(DataType),
    Struct(Level),
}

impl Level {
    fn insert(&mut self, path: &[String], kind: &DataType) {
        let Some((name, rest)) = path.split_first() else { return };
        if rest.is_empty() {
            self.children.push((name.clone(), Child::Leaf(kind.clone())));
            return;
        }
        for (other, child) in &mut self.children {
            if let Child::Struct(level) = child
                && other == name
            {
                return level.insert(rest, kind);
            }
        }
        let mut level = Self::default();
        level.insert(rest, kind);
        self.children.push((name.clone(), Child::Struct(level)));
    }

    fn fields(&self) -> Fields {
        let field = |(name, child): &(String, Child)| match child {
            Child::Leaf(kind) => Field::new(name, kind.clone(), true),
            Child::Struct(level) => Field::new(name, DataType::Struct(level.fields()), true),
        };
        self.children.iter().map(field).collect()
    }
}
