//! Transactions: changes that become a version of the table all at once, or not at all.

mod conflict;
mod effective;
mod operation;
mod payload;
mod row_tracking;

pub use conflict::{FilePredicate, IsolationLevel};
pub use operation::Operation;
pub use row_tracking::{ROW_TRACKING_DOMAIN, high_water_mark as row_id_high_water_mark};

use crate::actions::{Add, AddCdcFile, DomainMetadata, Metadata, Protocol, Remove, SetTransaction};
use crate::commit::{Commit, Put, put_commit, read_commit, read_commit_info};
use crate::log::listing;
use crate::log::names::LogName;
use crate::snapshot::{At, Snapshot};
use crate::uuid::new_uuid;
use crate::{Conflict, Error, Result, TableStore};
use conflict::{Candidate, Reads};
use effective::Effective;
use object_store::ObjectStoreExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a commit is tried while other writers are first.
const MOST_TRIES: u32 = 100;

/// Changes of a table that are to be committed.
///
/// A commit is one file that is written if nobody was first. Where somebody was, the transaction goes on after that commit
/// if what was read is still true, and fails with a [`Conflict`] if not: tell what was read by
/// [`read_whole_table`](Self::read_whole_table), [`read_file`](Self::read_file) and [`read_where`](Self::read_where).
#[derive(Debug)]
pub struct Transaction {
    base: Base,
    operation: Operation,
    changes: Changes,
    reads: Reads,
    txn_id: String,
}

#[derive(Debug)]
enum Base {
    Table(Arc<Snapshot>),
    New(Box<NewTable>),
}

/// What a new table begins with.
#[derive(Debug)]
struct NewTable {
    table: TableStore,
    protocol: Protocol,
    metadata: Metadata,
}

/// What a commit changes.
#[derive(Debug, Default)]
struct Changes {
    adds: Vec<Add>,
    removes: Vec<Remove>,
    change_files: Vec<AddCdcFile>,
    metadata: Option<Metadata>,
    protocol: Option<Protocol>,
    domains: BTreeMap<String, DomainMetadata>,
    transactions: BTreeMap<String, SetTransaction>,
}

/// After which commit the next attempt comes.
#[derive(Debug, Default)]
struct After {
    /// The version to write.
    version: u64,
    /// The highest row id so far, -1 before the first.
    row_id_high_water_mark: i64,
    /// The time of the commit before: in-commit, or of its file where it has none.
    previous_millis: Option<i64>,
}

/// A commit that is in the log.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Its version.
    pub version: u64,
    table: TableStore,
    base: Option<Arc<Snapshot>>,
}

impl Committed {
    /// The table after the commit; later commits of others may be in it.
    ///
    /// # Errors
    /// When the log cannot be read. The commit is there even then.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        match &self.base {
            Some(base) => base.update().await,
            None => Snapshot::open(&self.table, At::Latest).await,
        }
    }
}

impl Transaction {
    /// A transaction on what a snapshot shows.
    pub fn new(snapshot: Arc<Snapshot>, operation: Operation) -> Self {
        Self::on(Base::Table(snapshot), operation)
    }

    /// A transaction that makes a table. An empty `metadata.id` becomes a new UUID.
    pub fn create(
        table: TableStore,
        protocol: Protocol,
        mut metadata: Metadata,
        operation: Operation,
    ) -> Self {
        if metadata.id.is_empty() {
            metadata.id = new_uuid();
        }
        metadata.created_time.get_or_insert_with(tarn_platform::unix_millis);
        Self::on(Base::New(Box::new(NewTable { table, protocol, metadata })), operation)
    }

    fn on(base: Base, operation: Operation) -> Self {
        Self { base, operation, changes: Changes::default(), reads: Reads::default(), txn_id: new_uuid() }
    }

    /// What DESCRIBE HISTORY will show; metrics are often known only at the end.
    pub fn operation_mut(&mut self) -> &mut Operation {
        &mut self.operation
    }

    /// Adds a file. Row ids are given at the commit; a file that was there before keeps those in its action, and one with
    /// rows of others brings their ids in its [materialized columns](crate::row_tracking::MaterializedColumns), where the
    /// table has such.
    pub fn add(&mut self, add: Add) {
        self.changes.adds.push(add);
    }

    /// Removes a file.
    pub fn remove(&mut self, remove: Remove) {
        self.changes.removes.push(remove);
    }

