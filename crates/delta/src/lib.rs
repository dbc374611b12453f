//! The Delta protocol on object stores: log, snapshots, file skipping, transactions, deletion vectors, column mapping.
//!
//! Names and rules are those of Delta's PROTOCOL.md (delta-io/delta); where a rule is applied, its section is named.
//! Nothing here knows SQL: an engine asks a [`Snapshot`](snapshot::Snapshot) which files hold a version's rows, and
//! commits what it wrote by a [`Transaction`](transaction::Transaction).

pub mod actions;
pub mod alter;
pub mod change_feed;
pub mod checkpoint_writer;
pub mod clone_files;
pub mod column_mapping;
pub mod commit;
pub mod compaction;
pub mod convert;
pub mod damage;
pub mod definition;
pub mod deletion_vector;
mod error;
pub mod features;
pub mod files;
mod float_text;
pub mod history;
pub mod identity;
pub mod log;
pub mod maintenance;
pub mod partition_values;
pub mod presence;
pub mod properties;
pub mod purge;
mod replay;
pub mod restore;
pub mod row_tracking;
pub mod schema;
pub mod snapshot;
pub mod stats;
mod table_store;
mod time_text;
pub mod transaction;
pub mod uuid;
pub mod vacuum;
pub mod variant;
pub mod write;
pub mod z85;

pub use error::{Conflict, Error, Result};
pub use table_store::{DataPath, FindStore, TableStore};
