//! A link that carries a query: the pad's text, name and parameters stand in the link itself, so nobody else keeps them.

use crate::pads::SharedPad;
use crate::route::Route;
use crate::session::Session;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// A link that opens this query, here or on another machine.
pub(crate) fn link(pad: &SharedPad) -> Option<String> {
    let json = serde_json::to_vec(pad).ok()?;
    let letters: String = json.iter().map(|byte| char::from(*byte)).collect();
    let base64 = window().btoa(&letters).ok()?;
    let payload = base64.replace('+', "-").replace('/', "_");
    let page = window().location().href().ok()?;
    let page = page.split('#').next().unwrap_or_default();
    Some(format!("{page}{}", Route::Shared(payload.trim_end_matches('=').to_owned()).hash()))
}

/// Opens the query of a link in a pad of its own, unless one has it already. It is not run: a link can come from anyone.
pub(crate) fn open(session: Session, payload: &str) {
    // What is left in the address bar must not open it again.
    let replaced = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&Route::Query.hash())));
    drop(replaced);
    session.route.set(Route::Query);
    let Some(shared) = parse(payload) else {
        return session.toasts.say("This link carries no query: it may have been cut off.");
    };
    let pads = session.pads;
    let same = pads.list.with_untracked(|list| {
        list.iter().find(|pad| pad.text.with_untracked(|text| *text == shared.text)).map(|pad| pad.id)
    });
    match same {
        Some(id) => pads.shown.set(id),
        None => drop(pads.open(shared)),
    }
}

fn parse(payload: &str) -> Option<SharedPad> {
    let base64 = payload.replace('-', "+").replace('_', "/");
    let letters = window().atob(&base64).ok()?;
    let bytes: Option<Vec<u8>> = letters.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect();
    serde_json::from_slice(&bytes?).ok()
}
