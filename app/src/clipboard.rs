//! Writing to the clipboard, also over plain http.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlElement, HtmlTextAreaElement};

/// Puts text on the clipboard, as well as the browser lets us.
pub(crate) fn write(text: String) {
    let Some(window) = web_sys::window() else { return };
    if window.is_secure_context() {
        let written = window.navigator().clipboard().write_text(&text);
        wasm_bindgen_futures::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(written).await.is_err() {
                write_by_selection(&text);
            }
        });
    } else {
        write_by_selection(&text);
    }
}

/// Puts text on the clipboard that was not there when it was asked for. Returns whether the browser let us.
pub(crate) async fn write_later(text: String) -> bool {
    let Some(window) = web_sys::window() else { return false };
    if window.is_secure_context() {
        let written = window.navigator().clipboard().write_text(&text);
        if wasm_bindgen_futures::JsFuture::from(written).await.is_ok() {
            return true;
        }
    }
    write_by_selection(&text).is_some()
}

/// The older way, which needs no secure context: select it and ask the document to copy.
fn write_by_selection(text: &str) -> Option<()> {
    let document = web_sys::window()?.document()?;
    let area = document.create_element("textarea").ok()?.dyn_into::<HtmlTextAreaElement>().ok()?;
    area.set_class_name("unseen");
    area.set_value(text);
    let focused = document.active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.dyn_ref::<HtmlDocument>()?.exec_command("copy");
    area.remove();
    focused?.focus().ok()?;
    copied.ok().filter(|is_copied| *is_copied).map(|_| ())
}
