//! The browser's own file system (OPFS), files that a person opened, and a file that goes out, as object stores.
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
mod out_store;
mod temp_file;
mod tree;

pub use error::OpfsUnavailable;
pub use file_store::FileStore;
pub use opfs_store::{OpfsStore, open};
pub use out_store::OutStore;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
