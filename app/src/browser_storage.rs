//! Small texts that outlive the page. A tab first reads what it wrote itself, so that two tabs keep their own; a new
//! tab begins with what the last one wrote.

use web_sys::Storage;

/// Reads a text.
pub(crate) fn read(key: &str) -> Option<String> {
    stores().into_iter().flatten().find_map(|store| store.get_item(key).ok().flatten())
}

/// Writes a text. A browser that refuses (private mode, no room) loses it with the page.
pub(crate) fn write(key: &str, text: &str) {
    for store in stores().into_iter().flatten() {
        drop(store.set_item(key, text));
    }
}

fn stores() -> [Option<Storage>; 2] {
    let Some(window) = web_sys::window() else { return [None, None] };
    [window.session_storage().ok().flatten(), window.local_storage().ok().flatten()]
}

/// Reads a text that all tabs share.
pub(crate) fn read_shared(key: &str) -> Option<String> {
    shared()?.get_item(key).ok().flatten()
}

/// Writes a text that all tabs share, unless it is there already. A browser that refuses loses it with the page.
pub(crate) fn write_shared(key: &str, text: &str) {
    if read_shared(key).as_deref() != Some(text)
        && let Some(store) = shared()
    {
        drop(store.set_item(key, text));
    }
}

/// Forgets a text that all tabs share.
pub(crate) fn remove_shared(key: &str) {
    if let Some(store) = shared() {
        drop(store.remove_item(key));
    }
}

fn shared() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
