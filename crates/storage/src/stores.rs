//! The registry: which store a URL belongs to.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use parking_lot::RwLock;
use url::Url;

use crate::cache::ByteCache;
use crate::caching_store::CachingStore;
use crate::error::{Error, redacted};
use crate::http_store::HttpStore;
use crate::metrics::StoreMetrics;
use crate::resolve::encode_path;
use crate::s3::S3Config;

/// The stores of a session.
///
/// A store has all URLs of one scheme and authority (`s3://bucket`, `https://host:port`, `file://`); the path of the URL
/// is the path in the store. Stores for http(s) and S3 are made when they are first asked for, with a cache in front
/// whose bound they share.
pub struct Stores {
    metrics: Arc<StoreMetrics>,
    cache: Arc<ByteCache>,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// By scheme and authority.
    stores: HashMap<String, Arc<dyn ObjectStore>>,
    s3: HashMap<String, S3Config>,
    s3_default: Option<S3Config>,
}

impl Stores {
    /// An empty registry, whose caches together keep at most so many bytes.
    pub fn new(cache_limit_bytes: u64) -> Self {
        Self {
            metrics: Arc::default(),
            cache: Arc::new(ByteCache::new(cache_limit_bytes)),
            state: RwLock::default(),
        }
    }

    /// What was read by the stores that this registry made.
    pub fn metrics(&self) -> &Arc<StoreMetrics> {
        &self.metrics
    }

    /// The cache that those stores share.
    pub fn cache(&self) -> &Arc<ByteCache> {
        &self.cache
    }

    /// Puts a store in charge of all URLs with the scheme and authority of this one (its path does not count).
    pub fn register(&self, url: &Url, store: Arc<dyn ObjectStore>) {
        self.state.write().stores.insert(authority(url), store);
    }

    /// Forgets the store of these URLs, if there is one.
    pub fn forget(&self, url: &Url) {
        self.state.write().stores.remove(&authority(url));
    }

    /// Puts a cache of this registry in front of a store that is far away.
    pub fn cached(&self, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::new(CachingStore::new(store, self.cache.clone(), self.metrics.clone()))
    }

    /// Says how to reach one bucket.
    pub fn set_s3(&self, config: S3Config) {
        let mut state = self.state.write();
        state.forget_s3(Some(&config.bucket));
        state.s3.insert(config.bucket.clone(), config);
    }

    /// Says how to reach all buckets of which nothing else is said; its own `bucket` does not count.
    pub fn set_s3_default(&self, config: S3Config) {
        let mut state = self.state.write();
        state.forget_s3(None);
        state.s3_default = Some(config);
    }

    /// The store that has this URL. A URL with a query needs to be [mounted](Self::mount) first.
    pub fn get(&self, url: &Url) -> Result<Arc<dyn ObjectStore>, Error> {
        let authority = authority(url);
        let mut state = self.state.write();
        if let Some(store) = state.stores.get(&authority) {
            return Ok(store.clone());
        }
        let store: Arc<dyn ObjectStore> = match url.scheme() {
            "http" | "https" => Arc::new(HttpStore::origin(url)),
            "s3" | "s3a" | "s3n" => Arc::new(state.s3_config(url)?.store()?),
            _ => return Err(state.unknown(url)),
        };
        let store = self.cached(store);
        state.stores.insert(authority, store.clone());
        Ok(store)
    }

    /// A URL that names the same file and needs nothing but its scheme, authority and path to be found.
    ///
    /// DataFusion finds stores by scheme and authority, and files by path, so two presigned URLs of one file would be
    /// the same to it, and both without their signature. Such a URL gets another scheme, `https-<hash>`, whose store
    /// holds this one file and sends the URL as it was given. The alias is the same each time, ends in the same file name,
    /// and shows nothing of the query. Any other URL comes back unchanged.
    pub fn mount(&self, url: &Url) -> Result<Url, Error> {
        if !matches!(url.scheme(), "http" | "https") || is_found_by_path(url) {
            return Ok(url.clone());
        }
        let mut hasher = DefaultHasher::new();
        url.as_str().hash(&mut hasher);
        let host = url.host_str().unwrap_or_default();
        let path = plain_path(url)?;
        let alias =
            format!("{}-{:016x}://{host}/{}", url.scheme(), hasher.finish(), encode_path(path.as_ref()));
        let alias = Url::parse(&alias)
            .map_err(|error| Error::BadPath { text: redacted(url), reason: error.to_string() })?;
        let mut state = self.state.write();
        state
            .stores
            .entry(authority(&alias))
            .or_insert_with(|| self.cached(Arc::new(HttpStore::exact(url, path))));
        Ok(alias)
    }
}

impl State {
    fn s3_config(&self, url: &Url) -> Result<S3Config, Error> {
        let bucket = url.host_str().unwrap_or_default().to_owned();
        let fallback = || {
            let config = self.s3_default.clone()?;
            Some(S3Config { bucket: bucket.clone(), ..config })
        };
        self.s3.get(&bucket).cloned().or_else(fallback).ok_or(Error::NoKeys { bucket })
    }

