//! Where data files keep the row ids and row commit versions of rows that were moved ("Row Tracking").

use crate::actions::Metadata;
use crate::properties::TableProperties;
use crate::uuid::new_uuid;

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
pub fn name_materialized_columns(metadata: &mut Metadata) {
    if !TableProperties::of(metadata).has_row_tracking {
        return;
    }
    for (key, prefix) in
        [(ROW_ID_COLUMN_KEY, "_row-id-col-"), (ROW_COMMIT_VERSION_COLUMN_KEY, "_row-commit-version-col-")]
    {
        let name = || format!("{prefix}{}", new_uuid());
        metadata.configuration.entry(key.to_owned()).or_insert_with(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_once_and_only_where_rows_are_tracked() {
        let mut metadata = Metadata::default();
        name_materialized_columns(&mut metadata);
        assert!(metadata.configuration.is_empty());
        metadata.configuration.insert("delta.enableRowTracking".to_owned(), "true".to_owned());
        assert_eq!(MaterializedColumns::of(&metadata), None);
        name_materialized_columns(&mut metadata);
        let named = MaterializedColumns::of(&metadata).unwrap();
        assert!(named.row_id.starts_with("_row-id-col-"), "{named:?}");
        name_materialized_columns(&mut metadata);
        assert_eq!(MaterializedColumns::of(&metadata), Some(named));
    }
}
