//! Handles of opened files and folders, kept for the next visit: where the browser has them, a file is opened again without
//! being looked for. A handle is a name and a permission; what is in a file stays where it is.
//!
//! Reference: <https://developer.mozilla.org/en-US/docs/Web/API/FileSystemHandle>

mod kept;

use crate::dropped_files::{MAX_FILES, NamedFile, is_hidden};
use crate::js::{call, settled, text};
use crate::session::Session;
use crate::ui::Toast;
use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DataTransfer, File};

/// No more handles than this are kept: those that were opened last.
const MAX_KEPT: usize = 50;

/// A handle that was kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    /// Its name, which is its path in the tab.
    pub(crate) name: String,
    /// Whether it is of a folder.
    pub(crate) is_folder: bool,
    /// Whether it waits for a person to open it again.
    pub(crate) is_waiting: bool,
    handle: JsValue,
}

/// The handles that are kept. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct Handles {
    /// All of them, the last one first.
    pub(crate) list: RwSignal<Vec<Kept>, LocalStorage>,
}

impl Handles {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { list: RwSignal::new_local(Vec::new()) }
    }

    /// Reads what was kept. What the browser lets the page read still is opened by itself.
    pub(crate) fn start(self, session: Session) {
        wasm_bindgen_futures::spawn_local(async move {
            // Without the browser's store nothing was kept.
            let Ok(found) = kept::all().await else { return };
            for handle in found {
                let Some(kept) = of_handle(handle, true) else { continue };
                let is_open = permission(&kept.handle, "queryPermission").await;
                self.put(kept.clone());
                if is_open {
                    self.open_granted(session, kept).await;
                }
            }
        });
    }

    /// Keeps handles of what was just opened.
    pub(crate) fn keep(self, handles: Vec<JsValue>) {
        for handle in handles.into_iter().take(MAX_KEPT) {
            let Some(kept) = of_handle(handle, false) else { continue };
            self.put(kept.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if let Err(error) = kept::put(&kept.name, &kept.handle).await {
                    leptos::logging::warn!(
                        "A handle is not kept: {}",
                        crate::engine_client::describe(&error)
                    );
                }
            });
        }
        let oldest = self.list.try_update(|list| list.split_off(MAX_KEPT.min(list.len())));
        for kept in oldest.unwrap_or_default() {
            remove(kept.name);
        }
    }

    /// Opens one again, after asking the browser; a person must have pressed something for it.
    pub(crate) fn open(self, session: Session, name: &str) {
        let found = self.list.with_untracked(|list| list.iter().find(|kept| kept.name == name).cloned());
        let Some(kept) = found else { return };
        wasm_bindgen_futures::spawn_local(async move {
            if permission(&kept.handle, "requestPermission").await {
                self.open_granted(session, kept).await;
            } else {
                session.toasts.say(format!("The browser did not let this page read {}.", kept.name));
            }
        });
    }

    /// Forgets one, with a way back. What is open of it stays open.
    pub(crate) fn forget(self, session: Session, name: &str) {
        let before = self.list.get_untracked();
        self.drop_quietly(name);
        self.say_forgotten(session, format!("Forgot {name}: it stays where it is."), before);
    }

    /// Forgets all, with a way back.
    pub(crate) fn forget_all(self, session: Session) {
        let before = self.list.get_untracked();
        for kept in &before {
            self.drop_quietly(&kept.name);
        }
        self.say_forgotten(session, "Forgot all: the files stay where they are.".to_owned(), before);
    }

    /// Forgets one that a person has closed.
    pub(crate) fn drop_quietly(self, name: &str) {
        let is_known = self.list.try_update(|list| {
            let count = list.len();
            list.retain(|kept| kept.name != name);
            list.len() < count
        });
        if is_known == Some(true) {
            remove(name.to_owned());
        }
    }

    fn say_forgotten(self, session: Session, text: String, before: Vec<Kept>) {
        // The way back is called by this thread only; what it holds is not for others.
        let before = StoredValue::new_local(before);
        session.toasts.show(Toast {
            text,
            undo: Some(Arc::new(move || {
                let Some(before) = before.try_get_value() else { return };
                for kept in &before {
                    let (name, handle) = (kept.name.clone(), kept.handle.clone());
                    wasm_bindgen_futures::spawn_local(async move {
                        // Where it cannot be kept, it is still in the list of this visit.
                        drop(kept::put(&name, &handle).await);
                    });
                }
                self.list.set(before);
            })),
            settle: None,
        });
    }

    fn put(self, kept: Kept) {
        self.list.update(|list| {
            list.retain(|other| other.name != kept.name);
            list.insert(0, kept);
        });
    }

    async fn open_granted(self, session: Session, kept: Kept) {
        match files(&kept.handle).await {
            Ok(files) => {
                self.put(Kept { is_waiting: false, ..kept });
                session.reopen_files(files);
            }
            Err(error) => {
                let why = crate::engine_client::describe(&error);
                session.toasts.say(format!("{} could not be opened: {why}", kept.name));
            }
        }
    }
}

