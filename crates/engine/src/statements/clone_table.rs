//! CREATE TABLE … CLONE: a table with the rows of another, by its files (SHALLOW) or copies of them (DEEP).

use super::create_table::lost_race;
use super::open::TargetPlace;
use super::{done, metrics};
use crate::delta::commit::commit;
use crate::delta::{self, Place, PlaceVersion, is_made_meanwhile};
use crate::query::Query;
use crate::session::Run;
use crate::target::Target;
use crate::{Error, ErrorKind, Position, Result, names, time_travel};
use datafusion::sql::sqlparser::ast::Spanned;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tarn_delta::TableStore;
use tarn_delta::actions::{Add, DeletionVectorDescriptor, DomainMetadata, Metadata, Protocol};
use tarn_delta::clone_files::{Copied, copy, refer};
use tarn_delta::column_mapping::{PhysicalNames, forget_ids, map_columns};
use tarn_delta::definition::{check_properties, features_of, take_protocol_properties};
use tarn_delta::features::{all_of, check_writable, upgrade};
use tarn_delta::files::FileId;
use tarn_delta::properties::TableProperties;
use tarn_delta::row_tracking::name_materialized_columns;
use tarn_delta::schema::ColumnMappingMode;
use tarn_delta::snapshot::Snapshot;
use tarn_delta::transaction::{Operation, ROW_TRACKING_DOMAIN, Transaction, row_id_high_water_mark};
use tarn_dialect::{CloneTable, CreateMode};

/// "In-Commit Timestamps": since when a table has them.
const TIMES_SINCE: [&str; 2] =
    ["delta.inCommitTimestampEnablementVersion", "delta.inCommitTimestampEnablementTimestamp"];

pub(super) async fn run(run: &Run<'_>, clone: &CloneTable) -> Result<Query> {
    let target = TargetPlace::of(run, &clone.name)?;
    check_location(run, clone, &target.place)?;
    let there = target.find(run).await?;
    match (&there, clone.mode) {
        (Some(_), CreateMode::CreateIfNotExists) => return Ok(done(run)),
        (Some(_), CreateMode::Create) => {
            return Err(Error::new(ErrorKind::Invalid, format!("There is a table {} already", clone.name))
                .hint("Write CREATE OR REPLACE TABLE, or CREATE TABLE IF NOT EXISTS")
                .at(target.position));
        }
        (None, CreateMode::Replace) => {
            let message = format!("There is no table {} to replace", clone.name);
            return Err(Error::new(ErrorKind::NotFound, message)
                .hint("Write CREATE OR REPLACE TABLE")
                .at(target.position));
        }
        _ => {}
    }
    let source = open_source(run, clone).await?;
    if source.table().url == target.place.url {
        return Err(Error::new(ErrorKind::Invalid, "A table cannot be a clone of itself")
            .hint("RESTORE brings an earlier version back")
            .at(target.position));
    }
    let store = target.store(run)?;
    let defined = Defined::of(&source, clone).map_err(|error| error.at(target.position))?;
    let copied = clone_files(&source, &store, clone.is_shallow).await?;
    let removed =
        there.as_ref().map_or((0, 0), |there| (there.files().len() as u64, there.files().size_bytes()));
    let copied_count = if clone.is_shallow { 0 } else { source.files().len() as u64 };
    let counts = [
        ("source_table_size", "sourceTableSize", source.files().size_bytes()),
        ("source_num_of_files", "sourceNumOfFiles", source.files().len() as u64),
        ("num_removed_files", "numRemovedFiles", removed.0),
        ("num_copied_files", "numCopiedFiles", copied_count),
        ("removed_files_size", "removedFilesSize", removed.1),
        (
            "copied_files_size",
            "copiedFilesSize",
            if clone.is_shallow { 0 } else { source.files().size_bytes() },
        ),
    ];
    let properties: BTreeMap<&str, &str> = clone
        .properties
        .iter()
        .map(|property| (property.key.value.as_str(), property.value.as_str()))
        .collect();
    let mut operation = Operation::new("CLONE")
        .with("source", source.table().url.to_string())
        .with("sourceVersion", source.version())
        .with("isShallow", clone.is_shallow)
        .with("partitionBy", json!(source.metadata().partition_columns))
        .with("properties", json!(properties));
    for (_, name, value) in counts {
        operation.metrics.insert(name.to_owned(), value.to_string());
    }
    let mut transaction = defined.transaction(there.as_ref(), &store, operation, &copied.adds)?;
    copied.adds.into_iter().for_each(|add| transaction.add(add));
    match commit(transaction, &store, &copied.new_files).await {
        Err(error) if clone.mode == CreateMode::CreateIfNotExists && is_made_meanwhile(&error) => {
            return Ok(done(run));
        }
        committed => committed.map_err(|error| lost_race(clone.mode, error).at(target.position))?,
    }
    metrics::counts(run, &counts.map(|(name, _, value)| (name, value)))
}

fn check_location(run: &Run<'_>, clone: &CloneTable, place: &Place) -> Result<()> {
    let Some(location) = &clone.location else { return Ok(()) };
    if Place::of_path(run.session.engine.base(), &location.value)? == *place {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "A table with a name lies in the lake, under its name")
        .hint(format!("Write CREATE TABLE delta.`{}` for a table at that place", location.value))
        .at(Position::of(location.span)))
}

