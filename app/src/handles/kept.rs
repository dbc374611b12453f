//! Where handles are kept: IndexedDB, the one store of a browser that takes them.

use crate::js::{call, settled};
use js_sys::{Array, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;

const DATABASE: &str = "tarn.handles";
const STORE: &str = "handles";

/// All handles, those that were kept last at the end.
pub(super) async fn all() -> Result<Vec<JsValue>, JsValue> {
    let store = store("readonly").await?;
    let entries = Array::from(&answered(call(&store, "getAll", &[])?).await?).to_vec();
    let mut dated: Vec<(f64, JsValue)> = entries
        .into_iter()
        .filter_map(|entry| {
            let kept_millis = Reflect::get(&entry, &"keptMillis".into()).ok()?.as_f64()?;
            Some((kept_millis, Reflect::get(&entry, &"handle".into()).ok()?))
        })
        .collect();
    dated.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(dated.into_iter().map(|(_, handle)| handle).collect())
}

/// Keeps a handle under its name.
pub(super) async fn put(name: &str, handle: &JsValue) -> Result<(), JsValue> {
    let entry = js_sys::Object::new();
    Reflect::set(&entry, &"handle".into(), handle)?;
    Reflect::set(&entry, &"keptMillis".into(), &js_sys::Date::now().into())?;
    let store = store("readwrite").await?;
    answered(call(&store, "put", &[entry.into(), name.into()])?).await?;
    Ok(())
}

/// Forgets a handle.
pub(super) async fn remove(name: &str) -> Result<(), JsValue> {
    let store = store("readwrite").await?;
    answered(call(&store, "delete", &[name.into()])?).await?;
    Ok(())
}

async fn store(mode: &str) -> Result<JsValue, JsValue> {
    let factory = Reflect::get(&window(), &"indexedDB".into())?;
    let opening = call(&factory, "open", &[DATABASE.into(), 1.into()])?;
    let of = opening.clone();
    let make = Closure::once_into_js(move |_: JsValue| -> Result<(), JsValue> {
        let database = Reflect::get(&of, &"result".into())?;
        call(&database, "createObjectStore", &[STORE.into()])?;
        Ok(())
    });
    Reflect::set(&opening, &"onupgradeneeded".into(), &make)?;
    let database = answered(opening).await?;
    let transaction = call(&database, "transaction", &[STORE.into(), mode.into()])?;
    let store = call(&transaction, "objectStore", &[STORE.into()])?;
    // It closes when what was begun is done.
    call(&database, "close", &[])?;
    Ok(store)
}

/// What a request of IndexedDB comes to.
async fn answered(request: JsValue) -> Result<JsValue, JsValue> {
    let of = request.clone();
    let answer = Promise::new(&mut |resolve, reject| {
        let (done, failed) = (of.clone(), of.clone());
        let on_done = Closure::once_into_js(move |_: JsValue| {
            let result = Reflect::get(&done, &"result".into()).unwrap_or_default();
            // Calling a promise's own functions cannot fail.
            drop(resolve.call1(&JsValue::UNDEFINED, &result));
        });
        let on_failed = Closure::once_into_js(move |_: JsValue| {
            let error = Reflect::get(&failed, &"error".into()).unwrap_or_default();
            drop(reject.call1(&JsValue::UNDEFINED, &error));
        });
        // A request takes any handler.
        drop(Reflect::set(&of, &"onsuccess".into(), &on_done));
        drop(Reflect::set(&of, &"onerror".into(), &on_failed));
    });
    settled(answer.into()).await
}
