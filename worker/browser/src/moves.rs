//! Tables that go out and come in with their logs: as a zip, into a folder on the disk, from one store to another.

use crate::files::{Files, LOG_FOLDER, parse};
use crate::post;
use crate::tab::{Open, Tab};
use crate::zip::{Packed, browser, pack, slice};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use std::rc::Rc;
use std::sync::Arc;
use tarn_lakehouse::{Error, ErrorKind, QueryControl, Result};
use tarn_rpc::Event;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemWritableFileStream,
};

/// How much of a file is in memory at a time.
const PIECE_BYTES: u64 = 4 << 20;
/// Larger files are written in parts.
const PART_BYTES: usize = 8 << 20;
/// The page hears of progress after so many bytes.
const REPORT_BYTES: u64 = 4 << 20;

/// A move that is under way.
struct Move {
    id: u64,
    control: Arc<QueryControl>,
    done_bytes: u64,
    total_bytes: u64,
    told_bytes: u64,
}

impl Move {
    fn begin(tab: &Rc<Tab>, open: &Rc<Open>, id: u64, files: &[ObjectMeta]) -> Self {
        let control = open.lakehouse.control();
        tab.runs.borrow_mut().insert(id, (Arc::clone(&control), "Moving tables".to_owned()));
        let total_bytes = files.iter().map(|file| file.size).sum();
        post::event(id, Event::Moved { done_bytes: 0, total_bytes });
        Self { id, control, done_bytes: 0, total_bytes, told_bytes: 0 }
    }

    /// Counts bytes.
    ///
    /// # Errors
    /// When the page wants it no more.
    fn advance(&mut self, bytes: u64) -> Result<()> {
        if self.control.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.done_bytes += bytes;
        if self.done_bytes - self.told_bytes >= REPORT_BYTES {
            self.told_bytes = self.done_bytes;
            let (done_bytes, total_bytes) = (self.done_bytes, self.total_bytes);
            post::event(self.id, Event::Moved { done_bytes, total_bytes });
        }
        Ok(())
    }
}

/// Packs tables as one zip.
pub(crate) async fn zip(tab: &Rc<Tab>, id: u64, paths: &[String]) -> Result<()> {
    let open = tab.opened()?;
    let tables = tables(&open.files, paths).await?;
    let all: Vec<ObjectMeta> = tables.iter().flat_map(|table| table.files.clone()).collect();
    let mut progress = Move::begin(tab, &open, id, &all);
    let packed = pack_all(&open.files, &tables, &mut progress).await;
    tab.runs.borrow_mut().remove(&id);
    let zip = pack(&packed?)?;
    let name = match tables.as_slice() {
        [only] => format!("{}.zip", only.root.filename().unwrap_or("table")),
        _ => "lake.zip".to_owned(),
    };
    post::blob(id, Event::Zip { name }, &zip);
    Ok(())
}

async fn pack_all(files: &Files, tables: &[Table], progress: &mut Move) -> Result<Vec<Packed>> {
    let mut packed = Vec::new();
    for table in tables {
        // One table alone goes by its name, several by their whole paths.
        let above = if tables.len() == 1 { table.root.parts().count().saturating_sub(1) } else { 0 };
        for meta in &table.files {
            let content = files.blob(&meta.location).await?;
            let name = meta.location.as_ref().splitn(above + 1, '/').last().unwrap_or_default().to_owned();
            let mut crc = crc32fast::Hasher::new();
            let mut from = 0;
            while from < meta.size {
                let to = meta.size.min(from + PIECE_BYTES);
                crc.update(&slice(&content, from, to).await?);
                progress.advance(to - from)?;
                from = to;
            }
            let modified_millis = meta.last_modified.timestamp_millis();
            packed.push(Packed { name, content, crc32: crc.finalize(), modified_millis });
        }
    }
    Ok(packed)
}

