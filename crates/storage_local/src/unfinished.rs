//! A file on its way: it lies beside its target, and gets the target's name once it is whole and synced.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use object_store::Result;

use crate::error::{Error, refused};

/// Unfinished files that were not written to for so long have nobody who will finish them.
pub(crate) const ABANDONED_MILLIS: i64 = 86_400_000;

/// The start makes the file a hidden one, which nobody takes for data; the end is what other systems' unfinished files
/// have, too.
const START: &str = ".";
const MARK: &str = ".tarn-";
const END: &str = ".tmp";
/// Digits of the random number in a name.
const DIGITS: usize = 16;
/// Bytes of the target's name that are kept. File systems have room for 255.
const MOST_STEM_BYTES: usize = 160;

/// Whether a file with this name is an unfinished one.
pub(crate) fn is_unfinished(name: &str) -> bool {
    let inner = name.strip_prefix(START).and_then(|rest| rest.strip_suffix(END));
    let digits = inner.and_then(|inner| inner.rsplit_once(MARK)).map(|(_, digits)| digits);
    digits.is_some_and(|digits| {
        digits.len() == DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    })
}

/// Refuses targets that would be taken for unfinished files.
pub(crate) fn check_name(target: &Path) -> Result<()> {
    match target.file_name().is_some_and(|name| is_unfinished(&name.to_string_lossy())) {
        true => Err(Error::ReservedName { path: target.display().to_string() }.into()),
        false => Ok(()),
    }
}

fn unfinished_name(target: &OsStr) -> String {
    let target = target.to_string_lossy();
    let mut end = target.len().min(MOST_STEM_BYTES);
    while !target.is_char_boundary(end) {
        end -= 1;
    }
    let stem = target.get(..end).unwrap_or_default();
    format!("{START}{stem}{MARK}{:0DIGITS$x}{END}", tarn_platform::random_u64())
}

/// What happens to a file that has the target's name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the new one fails.
    Keep,
}

/// An unfinished file. It is removed when it is dropped before [`finish`](Self::finish).
#[derive(Debug)]
pub(crate) struct Unfinished {
    /// Where it is written.
    pub(crate) file: File,
    trace: Trace,
}

impl Unfinished {
    /// Makes the file, and the folders above it.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        check_name(target)?;
        let path = target.with_file_name(unfinished_name(target.file_name().unwrap_or_default()));
        let open = || OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = match open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create_folders(folder_of(target))?;
                open()
            }
            opened => opened,
        };
        let file = file.map_err(refused("create", &path))?;
        Ok(Self { file, trace: Trace { path, target: target.to_owned() } })
    }

    /// Syncs the file, gives it its name, and syncs its folder: what comes back as done stays.
    ///
    /// # Errors
    /// `AlreadyExists` where there is such a file that shall stay. Then, and whenever the file has not got its name, it is
    /// removed.
    pub(crate) fn finish(self, existing: Existing) -> Result<()> {
        let Self { file, trace } = self;
        // Before it has its name: a name must never stand for content that a power failure can still take.
        file.sync_data().map_err(refused("sync", &trace.target))?;
        // Some file systems rename only what nobody has open.
        drop(file);
        match existing {
            Existing::Replace => fs::rename(&trace.path, &trace.target),
            Existing::Keep => fs::hard_link(&trace.path, &trace.target),
        }
        .map_err(refused("write", &trace.target))?;
        let target = trace.target.clone();
        // Before the folder is synced, so that this is part of it.
        drop(trace);
        sync_folder(folder_of(&target))
    }
}

/// The name on the disk, which goes with its value.
#[derive(Debug)]
struct Trace {
    path: PathBuf,
    target: PathBuf,
}

impl Drop for Trace {
    fn drop(&mut self) {
        // It has been renamed, or it is one that is found and removed later.
        let _ = fs::remove_file(&self.path);
    }
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Makes a folder and those above it, each of them synced into the one that holds it.
pub(crate) fn create_folders(folder: &Path) -> Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(folder).map_err(refused("create", folder))?;
    missing.into_iter().try_for_each(|folder| sync_folder(folder_of(folder)))
}

/// Syncs the names in a folder.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    match sync_names(folder) {
        // File systems that cannot, and folders that may be written to but not read.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        synced => synced.map_err(refused("sync", folder)),
    }
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this crate is the local disk")]
fn sync_names(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows has no way to sync a folder; its file systems write names in order.
#[cfg(not(unix))]
fn sync_names(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for name in ["a.parquet", "ü", "", ".hidden", &"long".repeat(60), &"東".repeat(80)] {
            let unfinished = unfinished_name(OsStr::new(name));
            assert!(is_unfinished(&unfinished), "{unfinished}");
            assert!(unfinished.len() < 200, "{unfinished}");
            assert!(!is_unfinished(name), "{name}");
        }
        for name in
            [".a.tmp", ".a.tarn-12.tmp", "a.tarn-0123456789abcdef.tmp", ".a.tarn-0123456789ABCDEF.tmp"]
        {
            assert!(!is_unfinished(name), "{name}");
        }
    }
}
