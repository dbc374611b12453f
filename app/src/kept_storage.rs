//! What the browser keeps for this site: how much is in use, how much there may be, and whether it may be thrown away when
//! the disk gets full. <https://storage.spec.whatwg.org/>

use crate::browser_storage;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{StorageEstimate, StorageManager};

/// Says that the browser was asked: some ask the person, who is not to be asked at every visit.
const ASKED_KEY: &str = "tarn.storage.asked";

/// The state of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptStorage {
    /// Bytes in use.
    pub(crate) used_bytes: u64,
    /// Bytes that there may be.
    pub(crate) quota_bytes: u64,
    /// Whether only the person can clear it; else the browser may, when it needs room.
    pub(crate) is_persisted: bool,
}

/// The state as it was last seen; `None` where the browser has no such storage, or has not said yet.
#[derive(Clone, Copy)]
pub(crate) struct StorageWatch {
    /// The state.
    pub(crate) state: RwSignal<Option<KeptStorage>>,
    /// Whether the browser was asked to keep it, and declined.
    pub(crate) was_declined: RwSignal<bool>,
}

impl StorageWatch {
    /// Looks for the first time.
    pub(crate) fn start() -> Self {
        let watch = Self { state: RwSignal::new(None), was_declined: RwSignal::new(false) };
        watch.look();
        watch
    }

    /// Looks how it is now.
    pub(crate) fn look(self) {
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(state) = read().await {
                self.state.set(Some(state));
            }
        });
    }

    /// Asks the browser to keep what is there now, if it never was asked: for when the first table is written.
    pub(crate) fn ask_once(self) {
        if browser_storage::read(ASKED_KEY).is_none() {
            self.ask();
        }
    }

    /// Asks the browser to keep it. Some browsers ask the person; some decide by how much the site is used.
    pub(crate) fn ask(self) {
        browser_storage::write(ASKED_KEY, "yes");
        wasm_bindgen_futures::spawn_local(async move {
            let Some(manager) = manager() else { return };
            if !promised_bool(manager.persisted()).await {
                let granted = promised_bool(manager.persist()).await;
                self.was_declined.set(!granted);
            }
            self.look();
        });
    }
}

async fn read() -> Option<KeptStorage> {
    let manager = manager()?;
    let estimate = JsFuture::from(manager.estimate().ok()?).await.ok()?;
    let estimate: StorageEstimate = estimate.unchecked_into();
    let bytes = |value: Option<f64>| value.unwrap_or_default().max(0.0) as u64;
    Some(KeptStorage {
        used_bytes: bytes(estimate.get_usage()),
        quota_bytes: bytes(estimate.get_quota()),
        is_persisted: promised_bool(manager.persisted()).await,
    })
}

async fn promised_bool(promise: Result<js_sys::Promise, wasm_bindgen::JsValue>) -> bool {
    let Ok(promise) = promise else { return false };
    JsFuture::from(promise).await.is_ok_and(|value| value.is_truthy())
}

/// The browser's manager; over plain http there is none.
fn manager() -> Option<StorageManager> {
    let manager = js_sys::Reflect::get(&window().navigator(), &"storage".into()).ok()?;
    manager.is_object().then(|| manager.unchecked_into())
}
