//! The statements that were run, newest first, kept by the browser.

use crate::browser_storage;
use crate::runs::{Outcome, Statement};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEY: &str = "tarn.history";
const MAX_ENTRIES: usize = 500;
/// Longer statements are kept by their pads alone.
const MAX_CHARACTERS: usize = 20_000;
/// What the browser is asked to keep, at most.
const MAX_BYTES: usize = 1_000_000;

/// A statement that was run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its text.
    pub(crate) sql: String,
    /// When it ended, in milliseconds since 1970 UTC.
    pub(crate) at_millis: f64,
    /// How long it took.
    pub(crate) elapsed_millis: f64,
    /// Rows returned or written; `None` where it failed or was stopped.
    pub(crate) rows: Option<u64>,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// The statements that were run.
pub(crate) fn entries() -> Vec<Entry> {
    let kept = browser_storage::read_shared(KEY).unwrap_or_default();
    serde_json::from_str(&kept).unwrap_or_default()
}

/// Notes a statement that has ended. The same statement run again takes the place of its last run.
pub(crate) fn note(statement: &Statement) {
    let (rows, error) = match &statement.outcome {
        Outcome::Finished { rows } => (Some(*rows), None),
        Outcome::Failed { error } => (None, Some(error.message.clone())),
        Outcome::Stopped => (None, Some("Stopped".to_owned())),
        Outcome::Running | Outcome::Lost => return,
    };
    if statement.sql.chars().nth(MAX_CHARACTERS).is_some() || statement.sql.trim().is_empty() {
        return;
    }
    let mut all = entries();
    all.retain(|entry| entry.sql != statement.sql);
    all.insert(
        0,
        Entry {
            sql: statement.sql.clone(),
            at_millis: js_sys::Date::now(),
            elapsed_millis: statement.progress.with_untracked(|progress| progress.elapsed_millis),
            rows,
            error,
        },
    );
    all.truncate(MAX_ENTRIES);
    let mut bytes = 0;
    all.retain(|entry| {
        bytes += entry.sql.len() + 200;
        bytes <= MAX_BYTES
    });
    if let Ok(text) = serde_json::to_string(&all) {
        browser_storage::write_shared(KEY, &text);
    }
}

/// Forgets them.
pub(crate) fn clear() {
    browser_storage::remove_shared(KEY);
}
