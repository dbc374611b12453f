//! The functions that SQL has, as people read of them.

use crate::session::Session;
use datafusion::logical_expr::{Documentation, Signature, TypeSignature};
use std::collections::BTreeMap;

/// A function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionEntry {
    /// Its name.
    pub name: String,
    /// What it is applied to.
    pub kind: FunctionKind,
    /// How it is called, each way: `date_trunc(precision, expression)`.
    pub signatures: Vec<String>,
    /// What it gives; empty where nobody wrote it down.
    pub description: String,
    /// A call of it in use, where there is one.
    pub example: Option<String>,
}

/// What a function is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FunctionKind {
    /// The values of a row.
    Scalar,
    /// The rows of a group.
    Aggregate,
    /// The rows of a window.
    Window,
    /// Nothing: it stands where a table does.
    Table,
}

/// Table functions of the engine's own, which DataFusion does not know of.
const TABLE_FUNCTIONS: &[(&str, &str, &str)] = &[
    (
        "read_files",
        "read_files(path [, format => 'csv'] [, option => value]…)",
        "Reads the files of a path, folder or URL.",
    ),
    (
        "table_changes",
        "table_changes(table, start [, end])",
        "The rows that changed in a Delta table between two versions or times.",
    ),
    ("table_files", "table_files(table)", "The files of a Delta table with their statistics."),
    ("parquet_file_metadata", "parquet_file_metadata(path)", "Rows, row groups and writer of Parquet files."),
    (
        "parquet_kv_metadata",
        "parquet_kv_metadata(path)",
        "The keys and values in the footers of Parquet files.",
    ),
    ("parquet_schema", "parquet_schema(path)", "The elements of the schemas of Parquet files."),
    (
        "parquet_metadata",
        "parquet_metadata(path)",
        "The column chunks of Parquet files: sizes, compression, encodings, statistics.",
    ),
    ("tpch", "tpch(table, scale)", "A table of the benchmark TPC-H; scale 1 is a gigabyte of text."),
    ("parquet_pages", "parquet_pages(path)", "The data pages of Parquet files that have page indexes."),
];

impl Session {
    /// All functions, by name.
    pub fn functions(&self) -> Vec<FunctionEntry> {
        let state = self.state();
        let mut all: BTreeMap<(String, FunctionKind), FunctionEntry> = BTreeMap::new();
        let mut add = |name: &String, kind, signature: Option<&Signature>, doc: Option<&Documentation>| {
            let entry = entry(name, kind, signature, doc);
            all.insert((name.clone(), kind), entry);
        };
        for (name, function) in state.scalar_functions() {
            add(name, FunctionKind::Scalar, Some(function.signature()), function.documentation());
        }
        for (name, function) in state.aggregate_functions() {
            add(name, FunctionKind::Aggregate, Some(function.signature()), function.documentation());
        }
        for (name, function) in state.window_functions() {
            add(name, FunctionKind::Window, Some(function.signature()), function.documentation());
        }
        for name in state.table_functions().keys() {
            add(name, FunctionKind::Table, None, None);
        }
        for (name, signature, description) in TABLE_FUNCTIONS {
            let entry = FunctionEntry {
                name: (*name).to_owned(),
                kind: FunctionKind::Table,
                signatures: vec![(*signature).to_owned()],
                description: (*description).to_owned(),
                example: None,
            };
            all.insert(((*name).to_owned(), FunctionKind::Table), entry);
        }
        all.into_values().collect()
    }
}

fn entry(
    name: &str,
    kind: FunctionKind,
    signature: Option<&Signature>,
    doc: Option<&Documentation>,
) -> FunctionEntry {
    let written: Vec<String> = doc
        .map(|doc| doc.syntax_example.lines().map(str::trim).filter(|line| line.contains('(')))
        .map(|lines| lines.map(str::to_owned).collect())
        .unwrap_or_default();
    // An alias is documented under the name that it stands for.
    let renamed = written.iter().map(|call| match call.split_once('(') {
        Some((_, rest)) => format!("{name}({rest}"),
        None => call.clone(),
    });
    let signatures = match (written.is_empty(), signature) {
        (false, _) => renamed.collect(),
        (true, Some(signature)) => vec![format!("{name}({})", arguments(&signature.type_signature))],
        (true, None) => vec![format!("{name}(…)")],
    };
    FunctionEntry {
        name: name.to_owned(),
        kind,
        signatures,
        description: doc.map(|doc| doc.description.trim().to_owned()).unwrap_or_default(),
        example: doc.and_then(|doc| doc.sql_example.as_deref()).map(example),
    }
}

/// The first statement of an example, without the prompt and table that DataFusion's documents print around it.
fn example(text: &str) -> String {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.starts_with("```"));
    let lines = lines.map(|line| line.strip_prefix("> ").unwrap_or(line));
    let shown = lines.take_while(|line| !line.starts_with("+-")).collect::<Vec<_>>();
    shown.join("\n").trim().to_owned()
}

fn arguments(signature: &TypeSignature) -> String {
    match signature {
        TypeSignature::Nullary => String::new(),
        TypeSignature::Any(count) | TypeSignature::Uniform(count, _) => {
            (1..=*count).map(|n| format!("arg{n}")).collect::<Vec<_>>().join(", ")
        }
        TypeSignature::Exact(types) => {
            types.iter().map(crate::delta::assign::shown).collect::<Vec<_>>().join(", ")
        }
        _ => "…".to_owned(),
    }
}
