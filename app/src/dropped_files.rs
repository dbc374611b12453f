//! Files that a person hands over: chosen, or dropped on the page, folders with all that is in them.

use js_sys::{Array, Promise};
use std::collections::VecDeque;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

/// No more files than this are taken from one drop.
pub(crate) const MAX_FILES: usize = 20_000;

/// A file and the path that it gets.
pub(crate) type NamedFile = (String, File);

/// The files of a file input. Those of a chosen folder have their path in it.
pub(crate) fn chosen(list: &FileList) -> Vec<NamedFile> {
    (0..list.length())
        .filter_map(|at| list.get(at))
        .map(|file| {
            let in_folder = js_sys::Reflect::get(&file, &"webkitRelativePath".into())
                .ok()
                .and_then(|path| path.as_string())
                .filter(|path| !path.is_empty());
            (in_folder.unwrap_or_else(|| file.name()), file)
        })
        .filter(|(path, _)| !is_hidden(path))
        .take(MAX_FILES)
        .collect()
}

/// What was dropped. It must be asked for while the drop's event is handled; the walk through folders comes after.
pub(crate) fn dropped(transfer: &DataTransfer) -> Dropped {
    let mut entries = VecDeque::new();
    let mut files = Vec::new();
    let items = transfer.items();
    for item in (0..items.length()).filter_map(|at| items.get(at)) {
        if item.kind() != "file" {
            continue;
        }
        match item.webkit_get_as_entry() {
            Ok(Some(entry)) => entries.push_back(entry),
            _ => {
                if let Ok(Some(file)) = item.get_as_file() {
                    files.push((file.name(), file));
                }
            }
        }
    }
    Dropped { entries, files }
}

/// What was dropped, before its folders are walked.
pub(crate) struct Dropped {
    entries: VecDeque<FileSystemEntry>,
    files: Vec<NamedFile>,
}

impl Dropped {
    /// Walks the folders.
    pub(crate) async fn into_files(self) -> Vec<NamedFile> {
        let Self { mut entries, mut files } = self;
        while let Some(entry) = entries.pop_front() {
            if files.len() >= MAX_FILES {
                break;
            }
            let path = entry.full_path();
            let path = path.trim_start_matches('/');
            if is_hidden(path) {
                continue;
            }
            if let Some(folder) = entry.dyn_ref::<FileSystemDirectoryEntry>() {
                entries.extend(entries_of(&folder.create_reader()).await);
            } else if let Some(file) = entry.dyn_ref::<FileSystemFileEntry>()
                && let Some(file) = file_of(file).await
            {
                files.push((path.to_owned(), file));
            }
        }
        files
    }
}

/// Whether a path is of a file that its system hides.
pub(crate) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// A folder's entries; the browser hands them out in batches, an empty one last.
async fn entries_of(reader: &FileSystemDirectoryReader) -> Vec<FileSystemEntry> {
    let mut entries = Vec::new();
    loop {
        let batch = Promise::new(&mut |resolve, reject| {
            if reader.read_entries_with_callback_and_callback(&resolve, &reject).is_err() {
                settle(&resolve);
            }
        });
        let batch = JsFuture::from(batch).await.ok().and_then(|batch| batch.dyn_into::<Array>().ok());
        match batch {
            Some(batch) if batch.length() > 0 => {
                entries.extend(batch.iter().filter_map(|entry| entry.dyn_into::<FileSystemEntry>().ok()));
            }
            _ => return entries,
        }
    }
}

async fn file_of(entry: &FileSystemFileEntry) -> Option<File> {
    let file = Promise::new(&mut |resolve, reject| {
        entry.file_with_callback_and_callback(&resolve, &reject);
    });
    JsFuture::from(file).await.ok()?.dyn_into().ok()
}

fn settle(resolve: &js_sys::Function) {
    // Calling a promise's own resolver cannot fail.
    drop(resolve.call0(&JsValue::UNDEFINED));
}
