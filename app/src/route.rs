//! Where the page is: a room and what is open in it, as the hash of the URL says. So back and forward work, and a place can
//! be kept as a bookmark.

use crate::tables::TableName;
use leptos::prelude::*;

/// Marks a file where tables are named.
const FILE_MARK: &str = "file:";

/// A place on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// The home room.
    Home,
    /// The query room.
    Query,
    /// The query room with a query that the link carries.
    Shared(String),
    /// The data room, with the table that is open.
    Data(Option<TableRoute>),
    /// The data room, with the file that is open.
    File(FileRoute),
    /// The compute room.
    Compute,
    /// The hidden page of all parts of the interface.
    UiParts,
}

/// A place in a table: `#/data/main.default.orders@v3/history/2..5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableRoute {
    /// The table.
    pub(crate) table: TableName,
    /// The version that is looked at; the newest where none is named.
    pub(crate) version: Option<u64>,
    /// The tab.
    pub(crate) tab: TableTab,
    /// In the history: the versions that are compared, from and to.
    pub(crate) compared: Option<(u64, u64)>,
}

/// A place in a file: `#/data/file:day/1.parquet/columns`, its path as one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRoute {
    /// Its path: of the tab, or a URL; of a folder with a slash at its end.
    pub(crate) path: String,
    /// The tab.
    pub(crate) tab: FileTab,
}

/// The tabs of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileTab {
    /// Its rows.
    Rows,
    /// Its columns at a glance.
    Columns,
    /// What a Parquet file says of itself.
    Parquet,
}

/// The tabs of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableTab {
    /// Its rows.
    Rows,
    /// Its columns at a glance.
    Columns,
    /// Its columns, with what is set of them.
    Schema,
    /// Its versions.
    History,
    /// Its files.
    Files,
    /// What else is set and known.
    Properties,
}

impl Route {
    /// Where the URL says.
    pub(crate) fn of_url() -> Self {
        Self::parse(&window().location().hash().unwrap_or_default())
    }

    /// Where a page begins whose URL says nothing: at what was being written, or at home.
    pub(crate) fn first(has_work: bool) -> Self {
        match window().location().hash().unwrap_or_default().as_str() {
            "" | "#" | "#/" if !has_work => Self::Home,
            _ => Self::of_url(),
        }
    }

    /// The hash of a URL, with its `#`.
    pub(crate) fn parse(hash: &str) -> Self {
        let mut parts = hash.trim_start_matches("#/").split('/');
        match parts.next() {
            Some("data") => match parse_file(parts.clone()) {
                Some(file) => Self::File(file),
                None => Self::Data(parse_table(parts)),
            },
            Some("home") => Self::Home,
            Some("compute") => Self::Compute,
            Some("ui") => Self::UiParts,
            Some("shared") => Self::Shared(parts.next().unwrap_or_default().to_owned()),
            _ => Self::Query,
        }
    }

    /// As the hash of a URL.
    pub(crate) fn hash(&self) -> String {
        match self {
            Self::Home => "#/home".to_owned(),
            Self::Compute => "#/compute".to_owned(),
            Self::Query => "#/query".to_owned(),
            Self::Shared(payload) => format!("#/shared/{payload}"),
            Self::Data(None) => "#/data".to_owned(),
            Self::Data(Some(route)) => format!("#/data/{}", table_hash(route)),
            Self::File(route) => {
                let name = String::from(js_sys::encode_uri_component(&format!("{FILE_MARK}{}", route.path)));
                match route.tab {
                    FileTab::Rows => format!("#/data/{name}"),
                    tab => format!("#/data/{name}/{}", tab.word()),
                }
            }
            Self::UiParts => "#/ui".to_owned(),
        }
    }

    /// Goes there.
    pub(crate) fn go(&self) {
        // A hash is always a valid place to go to.
        drop(window().location().set_hash(&self.hash()));
    }
}

