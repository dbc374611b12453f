//! Copies of what is selected: values come whole from the engine, and go to the clipboard as text.

use crate::clipboard;
use crate::copy_text::{self, CopyFormat, Values};
use crate::display;
use crate::result_view::ResultView;
use crate::ui::ToastHost;
use leptos::prelude::*;
use tarn_rpc::Column;

/// More than this is for a file.
const MAX_ROWS: u64 = 100_000;

/// The cell that is active, by row and column.
pub(super) fn active_cell(view: ResultView) -> Option<(u64, usize)> {
    let active = view.grid.active.get_untracked()?;
    let column =
        view.grid.layout.with_untracked(|layout| layout.shown().columns.get(active.place).copied())?;
    Some((active.row?, column))
}

/// Copies what is selected, or all rows where nothing is.
pub(super) fn copy(view: ResultView, toasts: ToastHost, format: CopyFormat) {
    let rows = view.rows_untracked();
    let total = rows.total.get_untracked();
    let shown = view.grid.layout.with_untracked(|layout| layout.shown().columns);
    let area = untrack(move || view.grid.area(total));
    let (range, chosen) = match area {
        Some(area) => (area.rows, shown.get(area.places).map(<[usize]>::to_vec).unwrap_or_default()),
        None => (0..total, shown),
    };
    if range.is_empty() || chosen.is_empty() {
        return toasts.say("There is nothing to copy.");
    }
    let all = range.end - range.start;
    let range = range.start..range.end.min(range.start + MAX_ROWS);
    let count = range.end - range.start;
    let columns: Vec<Column> = {
        let columns = view.columns_untracked();
        chosen.iter().filter_map(|column| columns.get(*column).cloned()).collect()
    };
    let said = move || match (all > count, count, format) {
        (true, ..) => format!(
            "Copied the first {} of {} rows: a clipboard holds no more. Export the rest as a file.",
            display::count(count),
            display::count(all)
        ),
        (false, 1, CopyFormat::Tsv) => "Copied.".to_owned(),
        (false, ..) => format!("Copied {}.", display::counted(count, "row")),
    };
    // What is here is copied at once: some browsers let a page copy only in answer to a press.
    let here: Option<Values> = (count <= 5_000)
        .then(|| {
            range
                .clone()
                .map(|row| {
                    let cells = rows.row(row)?;
                    chosen
                        .iter()
                        .map(|column| {
                            cells.get(*column).filter(|cell| !cell.is_cut).map(|cell| cell.text.clone())
                        })
                        .collect()
                })
                .collect()
        })
        .flatten();
    if let Some(values) = here {
        return match copy_text::write(format, &columns, &values) {
            Ok(text) => {
                clipboard::write(text);
                toasts.say(said());
            }
            Err(message) => toasts.say(message),
        };
    }
    if count > 1_000 {
        toasts.say(format!("Copying {}…", display::counted(count, "row")));
    }
    wasm_bindgen_futures::spawn_local(async move {
        let text = match rows.values(range, &chosen).await {
            Ok(values) => copy_text::write(format, &columns, &values),
            Err(error) => Err(error.message),
        };
        let text = match text {
            Ok(text) => text,
            Err(message) => return toasts.say(message),
        };
        if clipboard::write_later(text).await {
            toasts.say(said());
        } else {
            toasts.say(
                "The browser did not let the page copy: keep the page in front and try again, or copy less at once.",
            );
        }
    });
}
