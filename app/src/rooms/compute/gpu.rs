//! The GPU that a program in this page gets by WebGPU. Nothing of Tarn uses it yet; what there is decides what can.

use crate::js::{call, settled, text};
use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

/// What is known of the adapter.
#[component]
pub(super) fn Gpu() -> impl IntoView {
    let found = RwSignal::new("Asking the browser…".to_owned());
    wasm_bindgen_futures::spawn_local(async move {
        found.try_set(describe().await);
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
    let adapter = match call(&gpu, "requestAdapter", &[]) {
        Ok(asked) => settled(asked).await.unwrap_or(JsValue::NULL),
        Err(_) => JsValue::NULL,
    };
    if !adapter.is_object() {
        return "WebGPU is there, but gives no adapter: this machine may have no GPU, or its driver is not allowed."
            .to_owned();
    }
    let info = get(&adapter, "info");
    let words = ["vendor", "architecture", "device", "description"].map(|name| text(&info, name));
    let words: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() { "An adapter without a name".to_owned() } else { words.join(", ") };
    let is_software = get(&info, "isFallbackAdapter").is_truthy();
    format!("{name}{}", if is_software { " (in software, on the CPU)" } else { "" })
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
