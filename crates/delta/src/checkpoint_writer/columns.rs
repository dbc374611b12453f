//! The columns of a checkpoint ("Checkpoint Schema"), and actions as their rows.

use super::parsed::Parsed;
use crate::Result;
use crate::actions::Action;
use crate::snapshot::Snapshot;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use std::sync::Arc;

/// How actions become rows.
pub(super) struct Columns {
    /// What comes from an action's own JSON.
    plain: SchemaRef,
    /// The same with the columns that are derived.
    whole: SchemaRef,
    parsed: Parsed,
    has_stats: bool,
}

impl Columns {
    pub(super) fn new(snapshot: &Snapshot) -> Result<Self> {
        let has_stats = snapshot.properties().stats_as_json;
        let parsed = Parsed::new(snapshot);
        let add = add_fields(has_stats);
        let whole_add: Vec<Arc<Field>> = add.iter().cloned().chain(parsed.fields()).collect();
        Ok(Self { plain: schema(add), whole: schema(whole_add.into()), parsed, has_stats })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.whole)
    }

    /// The rows of actions.
    pub(super) fn encode(&self, actions: &[Action]) -> Result<RecordBatch> {
        // The names of columns and fields are those of the actions' JSON.
        let mut decoder = ReaderBuilder::new(Arc::clone(&self.plain))
            .with_batch_size(actions.len().max(1))
            .build_decoder()?;
        if self.has_stats {
            decoder.serialize(actions)?;
        } else {
            let without: Vec<Action> = actions.iter().cloned().map(without_stats).collect();
            decoder.serialize(&without)?;
        }
        let rows = decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&self.plain)));
        let derived = self.parsed.columns(actions)?;
        if derived.is_empty() {
            return Ok(rows);
        }
        let mut columns = rows.columns().to_vec();
        for (column, field) in columns.iter_mut().zip(self.whole.fields()) {
            if field.name() == "add" {
                *column = extended(column, field, derived.clone())?;
            }
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.whole), columns)?)
    }
}

fn extended(add: &ArrayRef, field: &Field, derived: Vec<ArrayRef>) -> Result<ArrayRef> {
    let (DataType::Struct(fields), Some(add)) = (field.data_type(), add.as_struct_opt()) else {
        return Ok(Arc::clone(add));
    };
    let children: Vec<ArrayRef> = add.columns().iter().cloned().chain(derived).collect();
    Ok(Arc::new(StructArray::try_new(fields.clone(), children, add.nulls().cloned())?))
}

fn without_stats(action: Action) -> Action {
    match action {
        Action::Add(mut add) => {
            add.stats = None;
            Action::Add(add)
        }
        other => other,
    }
}

fn schema(add: Fields) -> SchemaRef {
    let metadata = [
        text("id"),
        text("name"),
        text("description"),
        structure("format", vec![text("provider"), texts_by_name("options")]),
        text("schemaString"),
        list("partitionColumns"),
        texts_by_name("configuration"),
        long("createdTime"),
    ];
    let protocol = [
        int("minReaderVersion"),
        int("minWriterVersion"),
        // "Checkpoint Schema": null where the version lists no features, which an action without them gives.
        list("readerFeatures"),
        list("writerFeatures"),
    ];
    let remove = [
        text("path"),
        long("deletionTimestamp"),
        flag("dataChange"),
        flag("extendedFileMetadata"),
        texts_by_name("partitionValues"),
        long("size"),
        deletion_vector(),
        long("baseRowId"),
        long("defaultRowCommitVersion"),
    ];
    Arc::new(Schema::new(vec![
        structure("txn", vec![text("appId"), long("version"), long("lastUpdated")]),
        structure("add", add.iter().map(|field| field.as_ref().clone()).collect()),
        structure("remove", remove.to_vec()),
        structure("metaData", metadata.to_vec()),
        structure("protocol", protocol.to_vec()),
        structure("domainMetadata", vec![text("domain"), text("configuration"), flag("removed")]),
    ]))
}

fn add_fields(has_stats: bool) -> Fields {
    let mut fields = vec![
        text("path"),
        texts_by_name("partitionValues"),
        long("size"),
        long("modificationTime"),
        flag("dataChange"),
        texts_by_name("tags"),
        deletion_vector(),
        long("baseRowId"),
        long("defaultRowCommitVersion"),
        text("clusteringProvider"),
    ];
    if has_stats {
        fields.push(text("stats"));
    }
    fields.into()
}

fn deletion_vector() -> Field {
    let fields = vec![
        text("storageType"),
        text("pathOrInlineDv"),
        int("offset"),
        int("sizeInBytes"),
        long("cardinality"),
    ];
    structure("deletionVector", fields)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn int(name: &str) -> Field {
    Field::new(name, DataType::Int32, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

fn list(name: &str) -> Field {
    Field::new(name, DataType::List(Arc::new(text("element"))), true)
}

fn structure(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(fields.into()), true)
}

fn texts_by_name(name: &str) -> Field {
    let entries = vec![Field::new("key", DataType::Utf8, false), text("value")];
    let entries = Field::new("key_value", DataType::Struct(entries.into()), false);
    Field::new(name, DataType::Map(Arc::new(entries), false), true)
}