    /// Adds a file of changed rows.
    pub fn cdc(&mut self, file: AddCdcFile) {
        self.changes.change_files.push(file);
    }

    /// Sets schema, partitioning and properties.
    pub fn set_metadata(&mut self, metadata: Metadata) {
        match &mut self.base {
            Base::New(new) => new.metadata = metadata,
            Base::Table(_) => self.changes.metadata = Some(metadata),
        }
    }

    /// Sets the protocol.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        match &mut self.base {
            Base::New(new) => new.protocol = protocol,
            Base::Table(_) => self.changes.protocol = Some(protocol),
        }
    }

    /// Sets or ends a domain of metadata.
    pub fn set_domain(&mut self, domain: DomainMetadata) {
        self.changes.domains.insert(domain.domain.clone(), domain);
    }

    /// Sets how far an application has written. A commit of the same application that comes first is a conflict, so a
    /// batch that is written twice at once is in the table once.
    pub fn set_transaction(&mut self, transaction: SetTransaction) {
        self.reads.app_ids.insert(transaction.app_id.clone());
        self.changes.transactions.insert(transaction.app_id.clone(), transaction);
    }

    /// All rows were read.
    pub fn read_whole_table(&mut self) {
        self.reads.whole_table = true;
    }

    /// A file was read, by its path in the log.
    pub fn read_file(&mut self, path: &str) {
        self.reads.files.insert(path.to_owned());
    }

    /// The files for which this holds would have been read: those that a predicate on partition values and statistics
    /// does not rule out.
    pub fn read_where(&mut self, matches: FilePredicate) {
        self.reads.predicates.push(matches);
    }

    /// Commits.
    ///
    /// # Errors
    /// - [`Error::Conflict`] when another commit was first and does not go with this one;
    /// - [`Error::AlreadyThere`] when the table is to be made and is there;
    /// - [`Error::UnsupportedWriter`] and [`Error::Invalid`] when the table does not allow the changes;
    /// - [`Error::UnknownOutcome`] when the store failed and does not say whether it wrote;
    /// - what the store says otherwise; then nothing was committed.
    pub async fn commit(self) -> Result<Committed> {
        let (protocol, metadata) = self.read_state();
        let effective = Effective::new(
            self.changes.protocol.as_ref().unwrap_or(protocol),
            self.changes.metadata.as_ref().unwrap_or(metadata),
        );
        if let Base::Table(snapshot) = &self.base {
            // What was read must be writable too: features cannot be stepped over by dropping them.
            crate::features::check_writable(snapshot.protocol(), snapshot.metadata())?;
        }
        effective.check(&self.changes)?;
        let isolation = self.isolation(&effective);
        let mut after = self.start(&effective).await?;
        let candidate = Candidate {
            reads: &self.reads,
            isolation,
            protocol,
            changes_protocol: self.changes.protocol.is_some(),
            changes_metadata: self.changes.metadata.is_some(),
            removes: self.changes.removes.iter().map(|remove| remove.path.as_str()).collect(),
            domains: (self.changes.domains.keys().map(String::as_str))
                .filter(|domain| *domain != ROW_TRACKING_DOMAIN)
                .collect(),
        };
        for _ in 0..MOST_TRIES {
            let payload = self.payload(&effective, isolation, &after)?;
            match put_commit(self.table(), after.version, payload, &self.txn_id).await? {
                Put::Done => return Ok(self.committed(after.version)),
                Put::Taken => self.rebase(&candidate, &mut after).await?,
            }
        }
        Err(Conflict::TooManyTries { tries: MOST_TRIES }.into())
    }

    fn table(&self) -> &TableStore {
        match &self.base {
            Base::Table(snapshot) => snapshot.table(),
            Base::New(new) => &new.table,
        }
    }

    /// Protocol and metadata before the changes; of a new table those that it begins with.
    fn read_state(&self) -> (&Protocol, &Metadata) {
        match &self.base {
            Base::Table(snapshot) => (snapshot.protocol(), snapshot.metadata()),
            Base::New(new) => (&new.protocol, &new.metadata),
        }
    }

    fn committed(&self, version: u64) -> Committed {
        let base = match &self.base {
            Base::Table(snapshot) => Some(Arc::clone(snapshot)),
            Base::New(_) => None,
        };
        Committed { version, table: self.table().clone(), base }
    }

    fn isolation(&self, effective: &Effective<'_>) -> IsolationLevel {
        let changes = &self.changes;
        let changes_rows = (changes.adds.iter().map(|add| add.data_change))
            .chain(changes.removes.iter().map(|remove| remove.data_change))
            .any(|data_change| data_change);
        let has_files = !changes.adds.is_empty() || !changes.removes.is_empty();
        if has_files && !changes_rows && changes.metadata.is_none() && changes.protocol.is_none() {
            return IsolationLevel::SnapshotIsolation;
        }
        match effective.properties.is_serializable {
            true => IsolationLevel::Serializable,
            false => IsolationLevel::WriteSerializable,
        }
    }

    /// Nothing was read, and files are only added.
    fn is_blind_append(&self) -> bool {
        self.reads.is_blind() && self.changes.removes.is_empty() && self.changes.change_files.is_empty()
    }

    async fn start(&self, effective: &Effective<'_>) -> Result<After> {
        let snapshot = match &self.base {
            Base::Table(snapshot) => snapshot,
            Base::New(new) => {
                // Version 0 may have been cleaned away: only an empty log makes a new table.
                match listing::list(&new.table, 0).await? {
                    Some(files) if files.iter().any(is_state) => return Err(already_there(&new.table)),
                    _ => return Ok(After { row_id_high_water_mark: -1, ..After::default() }),
                }
            }
        };
        let version = snapshot.version();
        check_still_there(snapshot).await?;
        let row_id_high_water_mark = match snapshot.domain(ROW_TRACKING_DOMAIN) {
            Some(configuration) => row_tracking::high_water_mark(configuration)?,
            None => -1,
        };
        let previous_millis = match effective.has_in_commit_timestamps() {
            false => None,
            true => match snapshot.in_commit_timestamp() {
                Some(millis) => Some(millis),
                None => self.time_of(version).await?,
            },
        };
        let version =
            version.checked_add(1).ok_or_else(|| Error::invalid("the table has no versions left"))?;
        Ok(After { version, row_id_high_water_mark, previous_millis })
    }

    async fn time_of(&self, version: u64) -> Result<Option<i64>> {
        let info = read_commit_info(self.table(), version).await?;
        Ok(info.map(|(info, modified)| info.and_then(|info| info.in_commit_timestamp).unwrap_or(modified)))
    }

    /// Reads the commits that were first, checks them, and goes on after the last.
    async fn rebase(&self, candidate: &Candidate<'_>, after: &mut After) -> Result<()> {
        if let Base::New(new) = &self.base {
            return Err(already_there(&new.table));
        }
        let mut seen = 0u64;
        while let Some(winner) = read_commit(self.table(), after.version).await? {
            conflict::check(&winner, candidate)?;
            self.follow(&winner, after)?;
            seen += 1;
        }
        match seen {
            // It was there a moment ago.
            0 => Err(Error::Gap { url: self.table().url.to_string(), missing: after.version }),
            _ => Ok(()),
        }
    }

    fn follow(&self, winner: &Commit, after: &mut After) -> Result<()> {
        if let Some(high) = row_tracking::high_water_mark_in(&winner.actions)? {
            after.row_id_high_water_mark = after.row_id_high_water_mark.max(high);
        }
        let in_commit = winner.info().and_then(|info| info.in_commit_timestamp);
        after.previous_millis = Some(in_commit.unwrap_or(winner.modified_millis));
        after.version =
            winner.version.checked_add(1).ok_or_else(|| Error::invalid("the table has no versions left"))?;
        Ok(())
    }
}

/// Checks that the commit that was read is still the table's.
///
/// Where log cleanup has removed it, the version after it looks free and is not; where the table was dropped and made
/// anew, it is another table's. Either way the statement must be run again on what is there now.
async fn check_still_there(snapshot: &Snapshot) -> Result<()> {
    let Some(read) = &snapshot.commits_listed().head else { return Ok(()) };
    let table = snapshot.table();
    match table.store.head(&table.log_path(&read.name)).await {
        Ok(there) if there.size == read.size_bytes => Ok(()),
        Ok(_) | Err(object_store::Error::NotFound { .. }) => {
            Err(Conflict::MetadataChanged { version: snapshot.version() }.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn is_state(file: &listing::LogFile) -> bool {
    match file.kind {
        LogName::Commit { .. } | LogName::Compaction { .. } | LogName::Checkpoint { .. } => true,
        LogName::Checksum { .. } => false,
    }
}

fn already_there(table: &TableStore) -> Error {
    Error::AlreadyThere { url: table.url.to_string() }
}
