//! Where the bytes of a file are: its columns, those with the most first.

use super::{bound, ratio};
use crate::asked::Answer;
use crate::display;
use crate::profile::Known;
use crate::rooms::profile::{Share, percent};
use leptos::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// A column of the file, over all row groups.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnBytes {
    /// Its number.
    pub(super) id: u64,
    /// Its path in the schema.
    pub(super) path: String,
    /// Its physical type.
    pub(super) physical: String,
    /// Bytes in the file.
    pub(super) compressed_bytes: u64,
    /// Bytes before compression.
    pub(super) plain_bytes: u64,
    compression: String,
    encodings: String,
    /// Nulls, where all chunks count theirs.
    nulls: Option<u64>,
    least: Option<String>,
    greatest: Option<String>,
    chunks: u64,
    blooms: u64,
    dictionaries: u64,
}

/// The statement; `path` is a literal.
pub(super) fn statement(path: &str) -> String {
    format!(
        "SELECT column_id, path_in_schema, min(type) AS type, count(*) AS chunks, count(stats_null_count) AS counted, \
         sum(stats_null_count) AS nulls, sum(total_compressed_size) AS compressed, \
         sum(total_uncompressed_size) AS plain, string_agg(DISTINCT compression, ', ') AS compression, \
         string_agg(DISTINCT encodings, ', ') AS encodings, count(bloom_filter_offset) AS blooms, \
         count(*) FILTER (WHERE dictionary_page_offset IS NOT NULL OR encodings LIKE '%DICTIONARY%') AS dictionaries \
         FROM parquet_metadata({path}) GROUP BY column_id, path_in_schema ORDER BY compressed DESC, column_id"
    )
}

/// The columns of its answer.
pub(super) fn read(answer: &Answer, known: &HashMap<String, Known>) -> Vec<ColumnBytes> {
    let of = |row: usize| {
        let number = |name: &str| answer.number(row, name).unwrap_or_default();
        let text = |name: &str| answer.value(row, name).unwrap_or_default().to_owned();
        let path = text("path_in_schema");
        let bounds = known.get(&path).and_then(|known| known.bounds.clone());
        ColumnBytes {
            id: number("column_id"),
            physical: text("type"),
            compressed_bytes: number("compressed"),
            plain_bytes: number("plain"),
            compression: words(&text("compression")),
            encodings: words(&text("encodings")),
            nulls: answer.number(row, "nulls").filter(|_| number("counted") == number("chunks")),
            least: bounds.as_ref().map(|bounds| bounds.least.clone()),
            greatest: bounds.map(|bounds| bounds.greatest),
            chunks: number("chunks"),
            blooms: number("blooms"),
            dictionaries: number("dictionaries"),
            path,
        }
    };
    (0..answer.rows.len()).map(of).collect()
}

/// Each word once: chunks name several of them each.
fn words(text: &str) -> String {
    let words: BTreeSet<&str> = text.split(", ").filter(|word| !word.is_empty()).collect();
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// The table of columns.
#[component]
pub(super) fn Bytes(columns: Vec<ColumnBytes>) -> impl IntoView {
    let all: u64 = columns.iter().map(|column| column.compressed_bytes).sum();
    let most = columns.iter().map(|column| column.compressed_bytes).max().unwrap_or_default();
    view! {
        <section class="parquet-part">
            <h3>"Bytes by column"</h3>
            <div class="columns-scroll" tabindex="0" role="group" aria-label="Bytes by column">
                <table class="plain plain-wide">
                    <thead>
                        <tr>
                            <th scope="col">"Column"</th>
                            <th scope="col">"Bytes"</th>
                            <th scope="col" class="plain-number">"Share"</th>
                            <th scope="col" class="plain-number">"Compression"</th>
                            <th scope="col">"Type"</th>
                            <th scope="col">"Codec"</th>
                            <th scope="col">"Encodings"</th>
                            <th scope="col" class="plain-number">"Nulls"</th>
                            <th scope="col">"Least"</th>
                            <th scope="col">"Greatest"</th>
                            <th scope="col">"Dictionary"</th>
                            <th scope="col">"Bloom filter"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {columns.into_iter().map(|column| row(column, all, most)).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn row(column: ColumnBytes, all: u64, most: u64) -> impl IntoView {
    let physical = column.physical.clone();
    view! {
        <tr>
            <th scope="row" class="plain-mono parquet-name">{column.path}</th>
            <td class="parquet-bytes">
                <Share part=column.compressed_bytes whole=most />
                <span>{display::bytes(column.compressed_bytes)}</span>
            </td>
            <td class="plain-number">{percent(column.compressed_bytes, all)}</td>
            <td class="plain-number">{ratio(column.plain_bytes, column.compressed_bytes)}</td>
            <td class="plain-mono">{column.physical}</td>
            <td>{column.compression}</td>
            <td>{column.encodings}</td>
            <td class="plain-number">{column.nulls.map_or_else(|| "unknown".to_owned(), display::count)}</td>
            <td class="plain-mono">{bound(&physical, column.least)}</td>
            <td class="plain-mono">{bound(&physical, column.greatest)}</td>
            <td>{in_chunks(column.dictionaries, column.chunks)}</td>
            <td>{in_chunks(column.blooms, column.chunks)}</td>
        </tr>
    }
}

/// In how many of the row groups something is.
fn in_chunks(some: u64, all: u64) -> String {
    match some {
        0 => "no".to_owned(),
        some if some == all => "yes".to_owned(),
        some => format!("in {} of {}", display::count(some), display::count(all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_named_once() {
        assert_eq!(words("PLAIN, RLE, PLAIN, RLE_DICTIONARY"), "PLAIN, RLE, RLE_DICTIONARY");
        assert_eq!(words(""), "");
        assert_eq!(
            (in_chunks(0, 3), in_chunks(3, 3), in_chunks(1, 3)),
            ("no".into(), "yes".into(), "in 1 of 3".into())
        );
    }
}
