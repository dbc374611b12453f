//! The rows of a table, now or at a version.

use super::look_grid::LookGrid;
use crate::tables::TableName;
use leptos::prelude::*;

const LIMIT: u64 = 1_000;

/// The tab.
#[component]
pub(super) fn RowsTab(table: TableName, version: Option<u64>) -> impl IntoView {
    let sql = format!("SELECT * FROM {} LIMIT {LIMIT}", table.sql_at(version));
    view! { <LookGrid label="Rows of the table" sql empty="The table has no rows." limit=LIMIT /> }
}
