//! What all dialogs of the page share: how they open, and a press beside them.

use leptos::ev::Event;
use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlDialogElement;

/// Opens a dialog over the page, if it is not open; where the browser cannot, beside it.
pub(crate) fn open(dialog: &HtmlDialogElement) {
    if !dialog.open() && dialog.show_modal().is_err() {
        dialog.set_open(true);
    }
}

/// Whether an event is beside a dialog's content: such a press lands on the dialog itself.
pub(crate) fn is_beside(dialog: NodeRef<html::Dialog>, event: &Event) -> bool {
    let target = event.target();
    dialog.get_untracked().is_some_and(|dialog| target.is_some_and(|target| target == *dialog.as_ref()))
}
