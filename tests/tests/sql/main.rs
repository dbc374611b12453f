//! SQL over files, through the lakehouse's door: what people do, what goes wrong, and the twenty queries.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test ends where what it needs is missing, and makes its own files"
)]

mod alter;
mod bad_input;
mod broken_tables;
mod cancel;
mod change_feed;
mod copy;
mod copy_into;
mod counts;
mod decimals;
mod delta_dml;
mod delta_merge;
mod files;
mod golden;
mod histories;
mod home;
mod lake;
mod maintain;
mod page;
mod queries;
mod refusals;
mod row_ids;
mod statements;
mod steps;
mod types;
mod variants;
mod writers;
