//! Names in object stores and names in OPFS.

use std::borrow::Cow;

use object_store::path::Path;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The folder of files that are not whole yet. Its name cannot come out of [`to_opfs`].
pub(crate) const TEMP_FOLDER: &str = ".tarn%tmp";

/// What some browser or the file system below it refuses in names, and `%`, so that names can be read back.
const REFUSED: &AsciiSet =
    &CONTROLS.add(b'%').add(b'\\').add(b':').add(b'*').add(b'?').add(b'"').add(b'<').add(b'>').add(b'|');

/// One segment of a path as a name in OPFS.
pub(crate) fn to_opfs(segment: &str) -> Cow<'_, str> {
    let encoded: Cow<'_, str> = utf8_percent_encode(segment, REFUSED).into();
    match encoded.chars().next_back() {
        // Windows drops these at the end of a name.
        Some('.') => Cow::Owned(format!("{}%2E", &encoded[..encoded.len() - 1])),
        Some(' ') => Cow::Owned(format!("{}%20", &encoded[..encoded.len() - 1])),
        _ => encoded,
    }
}

/// The other way; `None` for what no store wrote.
pub(crate) fn from_opfs(name: &str) -> Option<String> {
    percent_decode_str(name).decode_utf8().ok().map(Cow::into_owned)
}

/// The folders and the file name of a path, as names in OPFS. `None` for the root, which is no file.
pub(crate) fn split(path: &Path) -> Option<(Vec<String>, String)> {
    let mut names = folders(path);
    let file = names.pop()?;
    Some((names, file))
}

/// All segments of a path as names in OPFS.
pub(crate) fn folders(path: &Path) -> Vec<String> {
    // Not `parts()`, which would encode once more.
    path.as_ref()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|name| to_opfs(name).into_owned())
        .collect()
}
