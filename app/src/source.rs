//! What can be looked at: a table, a view, a file or URL, or the rows of a result.

use crate::sql_text;
use crate::tables::{TableName, quoted};
use std::sync::Arc;
use tarn_rpc::{Column, ColumnKind, FileEntry, Over};

/// Something with rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A Delta table, now or at a version.
    Table {
        /// The table.
        table: TableName,
        /// The version; the newest where none is named.
        version: Option<u64>,
    },
    /// A view of a session.
    View {
        /// Its name.
        name: String,
        /// The session that knows it.
        session: u64,
    },
    /// A file, a folder of files, or a URL.
    File {
        /// Its path.
        path: String,
        /// Its format.
        format: String,
    },
    /// The rows of a result that the engine keeps.
    Result {
        /// The result.
        result: u64,
        /// Its columns.
        columns: Arc<[Column]>,
    },
}

/// A column of a source, or a field of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnOf {
    /// Where it is.
    pub(crate) source: Source,
    /// The names that lead to it: its own, or its struct's and then its own.
    pub(crate) path: Vec<String>,
    /// Its place among the columns, from 0.
    pub(crate) place: usize,
    /// Its type.
    pub(crate) type_name: String,
    /// How its values are drawn.
    pub(crate) kind: ColumnKind,
}

impl Source {
    /// A file of the tab, where its format is known.
    pub(crate) fn of_entry(entry: &FileEntry) -> Option<Self> {
        match TableName::of_entry(entry) {
            Some(table) => Some(Self::Table { table, version: None }),
            None => Some(Self::File { path: entry.path.clone(), format: entry.format.clone()? }),
        }
    }

    /// A file, folder or URL by its path.
    pub(crate) fn of_path(path: &str) -> Self {
        let format = sql_text::format_of(path).unwrap_or("parquet").to_owned();
        Self::File { path: path.to_owned(), format }
    }

    /// As SQL names it.
    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Table { table, version } => table.sql_at(*version),
            Self::View { name, .. } => quoted(name),
            Self::File { path, format } => sql_text::file_table(path, format),
            Self::Result { .. } => "__tarn.result".to_owned(),
        }
    }

    /// What a statement about it must see.
    pub(crate) fn over(&self) -> Over {
        match self {
            Self::Table { .. } | Self::File { .. } => Over::Lake,
            Self::View { session, .. } => Over::Session { session: *session },
            Self::Result { result, .. } => Over::Result { result: *result },
        }
    }

    /// A statement without rows, whose columns are the source's.
    pub(crate) fn columns_sql(&self) -> String {
        format!("SELECT * FROM {} LIMIT 0", self.sql())
    }

    /// Its name, for people.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Table { table, .. } => table.short().to_owned(),
            Self::View { name, .. } => name.clone(),
            Self::File { path, .. } => path.clone(),
            Self::Result { .. } => "these rows".to_owned(),
        }
    }

    /// The path for table functions that read footers, where it is Parquet.
    pub(crate) fn parquet_path(&self) -> Option<&str> {
        match self {
            Self::File { path, format } if format == "parquet" => Some(path),
            _ => None,
        }
    }

    /// Its columns as things to look at.
    pub(crate) fn columns(&self, columns: &[Column]) -> Vec<ColumnOf> {
        let of = |(place, column): (usize, &Column)| ColumnOf {
            source: self.clone(),
            path: vec![column.name.clone()],
            place,
            type_name: column.type_name.clone(),
            kind: column.kind,
        };
        columns.iter().enumerate().map(of).collect()
    }
}

impl ColumnOf {
    /// As SQL names it within its source.
    pub(crate) fn sql(&self) -> String {
        match &self.source {
            Source::Result { .. } => format!("c{}", self.place),
            _ => self.path.iter().map(|name| quoted(name)).collect::<Vec<_>>().join("."),
        }
    }

    /// Its name, for people.
    pub(crate) fn title(&self) -> String {
        self.path.join(".")
    }
}

/// How values of a type are drawn; for fields, whose kind the engine does not say.
pub(crate) fn kind_of(type_name: &str) -> ColumnKind {
    let word: String = type_name.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.as_str() {
        "TINYINT" | "SMALLINT" | "INT" | "BIGINT" => ColumnKind::Integer,
        "FLOAT" | "DOUBLE" | "DECIMAL" => ColumnKind::Number,
        "BOOLEAN" => ColumnKind::Boolean,
        "DATE" | "TIMESTAMP" | "TIME" | "INTERVAL" => ColumnKind::Temporal,
        "BINARY" => ColumnKind::Binary,
        "ARRAY" | "MAP" | "STRUCT" | "VARIANT" => ColumnKind::Nested,
        _ => ColumnKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_need_it() {
        let source = Source::of_path("a`b.csv");
        assert_eq!(source.columns_sql(), "SELECT * FROM csv.`a``b.csv` LIMIT 0");
        let column = ColumnOf {
            source,
            path: vec!["order".to_owned(), "x".to_owned()],
            place: 3,
            type_name: "INT".to_owned(),
            kind: kind_of("INT"),
        };
        assert_eq!(column.sql(), "`order`.x");
        let of_result = ColumnOf { source: Source::Result { result: 7, columns: Arc::from([]) }, ..column };
        assert_eq!(of_result.sql(), "c3");
        assert_eq!(kind_of("DECIMAL(10,2)"), ColumnKind::Number);
        assert_eq!(kind_of("TIMESTAMP_NTZ"), ColumnKind::Temporal);
    }
}
