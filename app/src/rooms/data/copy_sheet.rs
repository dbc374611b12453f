//! The form that copies a table with its log: into the lake, or out to a bucket.

use super::list::kept_place;
use crate::route::{Route, TableRoute};
use crate::session::use_session;
use crate::tables::TableName;
use crate::ui::{Button, ErrorPanel, Field, Sheet, Weight};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

/// The sheet.
#[component]
pub(super) fn CopySheet(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The table.
    table: TableName,
    /// Whether the table is not of the lake.
    is_opened: Signal<bool>,
) -> impl IntoView {
    let title = Signal::derive(move || {
        if is_opened.get() { "Keep as table".to_owned() } else { "Copy the table".to_owned() }
    });
    let table = StoredValue::new(table);
    view! {
        <Sheet open title>
            <CopyForm open table is_opened=is_opened.get_untracked() />
        </Sheet>
    }
}

#[component]
fn CopyForm(open: RwSignal<bool>, table: StoredValue<TableName>, is_opened: bool) -> impl IntoView {
    let session = use_session();
    let table = table.get_value();
    let first = match is_opened {
        true => kept_place(&table).replace('/', "."),
        false => format!("main.default.{}_copy", table.short()),
    };
    let to = RwSignal::new(first);
    let trouble = RwSignal::new(None::<ErrorReport>);
    let copy = Callback::new(move |()| {
        let text = to.get_untracked().trim().to_owned();
        let (place, target) = match TableName::from_key(&text) {
            _ if text.contains("://") => (text.clone(), TableName::Path(text.clone())),
            Some(target) => (target.folder().unwrap_or_default(), target),
            None => return,
        };
        trouble.set(None);
        session.moves.copy(&table, place, move |copied| match copied {
            Ok(()) => {
                open.try_set(false);
                session.toasts.say(format!("Copied to {text}."));
                if target.folder().is_some() {
                    Route::Data(Some(TableRoute::new(target))).go();
                }
            }
            Err(error) => {
                trouble.try_set(Some(error));
            }
        });
    });
    let is_moving = Memo::new(move |_| session.moves.now.with(Option::is_some));
    view! {
        <form
            class="keys"
            autocomplete="off"
            on:submit=move |event| {
                event.prevent_default();
                copy.run(());
            }
        >
            <p class="quiet">
                "All files are copied, with the log, so the history comes along. Tables of the lake live in this browser’s own storage and are there after a reload."
            </p>
            <Field
                label="To"
                value=to
                note="catalog.schema.table in this lake, or s3://bucket/folder (with keys for S3)."
            />
            {move || trouble.get().map(|error| view! { <ErrorPanel error /> })}
            <button type="submit" hidden></button>
            <div class="sheet-actions">
                <Button
                    label=Signal::derive(move || {
                        match session.moves.now.get() {
                            Some(now) if now.total_bytes > 0 => {
                                format!("{} %", now.done_bytes * 100 / now.total_bytes)
                            }
                            Some(_) => "Copying…".to_owned(),
                            None => "Copy".to_owned(),
                        }
                    })
                    weight=Weight::Primary
                    disabled=is_moving
                    on_press=copy
                />
            </div>
        </form>
    }
}
