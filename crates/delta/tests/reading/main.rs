//! Reading tables from logs that were made for the purpose, most of them broken.

mod checkpoints;
mod deletion_vectors;
mod errors;
mod fuzzed;
mod listing;
mod statistics;
mod support;
mod updates;