impl FileRoute {
    /// The rows of a file.
    pub(crate) fn new(path: &str) -> Self {
        Self { path: path.to_owned(), tab: FileTab::Rows }
    }

    /// Another tab of the same file.
    pub(crate) fn with_tab(&self, tab: FileTab) -> Self {
        Self { tab, ..self.clone() }
    }

    /// As the hash of a URL.
    pub(crate) fn hash(&self) -> String {
        Route::File(self.clone()).hash()
    }
}

impl FileTab {
    /// All tabs, in order.
    pub(crate) const ALL: [Self; 3] = [Self::Rows, Self::Columns, Self::Parquet];

    /// Its name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Rows => "Rows",
            Self::Columns => "Columns",
            Self::Parquet => "Parquet",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::Parquet => "parquet",
        }
    }
}

impl TableRoute {
    /// The newest rows of a table.
    pub(crate) fn new(table: TableName) -> Self {
        Self { table, version: None, tab: TableTab::Rows, compared: None }
    }

    /// As the hash of a URL.
    pub(crate) fn hash(&self) -> String {
        Route::Data(Some(self.clone())).hash()
    }

    /// Another tab of the same table and version.
    pub(crate) fn with_tab(&self, tab: TableTab) -> Self {
        Self { tab, compared: None, ..self.clone() }
    }

    /// The rows of a version.
    pub(crate) fn at(&self, version: Option<u64>) -> Self {
        Self { version, tab: TableTab::Rows, compared: None, ..self.clone() }
    }

    /// What changed between two versions.
    pub(crate) fn comparing(&self, from: u64, to: u64) -> Self {
        Self { version: None, tab: TableTab::History, compared: Some((from, to)), ..self.clone() }
    }
}

impl TableTab {
    /// All tabs, in order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Rows, Self::Columns, Self::Schema, Self::History, Self::Files, Self::Properties];

    /// Its name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Rows => "Rows",
            Self::Columns => "Columns",
            Self::Schema => "Schema",
            Self::History => "History",
            Self::Files => "Files",
            Self::Properties => "Properties",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::Schema => "schema",
            Self::History => "history",
            Self::Files => "files",
            Self::Properties => "properties",
        }
    }
}

fn parse_file<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<FileRoute> {
    let name = js_sys::decode_uri_component(parts.next()?).ok().and_then(|name| name.as_string())?;
    let path = name.strip_prefix(FILE_MARK).filter(|path| !path.is_empty())?;
    let tab = parts.next().unwrap_or_default();
    let tab = FileTab::ALL.into_iter().find(|each| each.word() == tab).unwrap_or(FileTab::Rows);
    Some(FileRoute { path: path.to_owned(), tab })
}

fn parse_table<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<TableRoute> {
    let name = parts.next().filter(|name| !name.is_empty())?;
    let name = js_sys::decode_uri_component(name).ok().and_then(|name| name.as_string())?;
    let (name, version) = match name.rsplit_once("@v").and_then(|(name, at)| Some((name, at.parse().ok()?))) {
        Some((name, version)) => (name, Some(version)),
        None => (name.as_str(), None),
    };
    let table = TableName::from_key(name)?;
    let tab = parts.next().unwrap_or_default();
    let tab = TableTab::ALL.into_iter().find(|each| each.word() == tab).unwrap_or(TableTab::Rows);
    let compared = parts.next().and_then(|range| {
        let (from, to) = range.split_once("..")?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    Some(TableRoute { table, version, tab, compared })
}

fn table_hash(route: &TableRoute) -> String {
    let version = route.version.map(|version| format!("@v{version}")).unwrap_or_default();
    let name = String::from(js_sys::encode_uri_component(&route.table.key()));
    let tab = match route.tab {
        TableTab::Rows => String::new(),
        tab => format!("/{}", tab.word()),
    };
    let compared = route.compared.map(|(from, to)| format!("/{from}..{to}")).unwrap_or_default();
    format!("{name}{version}{tab}{compared}")
}
