//! Which files a path means: one file, a folder, or a glob.

use super::{Format, store_url};
use crate::{Error, ErrorKind, Result};
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::TryStreamExt;
use object_store::path::{DELIMITER, Path};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::sync::Arc;
use tarn_storage::Stores;
use url::Url;

/// The files of one table, in the order of their names.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) store_url: ObjectStoreUrl,
    /// What comes before the folders that may be Hive partitions.
    pub(crate) root: Path,
    /// At least one.
    pub(crate) files: Vec<ObjectMeta>,
}

impl Listing {
    /// The compression of text files, by their extension; it must be one for all.
    pub(crate) fn compression(&self) -> Result<FileCompressionType> {
        let of = |file: &ObjectMeta| split_compression(file.location.as_ref()).1;
        let first = of(&self.files[0]);
        match self.files.iter().find(|file| of(file) != first) {
            None => Ok(first),
            Some(other) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("{} and {} are compressed in different ways", self.files[0].location, other.location),
            )
            .hint("Read them with two statements and join them with UNION ALL")),
        }
    }
}

/// A path without the extension of its compression, and that compression.
pub(crate) fn split_compression(path: &str) -> (&str, FileCompressionType) {
    let Some((stem, extension)) = path.rsplit_once('.') else {
        return (path, FileCompressionType::UNCOMPRESSED);
    };
    match extension.to_lowercase().as_str() {
        "gz" | "gzip" => (stem, FileCompressionType::GZIP),
        "bz2" => (stem, FileCompressionType::BZIP2),
        "xz" => (stem, FileCompressionType::XZ),
        "zst" | "zstd" => (stem, FileCompressionType::ZSTD),
        _ => (path, FileCompressionType::UNCOMPRESSED),
    }
}

/// Finds the files of a path.
pub(crate) async fn list(stores: &Stores, base: &Url, text: &str) -> Result<Listing> {
    let storage = |error: tarn_storage::Error| crate::stores::from_storage(&error);
    let url = stores.mount(&tarn_storage::resolve(base, text).map_err(storage)?).map_err(storage)?;
    let store = stores.get(&url).map_err(storage)?;
    let invalid = |error: object_store::path::Error| {
        Error::new(ErrorKind::Invalid, format!("{text} is not a path: {error}"))
    };
    let path = Path::from_url_path(url.path()).map_err(invalid)?;
    let listing = |root, files| -> Result<Listing> {
        Ok(Listing { store: Arc::clone(&store), store_url: store_url(&url)?, root, files })
    };

    if !url.path().ends_with(DELIMITER) {
        match store.head(&path).await {
            Ok(file) => return listing(Path::default(), vec![ObjectMeta { location: path, ..file }]),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (root, files) = if is_glob(path.as_ref()) {
        (glob_root(path.as_ref()), glob(&store, path.as_ref(), text).await?)
    } else {
        let mut files: Vec<ObjectMeta> = match store.list(Some(&path)).try_collect().await {
            Ok(files) => files,
            // A server that knows only single files: the file that was asked for is not there.
            Err(object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. }) => {
                vec![]
            }
            Err(object_store::Error::NotFound { .. }) => vec![],
            Err(error) => return Err(error.into()),
        };
        files.retain(|file| !is_hidden(&path, &file.location));
        (path.clone(), files)
    };
    if files.is_empty() {
        return Err(not_found(&store, &path, text).await);
    }
    let mut files = files;
    files.sort_by(|a, b| a.location.cmp(&b.location));
    // A folder may hold notes beside its data: where some names say a format, the others are left alone.
    if let Some(format) = files.iter().find_map(|file| Format::of_name(file.location.as_ref())) {
        files.retain(|file| Format::of_name(file.location.as_ref()) == Some(format));
    }
    listing(root, files)
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// The folders before the first one with a wildcard.
fn glob_root(pattern: &str) -> Path {
    let fixed: Vec<&str> = pattern.split(DELIMITER).take_while(|segment| !is_glob(segment)).collect();
    Path::parse(fixed.join(DELIMITER)).unwrap_or_default()
}

async fn glob(store: &Arc<dyn ObjectStore>, pattern: &str, text: &str) -> Result<Vec<ObjectMeta>> {
    let patterns: Vec<glob::Pattern> = expand_braces(pattern)
        .iter()
        .map(|pattern| glob::Pattern::new(pattern))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::new(ErrorKind::Invalid, format!("{text} is not a pattern: {error}")))?;
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let root = glob_root(pattern);
    let files: Vec<ObjectMeta> =
        store.list(Some(&root)).try_collect().await.map_err(|error| match error {
            object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. } => {
                Error::new(ErrorKind::Unsupported, format!("The server of {text} cannot list its files"))
                    .hint("Name each file by its whole URL")
            }
            other => other.into(),
        })?;
    Ok(files
        .into_iter()
        .filter(|file| !is_hidden(&root, &file.location))
        .filter(|file| {
            let path = file.location.as_ref();
            // A pattern may also name the folder in which the files lie.
            patterns.iter().any(|pattern| {
                pattern.matches_with(path, options)
                    || path.match_indices(DELIMITER).any(|(at, _)| pattern.matches_with(&path[..at], options))
            })
        })
        .collect())
}

