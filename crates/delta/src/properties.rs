//! Table properties ("Table Properties"), with Delta's defaults.

use crate::actions::Metadata;
use crate::schema::ColumnMappingMode;

const MILLIS_A_DAY: i64 = 86_400_000;

/// The properties that this crate acts on.
#[derive(Debug, Clone, PartialEq)]
pub struct TableProperties {
    /// `delta.appendOnly`.
    pub append_only: bool,
    /// `delta.checkpointInterval`: commits between checkpoints.
    pub checkpoint_interval: u64,
    /// `delta.checkpointPolicy` is `v2`.
    pub writes_v2_checkpoints: bool,
    /// `delta.checkpoint.writeStatsAsJson`.
    pub stats_as_json: bool,
    /// `delta.checkpoint.writeStatsAsStruct`.
    pub stats_as_struct: bool,
    /// `delta.columnMapping.mode`.
    pub column_mapping: ColumnMappingMode,
    /// `delta.dataSkippingNumIndexedCols`: `None` is all columns (-1).
    pub indexed_columns: Option<usize>,
    /// `delta.dataSkippingStatsColumns`: these columns instead.
    pub stats_columns: Option<Vec<String>>,
    /// `delta.deletedFileRetentionDuration`.
    pub deleted_file_retention_millis: i64,
    /// `delta.enableChangeDataFeed`.
    pub has_change_feed: bool,
    /// `delta.enableDeletionVectors`.
    pub has_deletion_vectors: bool,
    /// `delta.enableExpiredLogCleanup`.
    pub cleans_log: bool,
    /// `delta.logRetentionDuration`.
    pub log_retention_millis: i64,
    /// `delta.enableInCommitTimestamps`.
    pub has_in_commit_timestamps: bool,
    /// `delta.enableRowTracking`.
    pub has_row_tracking: bool,
    /// `delta.enableTypeWidening`.
    pub has_type_widening: bool,
    /// `delta.enableVariantShredding`: writers may shred variants; this one does not.
    pub allows_shredding: bool,
    /// `delta.requireCheckpointProtectionBeforeVersion`.
    pub protected_before: u64,
    /// `delta.isolationLevel` is `Serializable`, not `WriteSerializable`.
    pub is_serializable: bool,
    /// `delta.targetFileSize`, bytes.
    pub target_file_size_bytes: Option<u64>,
}

impl TableProperties {
    /// The properties of a table.
    pub fn of(metadata: &Metadata) -> Self {
        let get = |key: &str| metadata.configuration.get(key).map(String::as_str);
        let flag = |key: &str, default: bool| match get(key) {
            Some(text) => text.eq_ignore_ascii_case("true"),
            None => default,
        };
        let millis = |key: &str, default: i64| get(key).and_then(interval_millis).unwrap_or(default);
        let indexed =
            get("delta.dataSkippingNumIndexedCols").and_then(|text| text.trim().parse::<i64>().ok());
        Self {
            append_only: flag("delta.appendOnly", false),
            checkpoint_interval: get("delta.checkpointInterval")
                .and_then(|text| text.trim().parse().ok())
                .filter(|interval| *interval > 0)
                .unwrap_or(10),
            writes_v2_checkpoints: get("delta.checkpointPolicy") == Some("v2"),
            stats_as_json: flag("delta.checkpoint.writeStatsAsJson", true),
            stats_as_struct: flag("delta.checkpoint.writeStatsAsStruct", false),
            column_mapping: match get("delta.columnMapping.mode") {
                Some("id") => ColumnMappingMode::Id,
                Some("name") => ColumnMappingMode::Name,
                _ => ColumnMappingMode::None,
            },
            indexed_columns: match indexed {
                Some(count) => usize::try_from(count).ok(),
                None => Some(32),
            },
            stats_columns: get("delta.dataSkippingStatsColumns").map(split_columns),
            deleted_file_retention_millis: millis("delta.deletedFileRetentionDuration", 7 * MILLIS_A_DAY),
            has_change_feed: flag("delta.enableChangeDataFeed", false),
            has_deletion_vectors: flag("delta.enableDeletionVectors", false),
            cleans_log: flag("delta.enableExpiredLogCleanup", true),
            log_retention_millis: millis("delta.logRetentionDuration", 30 * MILLIS_A_DAY),
            has_in_commit_timestamps: flag("delta.enableInCommitTimestamps", false),
            has_row_tracking: flag("delta.enableRowTracking", false),
            has_type_widening: flag("delta.enableTypeWidening", false),
            allows_shredding: flag("delta.enableVariantShredding", false),
            protected_before: get("delta.requireCheckpointProtectionBeforeVersion")
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(0),
            is_serializable: get("delta.isolationLevel") == Some("Serializable"),
            target_file_size_bytes: get("delta.targetFileSize").and_then(size_bytes),
        }
    }
}

/// A list of column names; backticks keep commas and dots within.
pub(crate) fn split_columns(text: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        is_quoted ^= c == '`';
        if c == ',' && !is_quoted {
            columns.push(String::new());
        } else if let Some(last) = columns.last_mut() {
            last.push(c);
        }
    }
    columns.iter().map(|column| column.trim().to_owned()).filter(|column| !column.is_empty()).collect()
}

/// A duration as Spark's calendar intervals have it: `interval 30 days`, `2 weeks`, `interval 1 day 12 hours`. Months and
/// years have no fixed length and are none.
pub fn interval_millis(text: &str) -> Option<i64> {
    let lower = text.trim().to_ascii_lowercase();
    let words: Vec<&str> = lower.strip_prefix("interval").unwrap_or(&lower).split_whitespace().collect();
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return None;
    }
    words.chunks(2).try_fold(0i64, |sum, pair| {
        let count: i64 = pair[0].trim_matches('\'').parse().ok()?;
        let unit = match pair[1].strip_suffix('s').unwrap_or(pair[1]) {
            "week" => 7 * MILLIS_A_DAY,
            "day" => MILLIS_A_DAY,
            "hour" => 3_600_000,
            "minute" => 60_000,
            "second" => 1_000,
            "millisecond" => 1,
            // Less than a millisecond: nothing that a log's times could tell.
            "microsecond" => return sum.checked_add(count / 1_000),
            _ => return None,
        };
        sum.checked_add(count.checked_mul(unit)?)
    })
}

/// A size as Spark has it: `134217728`, `128mb`, `1g`.
fn size_bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let (count, unit) = lower.split_at(digits);
    let unit: u64 = match unit.trim().strip_suffix('b').unwrap_or(unit.trim()) {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    count.parse::<u64>().ok()?.checked_mul(unit)
}
