//! Bars: of histograms, of values, and of shares of a whole. Each is said to screen readers in words.

use crate::display;
use crate::profile::{Bin, Counted};
use leptos::prelude::*;

const WIDTH: f64 = 400.0;
const GAP: f64 = 1.0;

/// A histogram. `is_small` is one on a line, which is one picture to screen readers; else each bar is.
#[component]
pub(super) fn Histogram(
    /// What is counted.
    label: String,
    /// The bins.
    bins: Vec<Bin>,
    /// Whether it stands on a line of text.
    #[prop(optional)]
    is_small: bool,
) -> impl IntoView {
    let height = if is_small { 64.0 } else { 96.0 };
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or_default().max(1) as f64;
    let step = WIDTH / bins.len().max(1) as f64;
    let bars = bins
        .iter()
        .enumerate()
        .map(|(at, bin)| {
            // What is there is seen, however little.
            let tall = if bin.rows == 0 { 0.0 } else { (bin.rows as f64 / most * height).max(2.0) };
            let said = said(bin);
            view! {
                <g role="img" aria-label=said aria-hidden=is_small.then_some("true")>
                    <title>{said.clone()}</title>
                    <rect class="bars-back" x=step * at as f64 y="0" width=step height=height></rect>
                    <rect
                        class="bars-bar"
                        x=step * at as f64
                        y=height - tall
                        width=(step - GAP).max(0.5)
                        height=tall
                    ></rect>
                </g>
            }
        })
        .collect_view();
    view! {
        <svg
            class="bars"
            class:bars-small=is_small
            viewBox=format!("0 0 {WIDTH} {height}")
            preserveAspectRatio="none"
            role=if is_small { "img" } else { "group" }
            aria-label=label
        >
            {bars}
        </svg>
    }
}

/// A bin in words.
fn said(bin: &Bin) -> String {
    let rows = display::counted(bin.rows, "row");
    match (&bin.least, &bin.greatest) {
        _ if bin.rows == 0 => "no rows".to_owned(),
        (Some(least), Some(greatest)) if least == greatest => format!("{}: {rows}", shown(least)),
        (Some(least), Some(greatest)) => format!("{} to {}: {rows}", shown(least), shown(greatest)),
        _ => rows,
    }
}

/// A value as a figure is shown.
pub(super) fn shown(raw: &str) -> String {
    if raw.trim().is_empty() { format!("\"{raw}\"") } else { display::with_thousands(raw) }
}

/// Values with bars as long as they are often.
#[component]
pub(super) fn TopValues(
    /// The values.
    values: Vec<Counted>,
    /// Rows that are looked at.
    rows: u64,
    /// Whether figures get separators.
    is_number: bool,
) -> impl IntoView {
    let most = values.iter().map(|value| value.rows).max().unwrap_or_default().max(1);
    view! {
        <ul class="top-values">
            {values
                .into_iter()
                .map(|counted| {
                    let raw = counted.value.unwrap_or_default();
                    let text = if is_number || raw.trim().is_empty() { shown(&raw) } else { raw.clone() };
                    view! {
                        <li>
                            <span class="top-value" title=raw>{text}</span>
                            <span class="top-count">{display::count(counted.rows)}</span>
                            <span class="top-share">{percent(counted.rows, rows)}</span>
                            <Share part=counted.rows whole=most />
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

/// A bar that is as long as a part is of a whole. What it shows is said beside it.
#[component]
pub(crate) fn Share(
    /// The part.
    part: u64,
    /// The whole.
    whole: u64,
) -> impl IntoView {
    let percent = if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 };
    view! {
        <span class="share" aria-hidden="true">
            <span style:width=format!("{percent:.3}%")></span>
        </span>
    }
}

/// A part in hundredths of a whole; what is there is not called nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    match percent {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        small if small < 0.1 => "< 0.1 %".to_owned(),
        great if great > 99.9 => "> 99.9 %".to_owned(),
        other => format!("{other:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_neither_nothing_nor_all_unless_they_are() {
        for (part, whole, words) in [
            (0, 10, "0 %"),
            (1, 3_000_000, "< 0.1 %"),
            (2_999_999, 3_000_000, "> 99.9 %"),
            (3, 3, "100 %"),
            (1, 3, "33.3 %"),
            (0, 0, ""),
        ] {
            assert_eq!(percent(part, whole), words);
        }
    }

    #[test]
    fn bins_are_said_by_what_is_in_them() {
        let bin = |rows, least: &str, greatest: &str| Bin {
            rows,
            least: Some(least.to_owned()),
            greatest: Some(greatest.to_owned()),
        };
        assert_eq!(said(&bin(2000, "1000", "2000")), "1,000 to 2,000: 2,000 rows");
        assert_eq!(said(&bin(1, "x", "x")), "x: 1 row");
        assert_eq!(said(&Bin::default()), "no rows");
    }
}
