//! A file on its way: written out of sight, then moved to its place in one step.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions, FileSystemReadWriteOptions,
    FileSystemSyncAccessHandle, FileSystemWritableFileStream, WriteCommandType, WriteParams,
};

use crate::files::promised;

/// Removed when dropped before it is [moved](Self::move_to).
pub(crate) struct TempFile {
    folder: FileSystemDirectoryHandle,
    handle: FileSystemFileHandle,
    name: String,
    writer: Option<Writer>,
    is_moved: bool,
}

enum Writer {
    /// The fast way, in dedicated workers only.
    Sync(FileSystemSyncAccessHandle),
    /// The way of pages and of other workers.
    Stream(FileSystemWritableFileStream),
}

impl TempFile {
    pub(crate) async fn create(folder: &FileSystemDirectoryHandle) -> Result<Self, JsValue> {
        let name = format!("{:016x}{:016x}", tarn_platform::random_u64(), tarn_platform::random_u64());
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let handle: FileSystemFileHandle =
            promised(folder.get_file_handle_with_options(&name, &options)).await?;
        let has_sync = Reflect::has(&handle, &"createSyncAccessHandle".into())?;
        let writer = match has_sync {
            true => Writer::Sync(promised(handle.create_sync_access_handle()).await?),
            false => Writer::Stream(promised(handle.create_writable()).await?),
        };
        Ok(Self { folder: folder.clone(), handle, name, writer: Some(writer), is_moved: false })
    }

    pub(crate) async fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), JsValue> {
        match &self.writer {
            None => Err(JsValue::from_str("the file is written already")),
            Some(Writer::Sync(handle)) => write_sync(handle, offset, bytes),
            Some(Writer::Stream(stream)) => {
                let params = WriteParams::new(WriteCommandType::Write);
                params.set_position(Some(offset as f64));
                params.set_data(&js_sys::Uint8Array::from(bytes));
                JsFuture::from(stream.write_with_write_params(&params)?).await?;
                Ok(())
            }
        }
    }

    /// Makes sure that all is on disk.
    pub(crate) async fn finish(&mut self) -> Result<(), JsValue> {
        match self.writer.take() {
            None => {}
            Some(Writer::Sync(handle)) => {
                let flushed = handle.flush();
                handle.close();
                flushed?;
            }
            Some(Writer::Stream(stream)) => drop(JsFuture::from(stream.close()).await?),
        }
        Ok(())
    }

    /// Gives the finished file its place and name, over a file that has it already.
    pub(crate) async fn move_to(
        &mut self,
        folder: &FileSystemDirectoryHandle,
        name: &str,
    ) -> Result<(), JsValue> {
        move_file(&self.handle, folder, name).await?;
        self.is_moved = true;
        Ok(())
    }
}

/// Moves a file, over a file that has the name already.
pub(crate) async fn move_file(
    file: &FileSystemFileHandle,
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<(), JsValue> {
    let method: Function = Reflect::get(file, &"move".into())?
        .dyn_into()
        .map_err(|_| JsValue::from_str("this browser cannot move files; a newer one can"))?;
    let moved = method.call2(file, folder, &name.into())?;
    JsFuture::from(js_sys::Promise::from(moved)).await?;
    Ok(())
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let writer = self.writer.take();
        if let Some(Writer::Sync(handle)) = &writer {
            handle.close();
        }
        if self.is_moved {
            return;
        }
        let (folder, name) = (self.folder.clone(), std::mem::take(&mut self.name));
        tarn_platform::spawn(async move {
            if let Some(Writer::Stream(stream)) = writer {
                drop(JsFuture::from(stream.abort()).await);
            }
            // If it cannot be removed now, the next start clears it away.
            drop(JsFuture::from(folder.remove_entry(&name)).await);
        });
    }
}

fn write_sync(handle: &FileSystemSyncAccessHandle, mut offset: u64, mut bytes: &[u8]) -> Result<(), JsValue> {
    while !bytes.is_empty() {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(offset as f64);
        let written = handle.write_with_u8_array_and_options(bytes, &options)? as usize;
        if written == 0 || written > bytes.len() {
            let error = js_sys::Error::new("fewer bytes were written than given");
            error.set_name("QuotaExceededError");
            return Err(error.into());
        }
        offset += written as u64;
        bytes = &bytes[written..];
    }
    Ok(())
}