/// `a{b,c}d` → `abd`, `acd`; Spark's globs have braces, the glob crate does not.
fn expand_braces(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    choices.split(',').flat_map(|choice| expand_braces(&format!("{before}{choice}{after}"))).collect()
}

/// Names that begin with `_` or `.` are not data (Spark's rule), except partition folders such as `_year=2020`.
fn is_hidden(root: &Path, path: &Path) -> bool {
    path.prefix_match(root).is_some_and(|mut below| {
        below.any(|part| {
            let name = part.as_ref();
            name.starts_with('.') || (name.starts_with('_') && !name.contains('='))
        })
    })
}

async fn not_found(store: &Arc<dyn ObjectStore>, path: &Path, text: &str) -> Error {
    let error = Error::new(ErrorKind::NotFound, format!("There is no file {text}"));
    match nearest_file(store, path).await {
        Some(near) => error.hint(format!("Did you mean {near}?")),
        None => error.hint("Check the path; a folder or pattern must hold at least one file"),
    }
}

/// The file beside this path whose name is nearest to it.
async fn nearest_file(store: &Arc<dyn ObjectStore>, path: &Path) -> Option<String> {
    let parts: Vec<_> = path.parts().collect();
    let (name, folder) = parts.split_last()?;
    let folder = Path::from_iter(folder.iter().cloned());
    let beside = store.list_with_delimiter(Some(&folder)).await.ok()?;
    let files = beside.objects.iter().map(|file| &file.location);
    let names: Vec<String> =
        files.chain(&beside.common_prefixes).filter_map(|path| path.filename()).map(str::to_owned).collect();
    crate::names::nearest(name.as_ref(), names.iter().map(String::as_str)).map(str::to_owned)
}

/// What is wrong with the first of these files that is no Parquet file.
pub(crate) async fn parquet_fault(listing: &Listing) -> Option<Error> {
    const MAGIC: &[u8] = b"PAR1";
    for file in &listing.files {
        let name = &file.location;
        if file.size == 0 {
            return Some(
                Error::new(ErrorKind::BadData, format!("{name} is empty; a Parquet file is never"))
                    .hint("The file was not written to its end: write or copy it again"),
            );
        }
        let read = |range: std::ops::Range<u64>| listing.store.get_range(name, range);
        let head = read(0..file.size.min(4)).await.ok()?;
        if head.as_ref() != MAGIC {
            return Some(Error::new(ErrorKind::BadData, format!("{name} is not a Parquet file")).hint(
                "If it holds text, read it as csv.`path` or json.`path`; otherwise write or copy it again",
            ));
        }
        let tail = read(file.size.saturating_sub(4)..file.size).await.ok()?;
        if tail.as_ref() != MAGIC || file.size < 12 {
            return Some(
                Error::new(
                    ErrorKind::BadData,
                    format!("{name} is cut off: it begins as a Parquet file, but its end is missing"),
                )
                .hint("The file was not copied or written to its end: copy it again"),
            );
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces() {
        assert_eq!(expand_braces("a/{b,c}/{1,2}.csv"), ["a/b/1.csv", "a/b/2.csv", "a/c/1.csv", "a/c/2.csv"]);
    }

    #[test]
    fn hidden_names() {
        let hidden = |path: &str| is_hidden(&Path::from("t"), &Path::parse(path).unwrap());
        assert!(hidden("t/_delta_log/0.json"));
        assert!(hidden("t/a/.x.crc"));
        assert!(!hidden("t/_y=1/a.parquet"));
        assert!(!hidden("t/a.parquet"));
    }

    #[test]
    fn compressions() {
        assert_eq!(split_compression("a.csv.gz"), ("a.csv", FileCompressionType::GZIP));
        assert_eq!(split_compression("a.csv"), ("a.csv", FileCompressionType::UNCOMPRESSED));
    }
}
