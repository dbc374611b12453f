//! The page as an installed program: kept for visits without a network, offered when it is new, opened with files by the
//! operating system.

use crate::js::{call, settled};
use crate::session::Session;
use js_sys::{Array, Reflect};
use leptos::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState};

/// The script, seen from the page.
const SCRIPT: &str = "./sw.js";
/// What a waiting version is told.
const TAKE_OVER: &str = "take over";

/// A version of the page that is here and waits.
#[derive(Clone, Copy)]
pub(crate) struct PageUpdate {
    waiting: RwSignal<Option<ServiceWorker>, LocalStorage>,
}

impl PageUpdate {
    /// Has the page kept, where the browser can, and looks for a new version.
    pub(crate) fn start() -> Self {
        let update = Self { waiting: RwSignal::new_local(None) };
        if let Some(container) = container() {
            wasm_bindgen_futures::spawn_local(async move {
                // Without it the page is as it was, but for visits without a network.
                if let Err(error) = update.register(&container).await {
                    leptos::logging::warn!(
                        "The page is not kept: {}",
                        crate::engine_client::describe(&error)
                    );
                }
            });
        }
        update
    }

    async fn register(self, container: &ServiceWorkerContainer) -> Result<(), JsValue> {
        let registered = JsFuture::from(container.register(SCRIPT)).await?;
        // Some browsers that are told to keep nothing say so by nothing.
        if !registered.is_object() {
            return Ok(());
        }
        let registration: ServiceWorkerRegistration = registered.unchecked_into();
        // The first version has nothing to take over from.
        if let Some(waiting) = registration.waiting().filter(|_| container.controller().is_some()) {
            self.waiting.set(Some(waiting));
        }
        let (found, container) = (registration.clone(), container.clone());
        let on_found = Closure::<dyn FnMut()>::new(move || {
            let Some(new) = found.installing() else { return };
            let (watched, container) = (new.clone(), container.clone());
            let on_change = Closure::<dyn FnMut()>::new(move || {
                if watched.state() == ServiceWorkerState::Installed && container.controller().is_some() {
                    self.waiting.set(Some(watched.clone()));
                }
            });
            new.set_onstatechange(Some(on_change.as_ref().unchecked_ref()));
            on_change.forget();
        });
        registration.set_onupdatefound(Some(on_found.as_ref().unchecked_ref()));
        on_found.forget();
        Ok(())
    }

    /// Whether a new version waits.
    pub(crate) fn is_there(self) -> bool {
        self.waiting.with(Option::is_some)
    }

    /// Not now: it takes over when the last tab with this version is closed.
    pub(crate) fn put_off(self) {
        self.waiting.set(None);
    }

    /// Takes the new version, and loads the page anew.
    pub(crate) fn take(self) {
        let (Some(waiting), Some(container)) = (self.waiting.get_untracked(), container()) else { return };
        let was_reloaded = Rc::new(Cell::new(false));
        let on_change = Closure::<dyn FnMut()>::new(move || {
            if !was_reloaded.replace(true) {
                // A page that cannot be loaded anew stays as it is.
                drop(window().location().reload());
            }
        });
        container.set_oncontrollerchange(Some(on_change.as_ref().unchecked_ref()));
        on_change.forget();
        // A worker that is gone by now has taken over already.
        drop(waiting.post_message(&TAKE_OVER.into()));
    }
}

/// The browser's service workers; over plain http there are none.
fn container() -> Option<ServiceWorkerContainer> {
    let container = Reflect::get(&window().navigator(), &"serviceWorker".into()).ok()?;
    container.is_object().then(|| container.unchecked_into())
}

/// Opens the files that the operating system started the installed page with.
pub(crate) fn open_launched(session: Session) {
    let Ok(queue) = Reflect::get(&window(), &"launchQueue".into()) else { return };
    let consumer = Closure::<dyn FnMut(JsValue)>::new(move |launch: JsValue| {
        let handles = Reflect::get(&launch, &"files".into()).unwrap_or_default();
        wasm_bindgen_futures::spawn_local(async move {
            let mut files = Vec::new();
            for handle in Array::from(&handles).iter() {
                if let Ok(file) = file_of(&handle).await {
                    files.push((file.name(), file));
                }
            }
            if !files.is_empty() {
                session.open_files(files);
                session.handles.keep(Array::from(&handles).to_vec());
            }
        });
    });
    // Where the browser has no such queue, the page is one without files.
    if call(&queue, "setConsumer", &[consumer.as_ref().clone()]).is_ok() {
        consumer.forget();
    }
}

async fn file_of(handle: &JsValue) -> Result<File, JsValue> {
    settled(call(handle, "getFile", &[])?).await?.dyn_into()
}
