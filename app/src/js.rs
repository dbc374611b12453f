//! Calls of what the browser has and its bindings have not.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Calls a method by its name.
pub(crate) fn call(target: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let method: Function = Reflect::get(target, &name.into())?.dyn_into()?;
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    method.apply(target, &list)
}

/// What a promise comes to; a value that is none is there already.
pub(crate) async fn settled(value: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&value)).await
}

/// A property that is a text.
pub(crate) fn text(target: &JsValue, name: &str) -> Option<String> {
    Reflect::get(target, &name.into()).ok()?.as_string()
}

/// A plain object.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        set(&object, key, value);
    }
    object
}

/// Sets a field of a plain object, which cannot fail.
pub(crate) fn set(object: &Object, key: &str, value: &JsValue) {
    drop(Reflect::set(object, &key.into(), value));
}
