//! Names in object stores and names in OPFS.

use std::borrow::Cow;

use object_store::path::Path;
use percent_encoding::percent_decode_str;

/// The folder of files that are not whole yet. Its name cannot come out of [`to_opfs`].
pub(crate) const TEMP_FOLDER: &str = ".tarn%tmp";

/// What some browser or the file system below it refuses in names, and `%`, so that names can be read back.
const REFUSED: &[char] = &['%', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// One segment of a path as a name in OPFS. What is not refused stays as it is: names have a greatest length.
pub(crate) fn to_opfs(segment: &str) -> String {
    let mut name = String::with_capacity(segment.len());
    for (index, char) in segment.char_indices() {
        // Windows drops these at the end of a name.
        let is_dropped = matches!(char, '.' | ' ') && index + 1 == segment.len();
        if is_dropped || char.is_ascii_control() || REFUSED.contains(&char) {
            name.push_str(&format!("%{:02X}", u32::from(char)));
        } else {
            name.push(char);
        }
    }
    name
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
    path.as_ref().split('/').filter(|segment| !segment.is_empty()).map(to_opfs).collect()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn names_come_back() {
        let check = |name: &str, expect: &str| {
            assert_eq!(to_opfs(name), expect);
            assert_eq!(from_opfs(expect).as_deref(), Some(name));
        };
        check("part-0.parquet", "part-0.parquet");
        check("ü #1+.csv", "ü #1+.csv");
        check("100%", "100%25");
        check("%41", "%2541");
        check("a:b*c?", "a%3Ab%2Ac%3F");
        check("end.", "end%2E");
        check("end ", "end%20");
        check(".tarn%tmp", ".tarn%25tmp");
        assert_ne!(to_opfs(TEMP_FOLDER), TEMP_FOLDER);
    }
}
