//! Writes rows to a file.

use super::use_pad;
use crate::exports::{FORMATS, Rows};
use crate::runs::Outcome;
use crate::session::use_session;
use crate::ui::{Button, Lucide, Sheet, Weight};
use leptos::prelude::*;

/// The button and its sheet.
#[component]
pub(super) fn ExportButton() -> impl IntoView {
    let (session, pad) = (use_session(), use_pad());
    let is_open = RwSignal::new(false);
    let runs = pad.runs;
    // The rows that are shown, where they are all here.
    let kept = Memo::new(move |_| {
        runs.statements.with(|list| {
            let shown = list.get(runs.shown.get().min(list.len().saturating_sub(1)))?;
            let is_whole = matches!(shown.outcome, Outcome::Finished { .. });
            shown.rows.filter(|_| is_whole).map(|rows| rows.result)
        })
    });
    let is_blank = Memo::new(move |_| pad.text.with(|text| text.trim().is_empty()));
    let formats = move |rows: Rows| {
        FORMATS
            .iter()
            .map(|format| {
                view! {
                    <Button
                        label=format.label
                        on_press=Callback::new(move |()| {
                            is_open.set(false);
                            session.exports.write(pad, rows, *format);
                        })
                    />
                }
            })
            .collect_view()
    };
    view! {
        <Button
            label="Export"
            icon=Lucide::Export
            disabled=is_blank
            on_press=Callback::new(move |()| is_open.set(true))
        />
        <Sheet open=is_open title="Export">
            {move || {
                kept.get()
                    .map(|result| {
                        view! {
                            <section class="export">
                                <h3>"The rows that are shown"</h3>
                                <div class="export-formats">{formats(Rows::Kept(result))}</div>
                            </section>
                        }
                    })
            }}
            <section class="export">
                <h3>"Run the query into a file"</h3>
                <p class="quiet">
                    "Rows go straight into the file and are never kept, so there may be more of them than fit into memory. The selected query runs, or the only one."
                </p>
                <div class="export-formats">{formats(Rows::OfQuery)}</div>
            </section>
            <section class="export">
                <h3>"The query itself"</h3>
                <Button
                    label="Copy a link to it"
                    icon=Lucide::Link
                    weight=Weight::Plain
                    on_press=Callback::new(move |()| {
                        is_open.set(false);
                        session.copy_link();
                    })
                />
            </section>
        </Sheet>
    }
}
