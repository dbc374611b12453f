//! Where a person opens something: buttons for what lies on this machine, and a field for a URL.

use crate::session::use_session;
use crate::ui::{IconButton, Lucide};
use leptos::prelude::*;

/// Buttons in a line, of which the first takes the room that is left.
#[component]
pub(super) fn OpenLine(
    /// The buttons.
    children: Children,
) -> impl IntoView {
    view! { <div class="open-line">{children()}</div> }
}

/// Where a URL is typed, beside the way to the keys that it may need.
#[component]
pub(super) fn UrlField(
    /// What the URL is of.
    label: &'static str,
    /// What the button does with it.
    add_label: &'static str,
    /// Takes the URL, or says what is wrong with it.
    on_add: Callback<String, Result<(), &'static str>>,
) -> impl IntoView {
    let session = use_session();
    let url = RwSignal::new(String::new());
    let trouble = RwSignal::new(None::<&'static str>);
    let add = move || match on_add.run(url.get_untracked()) {
        Ok(()) => {
            trouble.set(None);
            url.set(String::new());
        }
        Err(why) => trouble.set(Some(why)),
    };
    view! {
        <form
            class="url-field"
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <div class="url-line">
                <input
                    class="input"
                    type="text"
                    inputmode="url"
                    aria-label=label
                    placeholder="https://… or s3://…"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    prop:value=url
                    on:input:target=move |event| {
                        trouble.set(None);
                        url.set(event.target().value());
                    }
                />
                <IconButton label=add_label icon=Lucide::Plus on_press=Callback::new(move |()| add()) />
                <IconButton
                    label="Keys for S3"
                    icon=Lucide::Key
                    on_press=Callback::new(move |()| session.is_keys_open.set(true))
                />
            </div>
            <p role="alert" class="field-trouble">{trouble}</p>
        </form>
    }
}
