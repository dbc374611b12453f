//! Folders of OPFS: opening, listing, clearing away.

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemHandle,
    FileSystemHandleKind, FileSystemRemoveOptions,
};

use crate::error::is_missing;
use crate::files::promised;

/// A folder or a file in a folder.
pub(crate) enum Entry {
    Folder,
    File(FileSystemFileHandle),
}

/// Opens the folder at these names; `None` if it is not there.
pub(crate) async fn find_folder(
    root: &FileSystemDirectoryHandle,
    names: &[String],
) -> Result<Option<FileSystemDirectoryHandle>, JsValue> {
    let mut folder = root.clone();
    for name in names {
        folder = match promised(folder.get_directory_handle(name)).await {
            Ok(folder) => folder,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
    }
    Ok(Some(folder))
}

/// Opens the folder at these names, making what is not there.
pub(crate) async fn make_folder(
    root: &FileSystemDirectoryHandle,
    names: &[String],
) -> Result<FileSystemDirectoryHandle, JsValue> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(true);
    let mut folder = root.clone();
    for name in names {
        folder = promised(folder.get_directory_handle_with_options(name, &options)).await?;
    }
    Ok(folder)
}

/// What is in a folder, with its name in OPFS. A folder that goes away meanwhile ends the list.
pub(crate) async fn entries(folder: &FileSystemDirectoryHandle) -> Result<Vec<(String, Entry)>, JsValue> {
    let values = folder.values();
    let mut entries = Vec::new();
    loop {
        let next = match values.next() {
            Ok(next) => JsFuture::from(Promise::from(JsValue::from(next))).await,
            Err(error) => Err(error),
        };
        let next = match next {
            Ok(next) => next,
            Err(error) if is_missing(&error) => return Ok(entries),
            Err(error) => return Err(error),
        };
        if Reflect::get(&next, &"done".into())?.is_truthy() {
            return Ok(entries);
        }
        let handle: FileSystemHandle = Reflect::get(&next, &"value".into())?.unchecked_into();
        let entry = match handle.kind() {
            FileSystemHandleKind::Directory => Entry::Folder,
            _ => Entry::File(handle.clone().unchecked_into()),
        };
        entries.push((handle.name(), entry));
    }
}

/// Removes a folder with all that is in it.
pub(crate) async fn remove_all(folder: &FileSystemDirectoryHandle, name: &str) -> Result<(), JsValue> {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    JsFuture::from(folder.remove_entry_with_options(name, &options)).await?;
    Ok(())
}

/// Removes folders that have become empty, from the innermost out. That one is not empty, or gone, is no error.
pub(crate) async fn remove_empty(root: &FileSystemDirectoryHandle, names: &[String]) {
    for depth in (1..=names.len()).rev() {
        let Ok(Some(parent)) = find_folder(root, &names[..depth - 1]).await else {
            return;
        };
        if JsFuture::from(parent.remove_entry(&names[depth - 1])).await.is_err() {
            return;
        }
    }
}
