//! Web Locks: what only one of all tabs of this site may do at a time.

use futures::channel::oneshot;
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &JsValue,
    ) -> Result<Promise, JsValue>;
}

/// Released when dropped, or when the worker dies.
pub(crate) struct Lock {
    release: Option<Function>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // Resolving a promise does not throw.
            drop(release.call0(&JsValue::UNDEFINED));
        }
    }
}

/// Waits for a lock.
pub(crate) async fn lock(name: &str) -> Result<Lock, JsValue> {
    match request(name, &Object::new()).await? {
        Some(lock) => Ok(lock),
        None => Err(JsValue::from_str("the lock was not granted")),
    }
}

/// Takes a lock if nobody has it.
pub(crate) async fn try_lock(name: &str) -> Result<Option<Lock>, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &true.into())?;
    request(name, &options).await
}

async fn request(name: &str, options: &Object) -> Result<Option<Lock>, JsValue> {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
    let manager = Reflect::get(&navigator, &"locks".into())?;
    if manager.is_undefined() {
        return Err(JsValue::from_str("this browser has no locks between tabs"));
    }
    let manager: LockManager = manager.unchecked_into();
    let (granted, is_granted) = oneshot::channel();
    let mut release = None;
    let held = Promise::new(&mut |resolve, _reject| release = Some(resolve));
    // If we are dropped while waiting, this resolves `held`, so a lock that is granted later is given back at once.
    let lock = Lock { release };
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        // Nobody may be waiting any more.
        let _ = granted.send(!lock.is_null());
        held.into()
    });
    // Settles when the lock is released, which nobody waits for.
    let _ = manager.request(name, options, &callback)?;
    match is_granted.await {
        Ok(true) => Ok(Some(lock)),
        Ok(false) => Ok(None),
        Err(_) => Err(JsValue::from_str("the lock request was given up")),
    }
}
