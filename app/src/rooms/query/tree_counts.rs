//! How many rows tables and Parquet files of the tab have: their metadata says so without reading rows. URLs are not asked
//! unless a person asks, as each would be a request.

use super::tree::{Branch, What};
use crate::engine_client::EngineStatus;
use crate::session::Session;
use crate::source::Source;
use crate::sql_literal;
use leptos::prelude::*;
use std::collections::HashMap;

/// No more counts than this are asked for.
const MAX_COUNTS: usize = 60;

/// The counts, by the keys of lines. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct RowCounts {
    /// With what was counted: another time of change asks for another count.
    known: RwSignal<HashMap<String, (i64, Counted)>>,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    rows: Option<u64>,
    /// Of a table: the entry of its folder has no size.
    size_bytes: Option<u64>,
}

struct Wanted {
    key: String,
    changed_millis: i64,
    sql: String,
}

impl RowCounts {
    /// Counts now and whenever something changes.
    pub(super) fn start(session: Session, branches: Memo<Vec<Branch>>) -> Self {
        let counts = Self { known: RwSignal::new(HashMap::new()) };
        let is_counting = StoredValue::new(false);
        Effect::new(move || {
            branches.track();
            // A table that was written to is the same branch.
            session.engine.files.track();
            if session.engine.status.get() != EngineStatus::Ready || is_counting.get_value() {
                return;
            }
            is_counting.set_value(true);
            wasm_bindgen_futures::spawn_local(async move {
                while let Some(wanted) = counts.next(session, branches) {
                    let answer = session.engine.ask(wanted.sql).await.unwrap_or_default();
                    let counted =
                        Counted { rows: answer.number(0, "n"), size_bytes: answer.number(0, "size_bytes") };
                    counts
                        .known
                        .try_update(|known| known.insert(wanted.key, (wanted.changed_millis, counted)));
                }
                is_counting.try_set_value(false);
            });
        });
        counts
    }

    /// The rows of a line's table or file, where they are known.
    pub(super) fn rows(self, key: &str) -> Option<u64> {
        self.known.with(|known| known.get(key).and_then(|(_, counted)| counted.rows))
    }

    /// The size of a line's table, where it is known.
    pub(super) fn size_bytes(self, key: &str) -> Option<u64> {
        self.known.with(|known| known.get(key).and_then(|(_, counted)| counted.size_bytes))
    }

    fn next(self, session: Session, branches: Memo<Vec<Branch>>) -> Option<Wanted> {
        let all = branches.try_get_untracked()?;
        let known = self.known.try_get_untracked()?;
        let all = all.iter().flat_map(|group| &group.below).take(MAX_COUNTS);
        let mut wanted = all.filter_map(|branch| wanted(session, branch));
        wanted.find(|wanted| {
            known.get(&wanted.key).is_none_or(|(changed, _)| *changed != wanted.changed_millis)
        })
    }
}

fn wanted(session: Session, branch: &Branch) -> Option<Wanted> {
    let (changed_millis, sql) = match &branch.what {
        What::Source(Source::Table { table, .. }, _) => {
            let folder = table.folder()?;
            let changed_millis = session.engine.files.with_untracked(|files| {
                files.iter().find(|file| file.path == folder).map(|file| file.modified_millis)
            })?;
            let sql = format!(
                "SELECT CASE WHEN count(*) = count(num_records) THEN coalesce(sum(num_records), 0) - coalesce(sum(deleted_rows), 0) \
                 END AS n, coalesce(sum(size_bytes), 0) AS size_bytes FROM table_files({})",
                table.sql_text(None)
            );
            (changed_millis, sql)
        }
        What::Source(source @ Source::File { .. }, Some(file)) => {
            let path = sql_literal::text(source.parquet_path()?);
            (file.modified_millis, format!("SELECT sum(num_rows) AS n FROM parquet_file_metadata({path})"))
        }
        _ => return None,
    };
    Some(Wanted { key: branch.key.clone(), changed_millis, sql })
}
