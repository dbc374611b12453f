//! The failed face of a panel: what, where, what to do; the rest folded; a copy button.

use crate::clipboard;
use crate::ui::{Button, Icon, Lucide, Weight};
use leptos::prelude::*;
use tarn_rpc::{ErrorKind, ErrorReport, Position};

/// An error.
#[component]
pub(crate) fn ErrorPanel(
    /// The error.
    error: ErrorReport,
    /// Goes to where it is.
    #[prop(optional)]
    on_go: Option<Callback<Position>>,
    /// Writes what could stand there instead.
    #[prop(optional)]
    on_fix: Option<Callback<(Position, String)>>,
) -> impl IntoView {
    let fix = error.position.zip(error.fix.clone()).zip(on_fix).map(|((position, fix), on_fix)| {
        let label = format!("Write {fix}");
        let on_press = Callback::new(move |()| on_fix.run((position, fix.clone())));
        view! { <Button label weight=Weight::Primary on_press /> }
    });
    let text = as_text(&error);
    let was_copied = RwSignal::new(false);
    let copy = Callback::new(move |()| {
        clipboard::write(text.clone());
        was_copied.set(true);
    });
    let position = error.position.map(|position| {
        let place = format!("Line {}, column {}", position.line, position.column);
        match on_go {
            Some(on_go) => view! {
                <button type="button" class="error-place" on:click=move |_| on_go.run(position)>
                    {place}
                </button>
            }
            .into_any(),
            None => view! { <span>{place}</span> }.into_any(),
        }
    });
    view! {
        <div class="error" role="alert">
            <Icon of=Lucide::Error />
            <div class="error-body">
                <p class="error-head">
                    <strong>{title(error.kind)}</strong>
                    {position}
                </p>
                <p class="error-message">{error.message}</p>
                {error.hint.map(|hint| view! { <p class="error-hint">{hint}</p> })}
                {error
                    .detail
                    .map(|detail| {
                        view! {
                            <details class="error-detail">
                                <summary>"Details"</summary>
                                <pre tabindex="0">{detail}</pre>
                            </details>
                        }
                    })}
            </div>
            {fix}
            <Button
                label=Signal::derive(move || if was_copied.get() { "Copied" } else { "Copy" }.to_owned())
                icon=Lucide::Copy
                weight=Weight::Plain
                on_press=copy
            />
        </div>
    }
}

/// A kind of error as a heading.
fn title(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax => "The SQL does not parse",
        ErrorKind::NotFound => "Not found",
        ErrorKind::Invalid => "The statement is not valid",
        ErrorKind::BadData => "The file cannot be read",
        ErrorKind::PermissionDenied => "Access was refused",
        ErrorKind::Unavailable => "The store cannot be reached",
        ErrorKind::StorageFull => "The store is full",
        ErrorKind::OutOfMemory => "Not enough memory",
        ErrorKind::Execution => "The query failed on the data",
        ErrorKind::Cancelled => "Stopped",
        ErrorKind::Conflict => "Another writer was first",
        ErrorKind::Unsupported => "Not supported",
        ErrorKind::VersionMismatch => "Different versions",
        ErrorKind::Internal => "Tarn failed",
    }
}

/// The whole error, for the clipboard.
fn as_text(error: &ErrorReport) -> String {
    let mut text = format!("{}: {}", title(error.kind), error.message);
    if let Some(position) = error.position {
        text.push_str(&format!("\nat line {}, column {}", position.line, position.column));
    }
    for more in [&error.hint, &error.detail].into_iter().flatten() {
        text.push('\n');
        text.push_str(more);
    }
    text
}
