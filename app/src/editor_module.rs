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

thread_local! {
    static LOADED: RwSignal<Option<Module>, LocalStorage> = Owner::new().with(start);
}

/// The module, once it is there.
pub(crate) fn loaded() -> RwSignal<Option<Module>, LocalStorage> {
    LOADED.with(|loaded| *loaded)
}

fn start() -> RwSignal<Option<Module>, LocalStorage> {
    let loaded = RwSignal::new_local(None);
    wasm_bindgen_futures::spawn_local(async move {
        let base = document().base_uri().ok().flatten().unwrap_or_default();
        let url = web_sys::Url::new_with_base(SCRIPT, &base).map(|url| url.href());
        let module = match url {
            Ok(url) => load(&url).await,
            Err(error) => Err(error),
        };
        match module {
            Ok(module) => loaded.set(Some(module.unchecked_into())),
            // The plain editor stays.
            Err(error) => leptos::logging::warn!("The editor could not be loaded: {}", describe(&error)),
        }
    });
    loaded
}
