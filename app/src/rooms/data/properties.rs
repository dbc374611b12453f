//! What is set on a table, and what it needs of those who read and write it.

use super::facts::{Facts, map, time};
use crate::asked::Answer;
use crate::display;
use crate::json_text;
use crate::session::use_session;
use crate::tables::TableName;
use crate::ui::{ErrorPanel, RowsSkeleton};
use leptos::prelude::*;

/// The tab. `detail` is the answer of DESCRIBE DETAIL.
#[component]
pub(super) fn PropertiesTab(table: TableName, detail: Answer) -> impl IntoView {
    let engine = use_session().engine;
    let set = LocalResource::new(move || engine.ask(format!("SHOW TBLPROPERTIES {}", table.sql())));
    view! {
        <div class="table-page">
            {move || match set.get() {
                None => view! { <RowsSkeleton label="The properties are on their way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error /> }.into_any(),
                Some(Ok(answer)) if answer.rows.is_empty() => {
                    view! {
                        <section class="facts">
                            <h3>"Properties"</h3>
                            <p class="quiet">
                                "None is set. ALTER TABLE … SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true') sets one."
                            </p>
                        </section>
                    }
                        .into_any()
                }
                Some(Ok(answer)) => {
                    let facts = (0..answer.rows.len())
                        .map(|row| {
                            let value = answer.value(row, "value").map(str::to_owned);
                            (answer.value(row, "key").unwrap_or_default().to_owned(), value)
                        })
                        .collect();
                    view! { <Facts title="Properties" facts /> }.into_any()
                }
            }}
            <Facts title="Detail" facts=facts_of(&detail) />
        </div>
    }
}

fn facts_of(detail: &Answer) -> Vec<(String, Option<String>)> {
    let names = detail.columns.iter().map(|column| column.name.as_str());
    names
        .filter(|name| *name != "properties")
        .map(|name| {
            let raw = detail.value(0, name);
            let value = raw.map(|raw| match name {
                "sizeInBytes" => raw.parse().map_or_else(|_| raw.to_owned(), display::bytes),
                "createdAt" | "lastModified" => time(raw),
                "numFiles" => display::with_thousands(raw),
                _ if raw == "[]" => "none".to_owned(),
                _ if raw.starts_with('[') => list(raw).join(", "),
                _ if raw.starts_with('{') => {
                    let pairs = map(Some(raw)).into_iter();
                    let pairs = pairs.map(|(key, value)| format!("{key} = {}", value.unwrap_or_default()));
                    pairs.collect::<Vec<_>>().join(", ")
                }
                _ => raw.to_owned(),
            });
            (name.to_owned(), value.filter(|value| !value.is_empty()))
        })
        .collect()
}

/// A list of texts, as the engine sends it.
pub(super) fn list(raw: &str) -> Vec<String> {
    let inside = raw.trim().trim_start_matches('[').trim_end_matches(']');
    // The texts of a list are read as those of a map are.
    let mut texts = Vec::new();
    for (at, text) in split_texts(inside).into_iter().enumerate() {
        let leaf = json_text::leaves(&format!("{{\"{at}\":{text}}}")).pop();
        texts.extend(leaf.and_then(|(_, value)| value));
    }
    texts
}

fn split_texts(inside: &str) -> Vec<String> {
    let (mut texts, mut text, mut in_string, mut escaped) = (Vec::new(), String::new(), false, false);
    for char in inside.chars() {
        match char {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            ',' if !in_string => {
                texts.push(std::mem::take(&mut text));
                continue;
            }
            _ => {}
        }
        text.push(char);
    }
    if !text.trim().is_empty() {
        texts.push(text);
    }
    texts
}
