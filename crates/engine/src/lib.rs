//! The SQL engine: DataFusion behind one [`Session`].
//!
//! A session plans a statement ([`Session::start`]) and hands back a [`Query`], whose batches stream. Files are tables by
//! path (`` parquet.`path` ``, `read_files(…)`); how a path finds its store is the business of `tarn_storage`.

mod again;
mod case;
mod copy;
mod delta;
mod engine;
mod error;
mod files;
mod filters;
mod functions;
mod incomparable;
mod lake;
mod literals;
mod map_fields;
mod memory;
mod metadata_column;
mod metered;
mod names;
mod pace;
mod paced_sort;
mod parquet_facts;
mod planner;
mod query;
mod read_files;
mod session;
mod settings;
mod statements;
mod stores;
mod syntax;
mod table_calls;
mod target;
mod time_travel;
mod times;
mod tpch;
mod types;
mod views;

pub use engine::{Engine, EngineOptions};
pub use error::{Error, ErrorKind, Position, Result};
pub use functions::{FunctionEntry, FunctionKind};
pub use memory::{BatchAccount, EnginePool, Refusal, Shortage};
pub use query::{OperatorProgress, Progress, Query, QueryControl};
pub use session::Session;
pub use tarn_delta::variant;

/// The format that a file's name implies: `parquet`, `csv` or `json`.
pub fn file_format(path: &str) -> Option<&'static str> {
    files::Format::of_name(path).map(files::Format::name)
}