fn remove(name: String) {
    wasm_bindgen_futures::spawn_local(async move {
        if let Err(error) = kept::remove(&name).await {
            leptos::logging::warn!("A handle is not forgotten: {}", crate::engine_client::describe(&error));
        }
    });
}

fn of_handle(handle: JsValue, is_waiting: bool) -> Option<Kept> {
    let is_folder = text(&handle, "kind")? == "directory";
    let name = text(&handle, "name").filter(|name| !name.is_empty())?;
    Some(Kept { name, is_folder, is_waiting, handle })
}

/// Whether a handle may be read; `how` asks the browser, or the person.
async fn permission(handle: &JsValue, how: &str) -> bool {
    let options = js_sys::Object::new();
    // A new object takes any property.
    drop(Reflect::set(&options, &"mode".into(), &"read".into()));
    match call(handle, how, &[options.into()]) {
        Ok(answer) => settled(answer).await.is_ok_and(|word| word.as_string().as_deref() == Some("granted")),
        // A handle of the browser's own file system needs no permission, and may have no such method.
        Err(_) => true,
    }
}

/// The files of a handle: itself, or all that is in a folder.
pub(crate) async fn files(handle: &JsValue) -> Result<Vec<NamedFile>, JsValue> {
    let mut found = Vec::new();
    let mut waiting = VecDeque::from([(text(handle, "name").unwrap_or_default(), handle.clone())]);
    while let Some((path, handle)) = waiting.pop_front() {
        if found.len() >= MAX_FILES {
            break;
        }
        if is_hidden(&path) {
            continue;
        }
        if text(&handle, "kind").as_deref() != Some("directory") {
            found.push((path, settled(call(&handle, "getFile", &[])?).await?.dyn_into::<File>()?));
            continue;
        }
        let entries = call(&handle, "values", &[])?;
        loop {
            let next = settled(call(&entries, "next", &[])?).await?;
            if Reflect::get(&next, &"done".into())?.is_truthy() {
                break;
            }
            let entry = Reflect::get(&next, &"value".into())?;
            waiting.push_back((format!("{path}/{}", text(&entry, "name").unwrap_or_default()), entry));
        }
    }
    Ok(found)
}

/// The handles of what was dropped, as promises. They must be asked for while the drop's event is handled.
pub(crate) fn dropped(transfer: &DataTransfer) -> Vec<Promise> {
    let items = transfer.items();
    let handle = |item: web_sys::DataTransferItem| {
        let asked = call(&item, "getAsFileSystemHandle", &[]).ok()?;
        (item.kind() == "file").then(|| Promise::from(asked))
    };
    (0..items.length()).filter_map(|at| items.get(at)).filter_map(handle).collect()
}

/// Waits for handles. What is none, as a file from an archive, is left out.
pub(crate) async fn awaited(promises: Vec<Promise>) -> Vec<JsValue> {
    let mut handles = Vec::new();
    for promise in promises {
        if let Ok(handle) = settled(promise.into()).await
            && handle.is_object()
        {
            handles.push(handle);
        }
    }
    handles
}

/// The browser's own dialog for files or a folder; `None` where it gives no handles.
pub(crate) fn picker(is_folder: bool) -> Option<Function> {
    let name = if is_folder { "showDirectoryPicker" } else { "showOpenFilePicker" };
    Reflect::get(&window(), &name.into()).ok()?.dyn_into().ok()
}

/// Shows that dialog. `None` when the person changed their mind.
pub(crate) async fn picked(picker: Function, is_folder: bool) -> Result<Option<Vec<JsValue>>, JsValue> {
    let options = js_sys::Object::new();
    let (name, value) = if is_folder { ("mode", JsValue::from("read")) } else { ("multiple", JsValue::TRUE) };
    Reflect::set(&options, &name.into(), &value)?;
    match settled(picker.call1(&window(), &options)?).await {
        Ok(handles) if Array::is_array(&handles) => Ok(Some(Array::from(&handles).to_vec())),
        Ok(handle) => Ok(Some(vec![handle])),
        Err(error) if text(&error, "name").as_deref() == Some("AbortError") => Ok(None),
        Err(error) => Err(error),
    }
}
