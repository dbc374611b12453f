//! What JavaScript rejects with, as errors of stores.

use object_store::Error as StoreError;
use wasm_bindgen::JsValue;

pub(crate) const STORE: &str = "OPFS";

/// Why this page has no file system of its own.
#[derive(Debug, thiserror::Error)]
#[error("this page cannot keep files in the browser: {reason}")]
pub struct OpfsUnavailable {
    /// What is missing, and what would help.
    pub reason: String,
}

/// What the browser said of a file, where nothing more is known.
#[derive(Debug, thiserror::Error)]
#[error("the browser's file system failed: {name}: {message}")]
struct BrowserError {
    name: String,
    message: String,
}

pub(crate) fn name_of(error: &JsValue) -> String {
    text_property(error, "name").unwrap_or_else(|| "Error".to_owned())
}

pub(crate) fn message_of(error: &JsValue) -> String {
    text_property(error, "message").or_else(|| error.as_string()).unwrap_or_default()
}

fn text_property(value: &JsValue, key: &str) -> Option<String> {
    js_sys::Reflect::get(value, &key.into()).ok()?.as_string()
}

pub(crate) fn is_missing(error: &JsValue) -> bool {
    // The second: a folder where a file was asked for, or the other way round.
    matches!(name_of(error).as_str(), "NotFoundError" | "TypeMismatchError")
}

/// An error of the browser, as the variant of `object_store::Error` that means the same.
pub(crate) fn store_error(error: &JsValue, path: impl Into<String>) -> StoreError {
    let (name, message) = (name_of(error), message_of(error));
    let source = BrowserError { name, message };
    match source.name.as_str() {
        "NotFoundError" | "TypeMismatchError" => {
            StoreError::NotFound { path: path.into(), source: source.into() }
        }
        "NotAllowedError" | "SecurityError" => {
            StoreError::PermissionDenied { path: path.into(), source: source.into() }
        }
        "QuotaExceededError" => {
            let full = tarn_storage::Error::StorageFull { reason: source.message };
            full.into_store_error(STORE, path)
        }
        // A file that was replaced or edited on disk since it was opened.
        "NotReadableError" => {
            let path = path.into();
            tarn_storage::Error::Changed { path: path.clone() }.into_store_error(STORE, path)
        }
        _ => StoreError::Generic { store: STORE, source: source.into() },
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_the_browser_says_is_told_apart() {
        let check = |name: &str, is_right: fn(&StoreError) -> bool| {
            let error = js_sys::Error::new("said the browser");
            error.set_name(name);
            let error = store_error(&error, "a/b");
            assert!(is_right(&error), "{name}: {error:?}");
        };
        let is_full = |error: &StoreError| {
            matches!(tarn_storage::Error::find(error), Some(tarn_storage::Error::StorageFull { .. }))
                && error.to_string().contains("full")
        };
        check("QuotaExceededError", is_full);
        check("NotFoundError", |error| matches!(error, StoreError::NotFound { .. }));
        check("TypeMismatchError", |error| matches!(error, StoreError::NotFound { .. }));
        check("NotAllowedError", |error| matches!(error, StoreError::PermissionDenied { .. }));
        check("NotReadableError", |error| matches!(error, StoreError::Precondition { .. }));
        check("InvalidStateError", |error| error.to_string().contains("said the browser"));
    }
}
