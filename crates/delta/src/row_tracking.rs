//! Where data files keep the row ids and row commit versions of rows that were moved ("Row Tracking").

use crate::actions::Metadata;
use crate::properties::TableProperties;
use crate::uuid::new_uuid;
use crate::{Error, Result};

/// The property with the name of the column of row ids.
pub const ROW_ID_COLUMN_KEY: &str = "delta.rowTracking.materializedRowIdColumnName";
/// The property with the name of the column of row commit versions.
pub const ROW_COMMIT_VERSION_COLUMN_KEY: &str = "delta.rowTracking.materializedRowCommitVersionColumnName";

/// The names that the materialized columns have in data files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaterializedColumns {
    /// The column of row ids.
    pub row_id: String,
    /// The column of row commit versions.
    pub row_commit_version: String,
}

impl MaterializedColumns {
    /// The names of a table whose rows keep their ids; `None` where row tracking is not enabled.
    pub fn of(metadata: &Metadata) -> Option<Self> {
        let name = |key| metadata.configuration.get(key).cloned();
        if !TableProperties::of(metadata).has_row_tracking {
            return None;
        }
        Some(Self {
            row_id: name(ROW_ID_COLUMN_KEY)?,
            row_commit_version: name(ROW_COMMIT_VERSION_COLUMN_KEY)?,
        })
    }
}

/// Gives the columns names that no other column has, where row tracking is enabled and they have none yet: a table must
/// not enable it without ("Writer Requirements for Row Tracking").
///
/// # Errors
/// When row tracking is enabled and suspended at once.
pub fn name_materialized_columns(metadata: &mut Metadata) -> Result<()> {
    if !TableProperties::of(metadata).has_row_tracking {
        return Ok(());
    }
    if is_suspended(metadata) {
        return Err(Error::invalid(
            "row tracking is suspended by delta.rowTrackingSuspended; UNSET that property first",
        ));
    }
    for (key, prefix) in
        [(ROW_ID_COLUMN_KEY, "_row-id-col-"), (ROW_COMMIT_VERSION_COLUMN_KEY, "_row-commit-version-col-")]
    {
        let name = || format!("{prefix}{}", new_uuid());
        metadata.configuration.entry(key.to_owned()).or_insert_with(name);
    }
    Ok(())
}

/// Whether new files get no row ids, though the feature is there.
pub fn is_suspended(metadata: &Metadata) -> bool {
    let suspended = metadata.configuration.get("delta.rowTrackingSuspended");
    suspended.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_once_and_only_where_rows_are_tracked() {
        let mut metadata = Metadata::default();
        name_materialized_columns(&mut metadata).unwrap();
        assert!(metadata.configuration.is_empty());
        metadata.configuration.insert("delta.enableRowTracking".to_owned(), "true".to_owned());
        assert_eq!(MaterializedColumns::of(&metadata), None);
        name_materialized_columns(&mut metadata).unwrap();
        let named = MaterializedColumns::of(&metadata).unwrap();
        assert!(named.row_id.starts_with("_row-id-col-"), "{named:?}");
        name_materialized_columns(&mut metadata).unwrap();
        assert_eq!(MaterializedColumns::of(&metadata), Some(named));
        metadata.configuration.insert("delta.rowTrackingSuspended".to_owned(), "true".to_owned());
        assert!(name_materialized_columns(&mut metadata).is_err());
    }
}
