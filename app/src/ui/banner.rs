//! A banner: something that everyone on the page should know, until it is closed.

use crate::ui::{Icon, IconButton, Lucide};
use leptos::prelude::*;

/// What sort of news a banner has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Good to know.
    Info,
    /// Something was lost or is limited.
    Warning,
    /// Something does not work.
    Danger,
}

/// A banner. Children are its further actions.
#[component]
pub(crate) fn Banner(
    /// How bad the news is.
    tone: Tone,
    /// The news.
    #[prop(into)]
    text: Signal<String>,
    /// Closes it; a banner without this stays.
    #[prop(optional)]
    on_close: Option<Callback<()>>,
    /// Its actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, icon, role) = match tone {
        Tone::Info => ("banner", Lucide::Info, "status"),
        Tone::Warning => ("banner banner-warning", Lucide::Warning, "status"),
        Tone::Danger => ("banner banner-danger", Lucide::Error, "alert"),
    };
    view! {
        <div class=class role=role>
            <Icon of=icon />
            <p>{text}</p>
            {children.map(|children| children())}
            {on_close
                .map(|on_close| view! { <IconButton label="Close" icon=Lucide::Close on_press=on_close /> })}
        </div>
    }
}