/// Writes tables into a folder on the disk, each as a folder of its name.
pub(crate) async fn save(tab: &Rc<Tab>, id: u64, paths: &[String], handle: Option<JsValue>) -> Result<()> {
    let open = tab.opened()?;
    let folder: FileSystemDirectoryHandle = handle
        .and_then(|handle| handle.dyn_into().ok())
        .ok_or_else(|| Error::new(ErrorKind::Internal, "The page sent no folder"))?;
    let tables = tables(&open.files, paths).await?;
    let all: Vec<ObjectMeta> = tables.iter().flat_map(|table| table.files.clone()).collect();
    let mut progress = Move::begin(tab, &open, id, &all);
    let saved = save_all(&open.files, &tables, &folder, &mut progress).await;
    tab.runs.borrow_mut().remove(&id);
    saved?;
    post::event(id, Event::Done);
    Ok(())
}

async fn save_all(
    files: &Files,
    tables: &[Table],
    folder: &FileSystemDirectoryHandle,
    progress: &mut Move,
) -> Result<()> {
    for table in tables {
        let above = if tables.len() == 1 { table.root.parts().count().saturating_sub(1) } else { 0 };
        let names = |path: &Path| -> Vec<String> {
            path.as_ref().split('/').skip(above).map(str::to_owned).collect()
        };
        let mut log = names(&table.root);
        log.push(LOG_FOLDER.to_owned());
        if has_folder(folder, &log).await {
            let message = format!("There is a table {} in that folder", names(&table.root).join("/"));
            return Err(Error::new(ErrorKind::Conflict, message).hint("Choose another folder"));
        }
        for meta in &table.files {
            let content = files.blob(&meta.location).await?;
            write_to(folder, &names(&meta.location), &content).await.map_err(|error| browser(&error))?;
            progress.advance(meta.size)?;
        }
    }
    Ok(())
}

async fn has_folder(folder: &FileSystemDirectoryHandle, names: &[String]) -> bool {
    let mut at = folder.clone();
    for name in names {
        match JsFuture::from(at.get_directory_handle(name)).await {
            Ok(next) => at = next.unchecked_into(),
            Err(_) => return false,
        }
    }
    true
}

async fn write_to(
    folder: &FileSystemDirectoryHandle,
    names: &[String],
    content: &web_sys::Blob,
) -> Result<(), JsValue> {
    let (make_folder, make_file) = (FileSystemGetDirectoryOptions::new(), FileSystemGetFileOptions::new());
    make_folder.set_create(true);
    make_file.set_create(true);
    let Some((name, folders)) = names.split_last() else { return Ok(()) };
    let mut at = folder.clone();
    for name in folders {
        let next = at.get_directory_handle_with_options(name, &make_folder);
        at = JsFuture::from(next).await?.unchecked_into();
    }
    let file = JsFuture::from(at.get_file_handle_with_options(name, &make_file)).await?;
    let file: FileSystemFileHandle = file.unchecked_into();
    let stream: FileSystemWritableFileStream = JsFuture::from(file.create_writable()).await?.unchecked_into();
    JsFuture::from(stream.write_with_blob(content)?).await?;
    JsFuture::from(stream.close()).await?;
    Ok(())
}

/// Copies a table from one place to another.
pub(crate) async fn copy(tab: &Rc<Tab>, id: u64, from: &str, to: &str) -> Result<()> {
    let open = tab.opened()?;
    let (source, from_root) = place(&open, from)?;
    let (target, to_root) = place(&open, to)?;
    let table = Table::list(&source, &from_root, from).await?;
    let mut in_target = target.list(Some(&to_root.clone().join(LOG_FOLDER)));
    if in_target.next().await.transpose()?.is_some() {
        return Err(Error::new(ErrorKind::Conflict, format!("There is a table at {to} already"))
            .hint("Choose another name, or drop that table first"));
    }
    let mut progress = Move::begin(tab, &open, id, &table.files);
    let mut written = Vec::new();
    let copied = copy_all(&*source, &*target, &table, &to_root, &mut written, &mut progress).await;
    tab.runs.borrow_mut().remove(&id);
    if let Err(error) = copied {
        for path in written {
            // What cannot be cleared away has no log, so it is no table.
            drop(target.delete(&path).await);
        }
        return Err(error);
    }
    let files = open.files.list().await?;
    post::event(0, Event::Files { files: files.clone() });
    post::event(id, Event::Files { files });
    Ok(())
}

