//! The schema of a file as a tree: physical and logical types, and how often each element occurs.

use crate::asked::Answer;
use leptos::prelude::*;

/// The statement; `path` is a literal. Of several files the first one's schema is shown.
pub(super) fn statement(path: &str) -> String {
    format!(
        "SELECT * FROM parquet_schema({path}) WHERE file_name = \
         (SELECT min(file_name) FROM parquet_file_metadata({path}))"
    )
}

/// The tree; children come after their parent, and are indented below it.
#[component]
pub(super) fn SchemaTree(schema: Answer) -> impl IntoView {
    let rows = (0..schema.rows.len())
        .map(|row| {
            let text = |name: &str| schema.value(row, name).map(str::to_owned);
            let depth = schema.number(row, "depth").unwrap_or_default();
            let children = schema.number(row, "num_children");
            let logical = text("logical_type").or_else(|| text("converted_type"));
            view! {
                <tr>
                    <th scope="row" class="plain-mono parquet-name">
                        <span style:padding-left=format!("{}px", depth * 16)>{text("name")}</span>
                    </th>
                    <td class="plain-mono">{text("type").unwrap_or_else(|| "group".to_owned())}</td>
                    <td class="plain-mono parquet-logical">{logical}</td>
                    <td>{text("repetition_type").map(|word| word.to_lowercase())}</td>
                    <td class="plain-number">{children.map(|count| count.to_string())}</td>
                    <td class="plain-number">{text("field_id")}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="parquet-part">
            <h3>"Schema"</h3>
            <div class="columns-scroll" tabindex="0" role="group" aria-label="Schema">
                <table class="plain plain-wide">
                    <thead>
                        <tr>
                            <th scope="col">"Element"</th>
                            <th scope="col">"Physical"</th>
                            <th scope="col">"Logical"</th>
                            <th scope="col">"Repetition"</th>
                            <th scope="col" class="plain-number">"Children"</th>
                            <th scope="col" class="plain-number">"Field id"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}
