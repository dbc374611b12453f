//! What a page asks of its worker.

use serde::{Deserialize, Serialize};

/// A request from the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Request {
    /// The first request. Answered by [`crate::Event::Ready`].
    Hello {
        /// [`crate::PROTOCOL_VERSION`] of the page.
        version: u32,
        /// Memory that queries and kept results may take together; the worker's default when absent.
        memory_limit_bytes: Option<u64>,
    },
    /// Opens files for reading. The attachment is an array of `File` objects, as many as there are names, in the same
    /// order. They are read by slices and never copied whole. A zip that holds Delta tables is opened as the files in
    /// it. Answered by [`crate::Event::Files`].
    AddFiles {
        /// The path that each file gets: its name, or for a dropped folder its relative path.
        paths: Vec<String>,
    },
    /// Lists the files of the tab: those that were opened, and those that were written. Answered by
    /// [`crate::Event::Files`].
    ListFiles,
    /// Forgets an opened file, or deletes a written one. Answered by [`crate::Event::Files`].
    RemoveFile {
        /// The file's path.
        path: String,
    },
    /// Reads a whole file, to save it to the disk. Answered by [`crate::Event::FileBytes`].
    ReadFile {
        /// The file's path.
        path: String,
    },
    /// Keys for S3-compatible storage, kept in the worker's memory until the page is left. Answered by
    /// [`crate::Event::Done`].
    SetS3Credentials {
        /// The bucket and its keys.
        credentials: S3Credentials,
    },
    /// Runs a script: statements separated by semicolons, in order, in one session; the first that fails ends the run.
    /// Answered, for each statement, by [`crate::Event::StatementStarted`], for one that returns rows
    /// [`crate::Event::Schema`], any number of [`crate::Event::Progress`] (some 10 a second, the first within 100 ms),
    /// then [`crate::Event::StatementFinished`]; at the end by [`crate::Event::Done`] or [`crate::Event::Failed`].
    Run {
        /// The script.
        sql: String,
        /// Whose session it runs in: each has a current schema of its own; views are those of all.
        session: u64,
        /// Values for the `:name` markers in it.
        parameters: Vec<Parameter>,
    },
    /// Runs a script for the page itself: as [`Request::Run`], but in a session of its own, so that it disturbs nobody's
    /// script.
    Look {
        /// The script.
        sql: String,
        /// What it can see beside the lake.
        over: Over,
    },
    /// Checks a script without running it. Answered by [`crate::Event::Checked`].
    Check {
        /// The script.
        sql: String,
    },
    /// Forgets a session. Answered by [`crate::Event::Done`].
    CloseSession {
        /// The session, as [`Request::Run`] named it.
        session: u64,
    },
    /// Asks for the functions that SQL has. Answered by [`crate::Event::Functions`].
    Functions,
    /// Writes rows to a file. With an attachment, a `FileSystemFileHandle`, they are streamed into it, and it is as it was
    /// when that fails; without, the file comes back as a `Blob`. Answered by [`crate::Event::Progress`] as it goes, at the
    /// end by [`crate::Event::Exported`].
    Export {
        /// The rows.
        rows: ExportRows,
        /// The file's name.
        name: String,
        /// `csv`, `json` (a row a line), `parquet`, `arrow` (an IPC file) or `xlsx`.
        format: String,
    },
    /// Asks where memory goes. Answered by [`crate::Event::Status`].
    Status,
    /// Deletes everything that was written to the browser's own file system. Answered by [`crate::Event::Files`].
    ClearFiles,
    /// Copies a Delta table with its log to a place that has none: data first, so that the table is there whole or not
    /// at all. Answered by [`crate::Event::Moved`] as it goes, at the end by [`crate::Event::Files`].
    CopyTable {
        /// Its folder: a path of the tab, or a URL that can be listed.
        from: String,
        /// The new folder: a path of the tab, or a URL that can be written.
        to: String,
    },
    /// Packs Delta tables of the tab, with their logs, as one zip. Answered by [`crate::Event::Moved`] as it goes, at the
    /// end by [`crate::Event::Zip`].
    ZipTables {
        /// The folders of the tables.
        paths: Vec<String>,
    },
    /// Writes Delta tables of the tab, with their logs, into a folder on the disk. The attachment is its
    /// `FileSystemDirectoryHandle`. Answered by [`crate::Event::Moved`] as it goes, at the end by
    /// [`crate::Event::Done`].
    SaveTables {
        /// The folders of the tables.
        paths: Vec<String>,
    },
    /// Stops the run or move with this request id; it then fails with [`crate::ErrorKind::Cancelled`].
    Cancel {
        /// The id of the request.
        run: u64,
    },
    /// Asks for rows of a result that the worker keeps, also while it still grows. Answered by
    /// [`crate::Event::Window`].
    Window {
        /// The result, as [`crate::Event::Schema`] names it.
        result: u64,
        /// First row, from 0.
        offset: u64,
        /// At most this many rows.
        limit: u32,
    },
    /// Asks for the whole text of one value. Answered by [`crate::Event::Value`].
    Value {
        /// The result.
        result: u64,
        /// The row, from 0.
        row: u64,
        /// The column, from 0.
        column: u32,
    },
    /// Forgets a result and frees its memory. Answered by [`crate::Event::Done`].
    DropResult {
        /// The result.
        result: u64,
    },
    /// Answered at once by [`crate::Event::Done`]: shows that the worker is alive, also while a query runs.
    Ping,
}

/// The value of a `:name` marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The name, without the colon; letter case does not matter.
    pub name: String,
    /// `STRING`, `BIGINT`, `DOUBLE`, `BOOLEAN`, `DATE` or `TIMESTAMP`.
    pub type_name: String,
    /// The value as text; `None` is NULL.
    pub value: Option<String>,
}

/// What a script of the page's own can see beside the lake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Over {
    /// Nothing.
    #[default]
    Lake,
    /// A session's views and current schema.
    Session {
        /// The session, as [`Request::Run`] named it.
        session: u64,
    },
    /// The rows of a result that the worker keeps, as the table `__tarn.result` with the columns `c0`, `c1`, ….
    Result {
        /// The result.
        result: u64,
    },
}

/// The rows of a file that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExportRows {
    /// Those of a result that the worker keeps.
    Result {
        /// The result.
        result: u64,
    },
    /// Those of a query, which is run for it and never kept.
    Query {
        /// The query: one statement that returns rows.
        sql: String,
        /// Whose session it runs in.
        session: u64,
        /// Values for the `:name` markers in it.
        parameters: Vec<Parameter>,
    },
}

/// Where a bucket is and how to open it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Credentials {
    /// The bucket's name: these keys serve `s3://<bucket>/…`.
    pub bucket: String,
    /// The server's URL for stores other than AWS, such as `https://minio.example:9000`.
    pub endpoint: Option<String>,
    /// The region to sign for; `us-east-1` when absent.
    pub region: Option<String>,
    /// Access key id; no request is signed when it is absent.
    pub access_key_id: Option<String>,
    /// Secret access key.
    pub secret_access_key: Option<String>,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
    /// Whether the bucket is named in the path (`endpoint/bucket/key`) rather than in the host name.
    pub path_style: bool,
}

// Secrets do not belong in logs.
impl std::fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Credentials")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("path_style", &self.path_style)
            .finish_non_exhaustive()
    }
}
