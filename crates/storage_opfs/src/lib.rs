//! The browser's own file system (OPFS), and files that a person opened, as object stores.
//!
//! A full storage is an `object_store::Error::Generic` whose source is `tarn_storage::Error::StorageFull`: below any
//! layers of other errors, `tarn_storage::Error::find` finds it.
#![cfg(target_arch = "wasm32")]

mod error;
mod file_store;
mod files;
mod locks;
mod names;
mod opfs_store;
mod temp_file;
mod tree;

pub use error::OpfsUnavailable;
pub use file_store::FileStore;
pub use opfs_store::{OpfsStore, open};

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
