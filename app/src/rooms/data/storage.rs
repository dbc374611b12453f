//! What the browser keeps, and whether it may throw it away.

use crate::display;
use crate::session::use_session;
use crate::ui::{Button, Weight};
use leptos::prelude::*;
use tarn_rpc::StoreKind;

/// The note at the foot of the list.
#[component]
pub(in crate::rooms) fn StorageNote() -> impl IntoView {
    let session = use_session();
    let storage = session.storage;
    view! {
        <div class="storage">
            {move || {
                if let Some(StoreKind::Memory { .. }) = session.engine.store.get() {
                    return view! {
                        <p class="storage-warn">"Tables are in memory: they go when this tab is closed."</p>
                    }
                        .into_any();
                }
                let Some(state) = storage.state.get() else {
                    return view! { <p class="quiet">"Looking at the browser’s storage…"</p> }.into_any();
                };
                let share = state.used_bytes as f64 / state.quota_bytes.max(1) as f64 * 100.0;
                let used = format!(
                    "{} of {} used",
                    display::bytes(state.used_bytes),
                    display::bytes(state.quota_bytes),
                );
                view! {
                    <p>{used}</p>
                    <div class="storage-bar" aria-hidden="true">
                        <span style:width=format!("{:.2}%", share.min(100.0))></span>
                    </div>
                    {kept(state.is_persisted)}
                }
                    .into_any()
            }}
        </div>
    }
}

fn kept(is_persisted: bool) -> AnyView {
    let storage = use_session().storage;
    if is_persisted {
        return view! { <p class="quiet">"Kept until you clear it."</p> }.into_any();
    }
    view! {
        <div class="storage-line">
            <p class="storage-warn">
                {move || {
                    if storage.was_declined.get() {
                        "The browser may evict it, and declined to keep it."
                    } else {
                        "The browser may evict it."
                    }
                }}
            </p>
            <Button
                label="Keep it"
                weight=Weight::Plain
                on_press=Callback::new(move |()| storage.ask())
            />
        </div>
    }
    .into_any()
}
