//! The columns of a table, now or at a version.

use super::facts::Facts;
use crate::asked::Answer;
use crate::session::use_session;
use crate::tables::TableName;
use crate::ui::{ErrorPanel, RowsSkeleton};
use leptos::prelude::*;
use tarn_rpc::ErrorReport;

/// What there is to say of a table's columns.
#[derive(Clone, PartialEq)]
struct Described {
    /// Name, type and comment.
    columns: Vec<(String, String, Option<String>)>,
    /// What is not about columns.
    more: Vec<(String, Option<String>)>,
}

/// The tab. `partitioned_by` are the columns whose values are in the names of folders.
#[component]
pub(super) fn SchemaTab(
    table: TableName,
    version: Option<u64>,
    partitioned_by: Vec<String>,
) -> impl IntoView {
    let engine = use_session().engine;
    let described = LocalResource::new(move || {
        let table = table.clone();
        async move {
            let now = || engine.ask(format!("DESCRIBE TABLE EXTENDED {}", table.sql()));
            match version {
                None => now().await.map(|answer| of_describe(&answer)),
                // DESCRIBE knows the newest version only; the columns of a query know any.
                Some(_) => {
                    let sql = format!("SELECT * FROM {} LIMIT 0", table.sql_at(version));
                    engine.ask(sql).await.map(|answer| of_columns(&answer))
                }
            }
        }
    });
    view! {
        <div class="table-page">
            {move || match described.get() {
                None => view! { <RowsSkeleton label="The columns are on their way" /> }.into_any(),
                Some(Err(error)) => view! { <ErrorPanel error=ErrorReport::clone(&error) /> }.into_any(),
                Some(Ok(described)) => shown(described, &partitioned_by).into_any(),
            }}
        </div>
    }
}

fn shown(described: Described, partitioned_by: &[String]) -> impl IntoView + use<> {
    let has_comments = described.columns.iter().any(|(_, _, comment)| comment.is_some());
    let partitioned_by = partitioned_by.to_vec();
    view! {
        <table class="plain">
            <thead>
                <tr>
                    <th scope="col" class="plain-number">"#"</th>
                    <th scope="col">"Column"</th>
                    <th scope="col">"Type"</th>
                    {has_comments.then(|| view! { <th scope="col">"Comment"</th> })}
                </tr>
            </thead>
            <tbody>
                {described
                    .columns
                    .into_iter()
                    .enumerate()
                    .map(|(at, (name, type_name, comment))| {
                        let is_partition = partitioned_by.contains(&name);
                        view! {
                            <tr>
                                <td class="plain-number quiet">{(at + 1).to_string()}</td>
                                <td>
                                    <span class="plain-mono">{name}</span>
                                    {is_partition.then(|| view! { <span class="badge">"partition"</span> })}
                                </td>
                                <td class="plain-mono">{type_name}</td>
                                {has_comments.then(|| view! { <td>{comment.unwrap_or_default()}</td> })}
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
        {(!described.more.is_empty()).then(|| view! { <Facts title="Table" facts=described.more /> })}
    }
}

/// Columns come first; after a blank or a heading with `#` come other things.
fn of_describe(answer: &Answer) -> Described {
    let mut columns = Vec::new();
    let mut more = Vec::new();
    let mut section: Option<String> = None;
    for row in 0..answer.rows.len() {
        let name = answer.value(row, "col_name").unwrap_or_default().to_owned();
        let value = answer.value(row, "data_type").unwrap_or_default().to_owned();
        if name.is_empty() || name.starts_with("# ") {
            section = Some(name);
        } else if let Some(section) = &section {
            // The partition columns are marked in the list itself.
            if !section.starts_with("# Partition") {
                more.push((name, (!value.is_empty()).then_some(value)));
            }
        } else {
            let comment = answer.value(row, "comment").map(str::to_owned);
            columns.push((name, value, comment));
        }
    }
    Described { columns, more }
}

fn of_columns(answer: &Answer) -> Described {
    let columns = answer
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.type_name.to_lowercase(), None))
        .collect();
    Described { columns, more: Vec::new() }
}
