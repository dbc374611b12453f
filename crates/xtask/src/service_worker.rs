//! The page's service worker: what it keeps, and of which version that is.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::{Context, Result};

use crate::build::files_below;

/// Folders of the page that a visit without a network does not need.
const LEFT_OUT: &[&str] = &["samples/"];
const NAME: &str = "sw.js";

/// Writes `sw.js` into a page that is complete but for it.
pub(crate) fn write(page: &Path, script: &Path) -> Result<()> {
    let mut files = files_below(page)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    let mut paths = vec!["./".to_owned()];
    let script = fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
    script.hash(&mut hasher);
    for file in files {
        let path = file.strip_prefix(page)?.to_string_lossy().replace('\\', "/");
        if path == NAME || LEFT_OUT.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        path.hash(&mut hasher);
        fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
        paths.push(path);
    }
    let (version, paths) = (hasher.finish(), serde_json::to_string(&paths)?);
    let head = format!("const VERSION = \"{version:016x}\";\nconst FILES = {paths};\n\n");
    fs::write(page.join(NAME), head + &script)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_follows_the_files() {
        let page = tempfile::tempdir().unwrap();
        let script = page.path().join("../tarn-sw-test.js");
        fs::write(&script, "// rest\n").unwrap();
        fs::create_dir_all(page.path().join("samples")).unwrap();
        fs::write(page.path().join("samples/big.csv"), "x").unwrap();
        fs::write(page.path().join("index.html"), "one").unwrap();
        let written = || {
            write(page.path(), &script).unwrap();
            fs::read_to_string(page.path().join(NAME)).unwrap()
        };
        let first = written();
        assert!(
            first.contains("const FILES = [\"./\",\"index.html\"];") && first.ends_with("// rest\n"),
            "{first}"
        );
        assert_eq!(written(), first);
        fs::write(page.path().join("index.html"), "two").unwrap();
        assert_ne!(written(), first);
        fs::remove_file(script).unwrap();
    }
}
