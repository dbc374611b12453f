//! Where DataFusion finds stores: an adapter from its registry to `tarn_storage`.

use crate::{Error, ErrorKind};
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use tarn_storage::Stores;
use url::Url;

/// The stores of `tarn_storage`, and views of them under URLs of their own.
#[derive(Debug)]
pub(crate) struct Registry {
    stores: Arc<Stores>,
    views: RwLock<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl Registry {
    pub(crate) fn new(stores: Arc<Stores>) -> Self {
        Self { stores, views: RwLock::default() }
    }
}

fn key(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.authority())
}

impl ObjectStoreRegistry for Registry {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.views.write().insert(key(url), store)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if let Some(view) = self.views.read().get(&key(url)) {
            return Ok(Arc::clone(view));
        }
        self.stores.get(url).map_err(|error| from_storage(&error).into())
    }
}

/// A storage error in the engine's words: what it says before the semicolon is what happened, after it what to do.
pub(crate) fn from_storage(error: &tarn_storage::Error) -> Error {
    use tarn_storage::Error as E;
    let kind = match error {
        E::Missing { .. } => ErrorKind::NotFound,
        E::Forbidden { .. } | E::NoKeys { .. } => ErrorKind::PermissionDenied,
        E::StorageFull { .. } => ErrorKind::StorageFull,
        E::CannotList { .. } | E::WholeFileTooLarge { .. } => ErrorKind::Unsupported,
        E::ReadOnly { .. } | E::UnknownScheme { .. } | E::BadS3Settings { .. } | E::BadPath { .. } => {
            ErrorKind::Invalid
        }
        E::Fetch(_) | E::Status { .. } | E::BadAnswer { .. } | E::Changed { .. } => ErrorKind::Unavailable,
    };
    Error::of_sentence(kind, &error.to_string())
}
