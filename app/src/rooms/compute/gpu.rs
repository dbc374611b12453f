//! The GPU that a program in this page gets by WebGPU. Nothing of Tarn uses it yet; what there is decides what can.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What is known of the adapter.
#[component]
pub(super) fn Gpu() -> impl IntoView {
    let found = RwSignal::new("Asking the browser…".to_owned());
    wasm_bindgen_futures::spawn_local(async move {
        let text = describe().await;
        found.try_set(text);
    });
    view! {
        <p>{found}</p>
        <p class="quiet">"Queries run on the CPU."</p>
    }
}

async fn describe() -> String {
    let gpu = get(&window().navigator(), "gpu");
    if !gpu.is_object() {
        let is_secure = window().is_secure_context();
        let why = if is_secure { "This browser has no WebGPU." } else { "WebGPU needs https, or localhost." };
        return why.to_owned();
    }
    let asked = get(&gpu, "requestAdapter").dyn_into::<Function>();
    let adapter = match asked.map(|asked| asked.call0(&gpu)) {
        Ok(Ok(promise)) => JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap_or(JsValue::NULL),
        _ => JsValue::NULL,
    };
    if !adapter.is_object() {
        return "WebGPU is there, but gives no adapter: this machine may have no GPU, or its driver is not allowed."
            .to_owned();
    }
    let info = get(&adapter, "info");
    let words = ["vendor", "architecture", "device", "description"].map(|name| get(&info, name).as_string());
    let words: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "An adapter without a name".to_owned() } else { words.join(", ") };
    let is_software = get(&info, "isFallbackAdapter").is_truthy();
    format!("{name}{}", if is_software { " (in software, on the CPU)" } else { "" })
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