/// The version of the source that is cloned.
async fn open_source(run: &Run<'_>, clone: &CloneTable) -> Result<Arc<Snapshot>> {
    let position = Position::of(clone.source.span());
    let state = run.session.state();
    let target = Target::of(&state, &clone.source)?;
    let mut place = target.place(run.session.engine.base()).map_err(|error| error.at(position))?;
    let mut at = position;
    if let Some(as_of) = &clone.as_of {
        place = place.at(time_travel::version(&state, as_of)?);
        at = Position::of(as_of.span());
    }
    match delta::open(run.session.engine.stores(), &place).await {
        Ok(snapshot) => Ok(snapshot),
        Err(error) if delta::is_absent(&error) => {
            let shown = names::quoted(&clone.source.to_string());
            Err(Error::new(ErrorKind::NotFound, format!("There is no table {shown} to clone"))
                .hint("SHOW TABLES lists the tables")
                .at(position))
        }
        Err(error) => Err(error.at(if place.version == PlaceVersion::Latest { position } else { at })),
    }
}

async fn clone_files(source: &Snapshot, target: &TableStore, is_shallow: bool) -> Result<Copied> {
    let ids: Vec<FileId> = source.files().iter().map(|file| file.id()).collect();
    let adds = source.adds_with_stats(&ids).await?;
    if !is_shallow {
        return Ok(copy(source.table(), target, adds).await?);
    }
    let adds = adds.into_iter().map(|add| refer(source.table(), add));
    Ok(Copied { adds: adds.collect::<tarn_delta::Result<_>>()?, new_files: vec![] })
}

/// What the clone is: the source with other properties.
struct Defined {
    protocol: Protocol,
    metadata: Metadata,
    domains: Vec<DomainMetadata>,
}

impl Defined {
    fn of(source: &Snapshot, clone: &CloneTable) -> Result<Self> {
        let mut properties: BTreeMap<String, String> = (clone.properties.iter())
            .map(|property| (property.key.value.clone(), property.value.clone()))
            .collect();
        check_properties(&properties)?;
        let (asked, mut features) = take_protocol_properties(&mut properties)?;
        let mut metadata =
            Metadata { id: String::new(), created_time: None, name: None, ..source.metadata().clone() };
        metadata.configuration.extend(properties);
        // Since when the source has times in its commits says nothing of the clone.
        TIMES_SINCE.iter().for_each(|key| drop(metadata.configuration.remove(*key)));
        let mut schema = source.schema().clone();
        let mode = TableProperties::of(&metadata).column_mapping;
        if source.column_mapping() == ColumnMappingMode::None {
            // What may be told of other names in files does not hold.
            forget_ids(&mut schema);
        }
        // Its files have the names that the source's have.
        map_columns(&mut schema, &mut metadata, mode, PhysicalNames::AsTheyAre);
        metadata.schema_string = schema.to_json();
        name_materialized_columns(&mut metadata)?;
        features.extend(features_of(&schema, &metadata));
        if asked.min_writer_version > 2 {
            features.extend(all_of(&asked).into_iter().map(str::to_owned));
        }
        let protocol = upgrade(source.protocol(), &features);
        check_writable(&protocol, &metadata)?;
        Ok(Self { protocol, metadata, domains: source.domains().cloned().collect() })
    }

    fn transaction(
        self,
        there: Option<&Arc<Snapshot>>,
        store: &TableStore,
        operation: Operation,
        adds: &[Add],
    ) -> Result<Transaction> {
        let Some(there) = there else {
            let mut transaction = Transaction::create(store.clone(), self.protocol, self.metadata, operation);
            self.domains.into_iter().for_each(|domain| transaction.set_domain(domain));
            return Ok(transaction);
        };
        let now = tarn_platform::unix_millis();
        let mut transaction = Transaction::new(Arc::clone(there), operation);
        transaction.read_whole_table();
        let old = there.metadata();
        // The table stays the same one, with all features that it has.
        let mut metadata = Metadata { id: old.id.clone(), created_time: old.created_time, ..self.metadata };
        for key in TIMES_SINCE {
            if let Some(value) = old.configuration.get(key) {
                metadata.configuration.insert(key.to_owned(), value.clone());
            }
        }
        let features = all_of(&self.protocol).into_iter().map(str::to_owned).collect();
        let protocol = upgrade(there.protocol(), &features);
        if protocol != *there.protocol() {
            transaction.set_protocol(protocol);
        }
        transaction.set_metadata(metadata);
        for old in there.domains() {
            let is_kept = old.domain == ROW_TRACKING_DOMAIN
                || self.domains.iter().any(|domain| domain.domain == old.domain);
            if !is_kept {
                transaction.set_domain(DomainMetadata { removed: true, ..old.clone() });
            }
        }
        for mut domain in self.domains {
            // Row ids are never given twice, of neither table.
            if domain.domain == ROW_TRACKING_DOMAIN
                && let Some(old) = there.domain(ROW_TRACKING_DOMAIN)
                && row_id_high_water_mark(old)? > row_id_high_water_mark(&domain.configuration)?
            {
                domain.configuration = old.to_owned();
            }
            transaction.set_domain(domain);
        }
        // A commit names a logical file once: one that the clone has too is only added again.
        let key = |path: &str, vector: Option<&DeletionVectorDescriptor>| {
            (path.to_owned(), vector.map(DeletionVectorDescriptor::unique_id))
        };
        let added: BTreeSet<_> =
            adds.iter().map(|add| key(&add.path, add.deletion_vector.as_ref())).collect();
        for file in there.files().iter() {
            if !added.contains(&key(file.path(), file.deletion_vector().as_ref())) {
                transaction.remove(file.to_add().to_remove(now, true));
            }
        }
        Ok(transaction)
    }
}