    /// Forgets the store of one bucket, or of all, so that new settings are used.
    fn forget_s3(&mut self, bucket: Option<&str>) {
        self.stores.retain(|authority, _| {
            let named =
                authority.split_once("://").filter(|(scheme, _)| matches!(*scheme, "s3" | "s3a" | "s3n"));
            match (named, bucket) {
                (Some((_, name)), Some(bucket)) => name != bucket,
                (Some(_), None) => false,
                (None, _) => true,
            }
        });
    }

    fn unknown(&self, url: &Url) -> Error {
        let mut known: Vec<&str> = vec!["https://", "s3://"];
        known.extend(self.stores.keys().filter(|key| !key.starts_with("http")).map(String::as_str));
        known.sort_unstable();
        known.dedup();
        Error::UnknownScheme { url: redacted(url), known: known.join(", ") }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("stores", &self.state.read().stores).finish_non_exhaustive()
    }
}

/// Scheme and authority, without user names and passwords: DataFusion asks without them.
fn authority(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// Whether the store of the URL's origin would send this very URL for its path.
fn is_found_by_path(url: &Url) -> bool {
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_same = |path: Path| {
        let mut again = url.clone();
        again.set_path(&encode_path(path.as_ref()));
        Path::from_url_path(again.path()).is_ok_and(|path_again| path_again == path)
            && again.path().split('/').count() == url.path().trim_end_matches('/').split('/').count().max(2)
    };
    url.query().is_none() && !has_user && Path::from_url_path(url.path()).is_ok_and(is_same)
}

/// The path for an alias: the URL's, as far as a store can have it.
fn plain_path(url: &Url) -> Result<Path, Error> {
    let segments = url.path().split('/').filter(|segment| !segment.is_empty());
    let joined = segments.collect::<Vec<_>>().join("/");
    Path::from_url_path(&joined)
        .map_err(|error| Error::BadPath { text: redacted(url), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn one_store_a_scheme_and_authority() {
        let stores = Stores::new(1 << 20);
        let memory: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        stores.register(&url("memory://x/any/path"), memory.clone());
        assert!(Arc::ptr_eq(&stores.get(&url("memory://x/other")).unwrap(), &memory));
        let first = stores.get(&url("https://h/a")).unwrap();
        assert!(Arc::ptr_eq(&first, &stores.get(&url("https://h/b")).unwrap()));
        assert!(!Arc::ptr_eq(&first, &stores.get(&url("https://h:8080/a")).unwrap()));
        let error = stores.get(&url("ftp://h/a?secret")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("memory://x") && !message.contains("secret"), "{message}");
    }

    #[test]
    fn a_bucket_needs_keys() {
        let stores = Stores::new(1 << 20);
        let error = stores.get(&url("s3://b/k")).unwrap_err();
        assert!(matches!(&error, Error::NoKeys { bucket } if bucket == "b"), "{error:?}");
        stores.set_s3_default(S3Config::default());
        let before = stores.get(&url("s3://b/k")).unwrap();
        let config = S3Config {
            bucket: "b".to_owned(),
            access_key_id: Some("id".to_owned()),
            secret_access_key: Some("hunter2".to_owned()),
            session_token: Some("hunter3".to_owned()),
            ..S3Config::default()
        };
        assert!(!format!("{config:?}").contains("hunter"));
        stores.set_s3(config.clone());
        assert!(!Arc::ptr_eq(&before, &stores.get(&url("s3://b/k")).unwrap()), "new keys are used");
        assert!(!format!("{stores:?}").contains("hunter"));
        let half = S3Config { secret_access_key: None, ..config };
        assert!(matches!(half.store(), Err(Error::BadS3Settings { .. })));
    }

    #[test]
    fn urls_that_a_path_cannot_name_are_mounted() {
        let stores = Stores::new(1 << 20);
        for plain in
            ["https://h/a.parquet", "https://h/a%20b%2B.csv", "https://h/a+b.csv", "https://h/", "s3://b/k?x"]
        {
            assert_eq!(stores.mount(&url(plain)).unwrap().as_str(), plain);
        }
        for special in [
            "https://h:81/d/a.parquet?sig=hunter2",
            "https://h/a//b.parquet",
            "https://me:hunter2@h/a.parquet",
        ] {
            let alias = stores.mount(&url(special)).unwrap();
            assert_eq!(alias, stores.mount(&url(special)).unwrap());
            assert!(alias.path().ends_with(".parquet"), "{alias}");
            assert!(!alias.as_str().contains("hunter2"), "{alias}");
            stores.get(&alias).unwrap();
        }
        let one = stores.mount(&url("https://h/a?sig=1")).unwrap();
        assert_ne!(one, stores.mount(&url("https://h/a?sig=2")).unwrap());
    }
}
