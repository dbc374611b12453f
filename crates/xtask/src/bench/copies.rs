//! Copies of tables, for what changes them: files of data are linked, since no writer of Delta changes one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Copies a table, in place of what was there.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    copy_folder(from, to, false).with_context(|| format!("cannot copy {}", from.display()))
}

/// Removes a copy, if it is there.
pub(super) fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path, is_log: bool) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target, is_log || entry.file_name() == "_delta_log")?;
        } else if is_log || fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// The files of a table and their sizes.
pub(super) fn files(table: &Path) -> Result<BTreeMap<PathBuf, u64>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![table.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => drop(found.insert(entry.path(), entry.metadata()?.len())),
            }
        }
    }
    Ok(found)
}

/// Bytes of the files that were not there, or were of another size.
pub(super) fn new_bytes(before: &BTreeMap<PathBuf, u64>, after: &BTreeMap<PathBuf, u64>) -> u64 {
    after.iter().filter(|(path, size)| before.get(*path) != Some(*size)).map(|(_, size)| size).sum()
}
