//! Where a name or path says that a table is, and at which version.

use crate::{Error, ErrorKind, Result};
use url::Url;

/// A table's folder, and the version that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder; it ends with a slash.
    pub(crate) url: Url,
    /// Which version.
    pub(crate) version: PlaceVersion,
}

/// Which version of a table is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceVersion {
    /// The newest.
    Latest,
    /// The one of this number.
    Number(u64),
    /// The newest that is not younger, in milliseconds since 1970.
    Time(i64),
}

impl PlaceVersion {
    /// What is written after a table's name: `@v3`, and `@t1706659200000` between planning and opening.
    pub(crate) fn suffix(self) -> String {
        match self {
            Self::Latest => String::new(),
            Self::Number(version) => format!("@v{version}"),
            Self::Time(millis) => format!("@t{millis}"),
        }
    }
}

impl Place {
    /// The same table at another version.
    pub(crate) fn at(&self, version: PlaceVersion) -> Self {
        Self { url: self.url.clone(), version }
    }

    /// The place of delta.`path`, where `path` may end in `@v3`.
    pub(crate) fn of_path(base: &Url, text: &str) -> Result<Self> {
        let (path, version) = split_version(text);
        if path.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "A Delta table needs a path")
                .hint("Write delta.`path/to/table`"));
        }
        let url = tarn_storage::resolve(base, path).map_err(|error| crate::stores::from_storage(&error))?;
        Ok(Self { url: as_folder(url), version })
    }

    /// The place of a table by its name, until a catalog says otherwise: `<lake>/<catalog>/<schema>/<table>/`. The name may
    /// end in `@v3`.
    pub(crate) fn of_name(base: &Url, catalog: &str, schema: &str, name: &str) -> Result<Self> {
        let (table, version) = split_version(name);
        for part in [catalog, schema, table] {
            check_name(part)?;
        }
        // Names keep no letters of their own, as in Databricks.
        let path = format!("./{}/{}/{}", catalog.to_lowercase(), schema.to_lowercase(), table.to_lowercase());
        let url = tarn_storage::resolve(base, &path).map_err(|error| crate::stores::from_storage(&error))?;
        Ok(Self { url: as_folder(url), version })
    }
}

/// What may not be part of a name: Unity Catalog refuses the same.
fn check_name(name: &str) -> Result<()> {
    let is_bad = |c: char| matches!(c, '.' | '/' | ' ' | '\\' | '%' | '?' | '#' | '*') || c.is_control();
    if name.is_empty() || name.len() > 255 || name.chars().any(is_bad) {
        return Err(Error::new(ErrorKind::Invalid, format!("{name:?} is not a name for a table or schema"))
            .hint("Names have no blanks, dots, slashes or control characters, and at most 255 bytes"));
    }
    Ok(())
}

/// `path@v3` → the path and version 3.
fn split_version(text: &str) -> (&str, PlaceVersion) {
    let Some((path, version)) = text.rsplit_once('@') else { return (text, PlaceVersion::Latest) };
    let number =
        version.strip_prefix(['v', 'V']).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number = number.and_then(|digits| digits.parse().ok()).map(PlaceVersion::Number);
    let time = || version.strip_prefix('t')?.parse().ok().map(PlaceVersion::Time);
    match number.or_else(time) {
        Some(version) => (path, version),
        None => (text, PlaceVersion::Latest),
    }
}

fn as_folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}