async fn copy_all(
    source: &dyn ObjectStore,
    target: &dyn ObjectStore,
    table: &Table,
    to_root: &Path,
    written: &mut Vec<Path>,
    progress: &mut Move,
) -> Result<()> {
    for meta in &table.files {
        let Some(rest) = meta.location.prefix_match(&table.root) else { continue };
        let to = rest.fold(to_root.clone(), |path, part| path.join(part));
        copy_file(source, target, meta, &to, progress).await?;
        written.push(to);
    }
    Ok(())
}

async fn copy_file(
    source: &dyn ObjectStore,
    target: &dyn ObjectStore,
    meta: &ObjectMeta,
    to: &Path,
    progress: &mut Move,
) -> Result<()> {
    let mut pieces = source.get(&meta.location).await?.into_stream();
    let mut held: Vec<Bytes> = Vec::new();
    let mut upload = None;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        progress.advance(piece.len() as u64)?;
        held.push(piece);
        if held.iter().map(Bytes::len).sum::<usize>() >= PART_BYTES {
            let upload = match &mut upload {
                Some(upload) => upload,
                none => none.insert(target.put_multipart(to).await?),
            };
            upload.put_part(std::mem::take(&mut held).into_iter().collect()).await?;
        }
    }
    match upload {
        Some(mut upload) => {
            if !held.is_empty() {
                upload.put_part(held.into_iter().collect()).await?;
            }
            upload.complete().await?;
        }
        None => drop(target.put_opts(to, held.into_iter().collect(), PutMode::Create.into()).await?),
    }
    Ok(())
}

fn place(open: &Rc<Open>, text: &str) -> Result<(Arc<dyn ObjectStore>, Path)> {
    let invalid =
        |why: String| Error::new(ErrorKind::Invalid, format!("{text} is no place for a table: {why}"));
    let url = tarn_storage::resolve(open.files.base(), text).map_err(|error| invalid(error.to_string()))?;
    let store = open.lakehouse.stores().get(&url).map_err(|error| invalid(error.to_string()))?;
    let path = Path::from_url_path(url.path()).map_err(|error| invalid(error.to_string()))?;
    match path.is_root() {
        true => Err(invalid("it is the root of its store".to_owned())),
        false => Ok((store, path)),
    }
}

/// The files of a table, those first that others refer to.
struct Table {
    root: Path,
    files: Vec<ObjectMeta>,
}

impl Table {
    async fn list(store: &Arc<dyn ObjectStore>, root: &Path, name: &str) -> Result<Self> {
        let log = root.clone().join(LOG_FOLDER);
        // The log is listed first: all that it refers to is written by then.
        let mut log_files: Vec<ObjectMeta> = store.list(Some(&log)).try_collect().await?;
        if log_files.is_empty() {
            return Err(Error::new(ErrorKind::NotFound, format!("There is no Delta table at {name}")));
        }
        let mut files: Vec<ObjectMeta> = store
            .list(Some(root))
            .try_filter(|meta| std::future::ready(!meta.location.prefix_matches(&log)))
            .try_collect()
            .await?;
        // Sidecars before checkpoints, the oldest commit last: until then the log has a gap, and is none that anyone could
        // take for an earlier version.
        let depth = |meta: &ObjectMeta| meta.location.parts().count();
        log_files.sort_by(|one, other| {
            depth(other).cmp(&depth(one)).then_with(|| other.location.cmp(&one.location))
        });
        files.extend(log_files);
        Ok(Self { root: root.clone(), files })
    }
}

async fn tables(files: &Files, paths: &[String]) -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for path in paths {
        tables.push(Table::list(&files.all, &parse(path)?, path).await?);
    }
    Ok(tables)
}
