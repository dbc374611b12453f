//! Whether a commit that was first goes with a transaction: the rules of Delta's optimistic concurrency.

use crate::Conflict;
use crate::actions::{Action, Add, Protocol};
use crate::commit::Commit;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Whether a transaction would have read a file, had it been there.
pub type FilePredicate = Arc<dyn Fn(&Add) -> bool + Send + Sync>;

/// How strictly transactions are kept apart (table property `delta.isolationLevel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IsolationLevel {
    /// As if all transactions had run one after the other, in the order of the versions.
    Serializable,
    /// As if all writes had: a blind append that was first may come after.
    WriteSerializable,
    /// For what only arranges rows anew: files that were added do not matter.
    SnapshotIsolation,
}

impl IsolationLevel {
    /// As `commitInfo` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Serializable => "Serializable",
            Self::WriteSerializable => "WriteSerializable",
            Self::SnapshotIsolation => "SnapshotIsolation",
        }
    }
}

/// What a transaction read.
#[derive(Clone, Default)]
pub(super) struct Reads {
    pub(super) whole_table: bool,
    pub(super) files: HashSet<String>,
    pub(super) predicates: Vec<FilePredicate>,
    pub(super) app_ids: HashSet<String>,
}

impl Reads {
    /// Whether no rows were read.
    pub(super) fn is_blind(&self) -> bool {
        !self.whole_table && self.files.is_empty() && self.predicates.is_empty()
    }

    fn would_have_read(&self, add: &Add) -> bool {
        self.whole_table || self.predicates.iter().any(|matches| matches(add))
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reads")
            .field("whole_table", &self.whole_table)
            .field("files", &self.files)
            .field("predicates", &self.predicates.len())
            .field("app_ids", &self.app_ids)
            .finish()
    }
}

/// A transaction, as far as conflicts depend on it.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub(super) reads: &'a Reads,
    pub(super) isolation: IsolationLevel,
    /// The protocol that was read.
    pub(super) protocol: &'a Protocol,
    pub(super) changes_protocol: bool,
    pub(super) changes_metadata: bool,
    /// Paths of the files that it removes.
    pub(super) removes: HashSet<&'a str>,
    /// The domains that it changes, without those that are merged.
    pub(super) domains: HashSet<&'a str>,
}

/// Checks a commit that was first.
///
/// As in Delta, files are compared by their paths: two deletion vectors of one file are a conflict, since neither holds
/// the rows of the other.
pub(super) fn check(winner: &Commit, candidate: &Candidate<'_>) -> Result<(), Conflict> {
    let version = winner.version;
    let reads = candidate.reads;
    for action in &winner.actions {
        match action {
            // Features change what a writer must do. A protocol that is only stated again changes nothing.
            Action::Protocol(protocol) if candidate.changes_protocol || protocol != candidate.protocol => {
                return Err(Conflict::ProtocolChanged { version });
            }
            Action::MetaData(_) => return Err(Conflict::MetadataChanged { version }),
            Action::DomainMetadata(domain) if candidate.domains.contains(domain.domain.as_str()) => {
                return Err(Conflict::ConcurrentDomain { version, domain: domain.domain.clone() });
            }
            Action::Txn(txn) if reads.app_ids.contains(&txn.app_id) => {
                return Err(Conflict::ConcurrentTransaction { version, app_id: txn.app_id.clone() });
            }
            _ => {}
        }
    }
    let is_blind_append = winner.info().and_then(|info| info.is_blind_append).unwrap_or(false);
    let may_come_after = match candidate.isolation {
        IsolationLevel::Serializable => false,
        IsolationLevel::WriteSerializable => is_blind_append && !candidate.changes_metadata,
        IsolationLevel::SnapshotIsolation => true,
    };
    for action in &winner.actions {
        if let Action::Add(add) = action
            && !may_come_after
            && reads.would_have_read(add)
        {
            return Err(Conflict::ConcurrentAppend { version });
        }
    }
    let removed = winner.actions.iter().filter_map(|action| match action {
        Action::Remove(remove) => Some(&remove.path),
        _ => None,
    });
    for path in removed.clone() {
        if reads.whole_table || reads.files.contains(path) {
            return Err(Conflict::ConcurrentDeleteRead { version, file: path.clone() });
        }
    }
    for path in removed {
        if candidate.removes.contains(path.as_str()) {
            return Err(Conflict::ConcurrentDeleteDelete { version, file: path.clone() });
        }
    }
    Ok(())
}
