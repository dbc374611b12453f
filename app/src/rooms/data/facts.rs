//! Names and values in two columns, and how figures of the engine are written for people.

use crate::display;
use crate::json_text;
use leptos::prelude::*;

/// A list of facts. A value that is not there is a dim word.
#[component]
pub(super) fn Facts(
    /// What they are about, as a heading.
    title: &'static str,
    /// Names and values.
    facts: Vec<(String, Option<String>)>,
) -> impl IntoView {
    view! {
        <section class="facts">
            <h3>{title}</h3>
            <dl>
                {facts
                    .into_iter()
                    .map(|(name, value)| {
                        view! {
                            <div>
                                <dt>{name}</dt>
                                {match value {
                                    Some(value) => view! { <dd>{value}</dd> }.into_any(),
                                    None => view! { <dd class="facts-null">"null"</dd> }.into_any(),
                                }}
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </section>
    }
}

/// A timestamp with its zone: `2026-11-25 18:26:05 UTC`.
pub(super) fn time(raw: &str) -> String {
    let text = raw.replace('T', " ");
    let (time, zone) = match text.strip_suffix('Z') {
        Some(time) => (time, " UTC"),
        None => (text.as_str(), ""),
    };
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    format!("{whole}{zone}")
}

/// A map of texts, as the engine sends it.
pub(super) fn map(text: Option<&str>) -> Vec<(String, Option<String>)> {
    let leaves = json_text::leaves(text.unwrap_or_default());
    leaves.into_iter().map(|(path, value)| (path.join("."), value)).collect()
}

/// The value of a metric: a size, a time, or a count.
pub(super) fn metric(name: &str, raw: &str) -> String {
    match raw.parse::<u64>() {
        Ok(number) if name.ends_with("Bytes") => display::bytes(number),
        Ok(number) if name.ends_with("TimeMs") => display::duration(number as f64),
        _ => display::with_thousands(raw),
    }
}
