//! The statements that a tortured table is changed by, and the rows that it then must have.

use std::collections::BTreeMap;

/// Rows that a statement adds at once: after a crash all are there, or none is.
const ROWS_A_BATCH: u32 = 3;
/// Batches that stay in the table.
const LIVE_BATCHES: u32 = 20;

/// The rows of a table: `x` by `batch` and `n`.
pub(super) type Rows = BTreeMap<(u32, u32), i64>;

/// Numbers that look random and come again with the same seed (xorshift64*).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        // Zero would stay zero, and small seeds begin with small numbers.
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        u32::try_from(high % u64::from(limit.max(1))).unwrap_or(0)
    }
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Adds a batch.
    Insert { batch: u32 },
    /// Adds a batch, and adds 1 to `x` of another one, which is added where it is not there.
    Merge { batch: u32, other: u32 },
    /// Adds 10 to `x` of a batch.
    Update { batch: u32 },
    /// Deletes a batch, and those that are old.
    Delete { batch: u32, before: u32 },
    /// Arranges the rows anew.
    Optimize,
    /// Removes the files of old versions.
    Vacuum,
}

impl Change {
    /// One of them; `batch` has not been used yet.
    pub(super) fn random(random: &mut Random, batch: u32) -> Self {
        match random.below(20) {
            0 => Self::Vacuum,
            _ => Self::random_of(random, batch, batch.saturating_sub(1)),
        }
    }

    /// One of them for one of several writers: others change what is not newer than `newest`. No VACUUM, as that takes the
    /// files of those who read.
    pub(super) fn random_of(random: &mut Random, batch: u32, newest: u32) -> Self {
        let before = newest.saturating_sub(LIVE_BATCHES);
        let other = newest.saturating_sub(random.below(6));
        match random.below(19) {
            0..8 => Self::Insert { batch },
            8..12 => Self::Merge { batch, other },
            12..15 => Self::Update { batch: other },
            15..18 => Self::Delete { batch: other, before },
            _ => Self::Optimize,
        }
    }

    pub(super) fn sql(&self, table: &str) -> String {
        let rows = |batch: u32| {
            let rows: Vec<String> = (0..ROWS_A_BATCH).map(|n| format!("({batch}, {n}, 0)")).collect();
            rows.join(", ")
        };
        match self {
            Self::Insert { batch } => format!("INSERT INTO {table} VALUES {};", rows(*batch)),
            Self::Merge { batch, other } => format!(
                "MERGE INTO {table} AS t USING (SELECT * FROM (VALUES {}, {}) AS v(batch, n, x)) AS s \
                 ON t.batch = s.batch AND t.n = s.n \
                 WHEN MATCHED THEN UPDATE SET x = t.x + 1 \
                 WHEN NOT MATCHED THEN INSERT (batch, n, x) VALUES (s.batch, s.n, s.x);",
                rows(*batch),
                rows(*other)
            ),
            Self::Update { batch } => format!("UPDATE {table} SET x = x + 10 WHERE batch = {batch};"),
            Self::Delete { batch, before } => {
                format!("DELETE FROM {table} WHERE batch = {batch} OR batch < {before};")
            }
            Self::Optimize => format!("OPTIMIZE {table};"),
            Self::Vacuum => format!("VACUUM {table} RETAIN 0 HOURS;"),
        }
    }

    pub(super) fn apply(&self, rows: &mut Rows) {
        let keys = |batch: u32| (0..ROWS_A_BATCH).map(move |n| (batch, n));
        match self {
            Self::Insert { batch } => rows.extend(keys(*batch).map(|key| (key, 0))),
            Self::Merge { batch, other } => {
                for key in keys(*other) {
                    rows.entry(key).and_modify(|x| *x += 1).or_insert(0);
                }
                rows.extend(keys(*batch).map(|key| (key, 0)));
            }
            Self::Update { batch } => {
                rows.range_mut((*batch, 0)..(*batch, ROWS_A_BATCH)).for_each(|(_, x)| *x += 10);
            }
            Self::Delete { batch, before } => {
                rows.retain(|(found, _), _| found != batch && found >= before);
            }
            Self::Optimize | Self::Vacuum => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_the_statements() {
        let mut rows = Rows::new();
        Change::Insert { batch: 1 }.apply(&mut rows);
        Change::Merge { batch: 3, other: 1 }.apply(&mut rows);
        Change::Merge { batch: 4, other: 2 }.apply(&mut rows);
        Change::Update { batch: 3 }.apply(&mut rows);
        Change::Delete { batch: 4, before: 2 }.apply(&mut rows);
        Change::Insert { batch: 1 }.apply(&mut rows);
        let x_of = |batch: u32| rows.range((batch, 0)..(batch, 9)).map(|(_, x)| *x).collect::<Vec<_>>();
        assert_eq!((1..=4).map(x_of).collect::<Vec<_>>(), [vec![0; 3], vec![0; 3], vec![10; 3], vec![]]);
    }

    #[test]
    fn a_seed_gives_the_same_statements_again() {
        let some = |seed: u64| {
            let mut random = Random::new(seed);
            (10..30).map(|batch| Change::random(&mut random, batch)).collect::<Vec<_>>()
        };
        assert_eq!(some(7), some(7));
        assert_ne!(some(7), some(8));
    }
}
