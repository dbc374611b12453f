//! Names of the files in `_delta_log` ("Delta Log Entries", "Checkpoints", "Log Compaction Files", "Version Checksum
//! File").

/// The name of the pointer to the newest checkpoint.
pub const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// The folder in `_delta_log` where the sidecars of V2 checkpoints lie.
pub const SIDECARS: &str = "_sidecars";

/// What a file of the log is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogName {
    /// `n.json`.
    Commit {
        /// Its version.
        version: u64,
    },
    /// `x.y.compacted.json`.
    Compaction {
        /// The first version in it.
        first: u64,
        /// The last version in it.
        last: u64,
    },
    /// A checkpoint, or a part of one.
    Checkpoint {
        /// The version that it holds.
        version: u64,
        /// How it is stored.
        kind: CheckpointKind,
    },
    /// `n.crc`.
    Checksum {
        /// The version that it describes.
        version: u64,
    },
}

/// How a checkpoint is stored ("Checkpoint Naming Scheme").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointKind {
    /// `n.checkpoint.parquet`.
    Classic,
    /// `n.checkpoint.o.p.parquet`.
    Part {
        /// From 1 on.
        part: u32,
        /// How many there are.
        parts: u32,
    },
    /// `n.checkpoint.u.parquet`.
    UuidParquet,
    /// `n.checkpoint.u.json`.
    UuidJson,
}

impl LogName {
    /// What the file of this name is; `None` for files that are none of the log's.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('.').collect();
        let version = number(parts.first()?, 20)?;
        match parts.get(1..)? {
            ["json"] => Some(Self::Commit { version }),
            ["crc"] => Some(Self::Checksum { version }),
            [last, "compacted", "json"] => {
                let last = number(last, 20)?;
                (last > version).then_some(Self::Compaction { first: version, last })
            }
            ["checkpoint", rest @ ..] => Some(Self::Checkpoint { version, kind: checkpoint_kind(rest)? }),
            _ => None,
        }
    }
}

fn checkpoint_kind(rest: &[&str]) -> Option<CheckpointKind> {
    match rest {
        ["parquet"] => Some(CheckpointKind::Classic),
        [part, parts, "parquet"] => {
            let part = u32::try_from(number(part, 10)?).ok()?;
            let parts = u32::try_from(number(parts, 10)?).ok()?;
            (1..=parts).contains(&part).then_some(CheckpointKind::Part { part, parts })
        }
        [unique, "parquet"] if is_uuid(unique) => Some(CheckpointKind::UuidParquet),
        [unique, "json"] if is_uuid(unique) => Some(CheckpointKind::UuidJson),
        _ => None,
    }
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// The name of a commit.
pub fn commit(version: u64) -> String {
    format!("{version:020}.json")
}

/// The name of a classic checkpoint.
pub fn classic_checkpoint(version: u64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

/// The name of a part, from 1 on, of a multi-part checkpoint.
pub fn checkpoint_part(version: u64, part: u32, parts: u32) -> String {
    format!("{version:020}.checkpoint.{part:010}.{parts:010}.parquet")
}

/// The name of a version checksum.
pub fn checksum(version: u64) -> String {
    format!("{version:020}.crc")
}

/// The name of a log compaction file.
pub fn compaction(first: u64, last: u64) -> String {
    format!("{first:020}.{last:020}.compacted.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let check =
            |name: &str, expected: Option<LogName>| assert_eq!(LogName::parse(name), expected, "{name}");
        let checkpoint = |version, kind| Some(LogName::Checkpoint { version, kind });
        let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
        check("00000000000000000010.json", Some(LogName::Commit { version: 10 }));
        check(&commit(u64::MAX), Some(LogName::Commit { version: u64::MAX }));
        check(&classic_checkpoint(3), checkpoint(3, CheckpointKind::Classic));
        check(&checkpoint_part(3, 2, 5), checkpoint(3, CheckpointKind::Part { part: 2, parts: 5 }));
        check(&format!("{:020}.checkpoint.{uuid}.json", 7), checkpoint(7, CheckpointKind::UuidJson));
        check(&format!("{:020}.checkpoint.{uuid}.parquet", 7), checkpoint(7, CheckpointKind::UuidParquet));
        check(&compaction(4, 6), Some(LogName::Compaction { first: 4, last: 6 }));
        check(&checksum(1), Some(LogName::Checksum { version: 1 }));
    }

    #[test]
    fn other_files_are_none() {
        for name in [
            "_last_checkpoint",
            "0.json",
            ".00000000000000000010.json.crc",
            "00000000000000000010.json.tmp",
            "00000000000000000010.json#1",
            "00000000000000000010.checkpoint.parquet#1",
            "99999999999999999999.json",
            "00000000000000000006.00000000000000000004.compacted.json",
            "00000000000000000010.checkpoint.0000000004.0000000003.parquet",
            "00000000000000000010.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json",
            "+0000000000000000010.json",
            "",
        ] {
            assert_eq!(LogName::parse(name), None, "{name}");
        }
    }
}
