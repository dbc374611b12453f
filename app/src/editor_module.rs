//! The editor's code, which is JavaScript of its own: fetched once, when a page first needs it.

use crate::engine_client::describe;
use js_sys::{Array, Object, Promise};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::Element;

/// Where it lies, seen from the page.
const SCRIPT: &str = "./editor/editor.js";

#[wasm_bindgen(inline_js = "export const load = (url) => import(url);")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn load(url: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The module.
    #[derive(Clone)]
    pub(crate) type Module;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn mount(this: &Module, parent: &Element, options: &Object) -> Result<Handle, JsValue>;

    /// An editor on the page. Positions are UTF-16 units.
    #[derive(Clone)]
    pub(crate) type Handle;

    #[wasm_bindgen(method)]
    pub(crate) fn text(this: &Handle) -> String;

    #[wasm_bindgen(method, js_name = setText)]
    pub(crate) fn set_text(this: &Handle, text: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn selection(this: &Handle) -> Array;

    #[wasm_bindgen(method, js_name = addStatement)]
    pub(crate) fn add_statement(this: &Handle, added: &str, from: u32, to: u32, insert_from: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn replace(this: &Handle, from: u32, to: u32, text: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn select(this: &Handle, from: u32, to: u32);

    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Handle);

    #[wasm_bindgen(method, js_name = setMarks)]
    pub(crate) fn set_marks(this: &Handle, marks: &Array);

    #[wasm_bindgen(method, js_name = setCatalog)]
    pub(crate) fn set_catalog(this: &Handle, catalog: &JsValue);

    #[wasm_bindgen(method)]
    pub(crate) fn format(this: &Handle) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn open(this: &Handle, id: &str, text: &str);

    #[wasm_bindgen(method)]
    pub(crate) fn destroy(this: &Handle);
}

/// The module, fetched when it is first wanted. Copies are the same.
#[derive(Clone, Copy)]
pub(crate) struct EditorModule {
    loaded: RwSignal<Option<Module>, LocalStorage>,
    is_wanted: StoredValue<bool>,
}

impl EditorModule {
    /// Not wanted yet.
    pub(crate) fn new() -> Self {
        Self { loaded: RwSignal::new_local(None), is_wanted: StoredValue::new(false) }
    }

    /// The module, once it is there.
    pub(crate) fn want(self) -> RwSignal<Option<Module>, LocalStorage> {
        if !self.is_wanted.get_value() {
            self.is_wanted.set_value(true);
            wasm_bindgen_futures::spawn_local(async move {
                match fetch().await {
                    Ok(module) => self.loaded.set(Some(module)),
                    // The plain editor stays.
                    Err(error) => {
                        leptos::logging::warn!("The editor could not be loaded: {}", describe(&error))
                    }
                }
            });
        }
        self.loaded
    }
}

async fn fetch() -> Result<Module, JsValue> {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    let url = web_sys::Url::new_with_base(SCRIPT, &base)?.href();
    Ok(load(&url).await?.unchecked_into())
}
