//! What the targets do with the bytes that they are given. The tests of `crates/delta` do the same for a minute, without
//! cargo-fuzz.

pub mod deletion_vector;
pub mod log;
mod memory_table;
pub mod partition_value;
