//! What a worker tells its page.

use crate::ErrorReport;
use serde::{Deserialize, Serialize};

/// An event from the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The worker is up.
    Ready {
        /// [`crate::PROTOCOL_VERSION`] of the worker.
        version: u32,
        /// Tarn's version.
        engine_version: String,
        /// Where written files go.
        store: StoreKind,
        /// Memory that queries and kept results may take together.
        memory_limit_bytes: u64,
        /// The files of the tab.
        files: Vec<FileEntry>,
    },
    /// The files of the tab, after a change or on request.
    Files {
        /// All of them, by path.
        files: Vec<FileEntry>,
    },
    /// A file's content: the attachment is an `ArrayBuffer`.
    FileBytes {
        /// The file's path.
        path: String,
    },
    /// How far a table is that is copied, packed or saved.
    Moved {
        /// Bytes that are done.
        done_bytes: u64,
        /// Bytes that there are.
        total_bytes: u64,
    },
    /// Tables as a zip: the attachment is a `Blob`. Its bytes are still where the tables are, so it is to be saved before
    /// they are changed by VACUUM.
    Zip {
        /// A name for it.
        name: String,
    },
    /// A statement of a script begins.
    StatementStarted {
        /// Which, from 0.
        statement: u32,
        /// How many the script has.
        statements: u32,
        /// The statement's text.
        sql: String,
    },
    /// The shape of a statement's rows, before the first of them.
    Schema {
        /// Which statement, from 0.
        statement: u32,
        /// The name under which the worker keeps the rows.
        result: u64,
        /// The columns.
        columns: Vec<Column>,
    },
    /// How far a statement is.
    Progress {
        /// Which statement, from 0.
        statement: u32,
        /// The figures.
        progress: Progress,
    },
    /// A statement ended well.
    StatementFinished {
        /// Which, from 0.
        statement: u32,
        /// The rows that it returned, or for a write the rows that it wrote.
        rows: u64,
        /// The final figures.
        progress: Progress,
    },
    /// Rows of a result.
    Window {
        /// The result.
        result: u64,
        /// The first row's number, from 0.
        offset: u64,
        /// The rows, each with one cell a column.
        rows: Vec<Vec<Cell>>,
        /// Rows that the result has so far.
        total_rows: u64,
        /// Whether no more rows will come.
        complete: bool,
    },
    /// The whole text of one value; `None` is NULL.
    Value {
        /// The value.
        text: Option<String>,
    },
    /// What [`crate::Request::Check`] found.
    Checked {
        /// The parameters that the script names, in the order in which they first occur.
        parameters: Vec<String>,
        /// What is no SQL in it: of each statement the first fault.
        faults: Vec<ErrorReport>,
    },
    /// The functions that SQL has, by name.
    Functions {
        /// All of them.
        functions: Vec<Function>,
    },
    /// A file is written. Where it had no place of its own, the attachment is a `Blob`.
    Exported {
        /// Rows in it.
        rows: u64,
        /// Its size.
        size_bytes: u64,
    },
    /// Where memory goes.
    Status {
        /// What queries and kept results hold together.
        used_bytes: u64,
        /// What they may hold.
        limit_bytes: u64,
        /// What the engine has taken from the browser, code aside. It never shrinks.
        wasm_bytes: u64,
        /// Bytes of remote files that are kept.
        cache_bytes: u64,
        /// What runs.
        runs: Vec<RunStatus>,
        /// The results that are kept.
        results: Vec<ResultStatus>,
    },
    /// The request is fulfilled.
    Done,
    /// The request failed.
    Failed {
        /// Which statement of a script, from 0.
        statement: Option<u32>,
        /// What to show.
        error: ErrorReport,
    },
}

/// One value as text. `text` is `None` for NULL; it is raw (no thousands separators) and cut after some 300 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The text.
    #[serde(rename = "t")]
    pub text: Option<String>,
    /// Whether the text was cut: [`crate::Request::Value`] has it whole.
    #[serde(rename = "c", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in Databricks' words: `BIGINT`, `DECIMAL(10,2)`, `ARRAY<STRING>`, …
    pub type_name: String,
    /// How to draw it.
    pub kind: ColumnKind,
    /// Whether it may hold NULL.
    pub nullable: bool,
}

/// How a column's values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ColumnKind {
    /// Integers.
    Integer,
    /// Floating point and decimal numbers.
    Number,
    /// Text.
    Text,
    /// True and false.
    Boolean,
    /// Dates, times, timestamps and intervals.
    Temporal,
    /// Bytes, as base64.
    Binary,
    /// Arrays, maps, structs and variants, as JSON.
    Nested,
}

/// A file that the tab can query, or the folder of a Delta table: the files in that are not listed by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// Its path, as SQL names it: `` parquet.`path` ``.
    pub path: String,
    /// Its size; 0 for a folder, whose size is in the table's log.
    pub size_bytes: u64,
    /// When it was last changed, in milliseconds since 1970 UTC.
    pub modified_millis: i64,
    /// The query format that its name implies (`parquet`, `csv`, `json`), where it implies one; `delta` for the folder of
    /// a Delta table.
    pub format: Option<String>,
    /// Whether the tab only reads it where it lies; a written file is the tab's own.
    pub is_opened: bool,
}

/// How far a statement is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Rows that the scans have read.
    pub rows_read: u64,
    /// Bytes that came from stores: over the network, from local files, from OPFS.
    pub bytes_read: u64,
    /// Rows returned so far.
    pub rows_returned: u64,
    /// Time since the statement started.
    pub elapsed_millis: f64,
    /// Memory that the statement holds now.
    pub memory_bytes: u64,
    /// The operators, from the root of the plan down, in its order.
    pub operators: Vec<OperatorProgress>,
}

/// How far one operator is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorProgress {
    /// Its name, such as `HashJoinExec`.
    pub name: String,
    /// Depth in the plan, from 0.
    pub depth: u32,
    /// Rows that it has put out.
    pub rows: u64,
    /// Time spent in it.
    pub busy_millis: f64,
    /// For a scan the bytes that it took from files, else those of the batches that it has put out.
    pub bytes: u64,
    /// What it does: its predicates, keys, files. Cut after some hundred characters.
    pub detail: String,
}

/// A function of SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it is applied to.
    pub kind: FunctionKind,
    /// How it is called, each way: `date_trunc(precision, expression)`.
    pub signatures: Vec<String>,
    /// What it gives, in a sentence or some.
    pub description: String,
    /// A call of it in use, where there is one.
    pub example: Option<String>,
}

/// What a function is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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

/// What runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunStatus {
    /// The request's id, to stop it by.
    pub id: u64,
    /// The statement that runs.
    pub sql: String,
    /// Memory that it holds.
    pub memory_bytes: u64,
    /// Time since it started.
    pub elapsed_millis: f64,
}

/// A result that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultStatus {
    /// The result.
    pub result: u64,
    /// Its rows.
    pub rows: u64,
    /// Memory that they take.
    pub memory_bytes: u64,
}

/// Where written files go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StoreKind {
    /// The browser's own file system: kept until the person clears it.
    Opfs,
    /// Memory: gone with the page.
    Memory {
        /// Why there is no OPFS, for the page to say.
        reason: String,
    },
}
