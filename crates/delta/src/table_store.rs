//! Where a table lies: its folder in an object store, and the stores of files that lie elsewhere.

use crate::{Error, Result};
use object_store::ObjectStore;
use object_store::path::Path;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Finds the store of a URL: tables may name files outside of their folder.
pub trait FindStore: Send + Sync + fmt::Debug {
    /// The store that holds the URL; the URL's path is then a path in it.
    ///
    /// # Errors
    /// When there is no such store.
    fn find(&self, url: &Url) -> Result<Arc<dyn ObjectStore>>;
}

/// A table's folder.
#[derive(Debug, Clone)]
pub struct TableStore {
    /// The folder's URL; it ends with a slash.
    pub url: Url,
    /// The store of the folder.
    pub store: Arc<dyn ObjectStore>,
    /// The folder in its store.
    pub root: Path,
    finder: Arc<dyn FindStore>,
}

/// A file that a table names.
#[derive(Debug, Clone)]
pub struct DataPath {
    /// Its URL.
    pub url: Url,
    /// Its store.
    pub store: Arc<dyn ObjectStore>,
    /// Its path in the store.
    pub path: Path,
}

impl TableStore {
    /// The table at this URL, whether or not there is one yet.
    ///
    /// # Errors
    /// When no store holds the URL.
    pub fn new(url: &Url, finder: Arc<dyn FindStore>) -> Result<Self> {
        let mut url = url.clone();
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let store = finder.find(&url)?;
        let root = path_of(&url)?;
        Ok(Self { url, store, root, finder })
    }

    /// A file of the log, by its name in `_delta_log`.
    pub fn log_path(&self, name: &str) -> Path {
        name.split('/').fold(self.root.clone().join("_delta_log"), |path, part| path.join(part))
    }

    /// A file as `add`, `remove`, `cdc` and deletion vectors name it: a URI reference, relative to the table or
    /// absolute ("Add File and Remove File": `path` is percent-encoded).
    ///
    /// # Errors
    /// When it is no URI, or lies in no known store.
    pub fn data_path(&self, reference: &str) -> Result<DataPath> {
        if let Some(url) = absolute(reference) {
            // A file in the store of the table does not need another one.
            let store = match url.scheme() == self.url.scheme() && url.authority() == self.url.authority() {
                true => Arc::clone(&self.store),
                false => self.finder.find(&url)?,
            };
            let path = path_of(&url)?;
            return Ok(DataPath { url, store, path });
        }
        let decoded = percent_decode_str(reference)
            .decode_utf8()
            .map_err(|_| Error::invalid(format!("the path {reference} is not UTF-8 once decoded")))?;
        if let Some(rooted) = decoded.strip_prefix('/') {
            let mut url = self.url.clone();
            url.set_path(&format!("/{}", encode_path(rooted)));
            let path = path_of(&url)?;
            return Ok(DataPath { url, store: Arc::clone(&self.store), path });
        }
        let text = match self.root.as_ref() {
            "" => decoded.clone().into_owned(),
            root => format!("{root}/{decoded}"),
        };
        let path = Path::parse(&text)
            .map_err(|error| Error::invalid(format!("the path {reference} is not valid: {error}")))?;
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", self.url.path(), encode_path(&decoded)));
        Ok(DataPath { url, store: Arc::clone(&self.store), path })
    }
}

fn absolute(reference: &str) -> Option<Url> {
    let (scheme, _) = reference.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then(|| Url::parse(reference).ok()).flatten()
}

fn path_of(url: &Url) -> Result<Path> {
    Path::from_url_path(url.path()).map_err(|error| Error::invalid(format!("{url} is not a path: {error}")))
}

/// Percent-encodes what a URL's path may not hold, and what would end it.
fn encode_path(path: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'`')
        .add(b'{')
        .add(b'}')
        .add(b'\\')
        .add(b'^')
        .add(b'|')
        .add(b'[')
        .add(b']');
    percent_encoding::utf8_percent_encode(path, KEPT).to_string()
}
