//! Row ids and row commit versions of new files ("Writer Requirements for Row Tracking").

use super::effective::Effective;
use crate::actions::{Action, Add, DomainMetadata};
use crate::features;
use crate::row_tracking::is_suspended;
use crate::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

/// The domain that holds the highest row id.
pub const ROW_TRACKING_DOMAIN: &str = "delta.rowTracking";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowTrackingDomain {
    row_id_high_water_mark: i64,
}

/// Whether new files must have row ids.
pub(super) fn is_on(table: &Effective<'_>) -> bool {
    table.supports(features::ROW_TRACKING) && !is_suspended(table.metadata)
}

/// The highest row id that the domain's configuration names.
///
/// # Errors
/// When it names none.
pub fn high_water_mark(configuration: &str) -> Result<i64> {
    let domain: RowTrackingDomain = serde_json::from_str(configuration)
        .map_err(|error| Error::damaged("the metadata domain delta.rowTracking", error))?;
    Ok(domain.row_id_high_water_mark)
}

/// The highest row id that a commit leaves, where it says.
pub(super) fn high_water_mark_in(actions: &[Action]) -> Result<Option<i64>> {
    for action in actions {
        if let Action::DomainMetadata(domain) = action
            && domain.domain == ROW_TRACKING_DOMAIN
            && !domain.removed
        {
            return high_water_mark(&domain.configuration).map(Some);
        }
    }
    Ok(None)
}

/// Gives new files row ids above the highest and the commit's version; files that have them, since they were there
/// before, keep theirs. Gives the domain to commit, where the highest row id has changed.
pub(super) fn assign(adds: &mut [Add], high: i64, version: u64) -> Result<Option<DomainMetadata>> {
    let version =
        i64::try_from(version).map_err(|_| Error::invalid("the version is too large for row tracking"))?;
    let mut highest = high;
    for add in adds {
        if add.base_row_id.is_none() {
            let too_many = || Error::invalid("the table has no row ids left");
            let records = num_records(add).ok_or_else(|| {
                Error::invalid(format!(
                    "{} needs numRecords in its statistics: the table tracks rows",
                    add.path
                ))
            })?;
            add.base_row_id = Some(highest.checked_add(1).ok_or_else(too_many)?);
            highest = highest.checked_add(records).ok_or_else(too_many)?;
        }
        add.default_row_commit_version.get_or_insert(version);
    }
    Ok((highest != high).then(|| DomainMetadata {
        domain: ROW_TRACKING_DOMAIN.to_owned(),
        configuration: format!("{{\"rowIdHighWaterMark\":{highest}}}"),
        removed: false,
    }))
}

/// Rows of the file, deleted ones too, as its statistics have it.
pub(super) fn num_records(add: &Add) -> Option<i64> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Stats {
        num_records: Option<Value>,
    }
    let stats: Stats = serde_json::from_str(add.stats.as_deref()?).ok()?;
    stats.num_records?.as_i64().filter(|records| *records >= 0)
}
