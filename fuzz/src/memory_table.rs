//! A table in memory whose files are what the fuzzer thinks of.

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use tarn_delta::{FindStore, Result, TableStore};
use url::Url;

#[derive(Debug)]
struct Finder(Arc<dyn ObjectStore>);

impl FindStore for Finder {
    fn find(&self, _url: &Url) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::clone(&self.0))
    }
}

/// A table with these files, by their paths in its folder.
pub async fn table(files: &[(&str, &[u8])]) -> TableStore {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    for (path, bytes) in files {
        let path = Path::parse(format!("t/{path}")).expect("a path of ours");
        store.put(&path, bytes.to_vec().into()).await.expect("memory takes all");
    }
    let url = Url::parse("memory://host/t/").expect("a URL of ours");
    TableStore::new(&url, Arc::new(Finder(store))).expect("a store of ours")
}
