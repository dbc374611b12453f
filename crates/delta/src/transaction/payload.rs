//! The lines of a commit, for the version that it is tried as.

use super::effective::Effective;
use super::{After, Base, IsolationLevel, Transaction, row_tracking};
use crate::actions::{Action, CommitInfo, Metadata};
use crate::features;
use crate::row_tracking::MaterializedColumns;
use crate::{Error, Result};
use bytes::Bytes;
use serde_json::json;

impl Transaction {
    /// The commit's lines. Row ids, row commit versions and times depend on what was committed before, so they are set
    /// anew for each attempt.
    pub(super) fn payload(
        &self,
        effective: &Effective<'_>,
        isolation: IsolationLevel,
        after: &After,
    ) -> Result<Bytes> {
        let changes = &self.changes;
        let now = tarn_platform::unix_millis();
        // "In-Commit Timestamps": later than the commit before, whatever the clocks say.
        let time = match (effective.has_in_commit_timestamps(), after.previous_millis) {
            (true, Some(previous)) => now.max(previous.saturating_add(1)),
            _ => now,
        };
        let mut actions = vec![Action::CommitInfo(self.commit_info(effective, isolation, time))];
        match &self.base {
            Base::New(new) => {
                actions.push(Action::Protocol(new.protocol.clone()));
                actions.push(Action::MetaData(new.metadata.clone()));
            }
            Base::Table(_) => {
                actions.extend(changes.protocol.clone().map(Action::Protocol));
                actions.extend(self.new_metadata(effective, after.version, time).map(Action::MetaData));
            }
        }
        actions.extend(changes.transactions.values().cloned().map(Action::Txn));
        let mut adds = changes.adds.clone();
        let mut row_ids = None;
        if row_tracking::is_on(effective) {
            row_ids = row_tracking::assign(&mut adds, after.row_id_high_water_mark, after.version)?;
        }
        let domains = changes.domains.values().filter(|domain| {
            // One action a domain: what was just assigned is newer.
            row_ids.as_ref().is_none_or(|row_ids| row_ids.domain != domain.domain)
        });
        actions.extend(domains.cloned().map(Action::DomainMetadata));
        actions.extend(row_ids.map(Action::DomainMetadata));
        actions.extend(changes.removes.iter().cloned().map(Action::Remove));
        actions.extend(adds.into_iter().map(Action::Add));
        actions.extend(changes.change_files.iter().cloned().map(Action::Cdc));
        lines(&actions)
    }

    fn commit_info(&self, effective: &Effective<'_>, isolation: IsolationLevel, time: i64) -> CommitInfo {
        let is_blind_append = self.is_blind_append();
        let mut info = CommitInfo {
            in_commit_timestamp: effective.has_in_commit_timestamps().then_some(time),
            timestamp: Some(time),
            read_version: match &self.base {
                Base::Table(snapshot) => i64::try_from(snapshot.version()).ok(),
                Base::New(_) => None,
            },
            isolation_level: Some(isolation.name().to_owned()),
            is_blind_append: Some(is_blind_append),
            txn_id: Some(self.txn_id.clone()),
            ..self.operation.info()
        };
        if effective.supports(features::ROW_TRACKING) && effective.properties.has_row_tracking {
            // Files with rows that were there before bring their ids, where there are columns for them.
            let is_preserved = is_blind_append || MaterializedColumns::of(effective.metadata).is_some();
            info.other.insert(
                "tags".to_owned(),
                json!({ "delta.rowTracking.preserved": is_preserved.to_string() }),
            );
        }
        info
    }

    /// The metadata that the commit sets. The one that turns in-commit timestamps on says since when there are some.
    fn new_metadata(&self, effective: &Effective<'_>, version: u64, time: i64) -> Option<Metadata> {
        let Base::Table(snapshot) = &self.base else { return None };
        let had_times = Effective::new(snapshot.protocol(), snapshot.metadata()).has_in_commit_timestamps();
        if had_times || !effective.has_in_commit_timestamps() {
            return self.changes.metadata.clone();
        }
        let mut metadata = effective.metadata.clone();
        let properties = [
            ("delta.inCommitTimestampEnablementVersion", version.to_string()),
            ("delta.inCommitTimestampEnablementTimestamp", time.to_string()),
        ];
        for (name, value) in properties {
            metadata.configuration.insert(name.to_owned(), value);
        }
        Some(metadata)
    }
}

fn lines(actions: &[Action]) -> Result<Bytes> {
    let mut text = String::new();
    for action in actions {
        let line =
            action.to_line().map_err(|error| Error::invalid(format!("an action has no JSON: {error}")))?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(Bytes::from(text))
}
